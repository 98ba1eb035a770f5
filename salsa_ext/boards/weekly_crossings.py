"""Weekly crossings of a border post, by each side's checkpoints."""

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
Goods = Mapping[tuple[str, str], float]
"""Quantities of goods without serials, by type and unit."""


@dataclass(frozen=True)
class WeeklyCrossings:
    """Shipments and firearms that one state passed in a week."""

    shipments: int = 0
    firearms: int = 0


@dataclass(frozen=True)
class CrossingFlow:
    """Crossings in one direction, as each side counts them; abroad, None, counts nothing.

    `left` and `entered` are lists by week (see `PostWeeks`); neither is adjusted to the other.
    `goods` passed in the last week by either side's checkpoint.
    """

    leaving: str | None
    entering: str | None
    left: Sequence[WeeklyCrossings]
    entered: Sequence[WeeklyCrossings]
    goods: Goods


@dataclass(frozen=True)
class PostWeeks:
    """The last eight weeks at a post, oldest first. Each has seven days; the last one ends today."""

    today: date
    zone: str

    @property
    def first_days(self) -> list[date]:
        """Return the first day of each week."""
        last = self.today - WEEK + timedelta(days=1)
        return [last - WEEK * back for back in reversed(range(WEEKS))]

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
    counts, goods = _count_crossings(post, weeks), _sum_goods(post, weeks)

    def flow(leaving: str | None, entering: str | None) -> CrossingFlow:
        left, entered = (
            [counts.get((*direction, week), WeeklyCrossings()) for week in range(WEEKS)]
            for direction in ((leaving, True), (entering, False))
        )
        return CrossingFlow(leaving, entering, left, entered, goods.get((leaving, entering), {}))

    return flow(post.state_a, post.state_b), flow(post.state_b, post.state_a)


def _passed_shipments(post: Post, since: datetime) -> Any:
    """Select each passed shipment once by state and direction. With the time of its first checkpoint."""
    leaves = Checkpoint.stage.in_(EXIT_STAGES).label("leaves")
    columns = (Checkpoint.owner_state, leaves, Checkpoint.shipment_id)
    query = select(*columns, func.min(Checkpoint.occurred_at).label("at")).where(
        Checkpoint.post == post.code,
        Checkpoint.occurred_at >= since,
        Checkpoint.outcome == "passed",
    )
    return query.group_by(*columns).subquery()


def _count_crossings(
    post: Post, weeks: PostWeeks
) -> dict[tuple[str | None, bool, int], WeeklyCrossings]:
    passed = _passed_shipments(post, weeks.start(weeks.first_days[0]))
    keys = (passed.c.owner_state, passed.c.leaves, weeks.column(passed.c.at).label("week"))
    query = select(*keys, func.count(), func.sum(Shipment.item_count))
    query = query.join(Shipment, Shipment.id == passed.c.shipment_id).group_by(*keys)
    return {
        (state, leaves, week): WeeklyCrossings(int(number), int(guns or 0))
        for state, leaves, week, number, guns in db.session.execute(query)
    }


def _sum_goods(post: Post, weeks: PostWeeks) -> Mapping[tuple[str | None, str | None], Goods]:
    """Return last week's goods without serials, by direction."""
    passed = _passed_shipments(post, weeks.start(weeks.first_days[-1]))
    columns = (Shipment.id, Shipment.permit_id, Shipment.bulk)
    query = select(passed.c.owner_state, passed.c.leaves, *columns)
    query = query.join(Shipment, Shipment.id == passed.c.shipment_id)
    rows = db.session.execute(query.where(func.jsonb_array_length(Shipment.bulk) > 0)).all()
    kinds = _types_and_units(rows)
    other = {post.state_a: post.state_b, post.state_b: post.state_a}
    goods: dict[tuple[str | None, str | None], dict[tuple[str, str], float]] = defaultdict(
        lambda: defaultdict(float)
    )
    counted = set()
    for state, leaves, shipment, permit, bulk in rows:
        direction = (state, other.get(state)) if leaves else (other.get(state), state)
        for part in bulk if (shipment, direction) not in counted else ():
            kind = kinds.get((permit, part["line"]), ("unknown", ""))
            goods[direction][kind] += float(part["quantity"])
        counted.add((shipment, direction))
    return goods


def _types_and_units(rows: Sequence[Any]) -> dict[tuple[Any, int], tuple[str, str]]:
    """Return type and unit of the goods' permit lines."""
    lines = {(permit, part["line"]) for _, _, _, permit, bulk in rows for part in bulk}
    if not lines:
        return {}
    query = select(PermitLine).where(tuple_(PermitLine.permit_id, PermitLine.line).in_(lines))
    return {
        (line.permit_id, line.line): (line.type or line.category, line.unit or "")
        for line in db.session.scalars(query)
    }
