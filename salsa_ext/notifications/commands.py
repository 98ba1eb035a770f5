"""Sending notifications, and choosing their recipients and assignees."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.models import Account
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import role_permissions
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import acting_as, db
from salsa_ext.notifications.models import Notification
from salsa_ext.notifications.notice_rules import NOTICE_RULES, Notice
from salsa_ext.reference.agencies import agency_name
from salsa_ext.reference.names import participants


def notify(
    actor: Actor,
    states: str | Iterable[str],
    code: str,
    subject: Any,
    *,
    roles: tuple[str, ...] = (),
    **data: Any,
) -> None:
    """Notify states of one object; `data` holds ids and codes. See `Notice`, `notify_many`."""
    to = [states] if isinstance(states, str) else states
    notify_many(actor, [Notice(state, code, subject, data, roles) for state in to])


def notify_many(actor: Actor, notices: Iterable[Notice]) -> None:
    """Notify states in bulk, without a check of permissions; skips those not participating."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for notice in notices:
        rows[notice.state].append(_notification_row(actor, notice))
    for state in sorted(rows.keys() & set(participants())) if rows else ():
        with acting_as(actor, state):  # a notification belongs to the state that reads it
            insert_many(Notification, rows[state])


def _notification_row(actor: Actor, notice: Notice) -> dict[str, Any]:
    about = notice.about
    return {
        "id": new_id(),
        "owner_state": notice.state,
        "concerned": [notice.state],
        "roles": list(notice.roles or NOTICE_RULES[notice.code].roles),
        "code": notice.code,
        "subject_kind": about.kind,
        "subject_state": about.state,
        "subject_id": about.id,
        "number": about.number,
        "data": notice.data,
        "raised_at": actor.now(),
        "account_id": notice.account,
        "agencies": None if notice.agencies is None else list(notice.agencies),
    }


ANALYST_ROLES: Final = ("trace_analyst",)


@dataclass(frozen=True)
class Assignee:
    """Account of the own state, with its role."""

    id: UUID
    role: str


def find_assignee(
    username: str, permission: Permission, restricted_agencies: Collection[str] = ()
) -> Assignee:
    """Return an open account with the permission; raises Invalid for `username`."""
    accounts = select(Account.id, Account.role, Account.agency).where(
        Account.username == username, Account.is_active
    )
    row = db.session.execute(accounts).first()
    if row is None:
        problem = message("Your state has no open account {username}.", username=username)
    elif row.agency in restricted_agencies:
        problem = message(
            "Access is restricted for {agency}, the agency of {username}.",
            agency=agency_name(row.agency),
            username=username,
        )
    elif permission not in role_permissions(row.role):
        problem = message("The role of {username} does not allow this work.", username=username)
    else:
        return Assignee(row.id, row.role)
    raise Invalid({"username": [problem]})


def is_restricted_assignee(account_id: UUID | None, agencies: Collection[str]) -> bool:
    """True if the account belongs to one of the restricted agencies."""
    if account_id is None or not agencies:
        return False
    working = select(Account.id).where(Account.id == account_id, Account.agency.in_(agencies))
    return db.session.scalar(working) is not None


def request_roles(actor: Actor, restricted_agencies: Collection[str]) -> tuple[str, ...]:
    """Return the roles to notify of a request."""
    if not restricted_agencies:
        return ANALYST_ROLES
    unrestricted = select(Account.id).where(
        Account.owner_state == actor.own_state(),
        Account.is_active,
        Account.role.in_(ANALYST_ROLES),
        Account.agency.not_in(restricted_agencies),
    )
    has_analyst = db.session.scalar(unrestricted.limit(1)) is not None
    return ANALYST_ROLES if has_analyst else (*ANALYST_ROLES, "supervisor")


def notify_assignee(actor: Actor, assignee: Assignee, code: str, subject: Any) -> None:
    """Notify the assignee of new work, except when self-assigned."""
    if assignee.id != actor.account_id:
        notice = Notice(
            actor.own_state(), code, subject, roles=(assignee.role,), account=assignee.id
        )
        notify_many(actor, [notice])
