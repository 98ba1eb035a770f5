"""Who of the own state can work on something, and that he is told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.errors import Invalid, say
from salsa_ext.models import Account
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import permissions_of
from salsa_ext.readmodels.contacts import name_of
from salsa_ext.services.notifications import notify_many
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice

ANALYSTS: Final = ("trace_analyst",)
SUPERVISORS: Final = ("supervisor",)


@dataclass(frozen=True)
class Assignee:
    """An account of the own state, and its role."""

    id: UUID
    role: str


def find(
    username: str, permission: Permission, hidden_from: Collection[str] = ()
) -> Assignee:  # fmt: skip
    """Return an open account of the own state that may do the work; raises Invalid for `username`.

    Nor can it be one of an agency that must not see what is assigned.
    """
    wanted = select(Account.id, Account.role, Account.agency).where(
        Account.username == username, Account.is_active
    )
    row = db.session.execute(wanted).first()
    if row is None:
        said = say("Your state has no open account {username}.", username=username)
        raise Invalid({"username": [said]})
    if row.agency in hidden_from:
        said = say("This is kept from {agency}, the agency of {username}.",
                   agency=name_of(row.agency), username=username)  # fmt: skip
        raise Invalid({"username": [said]})
    if permission not in permissions_of(row.role):
        said = say("The role of {username} does not allow this work.", username=username)
        raise Invalid({"username": [said]})
    return Assignee(row.id, row.role)


def is_kept_from(account_id: UUID | None, agencies: Collection[str]) -> bool:
    """Tell whether who works on something is of an agency that must not see it."""
    if account_id is None or not agencies:
        return False
    working = select(Account.id).where(Account.id == account_id, Account.agency.in_(agencies))
    return db.session.scalar(working) is not None


def answering(actor: Actor, kept_from: Collection[str]) -> tuple[str, ...]:
    """Return whose roles are told of a request: the supervisors too, where no analyst may see it."""
    if not kept_from or is_left(actor, ANALYSTS, kept_from):
        return ANALYSTS
    return (*ANALYSTS, *SUPERVISORS)


def is_left(actor: Actor, roles: Collection[str], hidden_from: Collection[str]) -> bool:
    """Tell whether the own state has an open account of these roles outside the agencies that must not see."""
    wanted = select(Account.id).where(
        Account.owner_state == actor.own_state(), Account.is_active,
        Account.role.in_(roles), Account.agency.not_in(hidden_from),
    )  # fmt: skip
    return db.session.scalar(wanted.limit(1)) is not None


def tell(
    actor: Actor, assignee: Assignee, code: str, subject_kind: str, subject_id: UUID, number: str
) -> None:  # fmt: skip
    """Tell an account that something was assigned to it; not who assigns it to himself."""
    if assignee.id == actor.account_id:
        return
    own = actor.own_state()
    notify_many(actor, [Notice(own, (assignee.role,), code, subject_kind, subject_id, own, number,
                               account=assignee.id)])  # fmt: skip
