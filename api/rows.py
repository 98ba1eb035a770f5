"""Rows of a file that is read line by line: CSV with a header, or one JSON object a line (NDJSON)."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final, NoReturn

import orjson
from marshmallow import Schema, fields

from api.schemas.fields import Quantity
from api.schemas.fields.numbers import Cell
from salsa_ext.errors import Invalid, Message, say

LONGEST: Final = 65_536
"""Bytes of a row, on however many lines; a firearm with fifty marks has fewer."""
NDJSON: Final = "application/x-ndjson"
SHOWN: Final = ("line", "serial")
"""Columns of a header that is shown, where the file may have them."""


@dataclass(frozen=True)
class Row:
    """A row by the line on which it begins, and the bytes that it has in the file.

    `wrong` says why it has no fields that can be read.
    """

    line: int
    size: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    wrong: Message | None = None


def refuse(message: Message, path: str = "manifest") -> NoReturn:
    """Raise Invalid for a file that is no manifest at all."""
    raise Invalid({path: [message]})


def read_csv(file: IO[bytes], schema: Schema) -> Iterator[Row]:
    """Yield the rows of a CSV in UTF-8, cells as the fields of the schema want them.

    An empty cell is a field that is left out. Raises Invalid for a header that is none.
    """
    delimiter, lines = _delimiter(next(_Lines(file), "")), _Lines(file)
    rows = _cells(csv.reader(lines, delimiter=delimiter, strict=True), lines)
    if (first := next(rows, None)) is None:
        refuse(say("The file is empty. Its first row names the columns, such as: {example}.",
                   example=_example(schema)))  # fmt: skip
    header = [cell.strip() for cell in first[1]]
    converters = _converters(header, schema)
    for line, cells in rows:
        if len(cells) != len(header):
            yield Row(line, lines.taken, wrong=say(
                "This row has {count} cells, and the header has {wanted}.",
                count=len(cells), wanted=len(header)))  # fmt: skip
        else:
            pairs = zip(header, converters, cells, strict=True)
            found = {name: read(cell) for name, read, cell in pairs if cell.strip()}
            yield Row(line, lines.taken, found)


def read_ndjson(file: IO[bytes], schema: Schema) -> Iterator[Row]:
    """Yield the objects of a file that has one on each line."""
    lines = _Lines(file)
    while (number := lines.begin()) and (line := next(lines, "")):
        if not line.strip():
            continue
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            found = None
        if isinstance(found, dict):
            yield Row(number, lines.taken, found)
        else:
            yield Row(number, lines.taken, wrong=say("This line is no JSON object."))


READERS: Final[Mapping[str, Callable[[IO[bytes], Schema], Iterator[Row]]]] = {
    "text/csv": read_csv,
    NDJSON: read_ndjson,
}


class _Lines(Iterator[str]):
    """Lines of a file from its beginning, without a mark of the order of bytes.

    What is read between two calls of `begin` is a row; raises Invalid while a row that is too long
    is still being read, so that nobody holds the whole of it.
    """

    def __init__(self, file: IO[bytes]) -> None:
        file.seek(0)
        self._file, self._number = file, 0
        self.begin()

    def begin(self) -> int:
        """Begin a row; returns the number of the line that comes next."""
        self._first, self.taken = self._number + 1, 0
        return self._first

    def __next__(self) -> str:
        raw = self._file.readline(LONGEST - self.taken + 1)
        if not raw:
            raise StopIteration
        self._number, self.taken = self._number + 1, self.taken + len(raw)
        if self.taken > LONGEST:
            refuse(say("A row has at most {most} bytes.", most=LONGEST), f"manifest.{self._first}")
        try:
            return raw.decode("utf-8-sig" if self._number == 1 else "utf-8")
        except UnicodeDecodeError:
            refuse(say("The file is not in UTF-8."), f"manifest.{self._number}")


def _cells(reader: Any, lines: _Lines) -> Iterator[tuple[int, list[str]]]:
    """Yield rows that are not blank, each with the line on which it begins."""
    while True:
        line = lines.begin()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            refuse(say("The file is no table: {error}", error=str(error)), f"manifest.{line}")
        if cells is None:
            return
        if cells:
            yield line, cells


def _delimiter(header: str) -> str:
    if "\t" in header:
        refuse(say("Columns are separated by commas or by semicolons."), "manifest.1")
    return ";" if header.count(";") > header.count(",") else ","


def columns_of(schema: Schema) -> Mapping[str, fields.Field[Any]]:
    """Return the columns that a CSV may have: the fields that are no lists."""
    return {name: one for name, one in schema.fields.items() if not isinstance(one, fields.List)}


def _example(schema: Schema) -> str:
    return ",".join(name for name in SHOWN if name in schema.fields)


def _converters(header: Sequence[str], schema: Schema) -> list[Callable[[str], Any]]:
    """Return how the cells of each column are read; raises Invalid for a column that nobody knows."""
    known = columns_of(schema)
    if not known.keys() & {name.lower() for name in header}:
        refuse(say("The first row names no column, so it is no header. It has some of: {known}; such as:"
                   " {example}.", known=", ".join(known), example=_example(schema)),
               "manifest.1")  # fmt: skip
    if unknown := [name for name in header if name not in known]:
        refuse(say("Nobody knows the columns {names}; a CSV has some of: {known}.",
                   names=", ".join(unknown) or "-", known=", ".join(known)), "manifest.1")  # fmt: skip
    if twice := sorted(name for name, count in Counter(header).items() if count > 1):
        refuse(say("The columns {names} stand twice.", names=", ".join(twice)), "manifest.1")
    return [_converter(known[name]) for name in header]


def _converter(of: fields.Field[Any]) -> Callable[[str], Any]:
    """Return what makes of a cell the JSON that the field takes; what it cannot, it leaves as text."""
    if isinstance(of, fields.Integer | Quantity):
        return _number
    return _flag if isinstance(of, fields.Boolean) else str


def _number(cell: str) -> Any:
    try:
        found = orjson.loads(cell.strip())
    except orjson.JSONDecodeError:
        found = None
    return found if isinstance(found, int | float) else Cell(cell)


def _flag(cell: str) -> Any:
    return {"true": True, "false": False}.get(cell.strip(), cell)
