"""The ledger of shipments: what stands in their rows follows from the facts, and from nothing else.

Each command that adds a fact takes the shipments (`takings`) and ends in `refresh`; the scheduled
watch does the same where only time has passed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import exists, or_, select

from salsa_ext.db import as_state, db
from salsa_ext.matching import expectations, ledger
from salsa_ext.matching.doubts import Doubt
from salsa_ext.matching.irregularities import CAN_BE_LATE, KINDS, TIMED, doubts
from salsa_ext.matching.journeys import Facts, Step
from salsa_ext.matching.registers import Register
from salsa_ext.models import Discrepancy, Shipment
from salsa_ext.readmodels import settings
from salsa_ext.readmodels.days import Days, days
from salsa_ext.readmodels.journeys import facts_of
from salsa_ext.services import discrepancies, reshipments, retellings, takings
from salsa_ext.services.discrepancies import Subject
from salsa_ext.values.actor import Actor
from salsa_ext.values.permits import Expectation

LICENSING: Final = ("document_invalid", "permit_cancelled_in_transit")
ON_THE_WAY: Final = ("in_transit", "held", "arrived", "lost")
RETOLD: Final = frozenset(
    ("overdue", "lost", "returned", "received", "received_short", "received_over")
)
"""How a shipment stands that tells where its guns are, or that they are not: it is told again."""


def refresh(actor: Actor, shipments: Iterable[Shipment]) -> None:
    """Let taken shipments be as their facts are, and their discrepancies with them.

    For commands, which have added a fact: versions rise. What comes with the hour alone, such as
    being overdue, is left for the watch to raise; where it is over, it is resolved at once.
    """
    taken = list(shipments)
    _refresh(actor, taken, by_watch=False)
    reshipments.wake(actor, taken)


def watch(actor: Actor, shipments: Iterable[Shipment]) -> None:
    """Do the same because time has passed: versions rise where something changed."""
    _refresh(actor, shipments, by_watch=True)


def refresh_under(actor: Actor, families: Register) -> None:
    """Look anew at shipments under changed permits, or under what relies on these.

    For commands that change permits: a cancellation meets the goods that have left, and a licence
    that comes late clears those that left without it, arrived or not.
    """
    exports = [document.id for document in families.documents if document.kind == "export"]
    unlicensed = exists().where(
        Discrepancy.subject_id == Shipment.id, Discrepancy.kind.in_(LICENSING),
        Discrepancy.status != "resolved",
    )  # fmt: skip
    concerned = or_(Shipment.status.in_(ON_THE_WAY), unlicensed)
    found = select(Shipment.id).where(Shipment.permit_id.in_(exports), concerned)
    refresh(actor, takings.take_many(actor, db.session.scalars(found).all()).values())


def graces_of(states: Collection[str]) -> dict[str, timedelta]:
    """Return for how long after an expected time each state lets a shipment be no more than late."""
    said = settings.of(states)
    return {state: timedelta(hours=said[state].overdue_hours) for state in states}


def first_due(expected: Iterable[Expectation], grace: timedelta) -> dict[str, Any]:
    """Return the columns that say what is due of a shipment that is planned, of which no fact is told."""
    steps = [Step(step.stage, datetime.fromisoformat(step.at), step.post) for step in expected]
    stage, at = expectations.due(steps, ()) or (None, None)
    overdue_at = at + grace if at else None
    return {"due_stage": stage, "due_at": at, "overdue_at": overdue_at, "watch_at": overdue_at}


@dataclass(frozen=True)
class _Moment:
    """Now, the days of states, whose grace it is, and whether the watch asks."""

    now: datetime
    days: Days
    grace: Mapping[str, timedelta]
    by_watch: bool


def _refresh(actor: Actor, shipments: Iterable[Shipment], by_watch: bool) -> None:
    owned = takings.by_owner(shipments)
    moment = _Moment(actor.now(), days(actor), graces_of(owned), by_watch)
    settled: dict[frozenset[str], dict[Subject, Collection[Doubt]]] = defaultdict(dict)
    for owner, rows in owned.items():
        with as_state(actor, owner):
            known = facts_of(actor, rows)
            before = {row.id: _shown(row, moment.now) for row in rows}
            for row in rows:
                found = _conclude(row, known[row.id], moment)
                waits = frozenset() if by_watch else frozenset(each.kind for each in found) & TIMED
                settled[waits][row] = [doubt for doubt in found if doubt.kind not in waits]
                row.watch_at = moment.now if waits else _next(row, known[row.id], moment)
            db.session.flush()  # while the owner's rows may be written
        _note(row for row in rows if _is_retold(before[row.id], _shown(row, moment.now)))
    for waits, subjects in settled.items():
        kinds = [kind for kind in KINDS if kind not in waits]
        raised = discrepancies.settle(actor, subjects, kinds)
        late = {act.data["subject"] for act in raised if act.data["kind"] == "overdue"}
        _note(subject for subject in subjects if str(subject.id) in late)  # by the hour alone


def _shown(row: Shipment, now: datetime) -> str:
    """Return how a shipment stands as it is told: overdue by the hour."""
    is_late = row.overdue_at is not None and row.overdue_at < now
    return "overdue" if is_late and row.status in CAN_BE_LATE else row.status


def _is_retold(before: str, after: str) -> bool:
    return before != after and not RETOLD.isdisjoint((before, after))


def _note(rows: Iterable[Subject]) -> None:
    for row in rows:
        retellings.note(row.owner_state, shipments=[row.id])


def _conclude(row: Shipment, facts: Facts, moment: _Moment) -> list[Doubt]:
    """Write into a row what its facts say, and return what is doubted."""
    before = (row.status, row.due_at, row.due_stage, row.overdue_at)
    grace = moment.grace[row.owner_state]
    row.status = ledger.status_of(facts)
    open_ended = facts.is_over or row.status == "lost"
    stage = None if open_ended else expectations.due(expectations.moved(facts), facts.ticks)
    row.due_stage, row.due_at = stage or (None, None)
    row.overdue_at = stage[1] + grace if stage and row.status in CAN_BE_LATE else None
    after = (row.status, row.due_at, row.due_stage, row.overdue_at)
    row.version += not moment.by_watch or before != after
    return doubts(facts, moment.now, moment.days.of(row.owner_state), grace)


def _next(row: Shipment, facts: Facts, moment: _Moment) -> datetime | None:
    """Return the next moment at which the passing of time alone changes something."""
    moments = [row.overdue_at] if row.overdue_at else []
    if facts.has_left and not facts.is_over and not facts.has_entered:
        after = facts.last_day + timedelta(days=1)
        moments.append(moment.days.start(row.owner_state, after))
    return min((at for at in moments if at > moment.now), default=None)
