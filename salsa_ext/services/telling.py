"""Who is told of what happens to a shipment (Model Regulations 9.7, 9.8 and 9.10)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from salsa_ext.models import Shipment
from salsa_ext.services.notifications import notify_many
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice

ROLES: Final = ("licensing_officer", "border_officer")


@dataclass(frozen=True)
class News:
    """What is told of a shipment to states: a code, and data without personal values."""

    shipment: Shipment
    code: str
    to: Collection[str]
    data: dict[str, Any] = field(default_factory=dict)


def others(actor: Actor, shipment: Shipment) -> list[str]:
    """Return the states that a shipment concerns, but for the actor's own."""
    return [state for state in shipment.concerned if state != actor.state]


def posted(actor: Actor, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let the other states know of shipments that were just posted, by their rows."""
    notify_many(actor, [
        Notice(state, ROLES, "shipment_posted", "shipment", row["id"], row["owner_state"],
               row["number"])
        for row in rows for state in row["concerned"] if state != actor.state
    ])  # fmt: skip


def tell(actor: Actor, news: Sequence[News]) -> None:
    """Let the licensing and border officers of states know."""
    notify_many(actor, [
        Notice(state, ROLES, each.code, "shipment", each.shipment.id, each.shipment.owner_state,
               each.shipment.number, each.data)
        for each in news for state in each.to
    ])  # fmt: skip
