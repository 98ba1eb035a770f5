"""Weekly crossings of a border post, by each side's checkpoints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select, tuple_

from salsa_ext.database.session import db
from salsa_ext.reference.models import Post
from salsa_ext.trade.permits.models import PermitLine
from salsa_ext.trade.shipments.models import Checkpoint, Shipment

WEEKS: Final = 8
WEEK: Final = timedelta(days=7)
EXIT_STAGES: Final = ("exit", "transit_out")
ENTRY_STAGES: Final = ("entry", "transit_in")


@dataclass(frozen=True)
class WeeklyCrossings:
    """Shipments and firearms that one state passed in a week."""

    shipments: int = 0
    firearms: int = 0


@dataclass(frozen=True)
class CrossingFlow:
    """Crossings in one direction, as each side counts them.

    `left` and `entered` are lists by week (see `Weeks`); neither is adjusted to the other. `goods`
    are quantities without serials that passed in the last week by either side's checkpoint, by type
    and unit.
    """

    leaving: str
    entering: str
    left: Sequence[WeeklyCrossings]
    entered: Sequence[WeeklyCrossings]
    goods: Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class PostWeeks:
    """The last eight weeks at a post, oldest first.

    Each has seven days; the last one ends today.
    """

    today: date
    zone: str

    @property
    def first_days(self) -> list[date]:
        """Return the first day of each week."""
        last = self.today - WEEK + timedelta(days=1)
        return [last - WEEK * back for back in reversed(range(WEEKS))]

    @property
    def since(self) -> datetime:
        """Return the start of the first week at the reader's side."""
        return self.start(self.first_days[0])

    def start(self, day: date) -> datetime:
        """Return the start of a day at the reader's side."""
        return datetime.combine(day, time.min, ZoneInfo(self.zone))

    def column(self, moment: Any, start: Any = None) -> Any:
        """Return the week's index, from 0, of a time or date column."""
        begin = start or self.start
        later = [(moment >= begin(day), at) for at, day in enumerate(self.first_days)]
        return case(*reversed(later), else_=-1)


def count_flows(post: Post, weeks: PostWeeks) -> tuple[CrossingFlow, CrossingFlow]:
    """Return both directions, of shipments that the reader may see."""
    counted, goods = _count_crossings(post, weeks), _sum_goods(post, weeks)
    return (
        _flow_between(post.state_a, post.state_b, counted, goods),
        _flow_between(post.state_b, post.state_a, counted, goods),
    )


def _flow_between(
    leaving: str,
    entering: str,
    counted: Mapping[tuple[str, bool, int], WeeklyCrossings],
    goods: Mapping[tuple[str, str], Mapping[tuple[str, str], float]],
) -> CrossingFlow:
    def of(state: str, leaves: bool) -> list[WeeklyCrossings]:
        return [counted.get((state, leaves, at), WeeklyCrossings()) for at in range(WEEKS)]

    return CrossingFlow(
        leaving,
        entering,
        of(leaving, True),
        of(entering, False),
        goods.get((leaving, entering), {}),
    )


def _passed_shipments(post: Post, since: datetime) -> Any:
    """Select each passed shipment once by state and direction.

    With the time of its first checkpoint.
    """
    leaves = Checkpoint.stage.in_(EXIT_STAGES).label("leaves")
    return (
        select(
            Checkpoint.owner_state,
            leaves,
            Checkpoint.shipment_id,
            func.min(Checkpoint.occurred_at).label("at"),
        )
        .where(
            Checkpoint.post == post.code,
            Checkpoint.occurred_at >= since,
            Checkpoint.outcome == "passed",
        )
        .group_by(Checkpoint.owner_state, leaves, Checkpoint.shipment_id)
        .subquery()
    )


def _count_crossings(post: Post, weeks: PostWeeks) -> dict[tuple[str, bool, int], WeeklyCrossings]:
    passed = _passed_shipments(post, weeks.since)
    week = weeks.column(passed.c.at).label("week")
    rows = db.session.execute(
        select(
            passed.c.owner_state, passed.c.leaves, week, func.count(), func.sum(Shipment.item_count)
        )
        .join(Shipment, Shipment.id == passed.c.shipment_id)
        .group_by(passed.c.owner_state, passed.c.leaves, week)
    )
    return {
        (state, leaves, at): WeeklyCrossings(int(number), int(guns or 0))
        for state, leaves, at, number, guns in rows
    }


def _sum_goods(
    post: Post, weeks: PostWeeks
) -> Mapping[tuple[str, str], Mapping[tuple[str, str], float]]:
    """Return last week's goods without serials.

    By direction, then by type and unit.
    """
    passed = _passed_shipments(post, weeks.start(weeks.first_days[-1]))
    rows = db.session.execute(
        select(
            passed.c.owner_state, passed.c.leaves, Shipment.id, Shipment.permit_id, Shipment.bulk
        )
        .join(Shipment, Shipment.id == passed.c.shipment_id)
        .where(func.jsonb_array_length(Shipment.bulk) > 0)
    ).all()
    lines, other = _types_and_units(rows), {post.state_a: post.state_b, post.state_b: post.state_a}
    found: dict[tuple[str, str], dict[tuple[str, str], float]] = defaultdict(
        lambda: defaultdict(float)
    )
    seen = set()
    for state, leaves, key, permit, bulk in rows:
        way = (state, other.get(state, "")) if leaves else (other.get(state, ""), state)
        for part in bulk if (key, way) not in seen else ():
            found[way][lines.get((permit, part["line"]), ("unknown", ""))] += float(
                part["quantity"]
            )
        seen.add((key, way))
    return found


def _types_and_units(rows: Sequence[Any]) -> dict[tuple[Any, int], tuple[str, str]]:
    """Return type and unit of the goods' permit lines."""
    wanted = {(permit, part["line"]) for _, _, _, permit, bulk in rows for part in bulk}
    if not wanted:
        return {}
    query = select(PermitLine).where(tuple_(PermitLine.permit_id, PermitLine.line).in_(wanted))
    return {
        (line.permit_id, line.line): (line.type or line.category, line.unit or "")
        for line in db.session.scalars(query)
    }
