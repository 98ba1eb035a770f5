"""What was decided about a document, or happened to it, told by one state: only added to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from salsa_ext.db import insert_many
from salsa_ext.models import Event, Licensee, Permit, Shipment
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id


@dataclass(frozen=True)
class Note:
    """An event of a permit, shipment or licensee; `occurred_at` is now where it is left out."""

    subject: Permit | Shipment | Licensee
    kind: str
    reason: str | None = None
    occurred_at: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def note_many(actor: Actor, notes: Sequence[Note]) -> None:
    """Write events of the actor's state down, for the states that the documents concern."""
    insert_many(Event, [_row(actor, note) for note in notes])


def _row(actor: Actor, note: Note) -> dict[str, Any]:
    now, subject = actor.now(), note.subject
    return {
        "id": new_id(), "owner_state": actor.own_state(),
        "concerned": sorted({actor.own_state(), *subject.concerned}),
        "subject_kind": type(subject).__tablename__, "subject_state": subject.owner_state,
        "subject_id": subject.id, "kind": note.kind, "occurred_at": note.occurred_at or now,
        "reason": note.reason, "data": dict(note.data), "recorded_at": now,
    }  # fmt: skip
