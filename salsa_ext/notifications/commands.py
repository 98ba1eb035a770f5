"""Sending notifications, and choosing their recipients and assignees."""

from __future__ import annotations

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
from salsa_ext.notifications.values import Notice
from salsa_ext.reference.agencies import agency_name
from salsa_ext.reference.names import participants


def notify_many(actor: Actor, notices: Iterable[Notice]) -> None:
    """Notify states in the current transaction; in bulk per state.

    Checks no permission; the calling command has done so. Non-participating states are skipped.
    """
    told: dict[str, list[Notice]] = defaultdict(list)
    for notice in notices:
        told[notice.state].append(notice)
    if not told:
        return
    known = participants()
    for state in sorted(told.keys() & set(known)):
        with acting_as(actor, state):  # the state that is told owns what it is told
            insert_many(Notification, [_notification_row(actor, notice) for notice in told[state]])


def _notification_row(actor: Actor, notice: Notice) -> dict[str, Any]:
    return {
        "id": new_id(),
        "owner_state": notice.state,
        "concerned": [notice.state],
        "roles": list(notice.roles),
        "code": notice.code,
        "subject_kind": notice.subject_kind,
        "subject_state": notice.subject_state,
        "subject_id": notice.subject_id,
        "number": notice.number,
        "data": notice.data,
        "raised_at": actor.now(),
        "account_id": notice.account,
        "agencies": None if notice.agencies is None else list(notice.agencies),
    }


ANALYST_ROLES: Final = ("trace_analyst",)
SUPERVISOR_ROLES: Final = ("supervisor",)


@dataclass(frozen=True)
class Assignee:
    """Account of the own state, with its role."""

    id: UUID
    role: str


def find_assignee(
    username: str, permission: Permission, restricted_agencies: Collection[str] = ()
) -> Assignee:
    """Return an open account with the permission; raises Invalid for `username`.

    Accounts of restricted agencies are refused.
    """
    wanted = select(Account.id, Account.role, Account.agency).where(
        Account.username == username, Account.is_active
    )
    row = db.session.execute(wanted).first()
    if row is None:
        said = message("Your state has no open account {username}.", username=username)
        raise Invalid({"username": [said]})
    if row.agency in restricted_agencies:
        said = message(
            "This is kept from {agency}, the agency of {username}.",
            agency=agency_name(row.agency),
            username=username,
        )
        raise Invalid({"username": [said]})
    if permission not in role_permissions(row.role):
        said = message("The role of {username} does not allow this work.", username=username)
        raise Invalid({"username": [said]})
    return Assignee(row.id, row.role)


def is_restricted_assignee(account_id: UUID | None, agencies: Collection[str]) -> bool:
    """True if the account belongs to one of the restricted agencies."""
    if account_id is None or not agencies:
        return False
    working = select(Account.id).where(Account.id == account_id, Account.agency.in_(agencies))
    return db.session.scalar(working) is not None


def request_roles(actor: Actor, restricted_agencies: Collection[str]) -> tuple[str, ...]:
    """Return the roles to notify of a request.

    Supervisors are added if no analyst is outside the restricted agencies.
    """
    if not restricted_agencies or has_account_outside(actor, ANALYST_ROLES, restricted_agencies):
        return ANALYST_ROLES
    return (*ANALYST_ROLES, *SUPERVISOR_ROLES)


def has_account_outside(
    actor: Actor, roles: Collection[str], restricted_agencies: Collection[str]
) -> bool:
    """True if an open account of these roles is not restricted."""
    wanted = select(Account.id).where(
        Account.owner_state == actor.own_state(),
        Account.is_active,
        Account.role.in_(roles),
        Account.agency.not_in(restricted_agencies),
    )
    return db.session.scalar(wanted.limit(1)) is not None


def notify_assignee(
    actor: Actor, assignee: Assignee, code: str, subject_kind: str, subject_id: UUID, number: str
) -> None:
    """Notify the assignee of new work, except when self-assigned."""
    if assignee.id == actor.account_id:
        return
    own = actor.own_state()
    notify_many(
        actor,
        [
            Notice(
                own,
                (assignee.role,),
                code,
                subject_kind,
                subject_id,
                own,
                number,
                account=assignee.id,
            )
        ],
    )
