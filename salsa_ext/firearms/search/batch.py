"""Search for many records at once; most share no mark and cost little."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid
from salsa_ext.firearms.marks import variants
from salsa_ext.firearms.marks.distance import compare
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.records.queries import RecordView, query_for_record
from salsa_ext.firearms.records.values import FIELD_EVENTS
from salsa_ext.firearms.search import index, visibility
from salsa_ext.firearms.search.criteria import describe_query, marks_to_search
from salsa_ext.firearms.search.index import (
    MAX_HITS_PER_KEY,
    VariantHit,
    find_hits_by_key,
    find_hits_by_variant,
    find_hits_of_many,
)
from salsa_ext.firearms.search.search import find_candidates, hits_by_other_marks, weigh_hits
from salsa_ext.firearms.search.values import Candidate, MarkHit, SearchMark

MAX_SINGLE_SEARCHES: Final = 5
"""Guns that were read in the field, of which each is searched by itself at once."""
MAX_BULK_HITS: Final = 20_000
"""Marks that are read at once; where there are more, the guns are asked for in halves."""


@dataclass(frozen=True)
class RecordQuery:
    """A record to search for in a batch.

    `own` are the records of its document, left out. `is_afield`: the mark was read in the field, or
    the gun is missing.
    """

    record_id: UUID
    query: Query
    own: Collection[UUID]
    is_afield: bool


def search_many(
    guns: Sequence[RecordQuery], actor: Actor, *, silent: bool | None
) -> dict[UUID, Sequence[Candidate]]:
    """Return the candidates of each gun, best first; current marks only.

    In licit trade equal marks are compared; a gun near a field reading is searched singly, as is
    each gun read in the field. `silent` as in `find_candidates`; the caller applies the visibility.
    """
    asked = [(gun, sought) for gun in guns if (sought := _marks_or_none(gun.query))]
    same, crowded = _find_equal_marks(asked, actor, silent)
    asked_near = [one for one in asked if one[0].record_id not in crowded]
    afield = [one for one in asked_near if one[0].is_afield]
    near = crowded | _guns_with_near_marks(
        [one for one in asked_near if not one[0].is_afield], actor, silent
    )
    few = len(afield) <= MAX_SINGLE_SEARCHES
    near |= (
        {gun.record_id for gun, _ in afield}
        if few
        else _guns_with_near_marks(afield, actor, silent)
    )
    shown = _visible_hits(actor, same, silent)
    found: dict[UUID, Sequence[Candidate]] = {}
    for gun, sought in asked:
        held = same.get(gun.record_id, ())
        if gun.record_id in near or (gun.is_afield and held):
            found[gun.record_id] = _search_one(gun, actor, silent)
        elif held:
            found[gun.record_id] = weigh_hits(gun.query, actor, sought, shown[gun.record_id])
    return found


def search_all_candidates(
    guns: Sequence[RecordQuery], actor: Actor, *, silent: bool | None
) -> dict[UUID, Sequence[Candidate]]:
    """Return all candidates of each gun, exact and near, in one query.

    Empty for a gun that cannot be searched.
    """
    asked = [(gun, sought) for gun in guns if (sought := _marks_or_none(gun.query))]
    sides = [([*sought], describe_query(gun.query)) for gun, sought in asked]
    held = {
        gun.record_id: [
            one for one in found if one.record_id not in gun.own and not one.is_superseded
        ]
        for (gun, _), found in zip(
            asked, find_hits_of_many(sides, actor.state, silent=silent), strict=True
        )
    }
    shown = _visible_hits(actor, held, silent)
    legible = index.find_record_serials(
        actor,
        (one for gun, sought in asked for one in hits_by_other_marks(shown[gun.record_id], sought)),
    )
    return {
        gun.record_id: weigh_hits(gun.query, actor, sought, shown[gun.record_id], legible)
        for gun, sought in asked
    }


def _visible_hits(
    actor: Actor, same: Mapping[UUID, Sequence[MarkHit]], silent: bool | None
) -> dict[UUID, list[MarkHit]]:
    """Return each gun's visible hits; alerts are looked up once for all."""
    every = [(gun, one) for gun, held in same.items() for one in held]
    found: dict[UUID, list[MarkHit]] = {gun: [] for gun in same}
    shown = visibility.with_alert_visibility(actor, (one for _, one in every))
    for (gun, _), one in zip(every, shown, strict=True):
        if silent is not False or not visibility.is_silent_alert(one):
            found[gun].append(one)
    return found


PreparedQuery = tuple[RecordQuery, Mapping[SearchMark, str]]


def _marks_or_none(query: Query) -> Mapping[SearchMark, str]:
    try:
        return marks_to_search(query)
    except Invalid:  # a gun that cannot be searched is still worth recording
        return {}


def _search_one(gun: RecordQuery, actor: Actor, silent: bool | None) -> list[Candidate]:
    """Search one gun, near marks included.

    Its own record would count as an exact match.
    """
    return find_candidates(
        gun.query, actor, stop_at_exact=False, silent=silent, current_only=True, excluded=gun.own
    )


def _find_equal_marks(
    queries: Sequence[PreparedQuery], actor: Actor, silent: bool | None
) -> tuple[dict[UUID, list[MarkHit]], set[UUID]]:
    """Return equal marks of each gun, and guns with too many of them.

    The latter are searched singly, which ranks before it cuts.
    """
    guns: dict[int, list[RecordQuery]] = defaultdict(list)
    for gun, sought in queries:
        for one in sought:
            if one.is_whole:
                guns[one.value].append(gun)
    rows = find_hits_by_key(guns, actor.state, silent=silent, limit=MAX_BULK_HITS)
    if len(rows) == MAX_BULK_HITS and len(queries) > 1:
        (first, its), (last, others) = (
            _find_equal_marks(half, actor, silent) for half in _split_in_two(queries)
        )
        return first | last, its | others
    found: dict[UUID, list[MarkHit]] = defaultdict(list)
    for key, held in rows:
        for gun in guns[key]:
            if held.record_id not in gun.own:
                found[gun.record_id].append(held)
    held_by = Counter(key for key, _ in rows)
    is_cut = len(rows) == MAX_BULK_HITS
    crowds = [key for key in guns if held_by[key] >= MAX_HITS_PER_KEY or is_cut]
    return found, {gun.record_id for key in crowds for gun in guns[key]}


def _split_in_two(
    queries: Sequence[PreparedQuery],
) -> tuple[Sequence[PreparedQuery], Sequence[PreparedQuery]]:
    middle = len(queries) // 2
    return queries[:middle], queries[middle:]


def _guns_with_near_marks(
    queries: Sequence[PreparedQuery], actor: Actor, silent: bool | None
) -> set[UUID]:
    """Return the guns with near marks that matter to them.

    For trade, marks read in the field.
    """
    forms = [
        (gun, one.norm, _variant_keys(one, is_afield=gun.is_afield))
        for gun, sought in queries
        for one in sought
        if one.is_near
    ]
    if not forms:
        return set()
    events = None if queries[0][0].is_afield else FIELD_EVENTS
    every = set().union(*(each for _, _, each in forms))
    rows = find_hits_by_variant(
        every, actor.state, events=events, silent=silent, limit=MAX_BULK_HITS
    )
    if rows is None:
        if len(queries) == 1:
            return {queries[0][0].record_id}
        return set().union(
            *(_guns_with_near_marks(half, actor, silent) for half in _split_in_two(queries))
        )
    by_form: dict[int, list[VariantHit]] = defaultdict(list)
    for row in rows:
        by_form[row.form].append(row)
    return {gun.record_id for gun, norm, each in forms if _has_near_mark(gun, norm, each, by_form)}


def _has_near_mark(
    gun: RecordQuery, norm: str, forms: Set[int], by_form: Mapping[int, Sequence[VariantHit]]
) -> bool:
    return any(
        row.record_id not in gun.own and compare(norm, row.serial_norm)
        for form in by_form.keys() & forms
        for row in by_form[form]
    )


def _variant_keys(mark: SearchMark, *, is_afield: bool) -> Set[int]:
    if mark.is_whole and not is_afield:
        return variants.field_search_keys(mark.norm)
    forms = variants.search_keys(mark.norm)
    return forms.single | forms.two | {*forms.part}


def compare_each(
    actor: Actor, view: RecordView, hits_by_record: Sequence[Sequence[MarkHit]]
) -> Iterator[Candidate]:
    """Yield the candidate of each other record, weighed singly.

    Yields nothing if the record has no searchable mark.
    """
    query = query_for_record(view)
    try:
        sought = marks_to_search(query)
    except Invalid:  # nothing can be read on it any more
        return
    for of_record in hits_by_record:  # one by one: they do not affect each other
        yield from weigh_hits(query, actor, sought, of_record)
