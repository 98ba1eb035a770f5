"""Read matches as the own state sees them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from salsa_ext.access.authentication import usernames_by_id
from salsa_ext.access.models import Officer
from salsa_ext.access.permissions import Permission
from salsa_ext.access.release import FINDER_VISIBILITIES
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.core.errors import NotFound
from salsa_ext.core.ids import pseudonym
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db
from salsa_ext.firearms.marks.distance import compare
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.firearms.records.event_kinds import SEIZED
from salsa_ext.firearms.records.queries import RecordView, query_for_record
from salsa_ext.firearms.search import batch
from salsa_ext.firearms.search.batch import RecordQuery
from salsa_ext.firearms.search.mark_lookup import find_marks_of_records
from salsa_ext.firearms.search.search import drop_near_misses
from salsa_ext.firearms.search.values import MarkHit
from salsa_ext.matches.models import Match
from salsa_ext.matches.worths import worth_code, worth_number
from salsa_ext.reference.agencies import ContactOffice, find_contacts

MANY_MATCHES: Final = 10
"""Matches of a gun from which on there may be more: as many as are proposed of near marks."""
MAX_RECOUNTED: Final = 20
MATCH_ORDER: Final = (Match.strength, Match.worth)
"""Columns that order the list before the id, each downward: `strong` sorts above `moderate`."""
WORK_LIST: Final[Mapping[str, Any]] = {"status": "proposed", "least_worth": "crime"}
"""Filters of the matches that wait to be judged: of crime, not of trade."""


@dataclass(frozen=True)
class MatchView:
    """A match, its decider, and the other state's contact."""

    match: Match
    decided_by: str | None
    contact: ContactOffice | None

    @property
    def version(self) -> int:
        """Return the version for If-Match."""
        return self.match.version

    @property
    def worth(self) -> str:
        """Return why it is worth a look, a code of MATCH_WORTHS."""
        return worth_code(self.match.worth)


def list_matches(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[MatchView]:
    """Return a page of the own state's matches: strong ones first, then by worth and age."""
    require(actor, Permission.MATCH_READ)
    query = select_matches(actor, filters)
    page = fetch_page(query, Match.id, limit, cursor, before=MATCH_ORDER)
    return page.with_items(build_match_views(actor, page.items))


def select_matches(actor: Actor, filters: Mapping[str, Any]) -> Select[Any]:
    """Select the own state's matches; what a correction took away with `is_current` False."""
    names = ("status", "strength", "other_state", "is_sure")
    given = {name: filters[name] for name in names if filters.get(name) is not None}
    query = select(Match).filter_by(owner_state=actor.state, **given)
    if (record := filters.get("record")) is not None:
        query = query.where(or_(Match.record_id == record, Match.other_record == record))
    if (worth := filters.get("worth")) is not None:
        query = query.where(Match.worth == worth_number(worth))
    if (least := filters.get("least_worth")) is not None:
        query = query.where(Match.worth >= worth_number(least))
    return query.where(Match.is_current == filters.get("is_current", True))


def count_others(match: Match) -> int:
    """Return how many other matches of the same record wait to be judged, or are confirmed."""
    query = select(func.count()).where(
        Match.record_id == match.record_id,
        Match.id != match.id,
        Match.is_current,
        Match.status != "rejected",
    )
    return db.session.execute(query).scalar_one()


def other_record_events(actor: Actor, matches: Sequence[MatchView]) -> dict[UUID, MarkHit]:
    """Return the other records' events by record, where visible."""
    require(actor, Permission.MATCH_READ)
    others = {view.match.other_record for view in matches if view.match.other_record}
    return {record: marks[-1] for record, marks in _visible_marks(actor, others, "event").items()}


def other_record_guns(
    actor: Actor,
    matches_by_record: Mapping[UUID, Sequence[MatchView]],
    serials: Mapping[UUID, str | None],
) -> dict[UUID, MarkHit]:
    """Return the other record's gun by match, where visible."""
    require(actor, Permission.MATCH_READ)
    pairs = {}
    for record, views in matches_by_record.items():
        for row in (view.match for view in views):
            other = row.record_id if row.other_record == record else row.other_record
            if other:
                pairs[row.id] = normalise(serials[record] or ""), other
    marks = _visible_marks(actor, {other for _, other in pairs.values()}, "firearm")
    guns = {}
    for match_id, (serial, other) in pairs.items():
        if others := marks.get(other):
            near = (mark for mark in others if compare(serial, mark.serial_norm))
            guns[match_id] = next(near, others[0])
    return guns


def _visible_marks(actor: Actor, records: set[UUID], group: str) -> dict[UUID, list[MarkHit]]:
    visible = (
        mark
        for mark in find_marks_of_records(records, actor.state)
        if mark.state == actor.state or mark.visibility in FINDER_VISIBILITIES[group]
    )
    return group_by(visible, lambda mark: mark.record_id)


def count_weaker_matches(
    actor: Actor, items: Sequence[RecordView], matches_by_record: Mapping[UUID, Sequence[MatchView]]
) -> dict[UUID, int]:
    """Return how many weaker candidates the records have, where many match."""
    require(actor, Permission.MATCH_READ)
    own = {item.record.id for item in items}
    many = [
        item for item in items if len(matches_by_record.get(item.record.id, ())) >= MANY_MATCHES
    ]
    queries = {
        item.record.id: RecordQuery(item.record.id, query_for_record(item), own, is_afield=True)
        for item in many[:MAX_RECOUNTED]
    }
    fitting = batch.search_all_candidates([*queries.values()], actor)
    counts = {}
    for item in many[:MAX_RECOUNTED]:
        record, is_seized = item.record.id, item.search_event in SEIZED
        listed = {
            row.other_pseudonym if row.record_id == record else pseudonym(row.record_id)
            for row in (view.match for view in matches_by_record[record])
        }
        candidates = fitting.get(record, ())
        if candidates:
            query = queries[record].query
            candidates = drop_near_misses(candidates, query, is_seized=is_seized)
        count = sum(
            each.evidence.is_possible and pseudonym(each.mark_hit.record_id) not in listed
            for each in candidates
        )
        if count:
            counts[record] = count
    return counts


def matches_of_records(actor: Actor, ids: Sequence[UUID]) -> dict[UUID, list[MatchView]]:
    """Return the own state's current matches with records, strongest first."""
    require(actor, Permission.MATCH_READ)
    query = select(Match).where(
        Match.owner_state == actor.state,
        Match.is_current,
        or_(Match.record_id.in_(ids), Match.other_record.in_(ids)),
    )
    rows = db.session.scalars(query.order_by(Match.score.desc(), Match.id)).all()
    matches: dict[UUID, list[MatchView]] = defaultdict(list)
    for view in build_match_views(actor, rows):
        for record in {*ids} & {view.match.record_id, view.match.other_record}:
            matches[record].append(view)
    return matches


def get_match(actor: Actor, match_id: UUID) -> MatchView:
    """Return one match; raises NotFound if another state's."""
    require(actor, Permission.MATCH_READ)
    return read_match(actor, match_id)


def get_matches(actor: Actor, ids: Sequence[UUID]) -> list[MatchView]:
    """Return those of some matches that the own state has, those most worth a look first."""
    require(actor, Permission.MATCH_READ)
    query = select(Match).where(Match.owner_state == actor.state, Match.id.in_(ids))
    rows = db.session.scalars(query.order_by(Match.worth.desc(), Match.id.desc())).all()
    return build_match_views(actor, rows)


def read_match(actor: Actor, match_id: UUID) -> MatchView:
    """Return one match of the own state, after a command changed it."""
    match = db.session.get(Match, match_id, populate_existing=True)
    if match is None:
        raise NotFound("match", match_id)
    return build_match_views(actor, [match])[0]


def current_version(actor: Actor, match_id: UUID) -> int:
    """Return the current version for If-Match; raises NotFound."""
    version = db.session.scalar(select(Match.version).where(Match.id == match_id))
    if version is None:
        raise NotFound("match", match_id)
    return version


def build_match_views(actor: Actor, rows: Sequence[Match]) -> list[MatchView]:
    """Complete matches with one query per kind of related row."""
    contacts = find_contacts(sorted({row.other_state for row in rows} - {actor.state}))
    usernames = usernames_by_id(row.decided_by for row in rows)
    officer_ids = {row.decided_officer for row in rows if row.decided_officer}
    query = select(Officer).where(Officer.id.in_(officer_ids))
    numbers = {row.id: row.number for row in db.session.scalars(query)} if officer_ids else {}
    views = []
    for row in rows:
        decider = usernames.get(row.decided_by) or row.decided_agency
        officer = numbers.get(row.decided_officer) if row.decided_officer else None
        names = " ".join(filter(None, (decider, officer)))
        decided_by = names if row.decided_at else None
        views.append(MatchView(row, decided_by, contacts.get(row.other_state)))
    return views
