"""Trucks at the post: search by plate, number or paper, the sheet, tasks at the barrier."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from flask import abort, request

from api.http.context import transaction
from api.i18n.messages import translate
from api.web import choices, submission
from api.web.access import prepare_frame
from api.web.document_actions import Action
from api.web.forms import VERSION_FIELD, Field, Form
from api.web.pages import border_pages
from api.web.pages.border import truck_warnings
from api.web.pages.border.desk_pages import (
    CurrentPost,
    is_script_request,
    post_contacts,
    post_page,
    register_post_form,
    render_desk_page,
)
from api.web.pages.border.desk_submission import submit_desk_form
from api.web.pages.licensing import shipment_actions
from salsa_ext.access.paper_tokens import TOKEN_PREFIX
from salsa_ext.access.rules import require
from salsa_ext.administration.attachment_values import AttachmentSubject
from salsa_ext.boards import crossings
from salsa_ext.boards.crossings import MOVING_STATUSES, Truck
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import (
    ConfirmationRequired,
    Conflict,
    FieldLabels,
    Forbidden,
    Invalid,
    message,
)
from salsa_ext.papers import commands as paper_commands
from salsa_ext.trade import lookup
from salsa_ext.trade.shipments import holds

TIME_FIELD: Final = Field("occurred_at", message("When"), "moment")
STOPPED: Final = {
    "held": message("The hold is recorded."),
    "refused": message("The refusal is recorded."),
}
"""Outcomes that stop a truck, and what is shown after them."""
NO_SEALS_FIELD: Final = "confirm_no_seals"
HOLDABLE_STATUSES: Final = frozenset({"planned", "released", "in_transit", "arrived", "overdue"})


@dataclass(frozen=True)
class Task(Action):
    """An action on a truck; its functions get the TruckHere as document.

    `more_fields` are folded. `outcomes` is a list of codes with one submit button each; without it
    there is one button. Where `obstacle` gives a reason, pages show it instead of the form.
    """

    more_fields: tuple[Field, ...] = ()
    outcomes: str | None = None


@dataclass(frozen=True)
class TruckHere:
    """A truck at the current post."""

    actor: Actor
    here: CurrentPost
    truck: Truck

    @property
    def stage(self) -> Any:
        """Return the stage of the own side."""
        return self.truck.stage_of(self.here.own.state)


def _set_time(body: dict[str, Any], view: TruckHere, form: Form) -> None:
    body.setdefault("occurred_at", view.actor.now().isoformat())


def _set_stage(body: dict[str, Any], view: TruckHere, form: Form) -> None:
    """Set stage, post, time and version shown; raises Invalid for a stop without a reason."""
    _set_time(body, view, form)
    body.setdefault("stage", view.stage.stage)
    body["post"] = view.here.code
    body["expected_version"] = form.expected_version
    if body.get("outcome") in STOPPED and not body.get("reason"):
        raise Invalid({"reason": [message("Say why: the states concerned read it.")]})


def _can_hold(actor: Actor, view: TruckHere) -> bool:
    """Return whether a hold applies where no checkpoint can stop the goods."""
    if view.stage.stage == "exit":
        return view.truck.view.progress.status == "planned"
    return view.stage.stage in ("entry", "transit_in") and not view.stage.is_owed


def _can_resume(actor: Actor, view: TruckHere) -> bool:
    """Return whether the own state holds it, or its hold was overruled."""
    hold, state = view.truck.view.hold, view.here.own.state
    return hold.is_held_by(state) or bool(hold.overruled_of(state))


def _task(action_name: str, **changes: Any) -> Task:
    """Return the task for an action on shipments; `changes` are what differs at a post."""
    action = next(action for action in shipment_actions.ACTIONS if action.name == action_name)
    return Task(**vars(action) | changes)


TASKS: Final[Mapping[str, Task]] = {
    task.name: task
    for task in (
        _task(
            "checkpoint",
            name="tick",
            title=message("Record the crossing"),
            description=message("Say what became of it on your side of the post."),
            fields=(
                Field(
                    "seals",
                    message("Seals as you read them"),
                    "area",
                    hint=message("One on each line."),
                ),
                *(
                    field
                    for field in shipment_actions.CHECKPOINT_FIELDS
                    if field.path in ("quantity", "reason")
                ),
            ),
            complete_body=_set_stage,
            more_fields=(
                TIME_FIELD,
                Field(
                    "stage",
                    message("Stage"),
                    "choice",
                    "checkpoint_stage",
                    required=False,
                    hint=message("That of your side, where nothing is chosen."),
                ),
            ),
            outcomes="checkpoint_outcome",
        ),
        _task(
            "hold",
            title=message("Hold the shipment"),
            description=message(
                "For a shipment whose crossing was recorded already, or that is not released"
                " yet: it stays where it is until your state releases it. At the barrier"
                " record it as held."
            ),
            statuses=HOLDABLE_STATUSES,
            is_for=_can_hold,
            obstacle=lambda actor, view: holds.refusal_reason(actor, view.truck.view.facts, "hold"),
        ),
        _task(
            "resume",
            is_for=_can_resume,
            obstacle=lambda actor, view: holds.refusal_reason(
                actor, view.truck.view.facts, "resume"
            ),
        ),
        _task(
            "incident",
            fields=(
                Field("kind", message("Kind"), "choice", "incident_kind", required=True),
                Field("note", message("What happened"), "area", required=True, max_length=1000),
            ),
            complete_body=_set_time,
            more_fields=(
                TIME_FIELD,
                Field("new_expected_at", message("Next stage expected now"), "moment"),
                Field("is_total", message("Nothing is left of the shipment"), "flag"),
            ),
        ),
    )
}
CALL_REQUESTED: Final = message("The other side is asked to call.")


def new_task_form(truck: Truck | None, which: str = "") -> Form:
    """Return the initial form of a task, for a truck if known."""
    if truck is None:
        return Form({"which": which})
    row, version = truck.shipment, str(truck.view.version)
    return Form({"which": str(row.id), "label": row.number, VERSION_FIELD: version})


def _available_tasks(view: TruckHere) -> list[Task]:
    """Return the tasks possible now, except the checkpoint; obstacles are shown on their pages."""
    return [
        task
        for task in TASKS.values()
        if task.name != "tick"
        and task.permission in view.actor.permissions
        and view.truck.view.status in task.statuses
        and task.is_for(view.actor, view)
    ]


def _show_task(actor: Actor, here: CurrentPost, name: str, form: Form | None = None) -> str:
    """Show the form of a task; the truck may be typed."""
    task = TASKS.get(name) or abort(404)
    require(actor, task.permission)
    which = form.get("which") if form else request.args.get("which", "")
    try:
        truck = find_truck(actor, here, which) if which else None
    except Invalid:
        truck = None
    obstacle = None
    if form is None:
        form = new_task_form(truck, which)
        obstacle = task.obstacle(actor, TruckHere(actor, here, truck)) if truck else None
    elif truck and not (form.confirm and form.get(VERSION_FIELD)):  # else it was not shown yet
        form.values[VERSION_FIELD] = str(truck.view.version)
    context = truck_context(actor, here, truck) if truck else {}
    return render_desk_page(
        "task", actor, here, task=task, form=form, truck=truck, obstacle=obstacle, **context
    )


def _submit_task(actor: Actor, here: CurrentPost, name: str) -> Any:
    """Run a task and show the truck."""
    task = TASKS.get(name) or abort(404)
    require(actor, task.permission)
    form = submission.read_form()
    form.page_labels = {
        field.path: translate(field.label) for field in (*task.fields, *task.more_fields)
    } | choices.confirmation_labels()
    form.page_labels["resume"] = translate(TASKS["resume"].title)
    return submit_desk_form(
        actor,
        here,
        form,
        lambda: _run_task(actor, here, task, form),
        lambda: _show_task(actor, here, name, form),
        lambda address: _task_results(actor, here, task, form),
        photo_kind="shipment",
    )


def _task_results(actor: Actor, here: CurrentPost, task: Task, form: Form) -> list[str]:
    """Return the results of a checkpoint or resumption in words."""
    if task.name not in ("tick", "resume"):
        return []
    try:
        truck = find_truck(actor, here, form.get("which"))
    except Invalid:
        return []
    texts = truck_warnings.checkpoint_results(here, truck) if task.name == "tick" else []
    is_passing = task.name == "resume" or form.get("outcome") == "passed"
    return texts + (truck_warnings.hold_warnings(here, truck) if is_passing else [])


def _run_task(actor: Actor, here: CurrentPost, task: Task, form: Form) -> str:
    assert task.schema is not None
    truck = find_truck(actor, here, form.get("which"))
    view = TruckHere(actor, here, truck)
    if form.get("outcome") == "passed" and not is_script_request():
        _check_seals(truck, form)
    data = form.load(
        task.schema(), lambda body: task.complete_body(body, view, form), here.own.zone
    )
    version: dict[str, Any] = {}
    if task.is_versioned:  # none if the truck was typed
        version["expected_version"] = form.expected_version if form.get(VERSION_FIELD) else None
    try:
        task.command(actor=actor, shipment_id=truck.shipment.id, data=data, **version)
    except Forbidden as error:  # the state may not; the officer may, and keeps what was typed
        raise Conflict(error.message) from error
    form.photo.attach(actor, AttachmentSubject("shipment", truck.shipment.id))
    done = outcome if (outcome := form.get("outcome")) in STOPPED else task.name
    return here.address("truck_sheet", shipment_id=truck.shipment.id, done=done)


def _check_seals(truck: Truck, form: Form) -> None:
    """Ask about a pass without seals; the device's script offers to undo it instead."""
    if truck.shipment.seals and not (form.get("seals") or form.get(NO_SEALS_FIELD)):
        question = ConfirmationRequired(
            message(
                "No seals are entered; on its papers: {seals}. Read them, or confirm it with {field}.",
                seals=", ".join(truck.shipment.seals),
                field=FieldLabels((NO_SEALS_FIELD,)),
            )
        )
        question.field = NO_SEALS_FIELD
        raise question


def find_truck(actor: Actor, here: CurrentPost, text: str) -> Truck:
    """Return the truck of an id, plate or number; raises Invalid."""
    try:
        return crossings.get_truck(actor, here.post, UUID(text))
    except ValueError:
        trucks = crossings.find_trucks(actor, here.post, text).trucks
    exact = [row for row in trucks if row.shipment.number.casefold() == text.casefold()]
    matches = exact or [row for row in trucks if row.view.status in MOVING_STATUSES]
    if len(matches) == 1:
        return crossings.get_truck(actor, here.post, matches[0].shipment.id)
    reason = message("No shipment under way has this number or plate.")
    if matches:
        reason = message(
            "Several shipments match: {numbers}. Type the number of one.",
            numbers=", ".join(row.shipment.number for row in matches),
        )
    raise Invalid({"which": [reason]})


def truck_context(actor: Actor, here: CurrentPost, truck: Truck) -> dict[str, Any]:
    """Return the template context of holds and discrepancies of a truck.

    `holders` are the stopping states with contacts; the own state only if its hold is effective.
    `other_side` is the contact of the other side, if there are discrepancies; `releasers` that of
    the exporting state, if it has not released the shipment.
    """
    states = {
        hold.state
        for hold in truck.view.hold.active_stops
        if hold.effect == "hold" or (hold.effect != "lose" and hold.state != here.own.state)
    }
    discrepancies, contacts = (
        truck.view.discrepancies,
        partial(post_contacts, actor, post=here.code),
    )
    return {
        "holders": {state: contacts(state) for state in sorted(states)},
        "discrepancies": [
            (row, truck_warnings.discrepancy_text(truck, row)) for row in discrepancies
        ],
        "other_side": contacts(here.other.state)[:1] if discrepancies else (),
        "releasers": contacts(truck.shipment.exporting_state)[:1] if truck.is_unreleased else (),
    }


def _show_search(actor: Actor, here: CurrentPost) -> str:
    """Show the trucks with a typed plate or number."""
    query = request.args.get("q", "").replace("\x00", "").strip()
    trucks = crossings.find_trucks(actor, here.post, query) if query else None
    return render_desk_page("search", actor, here, query=query, found=trucks, paper=None)


def _submit_search(actor: Actor, here: CurrentPost) -> Any:
    """Verify a scanned paper and show its truck; the code is sent in the body only."""
    text = request.form.get("q", "").replace("\x00", "")
    token = "".join(text.split())
    with transaction(actor):
        prepare_frame(actor)
        if not token.upper().startswith(f"{TOKEN_PREFIX}."):
            query, number, paper = token, text, None
        else:
            paper = paper_commands.verify_token(actor=actor, text=token.upper())
            query, number = "", paper.claims.number if paper.claims else ""
        trucks = crossings.find_trucks(actor, here.post, number) if number else None
        return render_desk_page("search", actor, here, query=query, found=trucks, paper=paper)


@border_pages.get("/posts/<slug:code>/desk/shipments/<uuid:shipment_id>")
@post_page
def truck_sheet(actor: Actor, here: CurrentPost, shipment_id: UUID) -> str:
    """Show a truck: permit, checkpoints, seals, goods, next checkpoint."""
    truck, done = crossings.get_truck(actor, here.post, shipment_id), request.args.get("done", "")
    success = TASKS[done].success if done in TASKS else STOPPED.get(done)
    return render_desk_page(
        "truck",
        actor,
        here,
        truck=truck,
        items=lookup.first_items(actor, shipment_id),
        form=new_task_form(truck),
        success=CALL_REQUESTED if done == "call" else success,
        tasks=_available_tasks(TruckHere(actor, here, truck)),
        tick=TASKS["tick"],
        has_passed=done == "tick",
        is_done=done in ("tick", "hold", *STOPPED),
        warnings=truck_warnings.side_warnings(here, truck) if done in ("tick", *STOPPED) else [],
        **truck_context(actor, here, truck),
    )


register_post_form("/find", "search_trucks", _show_search, _submit_search)
register_post_form("/<any(tick,hold,resume,incident):name>", "task_form", _show_task, _submit_task)
