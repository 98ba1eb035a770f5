"""Read a form or spreadsheet cell as marks, condition and remarks."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.firearms.marks import keys, other_texts
from salsa_ext.firearms.marks.cell_parser import (
    Clause,
    MarkDraft,
    ParsedCell,
    parse_clauses,
    split_clauses,
)
from salsa_ext.firearms.marks.marking_words import find_term, fold_glyphs, guess_marking, marking_of
from salsa_ext.firearms.marks.notation import rewrite_unreadable
from salsa_ext.firearms.marks.other_texts import (
    LOST_VALUE_CODES,
    MAX_SHORT,
    is_only_other,
    may_be_other,
)
from salsa_ext.firearms.marks.phrases import split_phrases

MAX_CELL_LENGTH: Final = (
    1_000  # characters of a cell that is read; a longer one is a text of its own
)
# Letters and digits, at least one digit, not one glyph alone or again and again.
_PLAIN_MARK: Final = re.compile(r"(?!(.)\1*\Z)(?!\d{16})(?=[A-Za-z]*\d)[A-Za-z0-9]{2,24}")
# Groups of them with blanks or hyphens between, which no word, date or row of one glyph can be.
_GROUPED_MARK: Final = re.compile(
    r"(?!(.)(?:[ -]*\1)*\Z)(?!\d{1,4}-\d\d?-\d{1,4}\Z)(?=(?:\D*\d){3})"
    r"(?:[A-Z]{1,2}|[A-Z]*\d[A-Z0-9]*)(?:(?: - | |-)(?:[A-DF-XZ]|[A-Z]*\d[A-Z0-9]*)){1,6}"
)
_PLACEHOLDER: Final = re.compile(r"0+|1|[nN]/?[aA]|\[?\(?[?*]*\)?\]?")
_WHOLE_NUMBER: Final = re.compile(r"\d{5,}\.00?")  # a serial that a spreadsheet made a number
_CONDITIONS_BY_WEIGHT: Final = ("restored", "altered", "obliterated", "probable", "visible")
_MARKINGS_BY_WEIGHT: Final = ("restored", "altered", "obliterated", "unmarked", "unknown", "intact")
_QUOTED: Final = re.compile(r'\A=?"([^"]*)"\Z')
_NOT_VISIBLE: Final = re.compile(
    r"\s((?:no|nao|not|non)\s(?:visible|legible|readable|lisible|visivel|legivel)s?)\Z"
)
# “regrabada a R55429Z”: the word between is no letter of the mark
_ALTERED_TO: Final = re.compile(
    r"(?i)\b((?:re|sobre|over)?(?:grabad|gravad|marcad|numerad|estampad|stamp|mark|number|alterad)\w*)"
    r"\s+(?:a|al|as|to|para|por|pour|como|en|em|à)\s+(?=\S*\d)"
)
_MAX_GROUPED_LENGTH: Final = 40  # characters of a mark of groups
_MAX_MARK_LETTERS: Final = 4  # letters that no list holds, of which marks are still made
_MIN_PROSE_WORDS: Final = 3  # words that no list holds, and which no mark is made of


class MarkRead(NamedTuple):
    """One mark read from a cell.

    `text` uses this project's notation (`?` unreadable, `*` a run, `[8B]`). `part` is the part of
    the gun (`frame`, `barrel`, …); `condition` is `visible`, `restored`, `probable`, `altered` or
    `obliterated` (some of its glyphs); `remark` is as written.
    """

    text: str
    part: str | None = None
    condition: str | None = None
    remark: str | None = None


class Reading(NamedTuple):
    """What a cell contains: marks in order, marking, remarks, damage.

    `marking` is that of the gun, if given; `remarks` were not understood; `damage` is the
    spreadsheet damage (`find_damage`).
    """

    marks: tuple[MarkRead, ...] = ()
    marking: str | None = None
    remarks: tuple[str, ...] = ()
    damage: str | None = None


@lru_cache(maxsize=4_000)  # files repeat their words, and of one mark several steps ask
def read_cell(cell: str) -> Reading:
    """Read a cell; never raises and changes no glyph.

    Every glyph of a mark's text is in the cell, in that order. An ambiguous cell is one mark as
    written, and reading the text of a mark gives that mark. Words are known in English, Spanish,
    Portuguese and French.
    """
    is_plain = _PLAIN_MARK.fullmatch(cell) or (
        len(cell) <= _MAX_GROUPED_LENGTH and _GROUPED_MARK.fullmatch(cell)
    )
    if is_plain and not (len(cell) <= MAX_SHORT and not cell.isdigit() and may_be_other(cell)):
        return Reading((MarkRead(cell),))
    return _read_unclear(cell)


def find_stray_bracket(cell: str) -> int | None:
    """Return the place of an unmatched bracket in a mark, or None."""
    strays = keys.stray_brackets(cell)
    if not strays or not keys.stray_brackets(rewrite_unreadable(cell)):  # as in “48(8 or B]13”
        return None
    marks = read_cell(cell).marks
    is_in_mark = any(keys.stray_brackets(mark.text) for mark in marks)
    for stray in strays:
        touches_mark = any(
            glyphs
            and not (
                glyphs.isalpha()
                and (len(glyphs) > _MAX_MARK_LETTERS or find_term(fold_glyphs(glyphs)))
            )
            for glyphs in stray.neighbours
        )
        if is_in_mark or (marks and touches_mark):
            return stray.place
    return None


def _read_unclear(cell: str) -> Reading:
    text = _ALTERED_TO.sub(r"\1 ", _strip_cell(cell) or cell.strip())
    reading = _parse_text(text)
    if _is_unambiguous(reading, text, cell):
        return reading
    if "\n" in text:
        return _read_unclear(text.replace("\n", " "))
    damage, rewritten = other_texts.find_damage(text), rewrite_unreadable(text)
    if _is_unambiguous(_parse_text(rewritten), rewritten, cell) and _is_single_mark(rewritten):
        text = rewritten
    return Reading((MarkRead(text),), damage=damage)


def _is_single_mark(text: str) -> bool:
    return _parse_text(text).marks == (MarkRead(text),)


def _is_unambiguous(reading: Reading, text: str, cell: str) -> bool:
    """Return whether each mark reads as itself, without new glyphs."""
    for mark in reading.marks:
        left = iter(cell)
        is_in_cell = all(glyph in left for glyph in mark.text if glyph.isalnum())
        if not is_in_cell or not (mark == MarkRead(text) or _is_single_mark(mark.text)):
            return False
    return True


def _strip_cell(cell: str) -> str:
    """Strip repeated blanks, enclosing quotes and the full stop."""
    lines = (" ".join(line.split()) for line in cell.splitlines())
    text, before = "\n".join(filter(None, lines)), None
    while text != before:
        before = text
        text = _QUOTED.sub(r"\1", text).strip(" \t\n`'‘’´;,:")
        text = text[:-1] if text.endswith(".") and not text.endswith("..") else text
    return text


@lru_cache(maxsize=4_000)
def _parse_text(text: str) -> Reading:
    """Read a clean text once."""
    damage = other_texts.find_damage(text)
    if damage in LOST_VALUE_CODES:
        return Reading((), "unknown", (text,), damage)
    has_glyphs = any(glyph.isalnum() or glyph in "?*" for glyph in text)
    if not text or _PLACEHOLDER.fullmatch(text) or not has_glyphs:
        return Reading((), "unknown" if text else None)
    if marking := marking_of(text):
        folded = fold_glyphs(text)
        label = (
            _NOT_VISIBLE.split(folded, 1)[0].strip(" :.-") if _NOT_VISIBLE.search(folded) else ""
        )
        term = find_term(label) if label else None
        is_not_visible = term is not None and term.kind == "label"  # "serie: no visible"
        return Reading((), "unknown" if is_not_visible else marking)
    if len(text) > MAX_CELL_LENGTH:
        return Reading((), "unknown", (text,), damage)
    if damage == "date" or is_only_other(text):
        return Reading((), "unknown", (text,), damage)
    if damage in ("scientific", "number", "precision") or _PLAIN_MARK.fullmatch(text):
        mark = text.partition(".")[0] if _WHOLE_NUMBER.fullmatch(text) else text
        return Reading((MarkRead(mark, remark=text if mark != text else None),), damage=damage)
    rewritten = rewrite_unreadable(text)
    clauses = split_clauses(rewritten, split_phrases(rewritten))
    cell = parse_clauses(clauses)
    if not cell.drafts:
        return _read_without_marks(text, clauses, cell, damage)
    if not cell.is_plain:
        return Reading((MarkRead(text),), damage=damage)
    marks = tuple(mark for draft in cell.drafts for mark in _build_marks(draft))
    conditions = (code for draft in cell.drafts for code in draft.conditions)
    marking = _heaviest(_MARKINGS_BY_WEIGHT, (*_as_markings(conditions), *cell.markings))
    damage = damage or next(
        filter(None, (other_texts.find_damage(mark.text) for mark in marks)), None
    )
    return Reading(marks, None if marking == "unknown" else marking, tuple(cell.remarks), damage)


def _build_marks(draft: MarkDraft) -> list[MarkRead]:
    """Return a mark once for each part that has it."""
    condition = _heaviest(_CONDITIONS_BY_WEIGHT, draft.conditions)
    remark = "; ".join(dict.fromkeys(draft.remarks)) or None
    text = draft.text.strip(" -–,;:/")
    parts: dict[str | None, None] = dict.fromkeys(draft.parts or (None,))
    return [MarkRead(text, part, condition, remark) for part in parts]


def _heaviest(order: Iterable[str], present: Iterable[str]) -> str | None:
    codes = set(present)
    return next((code for code in order if code in codes), None)


def _as_markings(conditions: Iterable[str]) -> list[str]:
    return ["intact" if code == "visible" else code for code in conditions if code != "probable"]


def _read_without_marks(
    text: str, clauses: list[Clause], parsed: ParsedCell, damage: str | None
) -> Reading:
    """Classify a cell without marks; letters alone are none, whatever they are."""
    conditions = [
        phrase.code for clause in clauses for phrase in clause.select_phrases("condition")
    ]
    marking = _heaviest(_MARKINGS_BY_WEIGHT[:5], (*_as_markings(conditions), *parsed.markings))
    words = [word for remark in parsed.remarks for word in remark.split()]
    if marking:
        has_more = words or any(clause.select_phrases("part", "note") for clause in clauses)
        return Reading((), marking, (text,) if has_more else (), damage)
    is_other = any(clause.select_phrases("note", "other") for clause in clauses)
    has_glyphs = any(glyph.isdigit() or glyph in "?*" for glyph in text)
    if len(words) >= _MIN_PROSE_WORDS or is_other or not has_glyphs:
        return Reading((), guess_marking(text) or "unknown", (text,), damage)
    return Reading((MarkRead(text),), damage=damage)


def preview_cell(*, actor: Actor, text: str) -> Reading:
    """Return how a cell is read; reads no record, writes no audit entry. Requires CHECK_MAKE."""
    require(actor, Permission.CHECK_MAKE)
    return read_cell(text)
