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
from salsa_ext.models import Record, Seizure
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.records import RecordView, of_documents
from salsa_ext.services import corrections, matches, records, traces
from salsa_ext.services.arrivals import as_firearm
from salsa_ext.services.matches import ItemMatches
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor
from salsa_ext.values.events import Source, When
from salsa_ext.values.firearms import Firearm, Mark

FIELDS = tuple(field.name for field in fields(Mark))
STAMPED = ("altered", "intact")
"""Markings of a serial that can be seen on the gun, whatever the laboratory finds beneath it."""


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
                        *corrections.told([item.record.id], version)])  # fmt: skip
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
        for mark in map(_as_value, standing.marks)
    }
    return tuple(known.get(mark, mark) for mark in given)


def _item(seizure_id: UUID, line: int) -> RecordView:
    found = [view for view in of_documents([seizure_id])[seizure_id] if view.record.line == line]
    if not found:
        raise NotFound("line", line)
    return found[0]


def _check(mark: Mark, record: Record) -> None:
    """Raise Invalid for words in the place of a mark, and for goods that are more than one piece."""
    if said := marking_of(mark.text):
        raise Invalid({"text": [say("“{words}” says that the mark is {marking}, and is no mark; correct the"
                                    " seizure to say so.", words=mark.text,
                                    marking=Coded("marking", said))]})  # fmt: skip
    if record.quantity != 1:
        raise Invalid({"line": [say("Line {line} is more than one piece; correct the seizure so that each has"
                                    " a line of its own.", line=record.line)]})  # fmt: skip


def _marked(firearm: Firearm, borne: tuple[Mark, ...], mark: Mark) -> Firearm:
    """Return the gun with the mark.

    A restored serial becomes the serial of the gun, and so does any mark of manufacture where none
    can be read. What was stamped over it is on the gun still, and stays among its marks.
    """
    legible = firearm.serial is not None and marks.kept_key(firearm.serial) is not None
    is_serial = mark.kind == "manufacture" and marks.kept_key(mark.text) is not None
    is_restored = mark.condition == "restored"
    if not is_serial or (legible and not is_restored):
        return replace(firearm, marks=(*borne, mark))
    stamped = Mark("manufacture", firearm.serial or "", condition=firearm.marking)
    before = (stamped,) if legible and firearm.marking in STAMPED else ()
    marking = "restored" if is_restored else mark.condition or firearm.marking
    return replace(firearm, serial=mark.text, marking=marking, marks=(mark, *before, *borne))


def _borne(item: RecordView) -> tuple[Mark, ...]:
    """Return the marks but for those that the serial and the importer's mark make anew."""
    record = item.record
    anew = (Mark("manufacture", record.serial or ""), Mark("import", record.importer_mark or ""))
    return tuple(mark for mark in map(_as_value, item.marks) if mark not in anew)


def _as_value(row: Any) -> Mark:
    return Mark(**{name: getattr(row, name) for name in FIELDS})


def _add_version(actor: Actor, old: Seizure, reason: str) -> int:
    """Write the seizure anew as it stood; returns its new version."""
    row = {column.key: getattr(old, column.key) for column in Seizure.__table__.columns}
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
