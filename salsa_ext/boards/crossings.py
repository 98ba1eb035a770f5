"""Shipments at a border post: due, late, checked, and single trucks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
from salsa_ext.core.occurrence import local_date
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.firearms.records.models import Record
from salsa_ext.reference import post_sides
from salsa_ext.reference.models import Post
from salsa_ext.trade import lookup
from salsa_ext.trade.discrepancies import queries as discrepancy_queries
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.discrepancies.values import UNRESOLVED_STATUSES
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits.queries import PermitView
from salsa_ext.trade.shipments import fact_queries
from salsa_ext.trade.shipments.facts import PieceCount, ShipmentFacts
from salsa_ext.trade.shipments.irregularities import CROSSING_KINDS, crossing_irregularities
from salsa_ext.trade.shipments.models import Checkpoint, Shipment
from salsa_ext.trade.shipments.queries import OPEN_STATUSES, ShipmentView, view_shipments

DUE_WINDOW: Final = timedelta(days=7)
OVERRULED_WINDOW: Final = timedelta(days=30)
"""Time for which a shipment that passed despite a hold is listed after it has arrived."""
MAX_ROWS: Final = 50
"""Rows of each list of a board."""
MAX_TRUCKS: Final = 20
UNDER_WAY_STATUSES: Final = (*OPEN_STATUSES, "held")
MOVING_STATUSES: Final = frozenset({*UNDER_WAY_STATUSES, "overdue"})


@dataclass(frozen=True)
class PostStage:
    """The stage that one side checks here, with its last checkpoint."""

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
    """A shipment at a post, with the stages of both sides."""

    view: ShipmentView
    stages: tuple[PostStage, ...]
    is_today: bool

    @property
    def shipment(self) -> Shipment:
        """Return the shipment."""
        return self.view.shipment


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
class Truck(Crossing):
    """A crossing with its goods, for the desk of a post."""

    goods: Sequence[GoodsCount]
    is_due_here: bool = True
    pieces: PieceCount | None = None

    @property
    def is_unreleased(self) -> bool:
        """Return whether the exporting state has not released it."""
        return self.view.is_unreleased

    def stage_of(self, state: str) -> PostStage:
        """Return the stage of a state's side."""
        return next(stage for stage in self.stages if stage.state == state)


@dataclass(frozen=True)
class LookupResult:
    """Trucks and permits with a number or plate; trucks due here first."""

    trucks: Sequence[Truck]
    permits: Sequence[PermitView]


def late_and_due_crossings(
    actor: Actor, post: Post, zone: str
) -> tuple[list[Crossing], list[Crossing]]:
    """Return late crossings, and those due within seven days, by due time."""
    crossings = _build_crossings(actor, post, zone, _expected_or_stopped(actor, post))
    now, own = actor.now(), actor.own_state()
    overruled, late, due = list[Crossing](), list[Crossing](), list[Crossing]()
    for crossing in crossings:
        shipment = crossing.shipment
        if crossing.view.hold.overruled_of(own):
            overruled.append(crossing)
        elif crossing.view.status in MOVING_STATUSES and shipment.due_at:
            if shipment.due_at < now:
                late.append(crossing)
            elif shipment.due_at <= now + DUE_WINDOW:
                due.append(crossing)
    return [*overruled[:MAX_ROWS], *late[:MAX_ROWS]], due[:MAX_ROWS]


def _expected_or_stopped(actor: Actor, post: Post) -> Sequence[Shipment]:
    """Return shipments late or due at a post, and those that may have passed despite a hold."""
    now, here = actor.now(), select(func.salsa_shipments_at_post(post.code))
    moving = select(Shipment.id).where(
        Shipment.id.in_(here), Shipment.status.in_(UNDER_WAY_STATUSES)
    )
    first = moving.order_by(Shipment.due_at, Shipment.id).limit(MAX_ROWS)
    since = now - OVERRULED_WINDOW
    checks = (Checkpoint.outcome != "passed", Checkpoint.owner_state == actor.state)
    events = (TradeEvent.kind.in_(("held", "incident")), TradeEvent.owner_state == actor.state)
    stopped = union(
        select(Checkpoint.shipment_id).where(*checks, Checkpoint.shipment_id.in_(here)),
        select(Checkpoint.shipment_id).where(*checks, Checkpoint.recorded_at >= since),
        select(TradeEvent.subject_id).where(*events, TradeEvent.subject_id.in_(here)),
        select(TradeEvent.subject_id).where(*events, TradeEvent.recorded_at >= since),
    )
    ids = union(
        first.where(Shipment.due_at < now),
        first.where(Shipment.due_at.between(now, now + DUE_WINDOW)),
        select(Shipment.id).where(Shipment.id.in_(stopped), Shipment.posts.contains([post.code])),
    )
    query = select(Shipment).where(Shipment.id.in_(ids))
    return db.session.scalars(query.order_by(Shipment.due_at, Shipment.id)).all()


def _build_crossings(
    actor: Actor, post: Post, zone: str, rows: Sequence[Shipment]
) -> list[Crossing]:
    today, crossings = local_date(actor.now(), zone), []
    for view in view_shipments(actor, rows):
        due_at = view.shipment.due_at
        is_today = due_at is not None and local_date(due_at, zone) == today
        crossings.append(Crossing(view, stages_at_post(view, post), is_today))
    return crossings


def stages_at_post(view: ShipmentView, post: Post) -> tuple[PostStage, ...]:
    """Return the stage of the side left, then of the side entered."""
    shipment = view.shipment
    exporting, importing = shipment.exporting_state, shipment.importing_state
    last = {
        (each.owner_state, each.stage): each
        for each in view.checkpoints
        if each.post in (None, post.code)
    }

    def stage_of(state: str, stage: str) -> PostStage:
        checkpoint = last.get((state, stage))
        return PostStage(state, stage, checkpoint, view.hold.resumed_at(checkpoint))

    if post.state_b is None:
        ends = {exporting: ("exit",), importing: ("entry",)}
        stages = ends.get(post.state_a, ("transit_in", "transit_out"))
        return tuple(stage_of(post.state_a, stage) for stage in stages)
    first, second = post_sides.direction_of_goods(post, exporting, importing)
    return (
        stage_of(first, "exit" if exporting == first else "transit_out"),
        stage_of(second, "entry" if importing == second else "transit_in"),
    )


def late_and_due_trucks(actor: Actor, post: Post) -> tuple[Sequence[Truck], Sequence[Truck]]:
    """Return late trucks, and those due within seven days."""
    require(actor, Permission.BOARD_READ)
    own, _ = post_sides.own_and_other_side(post, actor.state)
    late, due = late_and_due_crossings(actor, post, own.zone)
    goods = _count_goods([*late, *due])
    return (
        [Truck(**vars(each), goods=goods[each.shipment.id]) for each in late],
        [Truck(**vars(each), goods=goods[each.shipment.id]) for each in due],
    )


def get_truck(actor: Actor, post: Post, shipment_id: UUID) -> Truck:
    """Return one shipment at a post as a truck; raises NotFound."""
    require(actor, Permission.SHIPMENT_READ)
    shipment = db.session.get(Shipment, shipment_id, populate_existing=True)
    if shipment is None:
        raise NotFound("shipment", shipment_id)
    [view] = view_shipments(actor, [shipment])
    pieces = fact_queries.count_pieces([shipment])[shipment_id]
    facts = replace(view.facts, expected_counts=pieces.matching_counts)
    view = replace(view, discrepancies=_current_discrepancies(actor, shipment, facts))
    [truck] = _build_trucks(post, [view], is_list=False)
    return replace(truck, pieces=pieces)


def _current_discrepancies(
    actor: Actor, shipment: Shipment, facts: ShipmentFacts
) -> Sequence[Discrepancy]:
    """Return the discrepancies as the facts show them now; the owner's job stores them later."""
    if Permission.DISCREPANCY_READ not in actor.permissions:
        return ()
    statuses = (*UNRESOLVED_STATUSES, "agreed")
    stored = discrepancy_queries.list_unresolved(actor, [shipment.id], statuses)[shipment.id]
    known, current = {(row.kind, row.key): row for row in stored}, list[Discrepancy]()
    for irregularity in crossing_irregularities(facts):
        row = known.pop((irregularity.kind, irregularity.key), None)
        if row is None or row.data != dict(irregularity.data):
            row = Discrepancy(
                id=row and row.id,
                kind=irregularity.kind,
                key=irregularity.key,
                data=dict(irregularity.data),
                status="reopened" if row else "open",
                changed_at=actor.now(),
            )
        current.append(row)
    others = [row for row in known.values() if row.kind not in CROSSING_KINDS]
    return [row for row in (*others, *current) if row.status != "agreed"]


def find_trucks(actor: Actor, post: Post, text: str) -> LookupResult:
    """Return what has this plate or number, or goes under a permit with it.

    An import certificate or a transit permit leads to shipments under the export permit.
    """
    require(actor, Permission.SHIPMENT_READ)
    documents = lookup.find_documents(actor, text)
    views = [*documents.shipments]
    if permits := [view.permit for view in documents.permits]:
        counterparts = [permit for permit in permits if permit.kind != "export"]
        related = lookup.related_permits(actor, counterparts, newest=True) if counterparts else []
        under_permits = select(Shipment).where(
            Shipment.permit_id.in_({row.id for row in (*permits, *(v.permit for v in related))}),
            Shipment.id.not_in({view.shipment.id for view in views}),
            Shipment.status.in_(UNDER_WAY_STATUSES),
        )
        newest = under_permits.order_by(Shipment.id.desc()).limit(MAX_TRUCKS)
        views += view_shipments(actor, db.session.scalars(newest).all())
    trucks = sorted(
        _build_trucks(post, views),
        key=lambda truck: (not truck.is_due_here, truck.view.status not in MOVING_STATUSES),
    )
    return LookupResult(trucks[:MAX_TRUCKS], documents.permits)


def _build_trucks(
    post: Post, views: Sequence[ShipmentView], *, is_list: bool = True
) -> list[Truck]:
    crossings = [Crossing(view, stages_at_post(view, post), False) for view in views]
    goods = _count_goods(crossings, is_list=is_list)
    return [
        Truck(
            **vars(each),
            goods=goods[each.shipment.id],
            is_due_here=post.code in each.shipment.posts,
        )
        for each in crossings
    ]


def _count_goods(
    crossings: Sequence[Crossing], *, is_list: bool = True
) -> Mapping[UUID, list[GoodsCount]]:
    """Return goods by shipment and kind, most first; one query."""
    shipments = [each.shipment for each in crossings]
    ids = [row.id for row in shipments if not is_list or row.item_count <= MAX_BODY_ITEMS]
    columns: list[Any] = [getattr(Record, name) for name in GoodsCount._fields if name != "pieces"]
    items = select_current(Record).where(Record.document_id.in_(ids), ~Record.is_bulk)
    counted = items.with_only_columns(Record.document_id, *columns, func.count())
    goods: dict[UUID, list[GoodsCount]] = defaultdict(list)
    grouped = counted.group_by(Record.document_id, *columns).order_by(func.count().desc())
    for document_id, *counts in db.session.execute(grouped):
        goods[document_id].append(GoodsCount(*counts))
    return goods


@dataclass(frozen=True)
class PostCheckpoint:
    """A checkpoint with its shipment."""

    checkpoint: Checkpoint
    shipment: Shipment


def checkpoints_of_day(post: Post, today: date, zone: str) -> Sequence[PostCheckpoint]:
    """Return up to MAX_ROWS checkpoints since the reader's midnight, newest first.

    Without holds: a held shipment is still expected.
    """
    midnight = datetime.combine(today, time.min, ZoneInfo(zone))
    rows = db.session.execute(
        select(Checkpoint, Shipment)
        .join(Shipment, Shipment.id == Checkpoint.shipment_id)
        .where(Checkpoint.post == post.code, Checkpoint.occurred_at >= midnight)
        .where(Checkpoint.outcome != "held")
        .order_by(Checkpoint.occurred_at.desc(), Checkpoint.id.desc())
        .limit(MAX_ROWS)
    )
    return [PostCheckpoint(checkpoint, shipment) for checkpoint, shipment in rows]
