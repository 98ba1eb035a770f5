"""Who asked, as the audit has it, for those who are told of it later."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Action
from salsa_ext.db import db
from salsa_ext.models import AuditEntry, Officer
from salsa_ext.values.actor import Actor, Purpose

ASKED: Final[Mapping[str, Collection[Action]]] = {
    "check": (Action.CHECK_MADE,),
    "seizure": (Action.SEIZURE_RECORDED, Action.SEIZURE_CORRECTED, Action.MARK_ADDED),
    "trace": (Action.TRACE_SENT, Action.TRACE_REOPENED),
}
"""What somebody does to ask, by the kind of question."""


def of(actor: Actor, kind: str, causes: Collection[UUID]) -> dict[str, Actor]:
    """Return who asked last in each question of a kind that the actor's state asked."""
    asked = select(AuditEntry, Officer.number).outerjoin(
        Officer, Officer.id == AuditEntry.officer_id
    )
    wanted = (AuditEntry.owner_state == actor.own_state(), AuditEntry.action.in_(ASKED[kind]),
              AuditEntry.subject_id.in_([str(cause) for cause in causes]))  # fmt: skip
    return {
        entry.subject_id: _asker(actor, entry, number)
        for entry, number in db.session.execute(asked.where(*wanted).order_by(AuditEntry.id))
    }


def _about(entry: AuditEntry) -> tuple[str, ...]:
    return (entry.subject_id,) if entry.subject_kind == "trace" else ()


def _asker(actor: Actor, entry: AuditEntry, number: str | None) -> Actor:
    purpose = (
        Purpose(entry.purpose, entry.case_number, about=_about(entry)) if entry.purpose else None
    )
    return Actor(
        state=actor.state, role=entry.role, permissions=frozenset(), agency=entry.agency,
        account_id=entry.account_id, key_id=entry.key_id, officer=number,
        purpose=purpose, request_id=entry.request_id, clock=actor.clock,
    )  # fmt: skip
