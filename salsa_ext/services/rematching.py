"""The worker's look at what was written: files, long manifests, receipts, and what is kept silent.

A single document is matched in its own request already; here two that were written at one moment
find each other too, and owners of silent records learn what matched, so that no answer takes longer
for them. The marks of all guns of a row are looked for together.
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

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db
from salsa_ext.matching import marks
from salsa_ext.models import MarkKey, MatchWait
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.records import RecordView, by_id, with_other_marks
from salsa_ext.services import (
    hit_causes,
    match_news,
    match_waits,
    match_withdrawals,
    matches,
    proposals,
)
from salsa_ext.services.proposals import Look
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import made_at

log = logging.getLogger("salsa.worker")
PATIENCE: Final = timedelta(days=1)
"""How long a row is tried again for which the database had no time."""


def run(*, actor: Actor, only_of_crime: bool = False) -> int:
    """Match the records of the next row that waits in the actor's state; returns how many.

    That is the oldest that tells of a crime, then the oldest of trade unless `only_of_crime`.

    Safe to run anywhere, twice, at once: rows that another run holds are passed over, and what was
    proposed is proposed once. A row that fails keeps no other back: its records are tried one by
    one, and of each that fails alone the audit says that it was left unmatched.
    """
    require(actor, Permission.MATCH_DECIDE)
    passed = list[UUID]()
    while (row := _next(actor, passed, only_of_crime)) is not None:
        if _settle(actor, row):
            return len(row.record_ids)
        passed.append(row.id)
    return 0


def _next(actor: Actor, passed: Sequence[UUID], only_of_crime: bool) -> Any:
    mine = (MatchWait.owner_state == actor.own_state(), MatchWait.id.not_in(passed))
    waiting = select(MatchWait.id, MatchWait.is_of_crime, MatchWait.record_ids).where(*mine)
    if only_of_crime:
        waiting = waiting.where(MatchWait.is_of_crime)
    ordered = waiting.order_by(MatchWait.is_of_crime.desc(), MatchWait.id)
    return db.session.execute(ordered.limit(1).with_for_update(skip_locked=True)).first()


def _settle(actor: Actor, row: Any) -> bool:
    """Match one row; returns whether it waits no longer, be it that it could not be matched."""
    try:
        with db.session.begin_nested():
            _match(actor, row)
    except Exception as error:  # a rule that changed since, too much to search, or no time for it
        name = type(error).__name__
        log.exception("records not matched", extra={"row": str(row.id), "error": name})
        if isinstance(error, OperationalError) and actor.now() - made_at(row.id) < PATIENCE:
            return False
        _put_aside(actor, row, name)
    return True


def _match(actor: Actor, row: Any) -> None:
    db.session.execute(delete(MatchWait).where(MatchWait.id == row.id))
    views = by_id(row.record_ids)
    standing = _standing(views)
    found = {view.record.id for view in standing}
    _withdraw(actor, [view for view in views if view.record.id not in found])
    _propose(actor, standing)


def _put_aside(actor: Actor, row: Any, error: str) -> None:
    """Let the records of a row wait one by one; of a single one write down that it is not matched."""
    db.session.execute(delete(MatchWait).where(MatchWait.id == row.id))
    if len(row.record_ids) > 1:
        match_waits.add(actor.own_state(), row.record_ids, together=1, is_of_crime=row.is_of_crime)
        return
    for record_id in row.record_ids:
        append(actor, Act(Action.RECORD_LEFT_UNMATCHED, "record", record_id, data={"error": error}))


def _withdraw(actor: Actor, views: Sequence[RecordView]) -> None:
    """Take away what is left of matches and hits of what did not happen after all, or has no mark any more."""
    gone = match_withdrawals.withdraw(actor, [view.record.id for view in views], is_late=True)
    match_news.tell(actor, gone, is_late=True)
    hit_causes.withdrawn(actor, [view for view in views if _is_marked(view)], is_late=True)
    hit_causes.compare(actor, [view for view in views if not _is_marked(view)], is_late=True)


def _is_marked(view: RecordView) -> bool:
    return any(marks.kept_key(mark.text) for mark in view.marks)


def _propose(actor: Actor, views: Sequence[RecordView]) -> None:
    found = matches.searched_many(actor, views, _documents(views))
    changed = with_other_marks([view for view in views if view.record.version > 1])
    proposals.propose(actor, found, Look(changed, is_late=True))


def _documents(views: Sequence[RecordView]) -> dict[UUID, set[UUID]]:
    """Return for each record those of its document, itself among them."""
    of_document: dict[UUID, set[UUID]] = defaultdict(set)
    for view in views:
        of_document[view.record.document_id].add(view.record.id)
    return {view.record.id: of_document[view.record.document_id] for view in views}


def _standing(views: Sequence[RecordView]) -> list[RecordView]:
    """Return the records that searches find: of what did not happen after all there is no match."""
    found = (marks.kept_key(mark.text) for view in views for mark in view.marks)
    keys = {key.value for key in found if key}
    records = [view.record.id for view in views]
    stands = (MarkKey.key.in_(keys), MarkKey.record_id.in_(records), ~MarkKey.is_void)
    known = set(db.session.scalars(select(MarkKey.record_id).where(*stands)))
    return [view for view in views if view.record.id in known]
