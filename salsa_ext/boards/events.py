"""Changes at border posts, as far as each reader's board includes them.

A reader continues from the database snapshot of its last read: an id or a time would miss
transactions that begin early and commit late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Engine, select, text

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.boards import board, crossings, seizures
from salsa_ext.boards.call_models import CallAnswer, CallRequest
from salsa_ext.boards.seizures import Corridor
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, message
from salsa_ext.core.occurrence import local_date
from salsa_ext.database.session import db
from salsa_ext.reference import post_sides
from salsa_ext.reference.models import Post
from salsa_ext.reference.queries import get_post
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.shipments import queries as shipment_queries
from salsa_ext.trade.shipments.models import Checkpoint, Shipment

CURSOR_LIFETIME: Final = timedelta(hours=23)
"""Age up to which a cursor is good; changes are stored for a day."""
BATCH_SIZE: Final = 500
"""Changes read at once."""
MAX_BATCHES: Final = 10
"""Batches read for one answer."""
EVENTS_QUERY: Final = text(
    "SELECT * FROM salsa_board_events(:since, :upto, :code, CAST(:near AS int[]), :after_id, :most)"
)
CHANGES_QUERY: Final = text("SELECT * FROM salsa_board_changes(:since)")
SNAPSHOT_QUERY: Final = text("SELECT pg_current_snapshot()::text")


@dataclass(frozen=True)
class EventCursor:
    """A reader's position in the changes of a post.

    After the snapshot `since`; with `upto` within the changes up to that snapshot, after id
    `after_id`.
    """

    since: str
    upto: str | None
    after_id: int
    at: datetime


@dataclass(frozen=True)
class BoardEvent:
    """A change of an object, with its present content.

    `state` owns the object. `id` is None if the reader may not open the object. `incident` is the
    kind of the shipment's last incident. `kind` and the time `at` are those of the change.
    """

    state: str
    id: UUID | None = None
    number: str | None = None
    status: str | None = None
    stage: str | None = None
    outcome: str | None = None
    incident: str | None = None
    kind: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class EventPage:
    """Changes in order of writing, and the cursor after them.

    `has_more` only if another visible change was found; invisible ones do not count. After many
    changes the rest comes with the next call.
    """

    items: Sequence[BoardEvent]
    next_cursor: EventCursor
    has_more: bool


@dataclass(frozen=True)
class _PostReader:
    """A post for one reader; `other` is the state of the other side."""

    actor: Actor
    post: Post
    zone: str
    other: str

    @cached_property
    def corridors(self) -> Sequence[Corridor]:
        late, due = crossings.late_and_due_crossings(self.actor, self.post, self.zone)
        return board.corridors_of_board(self.post, self.actor.now(), [*due, *late])

    @cached_property
    def squares(self) -> list[int]:
        return sorted(board.squares_of_board(self.post, self.corridors))


def read_events(actor: Actor, code: str, cursor: EventCursor | None, limit: int) -> EventPage:
    """Return changes at a post after a cursor; without one, none.

    Raises NotFound, Forbidden for a post without an own side, Invalid for a cursor older than a
    day.
    """
    require(actor, Permission.BOARD_READ)
    post = get_post(code)
    own, other = post_sides.own_and_other_side(post, actor.state)
    end = EventCursor(str(db.session.scalar(SNAPSHOT_QUERY)), None, 0, actor.now())
    if cursor is None:
        return EventPage((), end, False)
    if actor.now() - cursor.at > CURSOR_LIFETIME:
        problem = message("This is older than a day. Read the board, and start again without it.")
        raise Invalid({"after": [problem]})
    if cursor.upto:
        end = EventCursor(cursor.upto, None, 0, cursor.at)
    reader = _PostReader(actor, post, own.zone, other.state)
    position, events = replace(cursor, upto=end.since), list[BoardEvent]()
    for _ in range(MAX_BATCHES):
        rows = _read_batch(reader, position)
        events_by_change = _events_by_change(reader, rows)
        for row in rows:
            event = events_by_change.get(row.id)
            if event is not None and len(events) == limit:
                return EventPage(events, position, True)
            position = replace(position, after_id=row.id)
            events += [event] if event is not None else []
        if len(rows) < BATCH_SIZE:
            return EventPage(events, end, False)
    return EventPage(events, position, False)


def _read_batch(reader: _PostReader, cursor: EventCursor) -> Sequence[Any]:
    """Return the next changes; the squares are computed only if a change has one."""
    parameters = vars(cursor) | {"code": reader.post.code, "near": None, "most": BATCH_SIZE}
    if "squares" not in vars(reader):
        rows = db.session.execute(EVENTS_QUERY, parameters).all()
        if all(row.square is None for row in rows):
            return rows
    return db.session.execute(EVENTS_QUERY, parameters | {"near": reader.squares}).all()


def _events_by_change(reader: _PostReader, rows: Sequence[Any]) -> dict[int, BoardEvent]:
    """Return events by change id; one for an object with several changes."""
    last = {(row.kind, row.subject_id): row for row in rows if row.kind in EVENT_READERS}
    ids = defaultdict[str, list[UUID]](list)
    for kind, subject_id in last:
        ids[kind].append(subject_id)
    events = {kind: EVENT_READERS[kind](reader, ids[kind]) for kind in ids}
    return {
        row.id: replace(events[kind][subject_id], kind=kind, at=row.recorded_at)
        for (kind, subject_id), row in last.items()
        if subject_id in events[kind]
    }


EventsBySubject = Mapping[UUID, BoardEvent]
ReadEvents = Callable[[_PostReader, Collection[UUID]], EventsBySubject]


def _shipment_events(reader: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
    rows = db.session.scalars(select(Shipment).where(Shipment.id.in_(ids))).all()
    events = {}
    for view in shipment_queries.view_shipments(reader.actor, rows):
        row = view.shipment
        incident = view.incidents[-1].data["kind"] if view.incidents else None
        events[row.id] = BoardEvent(
            row.owner_state, row.id, row.number, view.status, incident=incident
        )
    return events


def _checkpoint_events(_: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
    query = select(Checkpoint, Shipment.number).join(
        Shipment, Shipment.id == Checkpoint.shipment_id
    )
    return {
        row.id: BoardEvent(
            row.owner_state, row.shipment_id, number, stage=row.stage, outcome=row.outcome
        )
        for row, number in db.session.execute(query.where(Checkpoint.id.in_(ids)))
    }


def _discrepancy_events(reader: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
    if Permission.DISCREPANCY_READ not in reader.actor.permissions:
        return {}
    rows = db.session.scalars(select(Discrepancy).where(Discrepancy.id.in_(ids)))
    return {
        row.id: BoardEvent(row.owner_state, row.id, row.subject_number, row.status) for row in rows
    }


def _seizure_events(reader: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
    actor, today = reader.actor, local_date(reader.actor.now(), reader.zone)
    rows = seizures.select_for_board(actor, reader.post, today, reader.corridors, ids)
    return {row.id: BoardEvent(row.owner_state, row.id, row.number) for row in rows}


def _hit_events(reader: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
    states = (reader.actor.own_state(), reader.other)
    rows = alert_queries.board_hits(reader.actor, states, ids)
    return {row.id: BoardEvent(row.alert_state, row.id, status=row.status) for row in rows}


def _trace_events(reader: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
    """Return events of own legs to the other state; the case only with TRACE_READ."""
    query = (
        select(TraceLeg, Trace)
        .join(Trace, Trace.id == TraceLeg.trace_id)
        .where(
            Trace.id.in_(ids),
            TraceLeg.owner_state == reader.actor.state,
            TraceLeg.state == reader.other,
            TraceLeg.channel == "salsa",
        )
    )
    may_read = Permission.TRACE_READ in reader.actor.permissions
    events = {}
    for leg, trace in db.session.execute(query):
        event = BoardEvent(leg.owner_state, status=leg.status)
        if may_read:
            event = replace(event, id=trace.id, number=trace.case_number)
        events[trace.id] = event
    return events


def _request_events(reader: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
    """Return events of the other state's requests; the case only with REQUEST_READ."""
    query = select(TraceRequest).where(
        TraceRequest.id.in_(ids),
        TraceRequest.owner_state == reader.actor.state,
        TraceRequest.asking_state == reader.other,
    )
    may_read = Permission.REQUEST_READ in reader.actor.permissions
    events = {}
    for row in db.session.scalars(query):
        event = BoardEvent(row.asking_state, status=row.status)
        if may_read:
            event = replace(event, id=row.id, number=row.case_number)
        events[row.id] = event
    return events


def _call_events(_: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
    query = select(CallRequest, CallAnswer.answered_at).outerjoin(
        CallAnswer, CallAnswer.call_id == CallRequest.id
    )
    events = {}
    for call, answered_at in db.session.execute(query.where(CallRequest.id.in_(ids))):
        status = "answered" if answered_at else "waiting"
        events[call.id] = BoardEvent(call.owner_state, call.id, call.shipment_number, status)
    return events


EVENT_READERS: Final[Mapping[str, ReadEvents]] = {
    "shipment": _shipment_events,
    "checkpoint": _checkpoint_events,
    "receipt": _shipment_events,
    "discrepancy": _discrepancy_events,
    "seizure": _seizure_events,
    "hit": _hit_events,
    "trace": _trace_events,
    "request": _request_events,
    "call": _call_events,
}
EVENT_KINDS: Final = tuple(EVENT_READERS)
BoardKey = tuple[str, str]
"""A state, and the code of a post."""


class VisibleChange(NamedTuple):
    """A change on a state's boards: its kind, and its readers.

    Limited to one post, one agency, or boards with one of `squares` (of a quarter of a degree), if
    given.
    """

    state: str
    post: str | None
    kind: str
    agency: str | None
    squares: frozenset[int] | None

    def concerns(self, key: BoardKey) -> bool:
        """Return whether a board may include it."""
        state, post = key
        return self.state == state and self.post in (None, post)


class ChangesRead(NamedTuple):
    """Changes of one read, and its database snapshot for the next one."""

    snapshot: str
    changes: Collection[VisibleChange]


def read_changes(engine: Engine, since: str | None) -> ChangesRead:
    """Return board changes committed since a snapshot; none without one.

    A snapshot names exactly the transactions that were visible. On a connection of its own, apart from
    the request's transaction.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if since is None:
            return ChangesRead(str(connection.scalar(SNAPSHOT_QUERY)), ())
        rows = connection.execute(CHANGES_QUERY, {"since": since}).all()
    changes = [
        VisibleChange(
            row.state,
            row.post,
            row.kind,
            row.agency,
            None if row.squares is None else frozenset(row.squares),
        )
        for row in rows
        if row.state is not None
    ]
    return ChangesRead(rows[0].seen, changes)


def delete_old_changes() -> int:
    """Delete board changes older than a day; return their number."""
    return int(db.session.scalar(text("SELECT salsa_delete_old_board_changes()")) or 0)
