"""Resolving typed names to codes: normal form, spelling errors, confidence; pure."""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from salsa_ext.core.text import remove_accents

_LATIN_LETTERS: Final = str.maketrans(
    {"ł": "l", "ø": "o", "ı": "i", "đ": "d", "æ": "ae", "œ": "oe"}
)


@lru_cache(maxsize=4_000)  # a file repeats a few names thousands of times
def fold_name(kind: str, text: str) -> str:
    """Return a name for comparison: no case, accents or spaces. Significant signs of calibres remain."""
    plain = remove_accents(text)
    if kind == "calibre":
        return re.sub(r"[^0-9a-z./\-]", "", plain.replace("×", "x").replace(",", ".")).rstrip(".")
    if kind == "make":  # guns bear makers' names in other scripts too
        return re.sub(r"[\W_]", "", plain.translate(_LATIN_LETTERS))
    return re.sub(r"[^0-9a-z]", "", plain)


@lru_cache(maxsize=4_000)
def split_words(text: str) -> tuple[str, ...]:
    """Return a name's words without case, accents and signs; S.A. is one."""
    plain = remove_accents(re.sub(r"['’]", "", text)).translate(_LATIN_LETTERS)
    return tuple(re.findall(r"[^\W_]+", re.sub(r"\b(\w)\.(?=\w\b)", r"\1", plain)))


def name_key(name: str) -> bytes:
    """Return the lookup key of a person or firm without its name.

    128 bits of BLAKE2b over the folded name: equal for spellings that differ in case, accents,
    blanks and points. It hides a name but does not resist guessing; a secret key would, at the cost
    of one more secret for each installation that no state could renew.
    """
    # what has no Latin letter or digit at all is compared as it is written
    folded = fold_name("name", name) or unicodedata.normalize("NFKC", name).casefold().strip()
    return hashlib.blake2b(folded.encode(), digest_size=16, person=b"salsa-name").digest()


# By typing errors and the least length: the share of guns of `salsa bench names` that were meant.
_TYPO_CONFIDENCE: Final = {
    1: ((9, 0.97), (7, 0.95), (6, 0.85), (5, 0.7), (4, 0.5)),
    2: ((12, 0.95), (9, 0.85), (7, 0.6), (6, 0.25)),
    3: ((14, 0.85), (11, 0.6), (9, 0.25)),
    4: ((16, 0.75), (13, 0.4)),
}
_FIRST_LETTER_FACTOR: Final = 0.85  # few people mistake the first letter
MAX_TYPOS: Final = max(_TYPO_CONFIDENCE)
RIVAL_EXPONENT: Final = 3  # a rival half as likely takes a ninth


class NameCandidate(NamedTuple):
    """Possible code with its confidence (0 to 1) and kind of match."""

    code: str
    confidence: float
    how: str


def find_misspelled(
    written: str, known: Sequence[str], telling: int = 99
) -> list[tuple[str, float]]:
    """Return known names within a few errors; `telling` letters: `firearms` has none."""
    if len(written) < 4:
        return []
    distances = process.extract(
        written, known, scorer=OSA.distance, score_cutoff=MAX_TYPOS, limit=12
    )
    return [
        (name, confidence)
        for name, errors, _ in distances
        if (confidence := _typo_confidence(written, name, int(errors), telling))
    ]


def _typo_confidence(written: str, name: str, errors: int, telling: int) -> float:
    if errors == 0:
        return 1.0
    length = min(len(written), len(name), telling)
    for least, confidence in _TYPO_CONFIDENCE[errors]:
        if length >= least:
            return confidence if written[0] == name[0] else confidence * _FIRST_LETTER_FACTOR
    return 0.0


def rank_candidates(candidates: Sequence[NameCandidate]) -> list[NameCandidate]:
    """Return the best candidate of each code, best first; rivals reduce confidence."""
    best: dict[str, NameCandidate] = {}
    for candidate in candidates:
        if candidate.code not in best or best[candidate.code].confidence < candidate.confidence:
            best[candidate.code] = candidate
    total = sum(candidate.confidence**RIVAL_EXPONENT for candidate in best.values())
    fair = [
        candidate._replace(
            confidence=round(candidate.confidence ** (RIVAL_EXPONENT + 1) / total, 3)
        )
        for candidate in best.values()
    ]
    likely = [
        candidate for candidate in fair if candidate.confidence > 0
    ]  # of many rivals some are rounded to nothing
    return sorted(likely, key=lambda candidate: (-candidate.confidence, candidate.code))


CERTAIN: Final = 0.95  # a code is given where at most one gun in twenty can be another
LIKELY: Final = 0.9  # from here on the best candidate is weak evidence; see docs/names.md
LEADING_NAME: Final = 0.75  # a known name, with words behind it that nobody knows
CONTAINED_NAME: Final = 0.55
CORE_NAME: Final = 0.995  # without its words of legal form or trade
_SHORT_FACTORS: Final = {2: 0.7, 3: 0.8}  # so short a name may be a word of its own

NameCandidates = Sequence[NameCandidate]


@dataclass(frozen=True)
class KnownName:
    """One folded spelling of a code; confidence below 1 if ambiguous."""

    folded: str
    code: str
    confidence: float = 1.0


class NameIndex:
    """All names of one kind; subclasses add their own ways of reading."""

    kind = "type"

    def __init__(self, known: Iterable[KnownName]) -> None:
        by: dict[str, list[NameCandidate]] = defaultdict(list)
        for known_name in known:
            how = (
                "name"
                if known_name.confidence == 1
                else "form"
                if known_name.confidence == CORE_NAME
                else "usual"
            )
            by[known_name.folded].append(NameCandidate(known_name.code, known_name.confidence, how))
        self.by = {
            name: sorted(candidates, key=lambda candidate: -candidate.confidence)
            for name, candidates in by.items()
        }
        self.sure = sorted(
            name for name, candidates in self.by.items() if candidates[0].confidence >= CORE_NAME
        )

    def resolve(self, text: str, type_code: str | None = None) -> str | None:
        """Return the certain code of a text, or None; `type_code` is that of the gun."""
        candidates = self.read(text, type_code)
        return candidates[0].code if candidates and candidates[0].confidence >= CERTAIN else None

    def candidates(self, text: str) -> list[NameCandidate]:
        """Return the possible codes of a text, best first; [] if none."""
        return list(self.read(text) or self.guess(text))

    def read(self, text: str, type_code: str | None = None) -> NameCandidates:
        """Return the candidates of the first reader that recognises the text."""
        return next(filter(None, (way(text) for way in self.ways())), ())

    def ways(self) -> Sequence[Callable[[str], NameCandidates]]:
        """Return the readers of a text, in order."""
        return (self.named,)

    def named(self, text: str) -> NameCandidates:
        """Return candidates with exactly this name."""
        return self.by.get(fold_name(self.kind, text), ())

    def guess(self, text: str) -> NameCandidates:
        """Return similar names: misspelled, or contained in the text."""
        return rank_candidates([*self.mistyped(fold_name(self.kind, text)), *self.within(text)])

    def mistyped(self, written: str, telling: int = 99) -> list[NameCandidate]:
        """Return names with few typing errors; `telling` as in `find_misspelled`."""
        return [
            NameCandidate(self.by[name][0].code, confidence, "typo")
            for name, confidence in find_misspelled(written, self.sure, telling)
        ]

    def within(self, text: str) -> list[NameCandidate]:
        """Return the longest known name in the text; leading ones rank higher."""
        words = split_words(text)
        for length in range(len(words) - 1, 0, -1):
            for at in range(len(words) - length + 1):
                name = "".join(words[at : at + length])
                candidates = self.by.get(name, ()) if len(name) > (2 if at else 1) else ()
                if candidates and candidates[0].confidence >= CORE_NAME:
                    confidence = (CONTAINED_NAME if at else LEADING_NAME) * _SHORT_FACTORS.get(
                        len(name), 1
                    )
                    return [NameCandidate(candidates[0].code, confidence, "part")]
        return []
