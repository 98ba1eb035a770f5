"""Which way goods pass a border post, week by week, as each of its two sides ticked it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select, tuple_

from salsa_ext.db import db
from salsa_ext.models import Checkpoint, PermitLine, Post, Shipment

WEEKS: Final = 8
WEEK: Final = timedelta(days=7)
LEAVES: Final = ("exit", "transit_out")
ENTERS: Final = ("entry", "transit_in")


@dataclass(frozen=True)
class Passed:
    """What one state ticked as passed in one week, in one direction: shipments, and their firearms."""

    shipments: int = 0
    firearms: int = 0


@dataclass(frozen=True)
class Flow:
    """From one side to the other: what the one says left it, and what the other says entered it.

    Both are lists by week, as `Weeks` has them; neither is made to fit the other. `goods` are those
    without serials of what passed in the last week by either's word, by type and unit.
    """

    leaving: str
    entering: str
    left: Sequence[Passed]
    entered: Sequence[Passed]
    goods: Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Weeks:
    """The last weeks of a post, oldest first: each is of seven days, the last of them ends today."""

    today: date
    zone: str

    @property
    def first_days(self) -> list[date]:
        """Return the first day of each week."""
        last = self.today - WEEK + timedelta(days=1)
        return [last - WEEK * back for back in reversed(range(WEEKS))]

    @property
    def since(self) -> datetime:
        """Return the moment at which the first week began at the reader's side."""
        return self.start(self.first_days[0])

    def start(self, day: date) -> datetime:
        """Return the moment at which a day began at the reader's side."""
        return datetime.combine(day, time.min, ZoneInfo(self.zone))

    def column(self, moment: Any, start: Any = None) -> Any:
        """Return the number of the week, from 0, that a column of moments or dates is in."""
        begin = start or self.start
        later = [(moment >= begin(day), at) for at, day in enumerate(self.first_days)]
        return case(*reversed(later), else_=-1)


def flows(post: Post, weeks: Weeks) -> tuple[Flow, Flow]:
    """Return both directions of a post, of the shipments that the reader's state may see."""
    counted, goods = _counted(post, weeks), _goods(post, weeks)
    return (_flow(post.state_a, post.state_b, counted, goods),
            _flow(post.state_b, post.state_a, counted, goods))  # fmt: skip


def _flow(
    leaving: str, entering: str, counted: Mapping[tuple[str, bool, int], Passed],
    goods: Mapping[tuple[str, str], Mapping[tuple[str, str], float]],
) -> Flow:  # fmt: skip
    def of(state: str, leaves: bool) -> list[Passed]:
        return [counted.get((state, leaves, at), Passed()) for at in range(WEEKS)]

    return Flow(leaving, entering, of(leaving, True), of(entering, False),
                goods.get((leaving, entering), {}))  # fmt: skip


def _passed(post: Post, since: datetime) -> Any:
    """Select each shipment once by whose tick it passed, out or in, and when that was first ticked."""
    leaves = Checkpoint.stage.in_(LEAVES).label("leaves")
    return (
        select(Checkpoint.owner_state, leaves, Checkpoint.shipment_id,
               func.min(Checkpoint.occurred_at).label("at"))
        .where(Checkpoint.post == post.code, Checkpoint.occurred_at >= since,
               Checkpoint.outcome == "passed")
        .group_by(Checkpoint.owner_state, leaves, Checkpoint.shipment_id)
        .subquery()
    )  # fmt: skip


def _counted(post: Post, weeks: Weeks) -> dict[tuple[str, bool, int], Passed]:
    passed = _passed(post, weeks.since)
    week = weeks.column(passed.c.at).label("week")
    rows = db.session.execute(
        select(passed.c.owner_state, passed.c.leaves, week, func.count(),
               func.sum(Shipment.item_count))
        .join(Shipment, Shipment.id == passed.c.shipment_id)
        .group_by(passed.c.owner_state, passed.c.leaves, week)
    )  # fmt: skip
    return {(state, leaves, at): Passed(int(number), int(guns or 0))
            for state, leaves, at, number, guns in rows}  # fmt: skip


def _goods(post: Post, weeks: Weeks) -> Mapping[tuple[str, str], Mapping[tuple[str, str], float]]:
    """Return what passed in the last week without serials, by direction, type and unit."""
    passed = _passed(post, weeks.start(weeks.first_days[-1]))
    rows = db.session.execute(
        select(passed.c.owner_state, passed.c.leaves, Shipment.id, Shipment.permit_id, Shipment.bulk)
        .join(Shipment, Shipment.id == passed.c.shipment_id)
        .where(func.jsonb_array_length(Shipment.bulk) > 0)
    ).all()  # fmt: skip
    lines, other = _lines(rows), {post.state_a: post.state_b, post.state_b: post.state_a}
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


def _lines(rows: Sequence[Any]) -> dict[tuple[Any, int], tuple[str, str]]:
    """Return the type and unit of the permits' lines that goods came under."""
    wanted = {(permit, part["line"]) for _, _, _, permit, bulk in rows for part in bulk}
    if not wanted:
        return {}
    query = select(PermitLine).where(tuple_(PermitLine.permit_id, PermitLine.line).in_(wanted))
    return {(line.permit_id, line.line): (line.type or line.category, line.unit or "")
            for line in db.session.scalars(query)}  # fmt: skip
