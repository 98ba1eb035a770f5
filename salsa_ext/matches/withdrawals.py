"""Withdraw matches after a correction or withdrawal of a record."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.core.ids import pseudonym
from salsa_ext.database.session import acting_as, db
from salsa_ext.firearms.records.queries import RecordView, visibility_of
from salsa_ext.firearms.search import batch
from salsa_ext.firearms.search.evidence import UNREGISTERED_REASON
from salsa_ext.firearms.search.mark_lookup import find_marks_of_records
from salsa_ext.firearms.search.values import Candidate
from salsa_ext.matches.models import Match
from salsa_ext.matches.notices import MatchChange
from salsa_ext.matches.pair_views import PairKey, PairView, build_views, stored_reason

ViewLookup = Callable[[Match], PairView | None]
"""Returns the owner's view of a pair that still matches, or None."""


def find_supported_views(
    actor: Actor, views: Sequence[RecordView], families: Mapping[UUID, Collection[UUID]]
) -> dict[str, dict[PairKey, PairView]]:
    """Return, by state, the views of corrected records' pairs that still match."""
    pairs = _matched_records(actor, [view.record.id for view in views])
    others = set().union(*pairs.values())
    mark_hits = find_marks_of_records(others, actor.state, with_silent=True)
    marks = group_by(mark_hits, lambda mark: mark.record_id)
    supported: dict[str, dict[PairKey, PairView]] = defaultdict(dict)
    for view in views:
        matched = pairs.get(view.record.id, set()) - set(families[view.record.id])
        by_record = [marks[record_id] for record_id in sorted(matched)]
        for candidate in batch.compare_each(actor, view, by_record):
            for pair in build_views(view, candidate, None):
                supported[pair.owner][pair.key] = pair
    return supported


def _matched_records(actor: Actor, record_ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Return the records matched with the actor's, by its and others' rows."""
    if not record_ids:
        return {}
    keys = {pseudonym(record_id): record_id for record_id in record_ids}
    columns = ("record_id", "other_pseudonym", "is_current")
    partners = func.salsa_match_partners(list(keys)).table_valued(*columns)
    pairs: dict[UUID, set[UUID]] = defaultdict(set)
    theirs = select(partners.c.record_id, partners.c.other_pseudonym).where(partners.c.is_current)
    for row in db.session.execute(theirs):
        pairs[keys[row.other_pseudonym]].add(row.record_id)
    own = (Match.owner_state == actor.state, Match.is_current, Match.record_id.in_(record_ids))
    for row in db.session.execute(select(Match.record_id, Match.other_record).where(*own)):
        if row.other_record is not None:
            pairs[row.record_id].add(row.other_record)
    return pairs


def withdraw_unsupported(
    actor: Actor,
    corrected: Sequence[RecordView],
    views: dict[str, dict[PairKey, PairView]],
    find_view: ViewLookup,
) -> list[MatchChange]:
    """Withdraw corrected records' matches that no longer hold; returns the changes.

    A match outranked in the search but still supported (`find_view`) is added to `views`. A record
    that became silent hides other states' rows, with their decisions, until that ends; a record no
    longer open loses its id there.
    """
    visibilities = {view.record.id: visibility_of(view) for view in corrected}
    update_hidden(corrected)
    changes: list[MatchChange] = []
    for row, record_id in _lock_rows(actor, visibilities):
        owner, key = row.owner_state, (row.record_id, row.other_pseudonym)
        if owner != actor.state and visibilities[record_id] != "open":
            row.other_record, row.reasons = None, []
        if not row.is_current or key in views.get(owner, {}):
            continue
        if view := find_view(row):
            views.setdefault(owner, {})[key] = view
        else:
            changes.append(_withdraw_row(actor, row))
    return changes


def hide_matches(record_ids: Iterable[UUID]) -> None:
    """Hide other states' matches with records that become silent."""
    keys = [*map(pseudonym, record_ids)]
    db.session.execute(select(func.salsa_hide_matches(keys, True)))


def update_hidden(views: Sequence[RecordView]) -> None:
    """Hide other states' matches with silent records; show the others."""
    keys: dict[bool, list[UUID]] = {True: [], False: []}
    for view in views:
        keys[visibility_of(view) == "silent"].append(pseudonym(view.record.id))
    for is_silent, records in keys.items() if views else ():
        db.session.execute(select(func.salsa_hide_matches(records, is_silent)))


def update_common(
    actor: Actor, searched: Iterable[tuple[RecordView, Sequence[Candidate]]]
) -> list[MatchChange]:
    """Withdraw proposals by a mark that now so many bear that it says nothing."""
    groups: dict[bool, set[UUID]] = {True: set(), False: set()}
    own = set[UUID]()
    for view, candidates in searched:
        for each in candidates:
            if each.evidence.is_common or each.evidence.is_unregistered:
                groups[each.evidence.is_common] |= {view.record.id, each.mark_hit.record_id}
                own |= {each.mark_hit.record_id} if each.mark_hit.state == actor.state else set()
    others = {is_common: {*map(pseudonym, group)} for is_common, group in groups.items()}
    changes = []
    for row, _ in _lock_rows(actor, own):
        pair = row.record_id, row.other_pseudonym
        if not row.is_current or row.status != "proposed":
            continue
        if pair[0] in groups[True] and pair[1] in others[True]:
            changes.append(_withdraw_row(actor, row))
        elif pair[0] in groups[False] and pair[1] in others[False] and row.strength == "strong":
            reasons = [*row.reasons, stored_reason(UNREGISTERED_REASON)]
            row.strength, row.reasons = "moderate", reasons if row.other_record else []
            changes.append(changed(actor, row, "match_changed"))
    return changes


def withdraw_matches(actor: Actor, record_ids: Iterable[UUID]) -> list[MatchChange]:
    """Withdraw all matches of voided records; returns the changes."""
    rows = _lock_rows(actor, record_ids)
    return [_withdraw_row(actor, row) for row, _ in rows if row.is_current]


def _lock_rows(actor: Actor, record_ids: Iterable[UUID]) -> Iterator[tuple[Match, UUID]]:
    """Yield every state's locked rows about the own records, as that state."""
    keys = {pseudonym(record_id): record_id for record_id in record_ids}
    if not keys:
        return
    partners = func.salsa_match_partners(list(keys)).table_valued("owner_state")
    owners = set(db.session.scalars(select(partners.c.owner_state)))
    for owner in sorted(owners | {actor.own_state()}):
        condition: ColumnElement[bool] = Match.other_pseudonym.in_(keys)
        if owner == actor.state:
            condition = or_(condition, Match.record_id.in_(keys.values()))
        query = select(Match).where(Match.owner_state == owner, condition).order_by(Match.id)
        locked = query.with_for_update().execution_options(populate_existing=True)
        with acting_as(actor, owner):
            for row in db.session.scalars(locked).all():
                yield row, keys.get(row.other_pseudonym, row.record_id)
            db.session.flush()  # as the owner of the rows


def _withdraw_row(actor: Actor, row: Match) -> MatchChange:
    row.is_current = False
    return changed(actor, row, "match_withdrawn")


def changed(actor: Actor, row: Match, code: str) -> MatchChange:
    """Count a change of a row, and return it for notices and the feed."""
    row.version, row.changed_at = row.version + 1, actor.now()
    pair = (row.owner_state, row.id, row.record_id, row.other_state)
    # urgent if confirmed: the histories that it joined part again
    is_urgent = row.status == "confirmed"
    return MatchChange(code, *pair, row.strength, is_urgent, row.record_id)
