"""What the clauses of a cell say together: its marks, each with part and condition, and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from salsa_ext.matching.clauses import KNOWN, Clause
from salsa_ext.matching.notes import Note, applied
from salsa_ext.matching.phrases import Phrase
from salsa_ext.matching.prose import marking_of
from salsa_ext.matching.several import LEAST, glyphs

_GONE: Final = frozenset(("obliterated", "altered"))
_UNSAID: Final = frozenset(("word", "small", "and", "dash", "joint"))


@dataclass
class Draft:
    """A mark while what is said of it is gathered."""

    text: str
    parts: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass
class Sayings:
    """What was gathered from all clauses; `waiting` is what is said before the mark it is of."""

    drafts: list[Draft] = field(default_factory=list)
    markings: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    waiting: list[Phrase] = field(default_factory=list)
    is_plain: bool = True  # not so where glyphs stand in a place that says nothing of them


def gathered(clauses: Sequence[Clause]) -> Sayings:
    """Return what the clauses say."""
    said = Sayings()
    before: list[Draft] = []  # the marks of the clause before
    for clause in clauses:
        if clause.is_bracket and not clause.said().strip("?") and said.drafts:
            said.drafts[-1].conditions.append("probable")
        elif clause.of("mark"):
            before = _marked(said, clause)
        else:
            _beside(said, clause, before)
        _remark(said, clause)
    is_alone = len(said.drafts) == 1 and (
        any(clause.of("label") for clause in clauses)
        or (len(clauses) == 1 and not _is_known(clauses[0]))
    )
    said.is_plain &= is_alone or all(
        draft.parts or glyphs(draft.text) >= LEAST for draft in said.drafts
    )
    return said


def _is_known(clause: Clause) -> bool:
    return any(phrase.kind in KNOWN for phrase in clause.phrases)


def _marked(said: Sayings, clause: Clause) -> list[Draft]:
    """Take the marks of a clause; a part that stands first names the mark behind it."""
    named = clause.of("part", "mark")
    is_before = "part" in (named[0].kind, *(phrase.kind for phrase in said.waiting))
    is_before |= named[-1].kind == "mark"  # “12345, with magazine 678”
    said.is_plain &= not clause.is_bracket or _is_known(clause)
    own: list[Draft] = []
    group, is_used = [phrase.code for phrase in said.waiting if phrase.kind == "part"], False
    for phrase in clause.phrases:
        if phrase.kind == "mark":
            own.append(Draft(clause.text[phrase.start : phrase.end], [*group] if is_before else []))
            said.drafts.append(own[-1])
            _settle(said, clause, own[-1])
            is_used = True
        elif phrase.kind == "part" and is_before:
            group, is_used = ([] if is_used else group) + [phrase.code], False
        elif phrase.kind in KNOWN and own:
            _say(said, clause, own[-1], phrase)
        elif phrase.kind in KNOWN:
            said.waiting.append(phrase)
    said.remarks += group if is_before and not is_used else []
    return own


def _settle(said: Sayings, clause: Clause, draft: Draft) -> None:
    """Give a mark what was said before it."""
    for phrase in said.waiting:
        if phrase.kind != "part":
            _say(said, clause, draft, phrase)
    said.waiting.clear()


def _say(said: Sayings, clause: Clause, draft: Draft, phrase: Phrase) -> None:
    """Take what a phrase says of a mark."""
    if phrase.kind == "part":
        draft.parts.append(phrase.code)
    elif phrase.note:
        _note(said, draft, phrase.note)
    elif phrase.kind == "condition" or phrase.code in _GONE:
        draft.conditions.append(phrase.code)
    if phrase.kind not in ("part", "label"):
        draft.remarks.append(clause.text[phrase.start : phrase.end])


def _note(said: Sayings, draft: Draft, note: Note) -> None:
    draft.text = applied(draft.text, note) or draft.text
    if note.filed:
        said.markings.append("obliterated")


def _beside(said: Sayings, clause: Clause, before: Sequence[Draft]) -> None:
    """Take a clause without marks: it is of the mark before it, or of a part that has none."""
    parts = clause.of("part")
    lost = [code for phrase in clause.of("marking", "label") if (code := _lost(clause, phrase))]
    said.markings += lost
    if parts and lost:
        said.remarks.append(clause.said())
    elif len(parts) > 1 and len(parts) == len(before):
        for draft, part in zip(before, parts, strict=True):
            draft.parts.append(part.code)
    elif said.drafts:
        _of_last(said, clause)
    else:
        said.waiting += [phrase for phrase in clause.phrases if phrase.kind in KNOWN - {"marking"}]


def _lost(clause: Clause, phrase: Phrase) -> str | None:
    """Return what a phrase says of a mark that is not there; S/N alone is no label."""
    if phrase.kind == "marking":
        return phrase.code
    said = marking_of(clause.text[phrase.start : phrase.end])
    return said if said == "unmarked" else None


def _of_last(said: Sayings, clause: Clause) -> None:
    for phrase in clause.phrases:
        if phrase.kind not in KNOWN:
            continue
        all_of_them = phrase.kind == "condition" and clause.said().endswith("s")
        own = clause.is_bracket or not all_of_them
        for draft in said.drafts[-1:] if own else said.drafts:
            _say(said, clause, draft, phrase)


def _remark(said: Sayings, clause: Clause) -> None:
    """Keep the words that no list holds, as they stand."""
    for is_unsaid, group in groupby(clause.phrases, lambda phrase: phrase.kind in _UNSAID):
        run = list(group)
        if is_unsaid and any(phrase.kind == "word" for phrase in run):
            said.remarks.append(clause.text[run[0].start : run[-1].end])
