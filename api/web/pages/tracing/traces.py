"""List of traces, a trace with its legs, result and chain; its printed papers."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from flask import g, request, url_for
from werkzeug import Response

from api.http.auth import authenticate_page
from api.http.context import transaction
from api.http.request_limits import wait_for
from api.i18n.messages import translate
from api.routes.tracing.traces import (
    get_leg_form,
    get_leg_form_csv,
    get_trace_report,
    get_working_file_csv,
)
from api.schemas.tracing.requests import present_stored_gun
from api.schemas.tracing.traces import (
    AmendTraceRequest,
    TraceAdviceResponse,
    TraceQuery,
    TraceRequest,
    TraceResponse,
    TraceResultResponse,
)
from api.web.access import login_required
from api.web.document_actions import Subject
from api.web.forms import VERSION_FIELD, Field, Form, codes_in
from api.web.lists import EXTERNAL_ID, FROM_DAY, PAGE_SIZE, SERIAL, TO_DAY
from api.web.pages import tracing_pages
from api.web.pages.tracing import trace_actions
from api.web.pages.tracing.request_actions import MESSAGE_KINDS, success_message
from api.web.pages.tracing.route import build_route
from api.web.prefill import firearm_category, gun_values
from api.web.record_pages import DocumentPages, register_form, render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.core.errors import CodeLabels, Invalid, Message, NotFound, Unauthenticated, message
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents.queries import SEIZURES
from salsa_ext.firearms.marks import firearm_marks
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.tracing.chains.description_gaps import missing_fields
from salsa_ext.tracing.channels.forms import form_language
from salsa_ext.tracing.requests.values import WAITING_STATUSES
from salsa_ext.tracing.traces import commands as trace_commands
from salsa_ext.tracing.traces import follow_up, trace_results
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
"""The field of a gun that fills a gap of its description."""
SENDING_PERMISSIONS = frozenset({Permission.TRACE_REQUEST, Permission.TRACE_APPROVE})
FILTERS = (
    SERIAL,
    FROM_DAY,
    TO_DAY,
    Field("status", message("Status"), "choice", "trace_status"),
    Field("priority", message("Priority"), "choice", "priority"),
    Field("case_number", message("Case number"), max_length=100),
    EXTERNAL_ID,
)


def _find(actor: Actor, trace_id: UUID) -> Subject:
    view = trace_queries.get_trace(actor, trace_id)
    row = view.trace
    title = translate(message("Trace {number}", number=row.case_number))
    return Subject(view, title, row.owner_state, row.status)


def _detail(actor: Actor, subject: Subject) -> dict[str, Any]:
    """Return result, route and advice of a trace."""
    view = subject.view
    result = trace_results.read_result(actor=actor, trace_id=view.trace.id)
    advice = None
    if view.outlook is not None and actor.permissions & SENDING_PERMISSIONS:
        advice = TraceAdviceResponse().dump(view.outlook)
    return {
        "result": TraceResultResponse().dump(result),
        "route": build_route(result, read_locations(actor=actor, result=result)),
        "trace": TraceResponse().dump(view),
        "message_kinds": MESSAGE_KINDS,
        "advice": advice,
        "completion": completion_links(actor, view),
        "success": _success(view),
        "form_language": form_language,
        "missing_for_etrace": trace_actions.missing_for_etrace(actor, view),
        "maker": result.maker and follow_up.data_to_ask(actor, result.maker),
        "unknown_origin": "origin" in missing_fields(view.trace.firearm),
        **trace_actions.legs_of(actor, view),
    }


def _success(view: TraceView) -> Message | None:
    """Return the success message of an action; a trace that awaits approval was not sent."""
    if request.args.get("done") in ("asked", "send") and view.trace.sent_at is None:
        awaits = view.trace.status == "draft" and view.trace.approval_requested_at is not None
        return message("A second person is asked to approve it.") if awaits else None
    if request.args.get("done") in ("asked", "send") and view.pending_forms:
        by_form = CodeLabels("state", tuple(view.pending_forms))
        return message("The trace is sent. Send the form to: {states}.", states=by_form)
    return success_message(PAGES.messages, view.restricted_agencies)


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
    """Return where a draft is completed: its form, or its seizure's correction."""
    row, may = view.trace, actor.permissions
    if view.outlook is None:
        return CompletionLinks()
    if row.seizure_id is None:
        if Permission.TRACE_REQUEST not in may:
            return CompletionLinks()
        return CompletionLinks(_field_links(url_for("tracing.draft_form", trace_id=row.id)))
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
    is_restricted = seizure.agency in view.restricted_agencies
    return CompletionLinks(seizure=seizure, agency=None if is_restricted else seizure.agency)


def _field_links(address: str) -> dict[str, str]:
    return {gap: f"{address}#firearm-{name}" for gap, name in FIELD_BY_GAP.items()}


@tracing_pages.get("/approvals")
@login_required
def approvals(actor: Actor) -> str:
    """Show the drafts of the own state that await approval, newest first."""
    rows = trace_queries.list_to_approve(actor, PAGE_SIZE)
    return render_page("tracing/approvals.html", actor, rows=rows)


@tracing_pages.get("/traces/<uuid:trace_id>/live")
def trace_news(trace_id: UUID) -> Response:
    """Answer 200 once the trace has another version than the page shows, else 204 in the end."""
    g.actor = authenticate_page()
    if g.actor is None:
        raise Unauthenticated(message("Your session has ended. Sign in again."))
    version = request.args.get("version", type=int)

    def is_other(actor: Actor, trace_id: UUID) -> bool:
        require(actor, Permission.TRACE_READ)
        return trace_queries.current_version(actor, trace_id) != version

    wait_for(is_other)
    with transaction(g.actor):
        return Response(status=200 if is_other(g.actor, trace_id) else 204)


@tracing_pages.get("/traces/<uuid:trace_id>/report.pdf")
@login_required
def trace_report_pdf(actor: Actor, trace_id: UUID) -> Response:
    """Return the report of a trace."""
    require(actor, Permission.TRACE_READ)
    return get_trace_report(actor, trace_id)


@tracing_pages.get("/traces/<uuid:trace_id>/legs/<uuid:leg_id>/form.pdf")
@login_required
def leg_form_pdf(actor: Actor, trace_id: UUID, leg_id: UUID) -> Response:
    """Return the form of a leg, by the channel and in the language of the address."""
    require(actor, Permission.TRACE_REQUEST)
    language = request.args.get("form_language")
    language = language if language in LANGUAGES else None
    return get_leg_form(actor, trace_id, leg_id, request.args.get("channel"), language)


@tracing_pages.get("/traces/<uuid:trace_id>/legs/<uuid:leg_id>/form.csv")
@login_required
def leg_form_csv(actor: Actor, trace_id: UUID, leg_id: UUID) -> Response:
    """Return the leg's fields of ATF F 3312.1 as CSV."""
    require(actor, Permission.TRACE_REQUEST)
    return get_leg_form_csv(actor, trace_id, leg_id)


@tracing_pages.get("/traces/<uuid:trace_id>/working-file.csv")
@login_required
def working_file_csv(actor: Actor, trace_id: UUID) -> Response:
    """Return the fields of ATF F 3312.1 of all guns of the trace's seizure as CSV."""
    require(actor, Permission.TRACE_REQUEST)
    return get_working_file_csv(actor, trace_id)


PAGES = DocumentPages(
    tracing_pages,
    "trace",
    "/traces",
    message("Traces"),
    _find,
    trace_actions.ACTIONS,
    trace_actions.MESSAGES,
)
PAGES.add_list(
    TraceQuery,
    trace_queries.list_traces,
    FILTERS,
    lambda actor, page: {"waiting_statuses": WAITING_STATUSES},
    item=TraceResponse,
)
PAGES.add_detail(_detail)


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
