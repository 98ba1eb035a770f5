"""What can be done to a permit, shipment or discrepancy that stands: a page and a form for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from flask import abort, render_template, request
from werkzeug import Response

from api.i18n import translate, with_states
from api.schemas.fields import RequestSchema
from api.web import sending
from api.web.access import again
from api.web.desk import choices
from api.web.typed import Form
from salsa_ext.errors import IllegalTransition, Message, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import names
from salsa_ext.readmodels.days import zone_of
from salsa_ext.values.actor import Actor

OF_ANOTHER = say("This belongs to {state}; only its authorities may change it.")


@dataclass(frozen=True)
class Field:
    """A field of the form of a doing; `widget` is a macro of doing.html, `options` a list's name."""

    path: str
    label: Message
    widget: str = "text"
    options: str | None = None
    required: bool | None = None
    hint: Message | None = None
    most: int = 300


@dataclass(frozen=True)
class Subject:
    """What something is done to, as the page shows it; `above` is the page over it and its name."""

    view: Any
    title: str
    address: str
    owner: str
    status: str
    status_kind: str
    above: tuple[str, Message] = ("desk.home", say("Desk"))


@dataclass(frozen=True)
class Doing:
    """One thing that can be done: to whose, in which statuses, with which fields, and what follows.

    `start(actor, view)` gives the values that the form opens with, `more(view)` fields that depend
    on what it is done to; `settle(body, view, form)` completes the JSON. `command` is called with
    `seen` where `is_versioned`, without data where `is_dataless`, and `onward(result)` may lead to
    another page than that of the subject; `worded(view)` another title and saying, where what it is done to
    asks for it. `bars` gives why nothing of it can be done where the status
    alone would allow it; `is_main` is what most do here, and stands first. `page` is the template of its form,
    which shows what is `told(actor, view)`.
    """

    name: str
    title: Message
    says: Message
    schema: type[RequestSchema]
    command: Callable[..., Any]
    permission: Permission
    statuses: tuple[str, ...]
    fields: tuple[Field, ...]
    is_own: bool = True
    is_versioned: bool = True
    is_dataless: bool = False
    is_grave: bool = False
    is_for: Callable[[Actor, Any], bool] = lambda actor, view: True
    start: Callable[[Actor, Any], Mapping[str, str]] = field(default=lambda actor, view: {})
    more: Callable[[Any], tuple[Field, ...]] = lambda view: ()
    settle: Callable[[dict[str, Any], Any, Form], None] = lambda body, view, form: None
    onward: Callable[[Any], str | None] = lambda result: None
    bars: Callable[[Actor, Any], Message | None] = lambda actor, view: None
    is_main: bool = False
    page: str = "desk/doing.html"
    told: Callable[[Actor, Any], Any] = lambda actor, view: None
    worded: Callable[[Any], tuple[Message, Message] | None] = lambda view: None

    def can(self, actor: Actor, subject: Subject) -> bool:
        """Tell whether the page offers it; the command looks for itself."""
        own = not self.is_own or subject.owner == actor.state
        stands = (
            subject.status in self.statuses
            and self.is_for(actor, subject.view)
            and self.bars(actor, subject.view) is None
        )
        return own and stands and self.permission in actor.permissions

    def named_for(self, view: Any) -> Doing:
        """Return the same as it is called for what it is done to."""
        title, says = self.worded(view) or (self.title, self.says)
        return replace(self, title=title, says=says)

    def asked(self, view: Any) -> tuple[Field, ...]:
        """Return all fields of its form."""
        return (*self.fields, *self.more(view))


Doings = tuple[Doing, ...]
Find = Callable[[Actor, UUID], Subject]


def named(doings: Doings, name: str) -> Doing:
    """Return a doing by its name in the address; 404 for another."""
    return next((doing for doing in doings if doing.name == name), None) or abort(404)


def offered(doings: Doings, actor: Actor, subject: Subject) -> list[Doing]:
    """Return what can be done to a subject as it stands, what most do first."""
    found = [doing for doing in doings if doing.can(actor, subject)]
    return sorted(found, key=lambda doing: not doing.is_main)


def closed(actor: Actor, doing: Doing, subject: Subject) -> str | None:
    """Return why nothing of it can be done as a subject stands; None where it can."""
    if doing.is_own and subject.owner != actor.state:
        return translate(with_states(Message(OF_ANOTHER.text, {"state": subject.owner})))
    if subject.status in doing.statuses:
        barred = doing.bars(actor, subject.view)
        return None if barred is None else translate(barred)
    kind, known = subject.status_kind.removesuffix("_status"), names.labels("action", "en")
    action = doing.name if doing.name in known else doing.title
    return translate(IllegalTransition(kind, subject.status, action).message)


def open_form(actor: Actor, doing: Doing, find: Find, key: UUID) -> str | tuple[str, int]:
    """Show the form of a doing, or why there is none any more; raises Forbidden or NotFound."""
    require(actor, doing.permission)
    subject = find(actor, key)
    if said := closed(actor, doing, subject):
        return _page(actor, doing, subject, Form(errors={"": [said]})), 409
    return _page(actor, doing, subject, Form(dict(doing.start(actor, subject.view))))


def take_form(actor: Actor, doing: Doing, find: Find, key: UUID, argument: str) -> Any:
    """Do it and go on to the subject's page; the form again where that cannot be."""
    require(actor, doing.permission)
    form = sending.sent()
    form.called = {
        doing.command.__name__: translate(doing.title),
        doing.name: translate(doing.title),
        "resume": translate(say("Let it go on")),
    } | choices.called()
    done: Response | None = sending.send(
        form, actor, lambda: _do(actor, doing, find, key, argument, form)
    )
    if done is not None:
        return done
    return again(actor, lambda: _page(actor, doing, find(actor, key), form)), form.status


def _do(
    actor: Actor, doing: Doing, find: Find, key: UUID, argument: str, form: Form
) -> str:  # fmt: skip
    subject = find(actor, key)
    zone = zone_of(actor)
    form.called |= {one.path: translate(one.label) for one in doing.asked(subject.view)}
    data = form.load(
        doing.schema(), lambda body: doing.settle(body, subject.view, form), zone,
        [one.path for one in doing.asked(subject.view) if one.required],
    )  # fmt: skip
    seen = {"seen": version_of(form)} if doing.is_versioned else {}
    given = {} if doing.is_dataless else {"data": data}
    result = doing.command(actor=actor, **{argument: key}, **seen, **given)
    return doing.onward(result) or f"{subject.address}?done={doing.name}"


def version_of(form: Form) -> int:
    """Return the version that the page showed; one that nobody was shown is stale."""
    seen = form.get("seen")
    return int(seen) if seen.isdecimal() and len(seen) < 10 else 0


def _page(actor: Actor, doing: Doing, subject: Subject, form: Form) -> str:
    form.values["seen"] = str(subject.view.version)
    named = doing.named_for(subject.view)
    return render_template(
        doing.page, actor=actor, doing=named, subject=subject, form=form, choices=choices,
        fields=doing.asked(subject.view), zone=zone_of(actor), told=doing.told(actor, subject.view),
        address=request.path, is_closed=bool(closed(actor, doing, subject)),
    )  # fmt: skip
