"""Record and correct documents of one gun: transfers, reports."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from salsa_ext.access.audit import AuditEvent, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.ids import new_ids
from salsa_ext.core.rows import to_row
from salsa_ext.database.bulk import insert_many
from salsa_ext.documents import corrections as document_corrections
from salsa_ext.documents import number_claims
from salsa_ext.documents.queries import DocumentKind as Read
from salsa_ext.documents.values import ReportData, TransferData
from salsa_ext.firearms.records import record_writing
from salsa_ext.firearms.records.queries import link_of
from salsa_ext.firearms.records.record_writing import PartyCollector
from salsa_ext.lookups import budgets
from salsa_ext.reference.calendars import today

SingleGunData = TypeVar("SingleGunData", TransferData, ReportData)
Row = dict[str, Any]
Link = tuple[str, UUID]


@dataclass(frozen=True)
class SingleGunKind:
    """A kind of document of one gun, with its own functions.

    `check(data, today)` raises Invalid. `columns(data, parties)` returns the columns that only this
    kind has and its data do not.
    """

    read: Read
    permission: Permission
    recorded: Action
    corrected: Action
    check: Callable[[Any, date], None]
    columns: Callable[[Any, PartyCollector], Row]


@dataclass(frozen=True)
class PreviousVersion:
    """The version before a correction, its record, and the reason."""

    old: Any
    record_id: UUID
    reason: str


def record_many(
    kind: SingleGunKind,
    actor: Actor,
    batch: Sequence[SingleGunData],
    links: Sequence[Link | None] = (),
    *,
    is_checked: bool = False,
) -> list[UUID]:
    """Record documents of the own state; raises Invalid or Duplicate.

    All or none; returns their ids in order. `links` are the records that theirs certainly follow.
    """
    on = today(actor)
    for data in () if is_checked else batch:
        kind.check(data, on)
    rows = _insert_documents(kind, actor, actor.own_state(), batch, links=links)
    append_many(actor, [_document_event(kind, kind.recorded, row) for row in rows])
    return [row["id"] for row in rows]


def correct(
    kind: SingleGunKind,
    actor: Actor,
    document_id: UUID,
    expected_version: int | None,
    data: SingleGunData,
    reason: str,
) -> UUID:
    """Add a corrected version; raises NotFound, StaleVersion, Invalid, Duplicate, IllegalTransition."""
    old = document_corrections.lock_standing(
        kind.read.model, kind.read.name, document_id, expected_version, "correct"
    )
    require(actor, kind.permission, old.owner_state)
    kind.check(data, today(actor))
    current = document_corrections.records_by_line(document_id, [data.firearm], "firearm.line")
    data = document_corrections.with_current_settings(data, current)
    record = current[data.firearm.line].record
    follows = PreviousVersion(old, record.id, reason)
    [row] = _insert_documents(kind, actor, old.owner_state, [data], follows, [link_of(record)])
    events: list[AuditEvent] = document_corrections.finish_correction(
        actor, list(current.values()), row, data
    )
    append_many(actor, [_document_event(kind, kind.corrected, row), *events])
    return document_id


def _insert_documents(
    kind: SingleGunKind,
    actor: Actor,
    owner: str,
    batch: Sequence[SingleGunData],
    previous: PreviousVersion | None = None,
    links: Sequence[Link | None] = (),
) -> list[Row]:
    if kind.read.name == "report":  # registers are silent by the thousand, and found from the field
        budgets.use_silent(actor, sum(data.visibility == "silent" for data in batch))
    parties, now = PartyCollector(owner), actor.now()
    shared = {"owner_state": owner, "concerned": [owner], "recorded_at": now}
    rows = [
        shared | _document_row(kind, data, i, parties, previous)
        for i, data in zip(new_ids(len(batch)), batch, strict=True)
    ]
    number_claims.claim_numbers(kind.read.name, rows, previous.old if previous else None)
    parties.write()
    insert_many(kind.read.model, rows)
    entries = zip(rows, batch, links or [None] * len(rows), strict=True)
    record_writing.write_records(
        [_record_entry(kind, row, data, previous, link) for row, data, link in entries], now
    )
    return rows


def _document_row(
    kind: SingleGunKind,
    data: SingleGunData,
    new: UUID,
    parties: PartyCollector,
    previous: PreviousVersion | None,
) -> Row:
    return (
        to_row(data)
        | {
            "id": previous.old.id if previous else new,
            "version": previous.old.version + 1 if previous else 1,
            "giver_id": parties.add(data.giver, ()),
            "reason": previous.reason if previous else None,
        }
        | kind.columns(data, parties)
    )


def _record_entry(
    kind: SingleGunKind,
    row: Row,
    data: SingleGunData,
    previous: PreviousVersion | None,
    link: Link | None,
) -> record_writing.RecordEntry:
    return record_writing.RecordEntry(
        firearm=data.firearm,
        event=data.kind,
        when=data.when,
        document_kind=kind.read.name,
        document_id=row["id"],
        owner=row["owner_state"],
        concerned=row["concerned"],
        giver_id=row["giver_id"],
        receiver_id=row.get("receiver_id"),
        counterpart_state=row.get("counterpart_state"),
        linked=link,
        visibility=data.visibility,
        handling=data.handling,
        source=data.source,
        record_id=previous.record_id if previous else None,
        version=row["version"],
        reason=row["reason"],
    )


def _document_event(kind: SingleGunKind, action: Action, row: Row) -> AuditEvent:
    audit_data = {"kind": row["kind"], "version": row["version"]}
    return AuditEvent(action, kind.read.name, row["id"], data=audit_data)
