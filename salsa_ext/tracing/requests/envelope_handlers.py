"""Handle messages of asking states: create requests, search, answer automatically."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import AuditEvent
from salsa_ext.access.audit_actions import Action
from salsa_ext.core.actor import Actor
from salsa_ext.core.dates import parse_date
from salsa_ext.core.errors import Conflict, EnvelopeRefused, IllegalTransition, NotFound, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import db, execute_raw
from salsa_ext.disclosure import restrictions
from salsa_ext.exchange.envelopes import Envelope
from salsa_ext.exchange.processing import handles, handles_refusal
from salsa_ext.firearms.records.event_kinds import ALERT
from salsa_ext.firearms.search.values import BestScores, Candidate
from salsa_ext.reference import state_settings
from salsa_ext.reference.participation.declarations import declarations_at
from salsa_ext.reference.participation.rules import gives_record, reports_no_record
from salsa_ext.tracing.requests import answers, message_log, workflow
from salsa_ext.tracing.requests import queries as request_queries
from salsa_ext.tracing.requests.message_log import MessageEntry, read_body
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import WAITING_STATUSES, next_status, status_after_renewal

Body = Mapping[str, Any]
PERSON_DECIDES: Final = "person_decides"
_EXISTING: Final = (
    "SELECT EXISTS (SELECT 1 FROM trace_request WHERE owner_state = %(own)s"
    " AND asking_state = %(asking)s AND leg_id = %(leg)s),"
    " EXISTS (SELECT 1 FROM trace WHERE owner_state = %(own)s AND id = %(trace)s)"
)


@handles("trace.request")
def _on_request(actor: Actor, envelope: Envelope) -> None:
    """Create a leg's request, answered at once if possible; raises Conflict, EnvelopeRefused."""
    body, own = read_body(envelope.kind, envelope.body), actor.own_state()
    keys = {"own": own, "asking": envelope.sender, "leg": body["leg"], "trace": body["trace"]}
    is_known, is_own_trace = execute_raw(_EXISTING, keys).fetchone()
    if is_known:
        raise Conflict(message("This was asked already."))
    if is_own_trace:  # it would restrict the own trace for own agencies, or show it to them
        raise EnvelopeRefused("malformed", field="body.trace")
    actor = actor.for_trace(envelope.case_number, body["trace"])
    candidates = _find_candidates(actor, envelope.sender, body)
    request = TraceRequest(
        id=new_id(),
        owner_state=own,
        version=1,
        asking_state=envelope.sender,
        leg_id=UUID(body["leg"]),
        trace_id=UUID(body["trace"]),
        status="sent",
        is_automatic=True,
        case_number=envelope.case_number,
        body=_stored_body(body),
        priority=body["priority"],
        candidates=request_queries.candidate_rows(candidates),
        envelope_id=envelope.id,
        received_at=actor.now(),
    )
    workflow.start_clock(actor, request)
    db.session.add(request)  # inserted once, with its automatic answer
    if agencies := _own_restricted(actor, body):
        workflow.replace_restrictions(actor, request, agencies, by_asker=True)
    acts = [workflow.audit_entry(Action.REQUEST_RECEIVED, request, priority=request.priority)]
    entries = [_message_entry(request, envelope, body)]
    if not _answer_automatically(actor, request, envelope, candidates, entries, acts):
        workflow.notify_analysts(actor, request, "request_received")


@handles("trace.renewed")
def _on_renewal(actor: Actor, envelope: Envelope) -> None:
    """Update the description of the gun, and repeat automatic answers."""
    body = read_body(envelope.kind, envelope.body)
    request = _find_request(actor, envelope, body)
    if request is None:
        _on_request(actor, envelope)
        return
    if request.status == "withdrawn":
        raise IllegalTransition("request", request.status, "renew")
    actor = actor.for_trace(request.case_number, request.trace_id)
    status = status_after_renewal(request.status, is_automatic=request.is_automatic)
    request.body, request.priority = _stored_body(body), body["priority"]
    request.envelope_id = envelope.id
    workflow.replace_restrictions(actor, request, _own_restricted(actor, body), by_asker=True)
    if status != request.status:
        request.answered_at = None
    workflow.set_status(actor, request, status)
    candidates = _find_candidates(actor, request.asking_state, body)
    request.candidates = request_queries.candidate_rows(candidates)
    db.session.flush()
    entries = [_message_entry(request, envelope, body)]
    if not _answer_automatically(actor, request, envelope, candidates, entries, []):
        workflow.notify_analysts(actor, request, "request_renewed")


@handles("trace.withdraw")
def _on_withdrawal(actor: Actor, envelope: Envelope) -> None:
    """End a request from any status: no answer is accepted after it."""
    request, body = _locked_request(actor, envelope)
    was_waiting = request.status in WAITING_STATUSES
    workflow.apply_action(actor, request, "withdraw")
    message_log.store(actor, [_message_entry(request, envelope, body)])
    if was_waiting:
        workflow.notify_analysts(actor, request, "request_withdrawn")


@handles("trace.reply")
def _on_reply(actor: Actor, envelope: Envelope) -> None:
    """Store a reply; to the current question it resumes the clock."""
    request, body = _locked_request(actor, envelope)
    is_current = envelope.in_reply_to == request.question_envelope_id
    if is_current and next_status(request.status, "reply"):
        workflow.apply_action(actor, request, "reply")
    message_log.store(actor, [_message_entry(request, envelope, body)])
    workflow.notify_analysts(actor, request, "request_replied")


@handles("trace.hide")
def _on_restriction(actor: Actor, envelope: Envelope) -> None:
    """Restrict a request, and update the contact to call."""
    request, body = _locked_request(actor, envelope)
    before = restrictions.list_restricted(request.id)
    workflow.replace_restrictions(actor, request, _own_restricted(actor, body), by_asker=True)
    request.body = request.body | {"office": body["office"]}
    request.version += 1
    message_log.store(actor, [_message_entry(request, envelope, body)])
    workflow.notify_without_analyst(actor, request, before)


@handles("trace.feedback")
def _on_feedback(actor: Actor, envelope: Envelope) -> None:
    """Store the feedback on an answer."""
    request, body = _locked_request(actor, envelope)
    message_log.store(actor, [_message_entry(request, envelope, body)])
    workflow.notify_analysts(actor, request, "request_feedback")


@handles("trace.compared")
def _on_comparison(actor: Actor, envelope: Envelope) -> None:
    """Store what the asking state found on comparing a record that it was given."""
    request, body = _locked_request(actor, envelope)
    message_log.store(actor, [_message_entry(request, envelope, body)])
    workflow.notify_analysts(actor, request, "request_compared")


@handles_refusal(
    *"trace.acknowledge trace.answer trace.no_record trace.refuse trace.defer trace.ask".split(),
    *"trace.forward trace.corrected".split(),
)
def _on_rejection(actor: Actor, envelope: Envelope, code: str) -> None:
    """Store with the request that a message on it was refused."""
    data = {"code": code, "kind": envelope.kind}
    request = _find_request(actor, envelope, envelope.body)
    if request is not None:
        entry = MessageEntry("request", request.id, message_log.REJECTED, data)
        message_log.store(actor, [entry])


def _answer_automatically(
    actor: Actor,
    request: TraceRequest,
    envelope: Envelope,
    candidates: Sequence[Candidate],
    entries: Sequence[MessageEntry],
    acts: Sequence[AuditEvent],
) -> bool:
    """Answer automatically if allowed; returns whether nothing is left to do.

    Stores `entries` and `acts` with it. By what the own state declares of its registers: that there
    is no record where they are complete for the gun, and `open` records of those from which the
    service answers, where the state lets it; all else waits for a person, and is acknowledged, or
    left to the person too. An own alert has no history of a gun, so an answer without it is
    complete. `silent` records are not searched: neither the answer nor its time depends on them,
    and their owner is notified later.
    """
    declared = declarations_at({request.owner_state: actor.now()})[request.owner_state]
    given = [
        candidate
        for candidate in candidates
        if answers.is_automatic(candidate) and gives_record(declared, candidate.mark_hit.event)
    ]
    own = state_settings.settings_by_state([request.owner_state])[request.owner_state]
    if request.status != "sent" or (candidates and not own.answers_automatically):
        message_log.store(actor, entries, acts)
        return False
    gun = request.body["firearm"]
    if not given and (candidates or not reports_no_record(declared, gun["make"], gun["year"])):
        body: dict[str, Any] = {"text": None, "is_automatic": True}
        workflow.send_message(actor, request, "trace.acknowledge", body, envelope, acts, entries)
        return False
    is_complete = len(given) == sum(candidate.mark_hit.event != ALERT for candidate in candidates)
    disclosures: list[AuditEvent] = []
    if not candidates:
        action, kind = "no_record", "trace.no_record"
        body = {"text": None, "is_automatic": True}
        done = workflow.audit_entry(Action.REQUEST_FOUND_NOTHING, request)
    else:
        action, kind = "answer" if is_complete else "part", "trace.answer"
        certainty = answers.certainty_by_record(given)
        with db.session.no_autoflush:
            events, disclosures = answers.answer_events(
                actor, request.asking_state, certainty, by_person=False
            )
        body = {
            "completeness": "full" if is_complete else "restricted",
            "restriction_reason": None if is_complete else PERSON_DECIDES,
            "events": events,
            "points_to": [],
            "handling": answers.DEFAULT_HANDLING,
            "note": None,
            "is_automatic": True,
        }
        done = workflow.audit_entry(Action.REQUEST_ANSWERED, request, events=len(events))
    workflow.apply_action(actor, request, action)
    all_acts = [*acts, *disclosures, done]
    workflow.send_message(actor, request, kind, body, envelope, all_acts, entries)
    return is_complete


def _find_candidates(actor: Actor, asking_state: str, body: Body) -> list[Candidate]:
    """Search the own records, as the asking state."""
    return request_queries.find_own_candidates(
        actor,
        replace(actor, state=asking_state),
        body["firearm"],
        [UUID(body["record"])] if body["record"] else [],
        BestScores(**body["likeness"]),
        parse_date(body["found_on"]),
    )


def _own_restricted(actor: Actor, body: Body) -> list[str]:
    """Return the own agencies that the asking state named."""
    return restrictions.agencies_of_state(body["hidden_from"], actor.own_state())


def _find_request(actor: Actor, envelope: Envelope, body: Body) -> TraceRequest | None:
    """Return the request of a leg between the two states, locked, or None."""
    [other] = {envelope.sender, envelope.recipient} - {actor.own_state()}
    query = select(TraceRequest).where(
        TraceRequest.owner_state == actor.own_state(),
        TraceRequest.asking_state == other,
        TraceRequest.leg_id == UUID(body["leg"]),
    )
    query = query.with_for_update().execution_options(populate_existing=True)
    request: TraceRequest | None = db.session.scalars(query).first()
    return request


def _locked_request(actor: Actor, envelope: Envelope) -> tuple[TraceRequest, Body]:
    """Return the request of a message, locked, and the body; raises NotFound."""
    body = read_body(envelope.kind, envelope.body)
    request = _find_request(actor, envelope, body)
    if request is None:
        raise NotFound("request", body["leg"])
    return request, body


def _stored_body(body: Body) -> dict[str, Any]:
    omitted = ("leg", "trace", "hidden_from")
    return {name: value for name, value in body.items() if name not in omitted}


def _message_entry(request: TraceRequest, envelope: Envelope, body: Body) -> MessageEntry:
    kind = message_log.message_kind(envelope)
    return MessageEntry("request", request.id, kind, _stored_body(body), envelope)
