"""Actions on a document: a page with a form for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from flask import abort, render_template, request
from werkzeug import Response

from api.http.fields.schemas import RequestSchema
from api.i18n.messages import translate, with_state_names
from api.web import choices, submission
from api.web.access import render_again
from api.web.forms import Form
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition, Message, message
from salsa_ext.reference import names
from salsa_ext.reference.calendars import actor_zone

OTHER_OWNER = message("This belongs to {state}; only its authorities may change it.")


@dataclass(frozen=True)
class ActionField:
    """A field of an action's form.

    `widget` is a macro of the form template, `options` the name of a list of choices.
    """

    path: str
    label: Message
    widget: str = "text"
    options: str | None = None
    required: bool | None = None
    hint: Message | None = None
    most: int = 300


@dataclass(frozen=True)
class Subject:
    """The document of an action, as the page shows it.

    `above` is the endpoint of the parent page and its name.
    """

    view: Any
    title: str
    address: str
    owner: str
    status: str
    status_kind: str
    above: tuple[str, Message] = ("licensing.home", message("Desk"))


@dataclass(frozen=True)
class Action:
    """An action: required permission, allowed statuses, form fields and command.

    `start(actor, view)` gives initial values, `more(view)` fields that depend on the document;
    `settle(body, view, form)` completes the JSON. `command` gets the expected version where
    `is_versioned`, and no data where `is_dataless`. `onward(result)` may give another page to go to
    than the document. `worded(view)` gives another title and description for some documents. `bars`
    gives the reason why the action is impossible although the status allows it. `is_main` actions
    are listed first. `page` is the template of the form, `told(actor, view)` its extra context.
    """

    name: str
    title: Message
    says: Message
    schema: type[RequestSchema]
    command: Callable[..., Any]
    permission: Permission
    statuses: tuple[str, ...]
    fields: tuple[ActionField, ...]
    is_own: bool = True
    is_versioned: bool = True
    is_dataless: bool = False
    is_grave: bool = False
    is_for: Callable[[Actor, Any], bool] = lambda actor, view: True
    start: Callable[[Actor, Any], Mapping[str, str]] = field(default=lambda actor, view: {})
    more: Callable[[Any], tuple[ActionField, ...]] = lambda view: ()
    settle: Callable[[dict[str, Any], Any, Form], None] = lambda body, view, form: None
    onward: Callable[[Any], str | None] = lambda result: None
    bars: Callable[[Actor, Any], Message | None] = lambda actor, view: None
    is_main: bool = False
    page: str = "action.html"
    told: Callable[[Actor, Any], Any] = lambda actor, view: None
    worded: Callable[[Any], tuple[Message, Message] | None] = lambda view: None

    def can(self, actor: Actor, subject: Subject) -> bool:
        """Return whether the page offers the action; the command checks again."""
        own = not self.is_own or subject.owner == actor.state
        stands = (
            subject.status in self.statuses
            and self.is_for(actor, subject.view)
            and self.bars(actor, subject.view) is None
        )
        return own and stands and self.permission in actor.permissions

    def named_for(self, view: Any) -> Action:
        """Return the action with the title and description for a document."""
        title, says = self.worded(view) or (self.title, self.says)
        return replace(self, title=title, says=says)

    def asked(self, view: Any) -> tuple[ActionField, ...]:
        """Return all fields of the form."""
        return (*self.fields, *self.more(view))


Actions = tuple[Action, ...]
FindSubject = Callable[[Actor, UUID], Subject]


def find_action(actions: Actions, name: str) -> Action:
    """Return an action by its name in the address; aborts with 404."""
    return next((doing for doing in actions if doing.name == name), None) or abort(404)


def available_actions(actions: Actions, actor: Actor, subject: Subject) -> list[Action]:
    """Return the actions possible now, main actions first."""
    found = [doing for doing in actions if doing.can(actor, subject)]
    return sorted(found, key=lambda doing: not doing.is_main)


def refusal_text(actor: Actor, action: Action, subject: Subject) -> str | None:
    """Return why an action is impossible now; None if possible."""
    if action.is_own and subject.owner != actor.state:
        return translate(with_state_names(Message(OTHER_OWNER.text, {"state": subject.owner})))
    if subject.status in action.statuses:
        barred = action.bars(actor, subject.view)
        return None if barred is None else translate(barred)
    kind, known = subject.status_kind.removesuffix("_status"), names.labels("action", "en")
    name = action.name if action.name in known else action.title
    return translate(IllegalTransition(kind, subject.status, name).message)


def show_action(
    actor: Actor, action: Action, find: FindSubject, key: UUID
) -> str | tuple[str, int]:
    """Show the form of an action; with status 409 if impossible.

    Raises Forbidden, NotFound.
    """
    require(actor, action.permission)
    subject = find(actor, key)
    if said := refusal_text(actor, action, subject):
        return _render_action(actor, action, subject, Form(errors={"": [said]})), 409
    return _render_action(actor, action, subject, Form(dict(action.start(actor, subject.view))))


def submit_action(actor: Actor, action: Action, find: FindSubject, key: UUID, argument: str) -> Any:
    """Run an action and redirect to the document.

    Shows the form again with errors if it was refused.
    """
    require(actor, action.permission)
    form = submission.read_form()
    form.called = {
        action.command.__name__: translate(action.title),
        action.name: translate(action.title),
        "resume": translate(message("Let it go on")),
    } | choices.confirmation_labels()
    done: Response | None = submission.submit(
        form, actor, lambda: _run_action(actor, action, find, key, argument, form)
    )
    if done is not None:
        return done
    return render_again(
        actor, lambda: _render_action(actor, action, find(actor, key), form)
    ), form.status


def _run_action(
    actor: Actor, action: Action, find: FindSubject, key: UUID, argument: str, form: Form
) -> str:
    subject = find(actor, key)
    zone = actor_zone(actor)
    form.called |= {one.path: translate(one.label) for one in action.asked(subject.view)}
    data = form.load(
        action.schema(),
        lambda body: action.settle(body, subject.view, form),
        zone,
        [one.path for one in action.asked(subject.view) if one.required],
    )
    seen = {"expected_version": form_version(form)} if action.is_versioned else {}
    given = {} if action.is_dataless else {"data": data}
    result = action.command(actor=actor, **{argument: key}, **seen, **given)
    return action.onward(result) or f"{subject.address}?done={action.name}"


def form_version(form: Form) -> int:
    """Return the version that the page showed; 0 if missing or invalid."""
    seen = form.get("seen")
    return int(seen) if seen.isdecimal() and len(seen) < 10 else 0


def _render_action(actor: Actor, action: Action, subject: Subject, form: Form) -> str:
    form.values["seen"] = str(subject.view.version)
    named = action.named_for(subject.view)
    return render_template(
        action.page,
        actor=actor,
        doing=named,
        subject=subject,
        form=form,
        choices=choices,
        fields=action.asked(subject.view),
        zone=actor_zone(actor),
        told=action.told(actor, subject.view),
        address=request.path,
        is_closed=bool(refusal_text(actor, action, subject)),
    )
