"""The form of a receipt: what arrived, or came back, by its lines."""

from __future__ import annotations

from typing import Any

from api.web.bodies import lines_of
from api.web.desk.doings import Field
from api.web.typed import Form, amount
from salsa_ext.errors import say
from salsa_ext.readmodels import permits
from salsa_ext.readmodels.shipments import ShipmentView
from salsa_ext.values.actor import Actor


def received_loose(view: ShipmentView) -> tuple[Field, ...]:
    """Return a field for each lot of goods without serial numbers."""
    return tuple(
        Field(f"loose.{at}", say("Line {number}: quantity received", number=part["line"]), "amount",
              hint=say("Shipped: {count}", count=part["quantity"]))
        for at, part in enumerate(view.shipment.bulk)
    )  # fmt: skip


def list_received(body: dict[str, Any], view: ShipmentView, form: Form) -> None:
    """Let the lines of the form be serials, and the quantities those of their lines."""
    body["items"] = [{"serial": serial} for serial in lines_of(form.get("items"))]
    body["bulk"] = [
        {"line": part["line"], "quantity": amount(typed)}
        | ({"lot": part["lot"]} if part.get("lot") else {})
        for at, part in enumerate(view.shipment.bulk)
        if (typed := form.get(f"loose.{at}"))
    ]


def came_back(actor: Actor, view: ShipmentView) -> bool:
    """Tell whether a shipment may come back: it was refused, or left for a time."""
    if view.came_back or view.shipment.status == "planned":
        return False
    refused = any(tick.outcome == "refused" for tick in view.checkpoints)
    told = any(event.data.get("kind") == "refused_entry" for event in view.events)
    return refused or told or _is_temporary(actor, view)


def _is_temporary(actor: Actor, view: ShipmentView) -> bool:
    permit = permits.get_permit(actor, view.shipment.permit_id).permit
    return permit.regime == "temporary" and bool(view.checkpoints)
