"""Search for many records at once; most share no mark and cost little."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.core.errors import Invalid
from salsa_ext.firearms.marks import variants
from salsa_ext.firearms.marks.distance import compare
from salsa_ext.firearms.marks.keys import is_lot, is_partly_read, skeleton
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.records.event_kinds import FIELD_EVENTS
from salsa_ext.firearms.records.queries import RecordView, query_for_record
from salsa_ext.firearms.search import mark_lookup
from salsa_ext.firearms.search.criteria import describe_query, marks_to_search
from salsa_ext.firearms.search.search import (
    find_candidates,
    has_exact_matches,
    hits_by_other_marks,
    weigh_hits,
)
from salsa_ext.firearms.search.values import Candidate, MarkHit, SearchMark

MAX_SINGLE_SEARCHES: Final = 5
"""Guns that were read in the field, of which each is searched by itself at once."""
MAX_BULK_HITS: Final = 20_000
"""Marks that are read at once; where there are more, the guns are asked for in halves."""


@dataclass(frozen=True)
class RecordQuery:
    """A record to search for in a batch.

    `own` are the records of its document, left out. `is_afield`: the mark was read in the field, or
    the gun is missing; `is_seized`: it was seized, found or surrendered.
    """

    record_id: UUID
    query: Query
    own: Collection[UUID]
    is_afield: bool
    is_seized: bool = False


PreparedQuery = tuple[RecordQuery, Mapping[SearchMark, str]]


def search_many(guns: Sequence[RecordQuery], actor: Actor) -> dict[UUID, Sequence[Candidate]]:
    """Return the candidates of each gun, silent ones included, best first; current marks only."""
    queries = [(gun, marks) for gun in guns if (marks := _searchable_marks(gun.query))]
    equal, crowded = _find_equal_marks(queries, actor, with_silent=True)
    bulk = [(gun, marks) for gun, marks in queries if gun.record_id not in crowded]
    candidates = _weigh_visible(bulk, actor, equal, with_silent=True)
    left = [
        (gun, marks)
        for gun, marks in bulk
        if not has_exact_matches(
            candidates[gun.record_id], gun.query, marks, is_seized=gun.is_seized
        )
    ]
    afield = [(gun, marks) for gun, marks in left if gun.is_afield]
    singly = crowded | {gun.record_id for gun, _ in left if not gun.is_afield}
    if len(afield) <= MAX_SINGLE_SEARCHES:
        singly |= {gun.record_id for gun, _ in afield}
    else:
        singly |= {gun.record_id for gun, _ in afield if equal.get(gun.record_id)}
        singly |= _guns_with_near_marks(afield, actor)
    for gun, _ in queries:
        if gun.record_id in singly:
            candidates[gun.record_id] = find_candidates(
                gun.query,
                actor,
                stop_at_exact=False,  # its own record would count as an exact match
                with_silent=True,
                current_only=True,
                excluded=gun.own,
            )
    return candidates


def search_equal_marks(
    guns: Sequence[RecordQuery], actor: Actor
) -> dict[UUID, Sequence[Candidate]]:
    """Return the visible candidates that bear a mark of each gun itself, best first."""
    queries = [(gun, marks) for gun in guns if (marks := _searchable_marks(gun.query))]
    hits, _ = _find_equal_marks(queries, actor, with_silent=False)
    return _weigh_visible(queries, actor, hits, with_silent=False)


def search_all_candidates(
    guns: Sequence[RecordQuery], actor: Actor
) -> dict[UUID, Sequence[Candidate]]:
    """Return all visible candidates of each gun, exact and near, in one query."""
    queries = [(gun, marks) for gun in guns if (marks := _searchable_marks(gun.query))]
    described = [([*marks], describe_query(gun.query)) for gun, marks in queries]
    all_hits = mark_lookup.find_hits_of_many(described, actor.state)
    hits = {
        gun.record_id: [
            hit for hit in of_gun if hit.record_id not in gun.own and not hit.is_superseded
        ]
        for (gun, _), of_gun in zip(queries, all_hits, strict=True)
    }
    return _weigh_visible(queries, actor, hits, with_silent=False)


def _weigh_visible(
    queries: Sequence[PreparedQuery],
    actor: Actor,
    hits: Mapping[UUID, Sequence[MarkHit]],
    *,
    with_silent: bool,
) -> dict[UUID, Sequence[Candidate]]:
    """Return the candidates among visible hits of several guns; serials are read once for all."""
    visible = {
        gun: [hit for hit in some if with_silent or not mark_lookup.is_silent_alert(hit)]
        for gun, some in hits.items()
    }
    by_other_marks = [
        hit
        for gun, marks in queries
        for hit in hits_by_other_marks(visible.get(gun.record_id, ()), marks)
    ]
    serials = mark_lookup.find_record_serials(actor, by_other_marks)
    return {
        gun.record_id: weigh_hits(gun.query, actor, marks, visible.get(gun.record_id, ()), serials)
        for gun, marks in queries
    }


def _searchable_marks(query: Query) -> Mapping[SearchMark, str]:
    try:
        return marks_to_search(query)
    except Invalid:  # a gun that cannot be searched is still worth recording
        return {}


def _find_equal_marks(
    queries: Sequence[PreparedQuery], actor: Actor, *, with_silent: bool
) -> tuple[dict[UUID, list[MarkHit]], set[UUID]]:
    """Return equal marks of each gun, and guns with too many of them."""
    guns: dict[int, list[RecordQuery]] = defaultdict(list)
    for gun, marks in queries:
        for mark in marks:
            if mark.is_whole:
                guns[mark.value].append(gun)
    rows = mark_lookup.find_hits_by_key(
        guns, actor.state, with_silent=with_silent, limit=MAX_BULK_HITS
    )
    is_cut = len(rows) == MAX_BULK_HITS
    if is_cut and len(queries) > 1:
        middle = len(queries) // 2
        halves = (queries[:middle], queries[middle:])
        parts = [_find_equal_marks(half, actor, with_silent=with_silent) for half in halves]
        return parts[0][0] | parts[1][0], parts[0][1] | parts[1][1]
    hits: dict[UUID, list[MarkHit]] = defaultdict(list)
    for key, hit in rows:
        for gun in guns[key]:
            if hit.record_id not in gun.own:
                hits[gun.record_id].append(hit)
    counts = Counter(key for key, _ in rows)
    crowded = [key for key in guns if counts[key] >= mark_lookup.MAX_HITS_PER_KEY or is_cut]
    return hits, {gun.record_id for key in crowded for gun in guns[key]}


class _NearSearch(NamedTuple):
    """The keys by which marks near one are found; `own` are records left out."""

    record_id: UUID
    norm: str
    keys: Set[int]
    own: Collection[UUID] = ()


def _search_keys(norm: str) -> Set[int]:
    keys = variants.search_keys(norm)
    return keys.single | keys.two | {*keys.part}


def _field_search_keys(norm: str) -> Set[int]:
    return (
        _search_keys(norm) if is_partly_read(skeleton(norm)) else variants.field_search_keys(norm)
    )


def _guns_with_near_marks(queries: Sequence[PreparedQuery], actor: Actor) -> set[UUID]:
    """Return the guns with other marks near theirs."""
    searches = [
        _NearSearch(gun.record_id, mark.norm, _search_keys(mark.norm), gun.own)
        for gun, marks in queries
        for mark in marks
        if mark.is_near
    ]
    return _with_near_marks(searches, actor, events=None)


def _with_near_marks(
    searches: Sequence[_NearSearch], actor: Actor, *, events: Collection[str] | None
) -> set[UUID]:
    """Return the records with a near mark.

    With `events` only of one of these, and where a glyph was hard to read.
    """
    if not searches:
        return set()
    all_keys = set().union(*(search.keys for search in searches))
    rows = mark_lookup.find_hits_by_variant(
        all_keys, actor.state, events=events, limit=MAX_BULK_HITS
    )
    if rows is None and len(searches) == 1:
        return {searches[0].record_id}
    if rows is None:
        middle = len(searches) // 2
        halves = (searches[:middle], searches[middle:])
        return set().union(*(_with_near_marks(half, actor, events=events) for half in halves))
    by_key = group_by(rows, lambda row: row.key)
    return {
        search.record_id
        for search in searches
        if any(
            row.record_id not in search.own
            and (near := compare(search.norm, row.serial_norm))
            and (near.is_hard_to_read or events is None)
            for key in by_key.keys() & search.keys
            for row in by_key[key]
        )
    }


def find_trade_to_compare(records: Collection[UUID], actor: Actor) -> set[UUID]:
    """Return which new records of trade may be of a gun of crime, or are duplicates."""
    if not records:
        return set()
    equal = mark_lookup.find_trade_with_equal_marks(records)
    marks = mark_lookup.find_marks_of_records({*records} - equal, actor.state, with_silent=True)
    norms = {(mark.record_id, mark.serial_norm) for mark in marks if not is_lot(mark.serial_norm)}
    searches = [_NearSearch(record, norm, _field_search_keys(norm)) for record, norm in norms]
    return equal | _with_near_marks(searches, actor, events=FIELD_EVENTS)


def compare_each(
    actor: Actor, view: RecordView, hits_by_record: Sequence[Sequence[MarkHit]]
) -> Iterator[Candidate]:
    """Yield the candidate of each other record, weighed singly."""
    query = query_for_record(view)
    if marks := _searchable_marks(query):
        for hits in hits_by_record:  # singly: confirmed records take nothing from each other
            yield from weigh_hits(query, actor, marks, hits)
