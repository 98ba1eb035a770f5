"""Write records with their marks, search keys, settings and parties, in bulk."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap
from operator import attrgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from salsa_ext.core.batches import chunks
from salsa_ext.core.ids import new_id, new_ids
from salsa_ext.core.occurrence import EventTime, ImportSource
from salsa_ext.core.rows import to_row
from salsa_ext.database.bulk import array_text, copy_columns, insert_into_tables, insert_many
from salsa_ext.database.session import db, execute_raw
from salsa_ext.firearms.marks import firearm_marks, variants
from salsa_ext.firearms.marks import keys as mark_keys
from salsa_ext.firearms.marks.firearm_marks import coarser_readings, maker_on
from salsa_ext.firearms.marks.values import NO_OWNER, Firearm
from salsa_ext.firearms.records.event_kinds import FIELD_EVENTS, search_event
from salsa_ext.firearms.records.models import (
    FirearmColumns,
    MarkKey,
    MarkVariant,
    Record,
    RecordSetting,
)
from salsa_ext.firearms.records.models import Mark as MarkRow
from salsa_ext.firearms.records.models import Party as PartyRow
from salsa_ext.firearms.records.parties import Party
from salsa_ext.reference import names
from salsa_ext.reference.name_matching import fold_name


@dataclass
class RecordEntry:
    """A record to write: gun, event, and document.

    A correction repeats `record_id` with the next `version` and a `reason`. `is_void`: it did not
    happen after all, no search finds it; `is_back`: it was void before. `is_bulk`: a lot of
    goods in bulk.
    """

    firearm: Firearm
    event: str
    when: EventTime
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
    source: ImportSource | None = None
    record_id: UUID | None = None
    version: int = 1
    reason: str | None = None
    is_void: bool = False
    is_back: bool = False
    is_bulk: bool = False


def write_records(entries: Iterable[RecordEntry], now: datetime) -> None:
    """Write records, marks, keys and settings, in chunks."""
    for some in chunks(entries):
        ids = new_ids(len(some))
        _insert_records(
            [(entry, _record_row(entry, i, now)) for entry, i in zip(some, ids, strict=True)]
        )


def mark_superseded(record_ids: Sequence[UUID], version: int) -> None:
    """Mark the search keys of versions before `version` as superseded."""
    old = _all_keys_of(record_ids) & (MarkKey.record_version < version)
    db.session.execute(update(MarkKey).where(old).values(is_superseded=True))


def void_records(record_ids: Sequence[UUID]) -> None:
    """Hide records of events that did not happen from searches and figures."""
    _set_void(record_ids, is_void=True)


def restore_records(record_ids: Sequence[UUID]) -> None:
    """Make voided records searchable again, and count them; for those written with `is_back`."""
    _set_void(record_ids, is_void=False)


def _set_void(record_ids: Sequence[UUID], *, is_void: bool) -> None:
    settings = update(RecordSetting).where(RecordSetting.record_id.in_(record_ids))
    db.session.execute(settings.values(is_void=is_void))
    keys = update(MarkKey).where(_all_keys_of(record_ids))
    db.session.execute(keys.values(is_void=is_void))


def update_settings(
    record_ids: Sequence[UUID], visibility: str, handling: str, concerned: Sequence[str]
) -> None:
    """Update visibility and handling of records and keys, for the `concerned` states."""
    settings = update(RecordSetting).where(RecordSetting.record_id.in_(record_ids))
    values = {"visibility": visibility, "handling": handling, "concerned": list(concerned)}
    db.session.execute(settings.values(values))
    keys = update(MarkKey).where(_all_keys_of(record_ids))
    db.session.execute(keys.values(visibility=visibility))


def _all_keys_of(record_ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Select the search keys of all versions by their marks. The table is partitioned by key alone."""
    marks = select(MarkRow.kind, MarkRow.text).where(MarkRow.record_id.in_(record_ids)).distinct()
    keys = filter(None, starmap(mark_keys.mark_key, db.session.execute(marks)))
    return MarkKey.key.in_([key.value for key in keys]) & MarkKey.record_id.in_(record_ids)


FIREARM_FIELDS = tuple(name for name in FirearmColumns.__annotations__)
GIVEN_OF_FIREARM: Final = tuple(
    "line category model country_of_manufacture year serial importer_mark part_kind quantity unit"
    " lot headstamp hs_code antique".split()
)
GIVEN_OF_ENTRY: Final = tuple(
    "version event document_kind document_id giver_id receiver_id counterpart_state reason is_void"
    " is_bulk".split()
)
"""Columns that are as their firearm or entry has them."""
_READ_FIREARM: Final = attrgetter(*GIVEN_OF_FIREARM)
_READ_ENTRY: Final = attrgetter(*GIVEN_OF_ENTRY)


def firearm_columns(firearm: Firearm) -> dict[str, Any]:
    """Return the firearm columns: codes and raw texts."""
    type_code = names.resolve("type", firearm.type)
    return dict(zip(GIVEN_OF_FIREARM, _READ_FIREARM(firearm), strict=True)) | {
        "type": type_code,
        "type_text": firearm.type,
        "make": names.resolve("make", firearm.make),
        "make_text": firearm.make,
        "calibre": names.resolve("calibre", firearm.calibre, type_code),
        "calibre_text": firearm.calibre,
        "origin_kind": firearm_marks.origin_of_firearm(firearm),
        "marking": firearm_marks.marking_of_firearm(firearm),
    }


def _record_row(entry: RecordEntry, new: UUID, now: datetime) -> dict[str, Any]:
    linked_state, linked_record = entry.linked or (None, None)
    return dict(zip(GIVEN_OF_ENTRY, _READ_ENTRY(entry), strict=True)) | {
        "id": entry.record_id or new,
        "owner_state": entry.owner,
        "concerned": list(entry.concerned),
        "linked_state": linked_state,
        "linked_record": linked_record,
        "import_id": entry.source.import_id if entry.source else None,
        "import_row": entry.source.row if entry.source else None,
        "recorded_at": now,
        **to_row(entry.when),
        **{name: getattr(entry.firearm, name, default) for name, default in NO_OWNER.items()},
        **firearm_columns(entry.firearm),
    }


def _insert_records(pairs: Sequence[tuple[RecordEntry, dict[str, Any]]]) -> None:
    settings: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    serial_keys: list[dict[str, Any]] = []
    other_keys: list[dict[str, Any]] = []
    ids = iter(new_ids(len(pairs)))
    for entry, row in pairs:
        if entry.version == 1:
            settings.append(
                {
                    "record_id": row["id"],
                    "owner_state": entry.owner,
                    "concerned": row["concerned"],
                    "visibility": entry.visibility or "open",
                    "handling": entry.handling or "H1",
                }
            )
        stamped = firearm_marks.stamped_marks(entry.firearm)
        coarser = coarser_readings(mark.text for mark in stamped if mark.kind == "manufacture")
        for mark in stamped:
            mark_row = {
                "record_id": row["id"],
                "id": next(ids, None) or new_id(),
                "record_version": row["version"],
                "owner_state": row["owner_state"],
                "concerned": row["concerned"],
            } | vars(mark)
            marks.append(mark_row)
            is_serial = mark.kind == "manufacture"
            if mark.kind not in mark_keys.IDENTIFYING_KINDS or (is_serial and mark.text in coarser):
                continue  # a finer reading is stored
            if key := mark_keys.mark_key(mark.kind, mark.text):
                keys = serial_keys if is_serial else other_keys
                keys.append(_key_row(key, mark_row["id"], entry, row))
    insert_into_tables({Record: [row for _, row in pairs], RecordSetting: settings, MarkRow: marks})
    write_variants(serial_keys)
    insert_many(MarkKey, [*serial_keys, *other_keys])


def _key_row(
    key: mark_keys.Key, mark_id: UUID, entry: RecordEntry, row: dict[str, Any]
) -> dict[str, Any]:
    return {
        "key": key.value,
        "mark_id": mark_id,
        "record_id": row["id"],
        "record_version": row["version"],
        "state": entry.owner,
        "serial_norm": key.norm,
        "skeleton": key.skeleton,
        "event": search_event(entry.event, handed_in=row["handed_in"]),
        "occurred_on": row["occurred_on"],
        "occurred_within": row["occurred_within"],
        "make": row["make"] or names.resolve("make", maker_on(row["headstamp"])),
        "calibre": row["calibre"],
        "type": row["type"],
        "country": row["country_of_manufacture"],
        "year": row["year"],
        "visibility": entry.visibility or "open",
        "is_superseded": False,
        "is_void": entry.is_void,
        "model": fold_name("model", row["model"]) or None if row["model"] else None,
    }


class PartyCollector:
    """Collects the parties of one batch; the same firm is written once."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.rows: dict[tuple[Party, tuple[str, ...]], dict[str, Any]] = {}

    def add(self, party: Party | None, concerned: Iterable[str]) -> UUID | None:
        """Return the party's future id, or None without a party."""
        if party is None:
            return None
        states = tuple(sorted({self.owner, *concerned})) if concerned else (self.owner,)
        row = self.rows.get((party, states))
        if row is None:
            row = {"id": new_id(), "owner_state": self.owner, "concerned": list(states)}
            row |= {"salt": secrets.token_bytes(16)} | vars(party)
            self.rows[party, states] = row
        party_id: UUID = row["id"]
        return party_id

    def write(self, readers: list[str] | None = None) -> None:
        """Insert the collected parties; for `readers` alone if given."""
        rows = self.rows.values()
        insert_many(PartyRow, [row | {"concerned": readers or row["concerned"]} for row in rows])


MARKS_PER_WRITE = 500
MAX_BY_STATEMENT: Final = 20
"""Marks whose variants are written by one statement; COPY is faster for more."""


class _MarkSpelling(NamedTuple):
    """One spelling of a mark. Look-alikes share a key, but not the digits they are indexed by."""

    key: int
    make: str | None
    norm: str


class _Scheme(NamedTuple):
    """How marks are indexed by a damaged one: the keys to store, and the own key."""

    index_keys: Callable[[str], Iterable[int]]
    own_key: Callable[[str], int]
    is_afield: bool


_NEAR = _Scheme(variants.index_keys, variants.own_key, is_afield=False)
_FIELD = _Scheme(variants.field_index_keys, variants.field_own_key, is_afield=True)


def _distinct_marks(keys: Iterable[Mapping[str, Any]]) -> list[_MarkSpelling]:
    return list(
        dict.fromkeys(_MarkSpelling(row["key"], row["make"], row["serial_norm"]) for row in keys)
    )


def write_variants(keys: Iterable[Mapping[str, Any]]) -> None:
    """Write the variants of marks that have none yet.

    Each spelling with each make once. A mark has a dozen variants, one read in the field some
    fifty, so few marks are written at a time. Concurrent writers may both write a variant;
    duplicates are found once. Stored and `silent` marks cost the same queries and time as new ones:
    writing a mark must not reveal that another state has it.
    """
    rows = list(keys)
    _write_in_chunks(_NEAR, rows)
    _write_in_chunks(_FIELD, (row for row in rows if row["event"] in FIELD_EVENTS))


def write_new_variants(keys: Sequence[Mapping[str, Any]]) -> None:
    """Write variants into a table that holds none of these marks."""
    for scheme in (_NEAR, _FIELD):
        marks = _distinct_marks(
            row for row in keys if not scheme.is_afield or row["event"] in FIELD_EVENTS
        )
        copy_columns(MarkVariant, _variant_columns(marks, scheme))


def _write_in_chunks(scheme: _Scheme, keys: Iterable[Mapping[str, Any]]) -> None:
    """Write the variants of marks that are not stored: few by one statement, many by COPY."""
    for marks in chunks(_distinct_marks(keys), MARKS_PER_WRITE):
        arguments: dict[str, Any] = {
            "own": array_text(str(scheme.own_key(mark.norm)) for mark in marks),
            "of": array_text(str(mark.key) for mark in marks),
            "code": array_text(str(variants.make_code(mark.make)) for mark in marks),
            "made": array_text(mark.make for mark in marks),
            "norm": array_text(mark.norm for mark in marks),
            "events": sorted(FIELD_EVENTS) if scheme.is_afield else None,
        }
        stored = set()
        if len(marks) > MAX_BY_STATEMENT:
            rows = execute_raw(_STORED_SQL, arguments).fetchall()
            stored = {place for (place,) in rows}
        if len(marks) > MAX_BY_STATEMENT:
            new = [mark for place, mark in enumerate(marks, 1) if place not in stored]
            copy_columns(MarkVariant, _variant_columns(new, scheme))
        else:
            execute_raw(_INSERT_MISSING_SQL, arguments | _variant_columns(marks, scheme))


# A mark counts as stored where its own variant is, and a shown mark has this very spelling. Both are
# looked up by their index (by arrays: else whole tables may be read), whatever comes of the first.
_STORED_SQL: Final = """
WITH asked AS (
    SELECT m.* FROM unnest(%(own)s::bigint[], %(of)s::bigint[], %(code)s::smallint[],
        %(made)s::text[], %(norm)s::text[]) WITH ORDINALITY
        AS m (own, target, code, make, norm, place)
), indexed AS MATERIALIZED (
    SELECT m.place FROM asked AS m JOIN mark_variant AS f
        ON f.key = m.own AND f.target = m.target AND f.make = m.code
    WHERE f.key = ANY(ARRAY(SELECT unnest(%(own)s::bigint[])))
), shown AS MATERIALIZED (
    SELECT m.place FROM asked AS m JOIN mark_key AS k
        ON k.key = m.target AND k.serial_norm = m.norm AND coalesce(k.make, '') = coalesce(m.make, '')
    WHERE k.key = ANY(ARRAY(SELECT unnest(%(of)s::bigint[]))) AND k.visibility <> 'silent'
        AND (%(events)s::text[] IS NULL OR k.event = ANY(%(events)s::text[]))
)
SELECT i.place FROM indexed AS i INTERSECT SELECT s.place FROM shown AS s
"""
_INSERT_MISSING_SQL: Final = f"""
WITH stored AS MATERIALIZED ({_STORED_SQL})
INSERT INTO mark_variant (key, target, make)
SELECT f.key, f.target, f.make
FROM unnest(%(key)s::bigint[], %(target)s::bigint[], %(make)s::smallint[], %(place)s::bigint[])
    AS f (key, target, make, place)
WHERE f.place NOT IN (SELECT stored.place FROM stored)
"""  # noqa: S608 - constants of ours


def _variant_columns(marks: Iterable[_MarkSpelling], scheme: _Scheme) -> dict[str, list[int]]:
    """Return the columns of marks' variants, and the place of the mark of each."""
    columns: dict[str, list[int]] = {"place": [], "key": [], "target": [], "make": []}
    for place, mark in enumerate(marks, 1):
        variant_keys = [*scheme.index_keys(mark.norm)]
        shared = {"place": place, "target": mark.key, "make": variants.make_code(mark.make)}
        columns["key"] += variant_keys
        for name, value in shared.items():
            columns[name] += [value] * len(variant_keys)
    return columns
