"""History of a gun: records joined by links and confirmed matches.

There is no table of guns. A history starts at one record and passes through no record that the
reader may not read, and through no match that the own state has not confirmed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.release import FINDER_VISIBILITIES
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.session import acting_as, db
from salsa_ext.disclosure import disclosures, sharing
from salsa_ext.disclosure.disclosures import Disclosure
from salsa_ext.firearms.records.event_kinds import event_rank
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import RecordView, find_records, visibility_of
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

    @property
    def sort_key(self) -> tuple[date, int, UUID]:
        """Return the order in a history: by day and kind of event."""
        record = self.disclosed.view.record
        return record.occurred_on, event_rank(record.event), record.id


@dataclass(frozen=True)
class History:
    """Records of one gun in order of events.

    `hidden_matches` are confirmed matches with records hidden from the reader: the states to
    contact.
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
    views = {record_id: first.view}
    links = {record_id: HistoryLink(first.view.record.owner_state, "start")}
    hidden: dict[UUID, Match] = {}
    front = [first.view]
    while front and len(views) < MAX_RECORDS:
        onward = _match_links(actor, front, hidden)
        for linked, state, record in linked_records(actor, [view.record for view in front]):
            onward[linked] = HistoryLink(state, "link", record)
        onward = {key: link for key, link in onward.items() if key not in views}
        front = _visible_records(actor, onward)
        views |= {view.record.id: view for view in front}
        links |= {view.record.id: onward[view.record.id] for view in front}
    others = [view for key, view in views.items() if key != record_id]
    shared = sharing.share_records(actor, others)
    disclosed = [Disclosure(view, shared[view.record.id]) for view in others]
    if any(not each.is_own for each in disclosed):
        disclosures.require_purpose(actor)
        disclosures.audit_disclosures(actor, disclosed)
    steps = [HistoryStep(each, links[each.view.record.id]) for each in (first, *disclosed)]
    matches = match_queries.build_match_views(actor, [*hidden.values()])
    return History(record_id, sorted(steps, key=lambda step: step.sort_key), matches)


def linked_records(
    actor: Actor, rows: Iterable[Any], *, own_only: bool = False
) -> Iterator[tuple[UUID, str, UUID]]:
    """Yield the records certainly linked from or to some: id, state, and which of them.

    `rows` are records. Each state that may have such a link is read as that state; with `own_only`
    the own one alone.
    """
    by_state: dict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        if row.linked_record and row.linked_state:
            yield row.linked_record, row.linked_state, row.id
        for state in {row.owner_state, row.counterpart_state, actor.state} - {None}:
            if not own_only or state == actor.state:
                by_state[str(state)].add(row.id)
    columns = (Record.id, Record.owner_state, Record.linked_record)
    for state, ids in sorted(by_state.items()):
        query = select(*columns).where(is_any_of(Record.linked_record, ids))
        with acting_as(actor, state):
            links = db.session.execute(query).all()
        yield from ((row.id, row.owner_state, row.linked_record) for row in links)


def _match_links(
    actor: Actor, views: Sequence[RecordView], hidden: dict[UUID, Match]
) -> dict[UUID, HistoryLink]:
    """Return the records of confirmed matches; those with hidden records go to `hidden`."""
    ids = {view.record.id for view in views}
    confirmed = select(Match).where(
        Match.owner_state == actor.state,
        Match.status == "confirmed",
        Match.is_current,
        or_(Match.record_id.in_(ids), Match.other_record.in_(ids)),
    )
    links: dict[UUID, HistoryLink] = {}
    for row in db.session.scalars(confirmed.order_by(Match.id)):
        if row.other_record is None:
            hidden[row.id] = row
        elif row.record_id in ids:
            links[row.other_record] = HistoryLink(row.other_state, "match", row.record_id, row.id)
        else:
            links[row.record_id] = HistoryLink(row.owner_state, "match", row.other_record, row.id)
    return links


def _visible_records(actor: Actor, links: Mapping[UUID, HistoryLink]) -> list[RecordView]:
    """Return the readable records: own, concerned, or open."""
    visible = find_records(links)
    others: dict[str, set[UUID]] = defaultdict(set)
    for record_id in links.keys() - {view.record.id for view in visible}:
        if links[record_id].state != actor.state:
            others[links[record_id].state].add(record_id)
    for state, ids in sorted(others.items()):
        with acting_as(actor, state):
            views = find_records(ids)
        visible += [view for view in views if visibility_of(view) in FINDER_VISIBILITIES["firearm"]]
    return visible
