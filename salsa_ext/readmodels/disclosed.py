"""To whom a record of the own state was given: read from the audit, where it was written then."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.audit import Action
from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import AuditEntry, Record
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.readmodels.versions import current
from salsa_ext.values.actor import Actor


def list_disclosures(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None, record_id: UUID
) -> Page[AuditEntry]:
    """Return a page of whom a record was given to, newest first; raises NotFound for another's.

    Every disclosure stands here as soon as the answer is given: both are one transaction.
    """
    require(actor, Permission.DISCLOSURE_READ)
    own = current(Record).where(Record.id == record_id, Record.owner_state == actor.state)
    if db.session.scalars(own).first() is None:
        raise NotFound("record", record_id)
    query = select(AuditEntry).where(
        AuditEntry.subject_kind == "record", AuditEntry.subject_id == str(record_id),
        AuditEntry.action == Action.RECORD_DISCLOSED,
    )  # fmt: skip
    if (to := filters.get("owner_state")) is not None:  # who read it, or to whom it was sent
        reader = func.coalesce(AuditEntry.data["to"].astext, AuditEntry.owner_state)
        query = query.where(reader == to)
    for name in ("purpose", "case_number"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(AuditEntry, name) == value)
    return page(query, AuditEntry.id, limit, cursor)
