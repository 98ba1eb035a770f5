"""The board of a border post: what should arrive, what is late, what was found, what waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Account, Permit, Post, Trace
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import (
    calls,
    clocks,
    corridors,
    crossings,
    discrepancies,
    finds,
    hits,
    passages,
)
from salsa_ext.readmodels.calls import CallView
from salsa_ext.readmodels.clocks import Clock
from salsa_ext.readmodels.corridors import Corridor, squares_along
from salsa_ext.readmodels.crossings import MOST, Crossing, Side
from salsa_ext.readmodels.discrepancies import DiscrepancyView
from salsa_ext.readmodels.finds import NearSeizure, Place, Seized
from salsa_ext.readmodels.flows import WEEK, Flow, Weeks, flows
from salsa_ext.readmodels.hits import HitView
from salsa_ext.readmodels.nearby import squares_near
from salsa_ext.readmodels.passages import Passage
from salsa_ext.readmodels.permits import PermitView, views
from salsa_ext.readmodels.reference import get_post
from salsa_ext.values.actor import Actor
from salsa_ext.values.zones import date_in

EXPIRING: Final = timedelta(days=30)

ON_A_WALL: Final = frozenset({Permission.BOARD_READ, Permission.DISCREPANCY_READ})
"""What goes into the board on a wall, which shows numbers of it alone."""


@dataclass(frozen=True)
class Board:
    """What the officers of one side see; rows of the other state only where they concern theirs.

    `today` is the day at their side, and `ticked` what both sides ticked on it. Of seizures that
    another state made jointly with theirs the figures give the number alone: each is read for a
    purpose, and its owner learns who read it.
    `weeks` are seven days each, oldest first, as are the figures of `seized` and `flows`. Each
    list holds the first `MOST`.
    """

    post: Post
    as_of: datetime
    today: date
    own: Side
    calls: Sequence[CallView]
    due: Sequence[Crossing]
    late: Sequence[Crossing]
    ticked: Sequence[Passage]
    expiring: Sequence[PermitView]
    discrepancies: Sequence[DiscrepancyView]
    hits: Sequence[HitView]
    seizures: Sequence[NearSeizure]
    along: Sequence[NearSeizure]
    corridors: Sequence[Corridor]
    places: Sequence[Place]
    clocks: Sequence[Clock]
    traces: dict[str, int]
    figures: dict[str, int]
    weeks: Sequence[date]
    seized: Sequence[Seized]
    flows: tuple[Flow, Flow]

    @property
    def due_today(self) -> list[Crossing]:
        """Return what is due on this day of the reader's side."""
        return [one for one in self.due if one.is_today]

    @property
    def due_later(self) -> list[Crossing]:
        """Return what is due in the next seven days, but not today."""
        return [one for one in self.due if not one.is_today]

    @property
    def until(self) -> datetime:
        """Return the next moment at which something becomes late, or a new day begins."""
        midnight = datetime.combine(self.today, time.max, ZoneInfo(self.own.zone))
        coming = [one.shipment.due_at for one in self.due]
        coming += [one.due_at for one in self.clocks] + [one.hit.due_at for one in self.hits]
        return min([midnight, *(at for at in coming if at is not None and at > self.as_of)])

    @property
    def squares(self) -> frozenset[int]:
        """Return where a seizure has to lie to stand on this board."""
        return squares_of(self.post, self.corridors)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many rows each list holds, and how many of the clocks have run out."""
        lists = ("late", "due_today", "due_later", "ticked", "expiring", "discrepancies", "hits",
                 "seizures", "along", "clocks")  # fmt: skip
        late = sum(one.is_late(self.as_of) for one in self.clocks)
        return {name: len(getattr(self, name)) for name in lists} | {"clocks_late": late}


def get_board(actor: Actor, code: str) -> Board:
    """Return the board of a post of which the own state is a side; raises NotFound, Forbidden."""
    require(actor, Permission.BOARD_READ)
    post = get_post(code)
    own, other = crossings.sides_for(post, actor.state)
    now, today = actor.now(), date_in(actor.now(), own.zone)
    weeks = Weeks(today, own.zone)
    expected = crossings.expected(actor, post, own.zone)
    ways = ways_of(post, now, [*expected.due, *expected.late])
    near, along = finds.near(actor, post, today), finds.along(actor, post, today, ways)
    seized = finds.by_week(actor, post, weeks)
    return Board(
        post=post, as_of=now, today=today, own=own, calls=calls.on_board(actor, code),
        due=expected.due, late=expected.late, ticked=passages.on_day(post, today, own.zone),
        expiring=_expiring(actor, post, today),
        discrepancies=discrepancies.at_post(actor, code, MOST),
        hits=hits.at_post(actor, (own.state, other.state), now - WEEK, MOST),
        seizures=near, along=along, corridors=ways, places=finds.places(post, near, along),
        clocks=clocks.between(actor, other.state), traces=_traces(actor),
        figures=_figures(seized, finds.joint_of_others(actor, post, today)),
        weeks=weeks.first_days, seized=seized, flows=flows(post, weeks),
    )  # fmt: skip


def wall_of(actor: Actor) -> tuple[Actor, str]:
    """Return as whom a display reads the board, and of which post; raises NotFound where it has none."""
    require(actor, Permission.WALL_READ)
    account = db.session.get(Account, actor.account_id)
    if account is None or account.post is None:
        raise NotFound("post", "-")
    return replace(actor, permissions=ON_A_WALL), account.post


def side_of(actor: Actor, code: str) -> Side:
    """Return the own side of a post; raises NotFound, Forbidden where the own state has none."""
    require(actor, Permission.BOARD_READ)
    return crossings.sides_for(get_post(code), actor.state)[0]


def squares_of(post: Post, ways: Sequence[Corridor]) -> frozenset[int]:
    """Return where a seizure has to lie to stand on the board of a post with these ways."""
    return frozenset([*squares_near(post), *squares_along(ways)])


def ways_of(post: Post, now: datetime, expected: Sequence[Crossing]) -> list[Corridor]:
    """Return the ways of shipments that passed a post of late, and of those that are expected."""
    lately = corridors.routes_since(post, now - finds.BACK)
    return corridors.corridors_of(post, [*lately, *(one.shipment.route for one in expected)])


def _expiring(actor: Actor, post: Post, today: date) -> list[PermitView]:
    sides = (post.state_a, post.state_b)
    query = select(Permit).where(
        Permit.exporting_state.in_(sides), Permit.importing_state.in_(sides),
        Permit.status == "issued", Permit.last_day.between(today, today + EXPIRING),
    )  # fmt: skip
    first = query.order_by(Permit.last_day, Permit.id).limit(MOST)
    return views(actor, db.session.scalars(first).all())


def _traces(actor: Actor) -> dict[str, int]:
    waiting = Trace.status.in_(("sent", "in_progress"))
    rows = db.session.execute(
        select(Trace.priority, func.count())
        .where(Trace.owner_state == actor.state, waiting)
        .group_by(Trace.priority)
    )
    return {priority: int(count) for priority, count in rows}


def _figures(seized: Sequence[Seized], joint: int) -> dict[str, int]:
    """Return the firearms that the own state seized near by, and the joint seizures of others."""
    return {
        "seized_last_7_days": seized[-1].firearms,
        "seized_previous_7_days": seized[-2].firearms,
        "joint_of_others_last_90_days": joint,
    }
