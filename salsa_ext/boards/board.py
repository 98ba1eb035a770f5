"""The board of a border post for one side.

Expected and late shipments, checkpoints, seizures, discrepancies, hits, calls and trace deadlines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from salsa_ext.access.models import Account
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.alerts.queries import HitView
from salsa_ext.boards import calls, crossings, seizures
from salsa_ext.boards.calls import CallView
from salsa_ext.boards.crossings import MAX_ROWS, Crossing, PostCheckpoint
from salsa_ext.boards.figures import WEEK, CrossingFlow, PostWeeks, count_flows
from salsa_ext.boards.seizures import (
    Corridor,
    NearSeizure,
    SeizurePlace,
    WeeklySeizures,
    squares_of_corridors,
)
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.core.time import local_date
from salsa_ext.database.session import db
from salsa_ext.reference import calendars, posts, settings
from salsa_ext.reference.geography import grid_squares_near
from salsa_ext.reference.models import Post
from salsa_ext.reference.posts import PostSide
from salsa_ext.reference.queries import get_post
from salsa_ext.reference.working_time import Calendar, working_time_between
from salsa_ext.tracing.requests.lifecycle import deadline_from
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import RUNNING_STATUSES, WAITING_STATUSES
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.trade.discrepancies import queries as discrepancy_queries
from salsa_ext.trade.discrepancies.queries import DiscrepancyView
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.permits.queries import PermitView, view_permits

EXPIRY_WINDOW: Final = timedelta(days=30)

ON_A_WALL: Final = frozenset({Permission.BOARD_READ, Permission.DISCREPANCY_READ})
"""What goes into the board on a wall, which shows numbers of it alone."""


@dataclass(frozen=True)
class TraceDeadline:
    """Deadline of an unanswered trace between two states.

    `kind` is `asked` by the reader's state or `owed` by it. `due_at` is None while the clock is
    stopped (clarification, or deferred by the other state). `share` is the elapsed part of the time
    in percent of the asked state's own time; above 100 it is late. `of` and `case_number` name the
    trace or request, if the reader may see it.
    """

    kind: str
    asking_state: str
    asked_state: str
    priority: str
    status: str
    asked_at: datetime
    due_at: datetime | None
    share: int | None
    of: UUID | None
    case_number: str | None

    def is_late(self, now: datetime) -> bool:
        """Return whether the deadline has passed."""
        return self.due_at is not None and self.due_at < now


@dataclass(frozen=True)
class Board:
    """The board as officers of one side see it.

    Rows of the other state only if they concern theirs. `today` is the day at their side, `passed_today`
    the checkpoints of both sides on it. Other states' joint seizures are only counted: each is read
    for a purpose, and its owner learns the reader. `weeks` are seven days each, oldest first, as in
    `seized` and `flows`. Each list has at most `MAX_ROWS` rows.
    """

    post: Post
    as_of: datetime
    today: date
    own: PostSide
    calls: Sequence[CallView]
    due: Sequence[Crossing]
    late: Sequence[Crossing]
    passed_today: Sequence[PostCheckpoint]
    expiring: Sequence[PermitView]
    discrepancies: Sequence[DiscrepancyView]
    hits: Sequence[HitView]
    seizures: Sequence[NearSeizure]
    along_routes: Sequence[NearSeizure]
    corridors: Sequence[Corridor]
    places: Sequence[SeizurePlace]
    deadlines: Sequence[TraceDeadline]
    traces: dict[str, int]
    figures: dict[str, int]
    weeks: Sequence[date]
    seized: Sequence[WeeklySeizures]
    flows: tuple[CrossingFlow, CrossingFlow]

    @property
    def due_today(self) -> list[Crossing]:
        """Return crossings due today at the reader's side."""
        return [one for one in self.due if one.is_today]

    @property
    def due_later(self) -> list[Crossing]:
        """Return crossings due in the next seven days, without today."""
        return [one for one in self.due if not one.is_today]

    @property
    def until(self) -> datetime:
        """Return the next time at which something becomes late, or midnight."""
        midnight = datetime.combine(self.today, time.max, ZoneInfo(self.own.zone))
        coming = [one.shipment.due_at for one in self.due]
        coming += [one.due_at for one in self.deadlines] + [one.hit.due_at for one in self.hits]
        return min([midnight, *(at for at in coming if at is not None and at > self.as_of)])

    @property
    def squares(self) -> frozenset[int]:
        """Return the grid squares whose seizures the board includes."""
        return squares_of_board(self.post, self.corridors)

    @property
    def counts(self) -> dict[str, int]:
        """Return the rows of each list, and overdue trace deadlines."""
        lists = (
            "late",
            "due_today",
            "due_later",
            "passed_today",
            "expiring",
            "discrepancies",
            "hits",
            "seizures",
            "along_routes",
            "deadlines",
        )
        late = sum(one.is_late(self.as_of) for one in self.deadlines)
        return {name: len(getattr(self, name)) for name in lists} | {"deadlines_late": late}


def get_board(actor: Actor, code: str) -> Board:
    """Return the board of an own post; raises NotFound, Forbidden."""
    require(actor, Permission.BOARD_READ)
    post = get_post(code)
    own, other = posts.own_and_other_side(post, actor.state)
    now, today = actor.now(), local_date(actor.now(), own.zone)
    weeks = PostWeeks(today, own.zone)
    expected = crossings.expected_crossings(actor, post, own.zone)
    ways = corridors_of_board(post, now, [*expected.due, *expected.late])
    near, along = (
        seizures.seizures_near_post(actor, post, today),
        seizures.seizures_along_routes(actor, post, today, ways),
    )
    seized = seizures.count_by_week(actor, post, weeks)
    return Board(
        post=post,
        as_of=now,
        today=today,
        own=own,
        calls=calls.calls_on_board(actor, code),
        due=expected.due,
        late=expected.late,
        passed_today=crossings.checkpoints_of_day(post, today, own.zone),
        expiring=_expiring_permits(actor, post, today),
        discrepancies=discrepancy_queries.list_at_post(actor, code, MAX_ROWS),
        hits=alert_queries.hits_at_post(actor, (own.state, other.state), now - WEEK, MAX_ROWS),
        seizures=near,
        along_routes=along,
        corridors=ways,
        places=seizures.group_places(post, near, along),
        deadlines=trace_deadlines(actor, other.state),
        traces=_open_traces_by_priority(actor),
        figures=_seizure_figures(seized, seizures.count_joint_of_others(actor, post, today)),
        weeks=weeks.first_days,
        seized=seized,
        flows=count_flows(post, weeks),
    )


def wall_of(actor: Actor) -> tuple[Actor, str]:
    """Return as whom a display reads the board, and of which post; raises NotFound where it has none."""
    require(actor, Permission.WALL_READ)
    account = db.session.get(Account, actor.account_id)
    if account is None or account.post is None:
        raise NotFound("post", "-")
    return replace(actor, permissions=ON_A_WALL), account.post


def own_side(actor: Actor, code: str) -> PostSide:
    """Return the own side of a post; raises NotFound, Forbidden."""
    require(actor, Permission.BOARD_READ)
    return posts.own_and_other_side(get_post(code), actor.state)[0]


def squares_of_board(post: Post, corridors: Sequence[Corridor]) -> frozenset[int]:
    """Return the grid squares whose seizures the board includes."""
    return frozenset([*grid_squares_near(post), *squares_of_corridors(corridors)])


def corridors_of_board(post: Post, now: datetime, expected: Sequence[Crossing]) -> list[Corridor]:
    """Return the corridors of recent and expected shipments."""
    lately = seizures.recent_routes(post, now - seizures.LOOKBACK)
    return seizures.build_corridors(post, [*lately, *(one.shipment.route for one in expected)])


def _expiring_permits(actor: Actor, post: Post, today: date) -> list[PermitView]:
    sides = (post.state_a, post.state_b)
    query = select(Permit).where(
        Permit.exporting_state.in_(sides),
        Permit.importing_state.in_(sides),
        Permit.status == "issued",
        Permit.last_day.between(today, today + EXPIRY_WINDOW),
    )
    first = query.order_by(Permit.last_day, Permit.id).limit(MAX_ROWS)
    return view_permits(actor, db.session.scalars(first).all())


def _open_traces_by_priority(actor: Actor) -> dict[str, int]:
    waiting = Trace.status.in_(("sent", "in_progress"))
    rows = db.session.execute(
        select(Trace.priority, func.count())
        .where(Trace.owner_state == actor.state, waiting)
        .group_by(Trace.priority)
    )
    return {priority: int(count) for priority, count in rows}


def _seizure_figures(seized: Sequence[WeeklySeizures], joint: int) -> dict[str, int]:
    """Return own firearms seized near, and others' joint seizures."""
    return {
        "seized_last_7_days": seized[-1].firearms,
        "seized_previous_7_days": seized[-2].firearms,
        "joint_of_others_last_90_days": joint,
    }


CASE_PERMISSIONS: Final = {"asked": Permission.TRACE_READ, "owed": Permission.REQUEST_READ}


def trace_deadlines(actor: Actor, other: str) -> list[TraceDeadline]:
    """Return deadlines of traces between two states, first due first.

    Restricted agencies do not see theirs.
    """
    found = [*_own_leg_deadlines(actor, other), *_request_deadlines(actor, other)]
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at or one.asked_at))


def _own_leg_deadlines(actor: Actor, other: str) -> list[TraceDeadline]:
    """Return own legs' deadlines, by the other state's settings."""
    theirs = settings.settings_by_state([other])[other]
    calendar = calendars.state_calendar(other, theirs)
    query = (
        select(TraceLeg, Trace)
        .join(Trace, Trace.id == TraceLeg.trace_id)
        .where(
            TraceLeg.owner_state == actor.state,
            TraceLeg.state == other,
            TraceLeg.channel == "salsa",
            TraceLeg.status.in_(WAITING_STATUSES),
        )
        .order_by(TraceLeg.asked_at)
        .limit(MAX_ROWS)
    )
    made = []
    for leg, trace in db.session.execute(query):
        days = calendar if calendars.counts_working_days(trace.priority) else None
        until = deadline_from(theirs.target(trace.priority), leg.asked_at, days)
        made.append(_build_deadline(actor, "asked", trace, leg, leg.asked_at, until, days))
    return made


def _request_deadlines(actor: Actor, other: str) -> list[TraceDeadline]:
    query = (
        select(TraceRequest)
        .where(
            TraceRequest.owner_state == actor.state,
            TraceRequest.asking_state == other,
            TraceRequest.status.in_(WAITING_STATUSES),
        )
        .order_by(TraceRequest.due_at)
        .limit(MAX_ROWS)
    )
    own: Calendar = calendars.own_calendar(actor)
    return [
        _build_deadline(
            actor,
            "owed",
            row,
            row,
            row.clock_from,
            row.due_at,
            own if calendars.counts_working_days(row.priority) else None,
        )
        for row in db.session.scalars(query)
    ]


def _build_deadline(
    actor: Actor,
    kind: str,
    trace_or_request: Any,
    leg_or_request: Any,
    begin: datetime,
    until: datetime,
    calendar: Calendar | None,
) -> TraceDeadline:
    asking, asked = _asking_and_asked(kind, leg_or_request)
    runs = leg_or_request.status in RUNNING_STATUSES and (kind, leg_or_request.status) != (
        "asked",
        "deferred",
    )
    may = CASE_PERMISSIONS[kind] in actor.permissions
    return TraceDeadline(
        kind,
        asking,
        asked,
        trace_or_request.priority,
        leg_or_request.status,
        leg_or_request.received_at if kind == "owed" else leg_or_request.asked_at,
        until if runs else None,
        _elapsed_percent(begin, until, actor.now(), calendar) if runs else None,
        trace_or_request.id if may else None,
        trace_or_request.case_number if may else None,
    )


def _asking_and_asked(kind: str, leg_or_request: Any) -> Sequence[str]:
    other = leg_or_request.state if kind == "asked" else leg_or_request.asking_state
    return (
        (leg_or_request.owner_state, other)
        if kind == "asked"
        else (other, leg_or_request.owner_state)
    )


def _elapsed_percent(
    begin: datetime, until: datetime, now: datetime, calendar: Calendar | None
) -> int:
    """Return the elapsed percent of a time.

    By the clock if it has no working day.
    """
    term = working_time_between(begin, until, calendar)
    if term <= timedelta():
        term, calendar = until - begin, None
    if term <= timedelta():
        return 100
    return int(working_time_between(begin, now, calendar) / term * 100)
