"""Which columns of a file hold the serials of guns, and what a star behind them means; pure."""

import re
from collections.abc import Sequence
from typing import Final

from importers.bodies import STAR
from importers.profiles import Source
from importers.reading.tables import fold
from salsa_ext.firearms.marks.firearm_marks import marking_instead_of_serial
from salsa_ext.firearms.marks.marking_words import find_term

FILLERS: Final = frozenset(
    "n no nr nro num numero number d de da del des do du l la le of the".split()
)
LETTERS: Final = re.compile(r"\b(letras?|lettres?|letters?|pre(?:fijo|fixo|fixe|fix))\b")
DIGITS: Final = re.compile(
    r"\b(numeros?|chiffres?|digits?|digitos?|cifras?|algarismos?|numbers?)\b"
)
"""Headings of two columns that hold one serial."""
LEAST_STARRED: Final = 3
"""Serials with a star behind them, from which on it seems to mean something."""
RESTORED_WORDS: Final = re.compile(r"revel|rest(aur|itu|or|abl)|recup|reaviv|regener|metalogr|lab")
UNREAD: Final = {
    "*": re.compile(r"\*[A-Z0-9-]*\*(?!$)|(?!^)\*[A-Z0-9-]*\*", re.IGNORECASE),
    "_": re.compile(r"^_|__|_$"),
}
"""Signs each of which may be one character that was not read, with what shows it: two stars, but not
around a whole number as in a bar code; an underscore that sets nothing apart."""
LEAST_UNREAD: Final = 2
ILLEGIBLE_WORDS: Final = re.compile(r"ileg|illeg|illis|unread|no se l|incompl")


def serial_source(column: str, columns: Sequence[str]) -> Source:
    """Return where the serials of a gun are: in a column, or in several that belong to it."""
    if joined := letters_and_digits(column, columns):
        return Source(joined, join="")
    several = _columns_by_part(column, columns)
    return Source(several, join="; " if len(several) > 1 else None)


def is_starred(texts: Sequence[str], asides: Sequence[Sequence[str]]) -> bool:
    """Return whether a star behind a serial seems to say that it was restored."""
    legend = fold(" ".join(cell for cells in asides for cell in cells if "*" in cell[:3]))
    if ILLEGIBLE_WORDS.search(legend):
        return False
    starred = sum(bool(STAR.search(text)) and is_serial(text) for text in texts)
    return starred >= (1 if RESTORED_WORDS.search(legend) else LEAST_STARRED)


def unread_signs(texts: Sequence[str]) -> str:
    """Return the signs that each seem to be one character of a serial that was not read."""
    return "".join(
        sign
        for sign, pattern in UNREAD.items()
        if sum(bool(pattern.search(text)) and is_serial(text.replace(sign, "0")) for text in texts)
        >= LEAST_UNREAD
    )


def is_serial(text: str) -> bool:
    """Return whether a text looks like a serial, or like words in the place of one."""
    glyphs = re.sub(r"[\W_]", "", text)
    is_mark = 4 <= len(glyphs) <= 20 and sum(map(str.isdigit, glyphs)) >= 2
    is_date = bool(re.fullmatch(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}|\d\S* \w+\.? \d{4}", text))
    return (is_mark and not is_date) or marking_instead_of_serial(text) is not None


def letters_and_digits(column: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of one serial, that of its letters and that of its digits; none for one."""
    for other in columns:
        first, second = sorted((column, other), key=columns.index)
        letters, digits = LETTERS.search(fold(first)), DIGITS.search(fold(second))
        if other == column or not letters or not digits:
            continue
        rests = {
            re.sub(rf"\b{word[0]}\b", "", fold(each)).strip()
            for each, word in ((first, letters), (second, digits))
        }
        if len(rests) == 1:
            return first, second
    return ()


def _columns_by_part(column: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a gun's serials, one for each part: `Serie`, `Serie cañón`."""
    return tuple(
        each
        for each in columns
        if each == column or (_without_part(each) == _without_part(column) != fold(each).split())
    )


def _without_part(heading: str) -> list[str]:
    """Return the words of a heading before that of a part of the gun."""
    words = fold(heading).split()
    parts = (at for at in range(1, len(words)) if _names_part(" ".join(words[at:])))
    return [word for word in words[: next(parts, None)] if word not in FILLERS]


def _names_part(text: str) -> bool:
    term = find_term(text)
    return term is not None and term.kind == "part"
