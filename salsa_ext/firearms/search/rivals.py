"""Compare candidates with each other: rivals make each less likely."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from math import inf, log2
from typing import Final
from uuid import UUID

from salsa_ext.core.batches import group_by
from salsa_ext.firearms.marks.keys import skeleton
from salsa_ext.firearms.records.event_kinds import SEIZED
from salsa_ext.firearms.search.evidence import (
    COMPATIBLE_KINDS,
    EQUAL_KINDS,
    MAX_SEIZURES,
    MAX_SURE_SEIZURES,
    count_unregistered,
)
from salsa_ext.firearms.search.values import Candidate, MarkHit
from salsa_ext.reference import names

_Fields = tuple[str | None, ...]
_Gun = _Fields | None
MIN_LOSS: Final = 0.5  # bits; a smaller loss is not worth a word
MAX_HOLDERS: Final = 5
"""Seizures of one mark that a search finds; of more it is a prefix, or words, and identifies nothing."""
MAX_FAMILY: Final = 3
"""Other marks about two glyphs from one; where so many are recorded, its neighbours are guns."""
RIVAL_MARGIN: Final = 1.0
"""Bits by which a gun fits better than another, and no choice can rest on them."""


def apply_crowd(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates less the bits lost to the others.

    Records of one mark without contradiction are of one gun and cost each other nothing. Records
    that are not open count against others by their mark alone; `silent` ones not at all, or they
    would be revealed.
    """
    if len(candidates) < 2:
        return [*candidates]
    open_ones = [candidate for candidate in candidates if candidate.is_open]
    holders = [candidate for candidate in candidates if candidate.shows("holder")]
    by_all = _Crowd(open_ones, _full_description, lambda candidate: candidate.evidence.bits)
    by_mark = _Crowd(holders, lambda _: None, lambda candidate: candidate.evidence.serial_bits)
    same_mark = group_by(open_ones, lambda each: skeleton(each.mark_hit.serial_norm))
    weighed = []
    for candidate in candidates:
        # contradicting guns of one mark: none is certain unless it fits better
        others = same_mark[skeleton(candidate.mark_hit.serial_norm)] if candidate.is_open else ()
        least = candidate.evidence.bits - RIVAL_MARGIN
        has_rival = any(
            other.evidence.bits >= least and contradict(candidate.mark_hit, other.mark_hit)
            for other in others
        )
        is_common = sum(other.mark_hit.event in SEIZED for other in others) > MAX_HOLDERS
        is_common &= candidate.evidence.by != "lot"  # which many seizures may be of
        if has_rival or is_common:
            evidence = replace(candidate.evidence, has_rival=has_rival, is_common=is_common)
            candidate = Candidate(candidate.mark_hit, evidence)
        weighed.append((by_all if candidate.is_open else by_mark).weigh(candidate))
    family, alike = set[str](), set[str]()
    for near, mark in ((each.evidence.near, each.mark_hit.serial_norm) for each in open_ones):
        if near.is_of_series and not near.is_swap:
            (alike if near.is_hard_to_read else family).add(skeleton(mark))
    return _with_exact_ones_first([_within_family(each, family, alike) for each in weighed])


def _within_family(candidate: Candidate, family: Set[str], alike: Set[str]) -> Candidate:
    """Return a mark that is merely near with what the searched mark's family takes from it.

    `family` are numbers of its series that are near, `alike` those easily confused with it. One
    of these has a rival in another; where many of the family are near, the searched mark is a number
    of it, and rather that of another gun.
    """
    evidence, near = candidate.evidence, candidate.evidence.near
    if near.is_swap or near.kind in COMPATIBLE_KINDS:
        return candidate
    mark = skeleton(candidate.mark_hit.serial_norm)
    if mark in alike and len(alike) > 1:
        evidence = replace(evidence, has_rival=True)
    if (others := len(family - {mark})) >= (MAX_FAMILY if near.is_hard_to_read else 1):
        count, loss = evidence.crowd or (0, 0.0)
        evidence = replace(evidence, crowd=(max(count, others), loss))
    return Candidate(candidate.mark_hit, evidence)


def _with_exact_ones_first(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates so that a mark with confused glyphs is no stronger than an equal one."""
    unsure = {
        skeleton(each.mark_hit.serial_norm)
        for each in candidates
        if each.is_open and each.evidence.near.kind == "same" and each.evidence.strength != "strong"
    }
    return [
        Candidate(each.mark_hit, replace(each.evidence, has_rival=True))
        if each.evidence.near.kind == "confusable" and skeleton(each.mark_hit.serial_norm) in unsure
        else each
        for each in candidates
    ]


def doubt_unregistered(candidates: Sequence[Candidate], event: str) -> list[Candidate]:
    """Return the candidates of a record, none sure by a mark that only seizures bear."""
    events: dict[str, list[str]] = defaultdict(lambda: [event])
    for each in candidates:
        if each.is_open:
            events[skeleton(each.mark_hit.serial_norm)].append(each.mark_hit.event)
    seizures = {mark: count_unregistered(some) for mark, some in events.items()}
    doubted = []
    for each in candidates:
        evidence, count = each.evidence, seizures.get(skeleton(each.mark_hit.serial_norm), 0)
        is_equal = evidence.near.kind in EQUAL_KINDS and evidence.by != "lot"
        if count > MAX_SURE_SEIZURES and is_equal:
            is_common = evidence.is_common or count > MAX_SEIZURES
            evidence = replace(evidence, is_unregistered=True, is_common=is_common)
        doubted.append(Candidate(each.mark_hit, evidence))
    return doubted


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
    known = []
    for candidate in candidates:
        hit = candidate.mark_hit
        visibility = own_visibilities.get(hit.record_id, hit.visibility)
        if visibility == "open" and not is_open:
            visibility = "pointer"
        evidence = replace(candidate.evidence, crowd=None)
        known.append(Candidate(hit._replace(visibility=visibility), evidence))
    return {
        candidate.mark_hit.record_id: candidate.evidence.crowd for candidate in apply_crowd(known)
    }


class _Crowd:
    """The guns found, each with its best bits."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        describe: Callable[[MarkHit], _Gun],
        bits: Callable[[Candidate], float],
    ) -> None:
        self._describe, self._bits = describe, bits
        best: dict[str, dict[_Gun, float]] = defaultdict(dict)
        for candidate in candidates:
            guns, gun = best[skeleton(candidate.mark_hit.serial_norm)], describe(candidate.mark_hit)
            guns[gun] = max(bits(candidate), guns.get(gun, -inf))
        self._best = {mark: _group_by_gun(guns) for mark, guns in best.items()}
        self._odds = {mark: _sum_odds(guns.values()) for mark, guns in self._best.items()}
        self._sorted = sorted(most for guns in self._best.values() for most in guns.values())
        self._sum = sum(self._odds.values())

    def weigh(self, candidate: Candidate) -> Candidate:
        """Return the candidate less the bits lost to the others."""
        own, mark = self._bits(candidate), skeleton(candidate.mark_hit.serial_norm)
        same = self._odds.get(mark, 0.0)
        gun, guns = self._describe(candidate.mark_hit), self._best.get(mark, {})
        if gun is not None and len(guns) > 1:  # less the odds of other guns of the same mark
            same -= _sum_odds(most for other, most in guns.items() if other and _differ(gun, other))
        loss = log2(1 + max(self._sum - same, 0) / 2**own)
        if loss < MIN_LOSS:
            return candidate
        count = max(len(self._sorted) - bisect_left(self._sorted, own - 1) - 1, 1)
        crowd = (count, round(loss, 1))
        return Candidate(candidate.mark_hit, replace(candidate.evidence, crowd=crowd))


def _group_by_gun(descriptions: Mapping[_Gun, float]) -> dict[_Gun, float]:
    """Merge descriptions that may be of one gun, each with its best bits."""
    guns: dict[_Gun, float] = {}
    for described in sorted(descriptions, key=lambda gun: (-descriptions[gun], gun or ())):
        same = (gun for gun in guns if gun and described and not _differ(gun, described))
        guns.setdefault(next(same, described), descriptions[described])
    return guns


def _sum_odds(bits: Iterable[float]) -> float:
    return sum(2**most for most in bits)


def _full_description(hit: MarkHit) -> _Gun:
    """Return make, calibre family and type, or None if incomplete."""
    fields = _compared_fields(hit)
    return None if None in fields else fields


def _compared_fields(hit: MarkHit) -> _Fields:
    return hit.make, names.calibre_family(hit.calibre), names.specific_type(hit.type)


def _differ(gun: _Fields, other: _Fields) -> bool:
    """Return whether a known field differs, apart from related codes."""
    kinds = zip(
        gun, other, (names.related_makes, names.related_families, names.similar_types), strict=True
    )
    return any(
        None not in (mine, theirs) and mine != theirs and theirs not in related(mine)
        for mine, theirs, related in kinds
    )
