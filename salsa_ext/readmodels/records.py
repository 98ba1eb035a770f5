"""Records with their marks, settings and parties, for whoever may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, or_, select, tuple_

from salsa_ext.db import db
from salsa_ext.models import Mark, Record, RecordSetting, Report
from salsa_ext.models.records import Described
from salsa_ext.readmodels.arrays import among_given
from salsa_ext.readmodels.parties import Parties, parties_of
from salsa_ext.readmodels.versions import current
from salsa_ext.values.manifests import CHUNK

_SETTINGS: Final = select(RecordSetting).where(among_given(RecordSetting.record_id))
_MARKS: Final = select(Mark).where(among_given(Mark.record_id)).order_by(Mark.id)


@dataclass(frozen=True)
class RecordView:
    """A record with what belongs to it."""

    record: Record
    marks: Sequence[Mark]
    setting: RecordSetting | None
    parties: Parties
    is_of_withdrawn: bool = False

    @property
    def is_withdrawn(self) -> bool:
        """Tell whether it was taken back: its report was withdrawn, or its receipt corrected.

        A record of a gun that did not come follows no export any more.
        """
        is_unlinked = self.record.document_kind == "receipt" and self.record.linked_record is None
        return self.is_of_withdrawn or is_unlinked


def of_documents(
    document_ids: Iterable[UUID], as_of: datetime | None = None
) -> dict[UUID, list[RecordView]]:
    """Return the records of documents, by document and in order of their lines."""
    query = current(Record, as_of).where(Record.document_id.in_(list(document_ids)))
    records = db.session.scalars(query.order_by(Record.document_id, Record.line, Record.id)).all()
    found: dict[UUID, list[RecordView]] = defaultdict(list)
    for view in views(records):
        found[view.record.document_id].append(view)
    return found


def streamed(document_id: UUID, left_out: Collection[UUID] = ()) -> Iterator[list[RecordView]]:
    """Yield the records of one document in order of their lines, so many at a time."""
    query = current(Record).where(Record.document_id == document_id)
    query = query.order_by(Record.line, Record.id).execution_options(yield_per=CHUNK)
    for records in db.session.scalars(query).partitions():
        if here := [record for record in records if record.id not in left_out]:
            yield views(here)


def guns_of(document_id: UUID, *which: ColumnElement[bool]) -> Iterator[Any]:
    """Yield the records of one document in the same order, with little of each and no marks."""
    query = current(Record).where(Record.document_id == document_id, *which)
    few = query.with_only_columns(
        Record.id, Record.line, Record.make, Record.make_text, Record.serial, Record.quantity
    )
    ordered = few.order_by(Record.line, Record.id).execution_options(yield_per=CHUNK)
    yield from db.session.execute(ordered)


def described(document_id: UUID) -> Iterator[tuple[Any, Sequence[Any]]]:
    """Yield the records of one document in the same order, each with its marks beside the serial.

    Of a record its firearm fields, its id and its owner are read.
    """
    for rows in db.session.execute(_described(), {"document": document_id}).partitions():
        marks = _other_marks([row.id for row in rows])
        yield from ((row, marks[row.id]) for row in rows)


@cache
def _described() -> Select[Any]:
    """Make the query once: a hundred receipts ask it in one transaction."""
    columns = [getattr(Record, name) for name in (*Described.__annotations__, "id", "owner_state")]
    query = current(Record).where(Record.document_id == bindparam("document"))
    ordered = query.with_only_columns(*columns).order_by(Record.line, Record.id)
    return ordered.execution_options(yield_per=CHUNK)


def _other_marks(record_ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in db.session.execute(_marking(), {"records": list(record_ids)}):
        found[row.of].append(row)
    return found


@cache
def _marking() -> Select[Any]:
    of_record = (Mark.record_id == Record.id) & (Mark.record_version == Record.version)
    names = ("kind", "text", "state", "year", "location", "condition", "method")
    records = Record.id.in_(bindparam("records", expanding=True))
    query = current(Record).join(Mark, of_record).where(records)
    more = (getattr(Mark, name).is_not(None) for name in names[2:])
    query = query.where(
        or_(Mark.kind != "manufacture", Mark.text.is_distinct_from(Record.serial), *more)
    )
    columns = (getattr(Mark, name) for name in names)
    return query.with_only_columns(Record.id.label("of"), *columns).order_by(Mark.id)


def by_id(
    record_ids: Iterable[UUID], as_of: datetime | None = None, *, marked: bool = True
) -> list[RecordView]:
    """Return records that the state may see, without their marks unless `marked`; others are left out."""
    query, ids = _by_id() if as_of is None else _by_id_at(as_of), list(record_ids)
    rows = db.session.execute(query, {"ids": ids}).all() if ids else []
    settings = {setting.record_id: setting for _, setting in rows if setting}
    return views([record for record, _ in rows], marked=marked, settings=settings)


@cache
def _by_id() -> Select[Any]:
    return _by_id_at(None)


def _by_id_at(as_of: datetime | None) -> Select[Any]:
    """Make the query of records with their settings, so as to ask once."""
    query = current(Record, as_of).where(among_given(Record.id)).add_columns(RecordSetting)
    return query.outerjoin(RecordSetting, RecordSetting.record_id == Record.id)


def with_other_marks(corrected: Sequence[RecordView]) -> set[UUID]:
    """Return the ids of those records whose marks, or what else is compared, the last version changed."""
    versions = [(view.record.id, view.record.version - 1) for view in corrected]
    before = {view.record.id: _compared(view) for view in of_versions(versions)}
    return {view.record.id for view in corrected if before.get(view.record.id) != _compared(view)}


def of_versions(versions: Collection[tuple[UUID, int]]) -> list[RecordView]:
    """Return records as some versions of them told it."""
    if not versions:
        return []
    query = select(Record).where(tuple_(Record.id, Record.version).in_(versions))
    return views(db.session.scalars(query).all())


def told_by(view: RecordView) -> tuple[Any, ...]:
    """Return all that a record tells of its gun, and of what happened to it when."""
    record = view.record
    marks = sorted((mark.kind, mark.text, mark.state or "", mark.year or 0) for mark in view.marks)
    return (record.event, record.occurred_on, record.occurred_at, marks,
            [getattr(record, name) for name in Described.__annotations__ if name != "line"])  # fmt: skip


def _compared(view: RecordView) -> tuple[Any, ...]:
    record = view.record
    marks = sorted((mark.kind, mark.text) for mark in view.marks)
    return (record.serial, record.marking, record.make_text, record.calibre_text, record.type_text,
            record.country_of_manufacture, record.year, marks)  # fmt: skip


def views(
    records: Sequence[Record], *, marked: bool = True,
    settings: Mapping[UUID, RecordSetting] | None = None,
) -> list[RecordView]:  # fmt: skip
    """Complete records with one query for each kind of thing; `settings` are theirs, if at hand."""
    if not records:
        return []
    ids = [record.id for record in records]
    marks = _marks_of(ids if marked else ())
    if settings is None:
        settings = {row.record_id: row for row in db.session.scalars(_SETTINGS, {"ids": ids})}
    parties = parties_of(side for row in records for side in (row.giver_id, row.receiver_id))
    gone = _withdrawn(records)
    return [
        RecordView(row, marks[row.id, row.version], settings.get(row.id), parties,
                   (row.document_id, row.version) in gone)
        for row in records
    ]  # fmt: skip


def _withdrawn(records: Sequence[Record]) -> set[tuple[UUID, int]]:
    """Return the reports that say of records that they were made in error, each by its version."""
    reports = {row.document_id for row in records if row.document_kind == "report"}
    if not reports:
        return set()
    of_them = (Report.id.in_(reports), Report.status == "withdrawn")
    rows = db.session.execute(select(Report.id, Report.version).where(*of_them))
    return {(row.id, row.version) for row in rows}


def _marks_of(record_ids: Sequence[UUID]) -> dict[tuple[UUID, int], list[Mark]]:
    marks: dict[tuple[UUID, int], list[Mark]] = defaultdict(list)
    if record_ids:
        for mark in db.session.scalars(_MARKS, {"ids": list(record_ids)}):
            marks[mark.record_id, mark.record_version].append(mark)
    return marks
