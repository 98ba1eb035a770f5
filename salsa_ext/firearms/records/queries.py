"""Read records with their marks, settings and parties."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, or_, select, tuple_

from salsa_ext.core.batches import CHUNK_SIZE, group_by
from salsa_ext.core.rows import from_row
from salsa_ext.database.bulk import is_any_of_param
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.marks import values as mark_values
from salsa_ext.firearms.marks.firearm_marks import coarser_readings, maker_on
from salsa_ext.firearms.marks.values import NO_OWNER, Firearm, Query, RecordedItem, SeizedItem
from salsa_ext.firearms.records.event_kinds import search_event
from salsa_ext.firearms.records.models import (
    FirearmColumns,
    Mark,
    MarkKey,
    Party,
    Record,
    RecordSetting,
)
from salsa_ext.firearms.records.parties import Party as PartyValue

PartiesById = dict[UUID, Party]
WITHDRAWABLE_KINDS: Final = ("seizure", "report", "transfer")
_PARTIES_BY_ID: Final = select(Party).where(is_any_of_param(Party.id))


def find_parties(ids: Iterable[UUID | None]) -> PartiesById:
    """Return the parties visible to the state, by id, in one query."""
    known = [*{party_id for party_id in ids if party_id}]
    rows = db.session.scalars(_PARTIES_BY_ID, {"ids": known}) if known else ()
    return {party.id: party for party in rows}


_SETTINGS_BY_RECORD: Final = select(RecordSetting).where(is_any_of_param(RecordSetting.record_id))
_MARKS_BY_RECORD: Final = select(Mark).where(is_any_of_param(Mark.record_id)).order_by(Mark.id)


def documents_with_serial(state: str, text: str) -> Select[Any]:
    """Return a query of the ids of a state's documents about a gun with a serial, or of a lot."""
    own = select(Record.document_id).where(Record.owner_state == state)
    bearing = records_with_mark(state, text)
    return own.where(Record.serial == text if bearing is None else Record.id.in_(bearing))


def records_with_mark(state: str, text: str) -> Select[Any] | None:
    """Return a query of the ids of a state's records with a mark or lot; None for words."""
    if not (values := keys.lookup_keys(text)):
        return None
    norm, keyed = keys.normalise(text), (MarkKey.key.in_(values), MarkKey.state == state)
    stored = db.session.scalars(select(MarkKey.serial_norm).where(*keyed).distinct())
    equal = [each for each in stored if keys.may_be_equal(norm, each.removeprefix(keys.LOT_SIGN))]
    return select(MarkKey.record_id).where(*keyed, MarkKey.serial_norm.in_(equal))


@dataclass(frozen=True)
class RecordView:
    """A record with its marks, setting and parties."""

    record: Record
    marks: Sequence[Mark]
    setting: RecordSetting | None
    parties: PartiesById

    @property
    def search_event(self) -> str:
        """Return the event as searches weigh it (`event_kinds.search_event`)."""
        return search_event(self.record.event, handed_in=self.record.handed_in)

    @property
    def is_withdrawn(self) -> bool:
        """Return whether its document was withdrawn or its receipt corrected."""
        if self.record.document_kind == "receipt":
            return self.record.linked_record is None
        return self.record.is_void and self.record.document_kind in WITHDRAWABLE_KINDS


def recorded_party(parties: PartiesById, party_id: UUID | None) -> PartyValue | None:
    """Return a party of a document, or None."""
    party = parties.get(party_id) if party_id else None
    return from_row(PartyValue, party) if party else None


def recorded_item(view: RecordView, cls: type[RecordedItem] = RecordedItem) -> RecordedItem:
    """Return the gun of a record, as recorded."""
    marks = (from_row(mark_values.RecordedMark, mark, reader=mark.reader) for mark in view.marks)
    return from_row(cls, view.record, marks=tuple(marks))


def records_of_documents(
    document_ids: Iterable[UUID], as_of: datetime | None = None
) -> dict[UUID, list[RecordView]]:
    """Return the records of documents, by document, in order of lines."""
    query = select_current(Record, as_of).where(Record.document_id.in_(list(document_ids)))
    records = db.session.scalars(query.order_by(Record.document_id, Record.line, Record.id)).all()
    return group_by(build_views(records), lambda view: view.record.document_id)


def stream_records(
    document_id: UUID, excluded: Collection[UUID] = ()
) -> Iterator[list[RecordView]]:
    """Yield chunks of one document's records in order of lines."""
    query = select_current(Record).where(Record.document_id == document_id)
    query = query.order_by(Record.line, Record.id).execution_options(yield_per=CHUNK_SIZE)
    for records in db.session.scalars(query).partitions():
        if included := [record for record in records if record.id not in excluded]:
            yield build_views(included)


def stream_guns(document_id: UUID, *conditions: ColumnElement[bool]) -> Iterator[Any]:
    """Yield few columns of one document's items in order, without marks."""
    of_document = (Record.document_id == document_id, ~Record.is_bulk)
    query = select_current(Record).where(*of_document, *conditions)
    few = query.with_only_columns(
        Record.id, Record.line, Record.make, Record.make_text, Record.serial, Record.quantity
    )
    ordered = few.order_by(Record.line, Record.id).execution_options(yield_per=CHUNK_SIZE)
    yield from db.session.execute(ordered)


def stream_with_marks(document_id: UUID) -> Iterator[tuple[Any, Sequence[Any]]]:
    """Yield one document's items in order with their other marks."""
    for rows in db.session.execute(_firearm_query(), {"document": document_id}).partitions():
        ids = {"records": [row.id for row in rows]}
        marks = group_by(db.session.execute(_other_marks_query(), ids), lambda mark: mark.of)
        yield from ((row, marks[row.id]) for row in rows)


@cache
def _firearm_query() -> Select[Any]:
    """Build the query once: a hundred receipts run it in one transaction."""
    columns = [
        getattr(Record, name) for name in (*FirearmColumns.__annotations__, "id", "owner_state")
    ]
    of_document = (Record.document_id == bindparam("document"), ~Record.is_bulk)
    query = select_current(Record).where(*of_document)
    ordered = query.with_only_columns(*columns).order_by(Record.line, Record.id)
    return ordered.execution_options(yield_per=CHUNK_SIZE)


@cache
def _other_marks_query() -> Select[Any]:
    of_record = (Mark.record_id == Record.id) & (Mark.record_version == Record.version)
    names = ("kind", "text", "state", "year", "location", "condition", "method")
    records = Record.id.in_(bindparam("records", expanding=True))
    query = select_current(Record).join(Mark, of_record).where(records)
    more = (getattr(Mark, name).is_not(None) for name in names[2:])
    query = query.where(
        or_(Mark.kind != "manufacture", Mark.text.is_distinct_from(Record.serial), *more)
    )
    columns = (getattr(Mark, name) for name in names)
    return query.with_only_columns(Record.id.label("of"), *columns).order_by(Mark.id)


def find_records(
    record_ids: Iterable[UUID], as_of: datetime | None = None, *, with_marks: bool = True
) -> list[RecordView]:
    """Return the records visible to the state; without marks unless `with_marks`."""
    query, ids = _current_query() if as_of is None else _query_as_of(as_of), list(record_ids)
    rows = db.session.execute(query, {"ids": ids}).all() if ids else []
    settings = {setting.record_id: setting for _, setting in rows if setting}
    return build_views([record for record, _ in rows], with_marks=with_marks, settings=settings)


@cache
def _current_query() -> Select[Any]:
    return _query_as_of(None)


def _query_as_of(as_of: datetime | None) -> Select[Any]:
    """Build one query for records with their settings."""
    query = (
        select_current(Record, as_of).where(is_any_of_param(Record.id)).add_columns(RecordSetting)
    )
    return query.outerjoin(RecordSetting, RecordSetting.record_id == Record.id)


def records_with_changed_marks(corrected: Sequence[RecordView]) -> set[UUID]:
    """Return ids of corrected records with changed compared fields."""
    versions = [(view.record.id, view.record.version - 1) for view in corrected]
    before = {view.record.id: _compared_fields(view) for view in find_versions(versions)}
    return {
        view.record.id for view in corrected if before.get(view.record.id) != _compared_fields(view)
    }


def find_versions(versions: Collection[tuple[UUID, int]]) -> list[RecordView]:
    """Return records in given versions."""
    if not versions:
        return []
    query = select(Record).where(tuple_(Record.id, Record.version).in_(versions))
    return build_views(db.session.scalars(query).all())


def record_content(view: RecordView) -> tuple[Any, ...]:
    """Return all of a record's content: gun, event, and dates."""
    record = view.record
    marks = sorted((mark.kind, mark.text, mark.state or "", mark.year or 0) for mark in view.marks)
    return (
        record.event,
        record.occurred_on,
        record.occurred_at,
        record.handed_in,
        marks,
        [getattr(record, name) for name in FirearmColumns.__annotations__ if name != "line"],
    )


def _compared_fields(view: RecordView) -> tuple[Any, ...]:
    record = view.record
    marks = sorted((mark.kind, mark.text) for mark in view.marks)
    return *(getattr(record, name) for name in QUERY_FIELDS if name != "model"), marks


def build_views(
    records: Sequence[Record],
    *,
    with_marks: bool = True,
    settings: Mapping[UUID, RecordSetting] | None = None,
) -> list[RecordView]:
    """Complete records with one query per kind of related row. `settings` are theirs, if already read."""
    if not records:
        return []
    ids = [record.id for record in records]
    rows = db.session.scalars(_MARKS_BY_RECORD, {"ids": ids}) if with_marks else ()
    marks = group_by(rows, lambda mark: (mark.record_id, mark.record_version))
    if settings is None:
        settings = {
            row.record_id: row for row in db.session.scalars(_SETTINGS_BY_RECORD, {"ids": ids})
        }
    parties = find_parties(party for row in records for party in (row.giver_id, row.receiver_id))
    return [
        RecordView(row, marks[row.id, row.version], settings.get(row.id), parties)
        for row in records
    ]


QUERY_FIELDS: Final = tuple(
    "serial make_text model calibre_text type_text country_of_manufacture year marking headstamp".split()
)


def query_for_record(view: RecordView) -> Query:
    """Return the query that searches for a record's gun."""
    record = view.record
    columns = {name: getattr(record, name) for name in QUERY_FIELDS}
    marks = [mark_values.Mark(mark.kind, mark.text) for mark in view.marks]
    query = query_for_description(columns, marks)
    return replace(query, event=record.event, reported_year=record.occurred_on.year)


def query_for_description(columns: Mapping[str, Any], marks: Sequence[mark_values.Mark]) -> Query:
    """Return the query for a described gun with its marks."""
    serials = [mark.text for mark in marks if mark.kind == "manufacture"]
    coarser = coarser_readings([columns["serial"] or "", *serials]) - {columns["serial"]}
    return Query(
        serial=columns["serial"] or "",
        make=columns["make_text"] or maker_on(columns.get("headstamp")),
        model=columns["model"],
        calibre=columns["calibre_text"],
        type=columns["type_text"],
        country=columns["country_of_manufacture"],
        year=columns["year"],
        marks=tuple(
            mark for mark in marks if mark.kind != "manufacture" or mark.text not in coarser
        ),
        marking=columns["marking"],
    )


def query_for_firearm(gun: Firearm) -> Query:
    """Return the query for a gun that is not recorded yet."""
    return Query(
        serial=gun.serial or "",
        make=gun.make or maker_on(gun.headstamp),
        model=gun.model,
        calibre=gun.calibre,
        type=gun.type,
        country=gun.country_of_manufacture,
        year=gun.year,
        marks=gun.all_marks(),
        marking=gun.marking,
    )


_COPIED_FIELDS: Final = tuple(
    "category model country_of_manufacture year origin_kind serial marking importer_mark part_kind"
    " quantity unit lot headstamp hs_code antique".split()
)


def to_firearm(view: RecordView) -> Firearm:
    """Return a record's gun as a Firearm, for another record of it."""
    record = view.record
    recreated = (
        ("manufacture", record.serial),
        ("import", record.importer_mark),
        ("lot", record.lot),
    )
    marks = [mark for mark in view.marks if (mark.kind, mark.text) not in recreated]
    return _copy_gun(record, tuple(map(_copy_mark, marks)))


def to_seized_item(record: Record, gun: Firearm) -> SeizedItem:
    """Return a gun with whose it was by its record."""
    return SeizedItem.from_firearm(gun, **{name: getattr(record, name) for name in NO_OWNER})


def link_of(record: Record) -> tuple[str, UUID] | None:
    """Return state and id of the record that a record certainly follows."""
    state, followed = record.linked_state, record.linked_record
    return (state, followed) if state and followed else None


def visibility_of(view: RecordView) -> str:
    """Return the record's visibility; `open` without a setting."""
    return view.setting.visibility if view.setting else "open"


def handling_of(view: RecordView) -> str:
    """Return the record's handling code; H1 without a setting."""
    return view.setting.handling if view.setting else "H1"


def copy_firearm(
    record: Any,
    marks: Iterable[Any],
    serial_read: str | None = None,
    import_marks: tuple[mark_values.Mark, ...] = (),
) -> Firearm:
    """Return a recorded gun as input, with `serial_read`; `import_marks` for firearms only."""
    recreated = (
        mark_values.Mark("manufacture", record.serial),
        mark_values.Mark("import", record.importer_mark),
        mark_values.Mark("lot", record.lot),
    )
    copied = tuple(mark for mark in map(_copy_mark, marks) if mark not in recreated)
    added = import_marks if record.category == "firearm" else ()
    gun = _copy_gun(record, copied + added)
    return replace(gun, line=record.line, serial=serial_read or record.serial)


def _copy_mark(mark: Any) -> mark_values.Mark:
    return mark_values.Mark(
        mark.kind, mark.text, mark.state, mark.year, mark.location, mark.condition, mark.method
    )


def _copy_gun(record: Any, marks: tuple[mark_values.Mark, ...]) -> Firearm:
    columns: dict[str, Any] = {name: getattr(record, name) for name in _COPIED_FIELDS}
    return Firearm(
        type=record.type_text,
        make=record.make_text,
        calibre=record.calibre_text,
        marks=marks,
        **columns,
    )
