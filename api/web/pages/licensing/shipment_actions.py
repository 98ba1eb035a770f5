"""Actions on a shipment under way.

Release, checkpoint, receipt, plan, incident, hold, resume, cancel.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for

from api.schemas.common import find_party
from api.schemas.shipments import (
    CheckpointRequest,
    IncidentRequest,
    ReleaseRequest,
    ShipmentAmendRequest,
    ShipmentDecisionRequest,
)
from api.web import actions
from api.web.access import login_required, login_required_for_form
from api.web.actions import Action, ActionField, Subject
from api.web.blueprints import licensing_pages
from api.web.form_bodies import split_lines
from api.web.forms import Form
from api.web.pages.licensing import receipts
from api.web.pages.licensing.receipts import MOVING_STATUSES
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import CodeLabel, message
from salsa_ext.reference.calendars import actor_zone, today
from salsa_ext.trade import lookup
from salsa_ext.trade.shipments import checkpoints, holds, planning, shipments
from salsa_ext.trade.shipments.queries import ShipmentView

REASON = ActionField(
    "reason",
    message("Reason"),
    "area",
    required=True,
    most=1000,
    hint=message("The states concerned read it."),
)
HOLDABLE_STATUSES = ("planned", "released", "in_transit", "arrived", "overdue", "held")


def is_in_charge(actor: Actor, view: ShipmentView) -> bool:
    """Return whether the state may have the goods, judged by status.

    The command decides.
    """
    row = view.shipment
    side = {
        "planned": row.exporting_state,
        "released": row.exporting_state,
        "arrived": row.importing_state,
    }.get(view.status)
    return side in (None, actor.state)


def can_hold(actor: Actor, view: ShipmentView) -> bool:
    """Return whether the state may hold the shipment.

    It may have the goods, or only its own stage holds them.
    """
    own = [move.kind for move in view.hold.active_stops if move.state == actor.state]
    return is_in_charge(actor, view) if view.status != "held" else own == ["held"]


def can_resume(actor: Actor, view: ShipmentView) -> bool:
    """Return whether the state can end its hold or its warning."""
    state = str(actor.state)
    return view.hold.is_held_by(state) or bool(view.hold.overruled_of(state))


PlanBody = dict[str, Any]
PLAIN_FIELDS = ("ships_on", "mode", "port_of_exit", "port_of_entry")
PLAN_FIELDS = (
    ActionField("ships_on", message("Ships on"), "date"),
    ActionField("mode", message("Mode of transport"), "choice", "mode"),
    ActionField("port_of_exit", message("Port of exit"), most=100),
    ActionField("port_of_entry", message("Port of entry"), most=100),
    ActionField(
        "transport.document_kind", message("Transport document"), "choice", "transport_document"
    ),
    ActionField("transport.document_number", message("Number of the document"), most=100),
    ActionField(
        "transport.plates", message("Plates"), hint=message("Several with commas between them.")
    ),
    ActionField("transport.container", message("Container"), most=30),
    ActionField("carrier.name", message("Carrier")),
    ActionField("seals", message("Seals"), "area", hint=message("One on each line.")),
    ActionField(
        "authentication",
        message("How the document shows the change"),
        hint=message("A stamp, a seal or an authorized signature; the mode alone needs none."),
    ),
    ActionField(
        "reason",
        message("Reason"),
        "area",
        most=1000,
        hint=message("The states concerned read it; the mode alone needs none."),
    ),
)


def stage_fields(view: ShipmentView) -> tuple[ActionField, ...]:
    """Return a field for the expected time of each stage."""
    return tuple(
        ActionField(
            f"expected.{at}.at",
            message("Expected: {stage}", stage=CodeLabel("checkpoint_stage", step["stage"])),
            "moment",
        )
        for at, step in enumerate(view.shipment.expected)
    )


def plan_values(actor: Actor, view: ShipmentView) -> Mapping[str, str]:
    """Return the current plan, times in the actor's zone."""
    row, zone = view.shipment, ZoneInfo(actor_zone(actor))
    said = _current_plan(view)
    for at, step in enumerate(row.expected):
        local = datetime.fromisoformat(step["at"]).astimezone(zone)
        said[f"expected.{at}.at"] = local.strftime("%Y-%m-%dT%H:%M")
    return said


def _current_plan(view: ShipmentView) -> dict[str, str]:
    row, carrier = view.shipment, find_party(view.parties, view.shipment.carrier_id)
    plain = {name: str(getattr(row, name) or "") for name in PLAIN_FIELDS}
    return plain | {
        "transport.document_kind": row.document_kind or "",
        "transport.document_number": row.document_number or "",
        "transport.plates": ", ".join(row.plates),
        "transport.container": row.container or "",
        "carrier.name": (carrier.name or "") if carrier else "",
        "seals": "\n".join(row.seals),
    }


def remove_unchanged(body: PlanBody, view: ShipmentView, form: Form) -> None:
    """Remove unchanged values from an amendment of the plan."""
    standing = _current_plan(view)
    same = {name for name, said in standing.items() if form.get(name) == said}
    for name in (*PLAIN_FIELDS, "seals"):
        if name in same:
            body.pop(name, None)
    for name in ("transport", "carrier"):
        if all(path in same for path in standing if path.startswith(f"{name}.")):
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


def _set_changed_times(body: PlanBody, view: ShipmentView, form: Form) -> None:
    """Add the stages to the amendment if a time was changed."""
    fresh, is_new = [], False
    body.pop("expected", None)
    for at, step in enumerate(view.shipment.expected):
        typed = form.moment(f"expected.{at}.at")
        known = {name: text for name, text in step.items() if text is not None}
        if typed is None:
            is_new = True  # the stage is expected no more
            continue
        stands = isinstance(typed, datetime) and typed == _without_seconds(step["at"])
        is_new = is_new or not stands
        said = typed.isoformat() if isinstance(typed, datetime) else typed
        fresh.append(known if stands else known | {"at": said})
    if is_new:
        body["expected"] = fresh


def _without_seconds(at: str) -> datetime:
    """Return a time as forms show it, without seconds."""
    return datetime.fromisoformat(at).replace(second=0, microsecond=0)


ACTIONS: actions.Actions = (
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
            ActionField("on", message("Day of the release"), "date"),
            ActionField("note", message("Note"), "area", most=1000, required=False),
        ),
        is_for=lambda actor, view: view.shipment.status == "planned",
        start=lambda actor, view: {"on": today(actor).isoformat()},
    ),
    Action(
        "checkpoint",
        message("Tick a stage"),
        message("Say what passed on your side, and when."),
        CheckpointRequest,
        checkpoints.record,
        Permission.CHECKPOINT_RECORD,
        MOVING_STATUSES,
        (
            ActionField("stage", message("Stage"), "choice", "checkpoint_stage", required=True),
            ActionField("post", message("Border post"), "choice", "post"),
            ActionField("occurred_at", message("When"), "moment", required=True),
            ActionField(
                "outcome", message("Outcome"), "choice", "checkpoint_outcome", required=True
            ),
            ActionField("quantity", message("Pieces counted"), "amount"),
            ActionField("seals", message("Seals"), "area", hint=message("One on each line.")),
            ActionField(
                "reason",
                message("Why it is held or refused"),
                "area",
                most=1000,
                hint=message("Only then; the states concerned read it."),
            ),
        ),
        is_own=False,
        is_versioned=False,
        start=lambda actor, view: {"outcome": "passed"},
    ),
    *receipts.ACTIONS,
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
        start=plan_values,
        more=stage_fields,
        settle=remove_unchanged,
    ),
    Action(
        "incident",
        message("Tell an incident"),
        message("Every state that the shipment concerns learns it (Model Regulations 9.10)."),
        IncidentRequest,
        holds.record_incident,
        Permission.INCIDENT_RECORD,
        MOVING_STATUSES,
        (
            ActionField("kind", message("Kind"), "choice", "incident_kind", required=True),
            ActionField("occurred_at", message("When"), "moment", required=True),
            ActionField("note", message("What happened"), "area", required=True, most=1000),
            ActionField("new_expected_at", message("Next stage expected now"), "moment"),
            ActionField("is_total", message("Nothing is left of the shipment"), "flag"),
        ),
        is_own=False,
        is_versioned=False,
    ),
    Action(
        "hold",
        message("Hold"),
        message("It stays where it is until you let it go on."),
        ShipmentDecisionRequest,
        holds.hold_shipment,
        Permission.SHIPMENT_HOLD,
        HOLDABLE_STATUSES,
        (REASON,),
        is_own=False,
        is_for=can_hold,
    ),
    Action(
        "resume",
        message("Let it go on"),
        message(
            "What your state holds goes on; where it passed in spite of the hold, this ends the warning."
        ),
        ShipmentDecisionRequest,
        holds.resume_shipment,
        Permission.SHIPMENT_HOLD,
        HOLDABLE_STATUSES,
        (REASON,),
        is_own=False,
        is_for=can_resume,
    ),
    Action(
        "cancel",
        message("Cancel the shipment"),
        message(
            "It does not leave, and what it drew goes back to its permit. The states concerned learn it."
        ),
        ShipmentDecisionRequest,
        planning.cancel_shipment,
        Permission.SHIPMENT_CANCEL,
        ("planned", "released", "held", "overdue"),
        (REASON,),
        is_grave=True,
        is_for=lambda actor, view: not view.checkpoints,
    ),
)
SUCCESS_MESSAGES = {
    "recorded": message("The shipment is recorded."),
    "release": message("The shipment is released."),
    "checkpoint": message("The stage is ticked."),
    "receipt": message("The receipt is confirmed."),
    "correct": message("The receipt is corrected."),
    "return": message("What came back is confirmed."),
    "ask": message("The receipt is asked for."),
    "amend": message("The amendment is recorded."),
    "incident": message("The incident is told."),
    "hold": message("The shipment is held."),
    "resume": message("The shipment goes on."),
    "cancel": message("The shipment is cancelled."),
}


def find_subject(actor: Actor, shipment_id: UUID) -> Subject:
    """Return a shipment as the subject of actions."""
    return shipment_subject(lookup.get_shipment_overview(actor, shipment_id))


def shipment_subject(view: ShipmentView) -> Subject:
    """Return a shipment's view as the subject of actions."""
    row = view.shipment
    return Subject(
        view,
        row.number,
        url_for("licensing.shipment_page", shipment_id=row.id),
        row.owner_state,
        view.status,
        "shipment_status",
    )


@licensing_pages.get("/shipments/<uuid:shipment_id>/<slug:name>")
@login_required
def shipment_action_form(actor: Actor, shipment_id: UUID, name: str) -> Any:
    """Show the form of an action on a shipment."""
    return actions.show_action(actor, actions.find_action(ACTIONS, name), find_subject, shipment_id)


@licensing_pages.post("/shipments/<uuid:shipment_id>/<slug:name>")
@login_required_for_form
def shipment_action(actor: Actor, shipment_id: UUID, name: str) -> Any:
    """Run an action on a shipment and redirect to it."""
    doing = actions.find_action(ACTIONS, name)
    return actions.submit_action(actor, doing, find_subject, shipment_id, "shipment_id")
