"""The worker's look at what was written: files, long manifests, receipts, and what is kept silent.

A single document is matched in its own request already; here two that were written at one moment
find each other too, and owners of silent records learn what matched, so that no answer takes longer
for them. Of a file the guns of the licit trade are compared with what bears the same mark: those that no other
record shares one with are left out by one question for all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select

from salsa_ext.db import db
from salsa_ext.matching import marks
from salsa_ext.matching.pairs import READ_AFIELD
from salsa_ext.models import MarkKey, MatchWait
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.records import RecordView, by_id, with_other_marks
from salsa_ext.services import matches, proposals
from salsa_ext.services.proposals import Look
from salsa_ext.values.actor import Actor

FEW: Final = 20


def run(*, actor: Actor) -> int:
    """Match the records of the oldest row that waits in the actor's state; returns how many.

    Safe to run anywhere, twice, at once: rows that another run holds are passed over, and what was
    proposed is proposed once.
    """
    require(actor, Permission.MATCH_DECIDE)
    waiting = select(MatchWait.id, MatchWait.record_ids).where(
        MatchWait.owner_state == actor.own_state()
    )
    oldest = waiting.order_by(MatchWait.id).limit(1).with_for_update(skip_locked=True)
    row = db.session.execute(oldest).first()
    if row is None:
        return 0
    db.session.execute(delete(MatchWait).where(MatchWait.id == row.id))
    is_bulk = len(row.record_ids) > FEW
    _propose(actor, _worth(by_id(row.record_ids), is_bulk=is_bulk), is_bulk=is_bulk)
    return len(row.record_ids)


def _propose(actor: Actor, views: Sequence[RecordView], *, is_bulk: bool) -> None:
    documents: dict[UUID, set[UUID]] = defaultdict(set)
    for view in views:
        documents[view.record.document_id].add(view.record.id)
    found = [
        (view, matches.searched(
            actor, view, documents[view.record.document_id], stands=True,
            is_near=not is_bulk or view.record.event in READ_AFIELD,
        ))
        for view in views
    ]  # fmt: skip
    changed = with_other_marks([view for view in views if view.record.version > 1])
    proposals.propose(actor, found, Look(changed, is_late=True))


def _worth(views: Sequence[RecordView], *, is_bulk: bool) -> list[RecordView]:
    """Return those that stand in searches and, in bulk, were read afield or share their mark."""
    found = (marks.kept_key(mark.text) for view in views for mark in view.marks)
    keys = {key.value for key in found if key}
    bearers: dict[int, set[UUID]] = defaultdict(set)
    stands = (MarkKey.key.in_(keys), ~MarkKey.is_void, ~MarkKey.is_superseded)
    for key, record_id in db.session.execute(select(MarkKey.key, MarkKey.record_id).where(*stands)):
        bearers[key].add(record_id)
    standing = {one for some in bearers.values() for one in some}
    shared = {one for some in bearers.values() if len(some) > 1 for one in some}
    return [
        view for view in views
        if view.record.id in (shared if is_bulk and view.record.event not in READ_AFIELD
                              else standing)
    ]  # fmt: skip
