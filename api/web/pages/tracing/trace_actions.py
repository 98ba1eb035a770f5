"""Actions on a trace, from draft to closing."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from flask import g, url_for

from api.schemas.tracing.requests import (
    EtraceRequest,
    FeedbackRequest,
    LegRequest,
    TraceOriginRequest,
)
from api.schemas.tracing.traces import (
    AmendTraceRequest,
    RejectTraceRequest,
    SendTraceRequest,
    TraceResponse,
)
from api.web.document_actions import Action, Actions, assign_action
from api.web.forms import Field
from api.web.pages.tracing.request_actions import compare_action, note_action, restrict_action
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import UNSENT
from salsa_ext.core.errors import Message, message
from salsa_ext.tracing.channels import forms
from salsa_ext.tracing.channels.atf_form import ORI_ITEM, FormField, crime_code, missing_of_trace
from salsa_ext.tracing.channels.commands import may_change_channel, may_reply
from salsa_ext.tracing.channels.forms import read_etrace_data
from salsa_ext.tracing.traces import approvals, follow_up
from salsa_ext.tracing.traces import commands as trace_commands
from salsa_ext.tracing.traces.attempts import ETRACE_STATE
from salsa_ext.tracing.traces.follow_up import ALL_STATUSES, needs_feedback
from salsa_ext.tracing.traces.queries import TraceView, find_seizure
from salsa_ext.tracing.traces.values import SENT_STATUSES

LEG_FIELDS = (
    Field("state", message("State"), "choice", "state", required=True),
    Field("reason", message("Why this state"), "area", required=True, max_length=500),
    Field(
        "channel",
        message("Channel"),
        "choice",
        "leg_channel",
        required=False,
        hint=message("For a state that does not participate, or in addition to the service."),
    ),
    Field("reference", message("Reference there"), required=False, max_length=100),
)
ORIGIN_FIELDS = (
    Field(
        "country_of_manufacture",
        message("Country of manufacture"),
        "choice",
        "country",
        required=False,
    ),
    Field("make", message("Make"), required=False, max_length=100),
    Field(
        "importer_mark",
        message("Importer's mark"),
        hint=message("As it is stamped."),
        required=False,
    ),
    Field(
        "import_state", message("State that the mark names"), "choice", "any_state", required=False
    ),
)
ETRACE_FIELDS = (
    Field("crime_code", message("NCIC crime code"), hint=message("Else by the crime context.")),
    Field("project_code", message("Project code"), required=False),
    Field("officer", message("Officer's name"), required=False),
    Field("badge", message("Badge number"), required=False),
    Field("possessor.name", message("Possessor's name"), required=False),
    Field("possessor.birth_date", message("Date of birth"), "date", required=False),
    Field("possessor.alias", message("Possessor's alias"), required=False),
    Field(
        "possessor.alias_birth_date", message("Date of birth of the alias"), "date", required=False
    ),
    Field("possessor.height", message("Height"), required=False),
    Field("possessor.weight", message("Weight"), required=False),
    Field("possessor.sex", message("Sex"), required=False),
    Field("possessor.ethnicity", message("Ethnicity"), required=False),
    Field("possessor.race", message("Race"), required=False),
    Field("possessor.address", message("Address"), required=False),
    Field("possessor.identification", message("Identification"), required=False),
    Field("recovery.street", message("Recovery street"), required=False),
    Field("recovery.city", message("Recovery city"), required=False),
    Field("recovery.region", message("Recovery state or province"), required=False),
    Field("recovery.postal_code", message("Recovery postal code"), required=False),
)
HELPED_OPTIONS = (("true", message("It helped")), ("false", message("It did not help")))
FEEDBACK_FIELDS = (
    Field("helped", message("Did it help?"), "choice", HELPED_OPTIONS, required=True),
    Field("text", message("Comment"), "area", required=False, max_length=2000),
)


def _is_other_person(actor: Actor, view: TraceView) -> bool:
    return view.trace.requested_by is None or view.trace.requested_by != actor.account_id


def _feedback_obstacle(actor: Actor, view: TraceView) -> Message | None:
    """Return why no feedback can be sent; None if possible. No state answered, or each already has it."""
    answered = [leg for leg in view.legs if follow_up.has_answered(leg)]
    if not answered:
        return follow_up.NONE_ANSWERED
    last_feedback = {
        row.leg.id: max(
            (entry.at for entry in row.messages if entry.kind == "feedback"), default=None
        )
        for row in view.leg_views
    }
    is_left = any(needs_feedback(leg, last_feedback[leg.id]) for leg in answered)
    return None if is_left else follow_up.ALL_INFORMED


def _approval_obstacle(actor: Actor, view: TraceView) -> Message | None:
    """Return why a draft awaiting approval cannot be sent."""
    return approvals.ALREADY_REQUESTED if approvals.is_pending(view.trace) else None


def legs_of(actor: Actor, view: TraceView) -> dict[str, set[UUID]]:
    """Return the ids of legs to reply to, to change the channel of, and to ask by another."""
    may = view.trace.status in SENT_STATUSES and Permission.TRACE_REQUEST in actor.permissions
    legs = view.legs if may else ()
    return {
        "replies": {leg.id for leg in legs if may_reply(leg)},
        "attempts": {leg.id for leg in legs},
        "channels": {leg.id for leg in legs if may_change_channel(leg)},
    }


@dataclass(frozen=True)
class MissingField:
    """A field that eTrace requires and the form lacks; `address` of the page that gives it."""

    item: str
    name: Message
    address: str | None


def missing_for_etrace(actor: Actor, view: TraceView) -> list[MissingField]:
    """Return what the form by eTrace lacks, for those who may send it."""
    if view.trace.status not in SENT_STATUSES or Permission.TRACE_REQUEST not in actor.permissions:
        return []
    return [
        MissingField(field.item or field.part, field.name, _page_of(actor, view, field))
        for field in missing_of_trace(actor, view)
    ]


def _page_of(actor: Actor, view: TraceView, field: FormField) -> str | None:
    """Return the address of the page that gives a field of ATF F 3312.1, or None."""
    trace = view.trace
    if field.item == ORI_ITEM:
        return url_for("account.agency_list")
    if field.part == "II":
        return f"{url_for('tracing.trace_page', trace_id=trace.id)}/etrace_data#crime_code"
    if field.part == "V" and trace.seizure_id and Permission.SEIZURE_RECORD in actor.permissions:
        line = trace.firearm["line"]
        page = "investigation.gun_correction_form"
        return url_for(page, seizure_id=trace.seizure_id, line=line)
    if field.item in ("5c", "5g", "5h") and not trace.seizure_id:
        return f"{url_for('tracing.trace_page', trace_id=trace.id)}/origin"
    return None


def _etrace_fields(view: TraceView) -> tuple[Field, ...]:
    """Return the fields for eTrace; its crime code is required where no crime context gives it."""
    seizure = find_seizure(g.actor, view.trace)
    is_required = crime_code(seizure.crime_context if seizure else ()) is None
    first, *others = ETRACE_FIELDS
    return (replace(first, required=is_required), *others)


def _is_by_etrace(actor: Actor, view: TraceView) -> bool:
    return any(leg.state == ETRACE_STATE for leg in view.legs)


def _typed_before(actor: Actor, view: TraceView) -> dict[str, str]:
    """Return what was typed for eTrace before, by field."""
    typed = read_etrace_data(actor, view.trace)
    nested = {"possessor": typed.possessor, "recovery": typed.recovery}
    values = vars(typed) | {
        f"{name}.{field}": value
        for name, data in nested.items()
        if data
        for field, value in vars(data).items()
    }
    return {name: str(values[name]) for name in values.keys() - nested.keys() if values[name]}


RequestAction = partial(Action, permission=Permission.TRACE_REQUEST)
ApproveAction = partial(
    Action,
    permission=Permission.TRACE_APPROVE,
    statuses=("draft",),
    is_for=_is_other_person,
    template="tracing/draft_decision.html",
    context=lambda actor, view: TraceResponse().dump(view),
)
ACTIONS: Actions = (
    RequestAction(
        "amend",
        message("Change the draft"),
        message("What it asks, and the description of the firearm. Approval is requested again."),
        AmendTraceRequest,
        trace_commands.amend_draft,
        statuses=("draft",),
        success=message("The draft is changed."),
    ),
    ApproveAction(
        "approve",
        message("Approve"),
        message("Approve what someone else drafted; it can then be sent."),
        None,
        trace_commands.approve_draft,
        success=message("The draft is approved."),
        is_main=True,
    ),
    ApproveAction(
        "decline",
        message("Decline"),
        message("It remains a draft and is not sent. It may be changed and submitted again."),
        RejectTraceRequest,
        trace_commands.decline_draft,
        fields=(
            Field(
                "text",
                message("Reason"),
                "area",
                required=True,
                max_length=2000,
                hint=message("Who drafted it reads it."),
            ),
        ),
        success=message("The draft is declined, and its author is notified."),
        is_destructive=True,
    ),
    RequestAction(
        "send",
        message("Send"),
        message("All states that may know are asked. Automatic answers appear immediately."),
        SendTraceRequest,
        trace_commands.send_trace,
        statuses=UNSENT,
        success=message("The trace is sent."),
        obstacle=_approval_obstacle,
        is_main=True,
    ),
    compare_action(
        follow_up.compare_record,
        Permission.TRACE_REQUEST,
        SENT_STATUSES,
        message(
            "Say whether a record is of the gun. One of another gun leaves the chain, and its state"
            " learns of it."
        ),
        lambda view: view.trace.firearm,
        lambda actor, view: {row["record"]: row for leg in view.legs for row in leg.events},
    ),
    RequestAction(
        "legs",
        message("Ask one more state"),
        message(
            "A state that does not participate is asked by another channel; write down what came back."
        ),
        LegRequest,
        follow_up.ask_another_state,
        statuses=SENT_STATUSES,
        fields=LEG_FIELDS,
        success=message("The state is asked."),
        is_versioned=False,
    ),
    RequestAction(
        "origin",
        message("Add where the gun was made or imported"),
        message("What was learned after it was sent. The states that follow are asked, no other."),
        TraceOriginRequest,
        follow_up.add_origin,
        statuses=SENT_STATUSES,
        fields=ORIGIN_FIELDS,
        success=message("The states that follow are asked."),
        is_versioned=False,
        obstacle=lambda actor, view: (
            follow_up.CORRECT_ITS_SEIZURE if view.trace.seizure_id else None
        ),
    ),
    RequestAction(
        "etrace_data",
        message("Fill in for eTrace"),
        message(
            "What its form asks in addition, once for all guns of the seizure. It is encrypted,"
            " printed only on the form, and never searched."
        ),
        EtraceRequest,
        forms.set_etrace_data,
        statuses=SENT_STATUSES,
        extra_fields=_etrace_fields,
        template="tracing/etrace_data.html",
        context=missing_for_etrace,
        success=message("What you typed for eTrace is stored."),
        is_versioned=False,
        is_for=_is_by_etrace,
        initial_values=_typed_before,
    ),
    RequestAction(
        "erase_etrace_data",
        message("Erase what was typed for eTrace"),
        message("For all guns of the seizure. Forms that were made are not changed."),
        None,
        forms.erase_etrace_data,
        statuses=ALL_STATUSES,
        success=message("What was typed for eTrace is erased."),
        is_versioned=False,
        is_for=lambda actor, view: bool(_typed_before(actor, view)),
        is_destructive=True,
    ),
    RequestAction(
        "feedback",
        message("Give feedback"),
        message("The states that answered read it."),
        FeedbackRequest,
        follow_up.send_feedback,
        statuses=(*SENT_STATUSES, "closed"),
        fields=FEEDBACK_FIELDS,
        success=message("The states that answered are notified."),
        is_versioned=False,
        obstacle=_feedback_obstacle,
    ),
    RequestAction(
        "close",
        message("Close"),
        message(
            "What still waits is withdrawn, and the states that helped learn what came of it. The result"
            " stays readable."
        ),
        None,
        trace_commands.close_trace,
        statuses=SENT_STATUSES,
        success=message("The trace is closed."),
    ),
    assign_action(follow_up.assign, Permission.TRACE_REQUEST, ALL_STATUSES),
    restrict_action(
        follow_up.restrict,
        Permission.TRACE_REQUEST,
        ALL_STATUSES,
        message(
            "Agencies of your state, or of the states asked. They see neither the trace nor the request."
        ),
        Field(
            "hidden_from",
            message("Agencies"),
            "agencies",
            hint=message("Codes, separated by commas."),
        ),
        lambda view: view.restricted_agencies,
    ),
    note_action(follow_up.add_note, Permission.TRACE_REQUEST, ALL_STATUSES),
    RequestAction(
        "withdraw",
        message("Withdraw"),
        message(
            "States that have not answered are notified. Answers remain known to those who"
            " gave them."
        ),
        None,
        trace_commands.withdraw_trace,
        statuses=(*UNSENT, *SENT_STATUSES),
        success=message("The trace is withdrawn."),
        is_destructive=True,
    ),
)
MESSAGES: dict[str, Any] = {
    "asked": message("The trace is sent."),
    "drafted": message("The draft is saved."),
    "reply": message("The reply is saved."),
    "channel": message("The channel is saved."),
    "attempt": message("The channel is saved."),
    "attempt_reply": message("The reply is saved."),
}
