"""Tasks at the barrier: checkpoint, hold, resume, incident."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from flask import abort, request

from api.http.fields.schemas import RequestSchema
from api.i18n.messages import translate
from api.schemas.shipments import CheckpointRequest, IncidentRequest, ShipmentDecisionRequest
from api.web import choices, submission
from api.web.actions import ActionField, form_version
from api.web.blueprints import border_pages
from api.web.forms import Form
from api.web.pages.border import truck_warnings
from api.web.pages.border.current_post import (
    CurrentPost,
    post_contacts,
    post_form,
    post_page,
    render_page,
)
from api.web.pages.border.desk_submission import submit_desk_form
from api.web.photos import Photo
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration.values import AttachmentSubject
from salsa_ext.boards import crossings
from salsa_ext.boards.crossings import MOVING_STATUSES, Truck
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Forbidden, Invalid, Message, message
from salsa_ext.trade.shipments import checkpoints, holds

REASON: Final = ActionField(
    "reason",
    message("Reason"),
    "area",
    required=True,
    most=1000,
    hint=message("The states concerned read it."),
)
TIME_FIELD: Final = ActionField("occurred_at", message("When"), "moment")
STOPPING_OUTCOMES: Final = ("held", "refused")
HOLDABLE_STATUSES: Final = frozenset({"planned", "released", "in_transit", "arrived", "overdue"})


@dataclass(frozen=True)
class Task:
    """A task on a truck: fields, extra fields and command.

    `outcomes` is a list of codes with one submit button each; without it there is one button. Pages
    offer a task if `is_for` allows it, and show the reason of `bars` instead of the form. The
    command checks again.
    """

    name: str
    title: Message
    says: Message
    schema: type[RequestSchema]
    permission: Permission
    statuses: frozenset[str]
    fields: tuple[ActionField, ...]
    more: tuple[ActionField, ...] = ()
    outcomes: str | None = None
    run: Callable[..., Any] = lambda *_: None
    settle: Callable[[dict[str, Any], Actor, CurrentPost, Truck], None] = lambda *_: None
    is_for: Callable[[CurrentPost, Truck], bool] = lambda *_: True
    bars: Callable[[Actor, Truck], Message | None] = lambda *_: None


def _record_checkpoint(actor: Actor, truck: Truck, data: Any, expected_version: int | None) -> None:
    checkpoints.record(actor=actor, shipment_id=truck.shipment.id, data=data)


def _hold(actor: Actor, truck: Truck, data: Any, expected_version: int | None) -> None:
    holds.hold_shipment(
        actor=actor, shipment_id=truck.shipment.id, expected_version=expected_version, data=data
    )


def _resume(actor: Actor, truck: Truck, data: Any, expected_version: int | None) -> None:
    holds.resume_shipment(
        actor=actor, shipment_id=truck.shipment.id, expected_version=expected_version, data=data
    )


def _obstacle(action: str) -> Callable[[Actor, Truck], Message | None]:
    return lambda actor, truck: holds.refusal_reason(actor, truck.shipment, action)


def _record_incident(actor: Actor, truck: Truck, data: Any, expected_version: int | None) -> None:
    holds.record_incident(actor=actor, shipment_id=truck.shipment.id, data=data)


def _set_time(body: dict[str, Any], actor: Actor, here: CurrentPost, truck: Truck) -> None:
    body.setdefault("occurred_at", actor.now().isoformat())


def _set_stage(body: dict[str, Any], actor: Actor, here: CurrentPost, truck: Truck) -> None:
    """Set the default stage, post and time of a checkpoint.

    Raises Invalid if a stopping outcome has no reason.
    """
    _set_time(body, actor, here, truck)
    body.setdefault("stage", truck.stage_of(here.own.state).stage)
    body["post"] = here.code
    body.setdefault("expected_version", 0)  # none for one found by its number
    if body.get("outcome") in STOPPING_OUTCOMES and not body.get("reason"):
        raise Invalid({"reason": [message("Say why: the states concerned read it.")]})


def _can_hold(here: CurrentPost, truck: Truck) -> bool:
    """Return whether a hold applies where a checkpoint cannot stop it.

    It has entered already, or is not released yet.
    """
    stamp = truck.stage_of(here.own.state)
    if stamp.stage == "exit":
        return truck.shipment.status == "planned"
    return stamp.stage in ("entry", "transit_in") and not stamp.is_owed


def _can_resume(here: CurrentPost, truck: Truck) -> bool:
    """Return whether the own state holds it, or its hold was overruled."""
    held = truck.view.hold
    return held.is_held_by(here.own.state) or bool(held.overruled_of(here.own.state))


TASKS: Final[Mapping[str, Task]] = {
    task.name: task
    for task in (
        Task(
            "tick",
            message("Tick the checkpoint"),
            message("Say what became of it on your side of the post."),
            CheckpointRequest,
            Permission.CHECKPOINT_RECORD,
            MOVING_STATUSES,
            (
                ActionField(
                    "seals",
                    message("Seals as you read them"),
                    "area",
                    hint=message("One on each line."),
                ),
                ActionField("quantity", message("Pieces counted"), "amount"),
                ActionField(
                    "reason",
                    message("Why it is held or refused"),
                    "area",
                    most=1000,
                    hint=message("Only then; the states concerned read it."),
                ),
            ),
            (
                TIME_FIELD,
                ActionField(
                    "stage",
                    message("Stage"),
                    "choice",
                    "checkpoint_stage",
                    required=False,
                    hint=message("That of your side, where nothing is chosen."),
                ),
            ),
            "checkpoint_outcome",
            _record_checkpoint,
            _set_stage,
        ),
        Task(
            "hold",
            message("Stop the shipment"),
            message(
                "For a shipment that was ticked already, or that is not released yet: it stays where it is"
                " until your state lets it go on. At the barrier tick it as held."
            ),
            ShipmentDecisionRequest,
            Permission.SHIPMENT_HOLD,
            HOLDABLE_STATUSES,
            (REASON,),
            run=_hold,
            is_for=_can_hold,
            bars=_obstacle("hold"),
        ),
        Task(
            "resume",
            message("Let it go on"),
            message(
                "What your state holds goes on; where it passed in spite of the hold, this ends the warning."
            ),
            ShipmentDecisionRequest,
            Permission.SHIPMENT_HOLD,
            HOLDABLE_STATUSES | {"held"},
            (REASON,),
            run=_resume,
            is_for=_can_resume,
            bars=_obstacle("resume"),
        ),
        Task(
            "incident",
            message("Tell an incident"),
            message("Every state that the shipment concerns learns it (Model Regulations 9.10)."),
            IncidentRequest,
            Permission.INCIDENT_RECORD,
            MOVING_STATUSES,
            (
                ActionField("kind", message("Kind"), "choice", "incident_kind", required=True),
                ActionField("note", message("What happened"), "area", required=True, most=1000),
            ),
            (
                TIME_FIELD,
                ActionField("new_expected_at", message("Next stage expected now"), "moment"),
                ActionField("is_total", message("Nothing is left of the shipment"), "flag"),
            ),
            run=_record_incident,
            settle=_set_time,
        ),
    )
}
SUCCESS_MESSAGES: Final = {
    "tick": message("The stage is ticked."),
    "hold": message("The shipment is held."),
    "resume": message("The shipment goes on."),
    "incident": message("The incident is told."),
    "call": message("The other side is asked to call."),
}


def new_task_form(truck: Truck | None, which: str = "") -> Form:
    """Return the initial form of a task, for a truck if known."""
    if truck is None:
        return Form({"which": which})
    row = truck.shipment
    return Form({"which": str(row.id), "label": row.number, "seen": str(truck.view.version)})


def available_tasks(actor: Actor, here: CurrentPost, truck: Truck) -> list[Task]:
    """Return the tasks possible now, except the checkpoint."""
    return [
        task
        for task in TASKS.values()
        if task.name != "tick"
        and task.permission in actor.permissions
        and truck.view.status in task.statuses
        and task.is_for(here, truck)
    ]


def find_task(name: str) -> Task:
    """Return a task by its name in the address; aborts with 404."""
    return TASKS.get(name) or abort(404)


@border_pages.get("/posts/<slug:code>/desk/<any(tick,hold,resume,incident):name>")
@post_page
def task_form(actor: Actor, here: CurrentPost, name: str) -> str:
    """Show the form of a task; the truck may be typed."""
    task = find_task(name)
    require(actor, task.permission)
    truck = _known_truck(actor, here, request.args.get("which", ""))
    barred = task.bars(actor, truck) if truck else None
    return _render_task(
        actor, here, task, new_task_form(truck, request.args.get("which", "")), barred
    )


@border_pages.post("/posts/<slug:code>/desk/<any(tick,hold,resume,incident):name>")
@post_form
def run_task(actor: Actor, here: CurrentPost, name: str) -> Any:
    """Run a task and show the truck."""
    task = find_task(name)
    require(actor, task.permission)
    sent = submission.read_form()
    sent.called = {one.path: translate(one.label) for one in (*task.fields, *task.more)}
    sent.called |= choices.confirmation_labels() | {"resume": translate(TASKS["resume"].title)}
    return submit_desk_form(
        actor,
        here,
        sent,
        lambda photo: _run_task(actor, here, task, sent, photo),
        lambda again: _render_task(actor, here, task, again),
        lambda: _task_results(actor, here, task, sent),
        subject="shipment",
    )


def _task_results(actor: Actor, here: CurrentPost, task: Task, form: Form) -> list[str]:
    """Return the results of a task in words."""
    is_passing = task.name == "resume" or form.get("outcome") == "passed"
    truck = (
        _known_truck(actor, here, form.get("which")) if task.name in ("tick", "resume") else None
    )
    if truck is None:
        return []
    said = truck_warnings.checkpoint_results(here, truck) if task.name == "tick" else []
    return said + (truck_warnings.hold_warnings(here, truck) if is_passing else [])


def _run_task(actor: Actor, here: CurrentPost, task: Task, form: Form, photo: Photo) -> str:
    truck = find_truck(actor, here, form.get("which"))
    data = form.load(
        task.schema(), lambda body: task.settle(body, actor, here, truck), here.own.zone
    )
    try:
        task.run(actor, truck, data, form_version(form) if form.get("seen") else None)
    except (
        Forbidden
    ) as error:  # not of him, whose permission was looked at: of the state; what he typed stays
        raise Conflict(error.message) from error
    photo.keep(actor, AttachmentSubject("shipment", truck.shipment.id))
    return here.address("truck_sheet", shipment_id=truck.shipment.id, done=task.name)


def find_truck(actor: Actor, here: CurrentPost, text: str) -> Truck:
    """Return the truck of an id, plate or number; raises Invalid."""
    if (known := _parse_id(text)) is not None:
        return crossings.get_truck(actor, here.post, known)
    found = crossings.find_trucks(actor, here.post, text).trucks
    exact = [one for one in found if one.shipment.number.casefold() == text.casefold()]
    moving = [one for one in found if one.view.status in MOVING_STATUSES]
    if len(only := exact or moving) == 1:
        return crossings.get_truck(actor, here.post, only[0].shipment.id)
    if not only:
        said = message("Nothing under way that concerns your state is found by this.")
    else:
        numbers = ", ".join(one.shipment.number for one in only)
        said = message(
            "Several are found by this: {numbers}. Type the number of one.", numbers=numbers
        )
    raise Invalid({"which": [said]})


def _known_truck(actor: Actor, here: CurrentPost, which: str) -> Truck | None:
    """Return the truck of a form, if it is unique."""
    try:
        return find_truck(actor, here, which) if which else None
    except Invalid:
        return None


def _render_task(
    actor: Actor, here: CurrentPost, task: Task, form: Form, barred: Message | None = None
) -> str:
    truck = _known_truck(actor, here, form.get("which"))
    if truck is not None and not (
        form.confirm and form.get("seen")
    ):  # what is to be confirmed was not seen
        form.values["seen"] = str(truck.view.version)
    return render_page(
        "task",
        actor,
        here,
        task=task,
        form=form,
        truck=truck,
        barred=barred,
        **(truck_context(actor, here, truck) if truck else {}),
    )


def truck_context(actor: Actor, here: CurrentPost, truck: Truck) -> dict[str, Any]:
    """Return the template context of holds and discrepancies of a truck.

    `holders` are the stopping states with contacts; the own state only if its hold is effective.
    `beyond` are contacts of the other side, if there are discrepancies; `releasers` those of the
    exporting state, if it has not released the shipment.
    """
    states = {
        move.state
        for move in truck.view.hold.active_stops
        if move.effect == "hold" or (move.effect != "lose" and move.state != here.own.state)
    }
    called = partial(post_contacts, actor, post=here.code)
    return {
        "holders": {state: called(state) for state in sorted(states)},
        "doubts": [
            (one, truck_warnings.discrepancy_text(truck, one)) for one in truck.view.discrepancies
        ],
        "beyond": called(here.other.state)[:1] if truck.view.discrepancies else (),
        "releasers": called(truck.shipment.exporting_state)[:1] if truck.is_unreleased else (),
    }


def _parse_id(which: str) -> UUID | None:
    try:
        return UUID(which)
    except ValueError:
        return None
