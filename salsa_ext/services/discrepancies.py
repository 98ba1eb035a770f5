"""Discrepancies: raised once by the facts, resolved when the facts no longer show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import as_state, db, insert_many
from salsa_ext.matching.doubts import Doubt
from salsa_ext.models import Discrepancy, Permit, Position, Shipment
from salsa_ext.services import announcements
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id

Subject = Permit | Shipment
Doubts = Mapping[Subject, Collection[Doubt]]


def settle(actor: Actor, subjects: Doubts, kinds: Collection[str]) -> list[Act]:
    """Let of `kinds` exactly these doubts stand about each subject; safe to repeat.

    A new one is raised; one that is gone is resolved; one that comes again, or with other data, is
    reopened, and every state's position with it. The subjects are locked by the caller. Returns
    what was written down.
    """
    every: list[Act] = []
    by_owner: dict[str, dict[Subject, Collection[Doubt]]] = defaultdict(dict)
    for subject, doubts in subjects.items():
        by_owner[subject.owner_state][subject] = doubts
    for owner, owned in by_owner.items():
        with as_state(actor, owner):
            acts = _settle(owned, kinds, actor.now())
        _open_positions(actor, [act for act in acts if act.action is Action.DISCREPANCY_REOPENED])
        announcements.of_discrepancies(actor, acts, _numbers(owned, acts))
        append_many(actor, acts)
        every += acts
    return every


def _numbers(owned: Doubts, acts: Sequence[Act]) -> dict[str, str]:
    """Return the number of the document that each discrepancy is about."""
    about = {str(subject.id): subject.number for subject in owned}
    return {str(act.subject_id): about[act.data["subject"]] for act in acts}


def _settle(owned: Doubts, kinds: Collection[str], now: datetime) -> list[Act]:
    ids = [subject.id for subject in owned]
    wanted = select(Discrepancy).where(Discrepancy.subject_id.in_(ids), Discrepancy.kind.in_(kinds))
    locked = wanted.order_by(Discrepancy.id).with_for_update()  # states explain them meanwhile
    found = db.session.scalars(locked.execution_options(populate_existing=True))
    standing = {(each.subject_id, each.kind, each.key): each for each in found}
    raised, acts = [], []
    for subject, doubts in owned.items():
        for doubt in doubts:
            known = standing.pop((subject.id, doubt.kind, doubt.key), None)
            if known is None:
                raised.append(_row(subject, doubt, now))
            elif known.status == "resolved" or known.data != dict(doubt.data):
                known.data = dict(doubt.data)
                acts.append(_move(known, "reopened", now))
    for gone in standing.values():
        if gone.status != "resolved":
            acts.append(_move(gone, "resolved", now))
    db.session.flush()  # while the owner's rows may be written
    insert_many(Discrepancy, raised)
    return [_raised(row) for row in raised] + acts


def _row(subject: Subject, doubt: Doubt, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(), "owner_state": subject.owner_state, "concerned": list(subject.concerned),
        "version": 1, "kind": doubt.kind, "key": doubt.key,
        "subject_kind": type(subject).__tablename__, "subject_id": subject.id,
        "subject_number": subject.number, "status": "open", "data": dict(doubt.data),
        "raised_at": now, "changed_at": now,
    }  # fmt: skip


def _move(known: Discrepancy, status: str, now: datetime) -> Act:
    known.status, known.changed_at = status, now
    known.version += 1
    action = Action.DISCREPANCY_RESOLVED if status == "resolved" else Action.DISCREPANCY_REOPENED
    return act_of(known, action)


def act_of(discrepancy: Discrepancy, action: Action) -> Act:
    """Return the act of something that was done to a discrepancy."""
    return Act(action, "discrepancy", discrepancy.id, discrepancy.owner_state,
               discrepancy.concerned,
               {"kind": discrepancy.kind, "subject": str(discrepancy.subject_id)})  # fmt: skip


def _raised(row: Mapping[str, Any]) -> Act:
    return Act(Action.DISCREPANCY_RAISED, "discrepancy", row["id"], row["owner_state"],
               row["concerned"], {"kind": row["kind"], "subject": str(row["subject_id"])})  # fmt: skip


def _open_positions(actor: Actor, reopened: Sequence[Act]) -> None:
    """Let every state look anew at what new facts reopened."""
    ids: dict[str, list[UUID]] = defaultdict(list)
    for act in reopened:
        for state in act.concerned:
            ids[state].append(UUID(str(act.subject_id)))
    for state, own in sorted(ids.items()):
        with as_state(actor, state):
            of_state = Position.owner_state == state
            opened = update(Position).where(Position.discrepancy_id.in_(own), of_state)
            db.session.execute(opened.values(stance="open", changed_at=actor.now()))
