"""Traces and their results."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, g

from api import tables
from api.handed import attached
from api.papers import reports, trace_forms
from api.papers.trace_forms import Made
from api.resource import Resource
from api.schemas.discrepancies import AssignRequest
from api.schemas.requests import (
    AskOneMoreRequest,
    ChannelRequest,
    FeedbackRequest,
    HideRequest,
    NoteRequest,
    ReplyRequest,
)
from api.schemas.trace_advice import AdviceResponse
from api.schemas.trace_forms import FormFieldsQuery, FormFieldsResponse
from api.schemas.trace_reports import ReportHashRequest, ReportVerdictResponse
from api.schemas.traces import (
    AmendTraceRequest,
    DeclineTraceRequest,
    ResultResponse,
    SendTraceRequest,
    TraceQuery,
    TraceRequest,
    TraceResponse,
)
from api.vault import vault
from salsa_ext.matching import outlooks
from salsa_ext.matching.outlooks import Outlook
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import traces as reading
from salsa_ext.readmodels.traces import ResultView, TraceView
from salsa_ext.services import (
    disclosures,
    leg_news,
    trace_reports,
    trace_steps,
    traces,
)
from salsa_ext.services import trace_forms as forms
from salsa_ext.services.trace_reports import Verdict
from salsa_ext.values.actor import Actor
from salsa_ext.values.inquiries import TraceData
from salsa_ext.values.positions import Assigning
from salsa_ext.values.requests import (
    AskingOneMore,
    Channelling,
    Feedback,
    Hiding,
    Replying,
    Sending,
    Telling,
)

PATH = "/traces/<uuid:trace_id>"
HANDLERS = leg_news
"""Imported so that what comes is applied wherever the application is."""

blueprint = Resource("traces", "From a gun that was found to its last lawful holder")
blueprint.listing("/traces", TraceQuery, TraceResponse, reading.list_traces, Permission.TRACE_READ)
blueprint.reading(
    "/traces/<uuid:trace_id>", TraceResponse, reading.get_trace, Permission.TRACE_READ
)


def _result(actor: Actor, trace_id: UUID) -> ResultView:
    """Return what the answers amount to so far."""
    return disclosures.read_result(actor=actor, trace_id=trace_id)


blueprint.reading("/traces/<uuid:trace_id>/result", ResultResponse, _result, Permission.TRACE_READ)


def _advice(actor: Actor, trace_id: UUID) -> Outlook:
    """Return why a trace is likely to fail, and which field would change that."""
    return outlooks.of(reading.get_trace(actor, trace_id).trace.firearm)


blueprint.reading("/traces/<uuid:trace_id>/advice", AdviceResponse, _advice, Permission.TRACE_READ)


def trace_report(actor: Actor, trace_id: UUID) -> tuple[bytes, str]:
    """Return the report of a trace as a PDF in the caller's language; the audit keeps its hashes."""
    report = trace_reports.compile_report(actor=actor, trace_id=trace_id)
    made = reports.render(report, actor.language, actor.now())
    trace_reports.write_down(actor=actor, report=report, content=made.content, file=made.file)
    return made.body, f"trace-{trace_id}"


blueprint.printing("/traces/<uuid:trace_id>/report", trace_report, Permission.TRACE_READ)


@blueprint.posting(
    f"{PATH}/report/verify", ReportHashRequest, ReportVerdictResponse, Permission.TRACE_READ,
    status=200,
)  # fmt: skip
def verify_report(actor: Actor, data: dict[str, Any], trace_id: UUID) -> Verdict:
    """Tell whether a hash is that of a report which your state made of this trace."""
    return trace_reports.verify(actor=actor, trace_id=trace_id, sha256=data["sha256"])


FORM = f"{PATH}/legs/<uuid:leg_id>/form"


def form_of(actor: Actor, trace_id: UUID, leg_id: UUID, kind: str) -> Made:
    """Return the form by which a state that takes no part is asked; the audit keeps its hash."""
    form = forms.fill_in(actor=actor, trace_id=trace_id, leg_id=leg_id)
    made = trace_forms.make(form, kind, actor.language, actor.now())
    forms.write_down(actor=actor, form=form, kind=kind, sha256=made.sha256)
    return made


def _leg_form(actor: Actor, trace_id: UUID, leg_id: UUID) -> tuple[bytes, str]:
    """Return the form to send to a state that takes no part, as a PDF in the caller's language."""
    return form_of(actor, trace_id, leg_id, "pdf").body, f"leg-{leg_id}"


def _form_fields(
    actor: Actor, trace_id: UUID, leg_id: UUID, format: str | None = None
) -> dict[str, Any] | Response:
    """Return the fields of ATF F 3312.1 for a state that takes no part, filled in."""
    if tables.wanted(format) == "csv":
        made = form_of(actor, trace_id, leg_id, "csv")
        return attached(made.body, tables.CSV, f"leg-{leg_id}.csv")
    fields: dict[str, Any] = json.loads(form_of(actor, trace_id, leg_id, "json").body)
    return fields


blueprint.printing(FORM, _leg_form, Permission.TRACE_REQUEST)
blueprint.reading(
    f"{FORM}/fields", FormFieldsResponse, _form_fields, Permission.TRACE_REQUEST, FormFieldsQuery,
    as_file=True,
)  # fmt: skip


@blueprint.posting("/traces", TraceRequest, TraceResponse, Permission.TRACE_REQUEST)
def request_trace(actor: Actor, data: TraceData) -> TraceView:
    """Ask all states for the history of a gun; at once, unless it is a draft."""
    return reading.read(actor, traces.request(actor=actor, vault=vault(), data=data))


def _action(
    name: str,
    command: Callable[..., Any],
    said: str,
    permission: Permission = Permission.TRACE_REQUEST,
    *,
    sends: bool = False,
) -> None:
    def act(actor: Actor, trace_id: UUID) -> TraceView:
        more = {"vault": vault()} if sends else {}
        command(actor=actor, trace_id=trace_id, seen=g.seen, **more)
        return reading.read(actor, trace_id)

    act.__name__, act.__doc__ = f"{name}_trace", said
    path = f"/traces/<uuid:trace_id>/{name}"
    blueprint.posting(path, None, TraceResponse, permission, status=200, standing=reading.version)(
        act
    )


@blueprint.posting(
    f"{PATH}/amend", AmendTraceRequest, TraceResponse, Permission.TRACE_REQUEST, status=200,
    standing=reading.version,
)  # fmt: skip
def amend_trace(actor: Actor, data: TraceData, trace_id: UUID) -> TraceView:
    """Say anew all that a draft asks; who was asked to approve it is asked anew."""
    traces.amend(actor=actor, vault=vault(), trace_id=trace_id, seen=g.seen, data=data)
    return reading.read(actor, trace_id)


_action(
    "approve",
    traces.approve,
    "Approve a draft of somebody else.",
    Permission.TRACE_APPROVE,
    sends=True,
)


@blueprint.posting(
    f"{PATH}/decline", DeclineTraceRequest, TraceResponse, Permission.TRACE_APPROVE, status=200,
    standing=reading.version,
)  # fmt: skip
def decline_trace(actor: Actor, data: Telling, trace_id: UUID) -> TraceView:
    """Decline a draft of somebody else, and say why; it may be changed and asked for anew."""
    traces.decline(actor=actor, vault=vault(), trace_id=trace_id, seen=g.seen, data=data)
    return reading.read(actor, trace_id)


@blueprint.posting(
    f"{PATH}/send", SendTraceRequest, TraceResponse, Permission.TRACE_REQUEST, status=200,
    standing=reading.version, is_optional=True,
)  # fmt: skip
def send_trace(actor: Actor, data: Sending, trace_id: UUID) -> TraceView:
    """Send a draft or an approved trace; or ask for its second person.

    One that was declined and goes without a second person is sent with `confirm_declined` alone.
    """
    traces.send(actor=actor, vault=vault(), trace_id=trace_id, seen=g.seen, data=data)
    return reading.read(actor, trace_id)


_action(
    "withdraw",
    traces.withdraw,
    "Withdraw a trace, and tell the states that have not answered.",
    sends=True,
)
_action(
    "close",
    traces.close,
    "Close a trace that was sent, and tell the states that helped.",
    sends=True,
)


@blueprint.posting(f"{PATH}/legs", AskOneMoreRequest, TraceResponse, Permission.TRACE_REQUEST)
def ask_one_more(actor: Actor, data: AskingOneMore, trace_id: UUID) -> TraceView:
    """Ask one more state, and say why; one that takes no part by another channel."""
    trace_steps.ask_one_more(actor=actor, vault=vault(), trace_id=trace_id, data=data)
    return reading.read(actor, trace_id)


@blueprint.posting(
    f"{PATH}/legs/<uuid:leg_id>/channel", ChannelRequest, TraceResponse, Permission.TRACE_REQUEST,
    status=200,
)  # fmt: skip
def change_channel(actor: Actor, data: Channelling, trace_id: UUID, leg_id: UUID) -> TraceView:
    """Name another channel by which a state that takes no part is asked, until something came back."""
    trace_steps.change_channel(actor=actor, trace_id=trace_id, leg_id=leg_id, data=data)
    return reading.read(actor, trace_id)


@blueprint.posting(
    f"{PATH}/legs/<uuid:leg_id>/reply", ReplyRequest, TraceResponse, Permission.TRACE_REQUEST
)
def reply_to_leg(actor: Actor, data: Replying, trace_id: UUID, leg_id: UUID) -> TraceView:
    """Reply to a question; of another channel, write down what came back by it."""
    trace_steps.reply(actor=actor, vault=vault(), trace_id=trace_id, leg_id=leg_id, data=data)
    return reading.read(actor, trace_id)


@blueprint.posting(f"{PATH}/feedback", FeedbackRequest, TraceResponse, Permission.TRACE_REQUEST)
def feed_back(actor: Actor, data: Feedback, trace_id: UUID) -> TraceView:
    """Tell the states that answered whether it helped."""
    trace_steps.feedback(actor=actor, vault=vault(), trace_id=trace_id, data=data)
    return reading.read(actor, trace_id)


@blueprint.posting(
    f"{PATH}/assign", AssignRequest, TraceResponse, Permission.TRACE_REQUEST, status=200
)
def assign_trace(actor: Actor, data: Assigning, trace_id: UUID) -> TraceView:
    """Let somebody of your state work on it; no other state learns who."""
    trace_steps.assign(actor=actor, trace_id=trace_id, data=data)
    return reading.read(actor, trace_id)


@blueprint.posting(
    f"{PATH}/hide", HideRequest, TraceResponse, Permission.TRACE_REQUEST, status=200,
    standing=reading.version,
)  # fmt: skip
def hide_trace(actor: Actor, data: Hiding, trace_id: UUID) -> TraceView:
    """Keep it from these agencies, and from no others any more: to them there is no such trace."""
    trace_steps.hide(
        actor=actor, vault=vault(), trace_id=trace_id, seen=g.seen, data=data
    )  # fmt: skip
    return reading.read(actor, trace_id)


@blueprint.posting(
    f"{PATH}/notes", NoteRequest, TraceResponse, Permission.TRACE_REQUEST, status=200
)
def note_trace(actor: Actor, data: Telling, trace_id: UUID) -> TraceView:
    """Keep a note for your state alone."""
    trace_steps.note(actor=actor, trace_id=trace_id, data=data)
    return reading.read(actor, trace_id)
