"""Sheets of spreadsheets, read by calamine: stored values alone, no formula, macro or link."""

import re
import zipfile
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from html import unescape
from itertools import accumulate, islice
from typing import Any, BinaryIO, Final

from importers.reading.reader.parts import (
    ASIDE_ROWS,
    HEADER_ROWS,
    MAX_COLUMNS,
    MIB,
    Part,
    Refused,
    Row,
    as_text,
    count_known,
    fold,
    has_value,
    read_part,
)

EVERY_SHEET: Final = "*"
ALIKE: Final = 0.8
"""Share of columns that two sheets of one shape have both."""
MONTH_FORMAT: Final = 17
"""The number of `mmm-yy` among the formats that no file declares."""
NO_FIELD: Final = re.compile(r'\[[^\]]*\]|"[^"]*"|\\.|[_*].|&quot;.*?&quot;')
"""What is no field of a date in the format of a number."""
LONGEST_TAG: Final = 500
MAX_ODS: Final = 64 * MIB
ODS_TAG: Final = re.compile(
    r"(<table:table [^>]*>|<table:table-row\b[^>]*>|<table:(?:covered-)?table-cell\b[^>]*>)"
    r"(?:(?<!/>)(<text:p\b.*?</text:p>))?",
    re.DOTALL,
)
MONTH_TEXT: Final = re.compile(r"[^\W\d]+\.?\W*(?:de )?\d{2,4}|\d{1,2}[/.-]\d{4}|(?P<year>\d{4})")
"""How a day is shown as a month or a year."""


def sheet_parts(
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
        known = max((count_known(cells, headings) for cells in first), default=0)
        return known, 0 if known > 1 else sheet.height * sheet.width

    fittest = max(chosen or names, key=fitness, default=None)
    if options.get("asides") and fittest is not None:
        about["asides"] = [cells for sheet in sheets.values() for cells in _aside_rows(sheet)]
    if fittest is None or not sheets[fittest].height:
        raise Refused("empty")
    formats = _Formats(file)

    def rows(name: str) -> Iterator[Row]:
        sheet = sheets[name]
        return _filled(formats.rows(name, sheet), formats.merged(name, sheet))

    part = read_part(fittest, rows(fittest), headings)
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
    return [read_part(name, rows(name), known) for name in read]


def _is_alike(part: Part, sheet: Any) -> bool:
    """Return whether a sheet has nearly the columns of another one."""
    own = {fold(column) for column in part.columns}
    with suppress(Refused):
        others = {fold(column) for column in read_part("", sheet.iter_rows(), own).columns}
        return sheet.width <= MAX_COLUMNS and len(own & others) >= ALIKE * len(own | others)
    return False


def _aside_rows(sheet: Any) -> list[list[str]]:
    """Return the last rows of a sheet as texts, after an empty one."""
    last = deque(sheet.iter_rows(), ASIDE_ROWS)
    return [[], *([as_text(cell)[:200] for cell in cells] for cells in last)]


Places = dict[int, list[tuple[int, int]]]
"""Column, and a length, by row: of the ISO date that is shown of days without one, of a merged cell."""


def _filled(rows: Iterator[Row], merged: Places) -> Iterator[Row]:
    """Yield rows with the text of a merged cell in each of its rows that holds something."""
    below: dict[int, tuple[int, Any]] = {}
    for number, cells in enumerate(rows, 1):
        below = {at: each for at, each in below.items() if number < each[0]}
        if below and any(map(has_value, cells)):
            cells = [
                below[at][1] if at in below and not has_value(cell) else cell
                for at, cell in enumerate(cells)
            ]
        for at, length in merged.get(number, ()):
            if 0 <= at < len(cells) and has_value(cells[at]):
                below[at] = number + length, cells[at]
        yield cells


class _Formats:
    """Which days are shown as a month or year alone, by the format of their cells; merged cells."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._sheets, self._styles = file, dict[str, str](), dict[str, int]()
        self._places, self._merged = dict[str, Places](), dict[str, Places]()
        file.seek(0)
        with suppress(KeyError, zipfile.BadZipFile), zipfile.ZipFile(file) as book:
            if "content.xml" in book.namelist() and book.getinfo("content.xml").file_size < MAX_ODS:
                content = book.read("content.xml").decode("utf-8", "replace")
                self._places, self._merged = _places_of_ods(content)
                return
            links = book.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
            paths = {
                _attribute(tag, "Id"): _attribute(tag, "Target")
                for tag in _tags(links, "Relationship")
            }
            for tag in _tags(book.read("xl/workbook.xml").decode("utf-8", "replace"), "sheet"):
                path = paths.get(_attribute(tag, "r:id"), "")
                self._sheets[unescape(_attribute(tag, "name"))] = f"xl/{path}".replace(
                    "xl//xl/", "xl/"
                )
            self._styles = _rough_styles(book.read("xl/styles.xml").decode("utf-8", "replace"))

    def rows(self, name: str, sheet: Any) -> Iterator[Row]:
        """Yield the rows of a sheet, with days cut to what is shown: `2020-03`."""
        rough = self._places.get(name, {})
        if self._styles and name in self._sheets:
            rough = self._cells(name)
        _, first = sheet.start or (0, 0)
        for number, cells in enumerate(sheet.iter_rows(), 1):
            if (places := rough.get(number)) is None:
                yield cells
                continue
            cut = [*cells]
            for column, length in places:
                at = column - first
                if 0 <= at < len(cut) and isinstance(cut[at], (date, datetime)):
                    cut[at] = cut[at].isoformat()[:length]
            yield cut

    def merged(self, name: str, sheet: Any) -> Places:
        """Return the cells of a sheet that go over several rows, with how many."""
        _, first_column = sheet.start or (0, 0)
        places = {
            row: [(column - first_column, length) for column, length in cells]
            for row, cells in self._merged.get(name, {}).items()
        }
        for (top, column), (bottom, _) in sheet.merged_cell_ranges or ():
            if bottom > top:
                cell = column - first_column, bottom - top + 1
                places.setdefault(top + 1, []).append(cell)
        return places

    def _cells(self, name: str) -> Places:
        """Return the days of a sheet that are cut."""
        places: Places = {}
        cell = re.compile(rf'<c\b[^>]*\bs="(?:{"|".join(self._styles)})"[^>]*>')
        self._file.seek(0)
        with (
            suppress(KeyError),
            zipfile.ZipFile(self._file) as book,
            book.open(self._sheets[name]) as stream,
        ):
            text = ""
            while part := stream.read(MIB):
                text = text[-LONGEST_TAG:].rpartition(">")[2] + part.decode("latin-1")
                for match in cell.finditer(text):
                    if place := re.fullmatch(r"([A-Z]{1,3})(\d{1,7})", _attribute(match[0], "r")):
                        at = 0
                        for letter in place[1]:
                            at = at * 26 + ord(letter) - 64
                        length = self._styles[_attribute(match[0], "s")]
                        places.setdefault(int(place[2]), []).append((at - 1, length))
        return places


def _places_of_ods(content: str) -> tuple[dict[str, Places], dict[str, Places]]:
    """Return the days that are shown as months or years, as their text says, and merged cells."""
    sheets, merged = dict[str, Places](), dict[str, Places]()
    name, row, after, column = "", 0, 1, 0
    for match in ODS_TAG.finditer(content):
        tag, text = match[1], re.sub(r"<[^>]*>", "", match[2] or "").strip()
        if tag.startswith("<table:table "):
            name, after = unescape(_attribute(tag, "table:name")), 1
        elif tag.startswith("<table:table-row"):
            row, column = after, 0
            after += int(_attribute(tag, "table:number-rows-repeated") or 1)
        else:
            if _attribute(tag, "office:date-value") and (month := MONTH_TEXT.fullmatch(text)):
                length = len("2020" if month["year"] else "2020-03")
                sheets.setdefault(name, {}).setdefault(row, []).append((column, length))
            if (span := int(_attribute(tag, "table:number-rows-spanned") or 1)) > 1:
                merged.setdefault(name, {}).setdefault(row, []).append((column, span))
            column += int(_attribute(tag, "table:number-columns-repeated") or 1)
    return sheets, merged


def _rough_styles(styles: str) -> dict[str, int]:
    """Return the length of the ISO date that each style of cells shows, of those without a day."""
    lengths = {str(MONTH_FORMAT): len("2020-03")}
    for tag in _tags(styles, "numFmt"):
        fields = NO_FIELD.sub("", _attribute(tag, "formatCode")).lower().partition(";")[0]
        if "y" in fields and not {*"dhs"} & {*fields}:
            lengths[_attribute(tag, "numFmtId")] = len("2020-03" if "m" in fields else "2020")
    _, _, formats = styles.partition("<cellXfs")
    tags = _tags(formats.partition("</cellXfs>")[0], "xf")
    return {
        str(at): lengths[number]
        for at, tag in enumerate(tags)
        if (number := _attribute(tag, "numFmtId")) in lengths
    }


def _tags(text: str, name: str) -> list[str]:
    return re.findall(rf"<{name}\b[^>]*>", text)


def _attribute(tag: str, name: str) -> str:
    """Return an attribute of a tag, empty for none."""
    match = re.search(rf'\s{name}="([^"]*)"', tag)
    return match[1] if match else ""
