"""Whether two ways of answering can be told apart by the time that they take."""

import math
from collections.abc import Sequence

LEVEL = 1e-5
"""How often times that do not differ are taken for times that do; less often where they are noisy."""


def p_of_more_than(margin: float, differences: Sequence[float]) -> float:
    """Return the p of Wilcoxon's signed-rank test that pairs differ by no more than `margin`.

    It goes by the ranks of differences, fifty and more: one answer that the machine held up for
    long weighs no more than the largest rank. Whoever tosses a coin which of a pair comes first
    makes its one assumption true, that noise is as likely to be for one as for the other. Of equal
    sizes each has the mean of their ranks, and zeros count for neither side. Two-sided.
    """
    more = _deviation([each - margin for each in differences])
    less = _deviation([-each - margin for each in differences])
    return min(1.0, math.erfc(max(more, less) / math.sqrt(2)))


def _deviation(differences: Sequence[float]) -> float:
    """Return by how many standard deviations the ranks of what is above zero are too many."""
    ranked = _ranked(sorted((abs(each), each > 0) for each in differences if each))
    expected = sum(rank for rank, _ in ranked) / 2
    deviation = math.sqrt(sum(rank * rank for rank, _ in ranked)) / 2
    above = sum(rank for rank, is_above in ranked if is_above)
    return (above - expected) / deviation if deviation else 0.0


def _ranked(sizes: Sequence[tuple[float, bool]]) -> list[tuple[float, bool]]:
    """Return the rank of each size from one, equal ones with their mean."""
    first: dict[float, int] = {}
    count: dict[float, int] = {}
    for place, (size, _) in enumerate(sizes, 1):
        first.setdefault(size, place)
        count[size] = count.get(size, 0) + 1
    return [(first[size] + (count[size] - 1) / 2, is_above) for size, is_above in sizes]
