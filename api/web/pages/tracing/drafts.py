"""New trace and change of a draft: of a gun of an own seizure, or a described one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from flask import request

from api.schemas.tracing.requests import present_stored_gun
from api.schemas.tracing.traces import AmendTraceRequest, TraceRequest
from api.web.forms import VERSION_FIELD, Form, codes_in
from api.web.pages import tracing_pages
from api.web.pages.tracing.traces import PAGES, completion_links
from api.web.prefill import firearm_category, gun_values
from api.web.record_pages import register_form, render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, NotFound, message
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents.queries import SEIZURES
from salsa_ext.firearms.marks import firearm_marks
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.tracing.traces import commands as trace_commands

LABELS: Final = {"confirm_second": message("A second trace of this gun is wanted")}
TRACE_FIELDS: Final = tuple(
    "case_number priority priority_reason legal_basis illicit_reason circumstances intended_use"
    " needed_by note".split()
)
FIELDS_WITHOUT_INPUT: Final = tuple(
    "category origin_kind part_kind quantity unit lot headstamp hs_code antique".split()
)
"""Values of a gun without a field on the page; they stay."""


def _show_form(actor: Actor, form: Form | None) -> dict[str, Any]:
    """Return the form; `seizure` and `item` of the address are filled in."""
    initial = {"priority": "routine", "intended_use": "intelligence"}
    with suppress(ValueError, Invalid, NotFound):
        key = UUID(request.args.get("seizure", ""))
        view = document_queries.read_document(actor=actor, kind=SEIZURES, document_id=key)
        initial |= {"seizure": view.document.number or "", "item": request.args.get("item", "1")}
    return {"form": form or Form(initial)}


def _request_trace(actor: Actor, form: Form) -> str:
    """Send a trace or store a draft."""
    data = form.load(TraceRequest(), lambda body: _complete_trace(actor, body, form))
    trace_id = trace_commands.create_trace(actor=actor, data=data)
    return PAGES.address(trace_id, done="drafted" if data.draft else "asked")


def _complete_trace(actor: Actor, body: dict[str, Any], form: Form) -> None:
    """Replace the seizure's number by its id; set the gun's category."""
    if agencies := codes_in(form.get("hidden_from")):
        body["hidden_from"] = agencies
    if firearm := body.get("firearm"):
        firearm["category"] = firearm_category(firearm)
    number = body.get("seizure")
    if not number:
        body.pop("item", None)
        return
    filters = {"number": number}
    rows = document_queries.list_own_documents(actor, SEIZURES, filters, 1, None).items
    if not rows:
        raise Invalid({"seizure": [message("There is no such seizure.")]})
    body["seizure"] = str(rows[0].document.id)


def _show_draft(actor: Actor, form: Form | None, trace_id: UUID) -> Any:
    """Render the form of a draft; the reason if it was sent."""
    subject = PAGES.find(actor, trace_id)
    action = next(action for action in PAGES.actions if action.name == "amend")
    if form is None and action.refusal_text(actor, subject):
        return PAGES.show_action(actor, action, trace_id)
    trace = subject.view.trace
    if form is None:
        values = {name: getattr(trace, name) for name in TRACE_FIELDS}
        if trace.seizure_id is None:
            values |= gun_values(trace.firearm) | {"found_on": trace.found_on}
        if trace.confidentiality_requested:
            values["confidentiality_requested"] = "true"
        form = Form({name: str(value) for name, value in values.items() if value})
    form.values[VERSION_FIELD] = str(trace.version)
    return render_page(
        "tracing/draft.html",
        actor,
        trail=(*PAGES.trail, (subject.address, subject.title)),
        trace=trace,
        form=form,
        completion=completion_links(actor, subject.view),
    )


def _amend_draft(actor: Actor, form: Form, trace_id: UUID) -> str:
    trace = PAGES.find(actor, trace_id).view.trace
    data = form.load(AmendTraceRequest(), lambda body: _complete_draft(body, trace))
    trace_commands.amend_draft(
        actor=actor, trace_id=trace_id, expected_version=form.expected_version, data=data
    )
    return PAGES.address(trace_id, done="amend")


def _complete_draft(body: dict[str, Any], trace: Any) -> None:
    """Add values of the trace and its gun without a field in the form."""
    body["external_ids"] = trace.external_ids
    if trace.seizure_id is not None:
        body.pop("firearm", None)
        return
    stored, typed = present_stored_gun(trace.firearm), body.setdefault("firearm", {})
    if stored["type"] is None and stored["type_text"]:
        typed.setdefault("type", stored["type_text"])
    others = {name: stored[name] for name in FIELDS_WITHOUT_INPUT if stored[name] is not None}
    body["firearm"] = others | typed | {"marks": _separate_marks(stored)}
    body["firearm"]["category"] = firearm_category(typed, others["category"])


def _separate_marks(gun: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the marks except those parsed from the serial."""
    parsed = {
        (mark.kind, mark.text, mark.location)
        for mark in firearm_marks.with_marks_of_serial(Firearm(serial=gun["serial"])).marks
    }
    return [
        {name: value for name, value in mark.items() if value is not None}
        for mark in gun["marks"]
        if (mark["kind"], mark["text"], mark["location"]) not in parsed
    ]


PAGES.add_form(Permission.TRACE_REQUEST, _show_form, _request_trace, labels=LABELS)
register_form(
    tracing_pages,
    "/traces/<uuid:trace_id>/amend",
    "draft_form",
    Permission.TRACE_REQUEST,
    _show_draft,
    _amend_draft,
    labels=LABELS,
)
