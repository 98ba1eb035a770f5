"""Manifests: CSV or NDJSON files read row by row and validated."""

from __future__ import annotations

import csv
import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO, Any, Final, NoReturn, TypeVar
from weakref import finalize

import orjson
from marshmallow import Schema, ValidationError, fields

from api.http.errors import as_error_messages
from api.http.fields.scalars import CellText, Quantity
from salsa_ext.core.batches import CHUNK_SIZE, MAX_STREAMED_ITEMS, ItemFile
from salsa_ext.core.config import MIB
from salsa_ext.core.errors import Invalid, Message, message
from salsa_ext.core.field_checks import MAX_LISTED, MORE_ROWS_WRONG

MAX_ROW_BYTES: Final = 65_536
"""Bytes of a row, on however many lines; a firearm with fifty marks has fewer."""
NDJSON: Final = "application/x-ndjson"
EXAMPLE_COLUMNS: Final = ("line", "serial")
"""Columns of a header that is shown, where the file may have them."""


@dataclass(frozen=True)
class Row:
    """Row of a file: line number, size in bytes, fields. `wrong` is the error of an unreadable row."""

    line: int
    size: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    wrong: Message | None = None


def reject_file(message: Message, path: str = "manifest") -> NoReturn:
    """Raise Invalid for an unusable file."""
    raise Invalid({path: [message]})


def read_csv(file: IO[bytes], schema: Schema) -> Iterator[Row]:
    """Yield rows of a UTF-8 CSV, cells converted by the schema.

    Empty cells are left out. Raises Invalid for a wrong header.
    """
    delimiter, lines = _delimiter(next(_Lines(file), "")), _Lines(file)
    rows = _numbered_rows(csv.reader(lines, delimiter=delimiter, strict=True), lines)
    if (first := next(rows, None)) is None:
        reject_file(
            message(
                "The file is empty. Its first row names the columns, such as: {example}.",
                example=_example_header(schema),
            )
        )
    header = [cell.strip() for cell in first[1]]
    converters = _converters(header, schema)
    for line, cells in rows:
        if len(cells) != len(header):
            yield Row(
                line,
                lines.size,
                wrong=message(
                    "This row has {count} cells, and the header has {wanted}.",
                    count=len(cells),
                    wanted=len(header),
                ),
            )
        else:
            pairs = zip(header, converters, cells, strict=True)
            values = {name: read(cell) for name, read, cell in pairs if cell.strip()}
            yield Row(line, lines.size, values)


def read_ndjson(file: IO[bytes], schema: Schema) -> Iterator[Row]:
    """Yield the JSON objects of a file, one a line."""
    lines = _Lines(file)
    while (number := lines.begin()) and (line := next(lines, "")):
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            value = None
        if isinstance(value, dict):
            yield Row(number, lines.size, value)
        else:
            yield Row(number, lines.size, wrong=message("This line is no JSON object."))


class _Lines(Iterator[str]):
    """Decoded lines of a file, without a byte order mark.

    Lines read after `begin` belong to one row; raises Invalid as soon as a row is too long.
    """

    def __init__(self, file: IO[bytes]) -> None:
        file.seek(0)
        self._file, self._number = file, 0
        self.begin()

    def begin(self) -> int:
        """Begin a row; returns the number of the line that comes next."""
        self._first, self.size = self._number + 1, 0
        return self._first

    def __next__(self) -> str:
        raw = self._file.readline(MAX_ROW_BYTES - self.size + 1)
        if not raw:
            raise StopIteration
        self._number, self.size = self._number + 1, self.size + len(raw)
        if self.size > MAX_ROW_BYTES:
            reject_file(
                message("A row has at most {most} bytes.", most=MAX_ROW_BYTES),
                f"manifest.{self._first}",
            )
        try:
            return raw.decode("utf-8-sig" if self._number == 1 else "utf-8")
        except UnicodeDecodeError:
            reject_file(message("The file is not in UTF-8."), f"manifest.{self._number}")


def _numbered_rows(reader: Any, lines: _Lines) -> Iterator[tuple[int, list[str]]]:
    """Yield non-empty rows with their first line number."""
    while True:
        line = lines.begin()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            reject_file(
                message("The file is no table: {error}", error=str(error)), f"manifest.{line}"
            )
        if cells is None:
            return
        if cells:
            yield line, cells


def _delimiter(header: str) -> str:
    if "\t" in header:
        reject_file(message("Columns are separated by commas or by semicolons."), "manifest.1")
    return ";" if header.count(";") > header.count(",") else ","


def csv_columns(schema: Schema) -> Mapping[str, fields.Field[Any]]:
    """Return the possible CSV columns: all fields except lists."""
    return {
        name: field for name, field in schema.fields.items() if not isinstance(field, fields.List)
    }


def _example_header(schema: Schema) -> str:
    return ",".join(name for name in EXAMPLE_COLUMNS if name in schema.fields)


def _converters(header: Sequence[str], schema: Schema) -> list[Callable[[str], Any]]:
    """Return a converter for each column; raises Invalid for unknown columns."""
    known = csv_columns(schema)
    if not known.keys() & {name.lower() for name in header}:
        reject_file(
            message(
                "The first row names no column, so it is no header. It has some of: {known}; such as:"
                " {example}.",
                known=", ".join(known),
                example=_example_header(schema),
            ),
            "manifest.1",
        )
    if unknown := [name for name in header if name not in known]:
        reject_file(
            message(
                "Nobody knows the columns {names}; a CSV has some of: {known}.",
                names=", ".join(unknown) or "-",
                known=", ".join(known),
            ),
            "manifest.1",
        )
    if twice := sorted(name for name, count in Counter(header).items() if count > 1):
        reject_file(
            message("The columns {names} appear twice.", names=", ".join(twice)), "manifest.1"
        )
    return [_converter(known[name]) for name in header]


def _converter(field: fields.Field[Any]) -> Callable[[str], Any]:
    """Return a function from cell to JSON value; invalid cells stay text."""
    if isinstance(field, fields.Integer | Quantity):
        return _parse_number
    return _parse_flag if isinstance(field, fields.Boolean) else str


def _parse_number(cell: str) -> Any:
    try:
        number = orjson.loads(cell.strip())
    except orjson.JSONDecodeError:
        number = None
    return number if isinstance(number, int | float) else CellText(cell)


def _parse_flag(cell: str) -> Any:
    return {"true": True, "false": False}.get(cell.strip(), cell)


READERS: Final[Mapping[str, Callable[[IO[bytes], Schema], Iterator[Row]]]] = {
    "text/csv": read_csv,
    NDJSON: read_ndjson,
}

Item = TypeVar("Item")
Progress = Callable[[int], None]
MAX_CHUNK_BYTES: Final = MIB // 4
"""Bytes of the file whose items are in memory at once, where fewer than `CHUNK` rows have so many."""


class SpooledManifest(ItemFile[Item]):
    """Items spooled to a temporary file, deleted with the object.

    `progress` is called with the size of each chunk.
    """

    def __init__(self, progress: Progress | None = None) -> None:
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed when nobody has the object
        finalize(self, self._file.close)
        self._parts: list[int] = []
        self._length = 0
        self.progress: Progress = progress or (lambda count: None)

    def __len__(self) -> int:
        return self._length

    def add(self, items: list[tuple[int, Item]]) -> None:
        """Append numbered items as one chunk."""
        self._parts.append(self._file.tell())
        pickle.dump(items, self._file, pickle.HIGHEST_PROTOCOL)
        self._length += len(items)

    def numbered(self) -> Iterator[tuple[int, Item]]:
        """Yield every item with the number of its line."""
        for part in self._parts:
            self._file.seek(part)
            items = pickle.load(self._file)  # noqa: S301 - this object wrote it, and nobody else can
            yield from items
            self.progress(len(items))


def load_manifest(
    file: IO[bytes], kind: str, schema: Schema, progress: Progress | None = None
) -> SpooledManifest[Any]:
    """Load the items of a file through the schema.

    Raises Invalid with the first wrong rows by line (`manifest.3.serial`).
    """
    spooled, wrong = SpooledManifest[Any](progress), RowErrors()
    for items in _load_chunks(read_rows(file, kind, schema), schema, wrong):
        spooled.add(items)
        spooled.progress(len(items))
        if len(spooled) > MAX_STREAMED_ITEMS:
            reject_file(
                message(
                    "A manifest has at most {most} rows; send the others as another one.",
                    most=MAX_STREAMED_ITEMS,
                )
            )
    wrong.raise_any()
    if not spooled:
        reject_file(message("The manifest has no rows."))
    return spooled


def read_rows(file: IO[bytes], kind: str, schema: Schema) -> Iterator[Row]:
    """Return an iterator of rows; raises Invalid for unsupported types."""
    if kind not in READERS:
        reject_file(message("A manifest is of the type {types}.", types=" / ".join(READERS)))
    return READERS[kind](file, schema)


def _load_chunks(
    rows: Iterable[Row], schema: Schema, wrong: RowErrors
) -> Iterator[list[tuple[int, Any]]]:
    """Yield lists of valid items, limited in number and size."""
    chunk: list[tuple[int, Any]] = []
    size = 0
    for row in rows:
        if (item := wrong.load(row, schema)) is not None:
            chunk.append((row.line, item))
            size += row.size
        if len(chunk) == CHUNK_SIZE or size >= MAX_CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


class RowErrors:
    """Collected errors of rows, limited in number of rows and fields."""

    def __init__(self) -> None:
        self.found: dict[str, list[Message]] = {}
        self.rows = 0

    def load(self, row: Row, schema: Schema) -> Any:
        """Load a row, or return None and note its errors.

        Raises Invalid after too many wrong rows.
        """
        try:
            if row.wrong is None:
                return schema.load(row.fields)
            problems = {f"manifest.{row.line}": [row.wrong]}
        except ValidationError as error:
            # nobody mends thousands of fields of one row from a list of them
            problems = as_error_messages(error.messages, f"manifest.{row.line}", MAX_LISTED)
        self.rows += 1
        if self.rows > MAX_LISTED:
            self.found["manifest"] = [MORE_ROWS_WRONG]
            self.raise_any()
        self.found |= problems
        return None

    def raise_any(self) -> None:
        """Raise Invalid if any row was wrong."""
        if self.found:
            raise Invalid(self.found)
