"""Shipments that should pass a border post, with what each of its two sides ticks of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, union

from salsa_ext.db import db
from salsa_ext.errors import Forbidden, say
from salsa_ext.models import Checkpoint, Event, Post, Shipment
from salsa_ext.readmodels import holds
from salsa_ext.readmodels.shipments import UNDER_WAY, ShipmentView, views
from salsa_ext.readmodels.shipments import of_shipments as ticks_of
from salsa_ext.values.actor import Actor
from salsa_ext.values.zones import date_in

AHEAD: Final = timedelta(days=7)
STANDS: Final = timedelta(days=30)
"""For so long after its word what passed against it stands, where it is not under way any more."""
MOST: Final = 50
"""How many rows each list of a board holds."""


@dataclass(frozen=True)
class Side:
    """One side of a post."""

    state: str
    place: str
    zone: str


@dataclass(frozen=True)
class Stamp:
    """The stage that a side ticks of a shipment here, and its last tick where there is one.

    `let_go_at` says when what the tick holds was let go on.
    """

    state: str
    stage: str
    tick: Checkpoint | None
    let_go_at: datetime | None = None

    @property
    def is_owed(self) -> bool:
        """Tell whether a tick is still to come: none is there, or the last did not let it pass."""
        return self.tick is None or self.tick.outcome != "passed"


@dataclass(frozen=True)
class Crossing:
    """A shipment at a post: whether it is due on the day of the reader's side, and both stamps.

    The first stamp is that of the side that it leaves, the second of the one that it enters.
    """

    view: ShipmentView
    is_today: bool
    stamps: tuple[Stamp, Stamp]

    @property
    def shipment(self) -> Shipment:
        """Return the shipment."""
        return self.view.shipment


def sides_of(post: Post) -> tuple[Side, Side]:
    """Return both sides of a post, in its own order."""
    return (Side(post.state_a, post.place_a, post.zone_a),
            Side(post.state_b, post.place_b, post.zone_b))  # fmt: skip


def sides_for(post: Post, state: str | None) -> tuple[Side, Side]:
    """Return a state's own side of a post, and the other; raises Forbidden where it is none."""
    sides = sides_of(post)
    for own, other in (sides, sides[::-1]):
        if own.state == state:
            return own, other
    raise Forbidden(say("Your state is not a side of this post."))


def direction_of(post: Post, exporting: str, importing: str) -> tuple[str, str]:
    """Return the states of a post in the order in which goods pass it."""
    first, second = post.state_a, post.state_b
    return (second, first) if importing == first or exporting == second else (first, second)


@dataclass(frozen=True)
class Expected:
    """What should pass a post: what should have by now, and what should within seven days.

    Before what is late stands what passed although the actor's state held it, until that state lets
    it go on; it stands nowhere else.
    """

    late: Sequence[Crossing]
    due: Sequence[Crossing]


def expected(actor: Actor, post: Post, zone: str) -> Expected:
    """Return what should pass a post, the longest overdue and the next first."""
    now, passed = actor.now(), _passed(actor, post)
    first = _viewed(actor, post, zone, passed[:MOST])
    late = _crossings(actor, post, zone, Shipment.due_at < now)
    due = _crossings(actor, post, zone, Shipment.due_at.between(now, now + AHEAD))
    known = {row.id for row in passed}
    rest, soon = ([one for one in some if one.shipment.id not in known] for some in (late, due))
    return Expected([*first, *rest], soon)


def _crossings(actor: Actor, post: Post, zone: str, when: Any) -> list[Crossing]:
    here = select(func.salsa_under_way_at(post.code))
    query = select(Shipment).where(
        Shipment.id.in_(here), Shipment.status.in_((*UNDER_WAY, "held")), when
    )
    ordered = query.order_by(Shipment.due_at, Shipment.id).limit(MOST)
    return _viewed(actor, post, zone, db.session.scalars(ordered).all())


def _viewed(actor: Actor, post: Post, zone: str, rows: Sequence[Shipment]) -> list[Crossing]:
    today = date_in(actor.now(), zone)
    return [Crossing(view, _is_on(view.shipment.due_at, today, zone), stamps_of(view, post))
            for view in views(actor, rows)]  # fmt: skip


def _passed(actor: Actor, post: Post) -> list[Shipment]:
    """Return what passed although the actor's state held it, which has said nothing of it since.

    Looked for among what is under way and what that state stopped of late, and not among all years.
    """
    under_way = select(func.salsa_under_way_at(post.code))
    since = actor.now() - STANDS
    ticked = (Checkpoint.outcome != "passed", Checkpoint.owner_state == actor.state)
    told = (Event.kind.in_(("held", "incident")), Event.owner_state == actor.state)
    stopped = union(
        select(Checkpoint.shipment_id).where(*ticked, Checkpoint.shipment_id.in_(under_way)),
        select(Checkpoint.shipment_id).where(*ticked, Checkpoint.recorded_at >= since),
        select(Event.subject_id).where(*told, Event.subject_id.in_(under_way)),
        select(Event.subject_id).where(*told, Event.recorded_at >= since),
    )
    query = select(Shipment).where(Shipment.id.in_(stopped), Shipment.posts.contains([post.code]))
    rows = db.session.scalars(query.order_by(Shipment.due_at, Shipment.id)).all()
    held = holds.of_shipments(rows, ticks_of([row.id for row in rows])) if rows else {}
    return [row for row in rows if row.id in held and held[row.id].overruled_of(actor.state or "")]


def _is_on(at: datetime | None, today: date, zone: str) -> bool:
    return at is not None and date_in(at, zone) == today


def stamps_of(view: ShipmentView, post: Post) -> tuple[Stamp, Stamp]:
    """Return the stamp of the side that a shipment leaves here, and of the one that it enters."""
    shipment = view.shipment
    first, second = direction_of(post, shipment.exporting_state, shipment.importing_state)
    leaves = "exit" if shipment.exporting_state == first else "transit_out"
    enters = "entry" if shipment.importing_state == second else "transit_in"
    ticks = _ticks(view.checkpoints, post.code)

    def stamp(state: str, stage: str) -> Stamp:
        tick = ticks.get((state, stage))
        return Stamp(state, stage, tick, view.held.let_go_at(tick))

    return stamp(first, leaves), stamp(second, enters)


def _ticks(
    checkpoints: Sequence[Checkpoint], code: str
) -> Mapping[tuple[str, str], Checkpoint]:  # fmt: skip
    """Return the last tick of each stage: a shipment that was held and went on has two."""
    return {
        (tick.owner_state, tick.stage): tick for tick in checkpoints if tick.post in (None, code)
    }
