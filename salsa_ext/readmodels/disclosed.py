"""What of a record of the own state was shown to others: read from the audit, where it was written then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, union_all

from salsa_ext.audit import SELF, Action
from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import AuditEntry, Record
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.readmodels.versions import current
from salsa_ext.values.actor import Actor

READING = "reading"


@dataclass(frozen=True)
class DisclosureView:
    """An entry of the audit as one disclosure of a record, and the version that was shown."""

    entry: AuditEntry
    version: int

    @property
    def state(self) -> str:
        """Return the state that received it: whose act it was, or to which it was given."""
        return str(self.entry.data.get("to", self.entry.owner_state))

    @property
    def given_by(self) -> str:
        """Return the state that gave it: another than the own one where it was passed on."""
        entry = self.entry
        is_passed_on = entry.data.get("through") == "form" and "to" in entry.data
        return entry.owner_state if is_passed_on else str(entry.subject_state)

    @property
    def role(self) -> str | None:
        """Return the role of who received it; None where it went to a state, and to no person of it."""
        return None if "to" in self.entry.data else self.entry.role

    @property
    def through(self) -> str:
        """Return what showed it: reading it, or the question that found it, or what tells of it by itself."""
        if through := self.entry.data.get("through"):
            return str(through)
        is_read = self.entry.action == Action.RECORD_DISCLOSED
        return READING if is_read else self.entry.subject_kind

    @property
    def is_by_itself(self) -> bool:
        """Tell whether nobody asked for it or gave it: the service did."""
        return SELF in self.entry.data or self.through in ("match", "hit")


def list_disclosures(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None, record_id: UUID
) -> Page[DisclosureView]:
    """Return a page of whom a record was shown to, newest first; raises NotFound for another's.

    Every disclosure stands here as soon as the answer is given: both are one transaction. What a
    state is shown beside a record or an alert that it keeps silent is told nobody.
    """
    require(actor, Permission.DISCLOSURE_READ)
    own = current(Record).where(Record.id == record_id, Record.owner_state == actor.state)
    if db.session.scalars(own).first() is None:
        raise NotFound("record", record_id)
    given = select(AuditEntry.id).where(
        AuditEntry.subject_kind == "record", AuditEntry.subject_id == str(record_id),
        AuditEntry.action == Action.RECORD_DISCLOSED,
    )  # fmt: skip
    shown = select(func.salsa_showings(str(record_id)))
    query = select(AuditEntry).where(AuditEntry.id.in_(union_all(given, shown)))
    if (to := filters.get("owner_state")) is not None:  # who read it, or to whom it was sent
        reader = func.coalesce(AuditEntry.data["to"].astext, AuditEntry.owner_state)
        query = query.where(reader == to)
    for name in ("purpose", "case_number"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(AuditEntry, name) == value)
    found = page(query, AuditEntry.id, limit, cursor)
    return found.of(_views(record_id, found.items))


def _views(record_id: UUID, entries: Sequence[AuditEntry]) -> list[DisclosureView]:
    """Complete entries with the version that was shown: the one that stood then, where they name none."""
    is_named = all("version" in entry.data for entry in entries)
    written = {} if is_named else _written(record_id)
    return [
        DisclosureView(entry, entry.data.get("version") or _standing(written, entry.at))
        for entry in entries
    ]


def _written(record_id: UUID) -> Mapping[int, datetime]:
    columns = (Record.version, Record.recorded_at)
    rows = db.session.execute(select(*columns).where(Record.id == record_id))
    return {row.version: row.recorded_at for row in rows}


def _standing(written: Mapping[int, datetime], at: datetime) -> int:
    return max((version for version, since in written.items() if since <= at), default=1)
