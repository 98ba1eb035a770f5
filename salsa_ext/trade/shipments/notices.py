"""Notifications about shipments (Model Regulations 9.7, 9.8, 9.10)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from salsa_ext.core.actor import Actor
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.values import Notice
from salsa_ext.trade.shipments.models import Shipment

SHIPMENT_RECIPIENTS: Final = ("licensing_officer", "border_officer")


@dataclass(frozen=True)
class ShipmentNotice:
    """A notice about a shipment to states: code and non-personal data."""

    shipment: Shipment
    code: str
    to: Collection[str]
    data: dict[str, Any] = field(default_factory=dict)


def other_states(actor: Actor, shipment: Shipment) -> list[str]:
    """Return the states concerned except the actor's own."""
    return [state for state in shipment.concerned if state != actor.state]


def notify_recorded(actor: Actor, rows: Sequence[Mapping[str, Any]]) -> None:
    """Notify the other states of newly recorded shipments, given as rows."""
    notify_many(
        actor,
        [
            Notice(
                state,
                SHIPMENT_RECIPIENTS,
                "shipment_posted",
                "shipment",
                row["id"],
                row["owner_state"],
                row["number"],
            )
            for row in rows
            for state in row["concerned"]
            if state != actor.state
        ],
    )


def notify_states(actor: Actor, notices: Sequence[ShipmentNotice]) -> None:
    """Notify the licensing and border officers of states."""
    notify_many(
        actor,
        [
            Notice(
                state,
                SHIPMENT_RECIPIENTS,
                each.code,
                "shipment",
                each.shipment.id,
                each.shipment.owner_state,
                each.shipment.number,
                each.data,
            )
            for each in notices
            for state in each.to
        ],
    )
