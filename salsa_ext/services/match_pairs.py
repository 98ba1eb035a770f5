"""Matches of corrected records, each pair compared by itself: however many others a search ranks before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.errors import Invalid
from salsa_ext.matching.pairs import key_of
from salsa_ext.models import Match
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.marks import Held
from salsa_ext.readmodels.records import RecordView
from salsa_ext.readmodels.search import searched_by, weighed
from salsa_ext.readmodels.sides import Side, query_of, sides_of
from salsa_ext.readmodels.together import borne_by
from salsa_ext.values.actor import Actor

Pairs = Mapping[UUID, Collection[UUID]]
"""Records, each with those that it is matched with."""


def supported(
    actor: Actor, views: Sequence[RecordView], families: Pairs, *, is_late: bool
) -> dict[str, dict[tuple[UUID, UUID], Side]]:
    """Return by state what it is told of the pairs of corrected records that match as they now stand.

    What other states keep silent is left to the worker's look (`is_late`).
    """
    pairs = _standing(actor, [view.record.id for view in views], is_late=is_late)
    held: dict[UUID, list[Held]] = defaultdict(list)
    for one in borne_by(set().union(*pairs.values()), actor.state, is_late=is_late):
        held[one.record_id].append(one)
    found: dict[str, dict[tuple[UUID, UUID], Side]] = defaultdict(dict)
    for view in views:
        others = pairs.get(view.record.id, set()) - set(families[view.record.id])
        for candidate in compared(actor, view, [held[one] for one in sorted(others)]):
            for side in sides_of(view, candidate, None):
                found[side.owner][side.key] = side
    return found


def _standing(actor: Actor, record_ids: Sequence[UUID], *, is_late: bool) -> dict[UUID, set[UUID]]:
    """Return with which records those of the actor's state are matched, by its rows and the others'.

    A row about a pointer does not name it; that of the pointer's own state does.
    """
    if not record_ids:
        return {}
    keys = {key_of(record_id): record_id for record_id in record_ids}
    columns = ("record_id", "other_key", "is_standing")
    partners = func.salsa_match_partners(list(keys), is_late).table_valued(*columns)
    pairs: dict[UUID, set[UUID]] = defaultdict(set)
    for row in db.session.execute(select(partners.c.record_id, partners.c.other_key)
                                  .where(partners.c.is_standing)):  # fmt: skip
        pairs[keys[row.other_key]].add(row.record_id)
    mine = (Match.owner_state == actor.state, Match.is_standing, Match.record_id.in_(record_ids))
    for row in db.session.execute(select(Match.record_id, Match.other_record).where(*mine)):
        if row.other_record is not None:
            pairs[row.record_id].add(row.other_record)
    return pairs


def compared(actor: Actor, view: RecordView, held: Sequence[Sequence[Held]]) -> Iterator[Candidate]:
    """Yield what speaks for each of other records, by itself, that it is of the gun of this one."""
    query = query_of(view)
    try:
        sought = searched_by(query)
    except Invalid:  # nothing can be read on it any more
        return
    for of_record in held:  # one by one: what stands takes nothing from each other
        yield from weighed(query, actor, sought, of_record)
