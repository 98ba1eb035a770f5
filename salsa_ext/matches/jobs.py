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
from salsa_ext.matches import notices as match_notices
from salsa_ext.matches import search, withdrawals
from salsa_ext.matches.commands import MatchOptions
from salsa_ext.matches.models import MatchJob

log = logging.getLogger("salsa.worker")
MAX_RETRY_AGE: Final = timedelta(days=1)
"""How long a row is tried again for which the database had no time."""


def match_queued(*, actor: Actor, only_of_crime: bool = False) -> int:
    """Match the records of the actor's next queued job; returns their number.

    The oldest of crime first, then of trade unless `only_of_crime`. Idempotent, and safe to run
    concurrently: locked rows are skipped. If a row fails, its records are tried singly; a single
    failure is audited.
    """
    require(actor, Permission.MATCH_DECIDE)
    passed = list[UUID]()
    while (row := _next_job(actor, passed, only_of_crime)) is not None:
        if _run_job(actor, row):
            return len(row.record_ids)
        passed.append(row.id)
    return 0


def _next_job(actor: Actor, skipped: Sequence[UUID], only_of_crime: bool) -> Any:
    mine = (MatchJob.owner_state == actor.own_state(), MatchJob.id.not_in(skipped))
    waiting = select(MatchJob.id, MatchJob.is_of_crime, MatchJob.record_ids).where(*mine)
    if only_of_crime:
        waiting = waiting.where(MatchJob.is_of_crime)
    ordered = waiting.order_by(MatchJob.is_of_crime.desc(), MatchJob.id)
    return db.session.execute(ordered.limit(1).with_for_update(skip_locked=True)).first()


def _run_job(actor: Actor, row: Any) -> bool:
    """Match one row; returns whether it is done, matched or not."""
    try:
        with db.session.begin_nested():
            _match_records(actor, row)
    except Exception as error:  # a rule that changed since, too much to search, or no time for it
        name = type(error).__name__
        log.exception("records not matched", extra={"row": str(row.id), "error": name})
        if (
            isinstance(error, OperationalError)
            and actor.now() - id_created_at(row.id) < MAX_RETRY_AGE
        ):
            return False
        _split_or_audit(actor, row, name)
    return True


def _match_records(actor: Actor, row: Any) -> None:
    db.session.execute(delete(MatchJob).where(MatchJob.id == row.id))
    views = find_records(row.record_ids)
    standing = _searchable(views)
    found = {view.record.id for view in standing}
    _withdraw_void(actor, [view for view in views if view.record.id not in found])
    _propose_current(actor, standing)


def _split_or_audit(actor: Actor, row: Any, error: str) -> None:
    """Queue a row's records singly; audit a single one as unmatched."""
    db.session.execute(delete(MatchJob).where(MatchJob.id == row.id))
    if len(row.record_ids) > 1:
        queue.queue_matching(
            actor.own_state(), row.record_ids, per_job=1, is_of_crime=row.is_of_crime
        )
        return
    for record_id in row.record_ids:
        append(
            actor,
            AuditEvent(Action.RECORD_LEFT_UNMATCHED, "record", record_id, data={"error": error}),
        )


def _withdraw_void(actor: Actor, views: Sequence[RecordView]) -> None:
    """Withdraw matches and hits of voided or unmarked records."""
    gone = withdrawals.withdraw_matches(
        actor, [view.record.id for view in views], in_background=True
    )
    match_notices.notify_states(actor, gone, in_background=True)
    reevaluation.end_withdrawn(
        actor, [view for view in views if _is_marked(view)], in_background=True
    )
    reevaluation.reevaluate(
        actor, [view for view in views if not _is_marked(view)], in_background=True
    )


def _is_marked(view: RecordView) -> bool:
    return any(mark_keys.storage_key(mark.text) for mark in view.marks)


def _propose_current(actor: Actor, views: Sequence[RecordView]) -> None:
    found = search.search_records(actor, views, _records_by_document(views))
    changed = records_with_changed_marks([view for view in views if view.record.version > 1])
    match_commands.propose_matches(actor, found, MatchOptions(changed, is_late=True))


def _records_by_document(views: Sequence[RecordView]) -> dict[UUID, set[UUID]]:
    """Return, by record, the records of its document, itself included."""
    of_document: dict[UUID, set[UUID]] = defaultdict(set)
    for view in views:
        of_document[view.record.document_id].add(view.record.id)
    return {view.record.id: of_document[view.record.document_id] for view in views}


def _searchable(views: Sequence[RecordView]) -> list[RecordView]:
    """Return the records that searches find; voided ones are left out."""
    found = (mark_keys.storage_key(mark.text) for view in views for mark in view.marks)
    keys = {key.value for key in found if key}
    records = [view.record.id for view in views]
    stands = (MarkKey.key.in_(keys), MarkKey.record_id.in_(records), ~MarkKey.is_void)
    known = set(db.session.scalars(select(MarkKey.record_id).where(*stands)))
    return [view for view in views if view.record.id in known]
