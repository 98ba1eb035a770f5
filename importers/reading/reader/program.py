"""Program that reads a table from any file, as a process of its own with limits.

The file is standard input; options are the argument, as JSON. Lines of JSON go to standard output:
first what was found out about the file, then each row below the header as its number and its cells,
as text. Its folder imports the standard library and calamine, nothing of the service. Archives are
judged by their directory and by a counted stream before anything is unpacked.
"""

import io
import json
import os
import resource
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, BinaryIO, Final

from importers.reading.reader.parts import MIB, Refused, as_text, fold, read_part
from importers.reading.reader.spreadsheets import sheet_parts
from importers.reading.reader.text_files import SAMPLE_BYTES, text_rows

CPU_SECONDS: Final = 3600
MAX_MEMORY: Final = 2048 * MIB
"""Of addresses; a sheet is unpacked whole, a text is read line by line."""
ALWAYS_MEMORY: Final = 256 * MIB
"""For a file of any size; two cells far apart make a sheet of millions."""
MAX_UNPACKED: Final = 2048 * MIB
MAX_RATIO: Final = 200
ALWAYS_UNPACKED: Final = 8 * MIB
MAX_MEMBERS: Final = 2_000
SHEET: Final = "{sheet}"
"""The column with the name of a row's sheet."""
TABLES: Final = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods", ".jsonl", ".ndjson")


def read_table(file: BinaryIO, options: dict[str, Any]) -> Iterator[Any]:
    """Yield what is found out about a file, then its rows; raises Refused."""
    file, about = _unpack(file)
    start = file.read(SAMPLE_BYTES)
    file.seek(0)
    if not start.strip(b"\0\r\n\t "):
        raise Refused("empty")
    headings = {*options.get("headings", ())}
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        parts = sheet_parts(file, about, options, headings)
    else:
        parts = [read_part("", text_rows(file, start, about, options), headings)]
    columns = list(dict.fromkeys(column for part in parts for column in part.columns))
    has_sheets = len(parts) > 1 or (about.get("sheet") and fold(SHEET) in headings)
    first = next(each for each in parts if each.sheet == about.get("sheet", ""))
    about |= {"header_row": first.header_row, "title": first.title}
    yield about | {"columns": [*columns, SHEET] if has_sheets else columns}
    for part in parts:
        start_row = about.get("starts", {}).get(part.sheet, 0)
        places = [columns.index(column) for column in part.columns]
        is_same = places == [*range(len(columns))]
        for number, cells in part.rows:
            texts = [as_text(cell) for cell in cells]
            if not any(texts):
                continue
            if not is_same:
                texts = _placed(texts, places, len(columns))
            if has_sheets:
                texts += [""] * (len(columns) - len(texts))
                texts.insert(len(columns), part.sheet)
            yield [start_row + number, *texts]


def _placed(texts: list[str], places: list[int], width: int) -> list[str]:
    """Return cells by the columns of all sheets, those beyond the header behind them."""
    placed = [""] * width
    for place, text in zip(places, texts, strict=False):
        placed[place] = text
    return placed + texts[len(places) :]


# --- archives -----------------------------------------------------------------------------------


def _unpack(file: BinaryIO) -> tuple[BinaryIO, dict[str, Any]]:
    """Return the table in a file: itself, or the only table of an archive."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(4) != b"PK\x03\x04":
        file.seek(0)
        return file, {}
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_archive(archive, members, size)
            names = {member.filename for member in members}
            if "[Content_Types].xml" in names or "mimetype" in names:
                file.seek(0)
                return file, {}
            tables = [
                member
                for member in members
                if member.filename.lower().endswith(TABLES)
                and not member.filename.startswith("__MACOSX")
            ]
            if len(tables) != 1:
                raise Refused("several_tables" if tables else "no_table")
            inner = io.BytesIO(archive.read(tables[0]))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError):
        raise Refused("damaged") from None
    inner_file, about = _unpack(inner)
    return inner_file, about | {"member": tables[0].filename}


def _check_archive(archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo], size: int) -> None:
    """Raise Refused for an archive that unpacks to too much, by its directory and in truth."""
    most = min(MAX_UNPACKED, ALWAYS_UNPACKED + MAX_RATIO * size)
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > most:
        raise Refused("bomb")
    if any(member.flag_bits & 1 for member in members):
        raise Refused("encrypted")
    for member in members:
        with archive.open(member) as stream:
            while part := stream.read(MIB):
                most -= len(part)
                if most < 0:
                    raise Refused("bomb")


# --- the process --------------------------------------------------------------------------------


def _limit(size: int) -> None:
    for kind, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, min(MAX_MEMORY, ALWAYS_MEMORY + MAX_RATIO * size)),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def _write(lines: Iterable[Any], write: Callable[[str], Any]) -> None:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for line in lines:
        write(encode(line) + "\n")


def main() -> None:
    """Read standard input, and write what it holds or why it is refused."""
    _limit(os.fstat(0).st_size)
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="replace", newline="\n")
    try:
        with os.fdopen(os.dup(0), "rb") as file:
            _write(read_table(file, json.loads(sys.argv[1])), out.write)
    except Refused as refusal:
        _write([{"refused": refusal.args[0]}], out.write)
    except MemoryError:
        _write([{"refused": "memory"}], out.write)
    except BrokenPipeError:
        os._exit(0)
    with suppress(BrokenPipeError):
        out.flush()
