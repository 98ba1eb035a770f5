"""Marks added to a seized gun; record and seizure get a version, so that older corrections fail."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any
from uuid import UUID

from salsa_ext.access.audit import AuditEvent, append_many, resolve_officer
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import CodeLabel, Invalid, NotFound, message
from salsa_ext.core.occurrence import EventTime, ImportSource
from salsa_ext.database.bulk import insert_many
from salsa_ext.documents import corrections as document_corrections
from salsa_ext.documents.corrections import AFTER_MARK
from salsa_ext.documents.models import Seizure
from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.marks.firearm_marks import coarser_readings
from salsa_ext.firearms.marks.marking_words import find_term, fold_glyphs, marking_of
from salsa_ext.firearms.marks.values import Firearm, Mark, SeizedItem
from salsa_ext.firearms.records import record_writing
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import (
    RecordView,
    copy_firearm,
    records_of_documents,
    to_seized_item,
)
from salsa_ext.firearms.records.validation import bracket_problem
from salsa_ext.matches import search
from salsa_ext.matches.search import ItemMatches

MARK_FIELDS = tuple(field.name for field in fields(Mark))
FRAME_PARTS = frozenset(("frame", "receiver", "upper_receiver", "lower_receiver"))
"""Parts that bear the serial of the gun itself."""
MAX_SERIAL_LENGTH = 64  # characters of a serial, as in a seizure


def add_mark(
    *, actor: Actor, seizure_id: UUID, line: int, mark: Mark, reason: str
) -> list[ItemMatches]:
    """Add a mark to one seizure item; return the item's matches.

    Notifies recipients of the old record and asks again in unsuccessful traces of the gun. Raises
    NotFound, Forbidden for another state's seizure, IllegalTransition for a withdrawn one, Invalid.
    """
    require(actor, Permission.MARK_RECORD)
    old = document_corrections.lock_standing(
        Seizure, "seizure", seizure_id, None, message("Add a mark")
    )
    require(actor, Permission.MARK_RECORD, old.owner_state)
    item = _find_item(seizure_id, line)
    _check_mark(mark, item.record)
    read = replace(
        mark,
        read_by_agency=actor.agency,
        read_by_officer=resolve_officer(actor),
        read_at=actor.now(),
    )
    version = _insert_seizure_version(actor, old, reason)
    gun = to_seized_item(item.record, copy_firearm(item.record, ()))
    firearm = _with_mark(gun, _other_marks(item), read)
    record_writing.write_records([_record_entry(item, firearm, version, reason)], actor.now())
    record_writing.mark_superseded([item.record.id], version)
    append_many(
        actor,
        [
            _mark_event(old, item, read, version),
            *document_corrections.notify_recipients(actor, [item.record.id], version),
        ],
    )
    item = _find_item(seizure_id, line)
    for follow in AFTER_MARK:
        follow(actor, item)
    return search.find_matches(
        actor=actor, document_id=seizure_id, items=[item], permission=Permission.MARK_RECORD
    )


def with_mark_readers(
    items: Sequence[SeizedItem], current: Mapping[int, RecordView]
) -> tuple[SeizedItem, ...]:
    """Return corrected items; unchanged marks retain their readers."""
    return tuple(
        replace(item, marks=_restore_readers(item.marks, current[item.line]))
        if item.line in current
        else item
        for item in items
    )


def _restore_readers(marks_given: Sequence[Mark], current: RecordView) -> tuple[Mark, ...]:
    known = {
        replace(mark, read_by_agency=None, read_by_officer=None, read_at=None): mark
        for mark in map(to_mark, current.marks)
    }
    return tuple(known.get(mark, mark) for mark in marks_given)


def _find_item(seizure_id: UUID, line: int) -> RecordView:
    views = [
        view for view in records_of_documents([seizure_id])[seizure_id] if view.record.line == line
    ]
    if not views:
        raise NotFound("line", line)
    return views[0]


def _check_mark(mark: Mark, record: Record) -> None:
    """Raise Invalid if the mark cannot be added."""
    if marking := marking_of(mark.text):
        raise Invalid(
            {
                "text": [
                    message(
                        "“{words}” says that the mark is {marking}, and is no mark; correct the"
                        " seizure to say so.",
                        words=mark.text,
                        marking=CodeLabel("marking", marking),
                    )
                ]
            }
        )
    if wrong := bracket_problem(mark.text):
        raise Invalid({"text": [wrong]})
    if len(mark.text) > MAX_SERIAL_LENGTH and _becomes_serial(record, mark):
        raise Invalid(
            {
                "text": [
                    message(
                        "A serial has at most {count} characters: give the one that was read, and"
                        " each other mark by itself.",
                        count=MAX_SERIAL_LENGTH,
                    )
                ]
            }
        )
    if record.quantity != 1:
        raise Invalid(
            {
                "line": [
                    message(
                        "Line {line} is more than one piece; correct the seizure so that each has"
                        " a line of its own.",
                        line=record.line,
                    )
                ]
            }
        )


def _with_mark(firearm: Firearm, other_marks: tuple[Mark, ...], mark: Mark) -> Firearm:
    """Return the gun with the mark.

    A restored serial of the frame, or of no named part, becomes the gun's serial; so does any
    manufacture mark of a gun without a legible one. The previous serial stays among the marks,
    unless the new one reads the same in full.
    """
    if not _becomes_serial(firearm, mark):
        return replace(firearm, marks=(*other_marks, mark))
    is_restored = mark.condition == "restored"
    marking = "restored" if is_restored else mark.condition or firearm.marking
    before = _previous_serial(firearm, other_marks, mark)
    return replace(firearm, serial=mark.text, marking=marking, marks=(mark, *before, *other_marks))


def _becomes_serial(firearm: Any, mark: Mark) -> bool:
    """Return whether a mark becomes the gun's serial. Barrels and slides are exchanged, frames are not."""
    if mark.kind != "manufacture" or keys.storage_key(mark.text) is None:
        return False
    part = find_term(fold_glyphs(mark.location)) if mark.location else None
    is_of_frame = part is None or part.kind != "part" or part.code in FRAME_PARTS
    return not _has_legible_serial(firearm) or (mark.condition == "restored" and is_of_frame)


def _has_legible_serial(firearm: Any) -> bool:
    return firearm.serial is not None and keys.storage_key(firearm.serial) is not None


def _previous_serial(
    firearm: Firearm, other_marks: tuple[Mark, ...], mark: Mark
) -> tuple[Mark, ...]:
    """Return the replaced serial if it is not among the marks."""
    serial = firearm.serial or ""
    known = {
        known_mark.text for known_mark in (*other_marks, mark) if known_mark.kind == "manufacture"
    }
    if not _has_legible_serial(firearm) or serial in known | coarser_readings((serial, mark.text)):
        return ()
    condition = None if firearm.marking == "unknown" else firearm.marking
    return (Mark("manufacture", serial, condition=condition),)


def _other_marks(item: RecordView) -> tuple[Mark, ...]:
    """Return the marks other than serial and importer's mark. Those two are derived again from the record."""
    record = item.record
    indexed = (Mark("manufacture", record.serial or ""), Mark("import", record.importer_mark or ""))
    return tuple(mark for mark in map(to_mark, item.marks) if mark not in indexed)


def to_mark(row: Any) -> Mark:
    """Return a stored mark as a value, with its reader."""
    return Mark(**{name: getattr(row, name) for name in MARK_FIELDS})


def _insert_seizure_version(actor: Actor, old: Seizure, reason: str) -> int:
    """Insert a copy of the seizure as new version; return its number."""
    row = {
        column.key: getattr(old, column.key)
        for column in Seizure.__table__.columns
        if column.computed is None
    }
    row |= {"version": old.version + 1, "recorded_at": actor.now(), "reason": reason}
    insert_many(Seizure, [row])
    return old.version + 1


def _record_entry(
    item: RecordView, firearm: Firearm, version: int, reason: str
) -> record_writing.RecordEntry:
    record = item.record
    return record_writing.RecordEntry(
        firearm=firearm,
        event=record.event,
        when=EventTime(record.occurred_on, record.occurred_at, record.time_zone),
        document_kind=record.document_kind,
        document_id=record.document_id,
        owner=record.owner_state,
        concerned=record.concerned,
        visibility=item.setting.visibility if item.setting else None,
        source=ImportSource(record.import_id, record.import_row or 0) if record.import_id else None,
        record_id=record.id,
        version=version,
        reason=reason,
    )


def _mark_event(seizure: Seizure, item: RecordView, mark: Mark, version: int) -> AuditEvent:
    audit_data = {
        "line": item.record.line,
        "kind": mark.kind,
        "method": mark.method,
        "version": version,
    }
    return AuditEvent(
        Action.MARK_ADDED, "seizure", seizure.id, concerned=seizure.concerned, data=audit_data
    )
