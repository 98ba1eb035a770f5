"""Tables in rows of cells: the header, the columns, and cells as text; standard library alone."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain, islice
from typing import Any, Final, NamedTuple

MIB: Final = 1024 * 1024
MAX_COLUMNS: Final = 500
MAX_TITLE: Final = 500
MAX_LINE: Final = MIB
"""Characters of a line of text, and of a cell."""
HEADER_ROWS: Final = 40
"""Among so many first rows that hold something is the header."""
ASIDE_ROWS: Final = 60
"""Last rows of a table, and rows of another sheet, in which keys of codes are looked for."""
LEVEL: Final = " › "
"""Between the headings of two rows, one above the other."""
CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]+")
QUOTED_FORMULA: Final = re.compile(r'="([^"]*)"|\'(?=[=+\-@])(.*)', re.DOTALL)
"""A text that was written as a formula, or behind an apostrophe, to save it from a spreadsheet."""
Row = Sequence[Any]


class Refused(Exception):
    """The file is not read, by the code in `args`."""


class Part(NamedTuple):
    """The table of a sheet: its columns, where its header is, the texts above, the rows below."""

    sheet: str
    columns: list[str]
    header_row: int
    title: str
    rows: Iterator[tuple[int, Row]]


def read_part(sheet: str, rows: Iterable[Row], headings: set[str]) -> Part:
    """Return the table of rows; raises Refused for none."""
    numbered = (
        (number, cells) for number, cells in enumerate(rows, 1) if any(map(has_value, cells))
    )
    first = list(islice(numbered, HEADER_ROWS))
    at = _find_header(first, headings)
    header_row, header = first[at]
    below = _second_heading(header, first[at + 1][1]) if len(first) > at + 1 else None
    title = " ".join(as_text(cell) for _, cells in first[:at] for cell in cells if has_value(cell))
    rest = chain(first[at + 1 + bool(below) :], numbered)
    return Part(sheet, _column_names(below or header), header_row, title[:MAX_TITLE], rest)


def _second_heading(header: Row, below: Row) -> list[str] | None:
    """Return a heading of two rows as one, None where the second is no heading.

    `N° de série` over `Lettres` and `Chiffres`: words below a heading and the empty cells behind it,
    and nothing below the others.
    """
    width = max(len(header), len(below))
    upper, lower = ([*map(as_text, row), *[""] * (width - len(row))] for row in (header, below))
    lower = ["" if text == above else text for above, text in zip(upper, lower, strict=True)]
    under = [at for at, text in enumerate(lower) if text]
    starts = {at for at in range(width - 1) if upper[at] and not upper[at + 1] and lower[at + 1]}
    is_heading = len(under) > 1 and all(
        is_words(lower[at]) and not any(map(str.isdigit, lower[at])) for at in under
    )
    if not is_heading or not all(not upper[at] or at in starts for at in under):
        return None
    names, above = [], ""
    for text, part in zip(upper, lower, strict=True):
        above = text or (above if part else "")
        names.append(above + LEVEL + part if above and part else text or part)
    return names


def _placed(texts: list[str], places: list[int], width: int) -> list[str]:
    """Return cells by the columns of all sheets, those beyond the header behind them."""
    placed = [""] * width
    for place, text in zip(places, texts, strict=False):
        placed[place] = text
    return placed + texts[len(places) :]


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
    known = [count_known(cells, headings) for _, cells in rows]
    if max(known) > 1 or (max(known) and len(rows[known.index(max(known))][1]) == 1):
        return known.index(max(known))
    widest = max(sum(map(has_value, cells)) for _, cells in rows)
    for at, (_, cells) in enumerate(rows):
        texts = [as_text(cell) for cell in cells if has_value(cell)]
        if len(texts) >= 0.6 * widest and all(map(is_words, texts)):
            return at
    return 0


def count_known(cells: Row, headings: set[str]) -> int:
    """Return how many cells are known headings."""
    return sum(fold(as_text(cell)) in headings for cell in cells)


def is_words(text: str) -> bool:
    """Return whether a text is words, as those of a heading."""
    return len(text) <= 100 and sum(map(str.isalpha, text)) >= sum(map(str.isdigit, text))


def _column_names(header: Row) -> list[str]:
    """Return distinct names of columns; one without a name has that of its place."""
    names: list[str] = []
    for at, cell in enumerate(header, 1):
        name = " ".join(as_text(cell).split()) or f"column {at}"
        names.append(name if name not in names else f"{name} ({at})")
    return names


def has_value(cell: Any) -> bool:
    """Return whether a cell holds more than blanks."""
    return cell is not None and cell != "" and (not isinstance(cell, str) or not cell.isspace())


def as_text(cell: Any) -> str:
    """Return a cell as text: whole numbers without a point, days in ISO, texts made harmless."""
    if not cell and (cell is None or cell == ""):
        return ""
    if type(cell) is str:
        return _harmless(cell)
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        return f"{cell:.15G}" if abs(cell) >= 1e15 else repr(cell)
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
