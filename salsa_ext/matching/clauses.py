"""The clauses of a cell, each with its marks and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from salsa_ext.matching.phrases import Phrase
from salsa_ext.matching.several import several

_WITHIN: Final = frozenset(("mark", "letters", "joint", "dash", "and", "small"))
_GLYPHS: Final = frozenset(("mark", "letters"))
KNOWN: Final = frozenset(("part", "condition", "marking", "note", "label"))
_SAID_OF: Final = frozenset(("part", "mark", "marking", "label"))
_TELLING: Final = KNOWN - {"label", "marking"}  # what makes glyphs in brackets a mark


@dataclass
class Clause:
    """What stands between separators, or within brackets."""

    text: str
    phrases: list[Phrase] = field(default_factory=list)
    is_bracket: bool = False

    def of(self, *kinds: str) -> list[Phrase]:
        """Return the phrases of some kinds."""
        return [phrase for phrase in self.phrases if phrase.kind in kinds]

    def said(self) -> str:
        """Return the clause as written."""
        if not self.phrases:
            return ""
        return self.text[self.phrases[0].start : self.phrases[-1].end]


def clauses_of(text: str, phrases: Sequence[Phrase]) -> list[Clause]:
    """Return the clauses of a text; what is empty is left out."""
    found = [Clause(text)]
    for phrase in phrases:
        if phrase.kind in ("sep", "open", "close"):
            is_bracket = phrase.kind == "open" or (phrase.kind == "sep" and found[-1].is_bracket)
            found.append(Clause(text, is_bracket=is_bracket))
        else:
            found[-1].phrases.append(phrase)
    for clause in found:
        marks = _marks(text, clause.phrases, _within(clause))
        clause.phrases = _as_written(clause, _before_label(clause, list(marks)))
    return [part for clause in found for part in _by_parts(clause) if part.phrases]


def _by_parts(clause: Clause) -> Iterator[Clause]:
    """Cut a clause where another part of the gun begins: `slide 456 frame illegible`."""
    start = 0
    for n, phrase in enumerate(clause.phrases):
        if phrase.kind == "part" and _begins(clause.phrases[start:n], clause.phrases[n:]):
            yield replace(clause, phrases=clause.phrases[start:n])
            start = n
    yield replace(clause, phrases=clause.phrases[start:])


def _begins(before: Sequence[Phrase], after: Sequence[Phrase]) -> bool:
    """Tell whether a part begins what is said of it alone, and does not end what stands before."""
    told = [phrase.kind for phrase in before if phrase.kind in _SAID_OF]
    to_come = [phrase.kind for phrase in after if phrase.kind in _SAID_OF]
    is_first = told[:1] == ["part"] and {*told} > {"part"} and {*to_come} > {"part"}
    is_lost = "mark" in told and "marking" in to_come and "mark" not in to_come
    return is_first or (is_lost and to_come[0] == "part" and to_come[-1] == "marking")


def _within(clause: Clause) -> frozenset[str]:
    """Return what can stand within a mark as written: not the “to” of a gun that was marked anew."""
    altered = any(phrase.code == "altered" for phrase in clause.phrases)
    return _WITHIN - {"small"} if altered else _WITHIN


def _marks(text: str, phrases: Sequence[Phrase], within: frozenset[str]) -> Iterator[Phrase]:
    """Yield phrases with the glyphs that stand side by side put together to marks."""
    at = 0
    while at < len(phrases):
        length = _run(phrases[at:], within)
        if not length:
            alone = phrases[at]
            yield replace(alone, kind="word") if alone.kind == "letters" else alone
            at += 1
            continue
        yield from _parted(text, phrases[at], phrases[at + length - 1])
        at += length


def _run(phrases: Sequence[Phrase], within: frozenset[str]) -> int:
    """Return how many phrases make a run of glyphs that begins here, 0 where none does."""
    if phrases[0].kind not in _GLYPHS:
        return 0
    length = 1
    for n, phrase in enumerate(phrases):
        if phrase.kind not in within:
            break
        if phrase.kind in _GLYPHS:
            length = n + 1
        elif n and phrases[n - 1].kind not in _GLYPHS:
            break
    return length if any(phrase.kind == "mark" for phrase in phrases[:length]) else 0


def _parted(text: str, first: Phrase, last: Phrase) -> Iterator[Phrase]:
    at = first.start
    for mark in several(text[first.start : last.end]):
        at = text.index(mark, at)
        yield Phrase("mark", at, at + len(mark))
        at += len(mark)


def _before_label(clause: Clause, phrases: list[Phrase]) -> list[Phrase]:
    """Take words and a number before a label for what the label is not of: `Glock 17, serie …`."""
    kinds = [phrase.kind for phrase in phrases]
    if "label" not in kinds or "mark" not in kinds[kinds.index("label") :]:
        return phrases
    to = kinds.index("label")
    if not {"word", "mark"} <= set(kinds[:to]) or KNOWN.intersection(kinds[:to]):
        return phrases
    return [Phrase("word", phrases[0].start, phrases[to - 1].end), *phrases[to:]]


def _as_written(clause: Clause, phrases: list[Phrase]) -> list[Phrase]:
    """Take a clause for one mark as written where words beside the glyphs are all unknown.

    Within brackets they are a remark.
    """
    kinds = {phrase.kind for phrase in phrases}
    if not {"mark", "word"} <= kinds or kinds & (_TELLING if clause.is_bracket else KNOWN):
        return phrases
    kind = "word" if clause.is_bracket else "mark"
    return [Phrase(kind, phrases[0].start, phrases[-1].end)]
