"""Commands on traces: create, amend, approve, send, withdraw, close, send again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access import audit
from salsa_ext.access.audit import Action, AuditEvent, append, append_many
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.codes import UNSENT
from salsa_ext.core.errors import ApprovalDeclined, CodeLabel, Forbidden, Invalid, message
from salsa_ext.database.session import acting_as, db
from salsa_ext.disclosure import restrictions
from salsa_ext.documents import hooks
from salsa_ext.exchange import delivery, outbox
from salsa_ext.firearms.records import duplicates
from salsa_ext.firearms.records.queries import RecordView
from salsa_ext.tracing.requests import record_search
from salsa_ext.tracing.requests.lifecycle import status_after_renewal
from salsa_ext.tracing.requests.message_log import messages_by_subject
from salsa_ext.tracing.requests.values import WAITING_STATUSES, CommentData
from salsa_ext.tracing.traces import approvals, drafts, follow_up, legs, locking, routing
from salsa_ext.tracing.traces import values as trace_values
from salsa_ext.tracing.traces.approvals import approval_rule, current_decline, is_declined
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.routing import Route
from salsa_ext.tracing.traces.values import SendData, TraceData, missing_draft_fields

AMENDABLE_FIELDS: Final = (
    "case_number",
    "priority",
    "priority_reason",
    "legal_basis",
    "illicit_reason",
    "circumstances",
    "intended_use",
    "needed_by",
    "confidentiality_requested",
    "firearm",
    "found_on",
)
"""Fields of a draft that may be amended; `restrict` sets the agencies."""
PLAIN_SEND: Final = SendData()
DRAFTING_ACTIONS: Final = (Action.TRACE_REQUESTED, Action.TRACE_AMENDED)
"""Actions by which a person wrote what a second one approves."""
SECOND_PERSON_REQUIRED: Final = message(
    "A second person must approve a trace: one who neither drafted nor changed it, be it by"
    " its seizure."
)
OFFICER_REQUIRED: Final = message(
    "A second person must approve a trace. In commands, --officer names the person: give"
    " another number to decide than to draft or change, or let a supervisor's account decide."
)
DESCRIBED_BY_SEIZURE: Final = message(
    "This gun is as its seizure says: correct that, and the draft follows it."
)


def create_trace(*, actor: Actor, data: TraceData) -> UUID:
    """Create a trace, and send it unless it is a draft.

    Needs what the ITI requires of a request (III, 17). Answers given at once are there when it
    returns. Waits for approval where the state requires it. Raises Invalid, Conflict.
    """
    require(actor, Permission.TRACE_REQUEST)
    row = drafts.draft_row(actor, data)
    if not data.confirm_second:
        duplicates.lock_trace_keys(actor, row)
        duplicates.check_trace(actor, row)
    actor = actor.for_purpose(Purpose("investigation", data.case_number, about=(str(row["id"]),)))
    restrictions.add_restrictions(actor, "trace", [row["id"]], data.hidden_from)
    asked = AuditEvent(Action.TRACE_REQUESTED, "trace", row["id"], data={"priority": data.priority})
    db.session.add(trace := Trace(**row))  # written once, as sent
    append(actor, asked)
    if not data.draft:
        _send_or_request_approval(actor, trace, is_new=True)
    return trace.id


def amend_draft(
    *, actor: Actor, trace_id: UUID, expected_version: int | None, data: TraceData
) -> None:
    """Replace the contents of a draft; a pending approval is requested again.

    The gun of a seizure is described by the seizure, and left out here. Raises NotFound,
    StaleVersion, IllegalTransition, and as `create_trace`.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = locking.lock_trace(actor, trace_id, "amend", ("draft",), expected_version)
    row = drafts.draft_row(actor, _with_seized_item(trace, data)) | {"id": trace_id}
    if not data.confirm_second:
        duplicates.check_trace(actor, row)
    before = {name: getattr(trace, name) for name in AMENDABLE_FIELDS}
    with approvals.amending(actor.for_purpose(locking.trace_purpose(trace)), trace):
        for name in AMENDABLE_FIELDS:
            setattr(trace, name, row[name])
        db.session.flush()
    changed = [name for name in AMENDABLE_FIELDS if getattr(trace, name) != before[name]]
    append(actor, AuditEvent(Action.TRACE_AMENDED, "trace", trace_id, data={"changed": changed}))


def _with_seized_item(trace: Trace, data: TraceData) -> TraceData:
    """Return a draft's data with its seized gun; raises Invalid."""
    if trace.seizure_id is None and data.firearm is not None:
        return data
    if trace.seizure_id is None or data.firearm is not None:
        said = DESCRIBED_BY_SEIZURE if trace.seizure_id else message("Describe the gun.")
        lacking = {path: [text] for path, text in missing_draft_fields(vars(data)).items()}
        raise Invalid(lacking | {"firearm": [said]})
    line = drafts.seizure_line(trace.seizure_id, trace.record_id)
    return replace(data, seizure=trace.seizure_id, item=line)


def approve_draft(*, actor: Actor, trace_id: UUID, expected_version: int | None) -> None:
    """Approve a draft of another person, and notify the trace analysts.

    Raises Forbidden, IllegalTransition, StaleVersion.
    """
    require(actor, Permission.TRACE_APPROVE)
    trace = _lock_as_second_person(actor, trace_id, "approve", expected_version)
    approvals.approve(actor, trace)
    append(actor, AuditEvent(Action.TRACE_APPROVED, "trace", trace_id))


def decline_draft(
    *, actor: Actor, trace_id: UUID, expected_version: int | None, data: CommentData
) -> None:
    """Decline a draft of another person, with the reason.

    It stays a draft, and may be amended and submitted again. Raises Invalid, and as
    `approve_draft`.
    """
    require(actor, Permission.TRACE_APPROVE)
    trace = _lock_as_second_person(actor, trace_id, "decline", expected_version)
    if not data.text:
        raise Invalid({"text": [message("Say why: who drafted it reads it.")]})
    approvals.decline(actor, trace, data.text)
    append(
        actor, AuditEvent(Action.TRACE_DECLINED, "trace", trace_id, data={"by": trace.owner_state})
    )


def _lock_as_second_person(
    actor: Actor, trace_id: UUID, action: str, expected_version: int | None
) -> Trace:
    trace = locking.lock_trace(actor, trace_id, action, ("draft",), expected_version)
    if audit.is_same_person(actor, trace_id, *DRAFTING_ACTIONS):
        raise Forbidden(SECOND_PERSON_REQUIRED if actor.account_id else OFFICER_REQUIRED)
    return trace


def send_trace(
    *, actor: Actor, trace_id: UUID, expected_version: int | None, data: SendData = PLAIN_SEND
) -> None:
    """Send a draft or an approved trace; one already sent stays unchanged.

    Where the state requires it, a draft waits for approval. Raises Conflict if it does already, and
    Declined for a declined draft that would go without approval, until confirmed.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = locking.lock_trace(
        actor, trace_id, "send", (*UNSENT, *trace_values.SENT_STATUSES), expected_version
    )
    if trace.status not in trace_values.SENT_STATUSES:
        if not data.confirm_declined:
            _check_not_declined(trace)
        _send_or_request_approval(actor.for_purpose(locking.trace_purpose(trace)), trace)


def _check_not_declined(trace: Trace) -> None:
    """Raise Declined for a declined draft that needs no approval now."""
    said = (
        current_decline(trace, messages_by_subject([trace.id])[trace.id])
        if is_declined(trace)
        else None
    )
    if said is None or approval_rule(trace.owner_state) == "own":
        return
    raise ApprovalDeclined(
        message(
            "A second person of {state} declined this trace. Confirm that it is sent all the"
            " same, or change it first. What was said: {words}",
            state=CodeLabel("state", said.sender),
            words=said.data["text"],
        )
    )


def withdraw_trace(*, actor: Actor, trace_id: UUID, expected_version: int | None) -> None:
    """Withdraw a trace; answers stay, and no more are accepted."""
    require(actor, Permission.TRACE_REQUEST)
    trace = locking.lock_trace(
        actor, trace_id, "withdraw", (*UNSENT, *trace_values.SENT_STATUSES), expected_version
    )
    with legs.updating_status(trace, status="withdrawn"):
        legs.withdraw_legs(actor, trace, for_good=True)
    append(actor, AuditEvent(Action.TRACE_WITHDRAWN, "trace", trace_id))
    delivery.deliver_now(actor)


def close_trace(*, actor: Actor, trace_id: UUID, expected_version: int | None) -> None:
    """Close a trace that was sent; its result stays readable.

    Open requests are withdrawn, and each state that helped is sent the outcome, unless a person
    sent it already.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = locking.lock_trace(
        actor, trace_id, "close", trace_values.SENT_STATUSES, expected_version
    )
    with legs.updating_status(trace, status="closed"):
        legs.withdraw_legs(actor, trace)
    told = follow_up.send_closing_feedback(actor, trace)
    append(actor, AuditEvent(Action.TRACE_CLOSED, "trace", trace_id, data={"told": told}))
    delivery.deliver_now(actor)


def resend_for_mark(actor: Actor, item: RecordView) -> None:
    """Send open traces of a gun again after a mark was added.

    Unsent ones get the new description, and lose an approval of the old one. Traces that were
    traced, closed or withdrawn stay unchanged.
    """
    require(actor, Permission.MARK_RECORD, item.record.owner_state)
    about = (Trace.owner_state == item.record.owner_state, Trace.record_id == item.record.id)
    wanted = select(Trace).where(*about, Trace.status.in_((*UNSENT, *trace_values.SENT_STATUSES)))
    with acting_as(
        actor, actor.own_state()
    ):  # also traces restricted for the agency that learned of it
        seeing = replace(actor, agency=None)
        locking.lock_pairs_of(
            actor, Trace.id.in_(wanted.with_only_columns(Trace.id).correlate(None))
        )
        for trace in db.session.scalars(wanted.order_by(Trace.id).with_for_update()).all():
            if trace.status in UNSENT:
                _update_draft(seeing, trace, item)
            elif legs.current_outcome(trace) != "traced":
                was_read = trace.firearm["serial"]
                trace.firearm = drafts.recorded_firearm(item)
                db.session.flush()
                db.session.refresh(trace)  # in its stored form: envelopes hold JSON values only
                _resend(seeing.for_purpose(locking.trace_purpose(trace)), trace, was_read)
        db.session.flush()


def update_drafts(actor: Actor, items: Sequence[RecordView]) -> None:
    """Update unsent traces of seized guns after a correction of the seizure.

    An approval lapses and is requested again if the approved fields changed; the trace analysts are
    notified.
    """
    require(actor, Permission.SEIZURE_RECORD)
    described = {item.record.id: item for item in items}
    wanted = select(Trace).where(
        Trace.owner_state == actor.own_state(),
        Trace.record_id.in_(described),
        Trace.status.in_(UNSENT),
    )
    with acting_as(
        actor, actor.own_state()
    ):  # also traces restricted for the agency that corrected it
        if not db.session.scalar(select(wanted.exists())):
            return
        locking.lock_pairs_of(
            actor, Trace.id.in_(wanted.with_only_columns(Trace.id).correlate(None))
        )
        for trace in db.session.scalars(wanted.order_by(Trace.id).with_for_update()).all():
            assert trace.record_id is not None
            _update_draft(replace(actor, agency=None), trace, described[trace.record_id])
        db.session.flush()


def _update_draft(actor: Actor, trace: Trace, item: RecordView) -> None:
    with approvals.redescribing(actor.for_purpose(locking.trace_purpose(trace)), trace):
        trace.firearm = drafts.recorded_firearm(item)
        trace.found_on = item.record.occurred_on


def _resend(actor: Actor, trace: Trace, was_read: str | None) -> None:
    with record_search.cached_searches(), legs.updating_status(trace, is_sending=True):
        asked = resend_requests(actor, trace, earlier_serial=was_read)
        db.session.flush()
        delivery.deliver_now(actor)
    _audit_asked_states(actor, Action.TRACE_REOPENED, trace, asked)
    legs.notify_forms_to_send(
        actor, trace, sorted(state for state, how in asked.items() if how == "to_send")
    )


def _send_or_request_approval(actor: Actor, trace: Trace, *, is_new: bool = False) -> None:
    if approvals.may_send(actor, trace):
        _send(actor, trace, is_new=is_new)


def _send(actor: Actor, trace: Trace, *, is_new: bool) -> None:
    if not is_declined(trace):
        trace.declined_snapshot = None
    trace.sent_at = actor.now()
    with record_search.cached_searches(), legs.updating_status(trace, is_sending=True):
        legs.ask_states(actor, trace, is_new=is_new)
        delivery.deliver_now(actor)
    _audit_asked_states(actor, Action.TRACE_SENT, trace, legs.asking_by_state(trace))


def _audit_asked_states(
    actor: Actor, action: Action, trace: Trace, whom: Mapping[str, str]
) -> None:
    """Audit the states asked and to ask, and an overruled decline.

    Each asked state has an entry without the others; a state asked later gets it then.
    """
    said = legs.states_by_asking(trace, whom)
    overruled = {"overruled": True} if action == Action.TRACE_SENT and is_declined(trace) else {}
    own = AuditEvent(action, "trace", trace.id, data=said | overruled)
    told = [
        AuditEvent(action, "trace", trace.id, concerned=[state], hidden=True)
        for state in said["asked"]
    ]
    append_many(actor, [own, *told])


ENDED_LEG_STATUSES: Final = ("withdrawn",)


def resend_requests(actor: Actor, trace: Trace, *, earlier_serial: str | None) -> dict[str, str]:
    """Send the requests of a trace again with its current description.

    Automatic answers are given again, which removes what does not follow from the new description;
    answers of persons stay, and they are notified. Forms by another channel that wait are to be
    sent again; so are answered ones if the serial changed from `earlier_serial`: that answer is
    stored as of the earlier reading. Returns how the states are asked, as `legs.asking_by_state`.
    """
    wanted, standing = routing.find_route(actor, trace), legs.for_trace(trace)
    own = {"state": trace.owner_state} | legs.own_answer(actor, trace, wanted)
    at_home = legs.ends_at_home(trace, [own])
    known = {leg.state for leg in standing}
    fresh = {
        state: why
        for state, why in wanted.why.items()
        if state not in known and (state in wanted.by_state or not at_home)
    }
    legs.create_legs(actor, trace, Route(fresh, wanted.by_state, wanted.reach))
    others = [leg for leg in standing if leg.state != trace.owner_state]
    _renew_own_leg(actor, trace, standing, own, at_home)
    told = [
        leg for leg in others if leg.channel == "salsa" and leg.status not in ENDED_LEG_STATUSES
    ]
    _send_renewals(actor, trace, told)
    by_hand = _forms_to_resend(others, is_read_anew=earlier_serial != trace.firearm["serial"])
    for leg in told:
        _reopen_leg(leg)
        leg.asked_at = actor.now()
    for leg in by_hand:
        leg.is_form_pending = True
        if leg.status not in WAITING_STATUSES:
            leg.events = [{"earlier_reading": earlier_serial} | event for event in leg.events]
            legs.set_status(leg, "sent")
    for leg in [*told, *by_hand]:
        if leg.state in wanted.why:
            leg.reasons = legs.stored_reasons(wanted.why[leg.state])
    db.session.flush()
    again = {leg.state for leg in [*told, *by_hand]}
    return {
        state: how
        for state, how in legs.asking_by_state(trace).items()
        if state in again or state not in known
    }


def _forms_to_resend(others: Sequence[TraceLeg], *, is_read_anew: bool) -> list[TraceLeg]:
    """Return legs by other channels to send again: waiting ones, or all."""
    return [
        leg
        for leg in others
        if leg.channel != "salsa"
        and leg.status not in ENDED_LEG_STATUSES
        and (is_read_anew or leg.status in WAITING_STATUSES)
    ]


def _reopen_leg(leg: TraceLeg) -> None:
    """Reopen a leg that was answered automatically, for the new description."""
    status = status_after_renewal(leg.status, is_automatic=leg.is_automatic)
    if status == "sent":
        leg.events, leg.answered_at, leg.failure_reason = [], None, None
    legs.set_status(leg, status)


def _renew_own_leg(
    actor: Actor, trace: Trace, standing: Sequence[TraceLeg], said: Mapping[str, Any], at_home: bool
) -> None:
    for leg in standing:
        if leg.state == trace.owner_state:
            leg.events, leg.answered_at, leg.asked_at = said["events"], actor.now(), actor.now()
            legs.set_status(leg, said["status"])
            legs.ask_referred(actor, trace, {} if at_home else legs.referrals_in([said]))


def _send_renewals(actor: Actor, trace: Trace, told: Sequence[TraceLeg]) -> None:
    hidden = restrictions.list_restricted(trace.id)
    office = legs.contact_office(actor, trace, hidden) if told else None
    envelopes = outbox.send_many(
        actor,
        [
            legs.request_message(trace, "trace.renewed", leg.state, leg.id, hidden, office)
            for leg in told
        ],
    )
    for leg, envelope in zip(told, envelopes, strict=True):
        leg.request_envelope_id = envelope.id
    legs.store_sent(actor, told, envelopes)


hooks.AFTER_MARK.append(resend_for_mark)
hooks.AFTER_CORRECTION.append(update_drafts)
