"""Facts that documents add to an answer: number, shipment status, return date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select

from salsa_ext.access.release import Statement
from salsa_ext.core.actor import Actor
from salsa_ext.database.bulk import is_any_of_param
from salsa_ext.database.session import db
from salsa_ext.database.versions import select_current
from salsa_ext.disclosure.sharing import Sharing, analyst_reader
from salsa_ext.documents.models import Report, Seizure, Transfer
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import RecordView
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.trade.shipments.queries import status_expression

DOCUMENTS: Final[Mapping[str, Any]] = {
    "transfer": Transfer,
    "report": Report,
    "seizure": Seizure,
    "shipment": Shipment,
}
Facts = dict[str, Any]


@dataclass(frozen=True)
class DocumentFacts:
    """Facts by document, and the export records whose gun arrived."""

    by_document: Mapping[UUID, Facts]
    arrived: frozenset[UUID]

    def of(self, record: Record) -> Facts:
        """Return one record's facts; no shipment status if its gun arrived."""
        found = self.by_document.get(record.document_id, {})
        return found | {"shipment_status": None} if record.id in self.arrived else found


def load_facts(actor: Actor, to: str, views: Sequence[RecordView]) -> DocumentFacts:
    """Return the facts of own records that another state may be given."""
    facts: dict[UUID, Facts] = {}
    for kind in DOCUMENTS:
        if ids := _document_ids(views, kind):
            facts |= _facts_of_kind(actor, kind, ids)
    facts |= _facts_of_receipts(actor, to, _document_ids(views, "receipt"))
    return DocumentFacts(facts, _arrived_records(views, facts))


def _document_ids(views: Sequence[RecordView], kind: str) -> list[UUID]:
    return [view.record.document_id for view in views if view.record.document_kind == kind]


def _facts_of_kind(actor: Actor, kind: str, ids: Sequence[UUID]) -> dict[UUID, Facts]:
    found = db.session.execute(_document_query(kind), {"ids": list(ids), "now": actor.now()})
    return {
        row.id: {key: _to_json(value) for key, value in row._mapping.items() if key != "id"}
        for row in found
    }


@cache
def _document_query(kind: str) -> Any:
    model = DOCUMENTS[kind]
    query: Any = select(model.id, model.number).where(is_any_of_param(model.id))
    if kind == "shipment":
        status = status_expression(bindparam("now", type_=Shipment.overdue_at.type))
        query = _with_return_date(query.add_columns(status.label("shipment_status")))
    if kind == "report":
        query = query.add_columns(Report.stolen_from)
    return query


def _with_return_date(query: Any) -> Any:
    """Add the return date of a temporary export, its permit's last day."""
    temporary = (Permit.id == Shipment.permit_id) & (Permit.regime == "temporary")
    return query.outerjoin(Permit, temporary).add_columns(Permit.last_day.label("return_due_on"))


def _to_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _facts_of_receipts(actor: Actor, to: str, ids: Sequence[UUID]) -> dict[UUID, Facts]:
    """Return the shipment's facts for receipts, where its papers may be disclosed.

    They are the exporting state's papers: a state that they do not concern is given the receipt
    alone, and asks the exporting state for the rest.
    """
    if not ids:
        return {}
    rows = db.session.execute(_receipt_query(), {"ids": list(ids)})
    return {row.id: _receipt_facts(row) for row in rows if _may_disclose(actor, to, row)}


@cache
def _receipt_query() -> Any:
    columns = (
        Receipt.id,
        Receipt.owner_state,
        Shipment.owner_state.label("shipped_by"),
        Shipment.concerned,
        Shipment.number,
        Shipment.importing_state,
    )
    query = select(*columns).join(Shipment, Shipment.id == Receipt.shipment_id)
    return _with_return_date(query.where(is_any_of_param(Receipt.id)))


def _may_disclose(actor: Actor, to: str, row: Any) -> bool:
    paper = Statement(row.shipped_by, concerns=to in row.concerned, is_paper=True)
    return Sharing(paper, analyst_reader(actor, to)).may("document")


def _receipt_facts(row: Any) -> Facts:
    """Return the facts of one receipt; returned goods have no return date."""
    due = row.return_due_on if row.owner_state == row.importing_state else None
    return {"number": row.number, "return_due_on": _to_json(due)}


def _arrived_records(views: Sequence[RecordView], facts: Mapping[UUID, Facts]) -> frozenset[UUID]:
    """Return the export records whose gun is in a current receipt.

    For a returned shipment that is the receipt of the exporting state.
    """
    shipped = {
        view.record.id: view.record for view in views if view.record.document_kind == "shipment"
    }
    if not shipped:
        return frozenset()
    by: dict[UUID | None, set[str]] = defaultdict(set)
    for link, owner in db.session.execute(_receipt_record_query(), {"ids": [*shipped]}):
        by[link].add(owner)
    return frozenset(
        key
        for key, record in shipped.items()
        if by[key] & _expected_receivers(record, facts.get(record.document_id, {}))
    )


@cache
def _receipt_record_query() -> Any:
    mine = (is_any_of_param(Record.linked_record), Record.document_kind == "receipt")
    return (
        select_current(Record)
        .where(*mine)
        .with_only_columns(Record.linked_record, Record.owner_state)
    )


def _expected_receivers(record: Record, fact: Facts) -> set[str | None]:
    if fact.get("shipment_status") == "returned":
        return {record.owner_state}
    return {record.owner_state, record.counterpart_state}
