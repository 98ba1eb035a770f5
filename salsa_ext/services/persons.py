"""Whether two acts are one person's: what one does, a second one checks or approves."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Action, officer_id
from salsa_ext.db import db
from salsa_ext.models import AuditEntry
from salsa_ext.values.actor import Actor


def is_same(actor: Actor, subject_id: UUID, *actions: Action) -> bool:
    """Tell whether who acts did any of that to a subject, or cannot be told from one who did.

    The same account is the same person, and so is the same officer's number, by whichever keys and
    commands. Who gives no number at a command is nobody's second person, nor has a second command
    one where an earlier one gave none.
    """
    done = select(AuditEntry.account_id, AuditEntry.officer_id).where(
        AuditEntry.subject_id == str(subject_id), AuditEntry.action.in_(actions)
    )
    officer = officer_id(actor)
    if actor.account_id is None and officer is None:
        return True
    return any(_is_one(actor, officer, *who) for who in db.session.execute(done))


def _is_one(
    actor: Actor, officer: UUID | None, account_then: UUID | None, officer_then: UUID | None
) -> bool:
    if actor.account_id is not None and actor.account_id == account_then:
        return True
    if officer_then is None:
        return actor.account_id is None and account_then is None
    return officer_then == officer
