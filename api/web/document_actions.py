"""Actions on a document: what each does, when it is possible, the fields of its form."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from api.http.fields.schemas import RequestSchema
from api.i18n.messages import translate, with_state_names
from api.schemas.common import AssignRequest
from api.web.forms import Field, Form
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition, Message, message
from salsa_ext.reference import names

OTHER_OWNER = message("This belongs to {state}; only its authorities may change it.")
READ_BY_CONCERNED = message("The states concerned read it.")
REASON = Field(
    "reason", message("Reason"), "area", required=True, max_length=1000, hint=READ_BY_CONCERNED
)


@dataclass(frozen=True)
class Subject:
    """A document as its pages show it; `DocumentPages` adds its address and the kind of status."""

    view: Any
    title: str
    owner: str | None
    status: str
    address: str = ""
    status_kind: str = ""


@dataclass(frozen=True)
class Action:
    """An action: required permission, allowed statuses, form fields and command.

    `schema` None: the command gets no data. It gets the expected version where `is_versioned`.
    `initial_values(actor, view)` fills the form, `extra_fields(view)` depend on the document;
    `complete_body(body, view, form)` completes the JSON. `next_page(result)` may give another page
    to go to than the document. `wording(view)` gives another title and description for some
    documents. `obstacle` gives the reason why the action is impossible although the status allows
    it. `is_main` actions are listed first. `template` is that of the form, `context(actor, view)`
    what it shows besides. `success` is shown afterwards.
    """

    name: str
    title: Message
    description: Message
    schema: type[RequestSchema] | None
    command: Callable[..., Any]
    permission: Permission
    statuses: Collection[str]
    fields: tuple[Field, ...] = ()
    success: Message | None = None
    is_own: bool = True
    is_versioned: bool = True
    is_destructive: bool = False
    is_main: bool = False
    is_for: Callable[[Actor, Any], bool] = lambda actor, view: True
    initial_values: Callable[[Actor, Any], Mapping[str, str]] = field(
        default=lambda actor, view: {}
    )
    extra_fields: Callable[[Any], tuple[Field, ...]] = lambda view: ()
    complete_body: Callable[[dict[str, Any], Any, Form], None] = lambda body, view, form: None
    next_page: Callable[[Any], str | None] = lambda result: None
    obstacle: Callable[[Actor, Any], Message | None] = lambda actor, view: None
    template: str = "action.html"
    context: Callable[[Actor, Any], Any] = lambda actor, view: None
    wording: Callable[[Any], tuple[Message, Message] | None] = lambda view: None

    def is_available(self, actor: Actor, subject: Subject) -> bool:
        """Return whether the page offers the action; the command checks again."""
        return (
            self.permission in actor.permissions
            and (not self.is_own or subject.owner == actor.state)
            and subject.status in self.statuses
            and self.is_for(actor, subject.view)
            and self.obstacle(actor, subject.view) is None
        )

    def for_document(self, view: Any) -> Action:
        """Return the action with the title and description for a document."""
        title, description = self.wording(view) or (self.title, self.description)
        return replace(self, title=title, description=description)

    def form_fields(self, view: Any) -> tuple[Field, ...]:
        """Return all fields of the form."""
        return (*self.fields, *self.extra_fields(view))

    def refusal_text(self, actor: Actor, subject: Subject) -> str | None:
        """Return why the action is impossible now; None if possible."""
        if self.is_own and subject.owner != actor.state:
            return translate(with_state_names(Message(OTHER_OWNER.text, {"state": subject.owner})))
        if subject.status in self.statuses:
            obstacle = self.obstacle(actor, subject.view)
            return None if obstacle is None else translate(obstacle)
        kind = subject.status_kind.removesuffix("_status")
        name = self.name if self.name in names.labels("action", "en") else self.title
        return translate(IllegalTransition(kind, subject.status, name).message)


Actions = tuple[Action, ...]


def available_actions(actions: Actions, actor: Actor, subject: Subject) -> list[Action]:
    """Return the actions possible now: main ones first, those that destroy last."""
    possible = [action for action in actions if action.is_available(actor, subject)]
    return sorted(possible, key=lambda action: (not action.is_main, action.is_destructive))


def assign_action(
    command: Callable[..., Any], permission: Permission, statuses: Collection[str], **more: Any
) -> Action:
    """Return the action that assigns a document to a user who may work on it."""
    return Action(
        "assign",
        message("Assign"),
        message("Name the person of your state who deals with it. Other states do not see who."),
        AssignRequest,
        command,
        permission,
        statuses,
        (Field("username", message("User name"), "choice", f"worker:{permission}", required=True),),
        message("It is assigned."),
        is_versioned=False,
        initial_values=lambda actor, view: {"username": view.assignee or ""},
        **more,
    )
