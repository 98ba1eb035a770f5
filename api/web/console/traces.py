"""The own state's traces as pages: the list, and one with its legs, its result and its chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n import translate
from api.schemas.trace_advice import AdviceResponse
from api.schemas.traces import ResultResponse, TraceQuery, TraceResponse
from api.web.access import sender, signed_in
from api.web.console import steps, words
from api.web.console.blueprint import blueprint
from api.web.console.journeys import way_of
from api.web.desk import choices, doings, listing
from api.web.desk.doings import Subject
from salsa_ext.errors import say
from salsa_ext.matching.requests import WAITING
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import traces as reading
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.traces import TraceView
from salsa_ext.services import disclosures
from salsa_ext.services.whereabouts import read_whereabouts
from salsa_ext.values.actor import Actor

COMPLETED_AT: Final = {
    "serial": "serial", "part": "serial", "make": "make", "calibre": "calibre", "type": "type",
    "origin": "country_of_manufacture", "model": "model",
}  # fmt: skip
"""The field of a gun by which what a description lacks is completed."""
MAY_SEND = frozenset({Permission.TRACE_REQUEST, Permission.TRACE_APPROVE})


@blueprint.get("/traces")
@signed_in
def traces(actor: Actor) -> str:
    """Show the own state's traces, newest first, by the filters of the address."""
    asked = listing.asked(TraceQuery)
    page = reading.list_traces(actor, asked.filters, listing.LIMIT, asked.cursor)
    return render_template(
        "console/traces.html", actor=actor, form=asked.form, page=page, choices=choices,
        waiting=WAITING, onward=listing.address(page.next), zone=zone_of(actor),
    )  # fmt: skip


@blueprint.get("/traces/<uuid:trace_id>")
@signed_in
def trace(actor: Actor, trace_id: UUID) -> str:
    """Show one trace: what it found, its chain on a map and in order, and what each state said."""
    view = reading.get_trace(actor, trace_id)
    subject = _subject(view)
    found = disclosures.read_result(actor=actor, trace_id=trace_id)
    result = ResultResponse().dump(found)
    return render_template(
        "console/trace.html", actor=actor, view=view, subject=subject, result=result,
        way=way_of(found, read_whereabouts(actor=actor, result=found)),
        trace=TraceResponse().dump(view), words=words.KINDS,
        replies=steps.awaited(actor, view), channels=steps.unaddressed(actor, view),
        doings=doings.offered(steps.DOINGS, actor, subject),
        advice=_advice(actor, view), completing=completing(actor, view), zone=zone_of(actor),
        done=steps.done_of(request.args.get("done", ""), view),
    )  # fmt: skip


@dataclass(frozen=True)
class Completing:
    """Where each thing that a draft lacks is completed, by what is lacking, or who can complete it.

    `seizure` is that of the gun where the reader may not correct it, and `agency` that which recorded
    it, unless the trace is kept from it.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    seizure: Any = None
    agency: str | None = None


def completing(actor: Actor, view: TraceView) -> Completing:
    """Return where a draft is completed: on its own form, or on that of the correction of its seizure.

    For who may not correct a seizure, whom to ask.
    """
    row, may = view.trace, actor.permissions
    if view.outlook is None:
        return Completing()
    if row.seizure_id is None:
        address = url_for("console.amend", trace_id=row.id)
        return Completing(_at_fields(address) if Permission.TRACE_REQUEST in may else {})
    if Permission.SEIZURE_RECORD in may:
        line = row.firearm["line"]
        return Completing(
            _at_fields(url_for("guns.gun_form", seizure_id=row.seizure_id, line=line))
        )
    seizure = reading.seizure_of(actor, row)
    if seizure is None:
        return Completing()
    is_kept = seizure.agency in view.hidden_from
    return Completing(seizure=seizure, agency=None if is_kept else seizure.agency)


def _at_fields(address: str) -> dict[str, str]:
    return {lack: f"{address}#firearm-{name}" for lack, name in COMPLETED_AT.items()}


def _advice(actor: Actor, view: TraceView) -> dict[str, Any] | None:
    """Return what is said of a draft before it is sent, for who may send or approve it."""
    if view.outlook is None or not actor.permissions & MAY_SEND:
        return None
    told: dict[str, Any] = AdviceResponse().dump(view.outlook)
    return told


def _subject(view: TraceView) -> Subject:
    row = view.trace
    return Subject(
        view, translate(say("Trace {number}", number=row.case_number)),
        url_for("console.trace", trace_id=row.id), row.owner_state, row.status, "trace_status",
        ("console.traces", say("Traces")),
    )  # fmt: skip


def subject_of(actor: Actor, trace_id: UUID) -> Subject:
    """Return a trace as the pages of its doings show it."""
    return _subject(reading.get_trace(actor, trace_id))


@blueprint.get("/traces/<uuid:trace_id>/<slug:name>")
@signed_in
def step_form(actor: Actor, trace_id: UUID, name: str) -> Any:
    """Show the form of what can be done to a trace."""
    return doings.open_form(actor, doings.named(steps.DOINGS, name), subject_of, trace_id)


@blueprint.post("/traces/<uuid:trace_id>/<slug:name>")
@sender
def step(actor: Actor, trace_id: UUID, name: str) -> Any:
    """Do it, and show the trace."""
    doing = doings.named(steps.DOINGS, name)
    return doings.take_form(actor, doing, subject_of, trace_id, "trace_id")
