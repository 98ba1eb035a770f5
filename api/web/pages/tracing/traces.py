"""List of traces, a trace with its legs, result and chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n.messages import translate
from api.schemas.traces import TraceAdviceResponse, TraceQuery, TraceResponse, TraceResultResponse
from api.web import actions, choices, listing
from api.web.access import login_required, login_required_for_form
from api.web.actions import Subject
from api.web.blueprints import tracing_pages
from api.web.pages.tracing import request_messages, trace_actions
from api.web.pages.tracing.route import way_of
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.reference.calendars import actor_zone
from salsa_ext.tracing.requests.values import WAITING_STATUSES
from salsa_ext.tracing.traces import queries as trace_queries
from salsa_ext.tracing.traces.queries import TraceView
from salsa_ext.tracing.traces.reports import read_locations

FIELD_BY_GAP: Final = {
    "serial": "serial",
    "part": "serial",
    "make": "make",
    "calibre": "calibre",
    "type": "type",
    "origin": "country_of_manufacture",
    "model": "model",
}
"""The field of a gun by which what a description lacks is completed."""
SENDING_PERMISSIONS = frozenset({Permission.TRACE_REQUEST, Permission.TRACE_APPROVE})


@tracing_pages.get("/traces")
@login_required
def trace_list(actor: Actor) -> str:
    """List the own state's traces, newest first."""
    asked = listing.read_filters(TraceQuery)
    page = trace_queries.list_traces(actor, asked.filters, listing.PAGE_SIZE, asked.cursor)
    return render_template(
        "tracing/traces.html",
        actor=actor,
        form=asked.form,
        page=page,
        choices=choices,
        waiting=WAITING_STATUSES,
        onward=listing.next_page_address(page.next),
        zone=actor_zone(actor),
    )


@tracing_pages.get("/traces/<uuid:trace_id>")
@login_required
def trace_page(actor: Actor, trace_id: UUID) -> str:
    """Show a trace: result, map, chain and answers of states."""
    view = trace_queries.get_trace(actor, trace_id)
    subject = _trace_subject(view)
    found = trace_queries.read_result(actor=actor, trace_id=trace_id)
    result = TraceResultResponse().dump(found)
    return render_template(
        "tracing/trace.html",
        actor=actor,
        view=view,
        subject=subject,
        result=result,
        way=way_of(found, read_locations(actor=actor, result=found)),
        trace=TraceResponse().dump(view),
        words=request_messages.MESSAGE_KINDS,
        replies=trace_actions.legs_to_reply(actor, view),
        channels=trace_actions.legs_to_rechannel(actor, view),
        doings=actions.available_actions(trace_actions.ACTIONS, actor, subject),
        advice=_advice(actor, view),
        completing=completion_links(actor, view),
        zone=actor_zone(actor),
        done=trace_actions.success_message(request.args.get("done", ""), view),
    )


@dataclass(frozen=True)
class CompletionLinks:
    """Links to the fields that complete a draft, by gap.

    `seizure` is set if the reader may not correct it; `agency` recorded it, unless the trace is
    restricted from that agency.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    seizure: Any = None
    agency: str | None = None


def completion_links(actor: Actor, view: TraceView) -> CompletionLinks:
    """Return where a draft is completed: its form, or its seizure's correction.

    For readers without that permission, the seizure and its agency.
    """
    row, may = view.trace, actor.permissions
    if view.outlook is None:
        return CompletionLinks()
    if row.seizure_id is None:
        address = url_for("tracing.amend_draft", trace_id=row.id)
        return CompletionLinks(_field_links(address) if Permission.TRACE_REQUEST in may else {})
    if Permission.SEIZURE_RECORD in may:
        line = row.firearm["line"]
        return CompletionLinks(
            _field_links(
                url_for("investigation.gun_correction_form", seizure_id=row.seizure_id, line=line)
            )
        )
    seizure = trace_queries.find_seizure(actor, row)
    if seizure is None:
        return CompletionLinks()
    is_kept = seizure.agency in view.restricted_agencies
    return CompletionLinks(seizure=seizure, agency=None if is_kept else seizure.agency)


def _field_links(address: str) -> dict[str, str]:
    return {lack: f"{address}#firearm-{name}" for lack, name in FIELD_BY_GAP.items()}


def _advice(actor: Actor, view: TraceView) -> dict[str, Any] | None:
    """Return advice on a draft; None without permission to send or approve."""
    if view.outlook is None or not actor.permissions & SENDING_PERMISSIONS:
        return None
    told: dict[str, Any] = TraceAdviceResponse().dump(view.outlook)
    return told


def _trace_subject(view: TraceView) -> Subject:
    row = view.trace
    return Subject(
        view,
        translate(message("Trace {number}", number=row.case_number)),
        url_for("tracing.trace_page", trace_id=row.id),
        row.owner_state,
        row.status,
        "trace_status",
        ("tracing.trace_list", message("Traces")),
    )


def find_subject(actor: Actor, trace_id: UUID) -> Subject:
    """Return a trace as the subject of actions."""
    return _trace_subject(trace_queries.get_trace(actor, trace_id))


@tracing_pages.get("/traces/<uuid:trace_id>/<slug:name>")
@login_required
def trace_action_form(actor: Actor, trace_id: UUID, name: str) -> Any:
    """Show the form of an action on a trace."""
    return actions.show_action(
        actor, actions.find_action(trace_actions.ACTIONS, name), find_subject, trace_id
    )


@tracing_pages.post("/traces/<uuid:trace_id>/<slug:name>")
@login_required_for_form
def trace_action(actor: Actor, trace_id: UUID, name: str) -> Any:
    """Run an action on a trace and redirect to it."""
    doing = actions.find_action(trace_actions.ACTIONS, name)
    return actions.submit_action(actor, doing, find_subject, trace_id, "trace_id")
