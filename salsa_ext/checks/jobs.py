"""Notify owners of the records that checks and traces matched, and make the hits of checks.

After the commit, for open and silent records alike, so that no answer's time depends on silent
ones. Seizures are searched by `matches.jobs`.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import hits
from salsa_ext.checks.checks import MAX_LISTED
from salsa_ext.checks.models import Check
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.disclosure.disclosures import log_further_matches
from salsa_ext.firearms.marks import firearm_marks
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.records.event_kinds import ALERT
from salsa_ext.firearms.search import advice
from salsa_ext.firearms.search.search import drop_near_misses, find_candidates
from salsa_ext.firearms.search.values import Candidate
from salsa_ext.jobs.changes import Change, find_requesters
from salsa_ext.jobs.runner import ChangeJob
from salsa_ext.lookups.reviews import CanaryLookup, notify_of_canaries
from salsa_ext.tracing.requests import queries as request_queries
from salsa_ext.tracing.traces.models import Trace


def notify_of_checks(actor: Actor, changes: Sequence[Change]) -> None:
    """Make the hits of checks, and notify owners that the answers did not; idempotent."""
    require(actor, Permission.CHECK_MAKE)
    recorded = [change for change in changes if change.action == "check:made"]
    requesters = find_requesters(actor, recorded)
    rows = db.session.scalars(
        select(Check).where(Check.id.in_({each.object_id for each in recorded}))
    )
    checks = {row.id: row for row in rows}
    for change in recorded:
        _notify_of_check(requesters[change.cause], checks[change.object_id])
    notify_of_canaries(
        CanaryLookup(
            requesters[each.cause],
            "check",
            each.object_id,
            str(checks[each.object_id].query["serial"]),
        )
        for each in recorded
    )


def _notify_of_check(requester: Actor, check: Check) -> None:
    query = firearm_marks.query_with_all_marks(Query(**{**check.query, "marks": ()}))
    candidates: Sequence[Candidate] = find_candidates(
        query, requester, stop_at_exact=False, with_silent=True
    )
    if not query.near:
        candidates = drop_near_misses(candidates, query, is_seized=False)
    limit = len(candidates) if query.every else MAX_LISTED
    listed = advice.candidates_to_show(candidates, limit)
    listed += [each for each in candidates if each.mark_hit.event == ALERT and each not in listed]
    log_further_matches(requester, "check", check.id, listed, hidden=True)
    matches = hits.match_check(requester, check.id, query, candidates, check.checked_at)
    hits.create_hits(requester, matches, requester.role)


def notify_of_traces(actor: Actor, changes: Sequence[Change]) -> None:
    """Notify owners of records that a trace's gun matches and its route did not; idempotent."""
    require(actor, Permission.CHECK_MAKE)
    sent = [change for change in changes if change.action in ("trace:sent", "trace:reopened")]
    requesters = find_requesters(actor, sent)
    for change in sent:
        trace = db.session.get_one(Trace, change.object_id)
        own = [trace.record_id] if trace.record_id else []
        candidates = request_queries.search_for_trace(
            actor, trace.firearm, own, trace.found_on, with_silent=True
        )
        requester = requesters[change.cause]
        log_further_matches(requester, "trace", trace.id, candidates, hidden=True)
        serial = str(trace.firearm.get("serial") or "")
        notify_of_canaries([CanaryLookup(requester, "trace", trace.id, serial)])


NOTIFY_OF_CHECKS: Final = ChangeJob("notify_of_checks", ("check",), notify_of_checks, batch=20)
NOTIFY_OF_TRACES: Final = ChangeJob("notify_of_traces", ("trace",), notify_of_traces, batch=20)
