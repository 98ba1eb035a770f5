"""What is done to a shipment under way: released, amended, ticked, held, received, and so on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for

from api.schemas.checkpoints import CheckpointRequest
from api.schemas.movements import (
    IncidentRequest,
    ReleaseRequest,
    ShipmentAmendRequest,
    ShipmentDecisionRequest,
)
from api.web.access import sender, signed_in
from api.web.desk import doings, receiving, replanning
from api.web.desk.blueprint import blueprint
from api.web.desk.doings import Doing, Field, Subject
from api.web.desk.receiving import MOVING
from salsa_ext.errors import say
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import finding
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.shipments import ShipmentView
from salsa_ext.services import (
    checkpoints,
    holds,
    incidents,
    releases,
    replannings,
    withdrawals,
)
from salsa_ext.values.actor import Actor

REASON = Field("reason", say("Reason"), "area", required=True, most=1000,
               hint=say("The states concerned read it."))  # fmt: skip
GOING = ("planned", "released", "in_transit", "arrived", "overdue", "held")


def has_it(actor: Actor, view: ShipmentView) -> bool:
    """Tell whether the state may have the goods, as the status has it; the command knows."""
    row = view.shipment
    side = {"planned": row.exporting_state, "released": row.exporting_state,
            "arrived": row.importing_state}.get(view.status)  # fmt: skip
    return side in (None, actor.state)


def can_hold(actor: Actor, view: ShipmentView) -> bool:
    """Tell whether the state may hold what it may have, or what one of its stages alone holds."""
    own = [move.kind for move in view.held.standing if move.state == actor.state]
    return has_it(actor, view) if view.status != "held" else own == ["held"]


def can_go_on(actor: Actor, view: ShipmentView) -> bool:
    """Tell whether the state holds it, or held it when another let it pass and has said nothing since."""
    state = str(actor.state)
    return view.held.is_held_by(state) or bool(view.held.overruled_of(state))


DOINGS: doings.Doings = (
    Doing(
        "release", say("Release"),
        say("Let it leave. Every state that it passes has to have licensed the movement before (CIFTA"
            " IX.3)."),
        ReleaseRequest, releases.release, Permission.SHIPMENT_RELEASE, ("planned", "overdue"),
        (Field("on", say("Day of the release"), "date"),
         Field("note", say("Note"), "area", most=1000, required=False)),
        is_for=lambda actor, view: view.shipment.status == "planned",
        start=lambda actor, view: {"on": today(actor).isoformat()},
    ),
    Doing(
        "checkpoint", say("Tick a stage"), say("Say what passed on your side, and when."),
        CheckpointRequest, checkpoints.record, Permission.CHECKPOINT_RECORD, MOVING,
        (
            Field("stage", say("Stage"), "choice", "checkpoint_stage", required=True),
            Field("post", say("Border post"), "choice", "post"),
            Field("occurred_at", say("When"), "moment", required=True),
            Field("outcome", say("Outcome"), "choice", "checkpoint_outcome", required=True),
            Field("quantity", say("Pieces counted"), "amount"),
            Field("seals", say("Seals"), "area", hint=say("One on each line.")),
            Field("reason", say("Why it is held or refused"), "area", most=1000,
                  hint=say("Only then; the states concerned read it.")),
        ),
        is_own=False, is_versioned=False, start=lambda actor, view: {"outcome": "passed"},
    ),
    *receiving.DOINGS,
    Doing(
        "amend", say("Amend the plan"),
        say("The planned ports, dates, vehicle, carrier and seals may be amended until it arrives (Model"
            " Regulations 8.5), never its goods."),
        ShipmentAmendRequest, replannings.amend, Permission.SHIPMENT_AMEND,
        ("planned", "released", "in_transit", "held", "overdue"), replanning.FIELDS,
        start=replanning.as_planned, more=replanning.stages, settle=replanning.only_what_is_new,
    ),
    Doing(
        "incident", say("Tell an incident"),
        say("Every state that the shipment concerns learns it (Model Regulations 9.10)."),
        IncidentRequest, incidents.record, Permission.INCIDENT_RECORD, MOVING,
        (
            Field("kind", say("Kind"), "choice", "incident_kind", required=True),
            Field("occurred_at", say("When"), "moment", required=True),
            Field("note", say("What happened"), "area", required=True, most=1000),
            Field("new_expected_at", say("Next stage expected now"), "moment"),
            Field("is_total", say("Nothing is left of the shipment"), "flag"),
        ),
        is_own=False, is_versioned=False,
    ),
    Doing(
        "hold", say("Hold"), say("It stays where it is until you let it go on."),
        ShipmentDecisionRequest, holds.hold, Permission.SHIPMENT_HOLD,
        GOING, (REASON,), is_own=False, is_for=can_hold,
    ),
    Doing(
        "resume", say("Let it go on"),
        say("What your state holds goes on; where it passed in spite of the hold, this ends the warning."),
        ShipmentDecisionRequest, holds.resume, Permission.SHIPMENT_HOLD, GOING, (REASON,),
        is_own=False, is_for=can_go_on,
    ),
    Doing(
        "cancel", say("Cancel the shipment"),
        say("It does not leave, and what it drew goes back to its permit. The states concerned learn it."),
        ShipmentDecisionRequest, withdrawals.cancel, Permission.SHIPMENT_CANCEL,
        ("planned", "released", "held", "overdue"), (REASON,), is_grave=True,
        is_for=lambda actor, view: not view.checkpoints,
    ),
)  # fmt: skip
DONE = {
    "recorded": say("The shipment is recorded."), "release": say("The shipment is released."),
    "checkpoint": say("The stage is ticked."), "receipt": say("The receipt is confirmed."),
    "correct": say("The receipt is corrected."),
    "return": say("What came back is confirmed."), "ask": say("The receipt is asked for."),
    "amend": say("The amendment is recorded."), "incident": say("The incident is told."),
    "hold": say("The shipment is held."), "resume": say("The shipment goes on."),
    "cancel": say("The shipment is cancelled."),
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
def move_form(actor: Actor, shipment_id: UUID, name: str) -> Any:
    """Show the form of what is done to a shipment."""
    return doings.open_form(actor, doings.named(DOINGS, name), subject_of, shipment_id)


@blueprint.post("/shipments/<uuid:shipment_id>/<slug:name>")
@sender
def move(actor: Actor, shipment_id: UUID, name: str) -> Any:
    """Do it, and show the shipment."""
    doing = doings.named(DOINGS, name)
    return doings.take_form(actor, doing, subject_of, shipment_id, "shipment_id")
