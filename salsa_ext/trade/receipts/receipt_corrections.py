"""Corrections of receipts, and of the records made from them.

Records are append-only: a changed one gets a new version; one of a gun that did not arrive gets a
version without its link to the export, found by no search. States that received an old value are
notified. Unchanged records are left alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import append, append_many, audit_event
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import chunks
from salsa_ext.core.errors import Forbidden, ReceiptNotConfirmed, message
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db, read_row
from salsa_ext.documents import corrections as document_corrections
from salsa_ext.firearms.records import record_writing
from salsa_ext.firearms.records.models import Record, RecordSetting
from salsa_ext.firearms.records.queries import stream_with_marks
from salsa_ext.firearms.records.record_writing import RecordEntry
from salsa_ext.reference.calendars import today
from salsa_ext.trade.receipts import queries as receipt_queries
from salsa_ext.trade.receipts import receipts, reconciliation
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.receipts.reconciliation import ReceiptComparison
from salsa_ext.trade.receipts.values import ImportMark, ReceiptData
from salsa_ext.trade.shipments import fact_queries, refresh
from salsa_ext.trade.shipments.models import Shipment


def correct_receipt(
    *, actor: Actor, shipment_id: UUID, expected_version: int | None, data: ReceiptData
) -> None:
    """Replace the own state's receipt by a corrected version.

    An omitted import mark or delivery verification stays. Status, discrepancies and records
    follow. Raises NotFound, Forbidden, NotReceivedYet, StaleVersion, Invalid or NothingMatches.
    """
    require(actor, Permission.RECEIPT_RECORD)
    shipment = read_row(Shipment, shipment_id)
    receipt = receipt_queries.find_receipt(shipment)
    if (receipt.owner_state if receipt else shipment.importing_state) != actor.state:
        raise Forbidden(message("The importing state corrects the receipt."))
    if receipt is None:
        raise ReceiptNotConfirmed
    old: Receipt = document_corrections.lock_document(Receipt, "receipt", receipt.id, None)
    if old.import_mark and not data.import_mark:
        data = replace(data, import_mark=ImportMark(**old.import_mark))
    verification = old.delivery_verification and (
        data.delivery_verification or old.delivery_verification
    )
    data = replace(data, delivery_verification=verification)
    reconciliation.check_receipt(shipment, data, today(actor))
    comparison = reconciliation.compare_receipt(shipment, data)
    row = receipts.receipt_row(comparison, actor.own_state(), actor.now())
    row |= {"id": old.id, "version": old.version + 1}
    # the long work comes before the lock, for which others wait
    if not verification:
        rewrite_records(actor, comparison, row, old)
    shipment = refresh.lock_shipment(shipment_id, expected_version)
    insert_many(Receipt, [row])
    status = fact_queries.load_status(shipment)
    event_data = {"version": row["version"], "missing": len(comparison.missing)}
    append(actor, audit_event(Action.RECEIPT_CORRECTED, shipment, status=status, **event_data))


ReceiptRow = Mapping[str, Any]


def rewrite_records(
    actor: Actor, comparison: ReceiptComparison, row: ReceiptRow, old: Receipt
) -> None:
    """Write the records of a corrected receipt; `old` is still current."""
    before = {column.key: getattr(old, column.key) for column in Receipt.__table__.columns}
    serials = comparison.serials_read
    for guns in chunks(stream_with_marks(comparison.shipment.id)):
        records = _current_records(old.id, [gun.id for gun, _ in guns])
        entries = []
        for gun, marks in guns:
            entry = _changed_entry(
                comparison, row, before, records.get(gun.id), gun, marks, serials.get(gun.id)
            )
            if entry:
                entries.append(entry)
        _write_entries(actor, entries)


def _current_records(receipt_id: UUID, guns: Sequence[UUID]) -> dict[UUID, Any]:
    """Return a receipt's current records by shipped gun."""
    query = select(Record.id, Record.linked_record).where(
        Record.document_id == receipt_id, Record.linked_record.in_(guns)
    )
    shipped: dict[UUID, UUID] = {row.id: row.linked_record for row in db.session.execute(query)}
    current = select_current(Record).where(Record.id.in_(list(shipped)))
    rows = current.outerjoin(RecordSetting, RecordSetting.record_id == Record.id)
    columns = (Record.id, Record.version, Record.serial, Record.occurred_on, Record.linked_record)
    few = rows.with_only_columns(*columns, RecordSetting.visibility)
    return {shipped[row.id]: row for row in db.session.execute(few)}


def _changed_entry(
    comparison: ReceiptComparison,
    row: ReceiptRow,
    before: ReceiptRow,
    record: Any,
    gun: Any,
    marks: Sequence[Any],
    serial: str | None,
) -> RecordEntry | None:
    """Return a gun's corrected record, None if unchanged; `is_void` or `is_back`."""
    has_arrived = record is not None and record.linked_record is not None
    is_absent = gun.id in comparison.absent
    if is_absent and not has_arrived:
        return None
    receipt, read = (before, record.serial) if is_absent else (row, serial)
    entry = receipts.import_entry(comparison.shipment, receipt, gun, marks, read)
    if record is None:
        return entry
    entry = replace(
        entry,
        record_id=record.id,
        version=record.version + 1,
        visibility=record.visibility,
        reason=row["reason"],
    )
    if is_absent:
        return replace(entry, linked=None, is_void=True)
    same = (record.serial, record.occurred_on) == (entry.firearm.serial, entry.when.occurred_on)
    if has_arrived and same and row["import_mark"] == before["import_mark"]:
        return None
    return replace(entry, is_back=not has_arrived)


def _write_entries(actor: Actor, entries: Sequence[RecordEntry]) -> None:
    versions = [(entry.record_id, entry) for entry in entries if entry.record_id]
    if void := [record_id for record_id, entry in versions if entry.is_void]:
        record_writing.void_records(void)
    record_writing.write_records(entries, actor.now())
    if back := [record_id for record_id, entry in versions if entry.is_back]:
        record_writing.restore_records(back)
    by_version: dict[tuple[int, bool], list[UUID]] = defaultdict(list)
    for record_id, entry in versions:
        by_version[entry.version, entry.is_void].append(record_id)
    for (version, is_void), ids in sorted(by_version.items()):
        record_writing.mark_superseded(ids, version)
        append_many(
            actor, document_corrections.notify_recipients(actor, ids, version, is_withdrawn=is_void)
        )
