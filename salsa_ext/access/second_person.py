"""The rule that one person does, and a second one approves."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import Action, resolve_officer
from salsa_ext.access.models import AuditEntry
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db


def is_same_person(actor: Actor, subject_id: UUID, *actions: Action) -> bool:
    """Return whether the actor already acted so on a subject.

    Four-eyes check: what one person does, a second one approves. The same account or officer number
    is the same person. An actor without account and number counts as having done it; so do two
    commands without a number.
    """
    done = select(AuditEntry.account_id, AuditEntry.officer_id).where(
        AuditEntry.subject_id == str(subject_id), AuditEntry.action.in_(actions)
    )
    officer = resolve_officer(actor)
    if actor.account_id is None and officer is None:
        return True
    return any(_is_same_actor(actor, officer, *who) for who in db.session.execute(done))


def _is_same_actor(
    actor: Actor, officer: UUID | None, account_then: UUID | None, officer_then: UUID | None
) -> bool:
    if actor.account_id is not None and actor.account_id == account_then:
        return True
    if officer_then is None:
        return actor.account_id is None and account_then is None
    return officer_then == officer
