"""Actions on a shipment: release, checkpoint, receipt, plan, incident, hold, cancel."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from api.schemas.common import find_party
from api.schemas.trade.shipments import (
    CheckpointRequest,
    IncidentRequest,
    ReleaseRequest,
    ShipmentAmendRequest,
    ShipmentDecisionRequest,
)
from api.web.document_actions import REASON, Action, Actions
from api.web.forms import Field, Form, split_lines
from api.web.pages.licensing import receipt_actions
from api.web.pages.licensing.permit_actions import AUTHENTICATION_FIELD, OPTIONAL_REASON
from api.web.pages.licensing.receipt_actions import MOVING_STATUSES
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import CodeLabel, message
from salsa_ext.reference.calendars import reader_zone, today
from salsa_ext.trade.shipments import checkpoints, holds, planning, shipments
from salsa_ext.trade.shipments.queries import ShipmentView

HOLDABLE_STATUSES = ("planned", "released", "in_transit", "arrived", "overdue", "held")
SEALS_FIELD = Field("seals", message("Seals"), "area", hint=message("One on each line."))
PLAIN_FIELDS = ("ships_on", "mode", "port_of_exit", "port_of_entry")
PLAN_FIELDS = (
    Field("ships_on", message("Ships on"), "date"),
    Field("mode", message("Mode of transport"), "choice", "mode"),
    Field("port_of_exit", message("Port of exit"), max_length=100),
    Field("port_of_entry", message("Port of entry"), max_length=100),
    Field("transport.document_kind", message("Transport document"), "choice", "transport_document"),
    Field("transport.document_number", message("Number of the document"), max_length=100),
    Field("transport.plates", message("Plates"), hint=message("Several with commas between them.")),
    Field("transport.container", message("Container"), max_length=30),
    Field("carrier.name", message("Carrier")),
    SEALS_FIELD,
    AUTHENTICATION_FIELD,
    OPTIONAL_REASON,
)
CHECKPOINT_FIELDS = (
    Field("stage", message("Stage"), "choice", "checkpoint_stage", required=True),
    Field("post", message("Border post"), "choice", "post"),
    Field("occurred_at", message("When"), "moment", required=True),
    Field("outcome", message("Outcome"), "choice", "checkpoint_outcome", required=True),
    Field("quantity", message("Pieces counted"), "amount"),
    SEALS_FIELD,
    Field(
        "reason",
        message("Why it is held or refused"),
        "area",
        max_length=1000,
        hint=message("Only then; the states concerned read it."),
    ),
)
INCIDENT_FIELDS = (
    Field("kind", message("Kind"), "choice", "incident_kind", required=True),
    Field("occurred_at", message("When"), "moment", required=True),
    Field("note", message("What happened"), "area", required=True, max_length=1000),
    Field("new_expected_at", message("Next stage expected now"), "moment"),
    Field("is_total", message("Nothing is left of the shipment"), "flag"),
)


def can_hold(actor: Actor, view: ShipmentView) -> bool:
    """Return whether the state may hold the shipment; the command decides."""
    row = view.shipment
    if view.status == "held":
        return [hold.kind for hold in view.hold.active_stops if hold.state == actor.state] == [
            "held"
        ]
    state_by_status = {
        "planned": row.exporting_state,
        "released": row.exporting_state,
        "arrived": row.importing_state,
    }
    return state_by_status.get(view.status) in (None, actor.state)


def can_resume(actor: Actor, view: ShipmentView) -> bool:
    """Return whether the state can end its hold or its warning."""
    state = str(actor.state)
    return view.hold.is_held_by(state) or bool(view.hold.overruled_of(state))


def stage_fields(view: ShipmentView) -> tuple[Field, ...]:
    """Return a field for the expected time of each stage."""
    return tuple(
        Field(
            f"expected.{at}.at",
            message("Expected: {stage}", stage=CodeLabel("checkpoint_stage", step["stage"])),
            "moment",
        )
        for at, step in enumerate(view.shipment.expected)
    )


def plan_values(actor: Actor, view: ShipmentView) -> Mapping[str, str]:
    """Return the current plan, times in the actor's zone."""
    values, zone = _current_plan(view), ZoneInfo(reader_zone(actor))
    for at, step in enumerate(view.shipment.expected):
        local = datetime.fromisoformat(step["at"]).astimezone(zone)
        values[f"expected.{at}.at"] = local.strftime("%Y-%m-%dT%H:%M")
    return values


def _current_plan(view: ShipmentView) -> dict[str, str]:
    row, carrier = view.shipment, find_party(view.parties, view.shipment.carrier_id)
    return {name: str(getattr(row, name) or "") for name in PLAIN_FIELDS} | {
        "transport.document_kind": row.document_kind or "",
        "transport.document_number": row.document_number or "",
        "transport.plates": ", ".join(row.plates),
        "transport.container": row.container or "",
        "carrier.name": (carrier.name or "") if carrier else "",
        "seals": "\n".join(row.seals),
    }


def remove_unchanged(body: dict[str, Any], view: ShipmentView, form: Form) -> None:
    """Remove unchanged values from an amendment of the plan."""
    current = _current_plan(view)
    changed = {path for path, text in current.items() if form.get(path) != text}
    for name in (*PLAIN_FIELDS, "seals", "transport", "carrier"):
        if not any(path == name or path.startswith(f"{name}.") for path in changed):
            body.pop(name, None)
    if "transport" in body:
        plates = form.get("transport.plates").replace(",", "\n")
        body["transport"]["plates"] = [
            plate.upper().replace(" ", "") for plate in split_lines(plates)
        ]
    if "carrier" in body:
        owner = view.shipment.owner_state
        body["carrier"] = {"kind": "carrier", "country": owner} | body["carrier"]
    _set_changed_times(body, view, form)


def _set_changed_times(body: dict[str, Any], view: ShipmentView, form: Form) -> None:
    """Add the stages to the amendment if a time was changed; one without a time is left out."""
    stages, is_changed = [], False
    body.pop("expected", None)
    for at, step in enumerate(view.shipment.expected):
        typed = form.moment(f"expected.{at}.at")
        current = datetime.fromisoformat(step["at"]).replace(second=0, microsecond=0)
        is_same = isinstance(typed, datetime) and typed == current
        is_changed = is_changed or not is_same
        if typed is not None:
            text = typed.isoformat() if isinstance(typed, datetime) else typed
            known = {name: value for name, value in step.items() if value is not None}
            stages.append(known if is_same else known | {"at": text})
    if is_changed:
        body["expected"] = stages


ACTIONS: Actions = (
    Action(
        "release",
        message("Release"),
        message(
            "Let it leave. Every state that it passes has to have licensed the movement before (CIFTA"
            " IX.3)."
        ),
        ReleaseRequest,
        shipments.release,
        Permission.SHIPMENT_RELEASE,
        ("planned", "overdue"),
        (
            Field("on", message("Day of the release"), "date"),
            Field("note", message("Note"), "area", max_length=1000, required=False),
        ),
        message("The shipment is released."),
        is_for=lambda actor, view: view.progress.status == "planned",
        initial_values=lambda actor, view: {"on": today(actor).isoformat()},
    ),
    Action(
        "checkpoint",
        message("Record a crossing"),
        message("Say what passed on your side, and when."),
        CheckpointRequest,
        checkpoints.record,
        Permission.CHECKPOINT_RECORD,
        MOVING_STATUSES,
        CHECKPOINT_FIELDS,
        message("The crossing is recorded."),
        is_own=False,
        is_versioned=False,
        initial_values=lambda actor, view: {"outcome": "passed"},
    ),
    *receipt_actions.ACTIONS,
    Action(
        "amend",
        message("Amend the plan"),
        message(
            "The planned ports, dates, vehicle, carrier and seals may be amended until it arrives (Model"
            " Regulations 8.5), never its goods."
        ),
        ShipmentAmendRequest,
        planning.amend_shipment,
        Permission.SHIPMENT_AMEND,
        ("planned", "released", "in_transit", "held", "overdue"),
        PLAN_FIELDS,
        message("The amendment is recorded."),
        initial_values=plan_values,
        extra_fields=stage_fields,
        complete_body=remove_unchanged,
    ),
    Action(
        "incident",
        message("Report an incident"),
        message("Every state concerned is notified (Model Regulations 9.10)."),
        IncidentRequest,
        holds.record_incident,
        Permission.INCIDENT_RECORD,
        MOVING_STATUSES,
        INCIDENT_FIELDS,
        message("The incident is reported."),
        is_own=False,
        is_versioned=False,
    ),
    Action(
        "hold",
        message("Hold"),
        message("It stays where it is until you resume it."),
        ShipmentDecisionRequest,
        holds.hold_shipment,
        Permission.SHIPMENT_HOLD,
        HOLDABLE_STATUSES,
        (REASON,),
        message("The shipment is held."),
        is_own=False,
        is_for=can_hold,
    ),
    Action(
        "resume",
        message("Resume it"),
        message(
            "What your state holds goes on; where it passed in spite of the hold, this ends the warning."
        ),
        ShipmentDecisionRequest,
        holds.resume_shipment,
        Permission.SHIPMENT_HOLD,
        HOLDABLE_STATUSES,
        (REASON,),
        message("The shipment goes on."),
        is_own=False,
        is_for=can_resume,
    ),
    Action(
        "cancel",
        message("Cancel the shipment"),
        message(
            "The shipment does not leave, and its quantities go back to the permit. The states"
            " concerned are notified."
        ),
        ShipmentDecisionRequest,
        planning.cancel_shipment,
        Permission.SHIPMENT_CANCEL,
        ("planned", "released", "held", "overdue"),
        (REASON,),
        message("The shipment is cancelled."),
        is_destructive=True,
        is_for=lambda actor, view: not view.checkpoints,
    ),
)
