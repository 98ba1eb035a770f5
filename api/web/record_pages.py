"""Pages of one kind of document: list, form of a new one, detail, actions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, abort, render_template, request, url_for
from marshmallow import Schema

from api.http.pagination import ListQuery
from api.i18n.messages import translate
from api.web import choices, lists, submission
from api.web.access import form_view, login_required, render_again
from api.web.document_actions import Action, Actions, Subject, available_actions
from api.web.forms import VERSION_FIELD, Field, Form
from api.web.list_files import Read, list_file
from api.web.lists import PAGE_SIZE
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Message, message
from salsa_ext.core.fields import Member, members
from salsa_ext.database.paging import Page
from salsa_ext.documents.values import ReportData, SeizureData, TransferData
from salsa_ext.reference.calendars import reader_zone
from salsa_ext.trade.permits.values import PermitData
from salsa_ext.trade.receipts.values import ReceiptData
from salsa_ext.trade.shipments.values import ShipmentData

Trail = Sequence[tuple[str, Message | str]]
"""Links to the pages above: endpoint or address, and name."""
Data = Mapping[str, Any]
HOME: Final = ("account.home", message("Home"))


def render_page(template: str, actor: Actor, **data: Any) -> str:
    """Render a page with what all pages show: the zone, the time, links to the pages above."""
    shared = {"actor": actor, "zone": reader_zone(actor), "now": actor.now(), "trail": (HOME,)}
    return render_template(template, **(shared | data))


def register_form(
    blueprint: Blueprint,
    path: str,
    endpoint: str,
    permission: Permission,
    show: Callable[..., str],
    submit: Callable[..., str],
    labels: Mapping[str, Message] | None = None,
    rows: Mapping[str, str] | None = None,
    prepare: Callable[[Form], Any] = lambda form: True,
    correct_errors: Callable[[Form], dict[str, list[str]]] = lambda form: form.errors,
    expand: Callable[[Form], bool] = lambda form: False,
    review: Callable[..., str] | None = None,
) -> None:
    """Register a form: GET shows it, POST submits it once and redirects.

    `show(actor, form, **path)` renders the page, a new one for form None; `submit(actor, form,
    **path)` runs the command and returns the address to go to. `labels` names fields of the API on
    the page. `rows` maps lists of the form to the first field of a row. `prepare(form)` runs before
    the command and may raise Invalid. `correct_errors(form)` moves errors to fields of the form.
    `expand(form)` fills in what else was typed; True shows the form again, to be checked first.
    `review(actor, form, address)` renders what was entered, to be checked before it is submitted.
    """

    def show_form(actor: Actor, **ids: Any) -> str:
        require(actor, permission)
        return show(actor, None, **ids)

    def submit_form(actor: Actor, **ids: Any) -> Any:
        require(actor, permission)
        form = submission.read_form()
        form.page_labels = {name: translate(label) for name, label in (labels or {}).items()}
        if removed := form.get("remove"):
            form.remove_row(removed)
        for name in rows or ():
            form.remove_empty_rows(name)
        is_grown = expand(form) or bool(form.values.pop("change", "") or removed)
        if (name := form.get("add")) and rows and name in rows:
            form.add_row(name, rows[name])
            is_grown = True
        if is_grown:
            return render_again(actor, lambda: show(actor, form, **ids))
        done: Any = None
        if submission.submit_repeatable(form, lambda: prepare(form)):

            def run() -> str:
                return submit(actor, form, **ids)

            if review and form.values.pop("review", ""):
                done = submission.preview(form, actor, run, partial(review, actor, form))
            else:
                done = submission.submit(form, actor, run)
        form.errors = correct_errors(form)
        return done or (render_again(actor, lambda: show(actor, form, **ids)), form.status)

    blueprint.add_url_rule(
        path, endpoint, form_view(show_form, submit_form), methods=["GET", "POST"]
    )


class DocumentPages:
    """Pages of one kind of document, registered like the routes of a `Resource`.

    `noun` names the endpoints `<noun>_list`, `<noun>_form`, `<noun>_page` and `<noun>_action`, the
    templates `<area>/<noun>_list.html` and `<noun>.html`, and the path parameter `<noun>_id`.
    `find(actor, id)` returns the Subject. `messages` are shown after what is no action, by `done`
    of the address.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        noun: str,
        path: str,
        title: Message,
        find: Callable[[Actor, UUID], Subject] | None = None,
        actions: Actions = (),
        messages: Mapping[str, Message] | None = None,
        parent: tuple[str, Message] = HOME,
    ) -> None:
        self.blueprint, self.area, self.noun, self.path = blueprint, blueprint.name, noun, path
        self.title, self.actions = title, actions
        self.parents: Trail = (HOME,) if parent == HOME else (HOME, parent)
        self.messages = {action.name: action.success for action in actions} | dict(messages or {})
        self._find = find
        if actions:
            self._add_rule(
                "/<slug:name>", "action", form_view(self._show_action, self._submit_action)
            )

    def _add_rule(self, path: str, endpoint: str, view: Callable[..., Any]) -> None:
        self.blueprint.add_url_rule(
            f"{self.path}/<uuid:{self.noun}_id>{path}",
            f"{self.noun}_{endpoint}",
            view,
            methods=["GET", "POST"],
        )

    def address(self, key: UUID, **query: Any) -> str:
        """Return the address of a document's page."""
        return url_for(f"{self.area}.{self.noun}_page", **query | {f"{self.noun}_id": key})

    def find(self, actor: Actor, key: UUID) -> Subject:
        """Return a document with its address; raises NotFound."""
        assert self._find is not None
        subject = self._find(actor, key)
        return replace(subject, address=self.address(key), status_kind=f"{self.noun}_status")

    @property
    def trail(self) -> Trail:
        """Return the links above a document's page."""
        return (*self.parents, (f"{self.area}.{self.noun}_list", self.title))

    def add_list(
        self,
        query: type[ListQuery],
        read: Read,
        fields: tuple[Field, ...] = (),
        context: Callable[[Actor, Page[Any]], Data] = lambda actor, page: {},
        presets: Callable[[Actor], Mapping[str, str]] = lambda actor: {},
        page_size: int = PAGE_SIZE,
        item: type[Schema] | None = None,
    ) -> None:
        """Register the list; `context(actor, page)` adds data, `presets(actor)` replaces filters."""

        def show(actor: Actor) -> Any:
            listed = lists.read_filters(query, **presets(actor))
            if item and listed.format in lists.FILE_FORMATS:
                title = translate(self.title)
                return list_file(actor, self.noun, query(), read, listed, item(), title)
            page = read(actor, listed.filters, page_size, listed.cursor)
            data = {"has_files": item is not None} | {**context(actor, page)}
            return self.render_list(actor, listed.form, page, fields, **data)

        self.blueprint.add_url_rule(self.path, f"{self.noun}_list", login_required(show))

    def render_list(
        self, actor: Actor, form: Form, page: Page[Any], fields: tuple[Field, ...], **data: Any
    ) -> str:
        """Render a page of the list with its filters, order, total."""
        defaults = {
            "trail": self.parents,
            "title": self.title,
            "form": form,
            "fields": fields,
            "rows": page.items,
        }
        shared = defaults | {**lists.list_context(page, form, fields)}
        return render_page(f"{self.area}/{self.noun}_list.html", actor, **(shared | data))

    def add_detail(
        self, context: Callable[[Actor, Subject], Data] = lambda actor, subject: {}
    ) -> None:
        """Register the page of a document; `context(actor, subject)` adds data."""

        def show(actor: Actor, **ids: UUID) -> str:
            subject = self.find(actor, *ids.values())
            return self.render_detail(actor, subject, **context(actor, subject))

        self.blueprint.add_url_rule(
            f"{self.path}/<uuid:{self.noun}_id>", f"{self.noun}_page", login_required(show)
        )

    def render_detail(self, actor: Actor, subject: Subject | None, **data: Any) -> str:
        """Render the page of a document with its possible actions."""
        context: dict[str, Any] = {"trail": self.trail, "subject": subject}
        if subject is not None:
            context |= {
                "view": subject.view,
                "actions": available_actions(self.actions, actor, subject),
                "success": self.messages.get(request.args.get("done", "")),
            }
        return render_page(f"{self.area}/{self.noun}.html", actor, **(context | data))

    def add_form(
        self,
        permission: Permission,
        show: Callable[..., Data],
        submit: Callable[..., str],
        path: str | None = None,
        review: Callable[[Actor, Subject], Data] | None = None,
        **options: Any,
    ) -> None:
        """Register the form of a new document, as `register_form` does.

        `show(actor, form)` returns the data of the template, with `form`; `review(actor, subject)`
        that of the page to check it, `<noun>_review.html`. A record that exists already is linked in
        the error.
        """

        def render(actor: Actor, form: Form | None, **ids: Any) -> str:
            if form and form.existing:
                existing = self.find(actor, form.existing)
                form.link_existing(existing.title, existing.address)
            data = {"trail": self.trail} | {**show(actor, form, **ids)}
            return render_page(f"{self.area}/{self.noun}_new.html", actor, **data)

        def render_review(actor: Actor, form: Form, address: str) -> str:
            subject = self.find(actor, UUID(urlsplit(address).path.rpartition("/")[2]))
            data = {"trail": self.trail, "subject": subject, "view": subject.view, "form": form}
            template = f"{self.area}/{self.noun}_review.html"
            assert review is not None
            return render_page(template, actor, **data | {**review(actor, subject)})

        register_form(
            self.blueprint,
            path or f"{self.path}/new",
            f"{self.noun}_form",
            permission,
            render,
            submit,
            review=render_review if review else None,
            **options,
        )

    def add_part_action(self, part: str, name: str, action: Callable[[UUID], Action]) -> None:
        """Register the form of an action on a part, such as `legs/<uuid:leg_id>` of a trace.

        `action(part_id)` returns it.
        """

        def show(actor: Actor, **ids: UUID) -> Any:
            key, [part_id] = ids.pop(f"{self.noun}_id"), ids.values()
            return self.show_action(actor, action(part_id), key)

        def submit(actor: Actor, **ids: UUID) -> Any:
            key, [part_id] = ids.pop(f"{self.noun}_id"), ids.values()
            return self.submit_action(actor, action(part_id), key)

        self.blueprint.add_url_rule(
            f"{self.path}/<uuid:{self.noun}_id>/{part}/{name}",
            f"{name}_form",
            form_view(show, submit),
            methods=["GET", "POST"],
        )

    def _action(self, name: str) -> Action:
        return next((action for action in self.actions if action.name == name), None) or abort(404)

    def _show_action(self, actor: Actor, name: str, **ids: UUID) -> Any:
        return self.show_action(actor, self._action(name), *ids.values())

    def _submit_action(self, actor: Actor, name: str, **ids: UUID) -> Any:
        return self.submit_action(actor, self._action(name), *ids.values())

    def show_action(self, actor: Actor, action: Action, key: UUID) -> str | tuple[str, int]:
        """Show the form of an action; with status 409 if impossible."""
        require(actor, action.permission)
        subject = self.find(actor, key)
        if reason := action.refusal_text(actor, subject):
            return self._render_action(actor, action, subject, Form(errors={"": [reason]})), 409
        form = Form(dict(action.initial_values(actor, subject.view)))
        return self._render_action(actor, action, subject, form)

    def submit_action(self, actor: Actor, action: Action, key: UUID) -> Any:
        """Run an action and redirect to the document. Shows the form again with errors if it was refused."""
        require(actor, action.permission)
        form, title = submission.read_form(), translate(action.title)
        form.page_labels = {
            action.command.__name__: title,
            action.name: title,
            "resume": translate(message("Resume it")),
        } | choices.confirmation_labels()
        done = submission.submit(form, actor, lambda: self._run_action(actor, action, key, form))
        if done is not None:
            return done
        page = render_again(
            actor, lambda: self._render_action(actor, action, self.find(actor, key), form)
        )
        return page, form.status

    def _run_action(self, actor: Actor, action: Action, key: UUID, form: Form) -> str:
        subject = self.find(actor, key)
        fields = action.form_fields(subject.view)
        form.page_labels |= {field.path: translate(field.label) for field in fields}
        given: dict[str, Any] = {f"{self.noun}_id": key}
        if action.is_versioned:
            given["expected_version"] = form.expected_version
        if action.schema is not None:
            given["data"] = form.load(
                action.schema(),
                lambda body: action.complete_body(body, subject.view, form),
                reader_zone(actor),
                [field.path for field in fields if field.required],
            )
        result = action.command(actor=actor, **given)
        return action.next_page(result) or f"{subject.address}?done={action.name}"

    def _render_action(self, actor: Actor, action: Action, subject: Subject, form: Form) -> str:
        if (version := getattr(subject.view, "version", None)) is not None:
            form.values[VERSION_FIELD] = str(version)
        return render_page(
            action.template,
            actor,
            trail=(*self.trail, (subject.address, subject.title)),
            action=action.for_document(subject.view),
            subject=subject,
            form=form,
            fields=action.form_fields(subject.view),
            context=action.context(actor, subject.view),
            is_closed=bool(action.refusal_text(actor, subject)),
        )


PLACED: Final[Mapping[str, tuple[type, str]]] = {
    "seizure": (
        SeizureData,
        "occurred_on occurred_at time_zone number kind agency legal_grounds crime_context post"
        " setting concealment transport visibility handling",
    ),
    "report": (
        ReportData,
        "occurred_on occurred_at time_zone number kind stolen_from visibility handling"
        " confirm_second",
    ),
    "transfer": (
        TransferData,
        "occurred_on occurred_at time_zone number kind licence counterpart_state based_on"
        " visibility handling",
    ),
    "permit": (
        PermitData,
        "kind number document_kind issued_on expires_on latest_import_on regime exporting_state"
        " importing_state source end_use conditions replaces refusal confirm_unregistered",
    ),
    "shipment": (ShipmentData, "number ships_on mode port_of_exit port_of_entry export_licence"),
    "receipt": (
        ReceiptData,
        "received_on all confirm_nothing_matches reason delivery_verification",
    ),
}
"""The documents, with the fields that their pages place, or leave out on purpose."""


def other_fields(name: str) -> list[Member]:
    """Return the other fields of a document; its form and its page list them."""
    cls, placed = PLACED[name]
    return [
        member
        for member in members(cls)
        if member.key not in placed.split() and not (member.is_nested or member.is_many)
    ]
