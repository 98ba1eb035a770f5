"""The history of a gun: its records, joined by certain links and by matches that the reader's state confirmed.

There is no table of guns. A history begins at one record and goes on as far as the reader may see:
it passes through no record that he may not read, and through no match that his own state has not
confirmed, whatever other states say to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select

from salsa_ext.db import as_state, db
from salsa_ext.matching.events import place
from salsa_ext.models import Match, Record
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.release import FOUND
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import matches, sharing
from salsa_ext.readmodels.matches import MatchView
from salsa_ext.readmodels.records import RecordView, by_id
from salsa_ext.readmodels.sides import visibility_of
from salsa_ext.services import disclosures
from salsa_ext.services.disclosures import Disclosure
from salsa_ext.values.actor import Actor

MOST: Final = 500


@dataclass(frozen=True)
class Way:
    """How a record is reached: by a `link` or a `match`, from which record; the first by neither."""

    state: str
    through: str
    since: UUID | None = None
    match: UUID | None = None


@dataclass(frozen=True)
class Step:
    """One record of a history, and how it is reached."""

    disclosed: Disclosure
    way: Way


@dataclass(frozen=True)
class History:
    """Records of one gun in the order in which they happened.

    `points_to` are confirmed matches with records that their states show to nobody else: whom to ask.
    """

    record: UUID
    steps: Sequence[Step]
    points_to: Sequence[MatchView]


def read(*, actor: Actor, record_id: UUID) -> History:
    """Return the history that begins at a record; raises NotFound, or Invalid without a purpose.

    Each record of another state is read for a purpose and a case, and written down for its owner.
    """
    require(actor, Permission.RECORD_READ)
    first = disclosures.read_record(actor=actor, record_id=record_id)
    found = {record_id: first.view}
    ways = {record_id: Way(first.view.record.owner_state, "start")}
    hidden: dict[UUID, Match] = {}
    front = [first.view]
    while front and len(found) < MOST:
        onward = {
            key: way for key, way in _onward(actor, front, hidden).items() if key not in found
        }
        front = _visible(actor, onward)
        found |= {view.record.id: view for view in front}
        ways |= {view.record.id: onward[view.record.id] for view in front}
    further = _disclosed(actor, [view for key, view in found.items() if key != record_id])
    steps = [Step(each, ways[each.view.record.id]) for each in (first, *further)]
    return History(record_id, sorted(steps, key=_order), matches.views(actor, [*hidden.values()]))


def _disclosed(actor: Actor, views: Sequence[RecordView]) -> list[Disclosure]:
    """Return what the actor is given of records, and write down what is another state's."""
    shared = sharing.of_records(actor, views)
    given = [Disclosure(view, shared[view.record.id]) for view in views]
    if any(not each.is_own for each in given):
        disclosures.require_purpose(actor)
        disclosures.write_down(actor, given)
    return given


def _order(step: Step) -> tuple[date, int, UUID]:
    record = step.disclosed.view.record
    return record.occurred_on, place(record.event), record.id


def _onward(
    actor: Actor, views: Sequence[RecordView], hidden: dict[UUID, Match]
) -> dict[UUID, Way]:
    """Return where records lead to; matches that lead to what is not shown are kept in `hidden`."""
    return _by_matches(actor, views, hidden) | _by_links(actor, views)


def _by_links(actor: Actor, views: Sequence[RecordView]) -> dict[UUID, Way]:
    """Return what follows from records for certain, and what they follow."""
    ways: dict[UUID, Way] = {}
    places: dict[str, set[UUID]] = defaultdict(set)
    for view in views:
        record = view.record
        if record.linked_record and record.linked_state:
            ways[record.linked_record] = Way(record.linked_state, "link", record.id)
        for state in {record.owner_state, record.counterpart_state, actor.state} - {None}:
            places[str(state)].add(record.id)
    for state, ids in sorted(places.items()):
        with as_state(actor, state):
            columns = (Record.id, Record.owner_state, Record.linked_record)
            rows = db.session.execute(select(*columns).where(Record.linked_record.in_(ids))).all()
        ways |= {row.id: Way(row.owner_state, "link", row.linked_record) for row in rows}
    return ways


def _by_matches(
    actor: Actor, views: Sequence[RecordView], hidden: dict[UUID, Match]
) -> dict[UUID, Way]:
    ids = {view.record.id for view in views}
    confirmed = select(Match).where(
        Match.owner_state == actor.state, Match.status == "confirmed", Match.is_standing,
        or_(Match.record_id.in_(ids), Match.other_record.in_(ids)),
    )  # fmt: skip
    ways: dict[UUID, Way] = {}
    for row in db.session.scalars(confirmed.order_by(Match.id)):
        if row.other_record is None:
            hidden[row.id] = row
        elif row.record_id in ids:
            ways[row.other_record] = Way(row.other_state, "match", row.record_id, row.id)
        else:
            ways[row.record_id] = Way(row.owner_state, "match", row.other_record, row.id)
    return ways


def _visible(actor: Actor, ways: Mapping[UUID, Way]) -> list[RecordView]:
    """Return those records that the actor may read: what concerns his state, and what others keep open."""
    found = by_id(ways)
    known: dict[str, set[Any]] = defaultdict(set)
    for record_id in ways.keys() - {view.record.id for view in found}:
        known[ways[record_id].state].add(record_id)
    for state in sorted(known.keys() - {actor.state}):
        with as_state(actor, state):
            views = by_id(known[state])
        found += [view for view in views if visibility_of(view) in FOUND["firearm"]]
    return found
