"""Marks that are added to a seized gun: by a laboratory that restored them, or by a second look.

The gun gets a new version of its record with the mark, and its seizure one with it: a correction
that was begun before sees that it is stale, and would else take the mark away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any
from uuid import UUID

from salsa_ext.audit import Act, Action, append_many, officer_id
from salsa_ext.db import insert_many
from salsa_ext.errors import Coded, Invalid, NotFound, say
from salsa_ext.matching import marks
from salsa_ext.matching.prose import marking_of
from salsa_ext.matching.refined import coarser
from salsa_ext.matching.wording import plain, term_of
from salsa_ext.models import Record, Seizure
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.records import RecordView, of_documents
from salsa_ext.services import corrections, matches, records, retellings, traces
from salsa_ext.services.arrivals import as_firearm
from salsa_ext.services.fields import wrong_bracket
from salsa_ext.services.matches import ItemMatches
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor
from salsa_ext.values.events import Source, When
from salsa_ext.values.firearms import Firearm, Mark

FIELDS = tuple(field.name for field in fields(Mark))
FRAME = frozenset(("frame", "receiver", "upper_receiver", "lower_receiver"))
"""Parts that bear the serial of the gun itself."""
LONGEST = 64  # characters of a serial, as in a seizure


def add(
    *, actor: Actor, vault: Vault, seizure_id: UUID, line: int, mark: Mark, reason: str
) -> list[ItemMatches]:
    """Add a mark to one item of a seizure; returns what the item now matches.

    States that received the item before are told, and traces of the gun that did not succeed are
    asked again. Raises NotFound, Forbidden for another state's seizure, and Invalid.
    """
    require(actor, Permission.MARK_RECORD)
    old = corrections.take(Seizure, "seizure", seizure_id, None)
    require(actor, Permission.MARK_RECORD, old.owner_state)
    item = _item(seizure_id, line)
    _check(mark, item.record)
    read = replace(mark, read_by_agency=actor.agency, read_by_officer=officer_id(actor),
                   read_at=actor.now())  # fmt: skip
    version = _add_version(actor, old, reason)
    firearm = _marked(as_firearm(item.record, ()), _borne(item), read)
    records.write([_entry(item, firearm, version, reason)], actor.now())
    records.supersede([item.record.id], version)
    append_many(actor, [_act(old, item, read, version),
                        *corrections.told(actor, [item.record.id], version)])  # fmt: skip
    retellings.note(actor.own_state(), [item.record.id])
    item = _item(seizure_id, line)
    traces.reopen(actor=actor, vault=vault, item=item)
    return matches.find(actor=actor, document_id=seizure_id, items=[item],
                        permission=Permission.MARK_RECORD)  # fmt: skip


def with_readers(
    items: Sequence[Firearm], standing: Mapping[int, RecordView]
) -> tuple[Firearm, ...]:
    """Return items as a correction gives them, in which marks that stand keep who read them."""
    return tuple(
        replace(item, marks=_with_readers(item.marks, standing[item.line]))
        if item.line in standing else item
        for item in items
    )  # fmt: skip


def _with_readers(given: Sequence[Mark], standing: RecordView) -> tuple[Mark, ...]:
    known = {
        replace(mark, read_by_agency=None, read_by_officer=None, read_at=None): mark
        for mark in map(as_value, standing.marks)
    }
    return tuple(known.get(mark, mark) for mark in given)


def _item(seizure_id: UUID, line: int) -> RecordView:
    found = [view for view in of_documents([seizure_id])[seizure_id] if view.record.line == line]
    if not found:
        raise NotFound("line", line)
    return found[0]


def _check(mark: Mark, record: Record) -> None:
    """Raise Invalid for words in the place of a mark, a serial that is too long, and several pieces."""
    if said := marking_of(mark.text):
        raise Invalid({"text": [say("“{words}” says that the mark is {marking}, and is no mark; correct the"
                                    " seizure to say so.", words=mark.text,
                                    marking=Coded("marking", said))]})  # fmt: skip
    if wrong := wrong_bracket(mark.text):
        raise Invalid({"text": [wrong]})
    if len(mark.text) > LONGEST and _is_serial(record, mark):
        raise Invalid({"text": [say("A serial has at most {count} characters: give the one that was read, and"
                                    " each other mark by itself.", count=LONGEST)]})  # fmt: skip
    if record.quantity != 1:
        raise Invalid({"line": [say("Line {line} is more than one piece; correct the seizure so that each has"
                                    " a line of its own.", line=record.line)]})  # fmt: skip


def _marked(firearm: Firearm, borne: tuple[Mark, ...], mark: Mark) -> Firearm:
    """Return the gun with the mark.

    A restored serial of the frame, or of no part that is named, becomes the serial of the gun, and so
    does any mark of manufacture where none can be read. The serial that could be read before was on
    the gun, and stays among its marks, unless the new one reads the same in full.
    """
    if not _is_serial(firearm, mark):
        return replace(firearm, marks=(*borne, mark))
    is_restored = mark.condition == "restored"
    marking = "restored" if is_restored else mark.condition or firearm.marking
    before = _before(firearm, borne, mark)
    return replace(firearm, serial=mark.text, marking=marking, marks=(mark, *before, *borne))


def _is_serial(firearm: Any, mark: Mark) -> bool:
    """Tell whether a mark becomes the serial of a gun; barrels and slides are changed, frames are not."""
    if mark.kind != "manufacture" or marks.kept_key(mark.text) is None:
        return False
    part = term_of(plain(mark.location)) if mark.location else None
    is_of_frame = part is None or part.kind != "part" or part.code in FRAME
    return not _is_legible(firearm) or (mark.condition == "restored" and is_of_frame)


def _is_legible(firearm: Any) -> bool:
    return firearm.serial is not None and marks.kept_key(firearm.serial) is not None


def _before(firearm: Firearm, borne: tuple[Mark, ...], mark: Mark) -> tuple[Mark, ...]:
    """Return the serial that the mark takes the place of, where it stands among the marks no more."""
    serial = firearm.serial or ""
    known = {one.text for one in (*borne, mark) if one.kind == "manufacture"}
    if not _is_legible(firearm) or serial in known | coarser((serial, mark.text)):
        return ()
    condition = None if firearm.marking == "unknown" else firearm.marking
    return (Mark("manufacture", serial, condition=condition),)


def _borne(item: RecordView) -> tuple[Mark, ...]:
    """Return the marks but for those that the serial and the importer's mark make anew."""
    record = item.record
    anew = (Mark("manufacture", record.serial or ""), Mark("import", record.importer_mark or ""))
    return tuple(mark for mark in map(as_value, item.marks) if mark not in anew)


def as_value(row: Any) -> Mark:
    """Return a mark as it is recorded, with who read it."""
    return Mark(**{name: getattr(row, name) for name in FIELDS})


def _add_version(actor: Actor, old: Seizure, reason: str) -> int:
    """Write the seizure anew as it stood; returns its new version."""
    row = {
        column.key: getattr(old, column.key)
        for column in Seizure.__table__.columns
        if column.computed is None
    }
    row |= {"version": old.version + 1, "recorded_at": actor.now(), "reason": reason}
    insert_many(Seizure, [row])
    return old.version + 1


def _entry(item: RecordView, firearm: Firearm, version: int, reason: str) -> records.Entry:
    record = item.record
    return records.Entry(
        firearm=firearm, event=record.event,
        when=When(record.occurred_on, record.occurred_at, record.time_zone),
        document_kind=record.document_kind, document_id=record.document_id,
        owner=record.owner_state, concerned=record.concerned,
        visibility=item.setting.visibility if item.setting else None,
        source=Source(record.import_id, record.import_row or 0) if record.import_id else None,
        record_id=record.id, version=version, reason=reason,
    )  # fmt: skip


def _act(seizure: Seizure, item: RecordView, mark: Mark, version: int) -> Act:
    said = {"line": item.record.line, "kind": mark.kind, "method": mark.method, "version": version}
    return Act(Action.MARK_ADDED, "seizure", seizure.id, concerned=seizure.concerned, data=said)
