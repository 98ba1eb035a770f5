"""Actions on receipts: confirm, correct, return, request."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final

from markupsafe import Markup

from api.schemas.trade.receipts import ReceiptCorrectionRequest, ReceiptRequest, present_receipt
from api.web.document_actions import REASON, Action, Actions
from api.web.formatting import gun_name
from api.web.forms import Field, Form, parse_number, split_lines
from api.web.record_pages import other_fields
from salsa_ext.access.permissions import Permission
from salsa_ext.core import text
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import CodeLabels, Invalid, Message, message
from salsa_ext.core.fields import Member
from salsa_ext.reference.calendars import today
from salsa_ext.trade.permits import queries as permit_queries
from salsa_ext.trade.receipts import queries as receipt_queries
from salsa_ext.trade.receipts import receipt_corrections, receipts
from salsa_ext.trade.receipts.queries import (
    UnserialisedLine,
    has_serials,
    list_unserialised,
    shipped_guns,
)
from salsa_ext.trade.shipments.queries import ShipmentView

MAX_LISTED, MAX_TYPED = 2_000, 100_000
NAMED: Final = Markup('{}<span class="quiet"> {}</span>')
MAX_TICKED = 500
"""Firearms of a manifest that is ticked; of a larger one the serials are typed."""
MOVING_STATUSES = ("planned", "released", "in_transit", "arrived", "overdue", "held")
CORRECTABLE_STATUSES = ("received", "received_short", "received_over", "returned")
RECEIVED_ON = Field("received_on", message("Received on"), "date", required=True)
LISTED_FIELDS = (
    Field("all", message("Everything arrived as it was shipped"), "flag"),
    Field(
        "items",
        message("Serial numbers that arrived"),
        "area",
        max_length=MAX_TYPED,
        hint=message("Only if not everything arrived: as they are stamped, one on each line."),
    ),
)
"""Of a shipment too large to be ticked, or without serials."""
UNEXPECTED_FIELD = Field(
    "items",
    message("Serial numbers received that are not in the shipment"),
    "area",
    max_length=MAX_TYPED,
    hint=message("As they are stamped, one on each line."),
)
CONFIRM_FIELD = Field(
    "confirm_nothing_matches",
    message("It is the right list, even if none of it was shipped"),
    "flag",
    hint=message(
        "Only if the service asks: a list without any serial number that was shipped is most likely"
        " that of another shipment."
    ),
)
IMPORT_MARK_FIELD = Field(
    "import_mark.text",
    message("Import mark that every gun gets"),
    required=False,
    max_length=100,
    hint=message("The importer and its place, as it is stamped."),
)
VERIFICATION_FIELD = Field(
    "delivery_verification",
    message("Number of the delivery verification"),
    required=True,
    max_length=100,
)
CONFIRM: Final = message("Confirm the receipt")
NO_SERIALS_FIELD = Field("none", message("Nothing that has a serial number arrived"), "flag")


def receipt_values(actor: Actor, view: ShipmentView) -> dict[str, str]:
    """Return initial values: today, all that was shipped."""
    shipped = {
        f"received.{part.line}": part.quantity_text for part in list_unserialised(view.shipment)
    }
    arrived = _ticks(shipped_guns(view.shipment, MAX_TICKED))
    return {"received_on": today(actor).isoformat()} | shipped | arrived


def _ticks(serials: Iterable[str]) -> dict[str, str]:
    return {f"arrived.{at}": serial for at, serial in enumerate(serials)}


def correction_values(actor: Actor, view: ShipmentView) -> dict[str, str]:
    """Return the values of the current receipt. A list of serials too long for the form is left empty."""
    receipt = view.receipt
    if receipt is None:
        return receipt_values(actor, view)
    values = {"received_on": receipt.received_on.isoformat()}
    declared = present_receipt(receipt)
    values |= {member.key: str(declared[member.key] or "") for member in _declared_others()}
    if receipt.import_mark:
        values["import_mark.text"] = receipt.import_mark["text"]
    received = receipt_queries.received_serials(receipt, MAX_LISTED) or []
    arrived = {*shipped_guns(view.shipment, MAX_TICKED)} & {*received}
    values |= _ticks(arrived)
    serials = "\n".join(serial for serial in received if serial not in arrived)
    if len(serials) <= MAX_TYPED:
        values["items"] = serials
    differences = {row["line"]: Decimal(row["quantity"]) for row in receipt.differences}
    return values | {
        f"received.{part.line}": text.format_quantity(part.quantity + differences.get(part.line, 0))
        for part in list_unserialised(view.shipment)
    }


def more_fields(view: ShipmentView) -> tuple[Field, ...]:
    """Return the manifest to tick, other declared fields, quantities for lines without serials."""
    shipped, listed = shipped_guns(view.shipment, MAX_TICKED), LISTED_FIELDS
    if shipped:
        listed = (_manifest_field(shipped), UNEXPECTED_FIELD)
    declared = tuple(
        Field(member.key, Message(member.field.label)) for member in _declared_others()
    )
    fields = tuple(
        Field(
            f"received.{part.line}",
            message("Line {number}: quantity received", number=part.line),
            "amount",
            hint=message("Shipped: {count}", count=part.quantity_text),
        )
        for part in list_unserialised(view.shipment)
    )
    if fields and has_serials(view.shipment):
        fields = (NO_SERIALS_FIELD, *fields)
    return (*listed, CONFIRM_FIELD, *declared, *fields)


def _manifest_field(shipped: Mapping[str, Any]) -> Field:
    return Field(
        "arrived",
        message("What arrived of the manifest"),
        "ticks",
        tuple((serial, NAMED.format(serial, gun_name(gun))) for serial, gun in shipped.items()),
        hint=message("Untick what is missing. Shipped: {count}", count=len(shipped)),
    )


def _declared_others() -> list[Member]:
    return [member for member in other_fields("receipt") if member.field.is_sent]


def fill_received(body: dict[str, Any], view: ShipmentView, form: Form) -> None:
    """Set serials and bulk quantities; unchanged default quantities say nothing about guns."""
    parts = list_unserialised(view.shipment)
    typed = {part.line: form.get(f"received.{part.line}") for part in parts}
    shipped, typed_serials = shipped_guns(view.shipment, MAX_TICKED), form.get("items")
    arrived = [serial for serial in shipped if serial in form.chosen("arrived")]
    is_default = all(typed[part.line] == part.quantity_text for part in parts)
    if arrived == [*shipped] != [] and is_default and not typed_serials:
        arrived, body["all"] = [], True
    body["items"] = [{"serial": serial} for serial in (*arrived, *split_lines(typed_serials))]
    body["bulk"] = [
        _bulk_part(part, typed[part.line]) for part in parts if typed[part.line] not in ("", "0")
    ]
    if shipped and not (body["items"] or body.get("all") or form.get("none") == "true"):
        raise Invalid({"arrived": [message("Tick what arrived, or enter its serial numbers.")]})
    if not body.get("all"):
        is_default = not body["items"] and form.get("none") != "true" and has_serials(view.shipment)
    if is_default:
        body["bulk"] = []


def _fill_correction(body: dict[str, Any], view: ShipmentView, form: Form) -> None:
    """Do the same, and leave the numbers in other systems, which have no field, as they are."""
    fill_received(body, view, form)
    if view.receipt is not None:
        body["external_ids"] = view.receipt.details.get("external_ids", [])


def _bulk_part(part: UnserialisedLine, typed: str) -> dict[str, Any]:
    quantity = float(part.quantity) if typed == part.quantity_text else parse_number(typed)
    lot = {"lot": part.lot} if part.lot else {}
    return {"line": part.line, "quantity": quantity} | lot


def receipt_wording(view: ShipmentView) -> tuple[Message, Message] | None:
    """Return the title and a warning, where the goods were not recorded at the border."""
    recorded = {checkpoint.stage for checkpoint in view.checkpoints}
    stages = {entry["stage"] for entry in view.shipment.expected} & {"exit", "entry"} - recorded
    if not stages:
        return None
    warning = message(
        "Not recorded at the border: {stages}. If it is received all the same, this is a discrepancy that"
        " every state concerned sees. Say what arrived in your country (article IX.4 of the CIFTA).",
        stages=CodeLabels("checkpoint_stage", tuple(sorted(stages, reverse=True))),
    )
    return CONFIRM, warning


def can_return(actor: Actor, view: ShipmentView) -> bool:
    """Return whether goods may come back: refused, or exported temporarily."""
    if view.return_receipt or view.progress.status == "planned":
        return False
    was_refused = any(row.outcome == "refused" for row in view.checkpoints) or any(
        event.data.get("kind") == "refused_entry" for event in view.events
    )
    permit = permit_queries.get_permit(actor, view.shipment.permit_id).permit
    return was_refused or (permit.regime == "temporary" and bool(view.checkpoints))


ReceiptAction = partial(
    Action,
    permission=Permission.RECEIPT_RECORD,
    extra_fields=more_fields,
    complete_body=fill_received,
)
ACTIONS: Actions = (
    ReceiptAction(
        "receipt",
        CONFIRM,
        message(
            "Say what arrived in your country (article IX.4 of the CIFTA). What you list and what was"
            " shipped are compared, and every state concerned sees what is missing."
        ),
        ReceiptRequest,
        receipts.confirm,
        statuses=(*MOVING_STATUSES, "lost"),
        fields=(RECEIVED_ON, IMPORT_MARK_FIELD),
        success=message("The receipt is confirmed. Soon this page lists what does not add up."),
        is_main=True,
        is_own=False,
        is_versioned=False,
        wording=receipt_wording,
        is_for=lambda actor, view: view.shipment.importing_state == actor.state,
        initial_values=receipt_values,
    ),
    ReceiptAction(
        "verify-delivery",
        message("Record the delivery verification"),
        message(
            "The importing state does not use this service: enter what its delivery verification"
            " shows to have arrived, and attach a copy."
        ),
        ReceiptRequest,
        receipts.confirm,
        statuses=(*MOVING_STATUSES, "lost"),
        fields=(VERIFICATION_FIELD, RECEIVED_ON),
        success=message("The receipt is confirmed."),
        is_main=True,
        is_versioned=False,
        is_for=lambda actor, view: receipts.is_verified_on_paper(actor, view.shipment),
        initial_values=receipt_values,
    ),
    ReceiptAction(
        "correct",
        message("Correct the receipt"),
        message(
            "Record again what arrived in your country: all of it, not only what was wrong."
            " It replaces what you recorded before, which stays readable, and is compared"
            " again with what was shipped."
        ),
        ReceiptCorrectionRequest,
        receipt_corrections.correct_receipt,
        statuses=CORRECTABLE_STATUSES,
        fields=(REASON, RECEIVED_ON, IMPORT_MARK_FIELD),
        success=message("The receipt is corrected."),
        is_own=False,
        is_for=lambda actor, view: (
            view.receipt is not None and view.receipt.owner_state == actor.state
        ),
        initial_values=correction_values,
        complete_body=_fill_correction,
    ),
    ReceiptAction(
        "return",
        message("Confirm what came back"),
        message(
            "Say what came back to your country of a shipment that was refused, or that left for a time."
        ),
        ReceiptRequest,
        receipts.confirm,
        statuses=(*MOVING_STATUSES, "received", "received_short", "received_over"),
        fields=(RECEIVED_ON,),
        success=message("What came back is confirmed."),
        is_versioned=False,
        is_for=can_return,
        initial_values=receipt_values,
    ),
    Action(
        "ask",
        message("Ask for the receipt"),
        message("Ask the importing state to confirm what arrived (Model Regulations 9.7)."),
        None,
        receipts.request_receipt,
        Permission.RECEIPT_ASK,
        ("in_transit", "arrived", "held", "lost", "overdue"),
        success=message("The receipt is asked for."),
        is_versioned=False,
        is_for=lambda actor, view: (
            view.progress.status != "planned"
            and not view.shipment.is_inbound
            and not receipts.is_verified_on_paper(actor, view.shipment)
        ),
    ),
)
