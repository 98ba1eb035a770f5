"""The records of a receipt that was corrected, beside what it says now.

Records are only added to: one that is told otherwise gets a version, one of a gun that did not come
after all a version without its link to the export, whose marks no search finds. States that
received an old value are told. Whatever stays as it was told is left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import append_many
from salsa_ext.db import db
from salsa_ext.models import Receipt, Record, RecordSetting
from salsa_ext.readmodels.records import by_id, described
from salsa_ext.readmodels.versions import current
from salsa_ext.services import arrivals, corrections, match_waits, records, retellings
from salsa_ext.services.arrivals import Arrival
from salsa_ext.values.actor import Actor
from salsa_ext.values.manifests import chunks

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """A record to be written anew, or for the first time; `is_gone` says that the gun did not come."""

    entry: records.Entry
    is_gone: bool = False


def rerecord(actor: Actor, found: Arrival, row: Row, old: Receipt) -> None:
    """Let the records of a receipt say what its new `row` does; the `old` version still stands."""
    before = {column.key: getattr(old, column.key) for column in Receipt.__table__.columns}
    read = found.read
    for guns in chunks(described(found.shipment.id)):
        held = _held(old.id, [gun.id for gun, _ in guns])
        changes = []
        for gun, marks in guns:
            if some := [*_change(found, row, before, held.get(gun.id), gun, marks, read)]:
                changes += some
                retellings.note(gun.owner_state, [gun.id])  # whose export came, or did not
        _write(actor, changes)


def _held(receipt_id: UUID, guns: Sequence[UUID]) -> dict[UUID, Any]:
    """Return the records of a receipt as they stand, by the gun that was shipped.

    One that was withdrawn has lost its link, and is found by an earlier version.
    """
    linked = select(Record.id, Record.linked_record).where(
        Record.document_id == receipt_id, Record.linked_record.in_(guns)
    )
    shipped: dict[UUID, UUID] = {row.id: row.linked_record for row in db.session.execute(linked)}
    standing = current(Record).where(Record.id.in_(list(shipped)))
    settings = standing.outerjoin(RecordSetting, RecordSetting.record_id == Record.id)
    few = settings.with_only_columns(
        Record.id, Record.version, Record.serial, Record.occurred_on, Record.linked_record,
        RecordSetting.visibility,
    )  # fmt: skip
    return {shipped[row.id]: row for row in db.session.execute(few)}


def _change(
    found: Arrival, row: Row, before: Row, held: Any, gun: Any, marks: Sequence[Any],
    read: Mapping[UUID, str],
) -> Iterator[Change]:  # fmt: skip
    """Yield what is to be written of one gun, if anything."""
    serial = read.get(gun.id)
    stands = held is not None and held.linked_record is not None
    if gun.id in found.absent:
        if stands:
            entry = arrivals.entry(found.shipment, before, gun, marks, held.serial)
            yield Change(replace(_anew(entry, held, row), linked=None, is_void=True), is_gone=True)
        return
    entry = arrivals.entry(found.shipment, row, gun, marks, serial)
    if held is None:
        yield Change(entry)
    elif not (stands and _is_same(held, entry) and row["import_mark"] == before["import_mark"]):
        yield Change(replace(_anew(entry, held, row), is_back=not stands))


def _is_same(held: Any, entry: records.Entry) -> bool:
    said = (entry.firearm.serial, entry.when.occurred_on)
    return (held.serial, held.occurred_on) == said


def _anew(entry: records.Entry, held: Any, row: Row) -> records.Entry:
    return replace(entry, record_id=held.id, version=held.version + 1,
                   visibility=held.visibility, reason=row["reason"])  # fmt: skip


def _write(actor: Actor, changes: Sequence[Change]) -> None:
    entries = [change.entry for change in changes]
    gone = [change.entry.record_id for change in changes if change.is_gone]
    if gone:
        records.void([by_id(filter(None, gone))])
    records.write(entries, actor.now())
    if back := [entry.record_id for entry in entries if entry.record_id and entry.is_back]:
        records.restore(back)
    by_version: dict[tuple[int, bool], list[UUID]] = defaultdict(list)
    for change in changes:
        if record_id := change.entry.record_id:
            by_version[change.entry.version, change.is_gone].append(record_id)
    for (version, is_gone), ids in sorted(by_version.items()):
        records.supersede(ids, version)
        append_many(actor, corrections.told(actor, ids, version, is_gone=is_gone))
        retellings.note(actor.own_state(), ids)
        match_waits.add(actor.own_state(), ids)  # what they match, and which alerts they met
