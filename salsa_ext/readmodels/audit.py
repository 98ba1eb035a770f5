"""The audit as its readers see it: what the own state did, and what was done to its records."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from salsa_ext.models import AuditEntry
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.values.actor import Actor


def list_entries(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[AuditEntry]:
    """Return a page of entries that concern the own state, newest first."""
    require(actor, Permission.AUDIT_READ)
    query = select(AuditEntry)
    for name in ("action", "subject_kind", "subject_id", "owner_state"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(AuditEntry, name) == value)
    return page(query, AuditEntry.id, limit, cursor)
