"""The shipments that records of exports are items of, as a lead may tell of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from salsa_ext.db import as_state, db
from salsa_ext.matching.joined import Known, Paper
from salsa_ext.models import Permit, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import sharing
from salsa_ext.readmodels.arrays import among
from salsa_ext.readmodels.sharing import Sharing
from salsa_ext.values.actor import Actor


@dataclass(frozen=True)
class Shipped:
    """A shipment with its permit, and what the reader may be given of it: numbers only with leave."""

    shipment: UUID
    permit: UUID
    state: str
    consignee: UUID
    number: str
    permit_number: str
    sharing: Sharing

    def as_paper(self, parties: Mapping[UUID, Known]) -> Paper:
        """Return it with its consignee, where that is known."""
        told = self.sharing.may("document")
        return Paper(self.shipment, self.permit, self.state, self.number if told else None,
                     self.permit_number if told else None, parties.get(self.consignee))  # fmt: skip


def papers(actor: Actor, rows: Iterable[Any]) -> dict[UUID, Shipped]:
    """Return the shipments of records by id, each read under the eyes of the state that owns it."""
    require(actor, Permission.LEAD_READ)
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        if row.document_kind == "shipment":
            wanted[row.owner_state].add(row.document_id)
    found: dict[UUID, Shipped] = {}
    for state, ids in sorted(wanted.items()):
        with as_state(actor, state):
            shipments = db.session.execute(_query(ids)).all()
        shared = sharing.of_papers(actor, shipments)
        found |= {row.id: _shipped(row, shared[row.id]) for row in shipments}
    return found


def _query(ids: Iterable[UUID]) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Shipment.id, Shipment.owner_state, Shipment.concerned, Shipment.number, Shipment.permit_id,
        Shipment.permit_number, Permit.final_consignee_id,
    )  # fmt: skip
    query = select(*columns).join(Permit, Permit.id == Shipment.permit_id)
    return query.where(among(Shipment.id, ids))


def _shipped(row: Any, shared: Sharing) -> Shipped:
    return Shipped(row.id, row.permit_id, row.owner_state, row.final_consignee_id,
                   row.number, row.permit_number, shared)  # fmt: skip
