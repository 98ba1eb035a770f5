"""Whether two acts are one person's: what one does, a second one checks or approves."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Action, officer_id
from salsa_ext.db import db
from salsa_ext.models import AuditEntry
from salsa_ext.values.actor import Actor


def is_same(actor: Actor, account_id: UUID | None, action: Action, subject_id: UUID) -> bool:
    """Tell whether who acts did that to a subject: by the account, of commands by the officers' numbers.

    `account_id` is the account that did it, None where a command did. Who gives no number at a
    command is not told from who did it by one.
    """
    if actor.account_id is not None or account_id is not None:
        return actor.account_id == account_id
    done = select(AuditEntry.officer_id).where(
        AuditEntry.subject_id == str(subject_id), AuditEntry.action == action
    )
    first, second = db.session.scalar(done), officer_id(actor)
    return first is None or second is None or first == second
