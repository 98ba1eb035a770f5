"""Whether two acts are one person's: what one does, a second one checks or approves."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Action, officer_id
from salsa_ext.db import db
from salsa_ext.models import AuditEntry
from salsa_ext.values.actor import Actor


def is_same(actor: Actor, account_id: UUID | None, action: Action, subject_id: UUID) -> bool:
    """Tell whether who acts did that to a subject, or cannot be told from who did.

    `account_id` is the account that did it, None where a command did. The same account is the same
    person, and so is the same officer's number, by whichever keys and commands. Who gives no number
    at a command is nobody's second person, nor has a second command one where the first gave none.
    """
    if actor.account_id is not None and actor.account_id == account_id:
        return True
    done = select(AuditEntry.officer_id).where(
        AuditEntry.subject_id == str(subject_id), AuditEntry.action == action
    )
    first, second = db.session.scalar(done), officer_id(actor)
    if actor.account_id is None and (second is None or (account_id is None and first is None)):
        return True
    return first is not None and first == second
