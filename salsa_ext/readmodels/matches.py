"""Matches as the state that is told of them sees them; no other state's row is ever in reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.matching.events import SEIZED
from salsa_ext.matching.marks import normalise
from salsa_ext.matching.nearness import compare
from salsa_ext.matching.pairs import key_of
from salsa_ext.models import Account, Match, Officer
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.release import FOUND
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import alike
from salsa_ext.readmodels.alike import Gun
from salsa_ext.readmodels.contacts import Office, contacts_of
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.marks import Held
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.readmodels.records import RecordView
from salsa_ext.readmodels.settling import settled
from salsa_ext.readmodels.sides import query_of
from salsa_ext.readmodels.together import borne_by
from salsa_ext.values.actor import Actor

MUCH: Final = 10
"""Matches of a gun that are as many as are proposed of what is only near: there may be more that fits."""
LOOKED_AT: Final = 20


@dataclass(frozen=True)
class MatchView:
    """A match, who judged it, and whom to ask in the other state.

    `decided_by` is the user name, or the agency where it was no account's, and the officer's number.
    """

    match: Match
    decided_by: str | None
    contact: Office | None

    @property
    def version(self) -> int:
        """Return the version that actions refer to."""
        return self.match.version


def list_matches(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[MatchView]:
    """Return a page of the matches of your state's records, newest first."""
    require(actor, Permission.MATCH_READ)
    query = select(Match).where(Match.owner_state == actor.state)
    for name in ("status", "strength", "other_state", "is_of_crime"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Match, name) == value)
    if (record := filters.get("record")) is not None:
        query = query.where(or_(Match.record_id == record, Match.other_record == record))
    query = query.where(Match.is_standing == filters.get("standing", True))
    found = page(query, Match.id, limit, cursor)
    return found.of(views(actor, found.items))


def other_events(actor: Actor, found: Sequence[MatchView]) -> dict[UUID, Held]:
    """Return of the other records of matches what happened and when, by record, where it may be known."""
    require(actor, Permission.MATCH_READ)
    others = {view.match.other_record for view in found if view.match.other_record}
    held = borne_by(others, actor.state, is_late=False)
    return {
        one.record_id: one
        for one in held if one.state == actor.state or one.visibility in FOUND["event"]
    }  # fmt: skip


def other_guns(
    actor: Actor, found: Mapping[UUID, Sequence[MatchView]], serials: Mapping[UUID, str | None]
) -> dict[UUID, Held]:  # fmt: skip
    """Return the gun on the other side of each match of some records, by match, where it may be known.

    Of several marks the one that is near the record's of `serials`.
    """
    require(actor, Permission.MATCH_READ)
    others = {view.match.id: (serials[record], _other_side(view.match, record))
              for record, views in found.items() for view in views}  # fmt: skip
    wanted = {record for _, record in others.values() if record}
    borne: dict[UUID | None, list[Held]] = defaultdict(list)
    for one in borne_by(wanted, actor.state, is_late=False):
        if one.state == actor.state or one.visibility in FOUND["firearm"]:
            borne[one.record_id].append(one)
    return {match_id: _nearest(serial, borne[record])
            for match_id, (serial, record) in others.items() if borne[record]}  # fmt: skip


def more_of(
    actor: Actor, items: Sequence[RecordView], found: Mapping[UUID, Sequence[MatchView]]
) -> dict[UUID, int]:  # fmt: skip
    """Return how many records fit the guns of a document less well than what they match, where that is much.

    The marks of the first such guns are looked for once more, all by one question; whose records they
    are is not told.
    """
    require(actor, Permission.MATCH_READ)
    own = {item.record.id for item in items}
    many = [item for item in items if len(found.get(item.record.id, ())) >= MUCH][:LOOKED_AT]
    guns = [Gun(item.record.id, query_of(item), own, is_afield=True) for item in many]
    fitting = alike.every_of(guns, actor, silent=False)
    counts = {item.record.id: _count_more(item, fitting.get(item.record.id, ()),
                                          found[item.record.id]) for item in many}  # fmt: skip
    return {record: count for record, count in counts.items() if count}


def _count_more(
    item: RecordView, fitting: Sequence[Candidate], found: Sequence[MatchView]
) -> int:  # fmt: skip
    record, is_seized = item.record.id, item.record.event in SEIZED
    known = {row.other_key if row.record_id == record else key_of(row.record_id)
             for row in (view.match for view in found)}  # fmt: skip
    left = settled(fitting, query_of(item), is_seized=is_seized) if fitting else ()
    return sum(one.evidence.is_worth_a_look and key_of(one.held.record_id) not in known
               for one in left)  # fmt: skip


def _other_side(row: Match, record: UUID) -> UUID | None:
    return row.record_id if row.other_record == record else row.other_record


def _nearest(serial: str | None, held: Sequence[Held]) -> Held:
    mine = normalise(serial or "")
    return next((one for one in held if compare(mine, one.serial_norm)), held[0])


def of_records(actor: Actor, ids: Sequence[UUID]) -> dict[UUID, list[MatchView]]:
    """Return the own state's standing matches with records, whoever owns these, the strongest first."""
    require(actor, Permission.MATCH_READ)
    query = select(Match).where(
        Match.owner_state == actor.state, Match.is_standing,
        or_(Match.record_id.in_(ids), Match.other_record.in_(ids)),
    )  # fmt: skip
    rows = db.session.scalars(query.order_by(Match.score.desc(), Match.id)).all()
    found: dict[UUID, list[MatchView]] = defaultdict(list)
    for view in views(actor, rows):
        for record in {*ids} & {view.match.record_id, view.match.other_record}:
            found[record].append(view)
    return found


def get_match(actor: Actor, match_id: UUID) -> MatchView:
    """Return one match; raises NotFound where it is another state's."""
    require(actor, Permission.MATCH_READ)
    return read(actor, match_id)


def read(actor: Actor, match_id: UUID) -> MatchView:
    """Return one match of the own state, for a command that just changed it."""
    found = db.session.get(Match, match_id, populate_existing=True)
    if found is None:
        raise NotFound("match", match_id)
    return views(actor, [found])[0]


def version(actor: Actor, match_id: UUID) -> int:
    """Return the version that stands, to be compared with If-Match; raises NotFound."""
    found = db.session.scalar(select(Match.version).where(Match.id == match_id))
    if found is None:
        raise NotFound("match", match_id)
    return found


def views(actor: Actor, found: Sequence[Match]) -> list[MatchView]:
    """Complete matches with one query for each kind of thing."""
    judges = _judges(found)
    others = {row.other_state for row in found} - {actor.state}
    contacts = contacts_of(sorted(others))
    return [MatchView(row, judges.get(row.id), contacts.get(row.other_state)) for row in found]


def _judges(found: Sequence[Match]) -> dict[UUID, str]:
    accounts = _named(Account.id, Account.username, (row.decided_by for row in found))
    officers = _named(Officer.id, Officer.number, (row.decided_officer for row in found))
    return {
        row.id: " ".join(filter(None, (
            accounts.get(row.decided_by) or row.decided_agency, officers.get(row.decided_officer)
        )))
        for row in found if row.decided_at
    }  # fmt: skip


def _named(key: Any, name: Any, ids: Iterable[UUID | None]) -> dict[UUID | None, str]:
    wanted = {one for one in ids if one}
    rows = db.session.execute(select(key, name).where(key.in_(wanted))) if wanted else ()
    return {one: said for one, said in rows}  # noqa: C416 - a row is no pair to the types
