"""Approval of proposed permits by a second person, where the state's setting requires one."""

from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import append, audit_event
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import is_same_person, require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Forbidden, IllegalTransition, Message, message
from salsa_ext.database import locks
from salsa_ext.database.session import db, read_row
from salsa_ext.database.written_rows import collect_changed
from salsa_ext.firearms.records.models import Party
from salsa_ext.firearms.records.queries import find_parties
from salsa_ext.reference.calendars import today
from salsa_ext.trade.event_log import NewEvent, add_events
from salsa_ext.trade.permits import permits
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.permits.queries import PARTY_COLUMNS, recorded_permit
from salsa_ext.trade.permits.values import StatusDecision


def approve_permit(*, actor: Actor, permit_id: UUID, expected_version: int | None) -> None:
    """Issue a permit that another person proposed; the states concerned read it from now on.

    Raises NotFound, Forbidden for who proposed it, StaleVersion, IllegalTransition, Conflict after
    its last day, OverQuantity.
    """
    require(actor, Permission.PERMIT_APPROVE)
    permit = _lock_proposal(actor, permit_id, "approve", expected_version)
    if today(actor) > permit.last_day:
        raise Conflict(
            message(
                "The last day of this permit was {last}. Return it, to be proposed with another.",
                last=permit.last_day,
            )
        )
    data = recorded_permit(
        permit, find_parties(getattr(permit, name) for name in PARTY_COLUMNS), ()
    )
    permit.concerned = sorted({permit.owner_state, *data.concerned()})
    permit.status = "refused" if permit.refusal else "issued"
    permit.recorded_at, permit.version = actor.now(), permit.version + 1
    named = select(Party).where(Party.id.in_({getattr(permit, name) for name in PARTY_COLUMNS}))
    parts = [*permits.lock_permit_lines(permit.id).values(), *db.session.scalars(named)]
    for part in parts:
        part.concerned = permit.concerned
    db.session.flush()
    for row in (permit, *parts):
        collect_changed(row)
    append(actor, audit_event(Action.PERMIT_APPROVED, permit, number=permit.number))
    permits.issue(actor, [permit], {permit.id: data.references()})


def return_permit(
    *, actor: Actor, permit_id: UUID, expected_version: int | None, data: StatusDecision
) -> None:
    """Return a proposed permit with the reason; its number is free again.

    Raises as `approve_permit`.
    """
    require(actor, Permission.PERMIT_APPROVE)
    permit = _lock_proposal(actor, permit_id, "return", expected_version)
    permit.status, permit.version = "returned", permit.version + 1
    db.session.flush()
    add_events(actor, [NewEvent(permit, "returned", data.reason)])
    append(actor, audit_event(Action.PERMIT_RETURNED, permit, number=permit.number))


def same_person_problem(actor: Actor, permit: Permit) -> Message | None:
    """Return why the actor may not decide on a proposal: who proposed it is no second person."""
    require(actor, Permission.PERMIT_APPROVE)
    if not is_same_person(actor, permit.id, Action.PERMIT_PROPOSED):
        return None
    return message(
        "You proposed this permit. A second person of your state approves or returns it."
    )


def _lock_proposal(
    actor: Actor, permit_id: UUID, verb: str, expected_version: int | None
) -> Permit:
    owner = read_row(Permit, permit_id).owner_state
    require(actor, Permission.PERMIT_APPROVE, owner)
    locks.lock_trade([owner])
    permit = locks.lock(Permit, permit_id, expected_version)
    if permit.status != "proposed":
        raise IllegalTransition("permit", permit.status, verb)
    if problem := same_person_problem(actor, permit):
        raise Forbidden(problem)
    return permit
