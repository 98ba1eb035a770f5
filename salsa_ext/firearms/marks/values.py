"""Descriptions of a gun: as recorded in a document, as searched for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True)
class Mark:
    """A mark stamped on a gun.

    `text` is as read; `state` and `year` where the mark names them. `read_by_officer` is the id
    that stands for an officer's number in the state of the record.
    """

    kind: str
    text: str
    state: str | None = None
    year: int | None = None
    location: str | None = None
    condition: str | None = None
    method: str | None = None
    read_by_agency: str | None = None
    read_by_officer: UUID | None = None
    read_at: datetime | None = None


@dataclass(frozen=True)
class Firearm:
    """A firearm, part or lot as written down in a document.

    Texts are raw; codes are resolved later and stored next to them. `serial`: `?` is one unreadable
    glyph, `*` a run of unknown length, `[8B]` one of two glyphs. `quantity` counts pieces, or
    `unit` if given. `category` is None only in a shipment, where the permit's line has it.
    """

    line: int = 1
    category: str | None = "firearm"
    type: str | None = None
    make: str | None = None
    model: str | None = None
    calibre: str | None = None
    country_of_manufacture: str | None = None
    year: int | None = None
    origin_kind: str = "unknown"
    serial: str | None = None
    marking: str = "unknown"
    marks: tuple[Mark, ...] = ()
    importer_mark: str | None = None
    part_kind: str | None = None
    quantity: Decimal = Decimal(1)
    unit: str | None = None
    lot: str | None = None
    headstamp: str | None = None
    hs_code: str | None = None
    antique: bool = False

    def all_marks(self) -> tuple[Mark, ...]:
        """Return the serial, the importer's mark and the other marks.

        A serial that is already among `marks` with a reading date is not repeated.
        """
        read = {mark.text for mark in self.marks if mark.kind == "manufacture" and mark.read_at}
        own = self.serial if self.serial not in read else None
        serial = (Mark("manufacture", own),) if own else ()
        importer = (Mark("import", self.importer_mark),) if self.importer_mark else ()
        return serial + importer + self.marks


@dataclass(frozen=True)
class Query:
    """A search for one gun by its serial and other known fields.

    `marks` are the gun's other marks, `marking` is the condition of its serial. `event` and
    `reported_year` (a year) are set if a record or a find is searched for. With `near`, near marks are
    searched even if a record agrees in everything: the reading may be that of another gun, misread.
    With `every`, all candidates are listed.
    """

    serial: str
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
