"""Job: notify owners of `silent` records of searches that matched them.

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
from salsa_ext.checks.checks import MAX_LISTED as MOST_SHOWN
from salsa_ext.checks.models import Check, OwnerNoticeJob
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.database.session import acting_as, db
from salsa_ext.disclosure.disclosures import log_matched_records
from salsa_ext.firearms.marks import reading
from salsa_ext.firearms.marks.distance import compare
from salsa_ext.firearms.marks.keys import skeleton
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import records_of_documents, visibility_of
from salsa_ext.firearms.search import advice, index, visibility
from salsa_ext.firearms.search.criteria import describe_query, marks_to_search
from salsa_ext.firearms.search.search import weigh_hits
from salsa_ext.firearms.search.values import Candidate, MarkHit, SearchMark
from salsa_ext.firearms.search.visibility import is_silent_alert
from salsa_ext.matches import search
from salsa_ext.tracing.requests import record_search
from salsa_ext.tracing.traces.models import Trace

log = logging.getLogger("salsa.worker")
MAX_QUESTIONS: Final = 20
"""Questions of one transaction, which keeps them locked: some tenths of a second each."""
RETRY_PERIOD: Final = timedelta(days=1)
"""How long a question is tried again for which the database had no time."""
FAILURE_ACTIONS: Final = {
    "check": Action.CHECK_LEFT_UNTOLD,
    "seizure": Action.SEIZURE_LEFT_UNTOLD,
    "trace": Action.TRACE_LEFT_UNTOLD,
}


def notify_owners(
    *, actor: Actor, limit: int = MAX_QUESTIONS, failed: set[UUID] | None = None
) -> int:
    """Notify owners of up to `limit` checks and as many other searches.

    Returns how many are done, oldest first, of the actor's state. Safe to run concurrently and
    repeatedly: locked rows are skipped. A failed one does not block others: it is retried, or the
    audit records the failure. `failed` are ids to skip; the failed ids of this run are added.
    """
    require(actor, Permission.CHECK_MAKE)
    failed = set() if failed is None else failed
    return _notify_of_checks(actor, limit, failed) + _notify_of_others(actor, limit, failed)


def _notify_of_checks(actor: Actor, limit: int, failed: set[UUID]) -> int:
    untold = select(Check).where(Check.owner_state == actor.own_state(), ~Check.is_told)
    return _process_oldest(untold, Check.id, limit, failed, partial(_process_checks, actor))


def _process_checks(actor: Actor, checks: Sequence[Check]) -> list[Check]:
    made_by = find_requesters(actor, "check", [check.id for check in checks])

    def tell(check: Check) -> None:
        _notify_of_check(actor, made_by[str(check.id)], check)

    return [check for check in checks if _process_check(actor, check, tell)]


def _process_check(actor: Actor, check: Check, notify: Callable[[Check], None]) -> bool:
    is_settled = _try_notify(actor, "check", check.id, check.at, lambda: notify(check))
    check.is_told = is_settled
    return is_settled


def _notify_of_others(actor: Actor, limit: int, failed: set[UUID]) -> int:
    waiting = select(OwnerNoticeJob).where(OwnerNoticeJob.owner_state == actor.own_state())
    return _process_oldest(
        waiting, OwnerNoticeJob.id, limit, failed, partial(_process_others, actor)
    )


def _process_others(actor: Actor, rows: Sequence[OwnerNoticeJob]) -> list[OwnerNoticeJob]:
    settled = [
        row
        for row in rows
        if _try_notify(
            actor, row.kind, row.cause_id, row.at, partial(_notify_of_document, actor, row)
        )
    ]
    for row in settled:
        db.session.delete(row)
    return settled


def _process_oldest(
    query: Select[Any],
    key: Any,
    limit: int,
    failed: set[UUID],
    process: Callable[[Sequence[Any]], Sequence[Any]],
) -> int:
    """Process the oldest rows, or later ones if all of them fail.

    Returns how many are done.
    """
    while True:
        left = query.where(key.not_in(failed)).order_by(key).limit(limit)
        rows = db.session.scalars(left.with_for_update(skip_locked=True)).all()
        settled = process(rows)
        failed.update(row.id for row in rows if row not in settled)
        if settled or not rows:
            return len(settled)


def _try_notify(
    actor: Actor, kind: str, cause: UUID, asked_at: datetime, notify: Callable[[], None]
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
        if isinstance(error, OperationalError) and actor.now() - asked_at < RETRY_PERIOD:
            return False
        append(actor, AuditEvent(FAILURE_ACTIONS[kind], kind, cause, data={"error": name}))
    return True


def _notify_of_check(actor: Actor, requester: Actor, check: Check) -> None:
    """Notify the owners that were not notified with the answer.

    Records may have changed to or from `silent` since. Then a near candidate is included too,
    though another record excluded it from the answer. Hidden from the asker, whose answer did not
    show them.
    """
    query = reading.query_with_all_marks(Query(**{**check.query, "marks": ()}))
    hidden, shown, left_out = search_later(query, actor)
    unseen = [hit for hit in shown if is_silent_alert(hit.held)]
    changed = _records_changed_since(
        actor, check.at, [hit for hit in shown if hit.held.record_id in left_out]
    )
    found = [*hidden, *unseen] + [
        hit
        for hit in advice.candidates_to_show(shown, MOST_SHOWN)
        if hit.held.record_id not in left_out - changed and hit not in unseen
    ]
    requester = requester.for_purpose(Purpose(check.purpose, check.case_number, check.incident))
    log_matched_records(
        requester, "check", check.id, _not_yet_notified(actor, check.id, found), {}, hidden=True
    )
    met = hits.match_check(requester, check.id, query, [*hidden, *unseen], check.at)
    hits.create_hits(requester, met, in_background=True)


def _records_changed_since(
    actor: Actor, moment: datetime, candidates: Sequence[Candidate]
) -> set[UUID]:
    """Return candidates' records with a new version since `moment`.

    They may have been `silent` then.
    """
    changed: set[UUID] = set()
    for state in sorted({hit.held.state for hit in candidates} - {actor.own_state()}):
        ids = [hit.held.record_id for hit in candidates if hit.held.state == state]
        with acting_as(actor, state):
            later = select(Record.id).where(Record.id.in_(ids), Record.recorded_at > moment)
            changed.update(db.session.scalars(later.where(Record.version > 1)))
    return changed


def _notify_of_document(actor: Actor, row: OwnerNoticeJob) -> None:
    """Notify the owners of records that a seizure or trace matches."""
    asker = find_requesters(actor, row.kind, [row.cause_id])[str(row.cause_id)]
    found_by = {"seizure": _search_seizure, "trace": _search_trace}[row.kind]
    for found in found_by(actor, row.cause_id):
        untold = _not_yet_notified(actor, row.cause_id, found)
        log_matched_records(asker, row.kind, row.cause_id, untold, {}, hidden=True)


def _search_seizure(actor: Actor, seizure_id: UUID) -> Iterator[Sequence[Candidate]]:
    """Yield the candidates of each item; none for silent items."""
    items = records_of_documents([seizure_id])[seizure_id]
    own = {item.record.id for item in items}
    for item in items:
        if visibility_of(item) != "silent":
            yield search.search_record(actor, item, own)


def _search_trace(actor: Actor, trace_id: UUID) -> Iterator[Sequence[Candidate]]:
    with acting_as(replace(actor, agency=None), actor.own_state()):  # it may be kept from who asked
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
    for state in sorted({hit.held.state for hit in candidates} - {actor.own_state()}):
        with acting_as(actor, state):  # what is not open is hidden from the asker
            named.update(*(data["records"] for data in db.session.scalars(entries)))
    return [hit for hit in candidates if str(hit.held.record_id) not in named]


REQUEST_ACTIONS: Final[Mapping[str, Collection[Action]]] = {
    "check": (Action.CHECK_MADE,),
    "seizure": (Action.SEIZURE_RECORDED, Action.SEIZURE_CORRECTED, Action.MARK_ADDED),
    "trace": (Action.TRACE_SENT, Action.TRACE_REOPENED),
}
"""What somebody does to ask, by the kind of question."""


def find_requesters(actor: Actor, kind: str, causes: Collection[UUID]) -> dict[str, Actor]:
    """Return the last requester of each search, from the audit.

    By id of the check, seizure or trace; of the actor's state.
    """
    asked = select(AuditEntry, Officer.number).outerjoin(
        Officer, Officer.id == AuditEntry.officer_id
    )
    wanted = (
        AuditEntry.owner_state == actor.own_state(),
        AuditEntry.action.in_(REQUEST_ACTIONS[kind]),
        AuditEntry.subject_id.in_([str(cause) for cause in causes]),
    )
    return {
        entry.subject_id: _build_requester(actor, entry, number)
        for entry, number in db.session.execute(asked.where(*wanted).order_by(AuditEntry.id))
    }


def _trace_ids(entry: AuditEntry) -> tuple[str, ...]:
    return (entry.subject_id,) if entry.subject_kind == "trace" else ()


def _build_requester(actor: Actor, entry: AuditEntry, number: str | None) -> Actor:
    purpose = (
        Purpose(entry.purpose, entry.case_number, about=_trace_ids(entry))
        if entry.purpose
        else None
    )
    return Actor(
        state=actor.state,
        role=entry.role,
        permissions=frozenset(),
        agency=entry.agency,
        account_id=entry.account_id,
        key_id=entry.key_id,
        officer=number,
        purpose=purpose,
        request_id=entry.request_id,
        clock=actor.clock,
        vault=actor.vault,
    )


class LaterCandidates(NamedTuple):
    """Current candidates of a query, best first.

    `hidden` are silent records of other states; `shown` are all others, including alerts hidden
    from all. `left_out` are ids in `shown` that the answer excludes, since an exact match makes
    them irrelevant.
    """

    hidden: Sequence[Candidate]
    shown: Sequence[Candidate]
    left_out: Set[UUID]


def search_later(query: Query, actor: Actor) -> LaterCandidates:
    """Return a query's current candidates, silent records included.

    One search; silent records do not affect the others. Raises Invalid if nothing can be searched.
    """
    sought = marks_to_search(query)
    held = index.find_hits(list(sought), describe_query(query), actor.state, stop_at_exact=False)
    hidden = [one for one in held if _is_silent_elsewhere(one, actor)]
    told = visibility.with_alert_visibility(
        actor, (one for one in held if not _is_silent_elsewhere(one, actor))
    )
    shown = weigh_hits(query, actor, sought, told)
    answered = weigh_hits(query, actor, sought, _marks_of_answer(query, actor, sought, told))
    left_out = {one.held.record_id for one in shown} - {one.held.record_id for one in answered}
    return LaterCandidates(weigh_hits(query, actor, sought, hidden), shown, left_out)


def _is_silent_elsewhere(held: MarkHit, actor: Actor) -> bool:
    return held.state != actor.state and held.visibility == "silent"


def _marks_of_answer(
    query: Query, actor: Actor, search_marks: Mapping[SearchMark, str], mark_hits: Sequence[MarkHit]
) -> Sequence[MarkHit]:
    """Return the answer's marks: near ones only without an exact match."""
    shown = [one for one in mark_hits if not visibility.is_silent_alert(one)]
    asked = describe_query(query)
    settling = [one for one in shown if index.is_exact_hit(one, asked, actor.own_state())]
    if query.near or not settling:
        return shown
    same = {skeleton(one.norm) for one in search_marks if one.is_whole}
    left = index.marks_without_exact_hit(search_marks, settling)
    return [
        one
        for one in shown
        if skeleton(one.serial_norm) in same
        or any(compare(mark.norm, one.serial_norm) for mark in left)
    ]
