"""Program that reads a table from any file, as a process of its own with limits.

The file is standard input; options are the argument, as JSON. Lines of JSON go to standard output:
first what was found out about the file, then each row below the header as its number and its cells,
as text. It imports the standard library and calamine, nothing of the service; calamine reads the
stored values of a spreadsheet and runs no formula, macro or link. Archives are judged by their
directory and by a counted stream before anything is unpacked.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import resource
import sys
import unicodedata
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from itertools import accumulate, chain, islice
from typing import Any, BinaryIO, Final, NamedTuple

MIB: Final = 1024 * 1024
CPU_SECONDS: Final = 3600
MAX_MEMORY: Final = 2048 * MIB
"""Of addresses; a sheet is unpacked whole, a text is read line by line."""
ALWAYS_MEMORY: Final = 256 * MIB
"""For a file of any size; two cells far apart make a sheet of millions."""
MAX_UNPACKED: Final = 2048 * MIB
MAX_RATIO: Final = 200
ALWAYS_UNPACKED: Final = 8 * MIB
MAX_MEMBERS: Final = 2_000
MAX_COLUMNS: Final = 500
SHEET: Final = "{sheet}"
"""The column with the name of a row's sheet."""
EVERY_SHEET: Final = "*"
ALIKE: Final = 0.8
"""Share of columns that two sheets of one shape have both."""
MAX_TITLE: Final = 500
MAX_LINE: Final = MIB
"""Characters of a line of text, and of a cell."""
HEADER_ROWS: Final = 40
"""Among so many first rows that hold something is the header."""
SAMPLE_BYTES: Final = 256 * 1024
ASIDE_ROWS: Final = 60
"""Last rows of a table, and rows of another sheet, in which keys of codes are looked for."""
ASIDE_BYTES: Final = 16 * 1024
TABLES: Final = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods", ".jsonl", ".ndjson")
COMMON: Final = frozenset("áâãàçéêèíñóôõúüÁÂÃÀÇÉÊÈÍÑÓÔÕÚÜ°ºª")
RARE: Final = frozenset("äåëìîïòöùûÄÅËÌÎÏÒÖÙÛ¿¡«»")
"""Signs beyond ASCII in texts in Spanish, Portuguese and French."""
CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]+")
QUOTED_FORMULA: Final = re.compile(r'="([^"]*)"|\'(?=[=+\-@])(.*)', re.DOTALL)
"""A text that was written as a formula, or behind an apostrophe, to save it from a spreadsheet."""
Row = Sequence[Any]


class Refused(Exception):
    """The file is not read, by the code in `args`."""


def read_table(file: BinaryIO, options: dict[str, Any]) -> Iterator[Any]:
    """Yield what is found out about a file, then its rows; raises Refused."""
    file, about = _unpack(file)
    start = file.read(SAMPLE_BYTES)
    file.seek(0)
    if not start.strip(b"\0\r\n\t "):
        raise Refused("empty")
    headings = {*options.get("headings", ())}
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        parts = _sheet_parts(file, about, options, headings)
    else:
        parts = [_part("", _text_rows(file, start, about, options), headings)]
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
            texts = [_as_text(cell) for cell in cells]
            if not any(texts):
                continue
            if not is_same:
                texts = _placed(texts, places, len(columns))
            if has_sheets:
                texts += [""] * (len(columns) - len(texts))
                texts.insert(len(columns), part.sheet)
            yield [start_row + number, *texts]


class Part(NamedTuple):
    """The table of a sheet: its columns, where its header is, the texts above, the rows below."""

    sheet: str
    columns: list[str]
    header_row: int
    title: str
    rows: Iterator[tuple[int, Row]]


def _part(sheet: str, rows: Iterable[Row], headings: set[str]) -> Part:
    """Return the table of rows; raises Refused for none."""
    numbered = ((number, cells) for number, cells in enumerate(rows, 1) if any(map(_has, cells)))
    first = list(islice(numbered, HEADER_ROWS))
    at = _find_header(first, headings)
    header_row, header = first[at]
    title = " ".join(_as_text(cell) for _, cells in first[:at] for cell in cells if _has(cell))
    below = chain(first[at + 1 :], numbered)
    return Part(sheet, _column_names(header), header_row, title[:MAX_TITLE], below)


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


# --- spreadsheets -------------------------------------------------------------------------------


def _sheet_parts(
    file: BinaryIO, about: dict[str, Any], options: dict[str, Any], headings: set[str]
) -> list[Part]:
    """Return the tables of the sheets that are read, in their order."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    chosen = [each for each in options.get("sheets", ()) if each != EVERY_SHEET]
    try:
        book = CalamineWorkbook.from_filelike(file)
        names = list(book.sheet_names)
        if not {*chosen} <= {*names}:
            raise Refused("no_sheet")
        sheets = {name: book.get_sheet_by_name(name) for name in names}
    except PasswordError:
        raise Refused("encrypted") from None
    except (CalamineError, OSError, ValueError):
        raise Refused("damaged") from None

    def fitness(name: str) -> tuple[int, int]:
        """Return how many known headings a sheet has in a row, else how large it is."""
        sheet = sheets[name]
        first = islice(sheet.iter_rows(), HEADER_ROWS) if headings else ()
        known = max((_count_known(cells, headings) for cells in first), default=0)
        return known, 0 if known > 1 else sheet.height * sheet.width

    fittest = max(chosen or names, key=fitness, default=None)
    if options.get("asides") and fittest is not None:
        about["asides"] = [cells for sheet in sheets.values() for cells in _aside_rows(sheet)]
    if fittest is None or not sheets[fittest].height:
        raise Refused("empty")
    part = _part(fittest, sheets[fittest].iter_rows(), headings)
    alike = [name for name in names if name == fittest or _is_alike(part, sheets[name])]
    read = chosen or (alike if EVERY_SHEET in options.get("sheets", ()) else [fittest])
    heights = [sheets[name].height for name in read]
    if any(sheets[name].width > MAX_COLUMNS for name in read):
        raise Refused("columns")
    about |= {"format": "spreadsheet", "sheet": fittest, "sheets": names, "alike": alike}
    about |= {"read": read, "last_row": sum(heights)}
    if len(read) > 1:
        about["starts"] = dict(zip(read, accumulate(heights, initial=0), strict=False))
    known = {fold(column) for column in part.columns} if len(read) > 1 else headings
    return [_part(name, sheets[name].iter_rows(), known) for name in read]


def _is_alike(part: Part, sheet: Any) -> bool:
    """Return whether a sheet has nearly the columns of another one."""
    own = {fold(column) for column in part.columns}
    with suppress(Refused):
        others = {fold(column) for column in _part("", sheet.iter_rows(), own).columns}
        return sheet.width <= MAX_COLUMNS and len(own & others) >= ALIKE * len(own | others)
    return False


def _aside_rows(sheet: Any) -> list[list[str]]:
    """Return the last rows of a sheet as texts, after an empty one."""
    last = deque(sheet.iter_rows(), ASIDE_ROWS)
    return [[], *([_as_text(cell)[:200] for cell in cells] for cells in last)]


# --- texts --------------------------------------------------------------------------------------


def _text_rows(
    file: BinaryIO, start: bytes, about: dict[str, Any], options: dict[str, Any]
) -> Iterator[Row]:
    about["encoding"] = encoding = _find_encoding(file, start)
    about["last_row"] = sum(part.count(b"\n") for part in iter(lambda: file.read(MIB), b""))
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    sample = start.decode(encoding, "replace").rpartition("\n")[0] or start.decode(
        encoding, "replace"
    )
    if sample.lstrip("\ufeff \r\n").startswith("{"):
        about["format"] = "json_lines"
        return _json_rows(_lines(text))
    about["format"], about["delimiter"] = "text", _find_delimiter(sample)
    if options.get("asides"):
        about["asides"] = _last_lines(file, encoding, about["delimiter"])
    csv.field_size_limit(MAX_LINE)
    return _checked_rows(csv.reader(_lines(text), delimiter=about["delimiter"]))


def _last_lines(file: BinaryIO, encoding: str, delimiter: str) -> list[list[str]]:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - ASIDE_BYTES))
    text = file.read().decode(encoding, "replace").replace("\0", "")
    file.seek(0)
    with suppress(csv.Error):
        last = deque(csv.reader(io.StringIO(text), delimiter=delimiter), ASIDE_ROWS)
        return [[_as_text(cell)[:200] for cell in cells] for cells in last]
    return []


def _checked_rows(rows: Iterator[list[str]]) -> Iterator[Row]:
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            raise Refused("long_cell") from None
        if len(row) > MAX_COLUMNS:
            raise Refused("columns")
        yield row


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(MAX_LINE):
        if len(line) >= MAX_LINE:
            raise Refused("long_cell")
        yield line.replace("\0", "")


def _find_encoding(file: BinaryIO, start: bytes) -> str:
    """Return the encoding: by its mark, UTF-8 if all is, else the likeliest of old ones."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if start.count(b"\0") > len(start) // 3:
        return "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
    if _is_utf8(file):
        return "utf-8-sig"
    high = bytes(byte for byte in _all_bytes(file) if byte > 0x7F)[:100_000]
    return max(
        ("cp1252", "cp850", "mac_roman"),
        key=lambda name: sum(
            2 * (sign in COMMON) + (sign in RARE) for sign in high.decode(name, "replace")
        ),
    )


def _is_utf8(file: BinaryIO) -> bool:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        while text.read(MIB):
            pass
    except UnicodeDecodeError:
        return False
    finally:
        text.detach()
        file.seek(0)
    return True


def _all_bytes(file: BinaryIO) -> Iterator[int]:
    for part in iter(lambda: file.read(MIB).translate(None, bytes(range(128))), b""):
        yield from part
        if len(part) > SAMPLE_BYTES:
            break
    file.seek(0)


def _find_delimiter(sample: str) -> str:
    """Return the separator that gives most lines one same number of cells."""

    def score(delimiter: str) -> tuple[float, int]:
        with suppress(csv.Error):
            rows = list(islice(csv.reader(io.StringIO(sample), delimiter=delimiter), 200))
            widths = [len(row) for row in rows if len(row) > 1]
            if widths:
                usual = max({*widths}, key=widths.count)
                return widths.count(usual) / len(rows), usual
        return 0.0, 0

    return max(",;\t|", key=score)


def _json_rows(lines: Iterator[str]) -> Iterator[Row]:
    """Yield the names of all fields in the first lines, then each line by them."""
    first = [_flat(line) for line in islice(lines, 1000)]
    columns = list(dict.fromkeys(name for row in first for name in row))
    if len(columns) > MAX_COLUMNS:
        raise Refused("columns")
    yield columns
    for row in chain(first, map(_flat, lines)):
        yield [row.get(column, "") for column in columns]


def _flat(line: str) -> dict[str, Any]:
    if not line.strip():
        return {}
    try:
        read = json.loads(line)
    except (ValueError, RecursionError):
        raise Refused("damaged") from None
    flat: dict[str, Any] = {}
    waiting = [("", read)]
    while waiting:
        path, value = waiting.pop(0)
        if isinstance(value, dict):
            waiting[:0] = [(f"{path}.{key}".strip("."), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            flat[path] = "; ".join(map(_as_text, value))
        else:
            flat[path or "value"] = value
    return flat


# --- header and cells ---------------------------------------------------------------------------


SIGNS: Final = {number: " " for number in range(128) if not chr(number).isalnum()}


def fold(text: str) -> str:
    """Return a heading in lower case, without accents, signs and line ends."""
    if text.isascii():
        return " ".join(text.lower().translate(SIGNS).split())
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[\W_]+", " ", plain).split())


def _find_header(rows: Sequence[tuple[int, Row]], headings: set[str]) -> int:
    """Return where the header is: the most known headings, else the first full row of words."""
    if not rows:
        raise Refused("empty")
    known = [_count_known(cells, headings) for _, cells in rows]
    if max(known) > 1 or (max(known) and len(rows[known.index(max(known))][1]) == 1):
        return known.index(max(known))
    widest = max(sum(map(_has, cells)) for _, cells in rows)
    for at, (_, cells) in enumerate(rows):
        texts = [_as_text(cell) for cell in cells if _has(cell)]
        if len(texts) >= 0.6 * widest and all(map(_is_words, texts)):
            return at
    return 0


def _count_known(cells: Row, headings: set[str]) -> int:
    return sum(fold(_as_text(cell)) in headings for cell in cells)


def _is_words(text: str) -> bool:
    return len(text) <= 100 and sum(map(str.isalpha, text)) >= sum(map(str.isdigit, text))


def _column_names(header: Row) -> list[str]:
    """Return distinct names of columns; one without a name has that of its place."""
    names: list[str] = []
    for at, cell in enumerate(header, 1):
        name = " ".join(_as_text(cell).split()) or f"column {at}"
        names.append(name if name not in names else f"{name} ({at})")
    return names


def _has(cell: Any) -> bool:
    return cell is not None and cell != "" and (not isinstance(cell, str) or not cell.isspace())


def _as_text(cell: Any) -> str:
    """Return a cell as text: whole numbers without a point, days in ISO, texts made harmless."""
    if not cell and (cell is None or cell == ""):
        return ""
    if type(cell) is str:
        return _harmless(cell)
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        is_day = not (cell.hour or cell.minute or cell.second)
        return (cell.date() if is_day else cell).isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return _harmless(str(cell))


def _harmless(text: str) -> str:
    if text.isascii() and text.isprintable():
        text = text.strip()
    else:
        text = CONTROLS.sub(" ", text)
        # direction marks and other invisible signs would show another text than there is
        text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf").strip()
    if text[:1] in ("=", "'") and (quoted := QUOTED_FORMULA.fullmatch(text)):
        text = quoted[1] if quoted[1] is not None else quoted[2]
    if len(text) > MAX_LINE:
        raise Refused("long_cell")
    return text


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


if __name__ == "__main__":
    main()
