"""Search the records of all states for candidates of one gun."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from salsa_ext.core.actor import Actor
from salsa_ext.database.session import NO_STATE
from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.marks.distance import compare
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.records import frequencies
from salsa_ext.firearms.records.values import ALERT, INCONCLUSIVE, MISSING_EVENTS, SEIZED
from salsa_ext.firearms.search import criteria, index, rivals, visibility
from salsa_ext.firearms.search.criteria import describe_hit, describe_query, marks_to_search
from salsa_ext.firearms.search.evidence import (
    EQUAL_KINDS,
    FAINT,
    Description,
    Evidence,
    Weight,
    weigh,
    weights_for,
)
from salsa_ext.firearms.search.index import find_hits
from salsa_ext.firearms.search.values import BestScores, Candidate, MarkHit, SearchMark

LIKELY_MARGIN = 6.0


def find_candidates(
    query: Query,
    actor: Actor,
    *,
    stop_at_exact: bool = True,
    silent: bool | None = None,
    current_only: bool = False,
    excluded: Collection[UUID] = (),
    in_background: bool = False,
) -> list[Candidate]:
    """Return the candidates of all states, best first.

    The caller leaves out others' `silent` records, or asks without (False) or for these alone
    (True). Own records are open to the asker; other states' records that are not open are weighed
    by the serial alone, so that another make in the query reveals nothing. `stop_at_exact` drops
    near marks if one of that mark agrees in every field; `current_only` leaves out superseded
    marks; `excluded` are records of the searched gun itself. Alerts that nobody may see are found
    with `silent=True` or `in_background` only.
    """
    sought = criteria.marks_to_search(query)
    held = find_hits(
        list(sought),
        criteria.describe_query(query),
        actor.state,
        stop_at_exact=stop_at_exact,
        silent=silent,
    )
    kept = (
        one
        for one in held
        if one.record_id not in excluded and not (current_only and one.is_superseded)
    )
    shown = visibility.with_alert_visibility(actor, kept)
    if silent is False and not in_background:
        shown = [one for one in shown if not visibility.is_silent_alert(one)]
    return weigh_hits(query, actor, sought, shown)


def weigh_hits(
    query: Query,
    actor: Actor,
    marks_sought: Mapping[SearchMark, str],
    index_hits: Iterable[MarkHit],
    serials_by_record: Mapping[UUID, str] | None = None,
) -> list[Candidate]:
    """Return the candidates among hits, one per record, best first.

    `marks_sought` is the result of `marks_to_search`. `serials_by_record` are serials of hits by
    another mark, if already read. Own records are open to the asker.
    """
    asked = criteria.describe_query(query)
    hits = [
        one._replace(visibility="open")
        if one.state == actor.state and not visibility.is_silent_alert(one)
        else one
        for one in index_hits
    ]
    other = _records_with_other_serial(
        query, actor, hits_by_other_marks(hits, marks_sought), serials_by_record
    )
    mine = {one: replace(asked, serial_norm=one.norm) for one in marks_sought}
    weights = weights_for(asked, frequencies.shares())
    best: dict[UUID, Candidate] = {}
    for hit in hits:
        candidate = _best_candidate(mine, hit, marks_sought, other, weights)
        before = best.get(hit.record_id)
        if candidate and (before is None or _preference(before) < _preference(candidate)):
            best[hit.record_id] = candidate
    # what others take away from a candidate can leave too little of it to be looked at
    left = [_limit_crowd_loss(one) for one in rivals.apply_crowd(list(best.values()))]
    return sorted((one for one in left if one.evidence.strength), key=_rank)


def hits_by_other_marks(hits: Iterable[MarkHit], roles: Mapping[SearchMark, str]) -> list[MarkHit]:
    """Return hits found by other marks than the serial alone."""
    return [
        hit for hit in hits if all(roles[one] != "serial" for one in _similar_marks(hit, roles))
    ]


def _records_with_other_serial(
    query: Query,
    actor: Actor,
    hits: Sequence[MarkHit],
    serials_by_record: Mapping[UUID, str] | None,
) -> set[UUID]:
    """Return records with a readable serial that the query lacks."""
    if not (asked := index.query_serials(query)):
        return set()
    known = (
        index.find_record_serials(actor, hits) if serials_by_record is None else serials_by_record
    )
    mine = {hit.record_id for hit in hits}
    return {key for key, skeleton in known.items() if key in mine and skeleton not in asked}


def _limit_crowd_loss(candidate: Candidate) -> Candidate:
    """Limit the crowd's loss for a missing or seized gun of this serial.

    It remains listed with the minimum of bits.
    """
    found = candidate.evidence
    if found.strength or not (
        found.crowd
        and candidate.is_open
        and _is_missing_or_seized(candidate)
        and found.is_of_its_own
    ):
        return candidate
    count, loss = found.crowd
    least = (count, round(loss + found.bits - FAINT, 1))
    return Candidate(candidate.mark_hit, replace(found, crowd=least))


def _similar_marks(hit: MarkHit, roles: Mapping[SearchMark, str]) -> list[SearchMark]:
    """Return the marks equal to a hit, else those it may be near."""
    if len(roles) == 1:
        return list(roles)
    folded = keys.skeleton(hit.serial_norm)
    same = [one for one in roles if keys.skeleton(one.norm) == folded]
    return same or [one for one in roles if one.is_near]


def _best_candidate(
    descriptions: Mapping[SearchMark, Description],
    hit: MarkHit,
    roles: Mapping[SearchMark, str],
    with_other_serial: Container[UUID],
    weights: Sequence[Weight],
) -> Candidate | None:
    """Return the candidate by its strongest mark, or None."""
    found = []
    for one in _similar_marks(hit, roles):
        by = roles[one]
        has_other = by != "serial" and hit.record_id in with_other_serial
        evidence = weigh(
            descriptions[one],
            criteria.describe_hit(hit),
            by,
            has_other_serial=has_other,
            weights=weights,
        )
        if evidence and evidence.strength:
            found.append(Candidate(hit, evidence))
    return max(found, key=lambda one: one.evidence.bits, default=None)


def _preference(candidate: Candidate) -> tuple[float, bool]:
    """Better evidence first; of equals a mark that is not superseded."""
    return candidate.evidence.bits, not candidate.mark_hit.is_superseded


def _rank(candidate: Candidate) -> tuple[float, date, str]:
    """Sort key: best first, then by date.

    Records that are not open are last among equals: their place would reveal the date.
    """
    on = candidate.mark_hit.occurred_on if candidate.is_open else date.max
    return -candidate.evidence.bits, on, candidate.mark_hit.state


def best_scores(candidates: Sequence[Candidate]) -> BestScores:
    """Return the best scores of the candidates, and of lawful history."""
    lawful = [one for one in candidates if not (one.is_open and one.mark_hit.event in INCONCLUSIVE)]
    serial = max((one.evidence.serial_bits for one in lawful), default=0.0)
    return BestScores(_best_bits(candidates), _best_bits(lawful), serial)


def likely_candidates(candidates: Sequence[Candidate], best: BestScores) -> list[Candidate]:
    """Return candidates about as likely as the best one.

    Missing fields do not make a record less likely: thefts are often recorded by serial alone.
    Strong ones by an equal serial remain, and so do missing or seized guns with this serial.
    Records that are not open are compared by serial alone. A seizure is no measure for lawful
    history: it may repeat a misreading.
    """
    return [
        one for one in candidates if _is_likely(one, _reference_bits(one, best) - LIKELY_MARGIN)
    ]


def _is_likely(candidate: Candidate, least: float) -> bool:
    found = candidate.evidence
    is_kept = (
        found.is_sure
        or found.at_most >= least
        or (_is_missing_or_seized(candidate) and found.is_of_its_own)
    )
    return found.bits >= least or (candidate.is_open and is_kept)


def _is_missing_or_seized(candidate: Candidate) -> bool:
    return candidate.mark_hit.event in MISSING_EVENTS | SEIZED


def _best_bits(candidates: Iterable[Candidate]) -> float:
    return max((one.evidence.bits for one in candidates if one.is_open), default=0.0)


def _reference_bits(candidate: Candidate, best: BestScores) -> float:
    if not candidate.is_open:
        return best.serial_bits
    return best.bits if candidate.mark_hit.event in INCONCLUSIVE else best.lawful_bits


def drop_near_misses(
    candidates: Sequence[Candidate], query: Query, *, is_seized: bool
) -> Sequence[Candidate]:
    """Return candidates without near marks where an exact match exists."""
    if not (settling := _exact_hits(candidates, query, is_seized=is_seized)):
        return candidates
    left = index.marks_without_exact_hit(marks_to_search(query), settling)
    return [
        hit
        for hit in candidates
        if hit.evidence.near.kind in EQUAL_KINDS
        or any(compare(one.norm, hit.mark_hit.serial_norm) for one in left)
    ]


def has_exact_matches(candidates: Sequence[Candidate], query: Query, *, is_seized: bool) -> bool:
    """Return whether every mark of a query has an exact match.

    No near marks are searched then.
    """
    settling = _exact_hits(candidates, query, is_seized=is_seized)
    return bool(settling) and not index.marks_without_exact_hit(marks_to_search(query), settling)


def _exact_hits(candidates: Sequence[Candidate], query: Query, *, is_seized: bool) -> list[MarkHit]:
    """Return strong, equal, readable hits that agree in every field.

    An alert never counts; for a seized gun another seizure does not either: it may repeat a
    misreading.
    """
    asked, nothing = describe_query(query), INCONCLUSIVE if is_seized else frozenset({ALERT})
    return [
        hit.mark_hit
        for hit in candidates
        if _is_strong_and_equal(hit) and _is_open_exact_hit(hit, asked, nothing)
    ]


def _is_strong_and_equal(hit: Candidate) -> bool:
    return hit.evidence.near.kind == "same" and hit.evidence.strength == "strong"


def _is_open_exact_hit(
    hit: Candidate, description: Description, inconclusive: frozenset[str]
) -> bool:
    return hit.is_open and index.is_exact_hit(hit.mark_hit, description, NO_STATE, inconclusive)


def evidence_for_owner(query: Query, candidate: Candidate) -> Evidence | None:
    """Weigh a candidate by its whole record, as its own state may."""
    theirs = describe_hit(candidate.mark_hit._replace(visibility="open"))
    asked, evidence = describe_query(query), candidate.evidence
    weights = weights_for(asked, frequencies.shares())
    weighed = [
        weigh(
            replace(asked, serial_norm=one.norm),
            theirs,
            by,
            has_other_serial=evidence.has_other_serial,
            weights=weights,
        )
        for one, by in marks_to_search(query).items()
        if by == evidence.by
    ]
    best = max(filter(None, weighed), key=lambda one: one.bits, default=None)
    return replace(best, crowd=evidence.crowd) if best else None
