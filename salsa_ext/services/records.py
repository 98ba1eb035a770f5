"""Records of guns with their marks and keys: the bulk core of every command that makes some."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from salsa_ext.db import db, insert_together
from salsa_ext.matching import marks
from salsa_ext.matching.events import ALERT, LAWFUL
from salsa_ext.matching.names import fold
from salsa_ext.matching.refined import coarser
from salsa_ext.models import Mark as MarkRow
from salsa_ext.models import MarkKey, MatchWait, Record, RecordSetting
from salsa_ext.models.records import Described
from salsa_ext.readmodels import frequencies, names
from salsa_ext.readmodels.records import RecordView
from salsa_ext.services import forms, match_waits, readings, rollups
from salsa_ext.values.events import Source, When
from salsa_ext.values.firearms import Firearm, Mark
from salsa_ext.values.ids import new_id
from salsa_ext.values.manifests import chunks


@dataclass(frozen=True)
class Entry:
    """A record to be written: the gun, what happened to it, and the document that says so.

    A correction repeats `record_id` with the next `version` and gives its `reason`. One that
    `is_void` says that it did not happen after all, and no search finds it; one that `is_back` was
    void before.
    """

    firearm: Firearm
    event: str
    when: When
    document_kind: str
    document_id: UUID
    owner: str
    concerned: Sequence[str]
    giver_id: UUID | None = None
    receiver_id: UUID | None = None
    counterpart_state: str | None = None
    linked: tuple[str, UUID] | None = None
    visibility: str | None = None
    handling: str | None = None
    source: Source | None = None
    record_id: UUID | None = None
    version: int = 1
    reason: str | None = None
    is_void: bool = False
    is_back: bool = False


def write(
    entries: Iterable[Entry], now: datetime, counted: Mapping[rollups.Cell, int] | None = None
) -> None:  # fmt: skip
    """Write records, marks, keys and settings, so many at a time that few are held at once.

    `counted` is what else their documents count in.
    """
    written: Counter[rollups.Cell] = Counter(counted)
    for some in chunks(entries):
        pairs = [(entry, _record(entry, now)) for entry in some]
        _write(pairs)
        for entry, row in pairs:
            if (entry.version == 1 or entry.is_back) and entry.visibility != "silent":
                written.update(_told(entry.owner, row, now))
    rollups.add(written)


def supersede(record_ids: Sequence[UUID], version: int) -> None:
    """Mark the keys of versions before `version`, so that a search says it hit an old mark."""
    old = _keys_of(record_ids) & (MarkKey.record_version < version)
    db.session.execute(update(MarkKey).where(old).values(is_superseded=True))


def void(views: Iterable[Sequence[RecordView]]) -> None:
    """Let no search find the marks of records of what did not happen after all, such as an export.

    They come so many at a time. They stay as they were told, and are read in their document; they
    leave the coverage.
    """
    cells: Counter[rollups.Cell] = Counter()
    for some in views:
        keys = update(MarkKey).where(_keys_of([view.record.id for view in some]))
        db.session.execute(keys.values(is_void=True))
        for view in some:
            if view.setting is None or view.setting.visibility != "silent":
                cells.subtract(_told_by(view))
    rollups.add(cells)


def restore(record_ids: Sequence[UUID]) -> None:
    """Let searches find the marks that `void` hid, of records that are written `is_back`.

    Those of old versions lead to the version that stands; `write` counts it in the coverage.
    """
    hidden = _keys_of(record_ids) & MarkKey.is_void
    db.session.execute(update(MarkKey).where(hidden).values(is_void=False))


def settle(
    views: Sequence[RecordView], visibility: str, handling: str, concerned: Sequence[str]
) -> None:
    """Change what the owner decided about records: settings, keys, and the coverage they count in.

    The states that the records now concern see the settings too.
    """
    ids = [view.record.id for view in views]
    cells: Counter[rollups.Cell] = Counter()
    for view in views:
        was = view.setting.visibility if view.setting else visibility
        change = (visibility != "silent") - (was != "silent")
        cells.update(dict.fromkeys(_told_by(view), change))
    rollups.add(cells)
    settings = update(RecordSetting).where(RecordSetting.record_id.in_(ids))
    said = {"visibility": visibility, "handling": handling, "concerned": list(concerned)}
    db.session.execute(settings.values(said))
    keys = update(MarkKey).where(_keys_of(ids))
    db.session.execute(keys.values(visibility=visibility))


def _keys_of(record_ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Name the keys of all versions of records by their marks: keys are spread by key alone."""
    texts = select(MarkRow.text).where(MarkRow.record_id.in_(record_ids)).distinct()
    keys = filter(None, map(marks.kept_key, db.session.scalars(texts)))
    return MarkKey.key.in_([key.value for key in keys]) & MarkKey.record_id.in_(record_ids)


FIELDS = tuple(name for name in Described.__annotations__)


def describe(firearm: Firearm) -> dict[str, Any]:
    """Return the columns of the firearm fields, with codes beside the raw text."""
    gun_type = names.resolve("type", firearm.type)
    return {
        "line": firearm.line,
        "category": firearm.category,
        "type": gun_type, "type_text": firearm.type,
        "make": names.resolve("make", firearm.make), "make_text": firearm.make,
        "model": firearm.model,
        "calibre": names.resolve("calibre", firearm.calibre), "calibre_text": firearm.calibre,
        "country_of_manufacture": firearm.country_of_manufacture,
        "year": firearm.year,
        "origin_kind": readings.origin_kind(firearm),
        "serial": firearm.serial,
        "marking": readings.marking(firearm),
        "importer_mark": firearm.importer_mark,
        "part_kind": firearm.part_kind,
        "quantity": firearm.quantity, "unit": firearm.unit,
        "lot": firearm.lot, "headstamp": firearm.headstamp,
        "hs_code": firearm.hs_code,
        "antique": firearm.antique,
    }  # fmt: skip


def subject(firearm: Firearm) -> str:
    """Return what figures count a gun as: its type's code, or `unknown`."""
    return names.resolve("type", firearm.type) or "unknown"


def _record(entry: Entry, now: datetime) -> dict[str, Any]:
    linked_state, linked_record = entry.linked or (None, None)
    return {
        "id": entry.record_id or new_id(), "version": entry.version,
        "owner_state": entry.owner, "concerned": list(entry.concerned),
        "event": entry.event,
        "document_kind": entry.document_kind, "document_id": entry.document_id,
        "giver_id": entry.giver_id, "receiver_id": entry.receiver_id,
        "counterpart_state": entry.counterpart_state,
        "linked_state": linked_state, "linked_record": linked_record,
        "import_id": entry.source.import_id if entry.source else None,
        "import_row": entry.source.row if entry.source else None,
        "recorded_at": now, "reason": entry.reason,
    } | vars(entry.when) | describe(entry.firearm)  # fmt: skip


def _setting(entry: Entry, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "record_id": row["id"], "owner_state": entry.owner, "concerned": row["concerned"],
        "visibility": entry.visibility or "open", "handling": entry.handling or "H1",
    }  # fmt: skip


def _write(pairs: Sequence[tuple[Entry, dict[str, Any]]]) -> None:
    first = [_setting(entry, row) for entry, row in pairs if entry.version == 1]
    written: list[dict[str, Any]] = []
    waiting: dict[tuple[str, bool], dict[UUID, None]] = {}
    keys: dict[str, list[dict[str, Any]]] = {"manufacture": [], "other": []}
    for entry, row in pairs:
        borne = list(readings.borne(entry.firearm))
        left_out = coarser(mark.text for mark in borne if mark.kind == "manufacture")
        for mark in borne:
            mark_row = _mark(mark, row)
            written.append(mark_row)
            if mark.kind in marks.IDENTIFYING and (key := _key_of(mark, left_out)):
                kind = mark.kind if mark.kind in keys else "other"
                keys[kind].append(_key(key, mark_row["id"], entry, row))
                if entry.version == 1:
                    kind_of = entry.owner, entry.event not in LAWFUL
                    waiting.setdefault(kind_of, {})[row["id"]] = None
    insert_together({Record: [row for _, row in pairs], RecordSetting: first, MarkRow: written})
    forms.write(keys["manufacture"])
    waits = [wait for (owner, is_of_crime), ids in waiting.items()
             for wait in match_waits.rows(owner, ids, is_of_crime=is_of_crime)]  # fmt: skip
    insert_together({MarkKey: [*keys["manufacture"], *keys["other"]], MatchWait: waits})


def _key_of(mark: Mark, left_out: Collection[str]) -> marks.Key | None:
    """Return what a mark is found by; None for a reading of which the gun has a finer one."""
    is_coarser = mark.kind == "manufacture" and mark.text in left_out
    return None if is_coarser else marks.kept_key(mark.text)


def _mark(mark: Mark, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "record_id": row["id"], "id": new_id(), "record_version": row["version"],
        "owner_state": row["owner_state"], "concerned": row["concerned"],
    } | vars(mark)  # fmt: skip


def _key(key: marks.Key, mark_id: UUID, entry: Entry, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": key.value, "mark_id": mark_id,
        "record_id": row["id"], "record_version": row["version"],
        "state": entry.owner, "serial_norm": key.norm, "skeleton": key.skeleton,
        "event": entry.event, "occurred_on": row["occurred_on"],
        "make": row["make"], "calibre": row["calibre"], "type": row["type"],
        "country": row["country_of_manufacture"], "year": row["year"],
        "visibility": entry.visibility or "open", "is_superseded": False, "is_void": entry.is_void,
        "model": fold("model", row["model"]) or None if row["model"] else None,
    }  # fmt: skip


def _told_by(view: RecordView) -> Iterator[rollups.Cell]:
    return _told(view.record.owner_state, vars(view.record), view.record.recorded_at)


def _told(owner: str, said: Mapping[str, Any], recorded_at: datetime) -> Iterator[rollups.Cell]:
    """Return what a record counts in: the coverage, and how common its make, calibre and so on are.

    `silent` records are left out of both, or the count would give them away; so are alerts, which
    tell nothing of a gun's life.
    """
    if said["event"] == ALERT:
        return
    yield rollups.Cell("coverage", owner, "", recorded_at.date())
    for field, column in DESCRIBED.items():
        if value := said[column]:
            subject = frequencies.subject(field, value)
            yield rollups.Cell(frequencies.DATASET, owner, subject, recorded_at.date())


DESCRIBED = {"make": "make", "calibre": "calibre", "type": "type",
             "country": "country_of_manufacture"}  # fmt: skip
