"""One gun, part or lot as a document describes it; the fields are the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True)
class Mark:
    """What is stamped on a gun: `text` as read, `state` and `year` where the mark names them.

    `read_by_officer` is the id that stands for an officer's number in the state of the record.
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
    """A firearm, part or lot as written down; codes are resolved later, beside the raw text.

    `serial` is the text as read: `?` one unreadable glyph, `*` a run of unknown length, `[8B]` one
    of two glyphs. `quantity` counts pieces, or `unit` where one is given. `category` is None in a
    shipment alone, where the permit's line says it.
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
        """Return every mark: the serial as a mark of manufacture, the importer's, and the others.

        A serial that somebody is named to have read stands among these already.
        """
        read = {mark.text for mark in self.marks if mark.kind == "manufacture" and mark.read_at}
        own = self.serial if self.serial not in read else None
        serial = (Mark("manufacture", own),) if own else ()
        importer = (Mark("import", self.importer_mark),) if self.importer_mark else ()
        return serial + importer + self.marks
