"""What happened to a shipment, one thing after the other, whichever table keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from salsa_ext.models import Checkpoint, Event, Receipt


@dataclass(frozen=True)
class Told:
    """One thing that a state told of a shipment; a receipt stands at the moment of its telling."""

    owner_state: str
    kind: str
    occurred_at: datetime
    reason: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def timeline(
    events: Iterable[Event], ticks: Iterable[Checkpoint], receipts: Iterable[Receipt | None]
) -> list[Told]:
    """Return events, ticks and receipts in the order of their moments."""
    told = [
        Told(event.owner_state, event.kind, event.occurred_at, event.reason, event.data)
        for event in events
    ]
    told += map(_ticked, ticks)
    told += [_received(receipt) for receipt in receipts if receipt]
    return sorted(told, key=lambda each: each.occurred_at)


def _ticked(tick: Checkpoint) -> Told:
    said = {"stage": tick.stage, "outcome": tick.outcome, "post": tick.post, "seals": tick.seals}
    return Told(tick.owner_state, "checkpoint", tick.occurred_at, None, said)


def _received(receipt: Receipt) -> Told:
    came_back = receipt.owner_state == receipt.shipment_state
    said = {"on": receipt.received_on.isoformat(), "items": receipt.item_count,
            "missing": len(receipt.missing), "unexpected": len(receipt.unexpected),
            "miskeyed": len(receipt.miskeyed)}  # fmt: skip
    return Told(receipt.owner_state, "came_back" if came_back else "received",
                receipt.recorded_at, None, said)  # fmt: skip
