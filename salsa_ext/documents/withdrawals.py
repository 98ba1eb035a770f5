"""Withdraw seizures, reports and transfers made in error; this is final."""

from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import AuditEvent, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, message
from salsa_ext.core.occurrence import EventTime
from salsa_ext.custody.models import CustodyEntry
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.documents import corrections as document_corrections
from salsa_ext.documents.queries import DocumentKind
from salsa_ext.documents.seizures import to_entered_item
from salsa_ext.firearms.records import record_writing
from salsa_ext.firearms.records.queries import (
    RecordView,
    handling_of,
    link_of,
    records_of_documents,
    visibility_of,
)

ACTIONS: Final = {
    "seizure": (Permission.SEIZURE_RECORD, Action.SEIZURE_WITHDRAWN),
    "report": (Permission.REPORT_RECORD, Action.REPORT_WITHDRAWN),
    "transfer": (Permission.TRANSFER_RECORD, Action.TRANSFER_WITHDRAWN),
}


def withdraw(
    *,
    actor: Actor,
    kind: DocumentKind,
    document_id: UUID,
    expected_version: int | None,
    reason: str,
) -> None:
    """Withdraw a document made in error.

    Searches no longer find its guns, their matches are withdrawn, and recipients of its records are
    notified. Raises NotFound, StaleVersion, IllegalTransition for a withdrawn document, Conflict for a
    seizure whose guns left custody by a transfer.
    """
    require(actor, ACTIONS[kind.name][0])
    old = document_corrections.lock_standing(
        kind.model, kind.name, document_id, expected_version, "withdraw"
    )
    require(actor, ACTIONS[kind.name][0], old.owner_state)
    _check_no_transfer(document_id)
    void(actor, kind, old, reason)


def _check_no_transfer(seizure_id: UUID) -> None:
    """Raise Conflict if a disposition of a seizure wrote a transfer that was not withdrawn."""
    query = select_current(CustodyEntry).where(
        CustodyEntry.seizure_id == seizure_id,
        CustodyEntry.status == "standing",
        CustodyEntry.transfer_id.is_not(None),
    )
    if db.session.scalars(query).first() is not None:
        raise Conflict(message("Its custody ended by a disposition. Withdraw that entry first."))


def void(actor: Actor, kind: DocumentKind, old: Any, reason: str) -> None:
    """Add the version that withdraws a locked document, and void its records."""
    views = records_of_documents([old.id])[old.id]
    columns = (column for column in kind.model.__table__.columns if column.computed is None)
    row = {column.key: getattr(old, column.key) for column in columns} | {
        "occurred_on": old.first_day,
        "version": old.version + 1,
        "status": "withdrawn",
        "reason": reason,
        "recorded_at": actor.now(),
    }
    insert_many(kind.model, [row])
    ids = [view.record.id for view in views]
    record_writing.void_records(ids)
    record_writing.write_records([_void_entry(view, row) for view in views], actor.now())
    record_writing.mark_superseded(ids, row["version"])
    data = {"kind": row["kind"], "version": row["version"]}
    act = AuditEvent(ACTIONS[kind.name][1], kind.name, old.id, concerned=old.concerned, data=data)
    notices = document_corrections.notify_recipients(actor, ids, row["version"], is_withdrawn=True)
    append_many(actor, [act, *notices])


def _void_entry(item: RecordView, row: dict[str, Any]) -> record_writing.RecordEntry:
    record = item.record
    return record_writing.RecordEntry(
        firearm=to_entered_item(item),
        event=record.event,
        when=EventTime(record.occurred_on, record.occurred_at, record.time_zone),
        document_kind=record.document_kind,
        document_id=record.document_id,
        owner=record.owner_state,
        concerned=record.concerned,
        giver_id=record.giver_id,
        receiver_id=record.receiver_id,
        linked=link_of(record),
        visibility=visibility_of(item),
        handling=handling_of(item),
        record_id=record.id,
        version=row["version"],
        reason=row["reason"],
        is_void=True,
    )
