"""Withdraw matches after a correction or withdrawal of a record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select

from salsa_ext.core.actor import Actor
from salsa_ext.database.session import acting_as, db
from salsa_ext.firearms.records.models import RecordSetting
from salsa_ext.firearms.records.queries import RecordView, visibility_of
from salsa_ext.firearms.records.values import pseudonym
from salsa_ext.firearms.search import batch
from salsa_ext.firearms.search.index import find_marks_of_records
from salsa_ext.firearms.search.values import MarkHit
from salsa_ext.matches.models import Match
from salsa_ext.matches.notices import MatchChange
from salsa_ext.matches.pair_views import PairView, build_views

RecordPairs = Mapping[UUID, Collection[UUID]]
"""Records, each with those that it is matched with."""


def find_supported_views(
    actor: Actor, views: Sequence[RecordView], families: RecordPairs, *, in_background: bool
) -> dict[str, dict[tuple[UUID, UUID], PairView]]:
    """Return, by state, the views of corrected records' pairs that still match.

    Each pair is compared singly, whatever a search ranks before it. Others' silent records only
    with `in_background`.
    """
    pairs = _matched_records(actor, [view.record.id for view in views], in_background=in_background)
    held: dict[UUID, list[MarkHit]] = defaultdict(list)
    for one in find_marks_of_records(
        set().union(*pairs.values()), actor.state, in_background=in_background
    ):
        held[one.record_id].append(one)
    found: dict[str, dict[tuple[UUID, UUID], PairView]] = defaultdict(dict)
    for view in views:
        others = pairs.get(view.record.id, set()) - set(families[view.record.id])
        for candidate in batch.compare_each(actor, view, [held[one] for one in sorted(others)]):
            for side in build_views(view, candidate, None):
                found[side.owner][side.key] = side
    return found


def _matched_records(
    actor: Actor, record_ids: Sequence[UUID], *, in_background: bool
) -> dict[UUID, set[UUID]]:
    """Return the records matched with the actor's, by its and others' rows.

    A row about a pointer does not name it; the row of the pointer's own state does.
    """
    if not record_ids:
        return {}
    keys = {pseudonym(record_id): record_id for record_id in record_ids}
    columns = ("record_id", "other_key", "is_standing")
    partners = func.salsa_match_partners(list(keys), in_background).table_valued(*columns)
    pairs: dict[UUID, set[UUID]] = defaultdict(set)
    for row in db.session.execute(
        select(partners.c.record_id, partners.c.other_key).where(partners.c.is_standing)
    ):
        pairs[keys[row.other_key]].add(row.record_id)
    mine = (Match.owner_state == actor.state, Match.is_current, Match.record_id.in_(record_ids))
    for row in db.session.execute(select(Match.record_id, Match.other_record).where(*mine)):
        if row.other_record is not None:
            pairs[row.record_id].add(row.other_record)
    return pairs


PairKey = tuple[UUID, UUID]
ViewLookup = Callable[[Match], PairView | None]
"""Returns what a row's state is told of a pair that still is a match, or None."""


def withdraw_unsupported(
    actor: Actor,
    views: Sequence[RecordView],
    wanted: dict[str, dict[PairKey, PairView]],
    find_view: ViewLookup,
    *,
    in_background: bool,
) -> list[MatchChange]:
    """Withdraw corrected records' matches that no longer hold; returns the changes.

    A match outranked in the search but still supported (`find_view`) becomes `wanted`. A record
    that became silent hides other states' rows, with their decisions, until that ends; a record no
    longer open loses its id there. Rows about others' silent records are left to the worker.
    """
    shown = {view.record.id: visibility_of(view) for view in views}
    update_hidden(views)
    news: list[MatchChange] = []
    for owner, row, record_id in _lock_rows(actor, shown, in_background=in_background):
        is_own = owner == actor.state
        if not is_own and shown[record_id] != "open":
            row.other_record, row.reasons = None, []
        if not row.is_current or (key := (row.record_id, row.other_pseudonym)) in wanted.get(
            owner, {}
        ):
            continue
        if side := find_view(row):
            wanted.setdefault(owner, {})[key] = side
        else:
            news.append(_withdraw_row(actor, row))
    return news


def update_hidden(views: Sequence[RecordView]) -> None:
    """Hide other states' matches with silent records; show the others."""
    silent = {view.record.id: visibility_of(view) == "silent" for view in views}
    for is_silent in (True, False) if silent else ():
        keys = [pseudonym(one) for one, it_is in silent.items() if it_is == is_silent]
        db.session.execute(select(func.salsa_hide_matches(keys, is_silent)))


def withdraw_matches(
    actor: Actor, record_ids: Iterable[UUID], *, in_background: bool
) -> list[MatchChange]:
    """Withdraw all matches of voided records; returns the changes.

    Rows about others' silent records are left to the worker.
    """
    shown = dict.fromkeys(record_ids, "open")
    rows = _lock_rows(actor, shown, in_background=in_background)
    return [_withdraw_row(actor, row) for _, row, _ in rows if row.is_current]


def _lock_rows(
    actor: Actor, visibilities: Mapping[UUID, str], *, in_background: bool
) -> Iterator[tuple[str, Match, UUID]]:
    """Yield every state's locked rows about the own records, as that state."""
    if not visibilities:
        return
    keys = {pseudonym(record_id): record_id for record_id in visibilities}
    partners = func.salsa_match_partners(list(keys), in_background).table_valued("owner_state")
    told = set(db.session.scalars(select(partners.c.owner_state)))
    for owner in sorted(told | {actor.own_state()}):
        with acting_as(actor, owner):
            which = _rows_about(owner, actor, keys, in_background=in_background)
            rows = select(Match).where(Match.owner_state == owner, which).order_by(Match.id)
            for row in db.session.scalars(
                rows.with_for_update().execution_options(populate_existing=True)
            ).all():
                yield owner, row, keys.get(row.other_pseudonym, row.record_id)
            db.session.flush()  # while the owner's rows may be written


def _rows_about(
    owner: str, actor: Actor, keys: Mapping[UUID, UUID], *, in_background: bool
) -> ColumnElement[bool]:
    about = Match.other_pseudonym.in_(keys)
    if owner == actor.state:
        return or_(about, Match.record_id.in_(keys.values()))
    if in_background:
        return about
    silent = exists().where(
        RecordSetting.record_id == Match.record_id, RecordSetting.visibility == "silent"
    )
    return about & ~silent


def _withdraw_row(actor: Actor, row: Match) -> MatchChange:
    row.is_current, row.version, row.changed_at = False, row.version + 1, actor.now()
    # who confirmed it has joined histories by it, which part again
    return MatchChange(
        "match_withdrawn",
        row.owner_state,
        row.id,
        row.record_id,
        row.other_state,
        row.strength,
        row.status == "confirmed",
    )
