"""What a state says of the receipt: what arrived, or came back, by its lines; and asking for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from api.schemas.movements import AskRequest
from api.schemas.shipments import ReceiptCorrectionRequest, ReceiptRequest
from api.web.bodies import lines_of
from api.web.desk.doings import Doing, Doings, Field
from api.web.typed import Form, amount
from salsa_ext.errors import say
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import papers, permits
from salsa_ext.readmodels import receipts as receipt_versions
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.loose import Loose, has_serials, loose_of
from salsa_ext.readmodels.shipments import ShipmentView
from salsa_ext.services import receipt_corrections, receipts, reminders
from salsa_ext.values.actor import Actor

MOST_SHOWN, MOST_TYPED = 2_000, 100_000
MOVING = ("planned", "released", "in_transit", "arrived", "overdue", "held")
RECEIVED = (
    Field("received_on", say("Received on"), "date", required=True),
    Field("all", say("Everything arrived as it was shipped"), "flag"),
    Field("items", say("Serial numbers that arrived"), "area", most=MOST_TYPED,
          hint=say("Only if not everything arrived: as they are stamped, one on each line.")),
)  # fmt: skip
SURE = Field(
    "confirm_nothing_matches", say("It is the right list, even if none of it was shipped"), "flag",
    hint=say("Only if the service asks: a list without any serial number that was shipped is most likely"
             " that of another shipment."),
)  # fmt: skip
MARK = Field("import_mark.text", say("Import mark that every gun gets"), required=False,
             most=100, hint=say("The importer and its place, as it is stamped."))  # fmt: skip
WHY = Field("reason", say("Reason"), "area", required=True, most=1000,
            hint=say("The states concerned read it."))  # fmt: skip
CONFIRMED = ("received", "received_short", "received_over", "returned")
NONE = Field("none", say("Nothing that has a serial number arrived"), "flag")


def start_received(actor: Actor, view: ShipmentView) -> dict[str, str]:
    """Let the form open with today, and with what was shipped of goods without serial numbers."""
    sent = {f"loose.{part.line}": part.shown for part in loose_of(view.shipment)}
    return {"received_on": today(actor).isoformat()} | sent


def start_corrected(actor: Actor, view: ShipmentView) -> dict[str, str]:
    """Let the form open with what was told, so that only what was wrong is typed.

    A list that is too long for the form is typed anew.
    """
    receipt = view.receipt
    if receipt is None:
        return start_received(actor, view)
    told = {"received_on": receipt.received_on.isoformat()}
    if receipt.import_mark:
        told["import_mark.text"] = receipt.import_mark["text"]
    listed = "\n".join(receipt_versions.listed(receipt, MOST_SHOWN) or ())
    if len(listed) <= MOST_TYPED:
        told["items"] = listed
    differs = {row["line"]: Decimal(row["quantity"]) for row in receipt.differences}
    came = {f"loose.{part.line}": papers.amount(part.quantity + differs.get(part.line, 0))
            for part in loose_of(view.shipment)}  # fmt: skip
    return told | came


def received_loose(view: ShipmentView) -> tuple[Field, ...]:
    """Return a field for the goods of each line without serial numbers; what has some may be none."""
    parts = loose_of(view.shipment)
    fields = tuple(
        Field(f"loose.{part.line}", say("Line {number}: quantity received", number=part.line),
              "amount", hint=say("Shipped: {count}", count=part.shown))
        for part in parts
    )  # fmt: skip
    return (NONE, *fields) if parts and has_serials(view.shipment) else fields


def list_received(body: dict[str, Any], view: ShipmentView, form: Form) -> None:
    """Let the lines of the form be serials, and the quantities those of their lines.

    What the form opened with says nothing of the guns: these are listed, or said not to have come.
    """
    parts = loose_of(view.shipment)
    body["items"] = [{"serial": serial} for serial in lines_of(form.get("items"))]
    body["bulk"] = [_part(part, typed) for part in parts
                    if (typed := form.get(f"loose.{part.line}")) not in ("", "0")]  # fmt: skip
    as_sent = all(form.get(f"loose.{part.line}") == part.shown for part in parts)
    is_silent = not body["items"] and form.get("none") != "true" and has_serials(view.shipment)
    if as_sent if body.get("all") else is_silent:
        body["bulk"] = []


def _part(part: Loose, typed: str) -> dict[str, Any]:
    quantity = float(part.quantity) if typed == part.shown else amount(typed)
    lot = {"lot": part.lot} if part.lot else {}
    return {"line": part.line, "quantity": quantity} | lot


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


DOINGS: Doings = (
    Doing(
        "receipt", say("Confirm the receipt"),
        say("Say what arrived in your country (CIFTA IX.4). What you list and what was shipped are compared,"
            " and every state concerned sees what is missing."),
        ReceiptRequest, receipts.confirm, Permission.RECEIPT_RECORD, (*MOVING, "lost"),
        (*RECEIVED, SURE, MARK),
        is_own=False, is_versioned=False,
        is_for=lambda actor, view: view.shipment.importing_state == actor.state,
        start=start_received,
        more=received_loose, settle=list_received,
    ),
    Doing(
        "correct", say("Correct the receipt"),
        say("Say anew what arrived in your country: all of it, not only what was wrong. It takes the place of"
            " what you said before, which stays to be read, and is compared anew with what was shipped."),
        ReceiptCorrectionRequest, receipt_corrections.correct, Permission.RECEIPT_RECORD, CONFIRMED,
        (WHY, *RECEIVED, SURE, MARK), is_own=False,
        is_for=lambda actor, view: (
            view.receipt is not None and view.shipment.importing_state == actor.state
        ),
        start=start_corrected,
        more=received_loose, settle=list_received,
    ),
    Doing(
        "return", say("Confirm what came back"),
        say("Say what came back to your country of a shipment that was refused, or that left for a time."),
        ReceiptRequest, receipts.confirm, Permission.RECEIPT_RECORD,
        (*MOVING, "received", "received_short", "received_over"), (*RECEIVED, SURE),
        is_versioned=False, is_for=came_back,
        start=start_received,
        more=received_loose, settle=list_received,
    ),
    Doing(
        "ask", say("Ask for the receipt"),
        say("Ask the importing state to confirm what arrived (Model Regulations 9.7)."),
        AskRequest, reminders.ask_receipt, Permission.RECEIPT_ASK,
        ("in_transit", "arrived", "held", "lost", "overdue"), (),
        is_versioned=False, is_dataless=True,
        is_for=lambda actor, view: view.shipment.status != "planned",
    ),
)  # fmt: skip
