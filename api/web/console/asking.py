"""Asking for a trace: of a gun of an own seizure, or of one that is described."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n import translate
from api.schemas.traces import TraceRequest
from api.web import sending
from api.web.access import again, sender, signed_in
from api.web.console.blueprint import blueprint
from api.web.console.traces import subject_of
from api.web.console.words import sealed
from api.web.desk import choices
from api.web.desk.filling import category_of
from api.web.typed import Form, codes_in
from salsa_ext.errors import Invalid, NotFound, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import documents
from salsa_ext.readmodels.documents import SEIZURES
from salsa_ext.services import disclosures, traces
from salsa_ext.values.actor import Actor

SECOND = say("A second trace of this gun is wanted")


@blueprint.get("/traces/new")
@signed_in
def trace_form(actor: Actor) -> str:
    """Show the form; a `seizure` of the address, with its `item`, is filled in."""
    require(actor, Permission.TRACE_REQUEST)
    return _page(
        actor, Form({"priority": "routine", "intended_use": "intelligence"} | _seized(actor))
    )


@blueprint.post("/traces/new")
@sender
def request_trace(actor: Actor) -> Any:
    """Send the trace, or keep the draft, and show it; 422 with the form where that cannot be."""
    require(actor, Permission.TRACE_REQUEST)
    form = sending.sent()
    form.called = {"confirm_second": translate(SECOND)}
    done = sending.send(form, actor, lambda: _request(actor, form))
    return done or (again(actor, lambda: _page(actor, form)), form.status)


def _request(actor: Actor, form: Form) -> str:
    data = form.load(TraceRequest(), lambda body: _complete(actor, body, form))
    trace_id = sealed(traces.request)(actor=actor, data=data)
    done = "drafted" if data.draft else "asked"
    return url_for("console.trace", trace_id=trace_id, done=done)


def _complete(actor: Actor, body: dict[str, Any], form: Form) -> None:
    """Find the seizure by its number, and let the type of a gun say its category."""
    is_unknown = False
    if number := body.get("seizure"):
        found = documents.list_documents(actor, SEIZURES, {"number": number}, 1, None).items
        body["seizure"] = str(found[0].document.id) if found else number
        is_unknown = not found
    else:
        body.pop("item", None)
    if agencies := codes_in(form.get("hidden_from")):
        body["hidden_from"] = agencies
    if firearm := body.get("firearm"):
        firearm["category"] = category_of(firearm)
    if is_unknown:
        raise Invalid({"seizure": [say("There is no such seizure.")]})


def _seized(actor: Actor) -> dict[str, str]:
    """Return the number of the seizure that the address names, and the line of the gun."""
    try:
        view = disclosures.read_document(
            actor=actor, kind=SEIZURES, document_id=UUID(request.args.get("seizure", ""))
        )
    except (ValueError, Invalid, NotFound):
        return {}
    return {"seizure": view.document.number or "", "item": request.args.get("item", "1")}


def _page(actor: Actor, form: Form) -> str:
    if form.existing:
        standing = subject_of(actor, form.existing)
        form.lead(standing.title, standing.address)
    return render_template("console/ask.html", actor=actor, form=form, choices=choices,
                           suggest=choices.suggestions(actor))  # fmt: skip
