"""Corrections of receipts, and of the records made from them.

Records are append-only: a changed one gets a new version; one of a gun that did not arrive gets a
version without its link to the export, found by no search. States that received an old value are
notified. Unchanged records are left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import Action, append, append_many, audit_event
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import chunks
from salsa_ext.core.errors import Forbidden, NotFound, ReceiptNotConfirmed, message
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db
from salsa_ext.database.versions import select_current
from salsa_ext.documents import corrections as document_corrections
from salsa_ext.firearms.records import changes as record_changes
from salsa_ext.firearms.records import commands as record_commands
from salsa_ext.firearms.records import queue
from salsa_ext.firearms.records.models import Record, RecordSetting
from salsa_ext.firearms.records.queries import find_records, stream_with_marks
from salsa_ext.notifications.commands import notify
from salsa_ext.reference.calendars import today
from salsa_ext.trade.receipts import queries as receipt_queries
from salsa_ext.trade.receipts import receipts, reconciliation
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.receipts.reconciliation import ReceiptComparison
from salsa_ext.trade.receipts.values import ImportMark, ReceiptData
from salsa_ext.trade.shipments import refresh
from salsa_ext.trade.shipments.models import Shipment


def correct_receipt(
    *, actor: Actor, shipment_id: UUID, expected_version: int | None, data: ReceiptData
) -> None:
    """Replace the own state's receipt by a corrected version.

    An omitted import mark is kept. Status, discrepancies and records follow. Raises NotFound,
    Forbidden, NotReceivedYet, StaleVersion, Invalid or NothingMatches.
    """
    require(actor, Permission.RECEIPT_RECORD)
    shipment = _find_received_shipment(actor, shipment_id)
    old = _lock_current_receipt(shipment)
    data = replace(data, import_mark=data.import_mark or _import_mark(old))
    reconciliation.check_receipt(shipment, data, today(actor))
    found = reconciliation.compare_receipt(shipment, data)
    row = receipts.receipt_row(found, actor.own_state(), actor.now())
    row |= {"id": old.id, "version": old.version + 1}
    # the long work comes before the lock, for which others wait
    rewrite_records(actor, found, row, old)
    shipment = refresh.lock_shipment(actor, shipment_id, expected_version)
    insert_many(Receipt, [row])
    refresh.update_shipments(actor, [shipment])
    notify(actor, shipment.exporting_state, "receipt_corrected", shipment, status=shipment.status)
    told = {"status": shipment.status} | {"version": row["version"], "missing": len(found.missing)}
    append(actor, audit_event(Action.RECEIPT_CORRECTED, shipment, **told))


def _find_received_shipment(actor: Actor, shipment_id: UUID) -> Shipment:
    shipment = db.session.get(Shipment, shipment_id, populate_existing=True)
    if shipment is None:
        raise NotFound("shipment", shipment_id)
    if shipment.importing_state != actor.state:
        raise Forbidden(message("The importing state corrects the receipt."))
    return shipment


def _lock_current_receipt(shipment: Shipment) -> Receipt:
    """Lock and return the receipt to correct; raises NotReceivedYet."""
    receipt = receipt_queries.find_receipt(shipment)
    if receipt is None:
        raise ReceiptNotConfirmed
    taken: Receipt = document_corrections.lock_document(Receipt, "receipt", receipt.id, None)
    return taken


def _import_mark(old: Receipt) -> ImportMark | None:
    return ImportMark(**old.import_mark) if old.import_mark else None


ReceiptRow = Mapping[str, Any]


@dataclass(frozen=True)
class RecordChange:
    """A record to write; `is_gone`: the gun did not arrive."""

    entry: record_commands.RecordEntry
    is_gone: bool = False


def rewrite_records(actor: Actor, found: ReceiptComparison, row: ReceiptRow, old: Receipt) -> None:
    """Write the records of a corrected receipt; `old` is still current."""
    before = {column.key: getattr(old, column.key) for column in Receipt.__table__.columns}
    read = found.serials_read
    for guns in chunks(stream_with_marks(found.shipment.id)):
        held = _current_records(old.id, [gun.id for gun, _ in guns])
        changes = []
        for gun, marks in guns:
            if some := [*_record_changes(found, row, before, held.get(gun.id), gun, marks, read)]:
                changes += some
                record_changes.mark_changed(
                    gun.owner_state, [gun.id]
                )  # whose export came, or did not
        _write_changes(actor, changes)


def _current_records(receipt_id: UUID, guns: Sequence[UUID]) -> dict[UUID, Any]:
    """Return a receipt's current records by shipped gun.

    A withdrawn one has lost its link and is found by an earlier version.
    """
    linked = select(Record.id, Record.linked_record).where(
        Record.document_id == receipt_id, Record.linked_record.in_(guns)
    )
    shipped: dict[UUID, UUID] = {row.id: row.linked_record for row in db.session.execute(linked)}
    standing = select_current(Record).where(Record.id.in_(list(shipped)))
    settings = standing.outerjoin(RecordSetting, RecordSetting.record_id == Record.id)
    few = settings.with_only_columns(
        Record.id,
        Record.version,
        Record.serial,
        Record.occurred_on,
        Record.linked_record,
        RecordSetting.visibility,
    )
    return {shipped[row.id]: row for row in db.session.execute(few)}


def _record_changes(
    found: ReceiptComparison,
    row: ReceiptRow,
    before: ReceiptRow,
    held: Any,
    gun: Any,
    marks: Sequence[Any],
    read: Mapping[UUID, str],
) -> Iterator[RecordChange]:
    """Yield the record changes of one gun."""
    serial = read.get(gun.id)
    stands = held is not None and held.linked_record is not None
    if gun.id in found.absent:
        if stands:
            entry = receipts.import_entry(found.shipment, before, gun, marks, held.serial)
            yield RecordChange(
                replace(_next_version(entry, held, row), linked=None, is_void=True), is_gone=True
            )
        return
    entry = receipts.import_entry(found.shipment, row, gun, marks, serial)
    if held is None:
        yield RecordChange(entry)
    elif not (
        stands and _is_unchanged(held, entry) and row["import_mark"] == before["import_mark"]
    ):
        yield RecordChange(replace(_next_version(entry, held, row), is_back=not stands))


def _is_unchanged(held: Any, entry: record_commands.RecordEntry) -> bool:
    said = (entry.firearm.serial, entry.when.occurred_on)
    return (held.serial, held.occurred_on) == said


def _next_version(
    entry: record_commands.RecordEntry, held: Any, row: ReceiptRow
) -> record_commands.RecordEntry:
    return replace(
        entry,
        record_id=held.id,
        version=held.version + 1,
        visibility=held.visibility,
        reason=row["reason"],
    )


def _write_changes(actor: Actor, changes: Sequence[RecordChange]) -> None:
    entries = [change.entry for change in changes]
    gone = [change.entry.record_id for change in changes if change.is_gone]
    if gone:
        record_commands.void_records([find_records(filter(None, gone))])
    record_commands.write_records(entries, actor.now())
    if back := [entry.record_id for entry in entries if entry.record_id and entry.is_back]:
        record_commands.restore_records(back)
    by_version: dict[tuple[int, bool], list[UUID]] = defaultdict(list)
    for change in changes:
        if record_id := change.entry.record_id:
            by_version[change.entry.version, change.is_gone].append(record_id)
    for (version, is_gone), ids in sorted(by_version.items()):
        record_commands.mark_superseded(ids, version)
        append_many(
            actor, document_corrections.notify_recipients(actor, ids, version, is_withdrawn=is_gone)
        )
        record_changes.mark_changed(actor.own_state(), ids)
        queue.queue_matching(actor.own_state(), ids)  # what they match, and which alerts they met
