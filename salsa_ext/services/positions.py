"""What each state says to a discrepancy: it explains, agrees, reopens, and assigns it to somebody."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import as_state, db
from salsa_ext.errors import IllegalTransition, NotFound, StaleVersion, say
from salsa_ext.matching.positions import status_of
from salsa_ext.models import Assignment, Discrepancy, Event, Position
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.states import participants
from salsa_ext.services import announcements, assignees
from salsa_ext.services.discrepancies import act_of
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id
from salsa_ext.values.positions import Assigning, Saying

REOPENABLE: Final = ("explained", "agreed")


def explain(*, actor: Actor, discrepancy_id: UUID, seen: int | None, data: Saying) -> None:
    """Say why it is so, for the own state; raises NotFound, StaleVersion, IllegalTransition."""
    require(actor, Permission.DISCREPANCY_WORK)
    _take_position(actor, discrepancy_id, seen, "explained", data)


def agree(*, actor: Actor, discrepancy_id: UUID, seen: int | None, data: Saying) -> None:
    """Agree to what is explained: agreed by all states, it is closed; raises as `explain`."""
    require(actor, Permission.DISCREPANCY_WORK)
    _take_position(actor, discrepancy_id, seen, "agreed", data)


def reopen(*, actor: Actor, discrepancy_id: UUID, seen: int | None, data: Saying) -> None:
    """Take the own position back, with the reason; what facts resolved, only facts reopen."""
    require(actor, Permission.DISCREPANCY_WORK)
    _take_position(actor, discrepancy_id, seen, "open", data)


def assign(*, actor: Actor, discrepancy_id: UUID, data: Assigning) -> None:
    """Let somebody of the own state work on it, who is told; other states do not learn who."""
    require(actor, Permission.DISCREPANCY_WORK)
    discrepancy = db.session.get(Discrepancy, discrepancy_id, populate_existing=True)
    if discrepancy is None:
        raise NotFound("discrepancy", discrepancy_id)
    found = assignees.find(data.username, Permission.DISCREPANCY_WORK)
    row = {"discrepancy_id": discrepancy.id, "owner_state": actor.own_state(),
           "account_id": found.id, "assigned_at": actor.now()}  # fmt: skip
    _put(Assignment, row)
    assignees.tell(actor, found, "discrepancy_assigned", "discrepancy", discrepancy.id,
                   discrepancy.subject_number)  # fmt: skip
    append(actor, Act(Action.DISCREPANCY_ASSIGNED, "discrepancy", discrepancy.id,
                      discrepancy.owner_state, data={"account": str(found.id)}))  # fmt: skip


def _take_position(
    actor: Actor, discrepancy_id: UUID, seen: int | None, stance: str, data: Saying
) -> None:
    discrepancy = _locked(actor, discrepancy_id, seen)
    allowed = REOPENABLE if stance == "open" else ("open", "explained", "reopened")
    verb = {"open": "reopen", "explained": "explain", "agreed": "agree"}[stance]
    if discrepancy.status not in allowed:
        raise IllegalTransition("discrepancy", discrepancy.status, verb)
    state, now = actor.own_state(), actor.now()
    row = {"discrepancy_id": discrepancy.id, "owner_state": state,
           "concerned": list(discrepancy.concerned), "stance": stance, "explanation": data.text,
           "changed_at": now}  # fmt: skip
    _put(Position, row)
    _follow(actor, discrepancy)
    db.session.add(_event(actor, discrepancy, "reopened" if stance == "open" else stance, data))
    action = {"open": Action.DISCREPANCY_REOPENED, "explained": Action.DISCREPANCY_EXPLAINED,
              "agreed": Action.DISCREPANCY_AGREED}[stance]  # fmt: skip
    act = act_of(discrepancy, action)
    announcements.of_discrepancies(actor, [act], {str(discrepancy.id): discrepancy.subject_number})
    append(actor, act)


def _locked(actor: Actor, discrepancy_id: UUID, seen: int | None) -> Discrepancy:
    known = db.session.get(Discrepancy, discrepancy_id)
    if known is None:
        raise NotFound("discrepancy", discrepancy_id)
    with as_state(actor, known.owner_state):  # only who may write a row may lock it
        locked = db.session.get_one(
            Discrepancy, discrepancy_id, populate_existing=True, with_for_update=True
        )
    if seen is not None and seen != locked.version:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    return locked


def _follow(actor: Actor, discrepancy: Discrepancy) -> None:
    """Let the status follow from the positions of all states that take part."""
    wanted = select(Position.owner_state, Position.stance).where(
        Position.discrepancy_id == discrepancy.id
    )
    stances = dict(db.session.execute(wanted).all())
    sides = [state for state in discrepancy.concerned if state in participants()]
    with as_state(actor, discrepancy.owner_state):
        discrepancy.status = status_of(
            discrepancy.status, [stances.get(state, "open") for state in sides]
        )
        discrepancy.changed_at, discrepancy.version = actor.now(), discrepancy.version + 1
        db.session.flush()  # while the owner's row may be written


def _event(actor: Actor, discrepancy: Discrepancy, kind: str, data: Saying) -> Event:
    now = actor.now()
    return Event(
        id=new_id(), owner_state=actor.own_state(), concerned=list(discrepancy.concerned),
        subject_kind="discrepancy", subject_state=discrepancy.owner_state,
        subject_id=discrepancy.id, kind=kind, occurred_at=now, reason=data.text, data={},
        recorded_at=now,
    )  # fmt: skip


def _put(model: type[Position] | type[Assignment], row: dict[str, object]) -> None:
    """Insert the one row that a state has of a discrepancy, or put it in the place of the old."""
    said = insert(model).values(row)
    fresh = {name: said.excluded[name] for name in row
             if name not in ("discrepancy_id", "owner_state", "concerned")}  # fmt: skip
    key = ("discrepancy_id", "owner_state")
    db.session.execute(said.on_conflict_do_update(index_elements=key, set_=fresh))
