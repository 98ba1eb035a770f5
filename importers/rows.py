"""Rows of a file, corrections of their texts, and the report of an import."""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from salsa_ext.core.errors import ImportRejected, Message, message
from salsa_ext.core.ids import new_id
from salsa_ext.documents.values import SeizureData, TransferData

Document = TransferData | SeizureData


class UnusableRow(Exception):
    """Row that cannot be imported; the text is for the file's owner."""


class Reject(NamedTuple):
    """Rejected row: number and reason."""

    row: int
    reason: str


@dataclass
class RawRow:
    """Cells of a row as text by column.

    `number` counts as spreadsheets do (header is 1). The importer of a source pops the cells,
    so that unused ones can be reported.
    """

    number: int
    cells: dict[str, str]

    def pop(self, column: str) -> str | None:
        """Remove and return a cell, stripped; None if empty.

        Raises UnusableRow for a missing cell or a zero byte.
        """
        text = self.cells.pop(column, None)
        if text is None:
            raise UnusableRow(f"the row ends before the column {column}")
        if "\0" in text:  # PostgreSQL cannot hold it, and one such cell would fail its batch
            raise UnusableRow(f"{column} holds a zero byte")
        return text.strip() or None

    def pop_date(self, column: str, form: str = "%Y-%m-%d") -> date | None:
        """Remove and return a cell as date; raises UnusableRow."""
        text = self.pop(column)
        if text is None:
            return None
        try:
            return _parse_date(text, form)
        except ValueError:
            raise UnusableRow(f"{column} is no date that can be read: {text}") from None

    def finish(self, ignored: Iterable[str]) -> None:
        """Raise UnusableRow for cells neither used nor ignored."""
        if left := sorted(set(self.cells) - set(ignored)):
            raise UnusableRow(f"nobody knows what to do with {', '.join(left)}")


@lru_cache(maxsize=20_000)  # days come again and again in a file
def _parse_date(text: str, form: str) -> date:
    return datetime.strptime(text, form).replace(tzinfo=UTC).date()


@dataclass(frozen=True)
class Lookups:
    """Bounds and corrections for the texts of a source, from a TOML file.

    `least` and `most`: bounds of usable rows. `corrections`: replacement texts by column and
    lower-case text; '' empties the cell. `markings`: placeholders in the serial column and the
    condition each means.
    """

    least: int = 1
    most: int = 10_000_000
    corrections: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    markings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, source: str) -> Lookups:
        """Read the lookups that come with an importer; each table of the file may be missing."""
        path = files("importers").joinpath("lookups", f"{source}.toml")
        tables = tomllib.loads(path.read_text("utf-8"))
        return cls(**tables.pop("volume", {}), **tables)

    def pop(self, row: RawRow, column: str) -> str | None:
        """Remove and return a cell, corrected."""
        text = row.pop(column)
        return self.corrections.get(column, {}).get(text.lower(), text) or None if text else None


@dataclass(frozen=True)
class RowDocuments:
    """Documents made from one row."""

    documents: tuple[Document, ...]


@dataclass
class ImportReport:
    """Result of an import; `imported` and `known` count documents by kind."""

    import_id: UUID = field(default_factory=new_id)
    rows_read: int = 0
    rows_imported: int = 0
    imported: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)

    @property
    def usable(self) -> int:
        """Return the number of usable rows, including known ones."""
        return self.rows_read - len(self.rejects)


CHUNK_ROWS = 10_000


def file_digest(path: Path) -> bytes:
    """Return the SHA-256 of a file."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()


def read_csv(path: Path, columns: Sequence[str]) -> Iterator[RawRow]:
    """Yield rows of a UTF-8 CSV with exactly these columns, as text.

    A short row lacks its last cells. Raises ImportRejected.
    """
    number = 1
    for frame in _read_frames(path, columns):
        names = list(frame.columns)
        for cells in frame.to_numpy(dtype=object).tolist():  # `to_dict` takes ten times as long
            number += 1
            # pandas gives a cell that is not there as NaN, and an empty one as ''
            there = {
                name: cell for name, cell in zip(names, cells, strict=True) if isinstance(cell, str)
            }
            yield RawRow(number, there)


def _read_frames(path: Path, columns: Sequence[str]) -> Iterator[Any]:
    import pandas as pd  # here, so that the rest starts without its half second

    # dtype and keep_default_na: the serials 00123, 1E5 and NA are texts and stay what they are
    options: dict[str, Any] = {"dtype": str, "keep_default_na": False, "encoding": "utf-8-sig"}
    try:
        with pd.read_csv(path, chunksize=CHUNK_ROWS, skip_blank_lines=False, **options) as frames:
            for frame in frames:
                _check_header(list(frame.columns), columns, frame.index.dtype.kind == "i")
                yield frame
    except UnicodeDecodeError:
        raise _rejection(message("The file is not in UTF-8.")) from None
    except pd.errors.EmptyDataError:
        raise _rejection(message("The file is empty.")) from None
    except pd.errors.ParserError as error:
        raise _rejection(
            message("The file is no table: {error}", error=str(error).strip())
        ) from None


def _check_header(header: Sequence[str], columns: Sequence[str], is_numbered: bool) -> None:
    if not is_numbered:  # pandas takes the first cell of rows that are too long as their name
        raise _rejection(message("The rows have more cells than the header."))
    if unknown := sorted(set(header) - set(columns)):
        raise _rejection(message("Nobody knows the columns {names}.", names=", ".join(unknown)))
    if missing := sorted(set(columns) - set(header)):
        raise _rejection(message("The columns {names} are missing.", names=", ".join(missing)))


def _rejection(message: Message) -> ImportRejected:
    return ImportRejected(message, rejects=[])
