"""Descriptions of a gun: as recorded in a document, as searched for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from salsa_ext.core import codes
from salsa_ext.core.errors import message
from salsa_ext.core.fields import (
    Field,
    LineNumber,
    Problem,
    Rule,
    StateName,
    Word,
    Year,
    build_value,
)

Condition = Annotated[str, Rule(choices=codes.MARK_CONDITIONS)]
Unit = Annotated[str, Rule(most=30)]
Serial = Annotated[str, Rule(most=64)]
GivenName = Annotated[str, Rule(most=200)]


@dataclass(frozen=True)
class Mark:
    """A mark stamped on a gun.

    `text` is as read; `state` and `year` where the mark names them. `read_by_officer` is the id
    of an officer's number in the state of the record.
    """

    kind: Annotated[str, Rule(choices=codes.MARK_KINDS), Field("Kind", "firearm")]
    text: Annotated[Word, Field("Mark", "firearm")]
    state: Annotated[StateName | None, Field("State", "firearm")] = None
    year: Annotated[Year | None, Field("Year", "firearm")] = None
    location: Annotated[Word | None, Field("Where on the gun", "firearm")] = None
    condition: Annotated[Condition | None, Field("Condition", "firearm")] = None
    method: Annotated[str | None, Rule(choices=codes.MARK_METHODS), Field("Method", "firearm")] = (
        None
    )
    read_by_agency: Annotated[str | None, Field("Agency", is_sent=False, is_shown=False)] = None
    read_by_officer: Annotated[
        UUID | None, Field("Read by", personal="link", is_sent=False, is_shown=False)
    ] = None
    read_at: Annotated[datetime | None, Field("When", is_sent=False, is_shown=False)] = None


@dataclass(frozen=True)
class Recorder:
    """Agency and officer that added something; the officer is for the own state alone."""

    agency: Annotated[str | None, Field("Agency", "firearm")]
    at: Annotated[datetime, Field("When", "firearm")]
    officer: Annotated[str | None, Field("Read by", personal="link")] = None


@dataclass(frozen=True)
class RecordedMark(Mark):
    """A mark as recorded, with its reader if it was added later."""

    reader: Annotated[
        Recorder | None, Field("Read by", "firearm", stored="rows", is_sent=False)
    ] = None


@dataclass(frozen=True)
class Firearm:
    """A firearm, part or lot as written down in a document.

    Texts are raw; codes are resolved later and stored next to them. `serial`: `?` is one unreadable
    glyph, `*` a run of unknown length, `[8B]` one of two glyphs. `quantity` counts pieces, or
    `unit` if given. `category` is None only in a shipment, where the permit's line has it.
    """

    line: Annotated[LineNumber, Field("Line", "firearm")] = 1
    category: Annotated[
        str | None, Rule(choices=codes.CATEGORIES), Field("Category", "firearm")
    ] = "firearm"
    type: Annotated[Word | None, Field("Type", "firearm")] = None
    make: Annotated[GivenName | None, Field("Make", "firearm")] = None
    model: Annotated[GivenName | None, Field("Model", "firearm")] = None
    calibre: Annotated[Word | None, Field("Calibre", "firearm")] = None
    country_of_manufacture: Annotated[
        StateName | None, Field("Country of manufacture", "firearm")
    ] = None
    year: Annotated[Year | None, Field("Year of manufacture", "firearm")] = None
    origin_kind: Annotated[str, Rule(choices=codes.ORIGIN_KINDS), Field("Origin", "firearm")] = (
        "unknown"
    )
    serial: Annotated[Serial | None, Field("Serial number", "firearm")] = None
    marking: Annotated[Condition, Field("Condition of the mark", "firearm")] = "unknown"
    marks: Annotated[
        tuple[Mark, ...], Rule(most=50), Field("Marks", "firearm", "rows", shown_as=RecordedMark)
    ] = ()
    importer_mark: Annotated[GivenName | None, Field("Importer's mark", "firearm")] = None
    part_kind: Annotated[Word | None, Field("Part", "firearm")] = None
    quantity: Annotated[Decimal, Field("Quantity", "firearm")] = Decimal(1)
    unit: Annotated[Unit | None, Field("Unit", "firearm")] = None
    lot: Annotated[Word | None, Field("Lot", "firearm")] = None
    headstamp: Annotated[Word | None, Field("Headstamp", "firearm")] = None
    hs_code: Annotated[str | None, Rule(most=12), Field("HS code", "firearm")] = None
    antique: Annotated[bool, Field("Antique firearm", "firearm")] = False

    def all_marks(self) -> tuple[Mark, ...]:
        """Return the serial, the importer's mark, the lot and other marks, each once."""
        read = {mark.text for mark in self.marks if mark.kind == "manufacture" and mark.read_at}
        own = self.serial if self.serial not in read else None
        serial = (build_value(Mark, _PLAIN_MARK | {"text": own}),) if own else ()
        importer = (Mark("import", self.importer_mark),) if self.importer_mark else ()
        return serial + importer + self.lot_marks() + self.marks

    def lot_marks(self) -> tuple[Mark, ...]:
        """Return the lot as a mark, of goods without a serial that are no firearms."""
        is_of_lot = self.lot and not self.serial and self.category != "firearm"
        return (Mark("lot", self.lot),) if self.lot and is_of_lot else ()


_PLAIN_MARK: Final = vars(Mark("manufacture", ""))


def check_handed_in(item: Any) -> Iterator[Problem]:
    """Yield whether a gun is handed in that belongs to no service."""
    if item.handed_in and item.owner_kind not in codes.SERVICE_OWNERS:
        yield (
            "handed_in",
            message(
                "Only a service gun is handed in: one of police, armed forces or private security."
            ),
        )


@dataclass(frozen=True)
class SeizedItem(Firearm):
    """A seized firearm, part or lot, and whose it was.

    `handed_in`: an agency's own service gun that its officer handed in, as after a shooting; nobody
    had it unlawfully. `register_number` is its number in the owner's register.
    """

    owner_kind: Annotated[
        str, Rule(choices=codes.OWNER_KINDS), Field("Whose it was", "firearm")
    ] = "unknown"
    handed_in: Annotated[bool, Field("Service firearm handed in", "firearm")] = False
    register_number: Annotated[
        Word | None, Field("Number in the owner's register", personal="link")
    ] = None
    rules: ClassVar = (check_handed_in,)

    @classmethod
    def from_firearm(cls, gun: Firearm, **owner: Any) -> SeizedItem:
        """Return a gun as an item of a seizure, with the fields of its owner."""
        return cls(**vars(gun), **owner)


NO_OWNER: Final = MappingProxyType(
    {"owner_kind": None, "handed_in": False, "register_number": None}
)
"""The owner's columns of a record that is of no seizure."""


@dataclass(frozen=True)
class RecordedFirearm(Firearm):
    """A firearm as recorded: codes of type, make and calibre, with the text of each."""

    type_text: Annotated[str | None, Field("Type", "firearm", is_sent=False)] = None
    make_text: Annotated[str | None, Field("Make", "firearm", is_sent=False)] = None
    calibre_text: Annotated[str | None, Field("Calibre", "firearm", is_sent=False)] = None


@dataclass(frozen=True)
class RecordedItem(RecordedFirearm):
    """A firearm of a document, with the id of its record."""

    record: Annotated[UUID | None, Field("Record", "firearm", column="id", is_sent=False)] = None


@dataclass(frozen=True)
class RecordedSeizedItem(RecordedItem, SeizedItem):
    """A seized firearm with the id of its record."""


@dataclass(frozen=True)
class Query:
    """A search for one gun by its serial and other known fields.

    `marks` are the gun's other marks, `marking` is the condition of its serial. `event` and
    `reported_year` (a year) are set if a record or a find is searched for. With `near`, near marks are
    searched even if a record agrees in everything: the reading may be that of another gun, misread.
    With `every`, all candidates are listed. `lot` is that of ammunition or parts, in place of a serial.
    """

    serial: str = ""
    make: str | None = None
    model: str | None = None
    calibre: str | None = None
    type: str | None = None
    country: str | None = None
    year: int | None = None
    marks: tuple[Mark, ...] = ()
    marking: str = "unknown"
    near: bool = False
    every: bool = False
    event: str | None = None
    reported_year: int | None = None
    lot: str | None = None
