"""Job that notifies states whose `silent` records a search matched.

It runs later, so that the time of an answer reveals nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.exc import OperationalError

from salsa_ext.access.audit import Action, AuditEvent, append
from salsa_ext.access.models import AuditEntry, Officer
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import hits
from salsa_ext.checks.checks import MAX_LISTED
from salsa_ext.checks.models import Check, OwnerNoticeJob
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.database.session import acting_as, db
from salsa_ext.disclosure.disclosures import log_matched_records
from salsa_ext.firearms.marks import firearm_marks
from salsa_ext.firearms.marks.distance import compare
from salsa_ext.firearms.marks.keys import skeleton
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import records_of_documents, visibility_of
from salsa_ext.firearms.search import advice, alert_visibility, mark_lookup
from salsa_ext.firearms.search.alert_visibility import is_silent_alert
from salsa_ext.firearms.search.criteria import describe_query, marks_to_search
from salsa_ext.firearms.search.search import weigh_hits
from salsa_ext.firearms.search.values import Candidate, MarkHit, SearchMark
from salsa_ext.matches import search
from salsa_ext.tracing.requests import record_search
from salsa_ext.tracing.traces.models import Trace

log = logging.getLogger("salsa.worker")
MAX_SEARCHES: Final = 20
"""Searches of one transaction, which locks them: some tenths of a second each."""
RETRY_PERIOD: Final = timedelta(days=1)
"""Time for which a search is tried again after a database timeout."""
FAILURE_ACTIONS: Final = {
    "check": Action.CHECK_LEFT_UNTOLD,
    "seizure": Action.SEIZURE_LEFT_UNTOLD,
    "trace": Action.TRACE_LEFT_UNTOLD,
}
REQUEST_ACTIONS: Final[Mapping[str, Collection[Action]]] = {
    "check": (Action.CHECK_MADE,),
    "seizure": (Action.SEIZURE_RECORDED, Action.SEIZURE_CORRECTED, Action.MARK_ADDED),
    "trace": (Action.TRACE_SENT, Action.TRACE_REOPENED),
}
"""Actions of requesters, by kind of search."""


def notify_owners(
    *, actor: Actor, limit: int = MAX_SEARCHES, failed: set[UUID] | None = None
) -> int:
    """Notify owners of up to `limit` checks and as many other searches.

    Returns how many are done, oldest first, of the actor's state. Safe to run concurrently and
    repeatedly: locked rows are skipped. A failed one does not block others: it is retried, or the
    audit records the failure. `failed` are ids to skip; the failed ids of this run are added.
    """
    require(actor, Permission.CHECK_MAKE)
    failed, own = set() if failed is None else failed, actor.own_state()
    checks = select(Check).where(Check.owner_state == own, ~Check.are_owners_notified)
    jobs = select(OwnerNoticeJob).where(OwnerNoticeJob.owner_state == own)
    return sum(
        _process_oldest(query, key, limit, failed, partial(process, actor))
        for query, key, process in (
            (checks, Check.id, _process_checks),
            (jobs, OwnerNoticeJob.id, _process_jobs),
        )
    )


def _process_oldest(
    query: Select[Any],
    key: Any,
    limit: int,
    failed: set[UUID],
    process: Callable[[Sequence[Any]], Sequence[Any]],
) -> int:
    """Process the oldest rows, or later ones if all of them fail; returns how many are done."""
    while True:
        oldest = query.where(key.not_in(failed)).order_by(key).limit(limit)
        rows = db.session.scalars(oldest.with_for_update(skip_locked=True)).all()
        done = process(rows)
        failed.update(row.id for row in rows if row not in done)
        if done or not rows:
            return len(done)


def _process_checks(actor: Actor, checks: Sequence[Check]) -> list[Check]:
    requesters = find_requesters(actor, "check", [check.id for check in checks])
    for check in checks:
        notify = partial(_notify_of_check, actor, requesters, check)
        is_done = _try_notify(actor, "check", check.id, check.checked_at, notify)
        check.are_owners_notified = is_done
    return [check for check in checks if check.are_owners_notified]


def _process_jobs(actor: Actor, jobs: Sequence[OwnerNoticeJob]) -> list[OwnerNoticeJob]:
    done = []
    for job in jobs:
        notify = partial(_notify_of_document, actor, job)
        if _try_notify(actor, job.kind, job.cause_id, job.at, notify):
            db.session.delete(job)
            done.append(job)
    return done


def _try_notify(
    actor: Actor, kind: str, cause: UUID, searched_at: datetime, notify: Callable[[], None]
) -> bool:
    """Notify of one search; return whether it is done.

    A database timeout is retried for a day; any other error is logged as a failure and counts as
    done.
    """
    try:
        with db.session.begin_nested():
            notify()
    except Exception as error:  # a rule or a field that changed since, or too much to search
        name = type(error).__name__
        log.exception(f"{kind} not told", extra={kind: str(cause), "error": name})
        if isinstance(error, OperationalError) and actor.now() - searched_at < RETRY_PERIOD:
            return False
        append(actor, AuditEvent(FAILURE_ACTIONS[kind], kind, cause, data={"error": name}))
    return True


def _notify_of_check(actor: Actor, requesters: Mapping[str, Actor], check: Check) -> None:
    """Notify the owners that were not notified with the answer.

    Records may have changed to or from `silent` since. Then a near candidate is included too,
    though another record excluded it from the answer. Hidden from the asker, whose answer did not
    show them.
    """
    purpose = Purpose(check.purpose, check.case_number, check.incident)
    requester = requesters[str(check.id)].for_purpose(purpose)
    query = firearm_marks.query_with_all_marks(Query(**{**check.query, "marks": ()}))
    hidden, visible, left_out = search_later(query, actor)
    silent_candidates = [*hidden, *(each for each in visible if is_silent_alert(each.mark_hit))]
    maybe_changed = [each for each in visible if each.mark_hit.record_id in left_out]
    left_out = left_out - _records_changed_since(actor, check.checked_at, maybe_changed)
    listed = [
        each
        for each in advice.candidates_to_show(visible, MAX_LISTED)
        if each.mark_hit.record_id not in left_out and each not in silent_candidates
    ]
    unnotified = _not_yet_notified(actor, check.id, [*silent_candidates, *listed])
    log_matched_records(requester, "check", check.id, unnotified, {}, hidden=True)
    matches = hits.match_check(requester, check.id, query, silent_candidates, check.checked_at)
    hits.create_hits(requester, matches, in_background=True)


def _records_changed_since(
    actor: Actor, moment: datetime, candidates: Sequence[Candidate]
) -> set[UUID]:
    """Return candidates' records with a new version since `moment`.

    They may have been `silent` then.
    """
    changed: set[UUID] = set()
    for state in sorted({each.mark_hit.state for each in candidates} - {actor.own_state()}):
        ids = [each.mark_hit.record_id for each in candidates if each.mark_hit.state == state]
        later = select(Record.id).where(Record.id.in_(ids), Record.recorded_at > moment)
        with acting_as(actor, state):
            changed.update(db.session.scalars(later.where(Record.version > 1)))
    return changed


def _notify_of_document(actor: Actor, job: OwnerNoticeJob) -> None:
    """Notify the owners of records that a seizure or trace matches."""
    requester = find_requesters(actor, job.kind, [job.cause_id])[str(job.cause_id)]
    search_again = _search_seizure if job.kind == "seizure" else _search_trace
    for candidates in search_again(actor, job.cause_id):
        unnotified = _not_yet_notified(actor, job.cause_id, candidates)
        log_matched_records(requester, job.kind, job.cause_id, unnotified, {}, hidden=True)


def _search_seizure(actor: Actor, seizure_id: UUID) -> Iterator[Sequence[Candidate]]:
    """Yield the candidates of each item; none for silent items."""
    items = records_of_documents([seizure_id])[seizure_id]
    own = {item.record.id for item in items}
    for item in items:
        if visibility_of(item) != "silent":
            yield search.search_record(actor, item, own)


def _search_trace(actor: Actor, trace_id: UUID) -> Iterator[Sequence[Candidate]]:
    # the requester's agency may have been restricted since
    with acting_as(replace(actor, agency=None), actor.own_state()):
        trace = db.session.get_one(Trace, trace_id)
    own = [trace.record_id] if trace.record_id else []
    yield record_search.search_for_trace(actor, trace.firearm, own, found_on=trace.found_on)


def _not_yet_notified(
    actor: Actor, cause: UUID, candidates: Sequence[Candidate]
) -> list[Candidate]:
    """Return candidates whose owner's audit does not name this search."""
    entries = select(AuditEntry.data).where(
        AuditEntry.subject_id == str(cause), AuditEntry.action == str(Action.RECORD_MATCHED)
    )
    named: set[str] = set()
    for state in sorted({each.mark_hit.state for each in candidates} - {actor.own_state()}):
        with acting_as(actor, state):  # the asker does not see entries on records that are not open
            named.update(*(data["records"] for data in db.session.scalars(entries)))
    return [each for each in candidates if str(each.mark_hit.record_id) not in named]


def find_requesters(actor: Actor, kind: str, causes: Collection[UUID]) -> dict[str, Actor]:
    """Return the last requester of each search, from the audit.

    By id of the check, seizure or trace; of the actor's state.
    """
    query = select(AuditEntry, Officer.number).where(
        AuditEntry.owner_state == actor.own_state(),
        AuditEntry.action.in_(REQUEST_ACTIONS[kind]),
        AuditEntry.subject_id.in_([str(cause) for cause in causes]),
    )
    query = query.outerjoin(Officer, Officer.id == AuditEntry.officer_id).order_by(AuditEntry.id)
    requesters = {}
    for entry, officer in db.session.execute(query):
        traces = (entry.subject_id,) if entry.subject_kind == "trace" else ()
        purpose = Purpose(entry.purpose, entry.case_number, about=traces) if entry.purpose else None
        requesters[entry.subject_id] = Actor(
            state=actor.state,
            role=entry.role,
            permissions=frozenset(),
            agency=entry.agency,
            account_id=entry.account_id,
            key_id=entry.key_id,
            officer=officer,
            purpose=purpose,
            request_id=entry.request_id,
            clock=actor.clock,
            vault=actor.vault,
        )
    return requesters


class LaterCandidates(NamedTuple):
    """Current candidates of a query, best first.

    `hidden` are silent records of other states; `visible` are all others, including alerts hidden
    from all. `left_out` are ids in `visible` that the answer excludes, since an exact match makes
    them irrelevant.
    """

    hidden: Sequence[Candidate]
    visible: Sequence[Candidate]
    left_out: Set[UUID]


def search_later(query: Query, actor: Actor) -> LaterCandidates:
    """Return a query's current candidates, silent records included.

    One search; silent records do not affect the others. Raises Invalid if nothing can be searched.
    """
    marks, description = marks_to_search(query), describe_query(query)
    mark_hits = mark_lookup.find_hits(list(marks), description, actor.state, stop_at_exact=False)
    silent, others = list[MarkHit](), list[MarkHit]()
    for hit in mark_hits:
        is_silent = hit.state != actor.state and hit.visibility == "silent"
        (silent if is_silent else others).append(hit)
    visible = alert_visibility.with_alert_visibility(actor, others)
    hits = weigh_hits(query, actor, marks, visible)
    answered = weigh_hits(query, actor, marks, _marks_of_answer(query, actor, marks, visible))
    left_out = {each.mark_hit.record_id for each in hits} - {
        each.mark_hit.record_id for each in answered
    }
    return LaterCandidates(weigh_hits(query, actor, marks, silent), hits, left_out)


def _marks_of_answer(
    query: Query, actor: Actor, search_marks: Mapping[SearchMark, str], mark_hits: Sequence[MarkHit]
) -> Sequence[MarkHit]:
    """Return the answer's marks: near ones only without an exact match."""
    visible = [hit for hit in mark_hits if not is_silent_alert(hit)]
    description, own = describe_query(query), actor.own_state()
    exact = [hit for hit in visible if mark_lookup.is_exact_hit(hit, description, own)]
    if query.near or not exact:
        return visible
    whole = {skeleton(mark.norm) for mark in search_marks if mark.is_whole}
    unmatched = mark_lookup.marks_without_exact_hit(search_marks, exact)
    return [
        hit
        for hit in visible
        if skeleton(hit.serial_norm) in whole
        or any(compare(mark.norm, hit.serial_norm) for mark in unmatched)
    ]
