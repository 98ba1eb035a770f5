"""Shipments at a border post: due, late, checked, and single trucks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, union

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import MAX_BODY_ITEMS
from salsa_ext.core.errors import NotFound
from salsa_ext.core.time import local_date
from salsa_ext.database.session import db
from salsa_ext.database.versions import select_current
from salsa_ext.firearms.records.models import Record
from salsa_ext.reference import posts
from salsa_ext.reference.models import Post
from salsa_ext.trade import lookup
from salsa_ext.trade.discrepancies import queries as discrepancy_queries
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits.queries import PermitView
from salsa_ext.trade.shipments import holds, packing_list
from salsa_ext.trade.shipments.models import Checkpoint, Shipment
from salsa_ext.trade.shipments.packing_list import PieceCount
from salsa_ext.trade.shipments.queries import OPEN_STATUSES, ShipmentView, view_shipments
from salsa_ext.trade.shipments.queries import list_checkpoints as ticks_of

DUE_WINDOW: Final = timedelta(days=7)
OVERRULED_WINDOW: Final = timedelta(days=30)
"""For so long after its word what passed against it stands, where it is not under way any more."""
MAX_ROWS: Final = 50
"""How many rows each list of a board holds."""


@dataclass(frozen=True)
class PostStage:
    """The stage that one side checks here, with its last checkpoint.

    `resumed_at` is the time at which the checkpoint's hold was released.
    """

    state: str
    stage: str
    checkpoint: Checkpoint | None
    resumed_at: datetime | None = None

    @property
    def is_owed(self) -> bool:
        """Return whether a checkpoint is missing or did not pass."""
        return self.checkpoint is None or self.checkpoint.outcome != "passed"


@dataclass(frozen=True)
class Crossing:
    """A shipment at a post, with the stages of both sides.

    The first stage is that of the side that it leaves, the second that of the side that it enters.
    `is_today`: due on the current day of the reader's side.
    """

    view: ShipmentView
    is_today: bool
    stages: tuple[PostStage, PostStage]

    @property
    def shipment(self) -> Shipment:
        """Return the shipment."""
        return self.view.shipment


@dataclass(frozen=True)
class ExpectedCrossings:
    """Late crossings, and those due within seven days.

    `late` begins with shipments that passed although the actor's state held them, until that state
    releases them; they are in no other list.
    """

    late: Sequence[Crossing]
    due: Sequence[Crossing]


def expected_crossings(actor: Actor, post: Post, zone: str) -> ExpectedCrossings:
    """Return late and due crossings, by due time."""
    now, passed = actor.now(), _passed_despite_hold(actor, post)
    first = _build_crossings(actor, post, zone, passed[:MAX_ROWS])
    late = _due_crossings(actor, post, zone, Shipment.due_at < now)
    due = _due_crossings(actor, post, zone, Shipment.due_at.between(now, now + DUE_WINDOW))
    known = {row.id for row in passed}
    rest, soon = ([one for one in some if one.shipment.id not in known] for some in (late, due))
    return ExpectedCrossings([*first, *rest], soon)


def _due_crossings(actor: Actor, post: Post, zone: str, condition: Any) -> list[Crossing]:
    here = select(func.salsa_shipments_at_post(post.code))
    query = select(Shipment).where(
        Shipment.id.in_(here), Shipment.status.in_((*OPEN_STATUSES, "held")), condition
    )
    ordered = query.order_by(Shipment.due_at, Shipment.id).limit(MAX_ROWS)
    return _build_crossings(actor, post, zone, db.session.scalars(ordered).all())


def _build_crossings(
    actor: Actor, post: Post, zone: str, rows: Sequence[Shipment]
) -> list[Crossing]:
    today = local_date(actor.now(), zone)
    return [
        Crossing(view, _is_same_day(view.shipment.due_at, today, zone), stages_at_post(view, post))
        for view in view_shipments(actor, rows)
    ]


def _passed_despite_hold(actor: Actor, post: Post) -> list[Shipment]:
    """Return shipments that passed despite the actor's state's hold.

    Only those without a later statement of that state. Searched among shipments under way and those
    that the state stopped in the last 30 days.
    """
    under_way = select(func.salsa_shipments_at_post(post.code))
    since = actor.now() - OVERRULED_WINDOW
    ticked = (Checkpoint.outcome != "passed", Checkpoint.owner_state == actor.state)
    told = (TradeEvent.kind.in_(("held", "incident")), TradeEvent.owner_state == actor.state)
    stopped = union(
        select(Checkpoint.shipment_id).where(*ticked, Checkpoint.shipment_id.in_(under_way)),
        select(Checkpoint.shipment_id).where(*ticked, Checkpoint.recorded_at >= since),
        select(TradeEvent.subject_id).where(*told, TradeEvent.subject_id.in_(under_way)),
        select(TradeEvent.subject_id).where(*told, TradeEvent.recorded_at >= since),
    )
    query = select(Shipment).where(Shipment.id.in_(stopped), Shipment.posts.contains([post.code]))
    rows = db.session.scalars(query.order_by(Shipment.due_at, Shipment.id)).all()
    held = holds.view_holds(rows, ticks_of([row.id for row in rows])) if rows else {}
    return [row for row in rows if row.id in held and held[row.id].overruled_of(actor.state or "")]


def _is_same_day(at: datetime | None, today: date, zone: str) -> bool:
    return at is not None and local_date(at, zone) == today


def stages_at_post(view: ShipmentView, post: Post) -> tuple[PostStage, PostStage]:
    """Return the stage of the side left, then of the side entered."""
    shipment = view.shipment
    first, second = posts.direction_of_goods(
        post, shipment.exporting_state, shipment.importing_state
    )
    leaves = "exit" if shipment.exporting_state == first else "transit_out"
    enters = "entry" if shipment.importing_state == second else "transit_in"
    ticks = _last_checkpoints(view.checkpoints, post.code)

    def stamp(state: str, stage: str) -> PostStage:
        tick = ticks.get((state, stage))
        return PostStage(state, stage, tick, view.hold.resumed_at(tick))

    return stamp(first, leaves), stamp(second, enters)


def _last_checkpoints(
    checkpoints: Sequence[Checkpoint], code: str
) -> Mapping[tuple[str, str], Checkpoint]:
    """Return the last checkpoint of each stage.

    A shipment that was held and released has two.
    """
    return {
        (tick.owner_state, tick.stage): tick for tick in checkpoints if tick.post in (None, code)
    }


MAX_TRUCKS: Final = 20
MOVING_STATUSES: Final = frozenset({*OPEN_STATUSES, "held", "overdue"})


class GoodsCount(NamedTuple):
    """Number of pieces of one kind of goods, for `gun_name`."""

    category: str
    type: str | None
    type_text: str | None
    make_text: str | None
    model: str | None
    calibre_text: str | None
    pieces: int


@dataclass(frozen=True)
class Truck:
    """A shipment at a post, with its goods and both stages.

    `pieces` is the count by its papers; set only if one truck is read.
    """

    view: ShipmentView
    stamps: tuple[PostStage, PostStage]
    goods: Sequence[GoodsCount]
    is_due_here: bool
    is_today: bool = False
    pieces: PieceCount | None = None

    @property
    def shipment(self) -> Shipment:
        """Return the shipment."""
        return self.view.shipment

    @property
    def is_unreleased(self) -> bool:
        """Return whether the exporting state has not released it."""
        return self.view.is_unreleased

    def stamp_of(self, state: str) -> PostStage:
        """Return the stage of a state's side."""
        return next(stamp for stamp in self.stamps if stamp.state == state)


@dataclass(frozen=True)
class LookupResult:
    """Trucks and permits with a number or plate; trucks due here first."""

    trucks: Sequence[Truck]
    permits: Sequence[PermitView]


def late_and_due_trucks(actor: Actor, post: Post) -> tuple[Sequence[Truck], Sequence[Truck]]:
    """Return late trucks, and those due within seven days."""
    require(actor, Permission.BOARD_READ)
    own, _ = posts.own_and_other_side(post, actor.state)
    found = expected_crossings(actor, post, own.zone)
    goods = _count_goods(_listed_shipments([one.shipment for one in (*found.late, *found.due)]))
    late, soon = (
        [_truck_of_crossing(one, goods) for one in some] for some in (found.late, found.due)
    )
    return late, soon


def get_truck(actor: Actor, post: Post, shipment_id: UUID) -> Truck:
    """Return one shipment at a post as a truck; raises NotFound."""
    require(actor, Permission.SHIPMENT_READ)
    shipment = db.session.get(Shipment, shipment_id, populate_existing=True)
    if shipment is None:
        raise NotFound("shipment", shipment_id)
    [view] = view_shipments(actor, [shipment])
    about = discrepancy_queries.list_unresolved(actor, [shipment_id])[shipment_id]
    [truck] = _build_trucks(post, [replace(view, discrepancies=about)], _count_goods([shipment_id]))
    return replace(truck, pieces=packing_list.count_pieces([shipment])[shipment_id])


def find_trucks(actor: Actor, post: Post, text: str) -> LookupResult:
    """Return what has this plate or number.

    Of a shipment, a transport document or a permit; with a permit its shipments under way.
    """
    require(actor, Permission.SHIPMENT_READ)
    found = lookup.find_documents(actor, text)
    seen = {view.shipment.id for view in found.shipments}
    under = _moving_under_permits(actor, [view.permit.id for view in found.permits], seen)
    both = [*found.shipments, *under]
    trucks = _build_trucks(
        post, both, _count_goods(_listed_shipments([view.shipment for view in both]))
    )
    return LookupResult(sorted(trucks, key=_sort_key)[:MAX_TRUCKS], found.permits)


def _moving_under_permits(
    actor: Actor, permits: Collection[UUID], excluded_ids: Collection[UUID]
) -> Sequence[ShipmentView]:
    """Return moving shipments under permits, newest first."""
    if not permits:
        return ()
    query = select(Shipment).where(
        Shipment.permit_id.in_(permits), Shipment.id.not_in(excluded_ids)
    )
    moving = query.where(Shipment.status.in_((*OPEN_STATUSES, "held")))
    return view_shipments(
        actor, db.session.scalars(moving.order_by(Shipment.id.desc()).limit(MAX_TRUCKS)).all()
    )


def _sort_key(truck: Truck) -> tuple[bool, bool]:
    return (not truck.is_due_here, truck.view.status not in MOVING_STATUSES)


def _listed_shipments(shipments: Sequence[Shipment]) -> list[UUID]:
    """Return the shipments whose goods a list names.

    For longer ones a list gives the number only.
    """
    return [row.id for row in shipments if row.item_count <= MAX_BODY_ITEMS]


def _build_trucks(
    post: Post, views: Sequence[ShipmentView], goods: Mapping[UUID, Sequence[GoodsCount]]
) -> list[Truck]:
    return [
        Truck(
            view,
            stages_at_post(view, post),
            goods[view.shipment.id],
            post.code in view.shipment.posts,
        )
        for view in views
    ]


def _truck_of_crossing(crossing: Crossing, goods: Mapping[UUID, Sequence[GoodsCount]]) -> Truck:
    return Truck(
        crossing.view, crossing.stages, goods[crossing.shipment.id], True, crossing.is_today
    )


def _count_goods(shipments: Sequence[UUID]) -> Mapping[UUID, list[GoodsCount]]:
    """Return goods by shipment and kind, most first; one query."""
    columns: list[Any] = [getattr(Record, name) for name in GoodsCount._fields if name != "pieces"]
    held = select_current(Record).where(Record.document_id.in_(shipments))
    counted = held.with_only_columns(Record.document_id, *columns, func.count().label("pieces"))
    found: dict[UUID, list[GoodsCount]] = defaultdict(list)
    grouped = counted.group_by(Record.document_id, *columns).order_by(func.count().desc())
    for document_id, *told in db.session.execute(grouped):
        found[document_id].append(GoodsCount(*told))
    return found


@dataclass(frozen=True)
class PostCheckpoint:
    """A checkpoint with its shipment.

    `tick.owner_state` is the state that recorded it.
    """

    tick: Checkpoint
    shipment: Shipment


def checkpoints_of_day(post: Post, today: date, zone: str) -> Sequence[PostCheckpoint]:
    """Return a post's checkpoints since the reader's midnight.

    Newest first, at most `MAX_ROWS`; only those that concern the reader's state.
    """
    began = datetime.combine(today, time.min, ZoneInfo(zone))
    rows = db.session.execute(
        select(Checkpoint, Shipment)
        .join(Shipment, Shipment.id == Checkpoint.shipment_id)
        .where(Checkpoint.post == post.code, Checkpoint.occurred_at >= began)
        .order_by(Checkpoint.occurred_at.desc(), Checkpoint.id.desc())
        .limit(MAX_ROWS)
    )
    return [PostCheckpoint(tick, shipment) for tick, shipment in rows]
