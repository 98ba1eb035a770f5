"""New trace and change of a draft.

Of a gun of an own seizure, or a described one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n.messages import translate
from api.schemas.requests import present_stored_gun
from api.schemas.traces import AmendTraceRequest, TraceRequest
from api.web import actions, choices, submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.blueprints import tracing_pages
from api.web.forms import Form, codes_in
from api.web.pages.tracing import trace_actions
from api.web.pages.tracing.traces import completion_links, find_subject
from api.web.prefill import firearm_category
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, NotFound, message
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents.queries import SEIZURES
from salsa_ext.firearms.marks import reading
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.reference.names import label
from salsa_ext.tracing.traces import commands as trace_commands

CONFIRM_DUPLICATE = message("A second trace of this gun is wanted")


@tracing_pages.get("/traces/new")
@login_required
def trace_form(actor: Actor) -> str:
    """Show the form; `seizure` and `item` of the address are filled in."""
    require(actor, Permission.TRACE_REQUEST)
    return _render_trace_form(
        actor,
        Form({"priority": "routine", "intended_use": "intelligence"} | _seizure_values(actor)),
    )


@tracing_pages.post("/traces/new")
@login_required_for_form
def request_trace(actor: Actor) -> Any:
    """Send a trace or store a draft, and redirect to it.

    Shows the form with 422 if refused.
    """
    require(actor, Permission.TRACE_REQUEST)
    form = submission.read_form()
    form.called = {"confirm_second": translate(CONFIRM_DUPLICATE)}
    done = submission.submit(form, actor, lambda: _request_trace(actor, form))
    return done or (render_again(actor, lambda: _render_trace_form(actor, form)), form.status)


def _request_trace(actor: Actor, form: Form) -> str:
    data = form.load(TraceRequest(), lambda body: _complete_trace(actor, body, form))
    trace_id = trace_commands.create_trace(actor=actor, data=data)
    done = "drafted" if data.draft else "asked"
    return url_for("tracing.trace_page", trace_id=trace_id, done=done)


def _complete_trace(actor: Actor, body: dict[str, Any], form: Form) -> None:
    """Replace the seizure's number by its id; set the gun's category."""
    is_unknown = False
    if number := body.get("seizure"):
        found = document_queries.list_own_documents(
            actor, SEIZURES, {"number": number}, 1, None
        ).items
        body["seizure"] = str(found[0].document.id) if found else number
        is_unknown = not found
    else:
        body.pop("item", None)
    if agencies := codes_in(form.get("hidden_from")):
        body["hidden_from"] = agencies
    if firearm := body.get("firearm"):
        firearm["category"] = firearm_category(firearm)
    if is_unknown:
        raise Invalid({"seizure": [message("There is no such seizure.")]})


def _seizure_values(actor: Actor) -> dict[str, str]:
    """Return the seizure number and item of the address."""
    try:
        view = document_queries.read_document(
            actor=actor, kind=SEIZURES, document_id=UUID(request.args.get("seizure", ""))
        )
    except (ValueError, Invalid, NotFound):
        return {}
    return {"seizure": view.document.number or "", "item": request.args.get("item", "1")}


def _render_trace_form(actor: Actor, form: Form) -> str:
    if form.existing:
        standing = find_subject(actor, form.existing)
        form.lead(standing.title, standing.address)
    return render_template(
        "tracing/trace_new.html",
        actor=actor,
        form=form,
        choices=choices,
        suggest=choices.suggestions(actor),
    )


AMEND_ACTION: Final = "amend"
TRACE_FIELDS: Final = (
    "case_number",
    "priority",
    "priority_reason",
    "legal_basis",
    "illicit_reason",
    "circumstances",
    "intended_use",
    "needed_by",
)
GUN_FIELDS: Final = {
    "serial": "serial",
    "type": "type",
    "marking": "marking",
    "make": "make_text",
    "model": "model",
    "calibre": "calibre_text",
    "country_of_manufacture": "country_of_manufacture",
    "year": "year",
    "importer_mark": "importer_mark",
}
"""The fields of the gun on the page, and what stands in the draft for each."""
FIELDS_WITHOUT_INPUT: Final = (
    "category",
    "origin_kind",
    "part_kind",
    "quantity",
    "unit",
    "lot",
    "headstamp",
    "hs_code",
    "antique",
)
"""What a program may have said of the gun, and the page has no field for: it stays."""


@tracing_pages.get("/traces/<uuid:trace_id>/amend")
@login_required
def amend_form(actor: Actor, trace_id: UUID) -> Any:
    """Show the form of a draft; the reason if it was sent."""
    require(actor, Permission.TRACE_REQUEST)
    doing = actions.find_action(trace_actions.ACTIONS, AMEND_ACTION)
    if actions.refusal_text(actor, doing, find_subject(actor, trace_id)):
        return actions.show_action(actor, doing, find_subject, trace_id)
    return _render_draft_form(actor, trace_id)


@tracing_pages.post("/traces/<uuid:trace_id>/amend")
@login_required_for_form
def amend_draft(actor: Actor, trace_id: UUID) -> Any:
    """Change the draft and redirect to it.

    Shows the form again if refused.
    """
    require(actor, Permission.TRACE_REQUEST)
    form = submission.read_form()
    form.called = {"confirm_second": translate(CONFIRM_DUPLICATE)}
    done = submission.submit(form, actor, lambda: _amend_draft(actor, trace_id, form))
    return done or (
        render_again(actor, lambda: _render_draft_form(actor, trace_id, form)),
        form.status,
    )


def _amend_draft(actor: Actor, trace_id: UUID, form: Form) -> str:
    subject = find_subject(actor, trace_id)
    trace = subject.view.trace
    data = form.load(AmendTraceRequest(), lambda body: _complete_draft(body, trace))
    trace_commands.amend_draft(
        actor=actor, trace_id=trace_id, expected_version=actions.form_version(form), data=data
    )
    return f"{subject.address}?done={AMEND_ACTION}"


def _complete_draft(body: dict[str, Any], trace: Any) -> None:
    """Add values of the gun without a field in the form."""
    if trace.seizure_id is not None:
        body.pop("firearm", None)
        return
    standing, said = present_stored_gun(trace.firearm), body.setdefault("firearm", {})
    if standing["type"] is None and standing["type_text"]:
        said.setdefault("type", standing["type_text"])
    kept = {name: standing[name] for name in FIELDS_WITHOUT_INPUT if standing[name] is not None}
    body["firearm"] = kept | said | {"marks": _separate_marks(standing)}
    body["firearm"]["category"] = firearm_category(said, kept["category"])


def _separate_marks(standing: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the marks except those parsed from the serial."""
    read = {
        (one.kind, one.text, one.location)
        for one in reading.with_marks_of_serial(Firearm(serial=standing["serial"])).marks
    }
    return [
        {name: value for name, value in mark.items() if value is not None}
        for mark in standing["marks"]
        if (mark["kind"], mark["text"], mark["location"]) not in read
    ]


def _draft_form(actor: Actor, trace: Any) -> Form:
    """Return the draft as form values."""
    said = {name: getattr(trace, name) for name in TRACE_FIELDS}
    if trace.seizure_id is None:
        gun = {f"firearm.{name}": trace.firearm[key] for name, key in GUN_FIELDS.items()}
        made_in = label("state", gun["firearm.country_of_manufacture"], actor.language)
        said |= gun | {"found_on": trace.found_on, "firearm.country_of_manufacture": made_in}
    typed = {name: str(value) for name, value in said.items() if value}
    if trace.confidentiality_requested:
        typed["confidentiality_requested"] = "true"
    return Form(typed)


def _render_draft_form(actor: Actor, trace_id: UUID, form: Form | None = None) -> str:
    subject = find_subject(actor, trace_id)
    trace = subject.view.trace
    form = form or _draft_form(actor, trace)
    form.values["seen"] = str(trace.version)
    return render_template(
        "tracing/draft.html",
        actor=actor,
        subject=subject,
        trace=trace,
        form=form,
        choices=choices,
        completing=completion_links(actor, subject.view),
        suggest=choices.suggestions(actor),
    )
