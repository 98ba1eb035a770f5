"""The board of a border post for one side: what is expected, late, seized, found and owed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
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
from salsa_ext.boards.seizures import Corridor, NearSeizure, SeizurePlace, WeeklySeizures
from salsa_ext.boards.weekly_crossings import WEEK, CrossingFlow, PostWeeks, count_flows
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.core.occurrence import local_date
from salsa_ext.database.session import db
from salsa_ext.reference import calendars, post_sides, state_settings
from salsa_ext.reference.calendars import Calendar, add_working_time, working_time_between
from salsa_ext.reference.models import Post
from salsa_ext.reference.post_sides import PostSide
from salsa_ext.reference.queries import get_post
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import RUNNING_STATUSES, WAITING_STATUSES
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.trade.discrepancies import queries as discrepancy_queries
from salsa_ext.trade.discrepancies.queries import DiscrepancyView
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.permits.queries import visible_counterpart_status

DISPLAY_PERMISSIONS: Final = frozenset({Permission.BOARD_READ, Permission.DISCREPANCY_READ})
"""Permissions by which a wall display reads a board; it shows numbers alone."""


def display_reader(actor: Actor) -> tuple[Actor, str]:
    """Return the reader of a display's board, and its post; raises NotFound without a post."""
    require(actor, Permission.WALL_READ)
    account = db.session.get(Account, actor.account_id)
    if account is None or account.post is None:
        raise NotFound("post", "-")
    return replace(actor, permissions=DISPLAY_PERMISSIONS), account.post


EXPIRY_WINDOW: Final = timedelta(days=30)


@dataclass(frozen=True)
class ExpiringPermit:
    """A permit that expires soon, and how its counterpart compares as the reader may see."""

    permit: Permit
    counterpart_status: str


@dataclass(frozen=True)
class TraceDeadline:
    """Deadline of an unanswered trace between two states.

    `kind` is `asked` by the reader's state or `owed` by it. `due_at` is None while the clock is
    stopped (clarification, or deferred by the other state). `share` is the elapsed part of the time
    in percent of the asked state's own time; above 100 it is late. `subject_id` and `case_number`
    name the trace or request, if the reader may see it.
    """

    kind: str
    asking_state: str
    asked_state: str
    priority: str
    status: str
    asked_at: datetime
    due_at: datetime | None
    share: int | None
    subject_id: UUID | None
    case_number: str | None

    def is_late(self, now: datetime) -> bool:
        """Return whether the deadline has passed."""
        return self.due_at is not None and self.due_at < now


@dataclass(frozen=True)
class Board:
    """The board as officers of one side see it.

    Rows of the other state only if they concern theirs. `today` is the day at their side,
    `checkpoints` are of both sides on it. Other states' joint seizures are only counted: each is
    read for a purpose, and its owner learns the reader. `weeks` are seven days each, oldest first,
    as in `weekly_seizures` and `flows`. Each list has at most `MAX_ROWS` rows.
    """

    post: Post
    as_of: datetime
    today: date
    own_side: PostSide
    calls: Sequence[CallView]
    due: Sequence[Crossing]
    late: Sequence[Crossing]
    checkpoints: Sequence[PostCheckpoint]
    expiring: Sequence[ExpiringPermit]
    discrepancies: Sequence[DiscrepancyView]
    hits: Sequence[HitView]
    seizures: Sequence[NearSeizure]
    route_seizures: Sequence[NearSeizure]
    corridors: Sequence[Corridor]
    places: Sequence[SeizurePlace]
    deadlines: Sequence[TraceDeadline]
    open_traces: dict[str, int]
    figures: dict[str, int]
    weeks: Sequence[date]
    weekly_seizures: Sequence[WeeklySeizures]
    flows: tuple[CrossingFlow, CrossingFlow]

    @property
    def due_today(self) -> list[Crossing]:
        """Return crossings due today at the reader's side."""
        return [crossing for crossing in self.due if crossing.is_today]

    @property
    def due_later(self) -> list[Crossing]:
        """Return crossings due in the next seven days, without today."""
        return [crossing for crossing in self.due if not crossing.is_today]

    @property
    def valid_until(self) -> datetime:
        """Return the next time at which something becomes late, or midnight."""
        midnight = datetime.combine(self.today, time.max, ZoneInfo(self.own_side.zone))
        due = [crossing.shipment.due_at for crossing in self.due]
        due += [deadline.due_at for deadline in self.deadlines]
        due += [view.hit.due_at for view in self.hits]
        return min([midnight, *(at for at in due if at is not None and at > self.as_of)])

    @property
    def counts(self) -> dict[str, int]:
        """Return the rows of each list, and overdue trace deadlines."""
        return {
            "late": len(self.late),
            "due_today": len(self.due_today),
            "due_later": len(self.due_later),
            "passed_today": len(self.checkpoints),
            "expiring": len(self.expiring),
            "discrepancies": len(self.discrepancies),
            "hits": len(self.hits),
            "seizures": len(self.seizures),
            "along_routes": len(self.route_seizures),
            "deadlines": len(self.deadlines),
            "deadlines_late": sum(deadline.is_late(self.as_of) for deadline in self.deadlines),
        }


def get_board(actor: Actor, code: str) -> Board:
    """Return the board of an own post; raises NotFound, Forbidden."""
    require(actor, Permission.BOARD_READ)
    post = get_post(code)
    own, other = post_sides.own_and_other_side(post, actor.state)
    now, today = actor.now(), local_date(actor.now(), own.zone)
    weeks = PostWeeks(today, own.zone)
    late, due = crossings.late_and_due_crossings(actor, post, own.zone)
    corridors = corridors_of_board(post, now, [*due, *late])
    near, along = seizures.board_seizures(actor, post, today, corridors)
    weekly, joint_of_others = seizures.count_by_week(actor, post, weeks)
    return Board(
        post=post,
        as_of=now,
        today=today,
        own_side=own,
        calls=calls.calls_on_board(actor, code),
        due=due,
        late=late,
        checkpoints=crossings.checkpoints_of_day(post, today, own.zone),
        expiring=_expiring_permits(actor, post, today),
        discrepancies=discrepancy_queries.list_at_post(actor, code, MAX_ROWS),
        hits=alert_queries.hits_at_post(actor, (own.state, other.state), now - WEEK, MAX_ROWS),
        seizures=near,
        route_seizures=along,
        corridors=corridors,
        places=seizures.group_places(post, [*near, *along]),
        deadlines=trace_deadlines(actor, other.state),
        open_traces=_open_traces_by_priority(actor),
        figures={
            "seized_last_7_days": weekly[-1].firearms,
            "seized_previous_7_days": weekly[-2].firearms,
            "joint_of_others_last_90_days": joint_of_others,
        },
        weeks=weeks.first_days,
        weekly_seizures=weekly,
        flows=count_flows(post, weeks),
    )


def corridors_of_board(post: Post, now: datetime, expected: Sequence[Crossing]) -> list[Corridor]:
    """Return the corridors of recent and expected shipments."""
    routes = seizures.recent_routes(post, now - seizures.LOOKBACK)
    return seizures.build_corridors(post, [*routes, *(each.shipment.route for each in expected)])


def _expiring_permits(actor: Actor, post: Post, today: date) -> list[ExpiringPermit]:
    sides = (post.state_a, post.state_b)
    query = select(Permit).where(
        Permit.exporting_state.in_(sides),
        Permit.importing_state.in_(sides),
        Permit.status == "issued",
        Permit.last_day.between(today, today + EXPIRY_WINDOW),
    )
    first = query.order_by(Permit.last_day, Permit.id).limit(MAX_ROWS)
    return [
        ExpiringPermit(permit, visible_counterpart_status(actor, permit))
        for permit in db.session.scalars(first)
    ]


def _open_traces_by_priority(actor: Actor) -> dict[str, int]:
    is_open = Trace.status.in_(("sent", "in_progress"))
    query = select(Trace.priority, func.count()).where(Trace.owner_state == actor.state, is_open)
    return {
        priority: int(count)
        for priority, count in db.session.execute(query.group_by(Trace.priority))
    }


def trace_deadlines(actor: Actor, other: str) -> list[TraceDeadline]:
    """Return deadlines of traces between two states, first due first."""
    own, is_own_leg = actor.own_state(), TraceLeg.owner_state == actor.own_state()
    legs = (
        select(TraceLeg, Trace)
        .join(Trace, Trace.id == TraceLeg.trace_id)
        .where(is_own_leg, TraceLeg.state == other, TraceLeg.channel == "service")
        .where(TraceLeg.status.in_(WAITING_STATUSES))
        .order_by(TraceLeg.asked_at)
        .limit(MAX_ROWS)
    )
    requests = (
        select(TraceRequest)
        .where(TraceRequest.owner_state == own, TraceRequest.asking_state == other)
        .where(TraceRequest.status.in_(WAITING_STATUSES))
        .order_by(TraceRequest.due_at)
        .limit(MAX_ROWS)
    )
    open_legs = db.session.execute(legs).all()
    open_requests = db.session.scalars(requests).all()
    if not (open_legs or open_requests):
        return []
    deadlines, settings = list[TraceDeadline](), state_settings.settings_by_state([own, other])

    def calendar(state: str, priority: str) -> Calendar | None:
        counts_days = calendars.counts_working_days(priority)
        return calendars.state_calendar(state, settings[state]) if counts_days else None

    for leg, trace in open_legs:
        working = calendar(other, trace.priority)
        target = settings[other].target(trace.priority)
        until = add_working_time(leg.asked_at, target, working)
        is_running = leg.status in RUNNING_STATUSES and leg.status != "deferred"
        term = (leg.asked_at, until, working) if is_running else None
        deadlines.append(_deadline(actor, "asked", (own, other), trace, leg, leg.asked_at, term))
    for row in open_requests:
        is_running = row.status in RUNNING_STATUSES
        working = calendar(own, row.priority)
        term = (row.clock_from, row.due_at, working) if is_running else None
        deadlines.append(_deadline(actor, "owed", (other, own), row, row, row.received_at, term))
    return sorted(deadlines, key=lambda each: (each.due_at is None, each.due_at or each.asked_at))


CASE_PERMISSIONS: Final = {"asked": Permission.TRACE_READ, "owed": Permission.REQUEST_READ}


def _deadline(
    actor: Actor,
    kind: str,
    states: tuple[str, str],
    subject: Trace | TraceRequest,
    row: TraceLeg | TraceRequest,
    asked_at: datetime,
    term: tuple[datetime, datetime, Calendar | None] | None,
) -> TraceDeadline:
    """Build a deadline; `term` is begin, end and calendar of a running clock."""
    may_read = CASE_PERMISSIONS[kind] in actor.permissions
    return TraceDeadline(
        kind,
        *states,
        subject.priority,
        row.status,
        asked_at,
        term and term[1],
        term and _elapsed_percent(actor.now(), *term),
        subject.id if may_read else None,
        subject.case_number if may_read else None,
    )


def _elapsed_percent(
    now: datetime, begin: datetime, until: datetime, calendar: Calendar | None
) -> int:
    """Return the elapsed percent of a time, by the clock if it has no working day."""
    term = working_time_between(begin, until, calendar)
    if term <= timedelta():
        term, calendar = until - begin, None
    if term <= timedelta():
        return 100
    return int(working_time_between(begin, now, calendar) / term * 100)
