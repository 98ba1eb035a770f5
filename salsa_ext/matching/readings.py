"""A mark as people write it into a form or spreadsheet: one text or several, condition, remarks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from salsa_ext.matching import marks
from salsa_ext.matching.clauses import Clause, clauses_of
from salsa_ext.matching.damages import GONE, damage_of
from salsa_ext.matching.glyphs import in_place
from salsa_ext.matching.phrases import phrases_of
from salsa_ext.matching.prose import marking_of
from salsa_ext.matching.sayings import Draft, Sayings, gathered
from salsa_ext.matching.wording import plain, term_of

LONGEST: Final = 1_000  # characters of a cell that is read; a longer one is a text of its own
# Letters and digits, at least one digit, not one glyph alone or again and again.
_PLAIN: Final = re.compile(r"(?!(.)\1*\Z)(?!\d{16})(?=[A-Za-z]*\d)[A-Za-z0-9]{2,24}")
# Groups of them with blanks or hyphens between, which no word, date or row of one glyph can be.
_GROUPED: Final = re.compile(
    r"(?!(.)(?:[ -]*\1)*\Z)(?!\d{1,4}-\d\d?-\d{1,4}\Z)(?=(?:\D*\d){3})"
    r"(?:[A-Z]{1,2}|[A-Z]*\d[A-Z0-9]*)(?:(?: - | |-)(?:[A-DF-XZ]|[A-Z]*\d[A-Z0-9]*)){1,6}"
)
_PLACEHOLDER: Final = re.compile(r"0+|1|[nN]/?[aA]|\[?\(?[?*]*\)?\]?")
_CONDITIONS: Final = ("restored", "altered", "obliterated", "probable", "visible")
_MARKINGS: Final = ("restored", "altered", "obliterated", "unmarked", "unknown", "intact")
_UNSEEN: Final = re.compile(
    r"\s((?:no|nao|not|non)\s(?:visible|legible|readable|lisible|visivel|legivel)s?)\Z"
)
_SHORT: Final = 40  # characters of a mark of groups
_GROUP: Final = 4  # letters that no list holds, of which marks are still made
_PROSE: Final = 3  # words that no list holds, and which no mark is made of


class MarkRead(NamedTuple):
    """One mark: `text` in this project's notation (`?` unreadable, `*` a run of them, `[8B]`).

    `part` is where on the gun it stands (`frame`, `barrel`, …); `condition` is `visible`,
    `restored`, `probable`, `altered` or `obliterated` (of a part of its glyphs); `remark` is what
    was said of it, as written.
    """

    text: str
    part: str | None = None
    condition: str | None = None
    remark: str | None = None


class Reading(NamedTuple):
    """What a cell says; `marks` are those that can be told, in their order.

    `marking` is that of the gun where the cell says one; `remarks` are what was not understood;
    `damage` is what a spreadsheet did to the cell (see `damages.damage_of`).
    """

    marks: tuple[MarkRead, ...] = ()
    marking: str | None = None
    remarks: tuple[str, ...] = ()
    damage: str | None = None


def read(cell: str) -> Reading:
    """Return what a cell says in place of a mark; never raises, and changes no glyph.

    Every glyph of a mark's text stands in the cell, in that order. A cell that can be understood
    in two ways is one mark as written, and reading the text of a mark gives that mark. Words are
    known in English, Spanish, Portuguese and French. The caller keeps the cell.
    """
    is_plain = _PLAIN.fullmatch(cell) or (len(cell) <= _SHORT and _GROUPED.fullmatch(cell))
    return Reading((MarkRead(cell),)) if is_plain else _read(cell)


def stray_bracket(cell: str) -> int | None:
    """Return which character of a cell is a bracket of a mark that is closed or opened by none.

    Words in a cell may have any; no serial has one, but for what one of its glyphs may be. One that
    touches glyphs of a mark is of it, wherever the cell is cut into what it says.
    """
    strays = marks.stray_brackets(cell)
    is_told = not strays or not marks.stray_brackets(in_place(cell))  # as in “48(8 or B]13”
    found = () if is_told else read(cell).marks
    is_in_mark = any(marks.stray_brackets(mark.text) for mark in found)
    return next((one.place for one in strays if is_in_mark or (found and _is_of_mark(one))), None)


def _is_of_mark(stray: marks.Stray) -> bool:
    return any(
        glyphs and not (glyphs.isalpha() and (len(glyphs) > _GROUP or term_of(plain(glyphs))))
        for glyphs in stray.beside
    )


@lru_cache(maxsize=4_000)  # files repeat their words
def _read(cell: str) -> Reading:
    text = _clean(cell) or cell.strip()
    found = _parsed(text)
    if _is_settled(found, text, cell):
        return found
    if "\n" in text:
        return _read(text.replace("\n", " "))
    shown = in_place(text)
    as_written = shown if _is_settled(_parsed(shown), shown, cell) and _is_one(shown) else text
    return Reading((MarkRead(as_written),), damage=damage_of(text))


def _is_one(text: str) -> bool:
    return _parsed(text).marks == (MarkRead(text),)


def _is_settled(found: Reading, text: str, cell: str) -> bool:
    """Tell whether each mark is read as itself, and has no glyph that the cell has not."""
    return all(
        _is_within(mark.text, cell) and (mark == MarkRead(text) or _is_one(mark.text))
        for mark in found.marks
    )


def _is_within(text: str, cell: str) -> bool:
    left = iter(cell)
    return all(glyph in left for glyph in text if glyph.isalnum())


def _clean(cell: str) -> str:
    """Return a cell without blanks at its ends or in rows, quotes around it and its full stop."""
    lines = (" ".join(line.split()) for line in cell.splitlines())
    text, before = "\n".join(filter(None, lines)), None
    while text != before:
        before = text
        text = re.sub(r'\A=?"([^"]*)"\Z', r"\1", text).strip(" \t\n`'‘’´;,:")
        text = re.sub(r"(?<!\.)\.\Z", "", text)
    return text


@lru_cache(maxsize=4_000)
def _parsed(text: str) -> Reading:
    """Return what a clean text says, without a second look at it."""
    damage = damage_of(text)
    if damage in GONE:
        return Reading((), "unknown", (text,), damage)
    if not text or _PLACEHOLDER.fullmatch(text) or not any(map(_says, text)):
        return Reading((), "unknown" if text else None)
    if said := marking_of(text):
        return Reading((), "unknown" if _is_unseen(text) else said)
    if len(text) > LONGEST:
        return Reading((), "unknown", (text,), damage)
    if damage in ("scientific", "date", "number", "precision") or _PLAIN.fullmatch(text):
        return Reading((MarkRead(text),), damage=damage)
    return _understood(text, damage)


def _is_unseen(text: str) -> bool:
    """Tell “serie: no visible”, of a mark that is there, from “no visible serial”."""
    label, unseen, _ = (
        _UNSEEN.split(plain(text), 1) if _UNSEEN.search(plain(text)) else ("", "", "")
    )
    term = term_of(label.strip(" :.-")) if unseen and label else None
    return term is not None and term.kind == "label"


def _says(glyph: str) -> bool:
    return glyph.isalnum() or glyph in "?*"


def _understood(text: str, damage: str | None) -> Reading:
    shown = in_place(text)
    clauses = clauses_of(shown, phrases_of(shown))
    said = gathered(clauses)
    if not said.drafts:
        return _without_marks(text, clauses, said, damage)
    if not said.is_plain:
        return Reading((MarkRead(text),), damage=damage)
    marks = tuple(mark for draft in said.drafts for mark in _finished(draft))
    conditions = (code for draft in said.drafts for code in draft.conditions)
    marking = _most(_MARKINGS, (*_as_markings(conditions), *said.markings))
    damage = damage or next(filter(None, (damage_of(mark.text) for mark in marks)), None)
    return Reading(marks, None if marking == "unknown" else marking, tuple(said.remarks), damage)


def _finished(draft: Draft) -> list[MarkRead]:
    """Return a mark once for each part that bears it."""
    condition = _most(_CONDITIONS, draft.conditions)
    remark = "; ".join(dict.fromkeys(draft.remarks)) or None
    text = draft.text.strip(" -–,;:/")
    parts: dict[str | None, None] = dict.fromkeys(draft.parts or (None,))
    return [MarkRead(text, part, condition, remark) for part in parts]


def _most(order: Iterable[str], said: Iterable[str]) -> str | None:
    codes = set(said)
    return next((code for code in order if code in codes), None)


def _as_markings(conditions: Iterable[str]) -> list[str]:
    return ["intact" if code == "visible" else code for code in conditions if code != "probable"]


def _without_marks(text: str, clauses: list[Clause], said: Sayings, damage: str | None) -> Reading:
    """Tell words that say how the mark is, and other words, from a mark made of letters."""
    conditions = [phrase.code for clause in clauses for phrase in clause.of("condition")]
    marking = _most(_MARKINGS[:5], (*_as_markings(conditions), *said.markings))
    words = [word for remark in said.remarks for word in remark.split()]
    if marking:
        has_more = words or any(clause.of("part", "note") for clause in clauses)
        return Reading((), marking, (text,) if has_more else (), damage)
    if len(words) >= _PROSE or any(clause.of("note") for clause in clauses):
        return Reading((), "unknown", (text,), damage)
    return Reading((MarkRead(text),), damage=damage)
