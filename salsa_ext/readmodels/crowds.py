"""Candidates side by side: where several guns fit about as well, each of them is less likely."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from math import log2
from typing import Final

from salsa_ext.matching.evidence import Evidence
from salsa_ext.matching.marks import skeleton
from salsa_ext.readmodels import names
from salsa_ext.readmodels.marks import Held

LEAST: Final = 0.5  # bits; a smaller loss is not worth a word


@dataclass(frozen=True)
class Candidate:
    """A record that may be of the same gun, and why."""

    held: Held
    evidence: Evidence

    @property
    def is_open(self) -> bool:
        """Tell whether the asker may read the record."""
        return self.held.visibility == "open"


def weigh_in(found: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates with what the others take away from each: the odds of one of many.

    Records that agree in mark, make, calibre and type are of one gun and take nothing from each
    other. `silent` ones take nothing, or their being there would show; what is not open is held
    against the others by marks alone, so that no other field that is asked can move it.
    """
    shown = [one for one in found if one.held.visibility != "silent"]
    by_all = _Crowd(shown, _gun, lambda one: one.evidence.bits)
    by_mark = _Crowd(
        shown, lambda held: skeleton(held.serial_norm), lambda one: one.evidence.serial_bits
    )
    return [(by_all if one.is_open else by_mark).weigh(one) for one in found]


class _Crowd:
    """The guns that were found, each with the most that speaks for it."""

    def __init__(
        self, found: Sequence[Candidate], gun: Callable[[Held], Hashable],
        bits: Callable[[Candidate], float],
    ) -> None:  # fmt: skip
        self._gun, self._bits = gun, bits
        self._most: dict[Hashable, float] = {}
        for one in found:
            key = gun(one.held)
            self._most[key] = max(bits(one), self._most.get(key, -99.0))
        self._sum = sum(2**most for most in self._most.values())
        self._sorted = sorted(self._most.values())

    def weigh(self, one: Candidate) -> Candidate:
        own, gun = self._bits(one), self._gun(one.held)
        others = self._sum - 2 ** self._most.get(gun, -99.0)
        loss = log2(1 + max(others, 0) / 2**own)
        if loss < LEAST:
            return one
        count = max(len(self._sorted) - bisect_left(self._sorted, own - 1) - 1, 1)
        return Candidate(one.held, replace(one.evidence, crowd=(count, round(loss, 1))))


def _gun(held: Held) -> Hashable:
    """Return what tells this gun from the others that were found, as far as the asker may know."""
    folded = skeleton(held.serial_norm)
    if held.visibility != "open":
        return (folded,)
    return (folded, held.make, names.family(held.calibre), held.type)
