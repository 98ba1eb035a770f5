"""Write and read the events of permits, shipments and licensees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.core.actor import Actor
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits.models import Licensee, Permit
from salsa_ext.trade.shipments.models import Shipment


@dataclass(frozen=True)
class NewEvent:
    """An event to write; `occurred_at` is now if None."""

    subject: Permit | Shipment | Licensee
    kind: str
    reason: str | None = None
    occurred_at: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def add_events(actor: Actor, events: Sequence[NewEvent]) -> None:
    """Write events of the actor's state for the states concerned."""
    insert_many(TradeEvent, [_event_row(actor, note) for note in events])


def _event_row(actor: Actor, event: NewEvent) -> dict[str, Any]:
    now, subject = actor.now(), event.subject
    return {
        "id": new_id(),
        "owner_state": actor.own_state(),
        "concerned": sorted({actor.own_state(), *subject.concerned}),
        "subject_kind": type(subject).__tablename__,
        "subject_state": subject.owner_state,
        "subject_id": subject.id,
        "kind": event.kind,
        "occurred_at": event.occurred_at or now,
        "reason": event.reason,
        "data": dict(event.data),
        "recorded_at": now,
    }


def events_by_subject(ids: Iterable[UUID]) -> dict[UUID, list[TradeEvent]]:
    """Return the visible events of documents, by document, in order written."""
    found: dict[UUID, list[TradeEvent]] = defaultdict(list)
    query = select(TradeEvent).where(TradeEvent.subject_id.in_(list(ids))).order_by(TradeEvent.id)
    for event in db.session.scalars(query):
        found[event.subject_id].append(event)
    return found
