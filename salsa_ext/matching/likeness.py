"""How sure it is that a mistyped name is meant to be a known one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

# By typing errors and the least length: the share of guns of `salsa bench names` that were meant.
_SURENESS: Final = {
    1: ((9, 0.97), (7, 0.95), (6, 0.9), (5, 0.75), (4, 0.5)),
    2: ((12, 0.95), (9, 0.88), (7, 0.65), (6, 0.4)),
    3: ((14, 0.88), (11, 0.7), (9, 0.4)),
    4: ((16, 0.8), (13, 0.5)),
}
_OTHER_FIRST: Final = 0.85  # few people mistake the first letter
MOST: Final = max(_SURENESS)


class Candidate(NamedTuple):
    """A code that may be meant, how sure that is (0 to 1), and how it was found."""

    code: str
    sureness: float
    how: str


def typed(written: str, known: Sequence[str]) -> list[tuple[str, float]]:
    """Return the known names that differ from what is written by few typing errors, with sureness."""
    if len(written) < 4:
        return []
    found = process.extract(written, known, scorer=OSA.distance, score_cutoff=MOST, limit=12)
    return [
        (name, sureness) for name, errors, _ in found
        if (sureness := _sureness(written, name, int(errors)))
    ]  # fmt: skip


def _sureness(written: str, name: str, errors: int) -> float:
    if errors == 0:
        return 1.0
    length = min(len(written), len(name))
    for least, sureness in _SURENESS[errors]:
        if length >= least:
            return sureness if written[0] == name[0] else sureness * _OTHER_FIRST
    return 0.0


def ranked(found: Sequence[Candidate]) -> list[Candidate]:
    """Return the best of each code, best first; together they are no surer than certain."""
    best: dict[str, Candidate] = {}
    for one in found:
        if one.code not in best or best[one.code].sureness < one.sureness:
            best[one.code] = one
    total = max(sum(one.sureness for one in best.values()), 1.0)
    fair = [one._replace(sureness=round(one.sureness / total, 3)) for one in best.values()]
    return sorted(fair, key=lambda one: (-one.sureness, one.code))
