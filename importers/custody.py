"""Custody of seized guns in files, which name a seizure by its number, and a gun by its serial."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, message
from salsa_ext.core.field_checks import Problems, check_date, check_declared
from salsa_ext.core.fields import Field, Word
from salsa_ext.custody import entries
from salsa_ext.custody.entries import KINDS, CustodyRow
from salsa_ext.custody.values import DispositionData, HandoverData, OriginData
from salsa_ext.database.session import db
from salsa_ext.documents.models import DocumentNumber
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.firearms.records.queries import records_of_documents
from salsa_ext.reference.calendars import today


@dataclass(frozen=True, kw_only=True)
class _OfSeizure:
    """Which gun of a seizure an entry is of; all of its guns without `lines` and `serial`."""

    number: Annotated[Word, Field("Number")]
    seizure: Annotated[Word, Field("Number of the seizure")]
    serial: Annotated[Word | None, Field("Serial number")] = None


@dataclass(frozen=True, kw_only=True)
class SeizedGunDisposition(_OfSeizure, DispositionData):
    """What was done with a seized gun."""


@dataclass(frozen=True, kw_only=True)
class SeizedGunHandover(_OfSeizure, HandoverData):
    """How a seized gun went from hand to hand."""


@dataclass(frozen=True, kw_only=True)
class SeizedGunOrigin(_OfSeizure, OriginData):
    """How a seized gun left lawful hands."""


Entry = SeizedGunDisposition | SeizedGunHandover | SeizedGunOrigin


def checker(actor: Actor, agencies: frozenset[str]) -> Callable[[Entry], None]:
    """Return the check of a batch: the seizure is known and has the gun."""
    on = today(actor)

    def check(data: Entry) -> None:
        problems = Problems()
        check_date(problems, "occurred_on", data.occurred_on, on)
        check_declared(problems, data)
        problems.raise_any()
        _custody_row(actor, data)

    return check


def record_many(*, actor: Actor, batch: Sequence[Entry]) -> list[UUID]:
    """Enter what became of seized guns; return the seizures. Raises Invalid, Conflict."""
    return entries.record_many(actor=actor, batch=[_custody_row(actor, data) for data in batch])


def _custody_row(actor: Actor, data: Entry) -> CustodyRow:
    query = select(DocumentNumber.id).where(
        DocumentNumber.owner_state == actor.own_state(),
        DocumentNumber.kind == "seizure",
        DocumentNumber.number == data.seizure,
    )
    seizure_id = db.session.scalar(query)
    if seizure_id is None:
        text = message("Your state has no seizure of the number {number}.", number=data.seizure)
        raise Invalid({"seizure": [text]})
    entry = next(each for each in KINDS if isinstance(data, each))
    values: dict[str, Any] = {each.name: getattr(data, each.name) for each in fields(entry)}
    if data.serial:
        values["lines"] = (_line_of(seizure_id, data.serial),)
    return CustodyRow(seizure_id, entry(**values))


def _line_of(seizure_id: UUID, serial: str) -> int:
    """Return the line of the gun with a serial; raises Invalid for none, or several."""
    key = normalise(serial)
    lines = [
        view.record.line
        for view in records_of_documents([seizure_id])[seizure_id]
        if view.record.serial and normalise(view.record.serial) == key
    ]
    if len(lines) != 1:
        text = message(
            "The seizure has {count} guns with the serial {serial}. Give the line.",
            count=len(lines),
            serial=serial,
        )
        raise Invalid({"serial": [text]})
    return lines[0]
