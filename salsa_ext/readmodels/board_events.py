"""What changed at a border post since a reader last asked, as far as its board shows it to him.

Where a reader goes on from is the database's snapshot of his last look, as for the boards
themselves: an id or a time would miss what began early and committed late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text

from salsa_ext.db import db
from salsa_ext.errors import Invalid, say
from salsa_ext.models import (
    Checkpoint,
    Discrepancy,
    Post,
    PostCall,
    PostCallAnswer,
    Shipment,
    Trace,
    TraceLeg,
    TraceRequest,
)
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import boards, crossings, finds, hits, shipments
from salsa_ext.readmodels.corridors import Corridor
from salsa_ext.readmodels.reference import get_post
from salsa_ext.values.actor import Actor
from salsa_ext.values.zones import date_in

NEVER: Final = datetime.min.replace(tzinfo=UTC)
"""Until it is said when it was."""
LASTS: Final = timedelta(hours=23)
"""For so long a mark is good: changes are kept for a day."""
SCANNED: Final = 500
"""How many changes are looked at at once."""
BATCHES: Final = 10
"""How often at most for one answer."""
KINDS: Final = ("shipment", "checkpoint", "receipt", "discrepancy", "seizure", "hit", "trace",
                "request", "call")  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """From where a reader goes on: behind the look `since`, or within what the look `upto` saw."""

    since: str
    upto: str | None
    beyond: int
    at: datetime


@dataclass(frozen=True)
class Event:
    """Something that changed: which object, and what it is now.

    `state` is whose word it is. `incident` is the kind of the last that was told of a shipment on its
    way. `id` is None of what the reader may not look into.
    """

    at: datetime
    kind: str
    state: str
    id: UUID | None = None
    number: str | None = None
    status: str | None = None
    stage: str | None = None
    outcome: str | None = None
    incident: str | None = None


@dataclass(frozen=True)
class Events:
    """What changed, in the order in which it was written, and from where the reader goes on.

    `has_more` where it was seen that more had changed that the reader is told of: of what he is not
    told this says nothing either. After many changes the rest comes with the next question.
    """

    items: Sequence[Event]
    after: Mark
    has_more: bool


@dataclass(frozen=True)
class _Place:
    """A post as one reader sees it."""

    actor: Actor
    post: Post
    zone: str
    other: str

    @property
    def states(self) -> tuple[str, str]:
        return self.actor.state or "", self.other

    @property
    def today(self) -> date:
        return date_in(self.actor.now(), self.zone)

    @cached_property
    def ways(self) -> Sequence[Corridor]:
        actor, post = self.actor, self.post
        expected = crossings.expected(actor, post, self.zone)
        return boards.ways_of(post, actor.now(), [*expected.due, *expected.late])

    @cached_property
    def squares(self) -> frozenset[int]:
        return boards.squares_of(self.post, self.ways)


Said = Mapping[UUID, Event]


def follow(actor: Actor, code: str, mark: Mark | None, limit: int) -> Events:
    """Return what changed at a post since a mark; without one nothing, and a mark to begin from.

    Raises NotFound, Forbidden for no side of it, or Invalid for a mark that is older than a day.
    """
    require(actor, Permission.BOARD_READ)
    post = get_post(code)
    own, other = crossings.sides_for(post, actor.state)
    if mark is None:
        return Events((), _fresh(actor), False)
    if actor.now() - mark.at > LASTS:
        raise Invalid(
            {"after": [say("This is older than a day: read the board, and begin anew without it.")]}
        )
    return _followed(_Place(actor, post, own.zone, other.state), mark, limit)


def _followed(place: _Place, mark: Mark, limit: int) -> Events:
    """Look through what changed until so much of it is the reader's to see."""
    end = Mark(mark.upto, None, 0, mark.at) if mark.upto else _fresh(place.actor)
    going, found = replace(mark, upto=end.since), list[Event]()
    for _ in range(BATCHES):
        rows, told = _batch(place, going)
        for row in rows:
            event = told.get(row.id)
            if event is not None and len(found) == limit:
                return Events(found, going, True)
            going = replace(going, beyond=row.id)
            found += [event] if event is not None else []
        if len(rows) < SCANNED:
            return Events(found, end, False)
    return Events(found, going, False)


def _fresh(actor: Actor) -> Mark:
    seen = db.session.scalar(text("SELECT pg_current_snapshot()::text"))
    return Mark(str(seen), None, 0, actor.now())


def _batch(place: _Place, mark: Mark) -> tuple[Sequence[Any], dict[int, Event]]:
    """Return some changes behind a mark, and what is said of them, by their numbers.

    Which squares the board meets is asked for once there is a change in one.
    """
    is_known = "squares" in vars(place)
    rows = _changes(place, mark, sorted(place.squares) if is_known else None)
    if not is_known and any(row.square is not None for row in rows):
        rows = _changes(place, mark, sorted(place.squares))
    return rows, _told(place, rows)


def _changes(place: _Place, mark: Mark, near: Sequence[int] | None) -> Sequence[Any]:
    asked = {"code": place.post.code, "near": near, "most": SCANNED}
    return db.session.execute(CHANGES, vars(mark) | asked).all()


CHANGES = text(
    "SELECT * FROM salsa_board_events(:since, :upto, :code, CAST(:near AS int[]), :beyond, :most)"
)


def _told(place: _Place, rows: Sequence[Any]) -> dict[int, Event]:
    """Return what is said of changes, by their numbers; of an object that changed often, once."""
    last = {(row.kind, row.subject): row for row in rows}
    ids = defaultdict[str, list[UUID]](list)
    for kind, subject in last:
        ids[kind].append(subject)
    said = {kind: TELLERS[kind](place, wanted) for kind, wanted in ids.items() if kind in TELLERS}
    return {
        row.id: replace(event, at=row.told_at)
        for (kind, subject), row in last.items()
        if (event := said.get(kind, {}).get(subject)) is not None
    }


def _shipments(kind: str) -> Callable[[_Place, Collection[UUID]], Said]:
    def tell(place: _Place, ids: Collection[UUID]) -> Said:
        rows = db.session.scalars(select(Shipment).where(Shipment.id.in_(ids))).all()
        return {view.shipment.id: _event(kind, view.shipment.owner_state, id=view.shipment.id,
                                         number=view.shipment.number, status=view.status,
                                         incident=next((one.data["kind"] for one in view.incidents[-1:]), None))
                for view in shipments.views(place.actor, rows)}  # fmt: skip

    return tell


def _checkpoints(place: _Place, ids: Collection[UUID]) -> Said:
    query = select(Checkpoint, Shipment.number).join(
        Shipment, Shipment.id == Checkpoint.shipment_id
    )
    rows = db.session.execute(query.where(Checkpoint.id.in_(ids)))
    return {tick.id: _event("checkpoint", tick.owner_state, id=tick.shipment_id, number=number,
                            stage=tick.stage, outcome=tick.outcome)
            for tick, number in rows}  # fmt: skip


def _discrepancies(place: _Place, ids: Collection[UUID]) -> Said:
    if Permission.DISCREPANCY_READ not in place.actor.permissions:
        return {}
    rows = db.session.scalars(select(Discrepancy).where(Discrepancy.id.in_(ids)))
    return {row.id: _event("discrepancy", row.owner_state, id=row.id, number=row.subject_number,
                           status=row.status) for row in rows}  # fmt: skip


def _seizures(place: _Place, ids: Collection[UUID]) -> Said:
    rows = finds.among(place.actor, place.post, place.today, place.ways, ids)
    return {
        row.id: _event("seizure", row.owner_state, id=row.id, number=row.number) for row in rows
    }


def _hits(place: _Place, ids: Collection[UUID]) -> Said:
    rows = hits.among(place.actor, place.states, ids)
    return {row.id: _event("hit", row.alert_state, id=row.id, status=row.status) for row in rows}


def _traces(place: _Place, ids: Collection[UUID]) -> Said:
    """Tell of what the own state asked of the other; which case it is to who may read traces."""
    query = (
        select(TraceLeg, Trace).join(Trace, Trace.id == TraceLeg.trace_id)
        .where(Trace.id.in_(ids), TraceLeg.owner_state == place.actor.state,
               TraceLeg.state == place.other, TraceLeg.channel == "salsa")
    )  # fmt: skip
    may = Permission.TRACE_READ in place.actor.permissions
    return {trace.id: _event("trace", leg.owner_state, id=trace.id if may else None,
                             number=trace.case_number if may else None, status=leg.status)
            for leg, trace in db.session.execute(query)}  # fmt: skip


def _requests(place: _Place, ids: Collection[UUID]) -> Said:
    """Tell of what the other state asks of the own one; likewise."""
    query = select(TraceRequest).where(
        TraceRequest.id.in_(ids), TraceRequest.owner_state == place.actor.state,
        TraceRequest.asking_state == place.other,
    )  # fmt: skip
    may = Permission.REQUEST_READ in place.actor.permissions
    return {row.id: _event("request", row.asking_state, id=row.id if may else None,
                           number=row.case_number if may else None, status=row.status)
            for row in db.session.scalars(query)}  # fmt: skip


def _calls(place: _Place, ids: Collection[UUID]) -> Said:
    query = select(PostCall, PostCallAnswer.answered_at).outerjoin(
        PostCallAnswer, PostCallAnswer.call_id == PostCall.id
    )
    rows = db.session.execute(query.where(PostCall.id.in_(ids)))
    return {call.id: _event("call", call.owner_state, id=call.id, number=call.shipment_number,
                            status="answered" if answered_at else "waiting")
            for call, answered_at in rows}  # fmt: skip


def _event(kind: str, state: str, **more: Any) -> Event:
    return Event(NEVER, kind, state, **more)


TELLERS: Final[Mapping[str, Callable[[_Place, Collection[UUID]], Said]]] = {
    "shipment": _shipments("shipment"), "receipt": _shipments("receipt"),
    "checkpoint": _checkpoints, "discrepancy": _discrepancies, "seizure": _seizures, "hit": _hits,
    "trace": _traces, "request": _requests, "call": _calls,
}  # fmt: skip
