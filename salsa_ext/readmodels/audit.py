"""The audit as its readers see it: what the own state did, and what was done to its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import AUTOMATIC, SELF, Action
from salsa_ext.db import NO_STATE, db
from salsa_ext.models import AuditEntry, Officer
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.values.actor import Actor


@dataclass(frozen=True)
class EntryView:
    """An act; who did it, and for which traces, is told the own state alone: others ask that state.

    `by_itself` where the service did it, be it upon what a person did.
    """

    entry: AuditEntry
    account: UUID | None
    officer: str | None
    data: dict[str, Any]

    @property
    def by_itself(self) -> bool:
        """Tell whether no person did it."""
        return SELF in self.entry.data or self.entry.action in AUTOMATIC

    @property
    def is_upon_an_act(self) -> bool:
        """Tell whether a person's act, of the role that the entry has, made the service do it."""
        return self.by_itself and self.entry.account_id is not None


def list_entries(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[EntryView]:
    """Return a page of entries that concern the own state, newest first."""
    require(actor, Permission.AUDIT_READ)
    query = select(AuditEntry)
    for name in ("action", "subject_kind", "subject_id", "owner_state"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(AuditEntry, name) == value)
    found = page(query, AuditEntry.id, limit, cursor)
    return found.of(_views(actor, found.items))


def _views(actor: Actor, entries: Sequence[AuditEntry]) -> list[EntryView]:
    officers = select(Officer.id, Officer.number).where(
        Officer.id.in_([entry.officer_id for entry in entries if entry.officer_id])
    )
    numbers = {row.id: row.number for row in db.session.execute(officers)}
    return [
        EntryView(entry, entry.account_id, numbers.get(entry.officer_id), _data(entry))
        if entry.owner_state == (actor.state or NO_STATE)
        else EntryView(entry, None, None, _without_traces(entry))
        for entry in entries
    ]


def _data(entry: AuditEntry) -> dict[str, Any]:
    """Return what an own entry says; that of a correction is about traces in which others looked."""
    if entry.action == Action.RECORD_CORRECTED:
        return _without_traces(entry)
    return {name: value for name, value in entry.data.items() if name != SELF}


def _without_traces(entry: AuditEntry) -> dict[str, Any]:
    """Return what is said but for the traces: a state may not know that there are such."""
    return {name: value for name, value in entry.data.items() if name not in ("about", SELF)}
