"""Find, audit and propose the matches of a recorded document."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid
from salsa_ext.disclosure.disclosures import groups_of_candidates, log_matched_records
from salsa_ext.firearms.records import queue
from salsa_ext.firearms.records.event_kinds import FIELD_EVENTS, LAWFUL, SEIZED
from salsa_ext.firearms.records.queries import (
    RecordView,
    query_for_record,
    records_of_documents,
    records_with_changed_marks,
    visibility_of,
)
from salsa_ext.firearms.search import advice
from salsa_ext.firearms.search.batch import RecordQuery, search_many
from salsa_ext.firearms.search.search import drop_near_misses, find_candidates
from salsa_ext.firearms.search.values import Candidate
from salsa_ext.matches import commands as match_commands
from salsa_ext.matches import withdrawals
from salsa_ext.matches.commands import MatchOptions


@dataclass(frozen=True)
class ItemMatches:
    """One item's candidates; empty if matched later.

    `more` counts others that fit less well and are not listed; a check of the serial lists them.
    """

    line: int
    candidates: Sequence[Candidate]
    is_pending: bool = False
    more: int = 0


MAX_LISTED: Final = 10
MAX_AT_ONCE: Final = 20
"""Guns of one document that are matched while the caller waits; the worker matches the others."""


def find_matches(
    *,
    actor: Actor,
    document_id: UUID,
    items: Sequence[RecordView],
    permission: Permission = Permission.SEIZURE_RECORD,
) -> list[ItemMatches]:
    """Return the matches of each item of a seizure; propose strong ones.

    The first MAX_AT_ONCE items are matched now, the others by the worker. Owners of open records
    are notified now, those of silent ones later (`checks.owner_notices`). `permission` is that of
    the command that wrote the items.
    """
    require(actor, permission)
    own = {item.record.id for item in items}
    matches, current = [], []
    at_once, later = items[:MAX_AT_ONCE], items[MAX_AT_ONCE:]
    for item in at_once:
        candidates: Sequence[Candidate] = search_record(actor, item, own, silent=False)
        listed = advice.candidates_to_show(candidates, MAX_LISTED)
        if visibility_of(item) != "silent":  # a notice of a match would reveal the seizure
            groups = groups_of_candidates(listed)
            log_matched_records(actor, "seizure", document_id, candidates, groups)
        more = advice.count_unlisted(candidates, listed)
        matches.append(ItemMatches(item.record.line, listed, more=more))
        if item.record.version > 1:
            candidates = search_record(actor, item, own, silent=False, current_only=True)
        current.append((item, [each for each in candidates if not each.mark_hit.is_superseded]))
    queue.queue_owner_notice(actor, "seizure", document_id)
    _propose_candidates(actor, current)
    corrected = [item for item in later if item.record.version > 1]  # new ones are queued already
    withdrawals.update_hidden(corrected)
    if corrected:
        _queue_corrected(corrected[0].record.owner_state, corrected)
    return matches + [ItemMatches(item.record.line, (), is_pending=True) for item in later]


def propose_for_document(actor: Actor, document_id: UUID) -> None:
    """Propose the matches of a document just written.

    Never raises for a gun that cannot be searched.
    """
    items = records_of_documents([document_id])[document_id]
    own = {item.record.id for item in items}
    _propose_candidates(actor, search_records(actor, items, dict.fromkeys(own, own), silent=False))


def _propose_candidates(actor: Actor, candidates: match_commands.CandidatesByRecord) -> None:
    corrected = [view for view, _ in candidates if view.record.version > 1]
    options = MatchOptions(records_with_changed_marks(corrected))
    match_commands.propose_matches(actor, candidates, options)
    _queue_corrected(actor.own_state(), corrected)


def _queue_corrected(owner: str, corrected: Sequence[RecordView]) -> None:
    is_of_crime = any(view.record.event not in LAWFUL for view in corrected)
    queue.queue_matching(owner, [view.record.id for view in corrected], is_of_crime=is_of_crime)


def search_record(
    actor: Actor,
    item: RecordView,
    excluded: Collection[UUID],
    *,
    silent: bool | None = None,
    current_only: bool = False,
) -> list[Candidate]:
    """Return a record's candidates without those of its document, best first.

    Empty if the gun cannot be searched. Near matches are dropped if an exact one exists.
    """
    try:
        candidates = find_candidates(
            query_for_record(item),
            actor,
            stop_at_exact=False,  # the record itself agrees in all
            silent=silent,
            current_only=current_only,
            excluded=excluded,
        )
    except Invalid:
        return []
    return _without_near_misses(item, candidates)


def _without_near_misses(item: RecordView, candidates: Sequence[Candidate]) -> list[Candidate]:
    is_seized = item.record.event in SEIZED
    return [*drop_near_misses(candidates, query_for_record(item), is_seized=is_seized)]


def search_records(
    actor: Actor,
    items: Sequence[RecordView],
    excluded: Mapping[UUID, Collection[UUID]],
    *,
    silent: bool | None = None,
) -> list[tuple[RecordView, Sequence[Candidate]]]:
    """Return each record with its candidates, current marks only.

    New records are searched in one batch, corrections one by one. In licit trade near marks of
    trade are never a match and left out.
    """
    results: list[tuple[RecordView, Sequence[Candidate]]] = []
    queries = []
    for item in items:
        row = item.record
        if row.version == 1:
            is_afield = row.event in FIELD_EVENTS
            own = excluded[row.id]
            queries.append(RecordQuery(row.id, query_for_record(item), own, is_afield))
    candidates = search_many(queries, actor, silent=silent)
    for item in items:
        row = item.record
        if row.version == 1:
            clear_candidates = _without_near_misses(item, candidates.get(row.id, ()))
        else:
            own = excluded[row.id]
            clear_candidates = search_record(actor, item, own, silent=silent, current_only=True)
        results.append((item, clear_candidates))
    return results
