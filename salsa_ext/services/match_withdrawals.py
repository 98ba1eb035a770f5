"""Matches that a correction or a withdrawal of a record takes away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select

from salsa_ext.db import as_state, db
from salsa_ext.matching.pairs import key_of
from salsa_ext.models import Match, RecordSetting
from salsa_ext.readmodels.records import RecordView
from salsa_ext.readmodels.sides import Side, visibility_of
from salsa_ext.services.match_news import News
from salsa_ext.values.actor import Actor

Key = tuple[UUID, UUID]
Supported = Callable[[Match], Side | None]
"""Returns what a row's state is told of a pair that still is a match, or None."""


def lost(
    actor: Actor, views: Sequence[RecordView], wanted: dict[str, dict[Key, Side]],
    supported: Supported, *, is_late: bool,
) -> list[News]:  # fmt: skip
    """Take away the matches of corrected records that are none any more; returns the news.

    That a search ranks others before it takes no match away: what is `supported` becomes `wanted`.
    A state's rows about a record that its owner now keeps silent are hidden from it, with what it
    said, until that is over; it loses the id of one that it may no longer read. Rows about what
    other states keep silent are left to the worker's look.
    """
    shown = {view.record.id: visibility_of(view) for view in views}
    hide(views)
    news: list[News] = []
    for owner, row, record_id in _rows(actor, shown, is_late=is_late):
        is_own = owner == actor.state
        if not is_own and shown[record_id] != "open":
            row.other_record, row.reasons = None, []
        if not row.is_standing or (key := (row.record_id, row.other_key)) in wanted.get(owner, {}):
            continue
        if side := supported(row):
            wanted.setdefault(owner, {})[key] = side
        else:
            news.append(_take(actor, row))
    return news


def hide(views: Sequence[RecordView]) -> None:
    """Hide other states' matches with what is silent by now, and show those with what is so no more."""
    silent = {view.record.id: visibility_of(view) == "silent" for view in views}
    for is_silent in (True, False) if silent else ():
        keys = [key_of(one) for one, it_is in silent.items() if it_is == is_silent]
        db.session.execute(select(func.salsa_hide_matches(keys, is_silent)))


def withdraw(actor: Actor, record_ids: Iterable[UUID], *, is_late: bool) -> list[News]:
    """Take away all matches of records of what did not happen after all; returns the news.

    Rows about what other states keep silent are left to the worker's look.
    """
    shown = dict.fromkeys(record_ids, "open")
    rows = _rows(actor, shown, is_late=is_late)
    return [_take(actor, row) for _, row, _ in rows if row.is_standing]


def _rows(
    actor: Actor, shown: Mapping[UUID, str], *, is_late: bool
) -> Iterator[tuple[str, Match, UUID]]:
    """Yield every state's rows about records of the own state, each under its state's eyes."""
    if not shown:
        return
    keys = {key_of(record_id): record_id for record_id in shown}
    partners = func.salsa_match_partners(list(keys), is_late).table_valued("owner_state")
    told = set(db.session.scalars(select(partners.c.owner_state)))
    for owner in sorted(told | {actor.own_state()}):
        with as_state(actor, owner):
            which = _about(owner, actor, keys, is_late=is_late)
            rows = select(Match).where(Match.owner_state == owner, which).order_by(Match.id)
            for row in db.session.scalars(
                rows.with_for_update().execution_options(populate_existing=True)
            ).all():
                yield owner, row, keys.get(row.other_key, row.record_id)
            db.session.flush()  # while the owner's rows may be written


def _about(
    owner: str, actor: Actor, keys: Mapping[UUID, UUID], *, is_late: bool
) -> ColumnElement[bool]:
    about = Match.other_key.in_(keys)
    if owner == actor.state:
        return or_(about, Match.record_id.in_(keys.values()))
    if is_late:
        return about
    silent = exists().where(
        RecordSetting.record_id == Match.record_id, RecordSetting.visibility == "silent"
    )
    return about & ~silent


def _take(actor: Actor, row: Match) -> News:
    row.is_standing, row.version, row.changed_at = False, row.version + 1, actor.now()
    # who confirmed it has joined histories by it, which part again
    return News("match_withdrawn", row.owner_state, row.id, row.record_id, row.other_state,
                row.strength, row.status == "confirmed")  # fmt: skip
