"""Read what became of seized guns; for their own state alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.models import Officer
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.core.codes import FIELD_GROUPS
from salsa_ext.core.fields import OWNER, presenter
from salsa_ext.core.rows import from_row
from salsa_ext.custody.models import CustodyEntry
from salsa_ext.custody.rules import CustodyChain, Handover, build_custody
from salsa_ext.custody.values import ENTRY_CLASSES, FINAL_DISPOSITIONS, EntryData, HandoverData
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.documents.seizures import find_own_seizure
from salsa_ext.firearms.records.models import Record

ALL_GROUPS: Final = frozenset((*FIELD_GROUPS, OWNER))


@dataclass(frozen=True)
class EntryView:
    """An entry with its declared fields and the officer who made it."""

    row: CustodyEntry
    data: EntryData
    officer: str | None

    @property
    def is_current(self) -> bool:
        """Return whether it was not withdrawn."""
        return self.row.status == "standing"

    @property
    def ends_custody(self) -> bool:
        """Return whether it is a disposition after which the gun is in custody no more."""
        return self.row.kind == "disposition" and self.row.details["kind"] in FINAL_DISPOSITIONS

    def present(self) -> dict[str, Any]:
        """Return the declared fields."""
        return presenter(type(self.data), ALL_GROUPS)(self.data)


@dataclass(frozen=True)
class ItemCustody:
    """What became of one item of a seizure.

    `disposition` and `origin` are the latest that were not withdrawn; one that ends the custody goes
    before others.
    """

    line: int
    record: UUID
    chain: CustodyChain
    entries: Sequence[EntryView]
    disposition: EntryView | None
    origin: EntryView | None

    @property
    def is_in_custody(self) -> bool:
        """Return whether no disposition ended the custody."""
        return not (self.disposition and self.disposition.ends_custody)

    @property
    def holder(self) -> str | None:
        """Return who has it; None after the end of its custody."""
        return self.chain.holder if self.is_in_custody else None

    @property
    def handovers(self) -> Sequence[EntryView]:
        """Return the hand-overs, in order of time."""
        return self._of_kind("handover")

    @property
    def dispositions(self) -> Sequence[EntryView]:
        """Return the dispositions, in order of time."""
        return self._of_kind("disposition")

    @property
    def origins(self) -> Sequence[EntryView]:
        """Return the established origins, in order of time."""
        return self._of_kind("origin")

    def _of_kind(self, kind: str) -> Sequence[EntryView]:
        return [entry for entry in self.entries if entry.row.kind == kind]


@dataclass(frozen=True)
class SeizureCustody:
    """What became of the items of a seizure, by line."""

    seizure_id: UUID
    items: Sequence[ItemCustody]


def read_custody(actor: Actor, seizure_id: UUID) -> SeizureCustody:
    """Return hand-overs with their gaps, dispositions and origins of an own seizure; raises NotFound."""
    require(actor, Permission.SEIZURE_READ)
    seizure = find_own_seizure(actor, seizure_id)
    query = select_current(CustodyEntry).where(CustodyEntry.seizure_id == seizure_id)
    rows = db.session.scalars(query.order_by(CustodyEntry.id)).all()
    officer_ids = {row.officer_id for row in rows} - {None}
    named = select(Officer.id, Officer.number).where(Officer.id.in_(officer_ids))
    officers = dict(db.session.execute(named).tuples().all()) if officer_ids else {}
    views = [
        EntryView(
            row,
            from_row(ENTRY_CLASSES[row.kind], row),
            officers.get(row.officer_id) if row.officer_id else None,
        )
        for row in rows
    ]
    views.sort(key=lambda view: (view.row.occurred_on, view.row.id))
    by_line = group_by(views, lambda view: view.row.line)
    items = select_current(Record).where(Record.document_id == seizure_id)
    lines = db.session.execute(
        items.with_only_columns(Record.line, Record.id).order_by(Record.line)
    )
    return SeizureCustody(
        seizure_id,
        [_item_custody(seizure.agency, line, record, by_line[line]) for line, record in lines],
    )


def _item_custody(
    agency: str, line: int, record: UUID, entries: Sequence[EntryView]
) -> ItemCustody:
    current = [entry for entry in entries if entry.is_current]
    latest = {entry.row.kind: entry for entry in current}
    ended = [entry.row.occurred_on for entry in current if entry.ends_custody]
    handovers = [
        Handover(entry.row.id, data.occurred_at, data.occurred_on, data.giver, data.receiver)
        for entry in current
        if isinstance(data := entry.data, HandoverData) and data.occurred_at
    ]
    chain = build_custody(agency, handovers, min(ended, default=None))
    disposition = next(
        (entry for entry in current if entry.ends_custody), latest.get("disposition")
    )
    return ItemCustody(line, record, chain, entries, disposition, latest.get("origin"))
