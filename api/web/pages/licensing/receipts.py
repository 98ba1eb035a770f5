"""Actions on receipts: confirm, correct, return, request."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from api.schemas.receipts import ReceiptCorrectionRequest, ReceiptRequest
from api.schemas.shipments import ReceiptReminderRequest
from api.web.actions import Action, ActionField, Actions
from api.web.form_bodies import split_lines
from api.web.forms import Form, parse_number
from salsa_ext.access.permissions import Permission
from salsa_ext.core import text
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.reference.calendars import today
from salsa_ext.trade.permits import queries as permit_queries
from salsa_ext.trade.receipts import queries as receipt_queries
from salsa_ext.trade.receipts import receipt_corrections, receipts
from salsa_ext.trade.receipts.queries import UnserialisedLine, has_serials, list_unserialised
from salsa_ext.trade.shipments.queries import ShipmentView

MAX_LISTED, MAX_TYPED = 2_000, 100_000
MOVING_STATUSES = ("planned", "released", "in_transit", "arrived", "overdue", "held")
RECEIPT_FIELDS = (
    ActionField("received_on", message("Received on"), "date", required=True),
    ActionField("all", message("Everything arrived as it was shipped"), "flag"),
    ActionField(
        "items",
        message("Serial numbers that arrived"),
        "area",
        most=MAX_TYPED,
        hint=message("Only if not everything arrived: as they are stamped, one on each line."),
    ),
)
CONFIRM_FIELD = ActionField(
    "confirm_nothing_matches",
    message("It is the right list, even if none of it was shipped"),
    "flag",
    hint=message(
        "Only if the service asks: a list without any serial number that was shipped is most likely"
        " that of another shipment."
    ),
)
IMPORT_MARK_FIELD = ActionField(
    "import_mark.text",
    message("Import mark that every gun gets"),
    required=False,
    most=100,
    hint=message("The importer and its place, as it is stamped."),
)
REASON = ActionField(
    "reason",
    message("Reason"),
    "area",
    required=True,
    most=1000,
    hint=message("The states concerned read it."),
)
CORRECTABLE_STATUSES = ("received", "received_short", "received_over", "returned")
NO_SERIALS_FIELD = ActionField("none", message("Nothing that has a serial number arrived"), "flag")


def receipt_values(actor: Actor, view: ShipmentView) -> dict[str, str]:
    """Return initial values: today, the shipped bulk quantities."""
    sent = {f"loose.{part.line}": part.quantity_text for part in list_unserialised(view.shipment)}
    return {"received_on": today(actor).isoformat()} | sent


def correction_values(actor: Actor, view: ShipmentView) -> dict[str, str]:
    """Return the values of the current receipt.

    A list of serials too long for the form is left empty.
    """
    receipt = view.receipt
    if receipt is None:
        return receipt_values(actor, view)
    told = {"received_on": receipt.received_on.isoformat()}
    if receipt.import_mark:
        told["import_mark.text"] = receipt.import_mark["text"]
    listed = "\n".join(receipt_queries.received_serials(receipt, MAX_LISTED) or ())
    if len(listed) <= MAX_TYPED:
        told["items"] = listed
    differs = {row["line"]: Decimal(row["quantity"]) for row in receipt.differences}
    came = {
        f"loose.{part.line}": text.format_quantity(part.quantity + differs.get(part.line, 0))
        for part in list_unserialised(view.shipment)
    }
    return told | came


def bulk_fields(view: ShipmentView) -> tuple[ActionField, ...]:
    """Return quantity fields for lines without serials.

    With a field to state that no serial arrived, if the shipment has both.
    """
    parts = list_unserialised(view.shipment)
    fields = tuple(
        ActionField(
            f"loose.{part.line}",
            message("Line {number}: quantity received", number=part.line),
            "amount",
            hint=message("Shipped: {count}", count=part.quantity_text),
        )
        for part in parts
    )
    return (NO_SERIALS_FIELD, *fields) if parts and has_serials(view.shipment) else fields


def fill_received(body: dict[str, Any], view: ShipmentView, form: Form) -> None:
    """Set serials and bulk quantities of a receipt.

    Unchanged default quantities count as no statement on the guns: these must be listed or stated
    as not arrived.
    """
    parts = list_unserialised(view.shipment)
    body["items"] = [{"serial": serial} for serial in split_lines(form.get("items"))]
    body["bulk"] = [
        _bulk_part(part, typed)
        for part in parts
        if (typed := form.get(f"loose.{part.line}")) not in ("", "0")
    ]
    as_sent = all(form.get(f"loose.{part.line}") == part.quantity_text for part in parts)
    is_silent = not body["items"] and form.get("none") != "true" and has_serials(view.shipment)
    if as_sent if body.get("all") else is_silent:
        body["bulk"] = []


def _bulk_part(part: UnserialisedLine, typed: str) -> dict[str, Any]:
    quantity = float(part.quantity) if typed == part.quantity_text else parse_number(typed)
    lot = {"lot": part.lot} if part.lot else {}
    return {"line": part.line, "quantity": quantity} | lot


def may_return(actor: Actor, view: ShipmentView) -> bool:
    """Return whether goods may come back: refused, or exported temporarily."""
    if view.return_receipt or view.shipment.status == "planned":
        return False
    refused = any(tick.outcome == "refused" for tick in view.checkpoints)
    told = any(event.data.get("kind") == "refused_entry" for event in view.events)
    return refused or told or _is_temporary(actor, view)


def _is_temporary(actor: Actor, view: ShipmentView) -> bool:
    permit = permit_queries.get_permit(actor, view.shipment.permit_id).permit
    return permit.regime == "temporary" and bool(view.checkpoints)


ACTIONS: Actions = (
    Action(
        "receipt",
        message("Confirm the receipt"),
        message(
            "Say what arrived in your country (CIFTA IX.4). What you list and what was shipped are compared,"
            " and every state concerned sees what is missing."
        ),
        ReceiptRequest,
        receipts.confirm,
        Permission.RECEIPT_RECORD,
        (*MOVING_STATUSES, "lost"),
        (*RECEIPT_FIELDS, CONFIRM_FIELD, IMPORT_MARK_FIELD),
        is_own=False,
        is_versioned=False,
        is_for=lambda actor, view: view.shipment.importing_state == actor.state,
        start=receipt_values,
        more=bulk_fields,
        settle=fill_received,
    ),
    Action(
        "correct",
        message("Correct the receipt"),
        message(
            "Say anew what arrived in your country: all of it, not only what was wrong. It takes the place of"
            " what you said before, which stays to be read, and is compared anew with what was shipped."
        ),
        ReceiptCorrectionRequest,
        receipt_corrections.correct_receipt,
        Permission.RECEIPT_RECORD,
        CORRECTABLE_STATUSES,
        (REASON, *RECEIPT_FIELDS, CONFIRM_FIELD, IMPORT_MARK_FIELD),
        is_own=False,
        is_for=lambda actor, view: (
            view.receipt is not None and view.shipment.importing_state == actor.state
        ),
        start=correction_values,
        more=bulk_fields,
        settle=fill_received,
    ),
    Action(
        "return",
        message("Confirm what came back"),
        message(
            "Say what came back to your country of a shipment that was refused, or that left for a time."
        ),
        ReceiptRequest,
        receipts.confirm,
        Permission.RECEIPT_RECORD,
        (*MOVING_STATUSES, "received", "received_short", "received_over"),
        (*RECEIPT_FIELDS, CONFIRM_FIELD),
        is_versioned=False,
        is_for=may_return,
        start=receipt_values,
        more=bulk_fields,
        settle=fill_received,
    ),
    Action(
        "ask",
        message("Ask for the receipt"),
        message("Ask the importing state to confirm what arrived (Model Regulations 9.7)."),
        ReceiptReminderRequest,
        receipts.request_receipt,
        Permission.RECEIPT_ASK,
        ("in_transit", "arrived", "held", "lost", "overdue"),
        (),
        is_versioned=False,
        is_dataless=True,
        is_for=lambda actor, view: view.shipment.status != "planned",
    ),
)
