"""Compare candidates with each other: rivals make each less likely."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import log2
from typing import Final
from uuid import UUID

from salsa_ext.firearms.marks.keys import skeleton
from salsa_ext.firearms.search.values import Candidate, MarkHit
from salsa_ext.reference import names

_Fields = tuple[str | None, ...]
_Gun = _Fields | None
NO_BITS: Final = -99.0
MIN_LOSS: Final = 0.5  # bits; a smaller loss is not worth a word
RIVAL_MARGIN: Final = (
    1.0  # bits by which a gun fits better than another, and no choice can rest on them
)


def apply_crowd(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates less the bits lost to the others.

    Records of one mark without contradiction are of one gun and cost each other nothing. Records
    that are not open count against others by their mark alone; `silent` ones not at all, or they
    would be revealed.
    """
    is_open = [one for one in candidates if one.is_open]
    shown = [one for one in candidates if one.shows("holder")]
    by_all = _Crowd(is_open, _full_description, lambda one: one.evidence.bits)
    by_mark = _Crowd(shown, lambda _: None, lambda one: one.evidence.serial_bits)
    rivals = _Rivals(is_open)
    return [(by_all if one.is_open else by_mark).weigh(rivals.heed(one)) for one in candidates]


class _Rivals:
    """Contradicting guns of one mark: none is certain unless it fits better."""

    def __init__(self, found: Sequence[Candidate]) -> None:
        self._by_mark: dict[str, list[Candidate]] = defaultdict(list)
        for one in found:
            self._by_mark[skeleton(one.mark_hit.serial_norm)].append(one)

    def heed(self, one: Candidate) -> Candidate:
        """Return the candidate, with `has_rival` if another gun fits as well."""
        others = self._by_mark.get(skeleton(one.mark_hit.serial_norm), ()) if one.is_open else ()
        least = one.evidence.bits - RIVAL_MARGIN
        if any(
            other.evidence.bits >= least and contradict(one.mark_hit, other.mark_hit)
            for other in others
        ):
            return Candidate(one.mark_hit, replace(one.evidence, has_rival=True))
        return one


def contradict(hit: MarkHit, other: MarkHit) -> bool:
    """Return whether two hits are of two guns; missing fields never contradict."""
    return _differ(_compared_fields(hit), _compared_fields(other))


def crowds_for_other_state(
    candidates: Sequence[Candidate], own_visibilities: Mapping[UUID, str], *, is_open: bool
) -> dict[UUID, tuple[int, float] | None]:
    """Return each candidate's crowd as the other state may know it.

    `own_visibilities` are the asker's own records that are not open, with their visibility. With
    `is_open` False (the asker's record is not open) marks alone are compared, or the crowd would
    describe the rest of it.
    """
    seen = [_as_other_state_sees(one, own_visibilities, is_open=is_open) for one in candidates]
    return {one.mark_hit.record_id: one.evidence.crowd for one in apply_crowd(seen)}


def _as_other_state_sees(
    candidate: Candidate, own_visibilities: Mapping[UUID, str], *, is_open: bool
) -> Candidate:
    visibility = own_visibilities.get(candidate.mark_hit.record_id, candidate.mark_hit.visibility)
    if visibility == "open" and not is_open:
        visibility = "pointer"
    return Candidate(
        candidate.mark_hit._replace(visibility=visibility), replace(candidate.evidence, crowd=None)
    )


class _Crowd:
    """The guns found, each with its best bits."""

    def __init__(
        self,
        found: Sequence[Candidate],
        described: Callable[[MarkHit], _Gun],
        bits: Callable[[Candidate], float],
    ) -> None:
        self._described, self._bits = described, bits
        self._most: dict[str, dict[_Gun, float]] = defaultdict(dict)
        for one in found:
            guns, gun = self._most[skeleton(one.mark_hit.serial_norm)], described(one.mark_hit)
            guns[gun] = max(bits(one), guns.get(gun, NO_BITS))
        self._most = {mark: _group_by_gun(found) for mark, found in self._most.items()}
        self._weights = {mark: _sum_odds(guns.values()) for mark, guns in self._most.items()}
        self._sorted = sorted(most for guns in self._most.values() for most in guns.values())
        self._sum = sum(self._weights.values())

    def weigh(self, one: Candidate) -> Candidate:
        """Return the candidate less the bits lost to the others."""
        own, mark = self._bits(one), skeleton(one.mark_hit.serial_norm)
        same = self._weights.get(mark, 0.0) - self._contradicting(
            mark, self._described(one.mark_hit)
        )
        loss = log2(1 + max(self._sum - same, 0) / 2**own)
        if loss < MIN_LOSS:
            return one
        count = max(len(self._sorted) - bisect_left(self._sorted, own - 1) - 1, 1)
        return Candidate(one.mark_hit, replace(one.evidence, crowd=(count, round(loss, 1))))

    def _contradicting(self, mark: str, gun: _Gun) -> float:
        """Return the odds of other guns of the same mark."""
        guns = self._most.get(mark, {})
        if gun is None or len(guns) == 1:
            return 0.0
        return _sum_odds(most for other, most in guns.items() if other and _differ(gun, other))


def _group_by_gun(found: Mapping[_Gun, float]) -> dict[_Gun, float]:
    """Merge descriptions that may be of one gun, each with its best bits."""
    if len(found) == 1:
        return dict(found)
    guns: dict[_Gun, float] = {}
    for one in sorted(found, key=lambda one: (-found[one], one or ())):
        same = (gun for gun in guns if gun and one and not _differ(gun, one))
        guns.setdefault(next(same, one), found[one])
    return guns


def _sum_odds(bits: Iterable[float]) -> float:
    return sum(2**one for one in bits)


def _full_description(hit: MarkHit) -> _Gun:
    """Return make, calibre family and type, or None if incomplete."""
    fields = _compared_fields(hit)
    return None if None in fields else fields


def _compared_fields(hit: MarkHit) -> _Fields:
    return hit.make, names.calibre_family(hit.calibre), names.specific_type(hit.type)


def _differ(one: _Fields, other: _Fields) -> bool:
    """Return whether a known field differs, apart from related codes."""
    kinds = zip(
        one, other, (names.related_makes, names.related_families, names.similar_types), strict=True
    )
    return any(
        None not in (mine, theirs) and mine != theirs and theirs not in related(mine)
        for mine, theirs, related in kinds
    )
