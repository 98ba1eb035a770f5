"""Search the records of all states for candidates of one gun."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from salsa_ext.core.actor import Actor
from salsa_ext.database.session import NO_STATE
from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.marks.distance import compare
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.records import frequencies
from salsa_ext.firearms.records.event_kinds import ALERT, INCONCLUSIVE, MISSING_EVENTS, SEIZED
from salsa_ext.firearms.search import mark_lookup, rivals
from salsa_ext.firearms.search.criteria import describe_hit, describe_query, marks_to_search
from salsa_ext.firearms.search.evidence import (
    EQUAL_KINDS,
    FAINT,
    Description,
    Evidence,
    weigh,
    weights_for,
)
from salsa_ext.firearms.search.values import BestScores, Candidate, MarkHit, SearchMark

LIKELY_MARGIN = 6.0


def find_candidates(
    query: Query,
    actor: Actor,
    *,
    stop_at_exact: bool = True,
    with_silent: bool = False,
    current_only: bool = False,
    excluded: Collection[UUID] = (),
) -> list[Candidate]:
    """Return the candidates of all states, best first.

    `with_silent`, for jobs alone, also searches other states' silent records, and alerts hidden
    from the asker. Own records are open to the asker; other states' records that are not open are
    weighed by the serial alone, so that another make in the query reveals nothing. `stop_at_exact`
    drops near marks if one of that mark agrees in every field; `current_only` leaves out superseded
    marks; `excluded` are records of the searched gun itself.
    """
    marks, described = marks_to_search(query), describe_query(query)
    hits = mark_lookup.find_hits(
        list(marks), described, actor.state, stop_at_exact=stop_at_exact, with_silent=with_silent
    )
    visible = [
        hit
        for hit in hits
        if hit.record_id not in excluded
        and not (current_only and hit.is_superseded)
        and (with_silent or not mark_lookup.is_silent_alert(hit))
    ]
    return weigh_hits(query, actor, marks, visible, described=described)


def weigh_hits(
    query: Query,
    actor: Actor,
    marks: Mapping[SearchMark, str],
    index_hits: Iterable[MarkHit],
    serials_by_record: Mapping[UUID, str] | None = None,
    described: Description | None = None,
) -> list[Candidate]:
    """Return the candidates among hits, one per record by its strongest mark, best first.

    `marks` is the result of `marks_to_search`. `serials_by_record` are serials of hits by another
    mark, `described` is the query's description, if already read. Own records are open to the asker.
    """
    hits = [
        hit._replace(visibility="open")
        if hit.state == actor.state and not mark_lookup.is_silent_alert(hit)
        else hit
        for hit in index_hits
    ]
    with_other_serial = _records_with_other_serial(
        query, actor, hits_by_other_marks(hits, marks), serials_by_record
    )
    described = described or describe_query(query)
    weights = weights_for(described, frequencies.shares())
    queries = {mark: replace(described, serial_norm=mark.norm) for mark in marks}
    best: dict[UUID, Candidate] = {}
    for hit in hits:
        record = describe_hit(hit)
        for mark in _similar_marks(hit, marks):
            by = marks[mark]
            evidence = weigh(
                queries[mark],
                record,
                by,
                has_other_serial=by != "serial" and hit.record_id in with_other_serial,
                weights=weights,
            )
            if evidence and evidence.strength:
                candidate, before = Candidate(hit, evidence), best.get(hit.record_id)
                if before is None or _preference(before) < _preference(candidate):
                    best[hit.record_id] = candidate
    # what others take away from a candidate can leave too little of it to be looked at
    left = [_limit_crowd_loss(candidate) for candidate in rivals.apply_crowd(list(best.values()))]
    return sorted((candidate for candidate in left if candidate.evidence.strength), key=_rank)


def _preference(candidate: Candidate) -> tuple[float, bool]:
    """Better evidence first; of equals a mark that is not superseded."""
    return candidate.evidence.bits, not candidate.mark_hit.is_superseded


def _rank(candidate: Candidate) -> tuple[float, date, str]:
    """Sort key: best first, then by date.

    Records that are not open are last among equals: their place would reveal the date.
    """
    on = candidate.mark_hit.occurred_on if candidate.is_open else date.max
    return -candidate.evidence.bits, on, candidate.mark_hit.state


def hits_by_other_marks(hits: Iterable[MarkHit], roles: Mapping[SearchMark, str]) -> list[MarkHit]:
    """Return hits found by other marks than the serial alone."""
    return [
        hit for hit in hits if all(roles[mark] != "serial" for mark in _similar_marks(hit, roles))
    ]


def _similar_marks(hit: MarkHit, roles: Mapping[SearchMark, str]) -> list[SearchMark]:
    """Return the marks equal to a hit, else those it may be near."""
    if len(roles) == 1:
        return list(roles)
    folded = keys.skeleton(hit.serial_norm)
    same = [mark for mark in roles if keys.skeleton(mark.norm) == folded]
    return same or [mark for mark in roles if mark.is_near]


def _records_with_other_serial(
    query: Query,
    actor: Actor,
    hits: Sequence[MarkHit],
    serials_by_record: Mapping[UUID, str] | None,
) -> set[UUID]:
    """Return records with a readable serial that the query lacks."""
    if not (serials := mark_lookup.query_serials(query)):
        return set()
    if serials_by_record is None:
        serials_by_record = mark_lookup.find_record_serials(actor, hits)
    return {
        hit.record_id
        for hit in hits
        if serials_by_record.get(hit.record_id, "") not in {"", *serials}
    }


def _limit_crowd_loss(candidate: Candidate) -> Candidate:
    """Limit the crowd's loss for a missing or seized gun of this serial."""
    evidence = candidate.evidence
    if evidence.strength or not evidence.crowd or not candidate.is_open:
        return candidate
    if not (_is_missing_or_seized(candidate) and evidence.is_of_its_own):
        return candidate
    count, loss = evidence.crowd
    crowd = (count, round(loss + evidence.bits - FAINT, 1))
    return Candidate(candidate.mark_hit, replace(evidence, crowd=crowd))


def best_scores(candidates: Sequence[Candidate]) -> BestScores:
    """Return the best scores of the candidates, and of lawful history."""
    opened = [candidate for candidate in candidates if candidate.is_open]
    conclusive = [candidate for candidate in opened if candidate.mark_hit.event not in INCONCLUSIVE]
    lawful = (*conclusive, *(candidate for candidate in candidates if not candidate.is_open))
    return BestScores(
        max((candidate.evidence.bits for candidate in opened), default=0.0),
        max((candidate.evidence.bits for candidate in conclusive), default=0.0),
        max((candidate.evidence.serial_bits for candidate in lawful), default=0.0),
    )


def likely_candidates(candidates: Sequence[Candidate], best: BestScores) -> list[Candidate]:
    """Return candidates about as likely as the best one.

    Missing fields do not make a record less likely: thefts are often recorded by serial alone.
    Strong ones by an equal serial remain, and so do missing or seized guns with this serial.
    Records that are not open are compared by serial alone. A seizure is no measure for lawful
    history: it may repeat a misreading.
    """
    likely = []
    for candidate in candidates:
        evidence = candidate.evidence
        if not candidate.is_open:
            is_likely = evidence.bits >= best.serial_bits - LIKELY_MARGIN
        else:
            is_inconclusive = candidate.mark_hit.event in INCONCLUSIVE
            least = (best.bits if is_inconclusive else best.lawful_bits) - LIKELY_MARGIN
            is_likely = (
                evidence.bits >= least
                or evidence.at_most >= least
                or evidence.is_sure
                or (_is_missing_or_seized(candidate) and evidence.is_of_its_own)
            )
        if is_likely:
            likely.append(candidate)
    return likely


def _is_missing_or_seized(candidate: Candidate) -> bool:
    return candidate.mark_hit.event in MISSING_EVENTS | SEIZED


def drop_near_misses(
    candidates: Sequence[Candidate], query: Query, *, is_seized: bool
) -> Sequence[Candidate]:
    """Return candidates without near marks where an exact match exists."""
    if all(candidate.evidence.near.kind in EQUAL_KINDS for candidate in candidates):
        return candidates
    exact = _exact_hits(candidates, query, is_seized=is_seized)
    if not exact:
        return candidates
    left = mark_lookup.marks_without_exact_hit(marks_to_search(query), exact)
    return [
        candidate
        for candidate in candidates
        if candidate.evidence.near.kind in EQUAL_KINDS
        or any(compare(mark.norm, candidate.mark_hit.serial_norm) for mark in left)
    ]


def has_exact_matches(
    candidates: Sequence[Candidate], query: Query, marks: Iterable[SearchMark], *, is_seized: bool
) -> bool:
    """Return whether every one of a query's `marks` has an exact match. No near marks are searched then."""
    exact = _exact_hits(candidates, query, is_seized=is_seized)
    return bool(exact) and not mark_lookup.marks_without_exact_hit(marks, exact)


def _exact_hits(candidates: Sequence[Candidate], query: Query, *, is_seized: bool) -> list[MarkHit]:
    """Return strong, equal, readable hits that agree in every field."""
    strong = [
        candidate.mark_hit
        for candidate in candidates
        if candidate.is_open
        and candidate.evidence.near.kind == "same"
        and candidate.evidence.strength == "strong"
    ]
    if not strong:
        return []
    described = describe_query(query)
    inconclusive = INCONCLUSIVE if is_seized else frozenset({ALERT})
    return [
        hit for hit in strong if mark_lookup.is_exact_hit(hit, described, NO_STATE, inconclusive)
    ]


def evidence_for_owner(query: Query, candidate: Candidate) -> Evidence | None:
    """Weigh a candidate by its whole record, as its own state may."""
    record = describe_hit(candidate.mark_hit._replace(visibility="open"))
    described, evidence = describe_query(query), candidate.evidence
    pairs = [
        (replace(described, serial_norm=mark.norm), record)
        for mark, role in marks_to_search(query).items()
        if role == evidence.by
    ]
    best = weigh_pairs(evidence, pairs)
    return replace(best, crowd=evidence.crowd) if best else None


def weigh_pairs(
    evidence: Evidence, pairs: Iterable[tuple[Description, Description]]
) -> Evidence | None:
    """Return the strongest evidence of queries and records, by the mark of earlier evidence."""
    shares, has_other_serial = frequencies.shares(), evidence.has_other_serial
    weighed = []
    for query, record in pairs:
        weights = weights_for(query, shares)
        weighed.append(
            weigh(query, record, evidence.by, has_other_serial=has_other_serial, weights=weights)
        )
    return max(filter(None, weighed), key=lambda each: each.bits, default=None)
