"""Split a mark cell into phrases: marks, parts, conditions, notes, labels, words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from salsa_ext.firearms.marks.marking_words import (
    MAX_TERM_WORDS,
    find_misspelt_term,
    find_term,
    fold_glyphs,
    is_denied,
)
from salsa_ext.firearms.marks.notation import GlyphRemark, find_glyph_remarks
from salsa_ext.firearms.marks.other_texts import find_others

_ALTERNATIVES: Final = (
    r"\[(?=[A-Za-z]*\d)[A-Za-z0-9]{2,4}\]|(?<=[\w?*])\[[A-Z]{2,4}\]|\[[A-Z]{2,4}\](?=[\w?*])"
)
_TOKEN: Final = re.compile(
    rf"(?P<piece>(?:{_ALTERNATIVES}|[^\s()\[\]{{}};|,]|,(?=\S))+)"
    r"|(?P<sep>[;|,\n])|(?P<open>[(\[{])|(?P<close>[)\]}])"
)
_LABEL: Final = re.compile(
    r"(?:n\.?[º°]\.?|nr?o?\.[º°]|n[ro]o?\.|n[úu]m\.|s/n[º°]?[.:]?|sn[.:]|ser\.|s[ée]r(?:ie|ial)[.:]?|#)(?=[\w?*\[])",
    re.IGNORECASE,
)
_NUMBER_WORD: Final = re.compile(r"(?:n|nr|no|nro|num|ser)\.:?", re.IGNORECASE)
_BREAK: Final = re.compile(r"[:=/,#-]")
_JOINING_SIGNS: Final = frozenset("/&+")
_MAX_GROUP_LETTERS: Final = 4  # letters of a group that belongs to the mark next to it


@dataclass(frozen=True)
class Phrase:
    """A phrase and its place in the text.

    `kind` is `mark`, `letters`, `joint`, `dash`, `word`, `sep`, `open`, `close`, `note`, `other`
    (what is no mark), or that of a term; `code` is the term's code.
    """

    kind: str
    start: int
    end: int
    code: str = ""
    note: GlyphRemark | None = None


def split_phrases(text: str) -> list[Phrase]:
    """Return the phrases of a text in order. Every readable glyph is in one of them."""
    phrases: list[Phrase] = []
    at = 0
    notes = [
        Phrase("note", *note[:2], note=note[2]) for note in find_glyph_remarks(fold_glyphs(text))
    ]
    for span in find_others(text):
        neighbours = {text[span[0] - 1 : span[0]], text[span[1] : span[1] + 1]}
        if neighbours & {"?", "*"}:  # TS9??73: glyphs of a mark, not the model TS9
            continue
        if not any(note.start < span[1] and span[0] < note.end for note in notes):
            notes.append(Phrase("other", *span))
    for note in sorted(notes, key=lambda each: each.start):
        phrases += _join_terms(text, list(_tokens(text, at, note.start)))
        phrases.append(note)
        at = note.end
    return phrases + _join_terms(text, list(_tokens(text, at, len(text))))


def _tokens(text: str, start: int, end: int) -> Iterator[Phrase]:
    for match in _TOKEN.finditer(text, start, end):
        kind = match.lastgroup or ""
        if kind == "piece":
            yield from _split_piece(text, *match.span())
        else:
            yield Phrase(kind, *match.span())


def _split_piece(text: str, start: int, end: int) -> Iterator[Phrase]:
    """Yield the tokens of one piece: `Cano:a3247`, `Nº12345`, `frame/slide`."""
    if _NUMBER_WORD.fullmatch(text[start:end]):  # n. 12345
        yield Phrase("label", start, end)
        return
    piece = text[start:end].rstrip("\"'“”‘’`:.!,")
    start += len(piece) - len(piece.lstrip("\"'“”‘’`:."))
    piece = piece.lstrip("\"'“”‘’`:.")
    end = start + len(piece)
    if not piece:
        return
    label = _LABEL.match(piece)
    if label and any(map(str.isdigit, piece[label.end() :])):
        yield Phrase("label", start, start + label.end(), "")
        yield from _split_piece(text, start + label.end(), end)
    elif (cut := _find_break(piece)) is not None:
        yield from _split_piece(text, start, start + cut)
        yield Phrase("joint" if piece[cut] == "/" else "dash", start + cut, start + cut + 1)
        yield from _split_piece(text, start + cut + 1, end)
    else:
        is_mark = any(glyph.isdigit() or glyph in "?*" for glyph in piece)
        joins = "joint" if piece in _JOINING_SIGNS else "dash"
        is_word = any(map(str.isalpha, piece))
        yield Phrase("mark" if is_mark else "word" if is_word else joins, start, end)


def _find_break(piece: str) -> int | None:
    """Return where to split a piece next to a known word, or None."""
    if find_term(piece):
        return None
    for match in _BREAK.finditer(piece):
        for half in (piece[: match.start()], piece[match.end() :]):
            term = find_term(half) if len(half) > 1 and half.isalpha() else None
            if term and term.kind != "small":
                return match.start()
    return None


def _join_terms(text: str, tokens: Sequence[Phrase]) -> list[Phrase]:
    """Join words to the longest known terms."""
    is_prose = not any(map(str.isdigit, text))
    phrases: list[Phrase] = []
    at = 0
    while at < len(tokens):
        length, phrase = _longest_term(text, tokens[at : at + MAX_TERM_WORDS], is_prose=is_prose)
        phrases.append(phrase)
        at += length
    neighbours = zip([None, *phrases], phrases, [*phrases[1:], None], strict=False)
    return [
        replace(phrase, kind="letters") if _is_mark_prefix(text, before, phrase, after) else phrase
        for before, phrase, after in neighbours
    ]


def _is_mark_prefix(text: str, before: Phrase | None, phrase: Phrase, after: Phrase | None) -> bool:
    """Return whether capitals belong to the adjacent mark: `LA 12345`, `SN 123`."""
    letters = text[phrase.start : phrase.end]
    most = {"small": 3, "and": 3, "label": 2}.get(phrase.kind, 0)
    if not (letters.isalpha() and letters.isupper() and len(letters) <= most):
        return False
    if text[phrase.end : phrase.end + 1] in tuple(".:º°"):
        return False
    kinds = [other.kind if other else "sep" for other in (before, after)]
    return kinds.count("mark") == 1 and not {"sep", "open", "close"}.isdisjoint(kinds)


def _begins_denial(text: str, tokens: Sequence[Phrase]) -> bool:
    """Return whether the last word of a term denies what follows: `serie no original`."""
    ends = [token.end for token in tokens[1:]]
    return any(is_denied(text[tokens[0].start : end]) for end in ends)


def _longest_term(text: str, tokens: Sequence[Phrase], *, is_prose: bool) -> tuple[int, Phrase]:
    first = tokens[0]
    if first.kind != "word":
        return 1, first
    words = next((n for n, token in enumerate(tokens) if token.kind != "word"), len(tokens))
    for n in range(words, 0, -1):
        start, end = first.start, tokens[n - 1].end
        words_text = text[start:end]
        if n == 1 and len(words_text) == 1 and words_text.isupper():
            return 1, Phrase("letters", start, end)
        term = find_term(words_text)
        if term and not (n > 1 and _begins_denial(text, tokens[n - 1 : words])):
            return n, Phrase(term.kind, start, end, term.code)
    word = text[first.start : first.end]
    if is_prose and (term := find_misspelt_term(word)):
        return 1, Phrase(term.kind, first.start, first.end, term.code)
    is_group = len(word) <= 2 or (len(word) <= _MAX_GROUP_LETTERS and word.isupper())
    return 1, Phrase("letters" if is_group else "word", first.start, first.end)
