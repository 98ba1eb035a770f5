"""Parse a mark cell's phrases into marks, each with part and condition."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final

from salsa_ext.firearms.marks.marking_words import marking_of
from salsa_ext.firearms.marks.notation import apply_remark
from salsa_ext.firearms.marks.phrases import Phrase

_MARK_PHRASES: Final = frozenset(("mark", "letters", "joint", "dash", "and", "small"))
_GLYPH_PHRASES: Final = frozenset(("mark", "letters"))
KNOWN_PHRASES: Final = frozenset(("part", "condition", "marking", "note", "label"))
_PART_PHRASES: Final = frozenset(("part", "mark", "marking", "label"))
_DESCRIBING_PHRASES: Final = KNOWN_PHRASES - {"label", "marking"}
"""What makes glyphs in brackets a mark."""


@dataclass
class Clause:
    """Phrases between separators, or within brackets."""

    text: str
    phrases: list[Phrase] = field(default_factory=list)
    is_bracket: bool = False

    def select_phrases(self, *kinds: str) -> list[Phrase]:
        """Return the phrases of some kinds."""
        return [phrase for phrase in self.phrases if phrase.kind in kinds]

    def source_text(self) -> str:
        """Return the clause as written."""
        if not self.phrases:
            return ""
        return self.text[self.phrases[0].start : self.phrases[-1].end]


def split_clauses(text: str, phrases: Sequence[Phrase]) -> list[Clause]:
    """Return the clauses of a text without empty ones."""
    clauses = [Clause(text)]
    for phrase in phrases:
        if phrase.kind in ("sep", "open", "close"):
            is_bracket = phrase.kind == "open" or (phrase.kind == "sep" and clauses[-1].is_bracket)
            clauses.append(Clause(text, is_bracket=is_bracket))
        else:
            clauses[-1].phrases.append(phrase)
    for clause in clauses:
        is_altered = any(phrase.code == "altered" for phrase in clause.phrases)
        within = _MARK_PHRASES - {"small"} if is_altered else _MARK_PHRASES
        marks = _merge_before_label(list(_join_marks(text, clause.phrases, within)))
        clause.phrases = _merge_unknown_words(clause, marks)
    return [part for clause in clauses for part in _split_by_parts(clause) if part.phrases]


def _split_by_parts(clause: Clause) -> Iterator[Clause]:
    """Split a clause at the next part: `slide 456 frame illegible`."""
    start = 0
    for n, phrase in enumerate(clause.phrases):
        if phrase.kind == "part" and _starts_part(clause.phrases[start:n], clause.phrases[n:]):
            yield replace(clause, phrases=clause.phrases[start:n])
            start = n
    yield replace(clause, phrases=clause.phrases[start:])


def _starts_part(before: Sequence[Phrase], after: Sequence[Phrase]) -> bool:
    """Return whether a part starts its own description."""
    earlier = [phrase.kind for phrase in before if phrase.kind in _PART_PHRASES]
    later = [phrase.kind for phrase in after if phrase.kind in _PART_PHRASES]
    is_first = earlier[:1] == ["part"] and {*earlier} > {"part"} and {*later} > {"part"}
    is_lost = "mark" in earlier and "marking" in later and "mark" not in later
    return is_first or (is_lost and later[0] == "part" and later[-1] == "marking")


def _join_marks(text: str, phrases: Sequence[Phrase], within: frozenset[str]) -> Iterator[Phrase]:
    """Yield phrases with adjacent glyphs joined to marks."""
    at = 0
    while at < len(phrases):
        phrase, length = phrases[at], _run_length(phrases[at:], within)
        if length:
            start, end = phrase.start, phrases[at + length - 1].end
            for mark in split_marks(text[start:end]):
                start = text.index(mark, start)
                yield Phrase("mark", start, start + len(mark))
                start += len(mark)
        else:
            yield replace(phrase, kind="word") if phrase.kind == "letters" else phrase
        at += length or 1


def _run_length(phrases: Sequence[Phrase], within: frozenset[str]) -> int:
    """Return how many phrases form a run of glyphs from here."""
    if phrases[0].kind not in _GLYPH_PHRASES:
        return 0
    length = 1
    for n, phrase in enumerate(phrases):
        if phrase.kind not in within:
            break
        if phrase.kind in _GLYPH_PHRASES:
            length = n + 1
        elif n and phrases[n - 1].kind not in _GLYPH_PHRASES:
            break
    return length if any(phrase.kind == "mark" for phrase in phrases[:length]) else 0


def _merge_before_label(phrases: list[Phrase]) -> list[Phrase]:
    """Merge words and a number before a label: `Glock 17, serie …`."""
    kinds = [phrase.kind for phrase in phrases]
    if "label" not in kinds or "mark" not in kinds[kinds.index("label") :]:
        return phrases
    to = kinds.index("label")
    if not {"word", "mark"} <= set(kinds[:to]) or KNOWN_PHRASES.intersection(kinds[:to]):
        return phrases
    return [Phrase("word", phrases[0].start, phrases[to - 1].end), *phrases[to:]]


def _merge_unknown_words(clause: Clause, phrases: list[Phrase]) -> list[Phrase]:
    """Merge a clause into one mark if all its words are unknown. Within brackets it becomes a remark."""
    kinds = {phrase.kind for phrase in phrases}
    known = _DESCRIBING_PHRASES if clause.is_bracket else KNOWN_PHRASES
    if not {"mark", "word"} <= kinds or kinds & (known | {"other"}):
        return phrases
    kind = "word" if clause.is_bracket else "mark"
    return [Phrase(kind, phrases[0].start, phrases[-1].end)]


_SMALL_CONJUNCTION: Final = re.compile(r"\s+(?:y|e|and|et|und|or|ou|o)\s+")
_SEPARATING_SIGNS: Final = re.compile(r"\s*[/,+&]\s*|\s+(?:Y|E|AND|ET)\s+")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_GLYPH_RUNS: Final = re.compile(r"\d+|[^\W\d_]+")
MIN_SEPARATE_GLYPHS: Final = 3  # glyphs of a mark next to another


def split_marks(text: str) -> list[str]:
    """Return the marks in a run of glyphs; one if unclear.

    A small word separates texts of three glyphs with a digit; a sign separates marks of letters and
    digits, or of five digits, never a number from its year or class. `T 6368 - 13 B 02669` is one.
    """
    pieces = _SMALL_CONJUNCTION.split(text)
    if len(pieces) > 1 and not all(map(is_separate_mark, pieces)):
        return [text]
    marks = [mark for piece in pieces for mark in _split_at_signs(piece)]
    return marks if all(marks) else [text]


def is_separate_mark(text: str) -> bool:
    """Return whether a text can be a mark without further hints."""
    return count_glyphs(text) >= MIN_SEPARATE_GLYPHS and any(map(str.isdigit, text))


def count_glyphs(text: str) -> int:
    """Count the glyphs of a mark, readable or not."""
    plain = re.sub(r"\[[^\]]*\]", "?", text) if "[" in text else text
    return sum(glyph.isalnum() or glyph in "?*" for glyph in plain)


def _split_at_signs(text: str) -> list[str]:
    pieces = _SEPARATING_SIGNS.split(text)
    if len(pieces) == 1 or not all(map(_is_serial, pieces)):
        return [text]
    is_lettered = re.search(r"\s(?:Y|E|AND|ET)\s", text)
    shapes = {tuple(map(str.isdigit, _GLYPH_RUNS.findall(piece))) for piece in pieces}
    return [text] if is_lettered and len(shapes) > 1 else pieces


def _is_serial(text: str) -> bool:
    digits = sum(map(str.isdigit, text))
    has_letters = any(map(str.isalpha, text))
    enough = count_glyphs(text) >= 4 and digits >= 2 if has_letters else count_glyphs(text) >= 5
    return enough and not _YEAR.fullmatch(text) and digits > 0


_LOST_CODES: Final = frozenset(("obliterated", "altered"))
_UNKNOWN_PHRASES: Final = frozenset(("word", "other"))
_REMARK_PHRASES: Final = _UNKNOWN_PHRASES | {"small", "and", "dash", "joint"}


@dataclass
class MarkDraft:
    """A mark with the parts, conditions and remarks collected for it."""

    text: str
    parts: list[str] = field(default_factory=list)
    start: int = 0
    conditions: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass
class ParsedCell:
    """What all clauses of a cell contain.

    `waiting` are phrases before the mark they describe; `is_plain` is False if glyphs are in an
    unclear place.
    """

    drafts: list[MarkDraft] = field(default_factory=list)
    markings: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    waiting: list[Phrase] = field(default_factory=list)
    is_plain: bool = True


def parse_clauses(clauses: Sequence[Clause]) -> ParsedCell:
    """Return the marks, markings and remarks of the clauses."""
    cell = ParsedCell()
    before: list[MarkDraft] = []  # the marks of the clause before
    for clause in clauses:
        if clause.is_bracket and not clause.source_text().strip("?") and cell.drafts:
            cell.drafts[-1].conditions.append("probable")
        elif clause.select_phrases("mark"):
            before = _add_marks(cell, clause)
        else:
            _add_clause_without_marks(cell, clause, before)
        # unknown words are remarks, as written
        for is_unknown, group in groupby(clause.phrases, lambda each: each.kind in _REMARK_PHRASES):
            run = list(group)
            if is_unknown and any(phrase.kind in _UNKNOWN_PHRASES for phrase in run):
                cell.remarks.append(clause.text[run[0].start : run[-1].end])
    is_alone = len(cell.drafts) == 1 and (
        any(clause.select_phrases("label") for clause in clauses)
        or (len(clauses) == 1 and not _is_known(clauses[0]))
    )
    cell.is_plain &= is_alone or all(
        draft.parts or count_glyphs(draft.text) >= MIN_SEPARATE_GLYPHS for draft in cell.drafts
    )
    return cell


def _is_known(clause: Clause) -> bool:
    return any(phrase.kind in KNOWN_PHRASES for phrase in clause.phrases)


def _add_marks(cell: ParsedCell, clause: Clause) -> list[MarkDraft]:
    """Add the marks of a clause; a leading part names the next mark."""
    named = clause.select_phrases("part", "mark")
    is_before = "part" in (named[0].kind, *(phrase.kind for phrase in cell.waiting))
    is_before |= named[-1].kind == "mark"  # “12345, with magazine 678”
    cell.is_plain &= not clause.is_bracket or _is_known(clause)
    own: list[MarkDraft] = []
    group, is_used = [phrase.code for phrase in cell.waiting if phrase.kind == "part"], False
    for phrase in clause.phrases:
        if phrase.kind == "mark":
            text = clause.text[phrase.start : phrase.end]
            own.append(MarkDraft(text, [*group] if is_before else [], phrase.start))
            cell.drafts.append(own[-1])
            for pending in cell.waiting:
                if pending.kind != "part":
                    _apply_phrase(cell, clause, own[-1], pending)
            cell.waiting.clear()
            is_used = True
        elif phrase.kind == "part" and is_before:
            group, is_used = ([] if is_used else group) + [phrase.code], False
        elif phrase.kind in KNOWN_PHRASES and own:
            _apply_phrase(cell, clause, own[-1], phrase)
        elif phrase.kind in KNOWN_PHRASES:
            cell.waiting.append(phrase)
    cell.remarks += group if is_before and not is_used else []
    return own


def _apply_phrase(cell: ParsedCell, clause: Clause, draft: MarkDraft, phrase: Phrase) -> None:
    """Apply a phrase to a mark."""
    if phrase.kind == "part":
        draft.parts.append(phrase.code)
    elif phrase.note:
        note, is_first = phrase.note, phrase.start < draft.start
        text = apply_remark(draft.text, note)
        if text is None and is_first and note.at is None and not (note.sign or note.either):
            text = apply_remark(draft.text, replace(note, at=1))
        draft.text = text or draft.text
        if phrase.note.filed:
            cell.markings.append("obliterated")
    elif phrase.kind == "condition" or phrase.code in _LOST_CODES:
        draft.conditions.append(phrase.code)
    if phrase.kind not in ("part", "label"):
        draft.remarks.append(clause.text[phrase.start : phrase.end])


def _add_clause_without_marks(
    cell: ParsedCell, clause: Clause, before: Sequence[MarkDraft]
) -> None:
    """Apply a clause without marks to the previous marks, or to a part."""
    parts, lost = clause.select_phrases("part"), []
    for phrase in clause.select_phrases("marking", "label"):
        if phrase.kind == "marking":
            lost.append(phrase.code)
        elif marking_of(clause.text[phrase.start : phrase.end]) == "unmarked":  # S/N is no label
            lost.append("unmarked")
    cell.markings += lost
    known = [phrase for phrase in clause.phrases if phrase.kind in KNOWN_PHRASES]
    if parts and lost:
        cell.remarks.append(clause.source_text())
    elif len(parts) > 1 and len(parts) == len(before):
        for draft, part in zip(before, parts, strict=True):
            draft.parts.append(part.code)
    elif cell.drafts:
        for phrase in known:
            is_plural = phrase.kind == "condition" and clause.source_text().endswith("s")
            is_of_last = clause.is_bracket or not is_plural
            for draft in cell.drafts[-1:] if is_of_last else cell.drafts:
                _apply_phrase(cell, clause, draft, phrase)
    else:
        cell.waiting += [phrase for phrase in known if phrase.kind != "marking"]
