"""Lookup of permits and shipments by number, plate, transport document or party."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, or_, select, tuple_, union

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core import text as core_text
from salsa_ext.core.actor import Actor
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.firearms.records.models import Record
from salsa_ext.reference.name_matching import fold_name
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.permits.queries import PermitView, view_permits
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.trade.shipments.queries import ShipmentView, view_shipments

MAX_FOUND: Final = 20
MAX_ITEMS: Final = 200
MIN_NAME_LENGTH: Final = 3


@dataclass(frozen=True)
class TradeDocuments:
    """Permits and shipments, newest first, at most MAX_FOUND each."""

    permits: Sequence[PermitView] = ()
    shipments: Sequence[ShipmentView] = ()


def find_documents(actor: Actor, text: str) -> TradeDocuments:
    """Return permits and shipments with this number, plate or transport document.

    Exact except for case and, in plates, spaces and hyphens. Permits are also found by the import
    certificate that they name, own ones by a party's name or its first three letters. Every lookup
    uses an index.
    """
    require(actor, Permission.PERMIT_READ)
    spellings = core_text.number_spellings(text)
    if not spellings:
        return TradeDocuments()
    matching = [
        select(Permit.id).where(column.in_(spellings))
        for column in (Permit.number, Permit.import_permit_number)
    ]
    if len(fold_name("party", spellings[0])) >= MIN_NAME_LENGTH:
        matching.append(select(func.salsa_permits_by_party(spellings[0], MAX_FOUND)))
    permits = _fetch_newest(Permit, union(*matching))
    if Permission.SHIPMENT_READ not in actor.permissions:
        return TradeDocuments(view_permits(actor, permits))
    ids = union(
        select(Shipment.id).where(Shipment.number.in_(spellings)),
        select(Shipment.id).where(Shipment.document_number.in_(spellings)),
        *(select(func.salsa_shipments_by_plate(plate)) for plate in spellings),
    )
    shipments = _fetch_newest(Shipment, ids)
    return TradeDocuments(view_permits(actor, permits), view_shipments(actor, shipments))


def _fetch_newest(model: type[Permit] | type[Shipment], ids: object) -> Sequence[Any]:
    query = select(model).where(model.id.in_(ids)).order_by(model.id.desc()).limit(MAX_FOUND)  # type: ignore[arg-type]
    return db.session.scalars(query).all()


def related_permits(
    actor: Actor, permits: Sequence[Permit], *, newest: bool = False
) -> list[PermitView]:
    """Return the other permits of the same movements, oldest first, or the `newest`."""
    require(actor, Permission.PERMIT_READ)
    keys, certificates = list[tuple[str, str, str]](), list[tuple[str, str]]()
    for permit in permits:
        certificate = permit.number if permit.kind == "import" else permit.import_permit_number
        if certificate:
            keys.append((permit.importing_state, "import", certificate))
            certificates.append((permit.importing_state, certificate))
        if permit.export_permit_number:
            keys.append((permit.exporting_state, "export", permit.export_permit_number))
        keys += [(row["state"], "in_transit", row["number"]) for row in permit.transit_permits]
    by_key = tuple_(Permit.owner_state, Permit.kind, Permit.number).in_(keys)
    by_certificate = tuple_(Permit.importing_state, Permit.import_permit_number).in_(certificates)
    query = select(Permit).where(or_(by_key, by_certificate))
    others = query.where(Permit.id.not_in([permit.id for permit in permits]))
    others = others.order_by(Permit.id.desc() if newest else Permit.id).limit(MAX_FOUND)
    return view_permits(actor, db.session.scalars(others).all())


def first_items(actor: Actor, shipment_id: UUID) -> Sequence[Record]:
    """Return a shipment's first MAX_ITEMS firearms by line, without marks."""
    require(actor, Permission.SHIPMENT_READ)
    query = select_current(Record).where(Record.document_id == shipment_id, ~Record.is_bulk)
    return db.session.scalars(query.order_by(Record.line, Record.id).limit(MAX_ITEMS)).all()
