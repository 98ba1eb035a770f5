"""Shipments as an officer at a barrier sees them: what is in the truck, and what both sides ticked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Post, Record, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import crossings, discrepancies, finding, pieces
from salsa_ext.readmodels.crossings import Crossing, Stamp, stamps_of
from salsa_ext.readmodels.permits import PermitView
from salsa_ext.readmodels.pieces import Pieces
from salsa_ext.readmodels.shipments import UNDER_WAY, ShipmentView, views
from salsa_ext.readmodels.versions import current
from salsa_ext.values.actor import Actor
from salsa_ext.values.manifests import MOST_LISTED

MOST: Final = 20
MOVING: Final = frozenset({*UNDER_WAY, "held", "overdue"})


class Goods(NamedTuple):
    """So many pieces of one kind, as `gun_name` shows them."""

    category: str
    type: str | None
    type_text: str | None
    make_text: str | None
    model: str | None
    calibre_text: str | None
    pieces: int


@dataclass(frozen=True)
class Truck:
    """A shipment at a post, its contents in short, and the stamps of both sides.

    `pieces` is what its papers name, where one truck is read.
    """

    view: ShipmentView
    stamps: tuple[Stamp, Stamp]
    goods: Sequence[Goods]
    is_due_here: bool
    is_today: bool = False
    pieces: Pieces | None = None

    @property
    def shipment(self) -> Shipment:
        """Return the shipment."""
        return self.view.shipment

    @property
    def is_unreleased(self) -> bool:
        """Tell whether the exporting state has not released it yet, held or not."""
        return self.view.is_unreleased

    def stamp_of(self, state: str) -> Stamp:
        """Return the stamp of a side of the post."""
        return next(stamp for stamp in self.stamps if stamp.state == state)


@dataclass(frozen=True)
class Found:
    """What carries a number or a plate; trucks that pass the post stand first."""

    trucks: Sequence[Truck]
    permits: Sequence[PermitView]


def due(actor: Actor, post: Post) -> tuple[Sequence[Truck], Sequence[Truck]]:
    """Return what is late at a post of the actor's state, and what is due in seven days."""
    require(actor, Permission.BOARD_READ)
    own, _ = crossings.sides_for(post, actor.state)
    found = crossings.expected(actor, post, own.zone)
    goods = _goods(_short([one.shipment for one in (*found.late, *found.due)]))
    late, soon = ([_crossing(one, goods) for one in some] for some in (found.late, found.due))
    return late, soon


def get(actor: Actor, post: Post, shipment_id: UUID) -> Truck:
    """Return one shipment as it is seen at a post; raises NotFound."""
    require(actor, Permission.SHIPMENT_READ)
    shipment = db.session.get(Shipment, shipment_id, populate_existing=True)
    if shipment is None:
        raise NotFound("shipment", shipment_id)
    [view] = views(actor, [shipment])
    about = discrepancies.waiting_about(actor, [shipment_id])[shipment_id]
    [truck] = _trucks(post, [replace(view, discrepancies=about)], _goods([shipment_id]))
    return replace(truck, pieces=pieces.of_shipments([shipment])[shipment_id])


def find(actor: Actor, post: Post, text: str) -> Found:
    """Return what has this plate or number, of a shipment, a transport document or a permit.

    Of a permit the shipments under way are found with it.
    """
    require(actor, Permission.SHIPMENT_READ)
    found = finding.find(actor, text)
    seen = {view.shipment.id for view in found.shipments}
    under = _under(actor, [view.permit.id for view in found.permits], seen)
    both = [*found.shipments, *under]
    trucks = _trucks(post, both, _goods(_short([view.shipment for view in both])))
    return Found(sorted(trucks, key=_place)[:MOST], found.permits)


def _under(
    actor: Actor, permits: Collection[UUID], seen: Collection[UUID]
) -> Sequence[ShipmentView]:
    """Return what is under way under permits, the newest first."""
    if not permits:
        return ()
    query = select(Shipment).where(Shipment.permit_id.in_(permits), Shipment.id.not_in(seen))
    moving = query.where(Shipment.status.in_((*UNDER_WAY, "held")))
    return views(actor, db.session.scalars(moving.order_by(Shipment.id.desc()).limit(MOST)).all())


def _place(truck: Truck) -> tuple[bool, bool]:
    return (not truck.is_due_here, truck.view.status not in MOVING)


def _short(shipments: Sequence[Shipment]) -> list[UUID]:
    """Return the shipments whose contents a list tells; of the longest it tells how many they are."""
    return [row.id for row in shipments if row.item_count <= MOST_LISTED]


def _trucks(
    post: Post, found: Sequence[ShipmentView], goods: Mapping[UUID, Sequence[Goods]]
) -> list[Truck]:
    return [
        Truck(
            view, stamps_of(view, post), goods[view.shipment.id], post.code in view.shipment.posts
        )
        for view in found
    ]


def _crossing(one: Crossing, goods: Mapping[UUID, Sequence[Goods]]) -> Truck:
    return Truck(one.view, one.stamps, goods[one.shipment.id], True, one.is_today)


def _goods(shipments: Sequence[UUID]) -> Mapping[UUID, list[Goods]]:
    """Return what is in shipments, kind by kind, the most first; one query for all."""
    columns: list[Any] = [
        getattr(Record, name) for name in Goods._fields if name != "pieces"
    ]  # fmt: skip
    held = current(Record).where(Record.document_id.in_(shipments))
    counted = held.with_only_columns(Record.document_id, *columns, func.count().label("pieces"))
    found: dict[UUID, list[Goods]] = defaultdict(list)
    grouped = counted.group_by(Record.document_id, *columns).order_by(func.count().desc())
    for document_id, *told in db.session.execute(grouped):
        found[document_id].append(Goods(*told))
    return found
