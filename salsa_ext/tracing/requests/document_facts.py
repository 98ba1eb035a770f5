"""Facts that documents add to an answer: number, shipment status, return date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select

from salsa_ext.access.release import Statement
from salsa_ext.core.actor import Actor
from salsa_ext.database.bulk import is_any_of
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


def load_facts(actor: Actor, to: str, views: Sequence[RecordView]) -> dict[UUID, Facts]:
    """Return by record the facts of own records that another state may be given.

    No shipment status of an export whose gun arrived.
    """
    documents: dict[str, set[UUID]] = defaultdict(set)
    for view in views:
        documents[view.record.document_kind].add(view.record.document_id)
    by_document = _receipt_facts(actor, to, documents.pop("receipt", set()))
    for kind in documents.keys() & DOCUMENTS.keys():
        by_document |= _document_facts(actor, kind, documents[kind])
    facts = {view.record.id: by_document.get(view.record.document_id, {}) for view in views}
    exports = [view.record for view in views if view.record.document_kind == "shipment"]
    for record_id in _arrived_records(exports, facts):
        facts[record_id] = facts[record_id] | {"shipment_status": None}
    return facts


def _document_facts(actor: Actor, kind: str, ids: set[UUID]) -> dict[UUID, Facts]:
    model = DOCUMENTS[kind]
    query: Any = select(model.id, model.number.label("document_number"))
    if kind == "shipment":
        now = bindparam("now", actor.now(), type_=Shipment.overdue_at.type)
        status = status_expression(now).label("shipment_status")
        query = _with_return_date(query.add_columns(status))
    if kind == "report":
        query = query.add_columns(Report.stolen_from)
    facts = {}
    for row in db.session.execute(query.where(is_any_of(model.id, ids))).mappings():
        facts[row["id"]] = {name: _to_json(value) for name, value in row.items() if name != "id"}
    return facts


def _with_return_date(query: Any) -> Any:
    """Add the return date of a temporary export, its permit's last day."""
    temporary = (Permit.id == Shipment.permit_id) & (Permit.regime == "temporary")
    return query.outerjoin(Permit, temporary).add_columns(Permit.last_day.label("return_due_on"))


def _to_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _receipt_facts(actor: Actor, to: str, ids: set[UUID]) -> dict[UUID, Facts]:
    """Return the shipment's facts for receipts, where its papers may be disclosed.

    They are the exporting state's papers: a state that they do not concern is given the receipt
    alone, and asks the exporting state for the rest. Returned goods have no return date.
    """
    if not ids:
        return {}
    columns = (
        Receipt.id,
        Receipt.owner_state,
        Shipment.owner_state.label("exporting_state"),
        Shipment.concerned,
        Shipment.number,
        Shipment.importing_state,
    )
    query = select(*columns).join(Shipment, Shipment.id == Receipt.shipment_id)
    facts = {}
    for row in db.session.execute(_with_return_date(query.where(is_any_of(Receipt.id, ids)))):
        paper = Statement(row.exporting_state, concerns=to in row.concerned, is_paper=True)
        if Sharing(paper, analyst_reader(actor, to)).may("document"):
            due = row.return_due_on if row.owner_state == row.importing_state else None
            facts[row.id] = {"document_number": row.number, "return_due_on": _to_json(due)}
    return facts


def _arrived_records(exports: Sequence[Record], facts: Mapping[UUID, Facts]) -> list[UUID]:
    """Return the export records whose gun is in a current receipt.

    For a returned shipment that is the receipt of the exporting state.
    """
    if not exports:
        return []
    receipts = select_current(Record).where(
        is_any_of(Record.linked_record, [record.id for record in exports]),
        Record.document_kind == "receipt",
    )
    receivers: dict[UUID | None, set[str]] = defaultdict(set)
    columns = (Record.linked_record, Record.owner_state)
    for linked, owner in db.session.execute(receipts.with_only_columns(*columns)):
        receivers[linked].add(owner)
    arrived = []
    for record in exports:
        expected = {record.owner_state}
        if facts[record.id].get("shipment_status") != "returned":
            expected.add(record.counterpart_state or "")
        if receivers[record.id] & expected:
            arrived.append(record.id)
    return arrived
