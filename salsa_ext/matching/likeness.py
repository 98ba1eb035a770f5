"""How sure it is that a mistyped name is meant to be a known one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

# By typing errors and the least length: the share of guns of `salsa bench names` that were meant.
_SURENESS: Final = {
    1: ((9, 0.97), (7, 0.95), (6, 0.85), (5, 0.7), (4, 0.5)),
    2: ((12, 0.95), (9, 0.85), (7, 0.6), (6, 0.25)),
    3: ((14, 0.85), (11, 0.6), (9, 0.25)),
    4: ((16, 0.75), (13, 0.4)),
}
_OTHER_FIRST: Final = 0.85  # few people mistake the first letter
MOST: Final = max(_SURENESS)
RIVALRY: Final = 3  # a rival half as likely takes a ninth


class Candidate(NamedTuple):
    """A code that may be meant, how sure that is (0 to 1), and how it was found."""

    code: str
    sureness: float
    how: str


def typed(written: str, known: Sequence[str], telling: int = 99) -> list[tuple[str, float]]:
    """Return the known names that differ from what is written by few typing errors, with sureness.

    `telling` is how many letters tell one name from another: those of `firearms` do not.
    """
    if len(written) < 4:
        return []
    found = process.extract(written, known, scorer=OSA.distance, score_cutoff=MOST, limit=12)
    return [
        (name, sureness) for name, errors, _ in found
        if (sureness := _sureness(written, name, int(errors), telling))
    ]  # fmt: skip


def _sureness(written: str, name: str, errors: int, telling: int) -> float:
    if errors == 0:
        return 1.0
    length = min(len(written), len(name), telling)
    for least, sureness in _SURENESS[errors]:
        if length >= least:
            return sureness if written[0] == name[0] else sureness * _OTHER_FIRST
    return 0.0


def ranked(found: Sequence[Candidate]) -> list[Candidate]:
    """Return the best of each code, best first; rivals take from each other as they are likely."""
    best: dict[str, Candidate] = {}
    for one in found:
        if one.code not in best or best[one.code].sureness < one.sureness:
            best[one.code] = one
    total = sum(one.sureness**RIVALRY for one in best.values())
    fair = [one._replace(sureness=round(one.sureness ** (RIVALRY + 1) / total, 3))
            for one in best.values()]  # fmt: skip
    likely = [one for one in fair if one.sureness > 0]  # of many rivals some are rounded to nothing
    return sorted(likely, key=lambda one: (-one.sureness, one.code))
