"""Routes of traces: drafts, legs, results, reports and forms."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, g

from api.http import tables
from api.http.files import send_attachment
from api.http.resource import Resource
from api.papers import trace_form, trace_report
from api.papers.trace_form import FormFile
from api.schemas.common import AssignRequest
from api.schemas.requests import (
    ChannelRequest,
    FeedbackRequest,
    LegRequest,
    NoteRequest,
    ReplyRequest,
    RestrictRequest,
)
from api.schemas.traces import (
    AmendTraceRequest,
    FormFieldsQuery,
    FormFieldsResponse,
    RejectTraceRequest,
    ReportHashRequest,
    ReportVerdictResponse,
    SendTraceRequest,
    TraceAdviceResponse,
    TraceQuery,
    TraceRequest,
    TraceResponse,
    TraceResultResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.notifications.values import AssigneeData
from salsa_ext.tracing.chains import gaps
from salsa_ext.tracing.chains.gaps import Outlook
from salsa_ext.tracing.requests.values import CommentData, RestrictionData
from salsa_ext.tracing.traces import channels, follow_up, reports
from salsa_ext.tracing.traces import commands as trace_commands
from salsa_ext.tracing.traces import handlers as trace_handlers
from salsa_ext.tracing.traces import queries as trace_queries
from salsa_ext.tracing.traces.queries import ResultView, TraceView
from salsa_ext.tracing.traces.reports import HashCheck
from salsa_ext.tracing.traces.values import (
    ChannelData,
    FeedbackData,
    LegData,
    ReplyData,
    SendData,
    TraceData,
)

PATH = "/traces/<uuid:trace_id>"
HANDLERS = trace_handlers
"""Imported so that what comes is applied wherever the application is."""

blueprint = Resource("traces", "From a gun that was found to its last lawful holder")
blueprint.listing(
    "/traces", TraceQuery, TraceResponse, trace_queries.list_traces, Permission.TRACE_READ
)
blueprint.reading(
    "/traces/<uuid:trace_id>", TraceResponse, trace_queries.get_trace, Permission.TRACE_READ
)


def get_trace_result(actor: Actor, trace_id: UUID) -> ResultView:
    """Return the result of the answers so far."""
    return trace_queries.read_result(actor=actor, trace_id=trace_id)


blueprint.reading(
    "/traces/<uuid:trace_id>/result", TraceResultResponse, get_trace_result, Permission.TRACE_READ
)


def get_trace_advice(actor: Actor, trace_id: UUID) -> Outlook:
    """Return missing fields and the expected success of a draft."""
    return gaps.of(trace_queries.get_trace(actor, trace_id).trace.firearm)


blueprint.reading(
    "/traces/<uuid:trace_id>/advice", TraceAdviceResponse, get_trace_advice, Permission.TRACE_READ
)


def get_trace_report(actor: Actor, trace_id: UUID) -> tuple[bytes, str]:
    """Return the report of a trace as PDF; its hashes are audited."""
    report = reports.compile_report(actor=actor, trace_id=trace_id)
    made = trace_report.render_trace_report(report, actor.language, actor.now())
    reports.audit_report(actor=actor, report=report, content=made.content, file=made.file)
    return made.body, f"trace-{trace_id}"


blueprint.printing("/traces/<uuid:trace_id>/report", get_trace_report, Permission.TRACE_READ)


@blueprint.posting(
    f"{PATH}/report/verify",
    ReportHashRequest,
    ReportVerdictResponse,
    Permission.TRACE_READ,
    status=200,
)
def verify_trace_report(actor: Actor, data: dict[str, Any], trace_id: UUID) -> HashCheck:
    """Verify that a hash belongs to a report of this trace."""
    return reports.check_report_hash(actor=actor, trace_id=trace_id, sha256=data["sha256"])


FORM_PATH = f"{PATH}/legs/<uuid:leg_id>/form"


def make_leg_form(actor: Actor, trace_id: UUID, leg_id: UUID, kind: str) -> FormFile:
    """Make the form for a non-participating state; its hash is audited."""
    form = channels.fill_form(actor=actor, trace_id=trace_id, leg_id=leg_id)
    made = trace_form.render_trace_form(form, kind, actor.language, actor.now())
    channels.audit_form(actor=actor, form=form, kind=kind, sha256=made.sha256)
    return made


def get_leg_form(actor: Actor, trace_id: UUID, leg_id: UUID) -> tuple[bytes, str]:
    """Return the form for a non-participating state as a PDF."""
    return make_leg_form(actor, trace_id, leg_id, "pdf").body, f"leg-{leg_id}"


def get_leg_form_fields(
    actor: Actor, trace_id: UUID, leg_id: UUID, format: str | None = None
) -> dict[str, Any] | Response:
    """Return the fields of ATF F 3312.1 for a non-participating state."""
    if tables.requested_format(format) == "csv":
        made = make_leg_form(actor, trace_id, leg_id, "csv")
        return send_attachment(made.body, tables.CSV_TYPE, f"leg-{leg_id}.csv")
    fields: dict[str, Any] = json.loads(make_leg_form(actor, trace_id, leg_id, "json").body)
    return fields


blueprint.printing(FORM_PATH, get_leg_form, Permission.TRACE_REQUEST)
blueprint.reading(
    f"{FORM_PATH}/fields",
    FormFieldsResponse,
    get_leg_form_fields,
    Permission.TRACE_REQUEST,
    FormFieldsQuery,
    as_file=True,
)


@blueprint.posting("/traces", TraceRequest, TraceResponse, Permission.TRACE_REQUEST)
def create_trace(actor: Actor, data: TraceData) -> TraceView:
    """Create a trace; sent at once unless it is a draft."""
    return trace_queries.load(actor, trace_commands.create_trace(actor=actor, data=data))


def _add_action(
    name: str,
    command: Callable[..., Any],
    summary: str,
    permission: Permission = Permission.TRACE_REQUEST,
) -> None:
    def act(actor: Actor, trace_id: UUID) -> TraceView:
        command(actor=actor, trace_id=trace_id, expected_version=g.expected_version)
        return trace_queries.load(actor, trace_id)

    act.__name__, act.__doc__ = f"{name}_trace", summary
    path = f"/traces/<uuid:trace_id>/{name}"
    blueprint.posting(
        path, None, TraceResponse, permission, status=200, standing=trace_queries.current_version
    )(act)


@blueprint.posting(
    f"{PATH}/amend",
    AmendTraceRequest,
    TraceResponse,
    Permission.TRACE_REQUEST,
    status=200,
    standing=trace_queries.current_version,
)
def amend_trace(actor: Actor, data: TraceData, trace_id: UUID) -> TraceView:
    """Replace a draft; an approval already requested is requested again."""
    trace_commands.amend_draft(
        actor=actor, trace_id=trace_id, expected_version=g.expected_version, data=data
    )
    return trace_queries.load(actor, trace_id)


_add_action(
    "approve",
    trace_commands.approve_draft,
    "Approve a draft of somebody else.",
    Permission.TRACE_APPROVE,
)


@blueprint.posting(
    f"{PATH}/decline",
    RejectTraceRequest,
    TraceResponse,
    Permission.TRACE_APPROVE,
    status=200,
    standing=trace_queries.current_version,
)
def reject_trace(actor: Actor, data: CommentData, trace_id: UUID) -> TraceView:
    """Reject a draft of another person, with the reason."""
    trace_commands.decline_draft(
        actor=actor, trace_id=trace_id, expected_version=g.expected_version, data=data
    )
    return trace_queries.load(actor, trace_id)


@blueprint.posting(
    f"{PATH}/send",
    SendTraceRequest,
    TraceResponse,
    Permission.TRACE_REQUEST,
    status=200,
    standing=trace_queries.current_version,
    is_optional=True,
)
def send_trace(actor: Actor, data: SendData, trace_id: UUID) -> TraceView:
    """Send a draft or an approved trace, or request its approval.

    A rejected draft without approval needs `confirm_declined`.
    """
    trace_commands.send_trace(
        actor=actor, trace_id=trace_id, expected_version=g.expected_version, data=data
    )
    return trace_queries.load(actor, trace_id)


_add_action(
    "withdraw",
    trace_commands.withdraw_trace,
    "Withdraw a trace, and tell the states that have not answered.",
)
_add_action(
    "close",
    trace_commands.close_trace,
    "Close a trace that was sent, and tell the states that helped.",
)


@blueprint.posting(f"{PATH}/legs", LegRequest, TraceResponse, Permission.TRACE_REQUEST)
def create_leg(actor: Actor, data: LegData, trace_id: UUID) -> TraceView:
    """Ask one more state; a non-participating one by another channel."""
    follow_up.ask_another_state(actor=actor, trace_id=trace_id, data=data)
    return trace_queries.load(actor, trace_id)


@blueprint.posting(
    f"{PATH}/legs/<uuid:leg_id>/channel",
    ChannelRequest,
    TraceResponse,
    Permission.TRACE_REQUEST,
    status=200,
)
def set_leg_channel(actor: Actor, data: ChannelData, trace_id: UUID, leg_id: UUID) -> TraceView:
    """Change the channel of a leg before its reply."""
    follow_up.change_channel(actor=actor, trace_id=trace_id, leg_id=leg_id, data=data)
    return trace_queries.load(actor, trace_id)


@blueprint.posting(
    f"{PATH}/legs/<uuid:leg_id>/reply", ReplyRequest, TraceResponse, Permission.TRACE_REQUEST
)
def reply_to_leg(actor: Actor, data: ReplyData, trace_id: UUID, leg_id: UUID) -> TraceView:
    """Reply to a question, or record a reply from another channel."""
    follow_up.reply(actor=actor, trace_id=trace_id, leg_id=leg_id, data=data)
    return trace_queries.load(actor, trace_id)


@blueprint.posting(f"{PATH}/feedback", FeedbackRequest, TraceResponse, Permission.TRACE_REQUEST)
def create_feedback(actor: Actor, data: FeedbackData, trace_id: UUID) -> TraceView:
    """Send feedback on the answers to their states."""
    follow_up.send_feedback(actor=actor, trace_id=trace_id, data=data)
    return trace_queries.load(actor, trace_id)


@blueprint.posting(
    f"{PATH}/assign", AssignRequest, TraceResponse, Permission.TRACE_REQUEST, status=200
)
def assign_trace(actor: Actor, data: AssigneeData, trace_id: UUID) -> TraceView:
    """Assign a trace to an account of your state; not shared."""
    follow_up.assign(actor=actor, trace_id=trace_id, data=data)
    return trace_queries.load(actor, trace_id)


@blueprint.posting(
    f"{PATH}/hide",
    RestrictRequest,
    TraceResponse,
    Permission.TRACE_REQUEST,
    status=200,
    standing=trace_queries.current_version,
)
def restrict_trace(actor: Actor, data: RestrictionData, trace_id: UUID) -> TraceView:
    """Hide a trace from agencies; replaces the list of agencies."""
    follow_up.restrict(
        actor=actor, trace_id=trace_id, expected_version=g.expected_version, data=data
    )
    return trace_queries.load(actor, trace_id)


@blueprint.posting(
    f"{PATH}/notes", NoteRequest, TraceResponse, Permission.TRACE_REQUEST, status=200
)
def add_trace_note(actor: Actor, data: CommentData, trace_id: UUID) -> TraceView:
    """Add a note for your state only."""
    follow_up.add_note(actor=actor, trace_id=trace_id, data=data)
    return trace_queries.load(actor, trace_id)
