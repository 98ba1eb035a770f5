"""What was told of shipments on their way, and matters until they are there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.models import Event, Shipment

OVER: Final = frozenset(("cancelled", "returned", "received", "received_short", "received_over"))


def of_shipments(shipments: Iterable[Shipment]) -> Mapping[UUID, Sequence[Event]]:
    """Return the incidents of shipments that are not over, the earliest first; one query for all."""
    going = [row.id for row in shipments if row.status not in OVER]
    found: dict[UUID, list[Event]] = defaultdict(list)
    if not going:
        return found
    query = select(Event).where(Event.subject_id.in_(going), Event.kind == "incident")
    for event in db.session.scalars(query.order_by(Event.occurred_at, Event.id)):
        found[event.subject_id].append(event)
    return found
