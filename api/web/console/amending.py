"""Changing a draft: the gun that was described, and what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import render_template

from api.i18n import translate
from api.schemas.requests import as_shown
from api.schemas.traces import AmendTraceRequest
from api.web import sending
from api.web.access import again, sender, signed_in
from api.web.console import steps
from api.web.console.asking import SECOND
from api.web.console.blueprint import blueprint
from api.web.console.traces import completing, subject_of
from api.web.console.words import sealed
from api.web.desk import choices, doings
from api.web.desk.filling import category_of
from api.web.typed import Form
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.names import label
from salsa_ext.services import readings, traces
from salsa_ext.values.actor import Actor
from salsa_ext.values.firearms import Firearm

AMEND: Final = "amend"
ASKED: Final = (
    "case_number", "priority", "priority_reason", "legal_basis", "illicit_reason", "circumstances",
    "intended_use", "needed_by",
)  # fmt: skip
TYPED: Final = {
    "serial": "serial", "type": "type", "marking": "marking", "make": "make_text", "model": "model",
    "calibre": "calibre_text", "country_of_manufacture": "country_of_manufacture", "year": "year",
    "importer_mark": "importer_mark",
}  # fmt: skip
"""The fields of the gun on the page, and what stands in the draft for each."""
UNTYPED: Final = ("category", "origin_kind", "part_kind", "quantity", "unit", "lot", "headstamp",
                  "hs_code", "antique")  # fmt: skip
"""What a program may have said of the gun, and the page has no field for: it stays."""


@blueprint.get("/traces/<uuid:trace_id>/amend")
@signed_in
def amend_form(actor: Actor, trace_id: UUID) -> Any:
    """Show the form, with what the draft asks; why there is none of what is no draft any more."""
    require(actor, Permission.TRACE_REQUEST)
    doing = doings.named(steps.DOINGS, AMEND)
    if doings.closed(actor, doing, subject_of(actor, trace_id)):
        return doings.open_form(actor, doing, subject_of, trace_id)
    return _page(actor, trace_id)


@blueprint.post("/traces/<uuid:trace_id>/amend")
@sender
def amend(actor: Actor, trace_id: UUID) -> Any:
    """Change the draft and show it; the form again where that cannot be."""
    require(actor, Permission.TRACE_REQUEST)
    form = sending.sent()
    form.called = {"confirm_second": translate(SECOND)}
    done = sending.send(form, actor, lambda: _amend(actor, trace_id, form))
    return done or (again(actor, lambda: _page(actor, trace_id, form)), form.status)


def _amend(actor: Actor, trace_id: UUID, form: Form) -> str:
    subject = subject_of(actor, trace_id)
    trace = subject.view.trace
    data = form.load(AmendTraceRequest(), lambda body: _complete(body, trace))
    sealed(traces.amend)(actor=actor, trace_id=trace_id, seen=doings.version_of(form), data=data)
    return f"{subject.address}?done={AMEND}"


def _complete(body: dict[str, Any], trace: Any) -> None:
    """Keep what was said of a described gun and has no field here."""
    if trace.seizure_id is not None:
        body.pop("firearm", None)
        return
    standing, said = as_shown(trace.firearm), body.setdefault("firearm", {})
    if standing["type"] is None and standing["type_text"]:
        said.setdefault("type", standing["type_text"])
    kept = {name: standing[name] for name in UNTYPED if standing[name] is not None}
    body["firearm"] = kept | said | {"marks": _marks(standing)}
    body["firearm"]["category"] = category_of(said, kept["category"])


def _marks(standing: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the marks that were told, without those that were read out of the serial's cell."""
    read = {(one.kind, one.text, one.location)
            for one in readings.with_further(Firearm(serial=standing["serial"])).marks}  # fmt: skip
    return [
        {name: value for name, value in mark.items() if value is not None}
        for mark in standing["marks"]
        if (mark["kind"], mark["text"], mark["location"]) not in read
    ]


def _opened(actor: Actor, trace: Any) -> Form:
    """Return the form with what the draft asks."""
    said = {name: getattr(trace, name) for name in ASKED}
    if trace.seizure_id is None:
        gun = {f"firearm.{name}": trace.firearm[key] for name, key in TYPED.items()}
        made_in = label("state", gun["firearm.country_of_manufacture"], actor.language)
        said |= gun | {"found_on": trace.found_on, "firearm.country_of_manufacture": made_in}
    typed = {name: str(value) for name, value in said.items() if value}
    if trace.confidentiality_requested:
        typed["confidentiality_requested"] = "true"
    return Form(typed)


def _page(actor: Actor, trace_id: UUID, form: Form | None = None) -> str:
    subject = subject_of(actor, trace_id)
    trace = subject.view.trace
    form = form or _opened(actor, trace)
    form.values["seen"] = str(trace.version)
    return render_template(
        "console/amend.html", actor=actor, subject=subject, trace=trace, form=form, choices=choices,
        completing=completing(actor, subject.view), suggest=choices.suggestions(actor),
    )  # fmt: skip
