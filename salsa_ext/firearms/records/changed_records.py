"""Records and shipments changed in a transaction, whose recipients are sent them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from salsa_ext.database.session import db
from salsa_ext.tracing.traces.values import CorrectionRecipients

CHANGES_KEY: Final = "changed_records"


@dataclass
class RecordChanges:
    """Changed records of a state, and shipments with all their guns."""

    records: set[UUID] = field(default_factory=set)
    shipments: set[UUID] = field(default_factory=set)
    recipients: CorrectionRecipients | None = None


def mark_changed(
    state: str, records: Iterable[UUID] = (), *, shipments: Iterable[UUID] = ()
) -> None:
    """Mark records of a state, or its shipments' status, as changed."""
    changes = changes_by_state().setdefault(state, RecordChanges())
    changes.records.update(records)
    changes.shipments.update(shipments)
    changes.recipients = None


def discard_changes() -> None:
    """Discard the marked changes: the transaction failed."""
    db.session.info.pop(CHANGES_KEY, None)


def changes_by_state() -> dict[str, RecordChanges]:
    """Return the changes of this transaction, by owner state."""
    changes: dict[str, RecordChanges] = db.session.info.setdefault(CHANGES_KEY, {})
    return changes
