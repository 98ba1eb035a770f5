"""Routes of traces: drafts, legs, results, reports and forms."""

import json
from typing import Any
from uuid import UUID

from flask import Response

from api.http import tables
from api.http.files import send_attachment, send_pdf
from api.http.resource import Item, Resource
from api.papers import trace_form, trace_report
from api.papers.trace_form import FormFile
from api.schemas.common import AssignRequest
from api.schemas.papers import (
    FormFieldsQuery,
    FormFieldsResponse,
    FormQuery,
    ReportHashRequest,
    ReportVerdictResponse,
    WorkingFileResponse,
)
from api.schemas.tracing.requests import (
    ChannelRequest,
    ComparisonRequest,
    EtraceRequest,
    FeedbackRequest,
    LegRequest,
    NoteRequest,
    ReplyRequest,
    RestrictRequest,
    TraceOriginRequest,
)
from api.schemas.tracing.traces import (
    AmendTraceRequest,
    RejectTraceRequest,
    SendTraceRequest,
    TraceAdviceResponse,
    TraceQuery,
    TraceRequest,
    TraceResponse,
    TraceResultQuery,
    TraceResultResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.tracing.chains import description_gaps
from salsa_ext.tracing.chains.description_gaps import Outlook
from salsa_ext.tracing.channels import commands as channel_commands
from salsa_ext.tracing.channels import forms
from salsa_ext.tracing.traces import commands as trace_commands
from salsa_ext.tracing.traces import follow_up, reports, trace_results
from salsa_ext.tracing.traces import queries as trace_queries
from salsa_ext.tracing.traces.reports import HashCheck
from salsa_ext.tracing.traces.trace_results import ResultView

PATH = "/traces/<uuid:trace_id>"
LEG = f"{PATH}/legs/<uuid:leg_id>"
READ, REQUEST = Permission.TRACE_READ, Permission.TRACE_REQUEST
PDF = ("application/pdf",)
ETRACE = "etrace"

blueprint = Resource(
    "traces",
    "From a gun that was found to its last lawful holder",
    Item(TraceResponse, trace_queries.load, trace_queries.current_version),
)


def get_trace_result(actor: Actor, trace_id: UUID, wait: int = 0) -> ResultView:
    """Return the result of the answers so far."""
    return trace_results.read_result(actor=actor, trace_id=trace_id)


def get_trace_advice(actor: Actor, trace_id: UUID) -> Outlook:
    """Return missing fields and the expected success of a draft."""
    return description_gaps.predict_answers(trace_queries.get_trace(actor, trace_id).trace.firearm)


def get_trace_report(actor: Actor, trace_id: UUID) -> Response:
    """Return the report of a trace as PDF; its hashes are audited."""
    report = reports.compile_report(actor=actor, trace_id=trace_id)
    paper = trace_report.render_trace_report(report, actor.language, actor.now())
    reports.audit_report(actor=actor, report=report, content=paper.content, file=paper.file)
    return send_pdf(paper.body, f"trace-{trace_id}")


def _make_form(
    actor: Actor,
    trace_id: UUID,
    leg_id: UUID,
    kind: str,
    channel: str | None = None,
    language: str | None = None,
) -> FormFile:
    """Make the form of a leg by a channel outside the service; its hash is audited."""
    form = forms.fill_form(
        actor=actor, trace_id=trace_id, leg_id=leg_id, channel=channel, language=language
    )
    file = trace_form.render_trace_form(form, kind, actor.now())
    forms.audit_form(actor=actor, form=form, kind=kind, sha256=file.sha256)
    return file


def get_leg_form(
    actor: Actor,
    trace_id: UUID,
    leg_id: UUID,
    channel: str | None = None,
    form_language: str | None = None,
) -> Response:
    """Return the form of a leg by a channel outside the service as a PDF."""
    file = _make_form(actor, trace_id, leg_id, "pdf", channel, form_language)
    return send_pdf(file.body, f"leg-{leg_id}")


def get_leg_form_csv(actor: Actor, trace_id: UUID, leg_id: UUID) -> Response:
    """Return the fields of ATF F 3312.1 for a leg as CSV."""
    file = _make_form(actor, trace_id, leg_id, "csv", ETRACE)
    return send_attachment(file.body, tables.CSV_TYPE, f"leg-{leg_id}.csv")


def get_leg_form_fields(
    actor: Actor, trace_id: UUID, leg_id: UUID, format: str | None = None
) -> dict[str, Any] | Response:
    """Return the fields of ATF F 3312.1 for a leg that is asked by eTrace."""
    if tables.requested_format(format) == "csv":
        return get_leg_form_csv(actor, trace_id, leg_id)
    fields: dict[str, Any] = json.loads(_make_form(actor, trace_id, leg_id, "json", ETRACE).body)
    return fields


def _make_working_file(actor: Actor, trace_id: UUID, kind: str) -> FormFile:
    some = forms.fill_working_file(actor=actor, trace_id=trace_id)
    file = trace_form.render_working_file(some, kind, actor.now())
    forms.audit_working_file(actor=actor, forms=some, sha256=file.sha256)
    return file


def get_working_file_csv(actor: Actor, trace_id: UUID) -> Response:
    """Return the fields of ATF F 3312.1 as CSV, a line for each gun of the seizure."""
    file = _make_working_file(actor, trace_id, "csv")
    return send_attachment(file.body, tables.CSV_TYPE, f"working-file-{trace_id}.csv")


def get_working_file(
    actor: Actor, trace_id: UUID, format: str | None = None
) -> dict[str, Any] | Response:
    """Return the fields of ATF F 3312.1 for all guns of a trace's seizure."""
    if tables.requested_format(format) == "csv":
        return get_working_file_csv(actor, trace_id)
    guns: dict[str, Any] = json.loads(_make_working_file(actor, trace_id, "json").body)
    return guns


blueprint.listing("/traces", TraceQuery, TraceResponse, trace_queries.list_traces, READ)
blueprint.reading(PATH, TraceResponse, trace_queries.get_trace, READ)
blueprint.reading(
    f"{PATH}/result",
    TraceResultResponse,
    get_trace_result,
    READ,
    TraceResultQuery,
    is_done=trace_queries.is_heard,
)
blueprint.reading(f"{PATH}/advice", TraceAdviceResponse, get_trace_advice, READ)
blueprint.reading(f"{PATH}/report", None, get_trace_report, READ, media_types=PDF)
blueprint.reading(f"{LEG}/form", None, get_leg_form, REQUEST, FormQuery, media_types=PDF)
blueprint.reading(
    f"{LEG}/form/fields",
    FormFieldsResponse,
    get_leg_form_fields,
    REQUEST,
    FormFieldsQuery,
    media_types=("text/csv",),
)


blueprint.reading(
    f"{PATH}/working-file",
    WorkingFileResponse,
    get_working_file,
    REQUEST,
    FormFieldsQuery,
    media_types=("text/csv",),
)


@blueprint.posting(
    f"{PATH}/report/verify", ReportHashRequest, ReportVerdictResponse, READ, status=200
)
def verify_trace_report(actor: Actor, data: dict[str, Any], trace_id: UUID) -> HashCheck:
    """Verify that a hash belongs to a report of this trace."""
    return reports.check_report_hash(actor=actor, trace_id=trace_id, sha256=data["sha256"])


blueprint.action(
    "/traces",
    TraceRequest,
    trace_commands.create_trace,
    REQUEST,
    "Create a trace; sent at once unless it is a draft.",
    name="create_trace",
    location="/traces/{id}",
)
blueprint.action(
    f"{PATH}/amend",
    AmendTraceRequest,
    trace_commands.amend_draft,
    REQUEST,
    "Replace a draft; an approval already requested is requested again.",
)
blueprint.action(
    f"{PATH}/approve",
    None,
    trace_commands.approve_draft,
    Permission.TRACE_APPROVE,
    "Approve a draft of another person.",
)
blueprint.action(
    f"{PATH}/reject",
    RejectTraceRequest,
    trace_commands.decline_draft,
    Permission.TRACE_APPROVE,
    "Reject a draft of another person, with the reason.",
)
blueprint.action(
    f"{PATH}/send",
    SendTraceRequest,
    trace_commands.send_trace,
    REQUEST,
    "Send a draft or an approved trace, or request its approval.",
    is_optional=True,
)
blueprint.action(
    f"{PATH}/withdraw",
    None,
    trace_commands.withdraw_trace,
    REQUEST,
    "Withdraw a trace; notifies states that have not answered.",
)
blueprint.action(
    f"{PATH}/close",
    None,
    trace_commands.close_trace,
    REQUEST,
    "Close a trace; notifies states that answered.",
)
blueprint.action(
    f"{PATH}/legs",
    LegRequest,
    follow_up.ask_another_state,
    REQUEST,
    "Ask one more state; a non-participating one by another channel.",
    name="create_leg",
    status=201,
)
blueprint.action(
    f"{PATH}/origin",
    TraceOriginRequest,
    follow_up.add_origin,
    REQUEST,
    "Add where the gun was made or imported; the states that follow are asked.",
    name="add_trace_origin",
)
blueprint.action(
    f"{LEG}/channel",
    ChannelRequest,
    channel_commands.change_channel,
    REQUEST,
    "Change the channel of a leg before its reply.",
    name="set_leg_channel",
)
blueprint.action(
    f"{LEG}/attempts",
    ChannelRequest,
    channel_commands.add_attempt,
    REQUEST,
    "Ask a state by one more channel, or say that its form went out.",
    name="create_attempt",
    status=201,
)
blueprint.action(
    f"{LEG}/reply",
    ReplyRequest,
    channel_commands.reply,
    REQUEST,
    "Reply to a question, or record a reply from another channel.",
    name="reply_to_leg",
    status=201,
)
blueprint.action(
    f"{PATH}/etrace-data",
    EtraceRequest,
    forms.set_etrace_data,
    REQUEST,
    "Type what eTrace asks beside the traces of a seizure.",
    name="set_etrace_data",
)
blueprint.action(
    f"{PATH}/etrace-data/erase",
    None,
    forms.erase_etrace_data,
    REQUEST,
    "Erase what was typed for eTrace.",
    name="erase_etrace_data",
)
blueprint.action(
    f"{PATH}/compare",
    ComparisonRequest,
    follow_up.compare_record,
    REQUEST,
    "Decide whether a record that was given is of the gun; its state is informed.",
    name="compare_trace_record",
)
blueprint.action(
    f"{PATH}/feedback",
    FeedbackRequest,
    follow_up.send_feedback,
    REQUEST,
    "Send feedback on the answers to their states.",
    name="create_feedback",
    status=201,
)
blueprint.action(
    f"{PATH}/assign",
    AssignRequest,
    follow_up.assign,
    REQUEST,
    "Assign a trace to an account of your state; not shared.",
)
blueprint.action(
    f"{PATH}/restrict",
    RestrictRequest,
    follow_up.restrict,
    REQUEST,
    "Hide a trace from agencies; replaces the list of agencies.",
)
blueprint.action(
    f"{PATH}/notes",
    NoteRequest,
    follow_up.add_note,
    REQUEST,
    "Add a note for your state only.",
    name="add_trace_note",
)
