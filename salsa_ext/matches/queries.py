"""Read matches as the own state sees them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select

from salsa_ext.access.models import Account, Officer
from salsa_ext.access.permissions import Permission
from salsa_ext.access.release import FINDER_VISIBILITIES
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db
from salsa_ext.firearms.marks.distance import compare
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.firearms.records.queries import RecordView, query_for_record
from salsa_ext.firearms.records.values import SEIZED, pseudonym
from salsa_ext.firearms.search import batch
from salsa_ext.firearms.search.batch import RecordQuery
from salsa_ext.firearms.search.index import find_marks_of_records
from salsa_ext.firearms.search.search import drop_near_misses
from salsa_ext.firearms.search.values import Candidate, MarkHit
from salsa_ext.matches.models import Match
from salsa_ext.reference.agencies import ContactOffice, find_contacts

MANY_MATCHES: Final = 10
"""Matches of a gun that are as many as are proposed of what is only near: there may be more that fits."""
MAX_RECOUNTED: Final = 20


@dataclass(frozen=True)
class MatchView:
    """A match, its decider, and the other state's contact.

    `decided_by` is the user name, or the agency without an account, with the officer's number.
    """

    match: Match
    decided_by: str | None
    contact: ContactOffice | None

    @property
    def version(self) -> int:
        """Return the version for If-Match."""
        return self.match.version


def list_matches(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[MatchView]:
    """Return a page of the own state's matches, newest first."""
    require(actor, Permission.MATCH_READ)
    query = select(Match).where(Match.owner_state == actor.state)
    for name in ("status", "strength", "other_state", "is_of_crime"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Match, name) == value)
    if (record := filters.get("record")) is not None:
        query = query.where(or_(Match.record_id == record, Match.other_record == record))
    query = query.where(Match.is_current == filters.get("standing", True))
    found = fetch_page(query, Match.id, limit, cursor)
    return found.of(build_match_views(actor, found.items))


def other_record_events(actor: Actor, matches: Sequence[MatchView]) -> dict[UUID, MarkHit]:
    """Return the other records' events by record, where visible."""
    require(actor, Permission.MATCH_READ)
    others = {view.match.other_record for view in matches if view.match.other_record}
    held = find_marks_of_records(others, actor.state, in_background=False)
    return {
        one.record_id: one
        for one in held
        if one.state == actor.state or one.visibility in FINDER_VISIBILITIES["event"]
    }


def other_record_guns(
    actor: Actor,
    matches_by_record: Mapping[UUID, Sequence[MatchView]],
    serials: Mapping[UUID, str | None],
) -> dict[UUID, MarkHit]:
    """Return the other record's gun by match, where visible.

    Of several marks the one near the record's serial in `serials`.
    """
    require(actor, Permission.MATCH_READ)
    others = {
        view.match.id: (serials[record], _other_side(view.match, record))
        for record, views in matches_by_record.items()
        for view in views
    }
    wanted = {record for _, record in others.values() if record}
    borne: dict[UUID | None, list[MarkHit]] = defaultdict(list)
    for one in find_marks_of_records(wanted, actor.state, in_background=False):
        if one.state == actor.state or one.visibility in FINDER_VISIBILITIES["firearm"]:
            borne[one.record_id].append(one)
    return {
        match_id: _nearest(serial, borne[record])
        for match_id, (serial, record) in others.items()
        if borne[record]
    }


def count_weaker_matches(
    actor: Actor, items: Sequence[RecordView], matches_by_record: Mapping[UUID, Sequence[MatchView]]
) -> dict[UUID, int]:
    """Return how many weaker candidates the records have, where many match.

    Searches the first MAX_RECOUNTED such guns again, in one query; the candidates' records stay
    undisclosed.
    """
    require(actor, Permission.MATCH_READ)
    own = {item.record.id for item in items}
    many = [
        item for item in items if len(matches_by_record.get(item.record.id, ())) >= MANY_MATCHES
    ][:MAX_RECOUNTED]
    guns = [
        RecordQuery(item.record.id, query_for_record(item), own, is_afield=True) for item in many
    ]
    fitting = batch.search_all_candidates(guns, actor, silent=False)
    counts = {
        item.record.id: _count_unlisted(
            item, fitting.get(item.record.id, ()), matches_by_record[item.record.id]
        )
        for item in many
    }
    return {record: count for record, count in counts.items() if count}


def _count_unlisted(
    item: RecordView, fitting: Sequence[Candidate], matches: Sequence[MatchView]
) -> int:
    record, is_seized = item.record.id, item.record.event in SEIZED
    known = {
        row.other_pseudonym if row.record_id == record else pseudonym(row.record_id)
        for row in (view.match for view in matches)
    }
    left = drop_near_misses(fitting, query_for_record(item), is_seized=is_seized) if fitting else ()
    return sum(
        one.evidence.is_worth_a_look and pseudonym(one.held.record_id) not in known for one in left
    )


def _other_side(row: Match, record: UUID) -> UUID | None:
    return row.record_id if row.other_record == record else row.other_record


def _nearest(serial: str | None, hits: Sequence[MarkHit]) -> MarkHit:
    mine = normalise(serial or "")
    return next((one for one in hits if compare(mine, one.serial_norm)), hits[0])


def matches_of_records(actor: Actor, ids: Sequence[UUID]) -> dict[UUID, list[MatchView]]:
    """Return the own state's current matches with records, strongest first."""
    require(actor, Permission.MATCH_READ)
    query = select(Match).where(
        Match.owner_state == actor.state,
        Match.is_current,
        or_(Match.record_id.in_(ids), Match.other_record.in_(ids)),
    )
    rows = db.session.scalars(query.order_by(Match.score.desc(), Match.id)).all()
    found: dict[UUID, list[MatchView]] = defaultdict(list)
    for view in build_match_views(actor, rows):
        for record in {*ids} & {view.match.record_id, view.match.other_record}:
            found[record].append(view)
    return found


def get_match(actor: Actor, match_id: UUID) -> MatchView:
    """Return one match; raises NotFound if another state's."""
    require(actor, Permission.MATCH_READ)
    return read_match(actor, match_id)


def read_match(actor: Actor, match_id: UUID) -> MatchView:
    """Return one match of the own state, after a command changed it."""
    found = db.session.get(Match, match_id, populate_existing=True)
    if found is None:
        raise NotFound("match", match_id)
    return build_match_views(actor, [found])[0]


def current_version(actor: Actor, match_id: UUID) -> int:
    """Return the current version for If-Match; raises NotFound."""
    found = db.session.scalar(select(Match.version).where(Match.id == match_id))
    if found is None:
        raise NotFound("match", match_id)
    return found


def build_match_views(actor: Actor, rows: Sequence[Match]) -> list[MatchView]:
    """Complete matches with one query per kind of related row."""
    judges = _deciders(rows)
    others = {row.other_state for row in rows} - {actor.state}
    contacts = find_contacts(sorted(others))
    return [MatchView(row, judges.get(row.id), contacts.get(row.other_state)) for row in rows]


def _deciders(rows: Sequence[Match]) -> dict[UUID, str]:
    accounts = _names_by_id(Account.id, Account.username, (row.decided_by for row in rows))
    officers = _names_by_id(Officer.id, Officer.number, (row.decided_officer for row in rows))
    return {
        row.id: " ".join(
            filter(
                None,
                (
                    accounts.get(row.decided_by) or row.decided_agency,
                    officers.get(row.decided_officer),
                ),
            )
        )
        for row in rows
        if row.decided_at
    }


def _names_by_id(key: Any, name: Any, ids: Iterable[UUID | None]) -> dict[UUID | None, str]:
    wanted = {one for one in ids if one}
    rows = db.session.execute(select(key, name).where(key.in_(wanted))) if wanted else ()
    return {one: said for one, said in rows}  # noqa: C416 - a row is no pair to the types
