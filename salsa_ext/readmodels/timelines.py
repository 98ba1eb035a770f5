"""What happened to a shipment, one thing after the other, whichever table keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from salsa_ext.models import Checkpoint, Event


@dataclass(frozen=True)
class Told:
    """One thing that a state told of a shipment; a receipt stands at the moment of its telling."""

    owner_state: str
    kind: str
    occurred_at: datetime
    reason: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def timeline(
    events: Iterable[Event], ticks: Iterable[Checkpoint], receipts: Iterable[Any]
) -> list[Told]:
    """Return events, ticks and receipts (as `receipts.told_of` has them) in order of their moments."""
    told = [
        Told(event.owner_state, event.kind, event.at, event.reason, event.data) for event in events
    ]
    told += map(_ticked, ticks)
    told += map(_received, receipts)
    return sorted(told, key=lambda each: each.occurred_at)


def _ticked(tick: Checkpoint) -> Told:
    said = {"stage": tick.stage, "outcome": tick.outcome, "post": tick.post, "seals": tick.seals}
    return Told(tick.owner_state, "checkpoint", tick.at, tick.reason, said)


def _received(receipt: Any) -> Told:
    came_back = receipt.owner_state == receipt.shipment_state
    first = "came_back" if came_back else "received"
    said = {"on": receipt.received_on.isoformat(), "items": receipt.item_count,
            "missing": receipt.missing, "unexpected": receipt.unexpected,
            "miskeyed": receipt.miskeyed, "version": receipt.version}  # fmt: skip
    return Told(receipt.owner_state, first if receipt.version == 1 else "receipt_corrected",
                receipt.recorded_at, receipt.reason, said)  # fmt: skip
