"""Read tables of any format, by a process with limits (`reader`)."""

import hashlib
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import orjson

from importers.reading.reader.parts import LEVEL, MAX_COLUMNS, fold
from importers.reading.reader.program import SHEET
from salsa_ext.core.errors import ImportRejected, message

__all__ = ["LEVEL", "SHEET", "Row", "Table", "file_digest", "find_place", "fold", "open_table"]
PROGRAM: Final = (
    f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r});"
    " from importers.reading.reader.program import main; main()"
)
REASONS: Final = {
    "empty": message("The file is empty. Choose another one."),
    "damaged": message("The file is damaged or no table. Save it again as CSV or XLSX."),
    "encrypted": message("The file has a password. Save it without one."),
    "bomb": message("The file unpacks to far more than it is. It is not read."),
    "several_tables": message("The archive holds several tables. Pack one file at a time."),
    "no_table": message("The archive holds no table. Pack a CSV, XLSX, XLS, ODS or JSON file."),
    "no_sheet": message("The file has no sheet of this name. Choose another sheet."),
    "columns": message(
        "The table has more than {most} columns. Save the part that is needed.", most=MAX_COLUMNS
    ),
    "long_cell": message("A cell is longer than a million characters. It is not read."),
    "memory": message("The file needs too much memory. Save it as CSV, or in parts."),
}


class Row(NamedTuple):
    """A row: its place in the file, its cells by column, and those beyond the header.

    The place is the number as spreadsheets count, of several sheets as if each went on below the
    one before: see `find_place`.
    """

    number: int
    cells: dict[str, str]
    beyond: Sequence[str] = ()


@dataclass
class Table:
    """What was found out about a file, and its rows, which can be read once.

    `last_row` is about the number of the last one. `asides` are the last rows of all sheets, if
    asked for. `sheet` is the fittest of `sheets`; `alike` have its columns, `read` are those whose
    rows come, after so many rows as `starts` has for each of several. `title` is above the header.
    """

    columns: list[str]
    header_row: int
    rows: Iterator[Row] = field(repr=False)
    format: str = "text"
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    alike: Sequence[str] = ()
    read: Sequence[str] = ()
    starts: Mapping[str, int] = field(default_factory=dict)
    title: str = ""
    member: str | None = None
    last_row: int = 0
    asides: Sequence[Sequence[str]] = ()


def find_place(starts: Mapping[str, int], number: int) -> tuple[str, int]:
    """Return the sheet of a row and its number there; no sheet where one is read."""
    before = [(start, sheet) for sheet, start in starts.items() if start < number]
    start, sheet = max(before, default=(0, ""))
    return sheet, number - start


def file_digest(path: Path) -> bytes:
    """Return the SHA-256 of a file."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()


@contextmanager
def open_table(
    file: Path | BinaryIO,
    headings: Collection[str] = (),
    sheets: Collection[str] = (),
    *,
    asides: bool = False,
) -> Iterator[Table]:
    """Open a file and find its table; raises ImportRejected, also from its rows.

    `headings`, folded, tell which row is the header. `file` is a path, or a real file, which is
    closed. Of several `sheets` the rows come as those of one table, `*` for all that are alike.
    """
    given = {"headings": sorted(headings), "sheets": [*sheets], "asides": asides}
    options = orjson.dumps(given).decode()
    command = [sys.executable, "-I", "-c", PROGRAM, options]
    opened = file.open("rb") if isinstance(file, Path) else file
    with subprocess.Popen(  # noqa: S603 - this very program
        command, stdin=opened, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
    ) as process:
        opened.close()
        assert process.stdout is not None
        try:
            about = _next_line(process)
            yield Table(rows=_rows(process, about["columns"]), **about)
        finally:
            process.stdout.close()
            process.kill()


def _rows(process: subprocess.Popen[bytes], columns: list[str]) -> Iterator[Row]:
    while (line := _next_line(process, is_row=True)) is not None:
        cells = dict(zip(columns, line[1:], strict=False))
        yield Row(line[0], cells, [cell for cell in line[len(columns) + 1 :] if cell])


def _next_line(process: subprocess.Popen[bytes], *, is_row: bool = False) -> Any:
    """Return the next line, None after the last row; raises ImportRejected."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        if is_row and process.wait() == 0:
            return None
        raise _refusal({"refused": "memory"})  # ended by a limit
    read = orjson.loads(line)
    if isinstance(read, Mapping) and "refused" in read:
        raise _refusal(read)
    return read


def _refusal(read: Mapping[str, str]) -> ImportRejected:
    return ImportRejected(REASONS[read["refused"]], rejects=[])
