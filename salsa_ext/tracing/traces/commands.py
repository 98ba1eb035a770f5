"""Commands on traces: create, amend, approve, send, withdraw, close, send again."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from salsa_ext.access.audit import AuditEvent, append, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import is_same_person, require
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import UNSENT
from salsa_ext.core.errors import ApprovalDeclined, CodeLabel, Forbidden, Invalid, message
from salsa_ext.core.field_checks import Problems, check_date
from salsa_ext.core.ids import new_id
from salsa_ext.core.rows import date_columns, to_plain
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import acting_as, db
from salsa_ext.disclosure import restrictions
from salsa_ext.documents import corrections
from salsa_ext.documents.models import Seizure
from salsa_ext.exchange.envelopes import is_case_number
from salsa_ext.firearms.marks import firearm_marks, keys
from salsa_ext.firearms.records import record_writing, validation
from salsa_ext.firearms.records.queries import RecordView, records_of_documents
from salsa_ext.firearms.records.validation import bracket_problem
from salsa_ext.firearms.search.criteria import marks_to_search
from salsa_ext.lookups.budgets import use_trace
from salsa_ext.reference.calendars import today
from salsa_ext.tracing.requests import queries as request_queries
from salsa_ext.tracing.requests.message_log import messages_by_subject
from salsa_ext.tracing.requests.values import UNANSWERED_STATUSES, CommentData, status_after_renewal
from salsa_ext.tracing.traces import approvals, follow_up, legs, messages, routing
from salsa_ext.tracing.traces.attempts import events_by_hand, send_again
from salsa_ext.tracing.traces.models import Trace
from salsa_ext.tracing.traces.values import (
    SENT_STATUSES,
    SendData,
    TraceData,
    missing_draft_fields,
    missing_fields,
)


def draft_row(actor: Actor, data: TraceData) -> dict[str, Any]:
    """Return the row of a new draft; raises Invalid with all problems."""
    problems, on = Problems(), today(actor)
    seizure, item = _seizure_and_item(problems, actor, data)
    found_on = seizure.occurred_on if seizure else data.found_on
    for path, problem in missing_fields(vars(data)).items():
        problems.add(path, problem)
    if found_on is not None:
        check_date(problems, "found_on", found_on, on)
    if data.needed_by and data.needed_by < on:
        problems.add("needed_by", message("This day is past."))
    if not is_case_number(data.case_number):  # each message has it
        problems.add("case_number", message("A case number has 1 to 100 printable characters."))
    restrictions.validate_into(problems, actor, data.hidden_from)
    problems.raise_any()
    assert found_on is not None
    if item is not None:
        firearm = recorded_firearm(item)
    else:
        assert data.firearm is not None
        marks = firearm_marks.with_marks_of_serial(data.firearm).marks
        firearm = _firearm_row(record_writing.firearm_columns(data.firearm), marks)
    # A description can be completed; a seized gun has only its own marks, and the result explains
    # if they were not enough.
    if data.firearm and (wrong := bracket_problem(firearm["serial"] or "")):
        raise Invalid({"firearm.serial": [wrong]})
    if data.firearm and firearm["serial"] and keys.whole_key(firearm["serial"]):
        marks_to_search(request_queries.description_query(firearm), "firearm.serial")
    given = (
        "case_number priority priority_reason legal_basis illicit_reason circumstances"
        " intended_use needed_by confidentiality_requested note"
    )
    return {name: getattr(data, name) for name in given.split()} | {
        "id": new_id(),
        "version": 1,
        "owner_state": actor.own_state(),
        "concerned": [actor.own_state()],
        "status": "draft",
        "seizure_id": data.seizure,
        "record_id": item.record.id if item else None,
        "firearm": dict(json.loads(json.dumps(firearm, default=str))),  # as the database stores it
        **date_columns("found_on", found_on),
        "external_ids": to_plain(data.external_ids),
        "requested_by": actor.account_id,
        "created_at": actor.now(),
    }


def recorded_firearm(item: RecordView) -> dict[str, Any]:
    """Return the description of a seized gun by its record."""
    columns = {name: getattr(item.record, name) for name in record_writing.FIREARM_FIELDS}
    return _firearm_row(columns, item.marks)


def _firearm_row(columns: Mapping[str, Any], marks: Iterable[Any]) -> dict[str, Any]:
    described = [{name: getattr(mark, name) for name in follow_up.MARK_FIELDS} for mark in marks]
    return {**columns, "marks": described}


def seizure_line(seizure_id: UUID, record_id: UUID | None) -> int:
    """Return the line of a gun in its seizure."""
    items = records_of_documents([seizure_id])[seizure_id]
    return next(view.record.line for view in items if view.record.id == record_id)


def _seizure_and_item(
    problems: Problems, actor: Actor, data: TraceData
) -> tuple[Seizure | None, RecordView | None]:
    if data.seizure is None or data.firearm is not None:
        return None, None
    own = select_current(Seizure).where(
        Seizure.id == data.seizure, Seizure.owner_state == actor.state, Seizure.status == "standing"
    )
    seizure = db.session.scalars(own).first()
    if seizure is None:
        problems.add("seizure", message("There is no such seizure."))
        return None, None
    items = {view.record.line: view for view in records_of_documents([seizure.id])[seizure.id]}
    if data.item not in items:
        problems.add("item", message("The seizure has no line {line}.", line=data.item))
    return seizure, items.get(data.item)


AMENDABLE_FIELDS: Final = tuple(
    "case_number priority priority_reason legal_basis illicit_reason circumstances intended_use"
    " needed_by confidentiality_requested note external_ids firearm found_on".split()
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

    Needs what the ITI requires of a request (V, 17). Own records answer at once, other states
    later. Waits for approval where the state requires it. Raises Invalid, Conflict.
    """
    require(actor, Permission.TRACE_REQUEST)
    row = draft_row(actor, data)
    if not data.confirm_second:
        validation.lock_trace_keys(actor, row)
        validation.check_trace(actor, row)
    actor = actor.for_trace(data.case_number, row["id"])
    if not data.draft:
        use_trace(actor)
    restrictions.add_restrictions(actor, "trace", [row["id"]], data.hidden_from)
    db.session.add(trace := Trace(**row))  # written once, as it is when it was sent
    entry = AuditEvent(Action.TRACE_REQUESTED, "trace", row["id"], data={"priority": data.priority})
    if data.draft:
        append(actor, entry)
    else:
        _send_if_approved(actor, trace, [entry], data.hidden_from)
    return trace.id


def amend_draft(
    *, actor: Actor, trace_id: UUID, expected_version: int | None, data: TraceData
) -> None:
    """Replace the contents of a draft; a pending approval is requested again.

    The gun of a seizure is described by the seizure, and left out here. Raises NotFound,
    StaleVersion, IllegalTransition, and as `create_trace`.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = legs.lock_trace(trace_id, "amend", ("draft",), expected_version)
    if trace.seizure_id is not None and data.firearm is None:
        line = seizure_line(trace.seizure_id, trace.record_id)
        data = replace(data, seizure=trace.seizure_id, item=line)
    elif trace.seizure_id is not None or data.firearm is None:
        problem = DESCRIBED_BY_SEIZURE if trace.seizure_id else message("Describe the gun.")
        missing = {path: [text] for path, text in missing_draft_fields(vars(data)).items()}
        raise Invalid(missing | {"firearm": [problem]})
    row = draft_row(actor, data) | {"id": trace_id}
    if not data.confirm_second:
        validation.check_trace(actor, row)
    before = {name: getattr(trace, name) for name in AMENDABLE_FIELDS}
    with approvals.amending(actor.for_trace(trace.case_number, trace_id), trace):
        for name in AMENDABLE_FIELDS:
            setattr(trace, name, row[name])
        trace.found_within = row["found_within"]
        db.session.flush()
    changed = [name for name in AMENDABLE_FIELDS if getattr(trace, name) != before[name]]
    append(actor, AuditEvent(Action.TRACE_AMENDED, "trace", trace_id, data={"changed": changed}))


def approve_draft(*, actor: Actor, trace_id: UUID, expected_version: int | None) -> None:
    """Approve another person's draft, notify analysts; raises Forbidden, IllegalTransition, StaleVersion."""
    require(actor, Permission.TRACE_APPROVE)
    trace = _lock_as_second_person(actor, trace_id, "approve", expected_version)
    approvals.approve(actor, trace)
    append(actor, AuditEvent(Action.TRACE_APPROVED, "trace", trace_id))


def decline_draft(
    *, actor: Actor, trace_id: UUID, expected_version: int | None, data: CommentData
) -> None:
    """Decline another person's draft, which may be amended; raises Invalid, as `approve_draft`."""
    require(actor, Permission.TRACE_APPROVE)
    trace = _lock_as_second_person(actor, trace_id, "decline", expected_version)
    if not data.text:
        raise Invalid({"text": [message("Say why: who drafted it reads it.")]})
    approvals.decline(actor, trace, data.text)
    by = {"by": trace.owner_state}
    append(actor, AuditEvent(Action.TRACE_DECLINED, "trace", trace_id, data=by))


def _lock_as_second_person(
    actor: Actor, trace_id: UUID, action: str, expected_version: int | None
) -> Trace:
    trace = legs.lock_trace(trace_id, action, ("draft",), expected_version)
    if is_same_person(actor, trace_id, *DRAFTING_ACTIONS):
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
    statuses = (*UNSENT, *SENT_STATUSES)
    trace = legs.lock_trace(trace_id, "send", statuses, expected_version)
    if trace.status in SENT_STATUSES:
        return
    use_trace(actor.for_trace(trace.case_number, trace_id))
    if not data.confirm_declined and approvals.is_declined(trace):
        decline = approvals.current_decline(trace, messages_by_subject([trace.id])[trace.id])
        if decline is not None and approvals.approval_rule(trace.owner_state) != "own":
            raise ApprovalDeclined(
                message(
                    "A second person of {state} declined this trace. Confirm that it is sent all"
                    " the same, or change it first. Their message: {words}",
                    state=CodeLabel("state", decline.sender),
                    words=decline.data["text"],
                )
            )
    _send_if_approved(actor.for_trace(trace.case_number, trace_id), trace)


def withdraw_trace(*, actor: Actor, trace_id: UUID, expected_version: int | None) -> None:
    """Withdraw a trace; answers stay, and no more are accepted."""
    require(actor, Permission.TRACE_REQUEST)
    statuses = (*UNSENT, *SENT_STATUSES)
    trace = legs.lock_trace(trace_id, "withdraw", statuses, expected_version)
    withdrawals = legs.withdraw_legs(trace, legs.for_trace(trace), for_good=True)
    legs.update_status(trace, status="withdrawn")
    messages.send_messages(actor, withdrawals)
    append(actor, AuditEvent(Action.TRACE_WITHDRAWN, "trace", trace_id))


def close_trace(*, actor: Actor, trace_id: UUID, expected_version: int | None) -> None:
    """Close a trace that was sent, and withdraw open requests; its result stays readable."""
    require(actor, Permission.TRACE_REQUEST)
    trace = legs.lock_trace(trace_id, "close", SENT_STATUSES, expected_version)
    all_legs = legs.for_trace(trace)
    withdrawals = legs.withdraw_legs(trace, all_legs)
    legs.update_status(trace, all_legs, status="closed")
    feedback = follow_up.closing_feedback(trace, all_legs)
    messages.send_messages(actor, [*withdrawals, *feedback])
    states = sorted(letter.recipient for letter in feedback)
    append(actor, AuditEvent(Action.TRACE_CLOSED, "trace", trace_id, data={"notified": states}))


def resend_for_mark(actor: Actor, item: RecordView) -> None:
    """Send open traces of a gun again after a mark was added; describe unsent ones again."""
    require(actor, Permission.MARK_RECORD, item.record.owner_state)
    traces = select(Trace).where(
        Trace.owner_state == item.record.owner_state,
        Trace.record_id == item.record.id,
        Trace.status.in_((*UNSENT, *SENT_STATUSES)),
    )
    # also what is restricted from the agency that learned of it
    with acting_as(actor, actor.own_state()):
        unrestricted = replace(actor, agency=None)
        for trace in _lock_traces(traces):
            if trace.status in UNSENT:
                _update_draft(unrestricted, trace, item)
            elif trace.outcome != "traced":
                earlier_serial = trace.firearm["serial"]
                trace.firearm = recorded_firearm(item)
                db.session.flush()
                db.session.refresh(trace)  # as stored: messages hold only JSON values
                asking_actor = unrestricted.for_trace(trace.case_number, trace.id)
                asking = resend_requests(asking_actor, trace, earlier_serial=earlier_serial)
                append_many(asking_actor, legs.asking_events(Action.TRACE_REOPENED, trace, asking))
                legs.notify_forms_to_send(asking_actor, trace, asking)
        db.session.flush()


def update_traces(actor: Actor, items: Sequence[RecordView]) -> None:
    """Update traces of seized guns after a correction of the seizure.

    Unsent ones are as it says: an approval lapses and is requested again if the approved fields
    changed, and the trace analysts are notified. Sent ones ask the states that follow from an
    origin that was unknown, unless they are traced.
    """
    require(actor, Permission.SEIZURE_RECORD)
    items_by_id = {item.record.id: item for item in items}
    traces = select(Trace).where(
        Trace.owner_state == actor.own_state(),
        Trace.record_id.in_(items_by_id),
        Trace.status.in_((*UNSENT, *SENT_STATUSES)),
    )
    # also what is restricted from the agency that corrected it
    with acting_as(actor, actor.own_state()):
        if not db.session.scalar(select(traces.exists())):
            return
        for trace in _lock_traces(traces):
            assert trace.record_id is not None
            item, unrestricted = items_by_id[trace.record_id], replace(actor, agency=None)
            if trace.status in UNSENT:
                _update_draft(unrestricted, trace, item)
            elif trace.outcome != "traced":
                follow_up.ask_by_origin(unrestricted, trace, recorded_firearm(item))
        db.session.flush()


def _lock_traces(traces: Select[Trace]) -> Sequence[Trace]:
    return db.session.scalars(traces.order_by(Trace.id).with_for_update()).all()


def _update_draft(actor: Actor, trace: Trace, item: RecordView) -> None:
    with approvals.redescribing(actor.for_trace(trace.case_number, trace.id), trace):
        trace.firearm = recorded_firearm(item)
        trace.found_on = item.record.occurred_on


def _send_if_approved(
    actor: Actor,
    trace: Trace,
    acts: Sequence[AuditEvent] = (),
    restricted: Collection[str] | None = None,
) -> None:
    """Send a trace, or request its approval; audit `acts` before it, and an overruled decline."""
    if not approvals.may_send(actor, trace, acts):
        return
    if trace.approval is not None:
        acts = ()  # audited before the approval
    if not (is_overruled := approvals.is_declined(trace)):
        trace.declined_snapshot = None
    trace.sent_at = actor.now()
    with db.session.no_autoflush:  # the trace is written once, with its status
        legs_to_ask = legs.new_legs(actor, trace, routing.find_route(actor, trace))
        status = legs.trace_status(legs_to_ask, trace.owner_state)
        legs.update_status(trace, legs_to_ask, status=status)
    asking, overruled = legs.asking_by_state(legs_to_ask), {"overruled": True}
    events = legs.asking_events(
        Action.TRACE_SENT, trace, asking, **(overruled if is_overruled else {})
    )
    legs.create_legs(actor, trace, legs_to_ask, acts=[*acts, *events], restricted=restricted)


def resend_requests(actor: Actor, trace: Trace, *, earlier_serial: str | None) -> dict[str, str]:
    """Send the requests of a trace again with its current description.

    Automatic answers are given again, which removes what does not follow from the new description;
    answers of persons stay, and they are notified. Forms by another channel that wait are to be
    sent again; so are answered ones if the serial changed from `earlier_serial`: that answer is
    stored as of the earlier reading. Returns how the states are asked, as `legs.asking_by_state`.
    """
    route, existing = routing.find_route(actor, trace), legs.for_trace(trace)
    known, why = {leg.state for leg in existing}, dict(route.why)
    for leg in existing:
        if leg.state == trace.owner_state:
            by_hand, leg.events = events_by_hand(leg), legs.own_events(actor, trace, route)
            leg.answered_at = leg.asked_at = actor.now()
            legs.set_status(leg, legs.own_status(leg, route))
            leg.events += by_hand
            if legs.ends_at_home(trace, [leg]):
                why = {state: why[state] for state in why if state in route.by_state}
            else:
                why |= legs.new_referrals(legs.referrals_in(leg.state, leg.events), {*known, *why})
    unknown = {state: reasons for state, reasons in why.items() if state not in known}
    new = legs.new_legs(actor, trace, replace(route, why=unknown), known)
    current = [leg for leg in existing if leg.status != "withdrawn"]
    others = [leg for leg in current if leg.state != trace.owner_state]
    by_message = [leg for leg in others if leg.channel == "service"]
    is_reread = earlier_serial != trace.firearm["serial"]
    by_form = [
        leg
        for leg in others
        if leg.channel != "service" and (is_reread or leg.status in UNANSWERED_STATUSES)
    ]
    for leg in by_message:
        status = status_after_renewal(leg.status, is_automatic=leg.is_automatic)
        if leg.is_automatic and status == "acknowledged":  # by the service, for the rest as well
            status = "sent"
        if status == "sent":  # answered automatically: answered again for the new description
            leg.events, leg.answered_at, leg.failure_reason = events_by_hand(leg), None, None
        legs.set_status(leg, status)
    for leg in by_form:
        leg.is_form_pending = True
        if leg.status not in UNANSWERED_STATUSES:
            legs.set_status(leg, "sent")
    for leg in current:
        if is_reread:
            leg.events = [
                {"earlier_reading": earlier_serial} | event if "said_on" in event else event
                for event in leg.events
            ]
        if leg.attempts:
            send_again(leg, is_reread=is_reread)
    for leg in (*by_message, *by_form):
        if leg.state in route.why:
            leg.reasons = legs.stored_reasons(route.why[leg.state])
    legs.update_status(trace, [*existing, *new])
    legs.create_legs(actor, trace, new, by_message)
    return legs.asking_by_state([*by_message, *by_form, *new])


corrections.AFTER_MARK.append(resend_for_mark)
corrections.AFTER_CORRECTION.append(update_traces)
