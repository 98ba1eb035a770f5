"""What was amended of a permit, as its paper shows it (Model Regulations 8.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from salsa_ext.models import Event
from salsa_ext.readmodels.days import days
from salsa_ext.readmodels.parties import Parties, parties_of
from salsa_ext.readmodels.permits import PermitView
from salsa_ext.values.actor import Actor


def of_permit(actor: Actor, view: PermitView) -> tuple[list[dict[str, Any]], Parties]:
    """Return each amended field with its day, old and new value and who authenticated it by which sign.

    The day is that of the issuing state. The parties are the carriers that were named before and
    after, whose names stand in the values.
    """
    amended = [event for event in view.events if event.kind == "amended"]
    if not amended:
        return [], {}
    carriers = parties_of(_carriers(amended))
    zones, permit = days(actor), view.permit
    rows = [
        {"on": zones.on(permit.owner_state, event.occurred_at).isoformat(), "field": field,
         "before": _named(carriers, field, before),
         "after": _named(carriers, field, event.data["after"].get(field)),
         "agency": permit.agency, "authentication": event.data.get("authentication")}
        for event in amended for field, before in sorted(event.data["before"].items())
    ]  # fmt: skip
    return rows, carriers


def _carriers(amended: Iterable[Event]) -> Iterator[UUID | None]:
    for event in amended:
        for said in (event.data["before"], event.data["after"]):
            yield UUID(said["carrier"]) if said.get("carrier") else None


def _named(carriers: Parties, field: str, value: str | None) -> str | None:
    """Return a value as it is read: a carrier by the name that stands with the parties."""
    if field != "carrier" or value is None:
        return value
    party = carriers.get(UUID(value))
    return party.name if party else None
