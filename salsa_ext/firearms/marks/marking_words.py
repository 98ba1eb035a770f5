"""Words that describe a mark, in English, Spanish, Portuguese and French."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA

from salsa_ext.core.text import remove_accents
from salsa_ext.reference.placeholders import DENIALS, find_near, read_denial

_DATA: Final = tomllib.loads(
    files("salsa_ext.firearms.marks").joinpath("data/marking_words.toml").read_text("utf-8")
)


def _split_phrases(phrases: str) -> Iterator[str]:
    return (" ".join(phrase.split()) for phrase in phrases.split(","))


def _markings() -> Iterator[tuple[str, str]]:
    """Yield each phrase that stands for a mark, with its marking."""
    for marking, phrases in _DATA["instead"].items():
        yield from ((phrase, marking) for phrase in _split_phrases(phrases))
        for stems, endings in _DATA["stems"].get(marking, ()):
            for stem in stems.split():
                yield from ((stem + ending, marking) for ending in ("", *endings.split()))


_MARKING_BY_PHRASE: Final = dict(_markings())
_WORD_LISTS: Final = {
    name: frozenset(_split_phrases(each)) for name, each in _DATA["lists"].items()
}
_CRAFT_WORDS, _GUN_WORDS = _WORD_LISTS["craft"], _WORD_LISTS["gun"]
_NEGATIONS, _FILLER_WORDS = _WORD_LISTS["negations"], _WORD_LISTS["filler"]
_MARK_NOUNS, _NUMBER_NOUNS = _WORD_LISTS["mark_nouns"], _WORD_LISTS["number_nouns"]
_VISIBLE_WORDS: Final = _WORD_LISTS["visible"]
_SUFFICIENT_NOUNS: Final = (_MARK_NOUNS | _VISIBLE_WORDS) - {"n", "nr"}  # these alone can be marks
_MARKINGS_BY_WEIGHT: Final = ("obliterated", "altered", "unmarked", "unknown")
# A slash behind a lone S or N is part of a short form (S/N, N/A, s/número).
_CONJUNCTION: Final = re.compile(
    r"\s+(?:y/o|e/ou|et/ou|and/or)\s+|\s+(?:y|e|et|and|o|u|ou|or|ni|nor|nem)\s+|[,;+&]|(?<!\b[sn])/"
)
# Why or how, behind words that say all already.
_CAUSE: Final = re.compile(
    r"\s(?:por|by|due to|because of|par|a cause de|debido a|devido a|con|com|with|avec"
    r"|a simple vista|a olho nu|a l.oeil nu|to the naked eye)\b.*"
)
_SEPARATORS: Final = str.maketrans("", "", " \t\n\r\f\v\u00a0-._/")
_SIGNS: Final = re.compile(r"[^\w/]+|_+")
_REPEATED_GLYPH: Final = re.compile(r"([^\W_])\1{2,}")


@lru_cache(maxsize=1_000)  # a serial is asked about more than once while it is recorded
def marking_of(text: str) -> str | None:
    """Return the marking that words describe, or None for a mark.

    One of `obliterated`, `altered`, `unmarked`, `unknown`. The list is closed: any text that is not
    in it is a mark. Of several words the strongest counts. One repeated glyph counts as `unknown`.
    """
    plain = _fold_text(text)
    if _REPEATED_GLYPH.fullmatch(plain.translate(_SEPARATORS)):
        return "unknown"
    if any(glyph.isdigit() for glyph in plain):
        return None
    if marking := _marking_of_phrase(_strip_signs(plain)):
        return marking
    phrases = filter(None, map(_strip_signs, _CONJUNCTION.split(_CAUSE.sub("", plain, count=1))))
    markings = [_marking_of_phrase(phrase) for phrase in phrases]
    if not markings or None in markings:  # every phrase has to be known
        return None
    return min(filter(None, markings), key=_MARKINGS_BY_WEIGHT.index)


def _marking_of_phrase(phrase: str) -> str | None:
    """Return the marking of one phrase, ignoring mark nouns and filler words."""
    if phrase in _MARKING_BY_PHRASE:
        return _MARKING_BY_PHRASE[phrase]
    if _names_craft(phrase):
        return "unmarked"
    words = (f"sin {phrase[2:]}" if phrase.startswith("s/") else phrase).split()
    bare = [word for word in words if word not in _MARK_NOUNS and word not in _FILLER_WORDS]
    rest = " ".join(word for word in bare if word not in _VISIBLE_WORDS)
    if rest in _MARKING_BY_PHRASE:
        return _MARKING_BY_PHRASE[rest]
    is_sufficient = not _SUFFICIENT_NOUNS.isdisjoint(words)
    if _is_negated_mark(words) or (rest in _NEGATIONS and is_sufficient):
        return "unmarked"
    if not rest:
        return "unknown" if is_sufficient else None
    if " ".join(words).startswith("serial no "):  # the English “No.”, which is no Spanish one
        rest = rest.removeprefix("no ")
    return _MARKING_BY_PHRASE.get(" ".join(bare)) or _MARKING_BY_PHRASE.get(rest)


def is_craft(text: str) -> bool:
    """Return whether words describe a craft-made gun ("fabricación casera")."""
    return _names_craft(_strip_signs(_fold_text(text)))


def _names_craft(phrase: str) -> bool:
    left = " ".join(word for word in phrase.split() if word not in _GUN_WORDS)
    return left in _CRAFT_WORDS


def _is_negated_mark(words: Sequence[str]) -> bool:
    """Return whether a negation precedes a mark noun, as in "sin Nº"."""
    first, *rest = words or ("",)
    nouns = _MARK_NOUNS | _NUMBER_NOUNS
    is_negated = first in _NEGATIONS and first not in rest
    return is_negated and {*rest} <= nouns | _FILLER_WORDS and not nouns.isdisjoint(rest)


def _fold_text(text: str) -> str:
    if text.isascii():  # as nearly all serials are
        return text.casefold()
    return remove_accents(re.sub("[º°ª]", "", text))


def _strip_signs(plain: str) -> str:
    """Return the words without signs; `/` stays, since NA can be a serial."""
    words = _SIGNS.sub(" ", plain)
    return (re.sub(r"\s*/\s*", "/", words) if "/" in words else words).strip()


class Term(NamedTuple):
    """The kind of a phrase and its code.

    Kinds: `part`, `condition`, `marking`, `label`, `and`, `small`, `pointer`.
    """

    kind: str
    code: str


MAX_TERM_WORDS: Final = 7  # words of a phrase


def _terms() -> Iterator[tuple[str, Term]]:
    for kind, groups in _DATA["terms"].items():
        for code, phrases in ({"": groups} if isinstance(groups, str) else groups).items():
            yield from ((phrase, Term(kind, code)) for phrase in _split_phrases(phrases))


TERMS: Final = dict(_terms())
_ORDINAL_SIGNS: Final = str.maketrans("", "", "º°ª.’'")
_ALTERED: Final = Term("condition", "altered")
_NEGATED_VERBS: Final = frozenset(
    "se ha ser be been was is es foi fue sido pudo puede posible possivel possible could que a ete".split()
)
_RESTORED_VERB: Final = re.compile(
    r"(?:restor|restaur|recuper|recover|revel|reveal|reaviv|reactiv|regener|restitu|raised|etched)\w*"
)
_ORIGINAL_WORD: Final = re.compile(r"original(?:e|es|is)?|origine|d.origine|intact[oae]?s?")
_NUMBER_SIGN: Final = re.compile(r"n[ro]{0,2}\.?[º°ª]\.?|no\.", re.IGNORECASE)
_CORRECTABLE_WORDS: Final = _DATA["words"]["correctable"].split()  # misspelt in place of a serial


def fold_glyphs(text: str) -> str:
    """Return the text without case and accents; positions stay the same."""
    return "".join(map(_fold_glyph, text))


@lru_cache(maxsize=4_000)
def _fold_glyph(glyph: str) -> str:
    return (unicodedata.normalize("NFKD", glyph)[0].lower() or glyph)[0]


@lru_cache(maxsize=4_000)
def find_term(phrase: str) -> Term | None:
    """Return the term of a phrase of letters, or None if unknown."""
    if _NUMBER_SIGN.fullmatch(phrase):
        return Term("label", "")
    words = fold_glyphs(phrase).translate(_ORDINAL_SIGNS).strip()
    if term := TERMS.get(words) or TERMS.get(words.replace("-", " ")):
        return term
    if negated := _negated_term(words):
        return negated
    if is_craft(phrase):  # next to a mark it describes the gun, and not that the mark is none
        return None
    marking = marking_of(phrase) if len(words) > 2 and len(set(words)) > 1 else None
    return Term("marking", marking) if marking else None


def _negated_term(words: str) -> Term | None:
    """Return what a negated condition means: `no revelado`, `not original`, `not erased`."""
    first, *rest = words.split() or [""]
    while rest and rest[0] in _NEGATED_VERBS:
        rest = rest[1:]
    if first not in DENIALS or not rest:
        return None
    phrase = " ".join(rest)
    if _RESTORED_VERB.fullmatch(phrase):
        return Term("marking", "obliterated")
    if _ORIGINAL_WORD.fullmatch(phrase):
        return Term("condition", "altered")
    if marking_of(phrase) in ("obliterated", "altered") or TERMS.get(phrase) == _ALTERED:
        return Term("condition", "visible")
    return None


@lru_cache(maxsize=4_000)
def is_denied(phrase: str) -> bool:
    """Return whether a phrase is a denied condition, as `no original`."""
    return _negated_term(fold_glyphs(phrase)) is not None


@lru_cache(maxsize=4_000)
def find_misspelt_term(word: str) -> Term | None:
    """Return the term of a misspelt word, or None.

    One edit from a known word, two in words of nine letters or more; words of fewer than six
    letters or with digits are not corrected.
    """
    folded = fold_glyphs(word)
    if len(folded) < 6 or not folded.isalpha():
        return None
    most = 1 if len(folded) < 9 else 2
    for known in _CORRECTABLE_WORDS:
        if OSA.distance(folded, known, score_cutoff=most) <= most:
            return Term("marking", marking_of(known) or "unknown")
    return None


@cache
def _joined_markings() -> dict[str, str]:
    """Return the marking of each known phrase, without blanks."""
    joined = {re.sub(r"\W", "", phrase): each for phrase, each in _MARKING_BY_PHRASE.items()}
    return {phrase: marking for phrase, marking in joined.items() if len(phrase) > 4}


@lru_cache(maxsize=4_000)
def guess_marking(text: str) -> str | None:
    """Return the marking that words without a digit mean, misspelt or cut, or None."""
    words = _strip_signs(_fold_text(text))
    return read_denial(words, _MARK_NOUNS) or find_near(words, _joined_markings())
