"""The audit as its readers see it: what the own state did, and what was done to its records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, String, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from salsa_ext.audit import AUTOMATIC, SELF, Action
from salsa_ext.db import NO_STATE, db
from salsa_ext.models import AuditEntry, Officer
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import known
from salsa_ext.readmodels.known import Known, as_id
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.values.actor import Actor

NAMED: Final = 5
"""Records of one entry that are named beside their ids."""


@dataclass(frozen=True)
class EntryView:
    """An act; who did it, and for which traces, is told the own state alone: others ask that state.

    `by_itself` where the service did it, be it upon what a person did. `number` is that of the own
    state's document it was done to, `records` are the first of its records that it is of.
    """

    entry: AuditEntry
    account: UUID | None
    officer: str | None
    data: dict[str, Any]
    number: str | None = None
    records: Sequence[Known] = ()

    @property
    def more(self) -> int:
        """Return of how many records more it is."""
        return max(len(self.entry.data.get("records", ())) - NAMED, 0) if self.records else 0

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
    """Return a page of entries that concern the own state, newest first.

    `subject_id` may be the number of a document, or a serial, of the own state's records.
    """
    require(actor, Permission.AUDIT_READ)
    query, entry = _all()
    if (typed := filters.get("subject_id")) is not None:
        query, entry = _of_subjects({typed, *map(str, known.ids_of(actor, typed))})
    for name in ("action", "subject_kind", "owner_state"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(entry, name) == value)
    found = page(query, entry.id, limit, cursor)
    return found.of(_views(actor, found.items))


def _all() -> tuple[Select[Any], Any]:
    return select(AuditEntry), AuditEntry


def _of_subjects(ids: Collection[str]) -> tuple[Select[Any], Any]:
    """Select the entries of subjects, each by its index; returns the entity that is selected too.

    Asked for a manifest's thousands in one condition, the database walks the whole audit for a page.
    """
    given = func.unnest(literal([*ids], ARRAY(String))).table_valued("id", name="given")
    given = given.render_derived()
    of_one = select(AuditEntry).where(AuditEntry.subject_id == given.c.id).offset(0)
    entry = aliased(AuditEntry, of_one.correlate(given).lateral("entry"))
    return select(entry).select_from(given).join(entry, true()), entry


def _views(actor: Actor, entries: Sequence[AuditEntry]) -> list[EntryView]:
    officers = select(Officer.id, Officer.number).where(
        Officer.id.in_([entry.officer_id for entry in entries if entry.officer_id])
    )
    officer = {row.id: row.number for row in db.session.execute(officers)}
    of = {entry.id: _records_in(entry) for entry in entries}
    found = known.of_records(actor, {one for ids in of.values() for one in ids})
    subjects = {entry.id: (entry.subject_kind, as_id(entry.subject_id)) for entry in entries}
    numbers = known.numbers_of(actor, subjects.values())
    return [
        replace(_view(actor, entry, officer), number=numbers.get(subjects[entry.id]),
                records=[found[one] for one in of[entry.id] if one in found])
        for entry in entries
    ]  # fmt: skip


def _view(actor: Actor, entry: AuditEntry, officers: Mapping[UUID | None, str]) -> EntryView:
    if entry.owner_state == (actor.state or NO_STATE):
        return EntryView(entry, entry.account_id, officers.get(entry.officer_id), _data(entry))
    return EntryView(entry, None, None, _without_traces(entry))


def _records_in(entry: AuditEntry) -> list[UUID]:
    """Return the ids of the first records that an entry is of; the own state's are told from others' later."""
    said = entry.data.get("records") or [entry.data.get("record")]
    listed = [*said[:NAMED], entry.subject_id if entry.subject_kind == "record" else None]
    ids = [as_id(one) for one in listed if isinstance(one, str)]
    return [*dict.fromkeys(one for one in ids if one)]


def _data(entry: AuditEntry) -> dict[str, Any]:
    """Return what an own entry says; that of a correction is about traces in which others looked."""
    if entry.action == Action.RECORD_CORRECTED:
        return _without_traces(entry)
    return {name: value for name, value in entry.data.items() if name != SELF}


def _without_traces(entry: AuditEntry) -> dict[str, Any]:
    """Return what is said but for the traces: a state may not know that there are such."""
    return {name: value for name, value in entry.data.items() if name not in ("about", SELF)}
