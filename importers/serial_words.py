"""Words in cells of serial numbers, and what a person says that they mean; pure."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from importers.bodies import ELSEWHERE, add_note, write_marks_of_words
from salsa_ext.core.codes import MARK_CONDITIONS
from salsa_ext.firearms.marks.firearm_marks import marking_instead_of_serial
from salsa_ext.firearms.marks.marking_words import find_term

PART_OF_NUMBER: Final = "number"
WORD_MEANINGS: Final = (*MARK_CONDITIONS, PART_OF_NUMBER)
PLAIN: Final = re.compile(r"[A-Z0-9?*-]*\d[A-Z0-9?*-]*")
TOKEN: Final = re.compile(r"[^\s()\[\]{},;:\"“”]*\w[^\s()\[\]{},;:\"“”]*")
SHORT_LETTERS: Final = re.compile(r"[A-Z]{1,3}-?")
"""Letters of a number that a blank sets apart: `TKA 52390`."""
DAY: Final = re.compile(r"\d{1,4}([/.-]\d{1,2})?[/.-]\d{2,4}|(19|20)\d\d")
SLASH: Final = re.compile(r"((?<=\d)|(?<=\d[A-Z]))/(?=[a-z]|[^\W\d_]{3})")
"""Between a number and words: `TKA52390/revelado`."""
UNDERSTOOD: Final = frozenset(("part", "label", "small", "and"))
"""Kinds of words beside a number that say nothing of its condition."""


@lru_cache(maxsize=20_000)
def words_of(cell: str) -> str:
    """Return the words of a cell beside its numbers or in their place, as `revelado em exame`."""
    if PLAIN.fullmatch(cell):
        return ""
    tokens = _tokens(cell)
    words = [match[0] for match, is_number in tokens if not is_number]
    if len(words) == len(tokens) and ELSEWHERE.fullmatch(cell):
        return ""
    kinds = {term.kind if (term := find_term(word.strip(".-"))) else "" for word in words}
    has_no_more = kinds <= UNDERSTOOD and kinds != {"small"}
    if has_no_more and len(words) < len(tokens):
        return ""
    return " ".join(words)


def _tokens(cell: str) -> list[tuple[re.Match[str], bool]]:
    """Return the words and numbers of a cell, with whether each is of a number."""
    matches = [*TOKEN.finditer(SLASH.sub(";", cell))]
    has_digit = [any(map(str.isdigit, each[0])) for each in matches]
    tokens = []
    for at, each in enumerate(matches):
        is_short = SHORT_LETTERS.fullmatch(each[0]) and find_term(each[0]) is None
        before = at > 0 and has_digit[at - 1] and _is_joined(cell, *matches[at - 1 : at + 1])
        after = (
            at + 1 < len(matches) and has_digit[at + 1] and _is_joined(cell, *matches[at : at + 2])
        )
        tokens.append((each, has_digit[at] or bool(is_short and (before or after))))
    return tokens


def _is_joined(cell: str, first: re.Match[str], second: re.Match[str]) -> bool:
    is_day = any("/" in each[0] and DAY.fullmatch(each[0]) for each in (first, second))
    return not is_day and not cell[first.end() : second.start()].strip(" -?*")


def find_numbers(cell: str) -> list[str]:
    """Return the numbers between the words of a cell; days and short ones where nothing else is."""
    numbers, before = list[str](), None
    for match, is_number in _tokens(cell):
        if is_number and before and _is_joined(cell, before, match):
            numbers[-1] += cell[before.end() : match.end()]
        elif is_number:
            numbers.append(match[0])
        before = match if is_number else None
    return [each for each in numbers if len(each) > 2 and not DAY.fullmatch(each)] or numbers


def apply_meaning(gun: dict[str, Any], body: dict[str, Any], means: str) -> None:
    """Read a gun's serial as a person said of its words: a condition, `number`, or `-` for none."""
    cell, marking = gun["serial"], gun.get("marking")
    if means == PART_OF_NUMBER:
        gun["serial"] = re.sub(r"\s", "", cell)
        return
    if not any(map(str.isdigit, cell)) and marking_instead_of_serial(cell) == means:
        return  # the remarks may have the number
    write_marks_of_words(gun, cell)
    numbers = find_numbers(gun["serial"])
    if numbers != [gun["serial"]]:
        numbers = find_numbers(cell)
    del gun["serial"]
    if numbers and means not in ("-", "unmarked"):
        gun["serial"], *others = numbers
        for text in others:
            gun.setdefault("marks", []).append({"kind": "manufacture", "text": text})
    if means in MARK_CONDITIONS and marking in (None, "intact", "unknown"):
        gun["marking"] = means
    add_note(body, cell)


def is_understood(gun: Mapping[str, Any], cell: str) -> bool:
    """Return whether the words of a cell are known, as what became of it shows."""
    serial = gun.get("serial", "")
    return not words_of(serial) if serial else marking_instead_of_serial(cell) is not None
