"""Candidates side by side: where several guns fit about as well, each of them is less likely."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2
from typing import Final
from uuid import UUID

from salsa_ext.matching.evidence import Evidence
from salsa_ext.matching.marks import skeleton
from salsa_ext.policy.release import FOUND
from salsa_ext.readmodels import names
from salsa_ext.readmodels.marks import Held

_Fields = tuple[str | None, ...]
_Gun = _Fields | None
NOTHING: Final = -99.0
LEAST: Final = 0.5  # bits; a smaller loss is not worth a word
AS_WELL: Final = 1.0  # bits by which a gun fits better than another, and no choice can rest on them


@dataclass(frozen=True)
class Candidate:
    """A record that may be of the same gun, and why."""

    held: Held
    evidence: Evidence

    @property
    def is_open(self) -> bool:
        """Tell whether the asker may read the record."""
        return self.shows("firearm")

    def shows(self, group: str) -> bool:
        """Tell whether the asker learns a field group of the record by finding it."""
        return self.held.visibility in FOUND[group]


def weigh_in(found: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates with what the others take away from each: the odds of one of many.

    Records of one mark that do not contradict each other are of one gun and take nothing from each
    other. What is not open is held against the others by marks alone, so that no other field that
    is asked can move it; `silent` records take nothing, or their being there would show.
    """
    is_open = [one for one in found if one.is_open]
    shown = [one for one in found if one.shows("holder")]
    by_all = _Crowd(is_open, _described, lambda one: one.evidence.bits)
    by_mark = _Crowd(shown, lambda _: None, lambda one: one.evidence.serial_bits)
    rivals = _Rivals(is_open)
    return [(by_all if one.is_open else by_mark).weigh(rivals.heed(one)) for one in found]


class _Rivals:
    """Guns of one mark that contradict each other: none of them is the one, unless it fits better."""

    def __init__(self, found: Sequence[Candidate]) -> None:
        self._by_mark: dict[str, list[Candidate]] = defaultdict(list)
        for one in found:
            self._by_mark[skeleton(one.held.serial_norm)].append(one)

    def heed(self, one: Candidate) -> Candidate:
        """Return the candidate with whether another gun bears its mark and fits about as well."""
        others = self._by_mark.get(skeleton(one.held.serial_norm), ()) if one.is_open else ()
        least = one.evidence.bits - AS_WELL
        if any(
            other.evidence.bits >= least and contradict(one.held, other.held) for other in others
        ):
            return Candidate(one.held, replace(one.evidence, has_rival=True))
        return one


def contradict(one: Held, other: Held) -> bool:
    """Tell records of two guns; what one of them does not say contradicts nothing."""
    return _differ(_fields(one), _fields(other))


def told(
    found: Sequence[Candidate], kept_back: Mapping[UUID, str], *, is_open: bool
) -> dict[UUID, tuple[int, float] | None]:
    """Return for each candidate the crowd that the other state may know of, which finds it too.

    `kept_back` are the asker's own records that it does not keep open, each with its visibility: to
    the other state they are what they are to all. Where the asker's record is not open itself
    (`is_open`), marks alone are compared, or the crowd would tell what the rest of it is like.
    """
    seen = [_as_told(one, kept_back, is_open=is_open) for one in found]
    return {one.held.record_id: one.evidence.crowd for one in weigh_in(seen)}


def _as_told(one: Candidate, kept_back: Mapping[UUID, str], *, is_open: bool) -> Candidate:
    visibility = kept_back.get(one.held.record_id, one.held.visibility)
    if visibility == "open" and not is_open:
        visibility = "pointer"
    return Candidate(one.held._replace(visibility=visibility), replace(one.evidence, crowd=None))


class _Crowd:
    """The guns that were found, each with the most that speaks for it."""

    def __init__(
        self, found: Sequence[Candidate], described: Callable[[Held], _Gun],
        bits: Callable[[Candidate], float],
    ) -> None:  # fmt: skip
        self._described, self._bits = described, bits
        self._most: dict[str, dict[_Gun, float]] = defaultdict(dict)
        for one in found:
            guns, gun = self._most[skeleton(one.held.serial_norm)], described(one.held)
            guns[gun] = max(bits(one), guns.get(gun, NOTHING))
        self._most = {mark: _as_guns(found) for mark, found in self._most.items()}
        self._weights = {mark: _sum(guns.values()) for mark, guns in self._most.items()}
        self._sorted = sorted(most for guns in self._most.values() for most in guns.values())
        self._sum = sum(self._weights.values())

    def weigh(self, one: Candidate) -> Candidate:
        """Return the candidate less what the others take away."""
        own, mark = self._bits(one), skeleton(one.held.serial_norm)
        same = self._weights.get(mark, 0.0) - self._contradicting(mark, self._described(one.held))
        loss = log2(1 + max(self._sum - same, 0) / 2**own)
        if loss < LEAST:
            return one
        count = max(len(self._sorted) - bisect_left(self._sorted, own - 1) - 1, 1)
        return Candidate(one.held, replace(one.evidence, crowd=(count, round(loss, 1))))

    def _contradicting(self, mark: str, gun: _Gun) -> float:
        """Return what speaks for other guns of the same mark; unknown fields contradict nothing."""
        guns = self._most.get(mark, {})
        if gun is None or len(guns) == 1:
            return 0.0
        return _sum(most for other, most in guns.items() if other and _differ(gun, other))


def _as_guns(found: Mapping[_Gun, float]) -> dict[_Gun, float]:
    """Return descriptions that may be of one gun as one, each with the most that speaks for it."""
    if len(found) == 1:
        return dict(found)
    guns: dict[_Gun, float] = {}
    for one in sorted(found, key=lambda one: (-found[one], one or ())):
        same = (gun for gun in guns if gun and one and not _differ(gun, one))
        guns.setdefault(next(same, one), found[one])
    return guns


def _sum(bits: Iterable[float]) -> float:
    return sum(2**one for one in bits)


def _described(held: Held) -> _Gun:
    """Return what tells a gun from another of the same mark, or None where not all is known."""
    fields = _fields(held)
    return None if None in fields else fields


def _fields(held: Held) -> _Fields:
    return held.make, names.family(held.calibre), names.telling(held.type)


def _differ(one: _Fields, other: _Fields) -> bool:
    """Tell whether a field is another one, and no make of the same house, nor what the same guns are."""
    kinds = zip(one, other, (names.kin, names.related, names.akin), strict=True)
    return any(
        None not in (mine, theirs) and mine != theirs and theirs not in related(mine)
        for mine, theirs, related in kinds
    )
