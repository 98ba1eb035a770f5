"""Changes at border posts for each reader's board; `boards.jobs` numbers them by side."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.boards import board, crossings, seizures
from salsa_ext.boards.models import BoardChange, CallAnswer, CallRequest
from salsa_ext.boards.seizures import Corridor
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, message
from salsa_ext.core.occurrence import local_date
from salsa_ext.database.session import db, execute_raw
from salsa_ext.reference import post_sides
from salsa_ext.reference.models import Post
from salsa_ext.reference.queries import get_post
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.shipments import queries as shipment_queries
from salsa_ext.trade.shipments.models import Checkpoint, Shipment

STORED: Final = timedelta(days=1)
"""Time for which changes are stored."""
CURSOR_LIFETIME: Final = STORED - timedelta(hours=1)
"""Age up to which a cursor is good."""
BATCH_SIZE: Final = 500
"""Changes read at once."""
MAX_BATCHES: Final = 10
"""Batches read for one answer."""
_NUMBER: Final = """
SELECT number FROM board_change WHERE state = %s AND post = %s AND (agency IS NULL OR agency = %s)
ORDER BY number DESC LIMIT 1
"""
# The newest change of each side stays: the next one continues its number.
_DELETE: Final = """
DELETE FROM board_change AS old WHERE at < %s AND EXISTS (
    SELECT FROM board_change AS later
    WHERE later.state = old.state AND later.post = old.post AND later.number > old.number
)
"""


@dataclass(frozen=True)
class EventCursor:
    """A reader's position: after the change `number` of its side, read at `at`."""

    number: int
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


def board_number(actor: Actor, post: str) -> int:
    """Return the number of the last change that the reader's board may show; 0 without one."""
    require(actor, Permission.BOARD_READ)
    row = execute_raw(_NUMBER, (actor.state, post, actor.agency)).fetchone()
    return int(row[0]) if row else 0


def read_events(actor: Actor, code: str, cursor: EventCursor | None, limit: int) -> EventPage:
    """Return changes at a post after a cursor; without one, none.

    Raises NotFound, Forbidden for a post without an own side, Invalid for a cursor older than a
    day.
    """
    require(actor, Permission.BOARD_READ)
    post = get_post(code)
    own, other = post_sides.own_and_other_side(post, actor.state)
    if cursor is None:
        return EventPage((), EventCursor(board_number(actor, code), actor.now()), False)
    if actor.now() - cursor.at > CURSOR_LIFETIME:
        problem = message("This is older than a day. Read the board, and start again without it.")
        raise Invalid({"after": [problem]})
    reader = _PostReader(actor, post, own.zone, other.state)
    position, events = cursor, list[BoardEvent]()
    for _ in range(MAX_BATCHES):
        rows = _read_batch(reader, position)
        events_by_change = _events_by_change(reader, rows)
        for row in rows:
            event = events_by_change.get(row.number)
            if event is not None and len(events) == limit:
                return EventPage(events, position, True)
            position = replace(position, number=row.number)
            events += [event] if event is not None else []
        if len(rows) < BATCH_SIZE:
            return EventPage(events, replace(position, at=actor.now()), False)
    return EventPage(events, position, False)


def _read_batch(reader: _PostReader, cursor: EventCursor) -> Sequence[BoardChange]:
    agency = or_(BoardChange.agency.is_(None), BoardChange.agency == reader.actor.agency)
    query = select(BoardChange).where(
        BoardChange.state == reader.actor.state,
        BoardChange.post == reader.post.code,
        BoardChange.number > cursor.number,
        agency,
    )
    return db.session.scalars(query.order_by(BoardChange.number).limit(BATCH_SIZE)).all()


def _events_by_change(reader: _PostReader, rows: Sequence[BoardChange]) -> dict[int, BoardEvent]:
    """Return events by number of the change; one for an object with several changes."""
    last = {(row.kind, row.subject_id): row for row in rows if row.kind in EVENT_READERS}
    ids = defaultdict[str, list[UUID]](list)
    for kind, subject_id in last:
        ids[kind].append(subject_id)
    events = {kind: EVENT_READERS[kind](reader, ids[kind]) for kind in ids}
    return {
        row.number: replace(events[kind][subject_id], kind=kind, at=row.at)
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
            TraceLeg.channel == "service",
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


def delete_old_changes(actor: Actor) -> int:
    """Delete a state's board changes older than a day; return their number."""
    return int(execute_raw(_DELETE, (actor.now() - STORED,)).rowcount)
