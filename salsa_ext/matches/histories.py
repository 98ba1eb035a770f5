"""History of a gun: records joined by links and confirmed matches.

There is no table of guns. A history starts at one record and passes through no record that the
reader may not read, and through no match that the own state has not confirmed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.release import FINDER_VISIBILITIES
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import acting_as, db
from salsa_ext.disclosure import disclosures, sharing
from salsa_ext.disclosure.disclosures import Disclosure
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import RecordView, find_records, visibility_of
from salsa_ext.firearms.records.values import event_rank
from salsa_ext.matches import queries as match_queries
from salsa_ext.matches.models import Match
from salsa_ext.matches.queries import MatchView

MAX_RECORDS: Final = 500


@dataclass(frozen=True)
class HistoryLink:
    """How a record is reached: `start`, `link` or `match`, and from which record."""

    state: str
    kind: str
    from_record: UUID | None = None
    match: UUID | None = None


@dataclass(frozen=True)
class HistoryStep:
    """One record of a history, and how it is reached."""

    disclosed: Disclosure
    link: HistoryLink


@dataclass(frozen=True)
class History:
    """Records of one gun in order of events.

    `points_to` are confirmed matches with records hidden from the reader: the states to contact.
    """

    record: UUID
    steps: Sequence[HistoryStep]
    hidden_matches: Sequence[MatchView]


def read_history(*, actor: Actor, record_id: UUID) -> History:
    """Return the history that starts at a record.

    Reading other states' records needs a purpose and a case, and is audited for their owners.
    Raises NotFound, or Invalid without a purpose.
    """
    require(actor, Permission.RECORD_READ)
    first = disclosures.read_record(actor=actor, record_id=record_id)
    found = {record_id: first.view}
    ways = {record_id: HistoryLink(first.view.record.owner_state, "start")}
    hidden: dict[UUID, Match] = {}
    front = [first.view]
    while front and len(found) < MAX_RECORDS:
        onward = {
            key: way for key, way in _next_links(actor, front, hidden).items() if key not in found
        }
        front = _visible_records(actor, onward)
        found |= {view.record.id: view for view in front}
        ways |= {view.record.id: onward[view.record.id] for view in front}
    further = _disclose(actor, [view for key, view in found.items() if key != record_id])
    steps = [HistoryStep(each, ways[each.view.record.id]) for each in (first, *further)]
    return History(
        record_id,
        sorted(steps, key=_sort_key),
        match_queries.build_match_views(actor, [*hidden.values()]),
    )


def _disclose(actor: Actor, views: Sequence[RecordView]) -> list[Disclosure]:
    """Return the disclosed records; audit those of other states."""
    shared = sharing.share_records(actor, views)
    given = [Disclosure(view, shared[view.record.id]) for view in views]
    if any(not each.is_own for each in given):
        disclosures.require_purpose(actor)
        disclosures.audit_disclosures(actor, given)
    return given


def _sort_key(step: HistoryStep) -> tuple[date, int, UUID]:
    record = step.disclosed.view.record
    return record.occurred_on, event_rank(record.event), record.id


def _next_links(
    actor: Actor, views: Sequence[RecordView], hidden: dict[UUID, Match]
) -> dict[UUID, HistoryLink]:
    """Return where records lead to; matches with hidden records go to `hidden`."""
    return _match_links(actor, views, hidden) | _certain_links(actor, views)


def _certain_links(actor: Actor, views: Sequence[RecordView]) -> dict[UUID, HistoryLink]:
    """Return the records linked from or to these."""
    ways: dict[UUID, HistoryLink] = {}
    places: dict[str, set[UUID]] = defaultdict(set)
    for view in views:
        record = view.record
        if record.linked_record and record.linked_state:
            ways[record.linked_record] = HistoryLink(record.linked_state, "link", record.id)
        for state in {record.owner_state, record.counterpart_state, actor.state} - {None}:
            places[str(state)].add(record.id)
    for state, ids in sorted(places.items()):
        with acting_as(actor, state):
            columns = (Record.id, Record.owner_state, Record.linked_record)
            rows = db.session.execute(select(*columns).where(Record.linked_record.in_(ids))).all()
        ways |= {row.id: HistoryLink(row.owner_state, "link", row.linked_record) for row in rows}
    return ways


def _match_links(
    actor: Actor, views: Sequence[RecordView], hidden: dict[UUID, Match]
) -> dict[UUID, HistoryLink]:
    ids = {view.record.id for view in views}
    confirmed = select(Match).where(
        Match.owner_state == actor.state,
        Match.status == "confirmed",
        Match.is_current,
        or_(Match.record_id.in_(ids), Match.other_record.in_(ids)),
    )
    ways: dict[UUID, HistoryLink] = {}
    for row in db.session.scalars(confirmed.order_by(Match.id)):
        if row.other_record is None:
            hidden[row.id] = row
        elif row.record_id in ids:
            ways[row.other_record] = HistoryLink(row.other_state, "match", row.record_id, row.id)
        else:
            ways[row.record_id] = HistoryLink(row.owner_state, "match", row.other_record, row.id)
    return ways


def _visible_records(actor: Actor, links: Mapping[UUID, HistoryLink]) -> list[RecordView]:
    """Return the readable records: own, concerned, or open."""
    found = find_records(links)
    known: dict[str, set[Any]] = defaultdict(set)
    for record_id in links.keys() - {view.record.id for view in found}:
        known[links[record_id].state].add(record_id)
    for state in sorted(known.keys() - {actor.state}):
        with acting_as(actor, state):
            views = find_records(known[state])
        found += [view for view in views if visibility_of(view) in FINDER_VISIBILITIES["firearm"]]
    return found
