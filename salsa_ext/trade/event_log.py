"""Write and read the events of permits, shipments and licensees."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits.models import Licensee, Permit
from salsa_ext.trade.shipments.models import Shipment


@dataclass(frozen=True)
class NewEvent:
    """An event to write; `occurred_at` is now if None."""

    subject: Permit | Shipment | Discrepancy | Licensee
    kind: str
    reason: str | None = None
    occurred_at: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def add_events(actor: Actor, events: Sequence[NewEvent]) -> None:
    """Write events of the actor's state for the states concerned."""
    now, state = actor.now(), actor.own_state()
    rows = [
        {
            "id": new_id(),
            "owner_state": state,
            "concerned": sorted({state, *event.subject.concerned}),
            "subject_kind": type(event.subject).__tablename__,
            "subject_state": event.subject.owner_state,
            "subject_id": event.subject.id,
            "kind": event.kind,
            "occurred_at": event.occurred_at or now,
            "reason": event.reason,
            "data": dict(event.data),
            "recorded_at": now,
        }
        for event in events
    ]
    insert_many(TradeEvent, rows)


def events_by_subject(ids: Iterable[UUID]) -> dict[UUID, list[TradeEvent]]:
    """Return the visible events of documents, by document, in order written."""
    query = select(TradeEvent).where(TradeEvent.subject_id.in_(list(ids))).order_by(TradeEvent.id)
    return group_by(db.session.scalars(query), lambda event: event.subject_id)
