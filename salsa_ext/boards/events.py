"""Changes at border posts, as far as each reader's board includes them.

A reader continues from the database snapshot of its last read: an id or a time would miss
transactions that begin early and commit late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Engine, select, text

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.boards import board, crossings, seizures
from salsa_ext.boards.models import CallAnswer, CallRequest
from salsa_ext.boards.seizures import Corridor
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, message
from salsa_ext.core.time import local_date
from salsa_ext.database.session import db
from salsa_ext.reference import posts
from salsa_ext.reference.models import Post
from salsa_ext.reference.queries import get_post
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.shipments import queries as shipment_queries
from salsa_ext.trade.shipments.models import Checkpoint, Shipment

UNKNOWN_TIME: Final = datetime.min.replace(tzinfo=UTC)
"""Until it is said when it was."""
CURSOR_LIFETIME: Final = timedelta(hours=23)
"""For so long a mark is good: changes are kept for a day."""
BATCH_SIZE: Final = 500
"""How many changes are looked at at once."""
MAX_BATCHES: Final = 10
"""How often at most for one answer."""
EVENT_KINDS: Final = (
    "shipment",
    "checkpoint",
    "receipt",
    "discrepancy",
    "seizure",
    "hit",
    "trace",
    "request",
    "call",
)


@dataclass(frozen=True)
class EventCursor:
    """A reader's position in the changes of a post.

    After the snapshot `since`; with `upto` within the changes up to that snapshot, after id
    `beyond`.
    """

    since: str
    upto: str | None
    beyond: int
    at: datetime


@dataclass(frozen=True)
class BoardEvent:
    """A change of an object, with its present content.

    `state` owns the object. `incident` is the kind of the shipment's last incident. `id` is None if
    the reader may not open the object.
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
class EventPage:
    """Changes in order of writing, and the cursor after them.

    `has_more` only if another visible change was found; invisible ones do not count. After many
    changes the rest comes with the next call.
    """

    items: Sequence[BoardEvent]
    after: EventCursor
    has_more: bool


@dataclass(frozen=True)
class _PostReader:
    """A post for one reader."""

    actor: Actor
    post: Post
    zone: str
    other: str

    @property
    def states(self) -> tuple[str, str]:
        return self.actor.state or "", self.other

    @property
    def today(self) -> date:
        return local_date(self.actor.now(), self.zone)

    @cached_property
    def ways(self) -> Sequence[Corridor]:
        actor, post = self.actor, self.post
        expected = crossings.expected_crossings(actor, post, self.zone)
        return board.corridors_of_board(post, actor.now(), [*expected.due, *expected.late])

    @cached_property
    def squares(self) -> frozenset[int]:
        return board.squares_of_board(self.post, self.ways)


EventsBySubject = Mapping[UUID, BoardEvent]


def read_events(actor: Actor, code: str, cursor: EventCursor | None, limit: int) -> EventPage:
    """Return changes at a post after a cursor; without one, none.

    Raises NotFound, Forbidden for a post without an own side, Invalid for a cursor older than a
    day.
    """
    require(actor, Permission.BOARD_READ)
    post = get_post(code)
    own, other = posts.own_and_other_side(post, actor.state)
    if cursor is None:
        return EventPage((), _current_cursor(actor), False)
    if actor.now() - cursor.at > CURSOR_LIFETIME:
        raise Invalid(
            {
                "after": [
                    message("This is older than a day: read the board, and begin anew without it.")
                ]
            }
        )
    return _collect_events(_PostReader(actor, post, own.zone, other.state), cursor, limit)


def _collect_events(reader: _PostReader, cursor: EventCursor, limit: int) -> EventPage:
    """Read batches until `limit` visible events are found."""
    end = (
        EventCursor(cursor.upto, None, 0, cursor.at)
        if cursor.upto
        else _current_cursor(reader.actor)
    )
    going, found = replace(cursor, upto=end.since), list[BoardEvent]()
    for _ in range(MAX_BATCHES):
        rows, told = _read_batch(reader, going)
        for row in rows:
            event = told.get(row.id)
            if event is not None and len(found) == limit:
                return EventPage(found, going, True)
            going = replace(going, beyond=row.id)
            found += [event] if event is not None else []
        if len(rows) < BATCH_SIZE:
            return EventPage(found, end, False)
    return EventPage(found, going, False)


def _current_cursor(actor: Actor) -> EventCursor:
    seen = db.session.scalar(text("SELECT pg_current_snapshot()::text"))
    return EventCursor(str(seen), None, 0, actor.now())


def _read_batch(
    reader: _PostReader, cursor: EventCursor
) -> tuple[Sequence[Any], dict[int, BoardEvent]]:
    """Return the next changes, and their events by change id.

    The board's squares are computed only if a change has one.
    """
    is_known = "squares" in vars(reader)
    rows = _query_changes(reader, cursor, sorted(reader.squares) if is_known else None)
    if not is_known and any(row.square is not None for row in rows):
        rows = _query_changes(reader, cursor, sorted(reader.squares))
    return rows, _events_by_change(reader, rows)


def _query_changes(
    reader: _PostReader, cursor: EventCursor, squares: Sequence[int] | None
) -> Sequence[Any]:
    asked = {"code": reader.post.code, "near": squares, "most": BATCH_SIZE}
    return db.session.execute(EVENTS_QUERY, vars(cursor) | asked).all()


EVENTS_QUERY = text(
    "SELECT * FROM salsa_board_events(:since, :upto, :code, CAST(:near AS int[]), :beyond, :most)"
)


def _events_by_change(reader: _PostReader, rows: Sequence[Any]) -> dict[int, BoardEvent]:
    """Return events by change id; one for an object with several changes."""
    last = {(row.kind, row.subject): row for row in rows}
    ids = defaultdict[str, list[UUID]](list)
    for kind, subject in last:
        ids[kind].append(subject)
    said = {
        kind: EVENT_READERS[kind](reader, wanted)
        for kind, wanted in ids.items()
        if kind in EVENT_READERS
    }
    return {
        row.id: replace(event, at=row.told_at)
        for (kind, subject), row in last.items()
        if (event := said.get(kind, {}).get(subject)) is not None
    }


def _shipment_events(kind: str) -> Callable[[_PostReader, Collection[UUID]], EventsBySubject]:
    def tell(place: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
        rows = db.session.scalars(select(Shipment).where(Shipment.id.in_(ids))).all()
        return {
            view.shipment.id: _build_event(
                kind,
                view.shipment.owner_state,
                id=view.shipment.id,
                number=view.shipment.number,
                status=view.status,
                incident=next((one.data["kind"] for one in view.incidents[-1:]), None),
            )
            for view in shipment_queries.view_shipments(place.actor, rows)
        }

    return tell


def _checkpoint_events(reader: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
    query = select(Checkpoint, Shipment.number).join(
        Shipment, Shipment.id == Checkpoint.shipment_id
    )
    rows = db.session.execute(query.where(Checkpoint.id.in_(ids)))
    return {
        tick.id: _build_event(
            "checkpoint",
            tick.owner_state,
            id=tick.shipment_id,
            number=number,
            stage=tick.stage,
            outcome=tick.outcome,
        )
        for tick, number in rows
    }


def _discrepancy_events(reader: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
    if Permission.DISCREPANCY_READ not in reader.actor.permissions:
        return {}
    rows = db.session.scalars(select(Discrepancy).where(Discrepancy.id.in_(ids)))
    return {
        row.id: _build_event(
            "discrepancy", row.owner_state, id=row.id, number=row.subject_number, status=row.status
        )
        for row in rows
    }


def _seizure_events(reader: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
    rows = seizures.select_for_board(reader.actor, reader.post, reader.today, reader.ways, ids)
    return {
        row.id: _build_event("seizure", row.owner_state, id=row.id, number=row.number)
        for row in rows
    }


def _hit_events(reader: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
    rows = alert_queries.board_hits(reader.actor, reader.states, ids)
    return {
        row.id: _build_event("hit", row.alert_state, id=row.id, status=row.status) for row in rows
    }


def _trace_events(reader: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
    """Return events of own legs to the other state.

    The case only with TRACE_READ.
    """
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
    may = Permission.TRACE_READ in reader.actor.permissions
    return {
        trace.id: _build_event(
            "trace",
            leg.owner_state,
            id=trace.id if may else None,
            number=trace.case_number if may else None,
            status=leg.status,
        )
        for leg, trace in db.session.execute(query)
    }


def _request_events(reader: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
    """Return events of the other state's requests.

    The case only with REQUEST_READ.
    """
    query = select(TraceRequest).where(
        TraceRequest.id.in_(ids),
        TraceRequest.owner_state == reader.actor.state,
        TraceRequest.asking_state == reader.other,
    )
    may = Permission.REQUEST_READ in reader.actor.permissions
    return {
        row.id: _build_event(
            "request",
            row.asking_state,
            id=row.id if may else None,
            number=row.case_number if may else None,
            status=row.status,
        )
        for row in db.session.scalars(query)
    }


def _call_events(place: _PostReader, ids: Collection[UUID]) -> EventsBySubject:
    query = select(CallRequest, CallAnswer.answered_at).outerjoin(
        CallAnswer, CallAnswer.call_id == CallRequest.id
    )
    rows = db.session.execute(query.where(CallRequest.id.in_(ids)))
    return {
        call.id: _build_event(
            "call",
            call.owner_state,
            id=call.id,
            number=call.shipment_number,
            status="answered" if answered_at else "waiting",
        )
        for call, answered_at in rows
    }


def _build_event(kind: str, state: str, **more: Any) -> BoardEvent:
    return BoardEvent(UNKNOWN_TIME, kind, state, **more)


EVENT_READERS: Final[Mapping[str, Callable[[_PostReader, Collection[UUID]], EventsBySubject]]] = {
    "shipment": _shipment_events("shipment"),
    "receipt": _shipment_events("receipt"),
    "checkpoint": _checkpoint_events,
    "discrepancy": _discrepancy_events,
    "seizure": _seizure_events,
    "hit": _hit_events,
    "trace": _trace_events,
    "request": _request_events,
    "call": _call_events,
}

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

    def is_of(self, side: BoardKey) -> bool:
        """Return whether a board may include it."""
        state, post = side
        return self.state == state and self.post in (None, post)


class ChangesRead(NamedTuple):
    """Changes of one read, and its database snapshot for the next one."""

    seen: str
    changes: Collection[VisibleChange]


def read_changes(engine: Engine, since: str | None) -> ChangesRead:
    """Return board changes committed since a snapshot; none without one.

    A snapshot tells exactly which transactions were visible. On a connection of its own, apart from
    the request's transaction.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if since is None:
            seen = connection.scalar(text("SELECT pg_current_snapshot()::text"))
            return ChangesRead(str(seen), ())
        rows = connection.execute(CHANGES_QUERY, {"since": since}).all()
    return ChangesRead(
        rows[0].seen, [_visible_change(row) for row in rows if row.state is not None]
    )


def _visible_change(row: Any) -> VisibleChange:
    squares = None if row.squares is None else frozenset(row.squares)
    return VisibleChange(row.state, row.post, row.kind, row.agency, squares)


CHANGES_QUERY = text("SELECT * FROM salsa_board_changes(:since)")


def delete_old_changes() -> int:
    """Delete board changes older than a day; return their number."""
    return int(db.session.scalar(text("SELECT salsa_delete_old_board_changes()")) or 0)
