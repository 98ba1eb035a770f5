"""What is done to a truck at the barrier: it is ticked, held, let go on, or an incident is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from flask import abort, request

from api.i18n import translate
from api.schemas.checkpoints import CheckpointRequest
from api.schemas.fields import RequestSchema
from api.schemas.movements import IncidentRequest, ShipmentDecisionRequest
from api.web import sending
from api.web.desk import choices
from api.web.desk.doings import Field, version_of
from api.web.post_desk import doubts
from api.web.post_desk.blueprint import blueprint
from api.web.post_desk.here import Here, form, page, render
from api.web.post_desk.offices import offices_of
from api.web.post_desk.photos import Photo
from api.web.post_desk.taking import take
from api.web.typed import Form
from salsa_ext.errors import Conflict, Forbidden, Invalid, Message, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import trucks
from salsa_ext.readmodels.trucks import MOVING, Truck
from salsa_ext.services import checkpoints, holds, incidents
from salsa_ext.values.actor import Actor
from salsa_ext.values.attachments import Subject

REASON: Final = Field("reason", say("Reason"), "area", required=True, most=1000,
                      hint=say("The states concerned read it."))  # fmt: skip
WHEN: Final = Field("occurred_at", say("When"), "moment")
STOPPED: Final = ("held", "refused")
PASSES: Final = frozenset({"planned", "released", "in_transit", "arrived", "overdue"})


@dataclass(frozen=True)
class Task:
    """One thing that is done to a truck: its fields, those that unfold, and the command behind it.

    `outcomes` is the list of codes whose buttons end the form; without it one button does. A page
    offers it where `is_for` says so, and says instead of its form what `bars` it; the command looks for
    itself.
    """

    name: str
    title: Message
    says: Message
    schema: type[RequestSchema]
    permission: Permission
    statuses: frozenset[str]
    fields: tuple[Field, ...]
    more: tuple[Field, ...] = ()
    outcomes: str | None = None
    run: Callable[..., Any] = lambda *_: None
    settle: Callable[[dict[str, Any], Actor, Here, Truck], None] = lambda *_: None
    is_for: Callable[[Here, Truck], bool] = lambda *_: True
    bars: Callable[[Actor, Truck], Message | None] = lambda *_: None


def _tick(actor: Actor, truck: Truck, data: Any, seen: int | None) -> None:
    checkpoints.record(actor=actor, shipment_id=truck.shipment.id, data=data)


def _hold(actor: Actor, truck: Truck, data: Any, seen: int | None) -> None:
    holds.hold(actor=actor, shipment_id=truck.shipment.id, seen=seen, data=data)


def _resume(actor: Actor, truck: Truck, data: Any, seen: int | None) -> None:
    holds.resume(actor=actor, shipment_id=truck.shipment.id, seen=seen, data=data)


def _bars(action: str) -> Callable[[Actor, Truck], Message | None]:
    return lambda actor, truck: holds.barred(actor, truck.shipment, action)


def _tell(actor: Actor, truck: Truck, data: Any, seen: int | None) -> None:
    incidents.record(actor=actor, shipment_id=truck.shipment.id, data=data)


def _now(body: dict[str, Any], actor: Actor, here: Here, truck: Truck) -> None:
    body.setdefault("occurred_at", actor.now().isoformat())


def _stage(body: dict[str, Any], actor: Actor, here: Here, truck: Truck) -> None:
    """Tick the stage of the own side, here and now, unless something else is said."""
    _now(body, actor, here, truck)
    body.setdefault("stage", truck.stamp_of(here.own.state).stage)
    body["post"] = here.code
    body.setdefault("seen", 0)  # who typed which truck it is saw nothing of it
    if body.get("outcome") in STOPPED and not body.get("reason"):
        raise Invalid({"reason": [say("Say why: the states concerned read it.")]})


def _can_be_stopped(here: Here, truck: Truck) -> bool:
    """Tell whether an order holds what a tick cannot: it is in already, or not released yet."""
    stamp = truck.stamp_of(here.own.state)
    if stamp.stage == "exit":
        return truck.shipment.status == "planned"
    return stamp.stage in ("entry", "transit_in") and not stamp.is_owed


def _can_go_on(here: Here, truck: Truck) -> bool:
    """Tell whether the own state holds it, or held it when another let it pass."""
    held = truck.view.held
    return held.is_held_by(here.own.state) or bool(held.overruled_of(here.own.state))


TASKS: Final[Mapping[str, Task]] = {task.name: task for task in (
    Task(
        "tick", say("Tick the checkpoint"), say("Say what became of it on your side of the post."),
        CheckpointRequest, Permission.CHECKPOINT_RECORD, MOVING,
        (
            Field("seals", say("Seals as you read them"), "area", hint=say("One on each line.")),
            Field("quantity", say("Pieces counted"), "amount"),
            Field("reason", say("Why it is held or refused"), "area", most=1000,
                  hint=say("Only then; the states concerned read it.")),
        ),
        (
            WHEN,
            Field("stage", say("Stage"), "choice", "checkpoint_stage", required=False,
                  hint=say("That of your side, where nothing is chosen.")),
        ),
        "checkpoint_outcome", _tick, _stage,
    ),
    Task(
        "hold", say("Stop the shipment"),
        say("For a shipment that was ticked already, or that is not released yet: it stays where it is until"
            " your state lets it go on. At the barrier tick it as held."),
        ShipmentDecisionRequest, Permission.SHIPMENT_HOLD, PASSES, (REASON,), run=_hold,
        is_for=_can_be_stopped, bars=_bars("hold"),
    ),
    Task(
        "resume", say("Let it go on"),
        say("What your state holds goes on; where it passed in spite of the hold, this ends the warning."),
        ShipmentDecisionRequest, Permission.SHIPMENT_HOLD, PASSES | {"held"}, (REASON,),
        run=_resume, is_for=_can_go_on, bars=_bars("resume"),
    ),
    Task(
        "incident", say("Tell an incident"),
        say("Every state that the shipment concerns learns it (Model Regulations 9.10)."),
        IncidentRequest, Permission.INCIDENT_RECORD, MOVING,
        (
            Field("kind", say("Kind"), "choice", "incident_kind", required=True),
            Field("note", say("What happened"), "area", required=True, most=1000),
        ),
        (
            WHEN, Field("new_expected_at", say("Next stage expected now"), "moment"),
            Field("is_total", say("Nothing is left of the shipment"), "flag"),
        ),
        run=_tell, settle=_now,
    ),
)}  # fmt: skip
DONE: Final = {
    "tick": say("The stage is ticked."), "hold": say("The shipment is held."),
    "resume": say("The shipment goes on."), "incident": say("The incident is told."),
    "call": say("The other side is asked to call."),
}  # fmt: skip


def opened(truck: Truck | None, which: str = "") -> Form:
    """Return the form of a task as it opens, about a truck where it is known."""
    if truck is None:
        return Form({"which": which})
    row = truck.shipment
    return Form({"which": str(row.id), "label": row.number, "seen": str(truck.view.version)})


def offered(actor: Actor, here: Here, truck: Truck) -> list[Task]:
    """Return what can be done to a truck as it stands, beside the tick; the command knows."""
    return [task for task in TASKS.values()
            if task.name != "tick" and task.permission in actor.permissions
            and truck.view.status in task.statuses and task.is_for(here, truck)]  # fmt: skip


def named(name: str) -> Task:
    """Return a task by its name in the address; 404 for another."""
    return TASKS.get(name) or abort(404)


@blueprint.get("/posts/<slug:code>/desk/<any(tick,hold,resume,incident):name>")
@page
def task_form(actor: Actor, here: Here, name: str) -> str:
    """Show the form of what is done to a truck, which may be typed."""
    task = named(name)
    require(actor, task.permission)
    truck = _shown(actor, here, request.args.get("which", ""))
    barred = task.bars(actor, truck) if truck else None
    return _page(actor, here, task, opened(truck, request.args.get("which", "")), barred)


@blueprint.post("/posts/<slug:code>/desk/<any(tick,hold,resume,incident):name>")
@form
def do_task(actor: Actor, here: Here, name: str) -> Any:
    """Do it, and show the truck."""
    task = named(name)
    require(actor, task.permission)
    sent = sending.sent()
    sent.called = {one.path: translate(one.label) for one in (*task.fields, *task.more)}
    sent.called |= choices.called() | {"resume": translate(TASKS["resume"].title)}
    return take(actor, here, sent, lambda photo: _do(actor, here, task, sent, photo),
                lambda again: _page(actor, here, task, again),
                lambda: _came_of(actor, here, task, sent), subject="shipment")  # fmt: skip


def _came_of(actor: Actor, here: Here, task: Task, form: Form) -> list[str]:
    """Return in words what came of what was just done, beside that it was taken."""
    is_passing = task.name == "resume" or form.get("outcome") == "passed"
    truck = _shown(actor, here, form.get("which")) if task.name in ("tick", "resume") else None
    if truck is None:
        return []
    said = doubts.came_of(here, truck) if task.name == "tick" else []
    return said + (doubts.stops(here, truck) if is_passing else [])


def _do(actor: Actor, here: Here, task: Task, form: Form, photo: Photo) -> str:
    truck = truck_of(actor, here, form.get("which"))
    data = form.load(
        task.schema(), lambda body: task.settle(body, actor, here, truck), here.own.zone
    )
    try:
        task.run(actor, truck, data, version_of(form) if form.get("seen") else None)
    except (
        Forbidden
    ) as error:  # not of him, whose permission was looked at: of the state; what he typed stays
        raise Conflict(error.message) from error
    photo.keep(actor, Subject("shipment", truck.shipment.id))
    return here.address("sheet", shipment_id=truck.shipment.id, done=task.name)


def truck_of(actor: Actor, here: Here, which: str) -> Truck:
    """Return the one truck that an id, a plate or a number names; raises Invalid."""
    if (known := _id_in(which)) is not None:
        return trucks.get(actor, here.post, known)
    found = trucks.find(actor, here.post, which).trucks
    exact = [one for one in found if one.shipment.number.casefold() == which.casefold()]
    moving = [one for one in found if one.view.status in MOVING]
    if len(only := exact or moving) == 1:
        return trucks.get(actor, here.post, only[0].shipment.id)
    if not only:
        said = say("Nothing under way that concerns your state is found by this.")
    else:
        numbers = ", ".join(one.shipment.number for one in only)
        said = say("Several are found by this: {numbers}. Type the number of one.", numbers=numbers)
    raise Invalid({"which": [said]})


def _shown(actor: Actor, here: Here, which: str) -> Truck | None:
    """Return the truck that a form is about, where it is known which."""
    try:
        return truck_of(actor, here, which) if which else None
    except Invalid:
        return None


def _page(
    actor: Actor, here: Here, task: Task, form: Form, barred: Message | None = None
) -> str:  # fmt: skip
    truck = _shown(actor, here, form.get("which"))
    if truck is not None and not (
        form.confirm and form.get("seen")
    ):  # what is to be confirmed was not seen
        form.values["seen"] = str(truck.view.version)
    return render("task", actor, here, task=task, form=form, truck=truck, barred=barred,
                  **(told_of(actor, here, truck) if truck else {}))  # fmt: skip


def told_of(actor: Actor, here: Here, truck: Truck) -> dict[str, Any]:
    """Return what a page tells of what stops a truck, and of what does not agree with its papers.

    `holders` are the states that stop it, with whom to call there; the own one where its order binds.
    `beyond` is whom to call on the other side, where something does not agree; `releasers`, in the
    exporting state where it has not released it.
    """
    states = {move.state for move in truck.view.held.standing
              if move.effect == "hold" or (move.effect != "lose" and move.state != here.own.state)}  # fmt: skip
    called = partial(offices_of, actor, post=here.code)
    return {
        "holders": {state: called(state) for state in sorted(states)},
        "doubts": [(one, doubts.said(truck, one)) for one in truck.view.discrepancies],
        "beyond": called(here.other.state)[:1] if truck.view.discrepancies else (),
        "releasers": called(truck.shipment.exporting_state)[:1] if truck.is_unreleased else (),
    }  # fmt: skip


def _id_in(which: str) -> UUID | None:
    try:
        return UUID(which)
    except ValueError:
        return None
