"""Match queued records in the background, silent records included.

A single document is matched in its own request already; here two written at one moment find each
other too. Owners of silent records learn of matches here, so that the time of an answer reveals
nothing.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError

from salsa_ext.access.audit import Action, AuditEvent, append
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import reevaluation
from salsa_ext.core.actor import Actor
from salsa_ext.core.ids import id_created_at
from salsa_ext.database.session import db
from salsa_ext.firearms.marks import keys as mark_keys
from salsa_ext.firearms.records import queue
from salsa_ext.firearms.records.models import MarkKey
from salsa_ext.firearms.records.queries import RecordView, find_records, records_with_changed_marks
from salsa_ext.matches import commands as match_commands
from salsa_ext.matches import notices, search, withdrawals
from salsa_ext.matches.commands import MatchOptions
from salsa_ext.matches.models import MatchJob

log = logging.getLogger("salsa.worker")
MAX_RETRY_AGE: Final = timedelta(days=1)
"""Age up to which a job is tried again after a database timeout."""


def match_queued(*, actor: Actor, only_of_crime: bool = False) -> int:
    """Match the records of the actor's next queued job; returns their number.

    The oldest of crime first, then of trade unless `only_of_crime`. Idempotent, and safe to run
    concurrently: locked rows are skipped. If a row fails, its records are tried singly; a single
    failure is audited.
    """
    require(actor, Permission.MATCH_DECIDE)
    skipped = list[UUID]()
    while True:
        query = select(MatchJob.id, MatchJob.is_of_crime, MatchJob.record_ids).where(
            MatchJob.owner_state == actor.own_state(), MatchJob.id.not_in(skipped)
        )
        if only_of_crime:
            query = query.where(MatchJob.is_of_crime)
        next_job = query.order_by(MatchJob.is_of_crime.desc(), MatchJob.id).limit(1)
        job = db.session.execute(next_job.with_for_update(skip_locked=True)).first()
        if job is None:
            return 0
        if _run_job(actor, job):
            return len(job.record_ids)
        skipped.append(job.id)


def _run_job(actor: Actor, job: Any) -> bool:
    """Match one job's records; returns whether it is done, matched or not."""
    done = delete(MatchJob).where(MatchJob.id == job.id)
    try:
        with db.session.begin_nested():
            db.session.execute(done)
            _match_records(actor, find_records(job.record_ids))
    except Exception as error:  # a rule that changed since, too much to search, or no time for it
        name = type(error).__name__
        log.exception("records not matched", extra={"row": str(job.id), "error": name})
        age = actor.now() - id_created_at(job.id)
        if isinstance(error, OperationalError) and age < MAX_RETRY_AGE:
            return False
        db.session.execute(done)
        if len(job.record_ids) > 1:
            own, is_of_crime = actor.own_state(), job.is_of_crime
            queue.queue_matching(own, job.record_ids, per_job=1, is_of_crime=is_of_crime)
        else:
            action, [key] = Action.RECORD_LEFT_UNMATCHED, job.record_ids
            append(actor, AuditEvent(action, "record", key, data={"error": name}))
    return True


def _match_records(actor: Actor, views: Sequence[RecordView]) -> None:
    """Propose matches of records that searches find; withdraw those of the others."""
    marks = (mark_keys.storage_key(mark.text) for view in views for mark in view.marks)
    keys = {key.value for key in marks if key}
    records = [view.record.id for view in views]
    searchable = (MarkKey.key.in_(keys), MarkKey.record_id.in_(records), ~MarkKey.is_void)
    known = set(db.session.scalars(select(MarkKey.record_id).where(*searchable)))
    void = [view for view in views if view.record.id not in known]
    ids = [view.record.id for view in void]
    changes = withdrawals.withdraw_matches(actor, ids, in_background=True)
    notices.notify_states(actor, changes, in_background=True)
    marked = [view for view in void if any(mark_keys.storage_key(each.text) for each in view.marks)]
    reevaluation.end_withdrawn(actor, marked, in_background=True)
    unmarked = [view for view in void if view not in marked]
    reevaluation.reevaluate(actor, unmarked, in_background=True)
    current = [view for view in views if view.record.id in known]
    by_document: dict[UUID, set[UUID]] = defaultdict(set)
    for view in current:
        by_document[view.record.document_id].add(view.record.id)
    excluded = {view.record.id: by_document[view.record.document_id] for view in current}
    candidates = search.search_records(actor, current, excluded)
    changed = records_with_changed_marks([view for view in current if view.record.version > 1])
    options = MatchOptions(changed, in_background=True)
    match_commands.propose_matches(actor, candidates, options)
