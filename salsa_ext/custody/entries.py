"""Enter, correct and withdraw what became of seized guns."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from salsa_ext.access.audit import AuditEvent, append_many, resolve_officer
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.dates import is_before
from salsa_ext.core.errors import Conflict, Invalid, NotFound, message
from salsa_ext.core.field_checks import Problems, check_date, check_declared
from salsa_ext.core.ids import new_id
from salsa_ext.core.rows import date_columns, to_row
from salsa_ext.custody.models import CustodyEntry
from salsa_ext.custody.values import (
    ENTRY_CLASSES,
    EVENTS_BY_DISPOSITION,
    FINAL_DISPOSITIONS,
    DispositionData,
    EntryData,
    OriginData,
)
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.documents import corrections as document_corrections
from salsa_ext.documents import single_gun, withdrawals
from salsa_ext.documents.models import Seizure, Transfer
from salsa_ext.documents.queries import TRANSFERS
from salsa_ext.documents.transfers import TRANSFER_KIND
from salsa_ext.documents.values import TransferData
from salsa_ext.firearms.marks.values import Mark
from salsa_ext.firearms.records.queries import (
    RecordView,
    handling_of,
    records_of_documents,
    to_firearm,
    visibility_of,
)
from salsa_ext.reference.calendars import today

KINDS = {data_class: kind for kind, data_class in ENTRY_CLASSES.items()}


def record(*, actor: Actor, seizure_id: UUID, data: EntryData) -> None:
    """Enter a hand-over, disposition or origin of items of an own seizure, or correct one.

    A disposition that ends the custody writes its transfer. Raises NotFound, Invalid, also for a day
    after the end of custody, Conflict for a second end, IllegalTransition for a withdrawn seizure.
    """
    require(actor, Permission.SEIZURE_RECORD)
    seizure = document_corrections.lock_standing(
        Seizure, "seizure", seizure_id, None, message("Enter the disposition")
    )
    require(actor, Permission.SEIZURE_RECORD, seizure.owner_state)
    _check(actor, seizure, data)
    old = _find_entry(seizure_id, data.corrects) if data.corrects else None
    if old and KINDS[type(data)] != old.kind:
        raise NotFound("entry", data.corrects)
    items = _chosen_items(seizure_id, [old.line] if old else data.lines)
    if not isinstance(data, OriginData):
        _check_in_custody(seizure_id, items, old, data)
    if old:
        _void_transfer(actor, old, str(data.reason))
    transfers = _record_transfers(actor, items, data)
    common = to_row(data) | {
        "owner_state": seizure.owner_state,
        "concerned": [seizure.owner_state],
        "seizure_id": seizure_id,
        "kind": KINDS[type(data)],
        "status": "standing",
        "agency": actor.agency,
        "officer_id": resolve_officer(actor),
        "recorded_at": actor.now(),
        "reason": data.reason,
    }
    rows = [
        common
        | {
            "id": old.id if old else new_id(),
            "version": old.version + 1 if old else 1,
            "line": item.record.line,
            "transfer_id": transfer,
        }
        for item, transfer in zip(items, transfers, strict=True)
    ]
    insert_many(CustodyEntry, rows)
    action = Action.CUSTODY_CORRECTED if old else Action.CUSTODY_RECORDED
    append_many(actor, [_event(action, row) for row in rows])


@dataclass(frozen=True)
class CustodyRow:
    """An entry of a batch, with its seizure."""

    seizure_id: UUID
    entry: EntryData


def record_many(*, actor: Actor, batch: Sequence[CustodyRow]) -> list[UUID]:
    """Enter what became of items of several seizures; return these; raises as `record`."""
    require(actor, Permission.SEIZURE_RECORD)
    for row in batch:
        record(actor=actor, seizure_id=row.seizure_id, data=row.entry)
    return [row.seizure_id for row in batch]


def withdraw(*, actor: Actor, seizure_id: UUID, entry_id: UUID, reason: str) -> None:
    """Withdraw an entry with the transfer that it wrote; raises NotFound, Conflict."""
    require(actor, Permission.SEIZURE_RECORD)
    seizure = document_corrections.lock_document(Seizure, "seizure", seizure_id, None)
    require(actor, Permission.SEIZURE_RECORD, seizure.owner_state)
    old = _find_entry(seizure_id, entry_id)
    _void_transfer(actor, old, reason)
    row = {column.key: getattr(old, column.key) for column in CustodyEntry.__table__.columns}
    row |= date_columns("occurred_on", old.occurred_on)
    row |= {
        "version": old.version + 1,
        "status": "withdrawn",
        "agency": actor.agency,
        "officer_id": resolve_officer(actor),
        "recorded_at": actor.now(),
        "reason": reason,
    }
    insert_many(CustodyEntry, [row])
    append_many(actor, [_event(Action.CUSTODY_WITHDRAWN, row)])


def _check(actor: Actor, seizure: Seizure, data: EntryData) -> None:
    problems = Problems()
    check_date(problems, "occurred_on", data.occurred_on, today(actor))
    if is_before(data.occurred_on, seizure.occurred_on):
        text = message("It was seized on {on}; this cannot be earlier.", on=seizure.occurred_on)
        problems.add("occurred_on", text)
    check_declared(problems, data)
    problems.raise_any()


def _find_entry(seizure_id: UUID, entry_id: UUID | None) -> CustodyEntry:
    """Return an entry; raises NotFound, Conflict for a withdrawn one."""
    query = select_current(CustodyEntry).where(
        CustodyEntry.id == entry_id, CustodyEntry.seizure_id == seizure_id
    )
    entry: CustodyEntry | None = db.session.scalars(query).first()
    if entry is None:
        raise NotFound("entry", entry_id)
    if entry.status != "standing":
        raise Conflict(message("This entry is withdrawn already. Enter a new one."))
    return entry


def _chosen_items(seizure_id: UUID, lines: Collection[int]) -> list[RecordView]:
    """Return the items of some lines, of all without lines; raises Invalid for an unknown one."""
    views = {view.record.line: view for view in records_of_documents([seizure_id])[seizure_id]}
    if unknown := sorted({*lines} - {*views}):
        text = message("The seizure has no line {line}.", line=unknown[0])
        raise Invalid({"lines": [text]})
    return [views[line] for line in sorted({*lines} or views)]


def _check_in_custody(
    seizure_id: UUID, items: Sequence[RecordView], old: CustodyEntry | None, data: EntryData
) -> None:
    """Raise Conflict for a second end of an item's custody, Invalid for a day after its end."""
    lines = {item.record.line for item in items}
    for entry in final_dispositions([seizure_id]):
        if entry.line not in lines or (old and entry.id == old.id):
            continue
        text = message(
            "The custody of line {line} ended on {on} already. Correct or withdraw that disposition.",
            line=entry.line,
            on=entry.occurred_on,
        )
        if isinstance(data, DispositionData) and data.kind in FINAL_DISPOSITIONS:
            raise Conflict(text)
        if is_before(entry.occurred_on, data.occurred_on):
            raise Invalid({"occurred_at" if data.occurred_at else "occurred_on": [text]})


def final_dispositions(seizure_ids: Collection[UUID]) -> list[CustodyEntry]:
    """Return the dispositions that ended the custody of items."""
    query = select_current(CustodyEntry).where(
        CustodyEntry.seizure_id.in_(seizure_ids),
        CustodyEntry.kind == "disposition",
        CustodyEntry.status == "standing",
        CustodyEntry.details["kind"].astext.in_(FINAL_DISPOSITIONS),
    )
    return list(db.session.scalars(query))


def _record_transfers(
    actor: Actor, items: Sequence[RecordView], data: EntryData
) -> Sequence[UUID | None]:
    """Record the transfers by which a disposition ends the custody, each linked to its item."""
    if not isinstance(data, DispositionData) or data.kind not in EVENTS_BY_DISPOSITION:
        return [None] * len(items)
    marks: tuple[Mark, ...] = ()
    if data.confiscation_mark:
        marks = (Mark("confiscation", data.confiscation_mark, actor.own_state()),)
    batch = []
    for item in items:
        gun = to_firearm(item)
        batch.append(
            TransferData(
                **vars(data.when),
                kind=EVENTS_BY_DISPOSITION[data.kind],
                firearm=replace(gun, marks=(*gun.marks, *marks)),
                receiver=data.receiver,
                visibility=visibility_of(item),
                handling=handling_of(item),
            )
        )
    links = [(item.record.owner_state, item.record.id) for item in items]
    return single_gun.record_many(TRANSFER_KIND, actor, batch, links)


def _void_transfer(actor: Actor, entry: CustodyEntry, reason: str) -> None:
    if entry.transfer_id:
        transfer = document_corrections.lock_document(Transfer, "transfer", entry.transfer_id, None)
        withdrawals.void(actor, TRANSFERS, transfer, reason)


def _event(action: Action, row: dict[str, Any]) -> AuditEvent:
    data = {"entry": str(row["id"]), "kind": row["kind"], "line": row["line"]}
    return AuditEvent(action, "seizure", row["seizure_id"], data=data | {"version": row["version"]})
