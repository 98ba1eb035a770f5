"""What the documents of own records add to an answer: their number, and how a shipment stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select

from salsa_ext.db import db
from salsa_ext.models import Permit, Receipt, Record, Report, Seizure, Shipment, Transfer
from salsa_ext.policy.release import Said
from salsa_ext.readmodels.arrays import among_given
from salsa_ext.readmodels.records import RecordView
from salsa_ext.readmodels.sharing import Sharing, analyst_of
from salsa_ext.readmodels.shipments import status_at
from salsa_ext.readmodels.versions import current
from salsa_ext.values.actor import Actor

DOCUMENTS: Final[Mapping[str, Any]] = {
    "transfer": Transfer, "report": Report, "seizure": Seizure, "shipment": Shipment,
}  # fmt: skip
Facts = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """What documents add: by document, and the records of export whose gun came where it had to."""

    by_document: Mapping[UUID, Facts]
    arrived: frozenset[UUID]

    def of(self, record: Record) -> Facts:
        """Return what is added to one record; a shipment's status says nothing of a gun that came."""
        found = self.by_document.get(record.document_id, {})
        return found | {"shipment_status": None} if record.id in self.arrived else found


def told(actor: Actor, to: str, views: Sequence[RecordView]) -> Told:
    """Return what documents add to the actor's state's own records, as another state is told it."""
    facts: dict[UUID, Facts] = {}
    for kind in DOCUMENTS:
        if ids := _documents(views, kind):
            facts |= _of_kind(actor, kind, ids)
    facts |= _of_receipts(actor, to, _documents(views, "receipt"))
    return Told(facts, _arrived(views, facts))


def _documents(views: Sequence[RecordView], kind: str) -> list[UUID]:
    return [view.record.document_id for view in views if view.record.document_kind == kind]


def _of_kind(actor: Actor, kind: str, ids: Sequence[UUID]) -> dict[UUID, Facts]:
    found = db.session.execute(_wanted(kind), {"ids": list(ids), "now": actor.now()})
    return {
        row.id: {key: _as_sent(value) for key, value in row._mapping.items() if key != "id"}
        for row in found
    }


@cache
def _wanted(kind: str) -> Any:
    """Make the query of a kind of document once."""
    model = DOCUMENTS[kind]
    query: Any = select(model.id, model.number).where(among_given(model.id))
    if kind == "shipment":
        status = status_at(bindparam("now", type_=Shipment.overdue_at.type))
        query = _with_return(query.add_columns(status.label("shipment_status")))
    if kind == "report":
        query = query.add_columns(Report.stolen_from)
    return query


def _with_return(query: Any) -> Any:
    """Add by which day what left for a time was to be back: the last day of its certificate."""
    temporary = (Permit.id == Shipment.permit_id) & (Permit.regime == "temporary")
    return query.outerjoin(Permit, temporary).add_columns(Permit.last_day.label("return_due_on"))


def _as_sent(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _of_receipts(actor: Actor, to: str, ids: Sequence[UUID]) -> dict[UUID, Facts]:
    """Return what the shipment adds to its receipts, where its papers may go to the asking state.

    The importing state speaks there of the exporting one's papers: to whom they do not concern, it
    tells its own receipt alone, and the exporting state is asked for the rest.
    """
    if not ids:
        return {}
    rows = db.session.execute(_receipts(), {"ids": list(ids)})
    return {row.id: _of_receipt(row) for row in rows if _may_go(actor, to, row)}


@cache
def _receipts() -> Any:
    columns = (Receipt.id, Receipt.owner_state, Shipment.owner_state.label("shipped_by"),
               Shipment.concerned, Shipment.number, Shipment.importing_state)  # fmt: skip
    query = select(*columns).join(Shipment, Shipment.id == Receipt.shipment_id)
    return _with_return(query.where(among_given(Receipt.id)))


def _may_go(actor: Actor, to: str, row: Any) -> bool:
    paper = Said(row.shipped_by, concerns=to in row.concerned, is_paper=True)
    return Sharing(paper, analyst_of(actor, to)).may("document")


def _of_receipt(row: Any) -> Facts:
    """Return the same of one; what came back is owed no more."""
    due = row.return_due_on if row.owner_state == row.importing_state else None
    return {"number": row.number, "return_due_on": _as_sent(due)}


def _arrived(views: Sequence[RecordView], facts: Mapping[UUID, Facts]) -> frozenset[UUID]:
    """Return the records of export whose gun a receipt holds, as the receipts now stand.

    Of a shipment that came back, that is the receipt of the exporting state.
    """
    shipped = {view.record.id: view.record for view in views
               if view.record.document_kind == "shipment"}  # fmt: skip
    if not shipped:
        return frozenset()
    by: dict[UUID | None, set[str]] = defaultdict(set)
    for link, owner in db.session.execute(_received(), {"ids": [*shipped]}):
        by[link].add(owner)
    return frozenset(
        key for key, record in shipped.items()
        if by[key] & _awaited_by(record, facts.get(record.document_id, {}))
    )  # fmt: skip


@cache
def _received() -> Any:
    mine = (among_given(Record.linked_record), Record.document_kind == "receipt")
    return current(Record).where(*mine).with_only_columns(Record.linked_record, Record.owner_state)


def _awaited_by(record: Record, fact: Facts) -> set[str | None]:
    if fact.get("shipment_status") == "returned":
        return {record.owner_state}
    return {record.owner_state, record.counterpart_state}
