"""Permits and shipments found by what stands on a paper or a vehicle: one box, one query a kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, func, or_, select, tuple_, union

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.matching.names import fold
from salsa_ext.models import Permit, Record, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import receipts
from salsa_ext.readmodels.events import of_subjects
from salsa_ext.readmodels.permits import PermitView, views
from salsa_ext.readmodels.shipments import ShipmentView
from salsa_ext.readmodels.shipments import views as shipment_views
from salsa_ext.readmodels.timelines import timeline
from salsa_ext.readmodels.versions import current
from salsa_ext.values.actor import Actor

MOST: Final = 20
ITEMS: Final = 200
SHORTEST_NAME: Final = 3


@dataclass(frozen=True)
class Found:
    """What was found, newest first; each list is cut at MOST."""

    permits: Sequence[PermitView] = ()
    shipments: Sequence[ShipmentView] = ()


def find(actor: Actor, text: str) -> Found:
    """Return what has this number, plate or transport document and concerns the actor's state.

    Exact but for case and, in plates, spaces and hyphens. Permits of the own state are found by
    the name of a party too, or its beginning of three letters and more. Each look-up goes through
    an index.
    """
    require(actor, Permission.PERMIT_READ)
    written = spellings(text)
    if not written:
        return Found()
    numbered = select(Permit.id).where(Permit.number.in_(written))
    named = select(func.salsa_permits_of(written[0], MOST))
    is_name = len(fold("party", written[0])) >= SHORTEST_NAME
    permits = _newest(Permit, union(numbered, named) if is_name else numbered)
    if Permission.SHIPMENT_READ not in actor.permissions:
        return Found(views(actor, permits))
    plated = [select(func.salsa_shipments_with(plate)) for plate in written]
    shipments = _newest(Shipment, union(
        select(Shipment.id).where(Shipment.number.in_(written)),
        select(Shipment.id).where(Shipment.document_number.in_(written)),
        *plated,
    ))  # fmt: skip
    return Found(views(actor, permits), shipment_views(actor, shipments))


def spellings(text: str) -> list[str]:
    """Return how a number may be written: as typed, in capitals, without spaces and hyphens."""
    typed = text.replace("\0", "").strip()[:100]  # no number has one, nor takes the database it
    bare = typed.upper().replace(" ", "").replace("-", "")
    return [form for form in dict.fromkeys((typed, typed.upper(), bare)) if form]


def _newest(model: type[Permit] | type[Shipment], ids: object) -> Sequence[Any]:
    query = select(model).where(model.id.in_(ids)).order_by(model.id.desc()).limit(MOST)  # type: ignore[arg-type]
    return db.session.scalars(query).all()


def related(actor: Actor, permit: Permit) -> list[PermitView]:
    """Return the other documents of a permit's movement that the state may see, oldest first.

    They name the same import certificate, or one of them names the other.
    """
    require(actor, Permission.PERMIT_READ)
    certificate = permit.number if permit.kind == "import" else permit.import_permit_number
    named = [(permit.importing_state, "import", certificate)] if certificate else []
    if permit.export_permit_number:
        named.append((permit.exporting_state, "export", permit.export_permit_number))
    named += [(other["state"], "in_transit", other["number"]) for other in permit.transit_permits]
    same = and_(
        Permit.importing_state == permit.importing_state,
        Permit.import_permit_number == certificate,
    )
    by_name = tuple_(Permit.owner_state, Permit.kind, Permit.number).in_(named)
    query = select(Permit).where(or_(by_name, same) if certificate else by_name)
    others = query.where(Permit.id != permit.id).order_by(Permit.id).limit(MOST)
    return views(actor, db.session.scalars(others).all())


def get_shipment(actor: Actor, shipment_id: UUID) -> ShipmentView:
    """Return one shipment with its events, without its items, of which there may be many.

    Raises NotFound.
    """
    require(actor, Permission.SHIPMENT_READ)
    shipment = db.session.get(Shipment, shipment_id, populate_existing=True)
    if shipment is None:
        raise NotFound("shipment", shipment_id)
    view = shipment_views(actor, [shipment], with_findings=True)[0]
    told = of_subjects([shipment_id])[shipment_id]
    received = receipts.told_of([shipment_id])[shipment_id]
    return replace(view, events=timeline(told, view.checkpoints, received))


def first_items(actor: Actor, shipment_id: UUID) -> Sequence[Record]:
    """Return the first ITEMS firearms of a shipment in order of their lines, without their marks."""
    require(actor, Permission.SHIPMENT_READ)
    query = current(Record).where(Record.document_id == shipment_id)
    return db.session.scalars(query.order_by(Record.line, Record.id).limit(ITEMS)).all()
