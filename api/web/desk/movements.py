"""What is done to a shipment under way: stages ticked, and the receipt confirmed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for

from api.schemas.shipments import CheckpointRequest, ReceiptRequest
from api.web import sending
from api.web.access import sender, signed_in
from api.web.bodies import lines_of
from api.web.desk import doings
from api.web.desk.blueprint import blueprint
from api.web.desk.doings import Doing, Field, Subject
from api.web.sending import Form
from salsa_ext.errors import say
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import finding
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.shipments import ShipmentView
from salsa_ext.services import checkpoints, receipts
from salsa_ext.values.actor import Actor

MOVING = ("planned", "released", "in_transit", "arrived", "overdue", "held")


def received_loose(view: ShipmentView) -> tuple[Field, ...]:
    """Return a field for each lot of goods without serial numbers."""
    return tuple(
        Field(f"loose.{at}", say("Line {number}: quantity received", number=part["line"]),
              hint=say("Shipped: {count}", count=part["quantity"]))
        for at, part in enumerate(view.shipment.bulk)
    )  # fmt: skip


def list_received(body: dict[str, Any], view: ShipmentView, form: Form) -> None:
    """Let the lines of the form be serials, and the quantities those of their lines."""
    body["items"] = [{"serial": serial} for serial in lines_of(form.get("items"))]
    body["bulk"] = [
        {"line": part["line"], "quantity": sending.amount(typed)}
        | ({"lot": part["lot"]} if part.get("lot") else {})
        for at, part in enumerate(view.shipment.bulk)
        if (typed := form.get(f"loose.{at}"))
    ]


DOINGS: doings.Doings = (
    Doing(
        "receipt", say("Confirm the receipt"),
        say("Say what arrived in your country (CIFTA IX.4). What you list and what was shipped are compared,"
            " and every state concerned sees what is missing."),
        ReceiptRequest, receipts.confirm, Permission.RECEIPT_RECORD, MOVING,
        (
            Field("received_on", say("Received on"), "date", required=True),
            Field("all", say("Everything arrived as it was shipped"), "flag"),
            Field("items", say("Serial numbers that arrived"), "area", most=100_000,
                  hint=say("Only if not everything arrived: as they are stamped, one on each line.")),
        ),
        is_own=False, is_versioned=False,
        is_for=lambda actor, view: view.shipment.importing_state == actor.state,
        start=lambda actor, view: {"received_on": today(actor).isoformat()},
        more=received_loose, settle=list_received,
    ),
    Doing(
        "checkpoint", say("Tick a stage"),
        say("Say what passed on your side, and when."),
        CheckpointRequest, checkpoints.record, Permission.CHECKPOINT_RECORD, MOVING,
        (
            Field("stage", say("Stage"), "choice", "checkpoint_stage", required=True),
            Field("post", say("Border post"), "choice", "post"),
            Field("occurred_at", say("When"), "moment", required=True),
            Field("outcome", say("Outcome"), "choice", "checkpoint_outcome", required=True),
            Field("quantity", say("Pieces counted")),
            Field("seals", say("Seals"), "area", hint=say("One on each line.")),
        ),
        is_own=False, is_versioned=False,
        start=lambda actor, view: {"outcome": "passed"},
    ),
)  # fmt: skip
DONE = {
    "recorded": say("The shipment is recorded."), "receipt": say("The receipt is confirmed."),
    "checkpoint": say("The stage is ticked."),
}  # fmt: skip


def subject_of(actor: Actor, shipment_id: UUID) -> Subject:
    """Return a shipment as the pages of its doings show it."""
    return as_subject(finding.get_shipment(actor, shipment_id))


def as_subject(view: ShipmentView) -> Subject:
    """Return the same of a shipment that was read."""
    row = view.shipment
    return Subject(view, row.number, url_for("desk.shipment", shipment_id=row.id),
                   row.owner_state, view.status, "shipment_status")  # fmt: skip


@blueprint.get("/shipments/<uuid:shipment_id>/<slug:name>")
@signed_in
def move_form(actor: Actor, shipment_id: UUID, name: str) -> str:
    """Show the form of what is done to a shipment."""
    return doings.open_form(actor, doings.named(DOINGS, name), subject_of, shipment_id)


@blueprint.post("/shipments/<uuid:shipment_id>/<slug:name>")
@sender
def move(actor: Actor, shipment_id: UUID, name: str) -> Any:
    """Do it, and show the shipment."""
    doing = doings.named(DOINGS, name)
    return doings.take_form(actor, doing, subject_of, shipment_id, "shipment_id")
