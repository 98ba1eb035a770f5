"""Search for the matches of recorded guns: at once by equal marks, by jobs in full."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid
from salsa_ext.core.ids import pseudonym
from salsa_ext.database.session import db
from salsa_ext.disclosure.disclosures import groups_of_candidates, log_matched_records
from salsa_ext.firearms.records.event_kinds import FIELD_EVENTS, SEIZED
from salsa_ext.firearms.records.queries import RecordView, query_for_record, visibility_of
from salsa_ext.firearms.search import advice, batch
from salsa_ext.firearms.search.batch import RecordQuery
from salsa_ext.firearms.search.evidence import EQUAL_KINDS
from salsa_ext.firearms.search.rivals import doubt_unregistered
from salsa_ext.firearms.search.search import drop_near_misses, find_candidates
from salsa_ext.firearms.search.values import Candidate
from salsa_ext.matches.models import Match


@dataclass(frozen=True)
class ItemMatches:
    """Visible records that bear a mark of one item.

    `more` counts others that fit less well and are not listed; a check of the serial lists them.
    Near marks follow by job: the answer is never complete.
    """

    line: int
    candidates: Sequence[Candidate]
    more: int = 0
    is_complete: bool = False


MAX_LISTED: Final = 10


def find_matches(
    *,
    actor: Actor,
    document_id: UUID,
    items: Sequence[RecordView],
    permission: Permission = Permission.SEIZURE_RECORD,
) -> list[ItemMatches]:
    """Return the visible records with equal marks, by item of a seizure; audits them.

    Matches, hits and notices are made by the job (`matches.jobs`). `permission` is that of the
    command that wrote the items.
    """
    require(actor, permission)
    own = {item.record.id for item in items}
    queries = [_record_query(item, own) for item in items]
    candidates = batch.search_equal_marks(queries, actor)
    matches, listed_by_record = [], dict[UUID, Candidate]()
    for item in items:
        equal = candidates.get(item.record.id, ())
        listed = advice.candidates_to_show(equal, MAX_LISTED)
        if visibility_of(item) != "silent":  # a notice of a match would reveal the seizure
            listed_by_record |= {each.mark_hit.record_id: each for each in listed}
        more = advice.count_unlisted(equal, listed)
        matches.append(ItemMatches(item.record.line, listed, more))
    groups = groups_of_candidates(listed_by_record.values())
    log_matched_records(actor, "seizure", document_id, [*listed_by_record.values()], groups)
    return matches


def find_near_matches(actor: Actor, items: Sequence[RecordView]) -> dict[UUID, list[Candidate]]:
    """Return visible near marks that the job matched with an own seizure's guns, by record."""
    require(actor, Permission.SEIZURE_RECORD)
    own = {item.record.id for item in items}
    query = select(Match.record_id, Match.other_pseudonym).where(
        Match.owner_state == actor.state,
        Match.record_id.in_(own),
        Match.is_current,
        Match.is_hidden.is_(False),
    )
    pairs = {(record, other) for record, other in db.session.execute(query)}
    matched = {record for record, _ in pairs}
    queries = [_record_query(item, own) for item in items if item.record.id in matched]
    near: dict[UUID, list[Candidate]] = {}
    for record, candidates in batch.search_all_candidates(queries, actor).items():
        near[record] = [
            each
            for each in candidates
            if each.evidence.near.kind not in EQUAL_KINDS
            and (record, pseudonym(each.mark_hit.record_id)) in pairs
        ]
    return near


def _record_query(item: RecordView, own: Collection[UUID]) -> RecordQuery:
    event = item.search_event
    query = query_for_record(item)
    return RecordQuery(item.record.id, query, own, event in FIELD_EVENTS, event in SEIZED)


def search_records(
    actor: Actor, items: Sequence[RecordView], excluded: Mapping[UUID, Collection[UUID]]
) -> list[tuple[RecordView, Sequence[Candidate]]]:
    """Return each record with its candidates, silent ones included; current marks only."""
    new = [item for item in items if item.record.version == 1]
    queries = [_record_query(item, excluded[item.record.id]) for item in new]
    by_record = batch.search_many(queries, actor)
    results: list[tuple[RecordView, Sequence[Candidate]]] = []
    for item in items:
        if item.record.version == 1:
            candidates = by_record.get(item.record.id, ())
        else:
            candidates = _search_record(actor, item, excluded[item.record.id])
        is_seized = item.search_event in SEIZED
        clear = drop_near_misses(candidates, query_for_record(item), is_seized=is_seized)
        results.append((item, doubt_unregistered(clear, item.search_event)))
    return results


def _search_record(
    actor: Actor, item: RecordView, excluded: Collection[UUID]
) -> Sequence[Candidate]:
    """Return a corrected record's candidates; empty if the gun cannot be searched."""
    try:
        return find_candidates(
            query_for_record(item),
            actor,
            stop_at_exact=False,  # the record itself agrees in all
            with_silent=True,
            current_only=True,
            excluded=excluded,
        )
    except Invalid:
        return ()
