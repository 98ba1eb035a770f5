"""Rows of a file on their way to documents, and the report of what became of them."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple
from uuid import UUID

from salsa_ext.values.documents import SeizureData, TransferData
from salsa_ext.values.ids import new_id

Document = TransferData | SeizureData


class Unusable(Exception):
    """A row that cannot be taken; the text says why, to whoever keeps the file."""


class Reject(NamedTuple):
    """A row that was not taken, by its number, and why."""

    row: int
    reason: str


@dataclass
class RawRow:
    """The cells of one row as text, by column; `number` counts as spreadsheets do (header is 1).

    `interpret` takes cell after cell, so that what nobody took can be told.
    """

    number: int
    cells: dict[str, str]

    def pop(self, column: str) -> str | None:
        """Take a cell's text without the blanks around it; None where nothing is left."""
        text = self.cells.pop(column, None)
        if text is None:
            raise Unusable(f"the row ends before the column {column}")
        if "\0" in text:  # PostgreSQL cannot hold it, and one such cell would fail its batch
            raise Unusable(f"{column} holds a zero byte")
        return text.strip() or None

    def pop_date(self, column: str, form: str = "%Y-%m-%d") -> date | None:
        """Take a cell as a local date; raises Unusable where it is no date of that form."""
        text = self.pop(column)
        if text is None:
            return None
        try:
            return _date(text, form)
        except ValueError:
            raise Unusable(f"{column} is no date that can be read: {text}") from None

    def finish(self, ignored: Iterable[str]) -> None:
        """Raise Unusable where a cell was neither taken nor is ignored on purpose."""
        if left := sorted(set(self.cells) - set(ignored)):
            raise Unusable(f"nobody knows what to do with {', '.join(left)}")


@lru_cache(maxsize=20_000)  # days come again and again in a file
def _date(text: str, form: str) -> date:
    return datetime.strptime(text, form).replace(tzinfo=UTC).date()


@dataclass(frozen=True)
class Lookups:
    """What is known of a source beforehand.

    `least` and `most` bound its usable rows. `corrections` replace a cell's text, by column and
    the text in lower case; '' empties the cell. `markings` are texts of this source alone that
    stand where a serial should and are none, each with what it says of the mark.
    """

    least: int
    most: int
    corrections: Mapping[str, Mapping[str, str]]
    markings: Mapping[str, str]

    @classmethod
    def load(cls, source: str) -> Lookups:
        """Read the lookups that come with an importer."""
        path = files("importers").joinpath("lookups", f"{source}.toml")
        said = tomllib.loads(path.read_text("utf-8"))
        return cls(**said["volume"], corrections=said["corrections"], markings=said["markings"])

    def pop(self, row: RawRow, column: str) -> str | None:
        """Take a cell, corrected where its text is known to be wrong."""
        text = row.pop(column)
        return self.corrections.get(column, {}).get(text.lower(), text) or None if text else None


@dataclass(frozen=True)
class Event:
    """What one row tells of: the documents that it makes."""

    documents: tuple[Document, ...]


@dataclass
class Report:
    """What became of a file: `taken` and `known` (there already) count documents by kind."""

    import_id: UUID = field(default_factory=new_id)
    rows_read: int = 0
    rows_taken: int = 0
    taken: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)

    @property
    def usable(self) -> int:
        """Return how many rows could be used, whether or not they were there already."""
        return self.rows_read - len(self.rejects)
