"""Record and correct seizures; each item has a record."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import AuditEvent, append_many, append_with_rows
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.errors import NotFound, message
from salsa_ext.core.field_checks import Problems, check_agency, check_date, check_declared
from salsa_ext.core.ids import new_id
from salsa_ext.core.rows import from_row, to_row
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.documents import added_marks, number_claims
from salsa_ext.documents import corrections as document_corrections
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents.added_marks import to_mark
from salsa_ext.documents.corrections import AFTER_CORRECTION
from salsa_ext.documents.models import Seizure
from salsa_ext.documents.queries import SEIZURES
from salsa_ext.documents.values import JointWith, SeizureData
from salsa_ext.firearms.marks import firearm_marks
from salsa_ext.firearms.marks.values import Firearm, Mark, SeizedItem
from salsa_ext.firearms.records import record_writing
from salsa_ext.firearms.records.queries import RecordView, records_of_documents, to_seized_item
from salsa_ext.firearms.records.validation import check_firearms, check_unique_lines
from salsa_ext.lookups.budgets import use_silent
from salsa_ext.reference.agencies import agency_codes
from salsa_ext.reference.calendars import today


def record(*, actor: Actor, data: SeizureData) -> UUID:
    """Record one seizure of the own state; raises Invalid or Duplicate."""
    return record_many(actor=actor, batch=[data])[0]


def record_many(
    *, actor: Actor, batch: Sequence[SeizureData], is_checked: bool = False
) -> list[UUID]:
    """Record seizures in one transaction; return their ids in order.

    `is_checked`: `check` passed for each. Raises Invalid or Duplicate; then none is recorded.
    """
    require(actor, Permission.SEIZURE_RECORD)
    owner, now, on = actor.own_state(), actor.now(), today(actor)
    agencies = agency_codes(owner)
    for data in () if is_checked else batch:
        check(data, owner, on, agencies)
    use_silent(actor, sum(len(data.items) for data in batch if data.visibility == "silent"))
    rows = [_seizure_row(owner, data, now) for data in batch]
    number_claims.claim_numbers("seizure", rows)
    pairs = zip(rows, batch, strict=True)
    entries = [entry for row, data in pairs for entry in _record_entries(row, data)]
    record_writing.write_records(entries, now)
    append_with_rows(
        actor, [_seizure_event(Action.SEIZURE_RECORDED, row) for row in rows], {Seizure: rows}
    )
    return [row["id"] for row in rows]


def correct(
    *, actor: Actor, seizure_id: UUID, expected_version: int | None, data: SeizureData, reason: str
) -> UUID:
    """Add a corrected version, update unsent traces; raises as `single_gun.correct`."""
    require(actor, Permission.SEIZURE_RECORD)
    now = actor.now()
    old = document_corrections.lock_standing(
        Seizure, "seizure", seizure_id, expected_version, "correct"
    )
    require(actor, Permission.SEIZURE_RECORD, old.owner_state)
    # an unregistered agency may remain
    check(data, old.owner_state, today(actor), agency_codes(old.owner_state) | {old.agency})
    current = document_corrections.records_by_line(seizure_id, data.items)
    data = document_corrections.with_current_settings(data, current)
    data = replace(data, items=added_marks.with_mark_readers(data.items, current))
    use_silent(actor, len(data.items) if data.visibility == "silent" else 0)
    row = _seizure_row(old.owner_state, data, now, old, reason)
    number_claims.claim_numbers("seizure", [row], old)
    insert_many(Seizure, [row])
    record_ids = {line: view.record.id for line, view in current.items()}
    record_writing.write_records(_record_entries(row, data, record_ids), now)
    events = document_corrections.finish_correction(actor, list(current.values()), row, data)
    append_many(actor, [_seizure_event(Action.SEIZURE_CORRECTED, row), *events])
    views = records_of_documents([seizure_id])[seizure_id]
    for follow in AFTER_CORRECTION:
        follow(actor, views)
    return seizure_id


def check(data: SeizureData, owner: str, day: date, agencies: frozenset[str]) -> None:
    """Raise Invalid if a seizure contradicts itself. `agencies` are the codes of the owner's agencies."""
    problems = Problems()
    check_agency(problems, "agency", data.agency, agencies)
    check_date(problems, "occurred_on", data.occurred_on, day)
    check_declared(problems, data)
    if data.place.country != owner:
        problems.add(
            "place.country",
            message("Your state records its own seizures; this must be {state}.", state=owner),
        )
    if not data.items:
        problems.add("items", message("A seizure has at least one item."))
    check_firearms(problems, "items", data.items)
    check_unique_lines(problems, "items", data.items)
    problems.raise_any()


def _seizure_row(
    owner: str,
    data: SeizureData,
    now: datetime,
    old: Seizure | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    return to_row(data) | {
        "id": old.id if old else new_id(),
        "version": old.version + 1 if old else 1,
        "owner_state": owner,
        "concerned": sorted({*_concerned_states(owner, data), *(old.concerned if old else ())}),
        "recorded_at": now,
        "reason": reason,
    }


def _concerned_states(owner: str, data: SeizureData) -> list[str]:
    """Return the states that see a seizure: both of a joint one."""
    return sorted({owner, *([data.joint_with.state] if data.joint_with else [])})


def _record_entries(
    row: dict[str, Any], data: SeizureData, record_ids: dict[int, UUID] | None = None
) -> list[record_writing.RecordEntry]:
    record_ids = record_ids or {}
    return [
        record_writing.RecordEntry(
            firearm=item,
            event=data.kind,
            when=data.when,
            document_kind="seizure",
            document_id=row["id"],
            owner=row["owner_state"],
            concerned=row["concerned"],
            visibility=data.visibility,
            handling=data.handling,
            source=data.source,
            record_id=record_ids.get(item.line),
            reason=row["reason"],
            version=row["version"] if item.line in record_ids else 1,
        )
        for item in data.items
    ]


def _seizure_event(action: Action, row: dict[str, Any]) -> AuditEvent:
    data = {"kind": row["kind"], "version": row["version"]}
    return AuditEvent(action, "seizure", row["id"], concerned=row["concerned"], data=data)


DESCRIPTION_FIELDS: Final = (
    "category",
    "serial",
    "type",
    "marking",
    "make",
    "model",
    "calibre",
    "country_of_manufacture",
    "year",
    "importer_mark",
)
"""Fields that a correction replaces; marks added by a reader remain."""


def correct_gun(
    *,
    actor: Actor,
    seizure_id: UUID,
    expected_version: int | None,
    line: int,
    gun: Firearm,
    reason: str,
) -> UUID:
    """Correct the description of one gun; all else stays; raises NotFound, and as `correct`."""
    require(actor, Permission.SEIZURE_RECORD)
    data = _entered_seizure(actor, seizure_id)
    items = {item.line: item for item in data.items}
    if line not in items:
        raise NotFound("line", line)
    items[line] = replace(items[line], **{name: getattr(gun, name) for name in DESCRIPTION_FIELDS})
    data = replace(data, items=tuple(items.values()))
    return correct(
        actor=actor,
        seizure_id=seizure_id,
        expected_version=expected_version,
        data=data,
        reason=reason,
    )


def find_own_seizure(actor: Actor, seizure_id: UUID) -> Seizure:
    """Return an own seizure's current version; raises NotFound."""
    row: Seizure | None = db.session.scalars(
        select_current(Seizure).where(Seizure.id == seizure_id)
    ).first()
    if row is None or row.owner_state != actor.state:
        raise NotFound("seizure", seizure_id)
    return row


def _entered_seizure(actor: Actor, seizure_id: UUID) -> SeizureData:
    """Return an own seizure as entered; raises NotFound."""
    row = find_own_seizure(actor, seizure_id)
    views = records_of_documents([seizure_id])[seizure_id]
    data: SeizureData = from_row(SEIZURES.value, row, items=tuple(map(to_entered_item, views)))
    return data


def to_entered_firearm(view: RecordView) -> Firearm:
    """Return a recorded gun as entered: original words, further marks."""
    row = view.record
    words: dict[str, Any] = {
        "type": row.type_text or row.type,
        "make": row.make_text,
        "calibre": row.calibre_text,
    }
    same: dict[str, Any] = {
        name: getattr(row, name)
        for name in record_writing.FIREARM_FIELDS
        if name in Firearm.__dataclass_fields__ and name not in words
    }
    bare = Firearm(**same, **words)
    implied = {_mark_key(mark) for mark in firearm_marks.with_marks_of_serial(bare).all_marks()}
    marks = tuple(
        mark
        for mark in map(to_mark, view.marks)
        if mark.read_at is not None or _mark_key(mark) not in implied
    )
    return replace(bare, marks=marks)


def to_entered_item(view: RecordView) -> SeizedItem:
    """Return a recorded item of a seizure as entered, with whose it was."""
    return to_seized_item(view.record, to_entered_firearm(view))


def _mark_key(mark: Mark) -> tuple[str, str, str | None]:
    return mark.kind, mark.text, mark.location


def name_joint_seizure(
    *,
    actor: Actor,
    seizure_id: UUID,
    expected_version: int | None,
    state: str,
    number: str,
    reason: str,
) -> UUID:
    """Link an own seizure to another state's, as a correction; raises as `correct`."""
    require(actor, Permission.SEIZURE_RECORD)
    data, joint = _entered_seizure(actor, seizure_id), JointWith(state, number)
    if data.joint_with == joint:
        return seizure_id  # the button was pressed twice
    data = replace(data, joint_with=joint)
    return correct(
        actor=actor,
        seizure_id=seizure_id,
        expected_version=expected_version,
        data=data,
        reason=reason,
    )


def joint_seizure_number(*, actor: Actor, seizure_id: UUID, other_id: UUID) -> str:
    """Return the number of another state's seizure for an own case, audited; raises NotFound."""
    require(actor, Permission.SEIZURE_RECORD)
    case = Purpose("seizure", find_own_seizure(actor, seizure_id).number)
    view = document_queries.read_document(
        actor=actor.for_purpose(case), kind=SEIZURES, document_id=other_id
    )
    return str(view.document.number)
