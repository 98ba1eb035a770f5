"""Handle messages of asking states: create requests, search, answer automatically."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import Action, AuditEvent
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.errors import Conflict, EnvelopeRefused, IllegalTransition, NotFound, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import db, execute_raw
from salsa_ext.disclosure import restrictions
from salsa_ext.exchange.envelopes import Envelope
from salsa_ext.exchange.processing import handles, handles_refusal
from salsa_ext.firearms.records.values import ALERT
from salsa_ext.firearms.search.values import BestScores, Candidate
from salsa_ext.reference import settings
from salsa_ext.reference.values import Settings
from salsa_ext.tracing.requests import answers, message_log, record_search, workflow
from salsa_ext.tracing.requests import schemas as request_schemas
from salsa_ext.tracing.requests.lifecycle import next_status, status_after_renewal
from salsa_ext.tracing.requests.message_log import REJECTED, MessageEntry
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import WAITING_STATUSES

Body = Mapping[str, Any]
PERSON_DECIDES: Final = "person_decides"
_EXISTING: Final = (
    "SELECT EXISTS (SELECT 1 FROM trace_request WHERE owner_state = %(own)s"
    " AND asking_state = %(asking)s AND leg_id = %(leg)s),"
    " EXISTS (SELECT 1 FROM trace WHERE owner_state = %(own)s AND id = %(trace)s)"
)
SENT_KINDS: Final = (
    "trace.acknowledge",
    "trace.answer",
    "trace.no_record",
    "trace.refuse",
    "trace.defer",
    "trace.ask",
    "trace.forward",
    "trace.corrected",
)


@dataclass
class _PendingMessages:
    """Messages and audit entries to store with an automatic answer."""

    words: list[MessageEntry] = field(default_factory=list)
    acts: list[AuditEvent] = field(default_factory=list)

    def take(self) -> tuple[list[MessageEntry], list[AuditEvent]]:
        """Return them for storing elsewhere, and become empty."""
        taken = self.words, self.acts
        self.words, self.acts = [], []
        return taken

    def keep(self, actor: Actor) -> None:
        """Store what is left."""
        message_log.store(actor, *self.take())


@handles("trace.request")
def _on_request(actor: Actor, envelope: Envelope) -> None:
    """Create the request of a leg; answer it automatically if possible."""
    _create_once(actor, envelope, request_schemas.read_body(envelope.kind, envelope.body))


def _create_once(actor: Actor, envelope: Envelope, said: Body) -> None:
    """Create a request; raises Conflict, EnvelopeRefused for an own trace."""
    named = {
        "own": actor.own_state(),
        "asking": envelope.sender,
        "leg": said["leg"],
        "trace": said["trace"],
    }
    is_known, is_ours = execute_raw(_EXISTING, named).fetchone()
    if is_known:
        raise Conflict(message("This was asked already."))
    if is_ours:  # it would keep the own trace from own agencies, or show it to them
        raise EnvelopeRefused("malformed", field="body.trace")
    _create_request(actor, envelope, said)


@handles("trace.renewed")
def _on_renewal(actor: Actor, envelope: Envelope) -> None:
    """Update the description of the gun, and repeat automatic answers."""
    said = request_schemas.read_body(envelope.kind, envelope.body)
    request = _find_request(actor, envelope, said)
    if request is None:
        _create_once(actor, envelope, said)
        return
    if request.status == "withdrawn":
        raise IllegalTransition("request", request.status, "renew")
    actor = _for_trace(actor, request.case_number, request.trace_id)
    status = status_after_renewal(request.status, is_automatic=request.is_automatic)
    request.body, request.priority = _stored_body(said), said["priority"]
    request.envelope_id = envelope.id
    workflow.restrict_as_named(actor, request, _own_restricted(actor, said))
    if status != request.status:
        request.answered_at = None
    workflow.set_status(actor, request, status)
    _store_message(actor, request, envelope, said)
    found = _find_candidates(actor, request.asking_state, request.body)
    request.candidates = record_search.candidate_rows(found)
    db.session.flush()
    own = settings.settings_by_state([actor.own_state()])[actor.own_state()]
    if not _answer_automatically(actor, request, envelope, found, own, _PendingMessages()):
        workflow.notify_analysts(actor, request, "request_renewed")


@handles("trace.withdraw")
def _on_withdrawal(actor: Actor, envelope: Envelope) -> None:
    """End a request from any status: no answer is accepted after it."""
    said, request = _body_and_request(actor, envelope)
    was = request.status
    workflow.apply_action(actor, request, "withdraw")
    _store_message(actor, request, envelope, said)
    if was in WAITING_STATUSES:
        workflow.notify_analysts(actor, request, "request_withdrawn")


@handles("trace.reply")
def _on_reply(actor: Actor, envelope: Envelope) -> None:
    """Store a reply; to the current question it resumes the clock."""
    said, request = _body_and_request(actor, envelope)
    stands = envelope.in_reply_to == request.question_envelope_id
    if stands and next_status(request.status, "reply"):
        workflow.apply_action(actor, request, "reply")
    _store_message(actor, request, envelope, said)
    workflow.notify_analysts(actor, request, "request_replied")


@handles("trace.hide")
def _on_restriction(actor: Actor, envelope: Envelope) -> None:
    """Restrict a request, and update the contact to call."""
    said, request = _body_and_request(actor, envelope)
    before = restrictions.list_restricted(request.id)
    workflow.restrict_as_named(actor, request, _own_restricted(actor, said))
    request.body = request.body | {"office": said["office"]}
    request.version += 1
    _store_message(actor, request, envelope, said)
    workflow.notify_without_analyst(actor, request, before)


@handles("trace.feedback")
def _on_feedback(actor: Actor, envelope: Envelope) -> None:
    """Store the feedback on an answer."""
    said, request = _body_and_request(actor, envelope)
    _store_message(actor, request, envelope, said)
    workflow.notify_analysts(actor, request, "request_feedback")


def _for_trace(actor: Actor, case_number: str, trace_id: UUID) -> Actor:
    """Return the actor with the asking state's purpose: case and trace."""
    return actor.for_purpose(Purpose("investigation", case_number, about=(str(trace_id),)))


def _create_request(actor: Actor, envelope: Envelope, said: Body) -> None:
    actor = _for_trace(actor, envelope.case_number, UUID(said["trace"]))
    asked, own = (
        _stored_body(said),
        settings.settings_by_state([actor.own_state()])[actor.own_state()],
    )
    found = _find_candidates(actor, envelope.sender, asked)
    request = TraceRequest(
        id=new_id(),
        owner_state=actor.own_state(),
        version=1,
        asking_state=envelope.sender,
        leg_id=UUID(said["leg"]),
        trace_id=UUID(said["trace"]),
        status="sent",
        is_automatic=True,
        case_number=envelope.case_number,
        body=asked,
        priority=said["priority"],
        candidates=record_search.candidate_rows(found),
        envelope_id=envelope.id,
        received_at=actor.now(),
        **workflow.new_deadline(actor, said["priority"], own),
    )
    db.session.add(request)  # written once, as it stands when what can be said at once is said
    if agencies := _own_restricted(actor, said):
        workflow.restrict_as_named(actor, request, agencies)
    received = workflow.audit_entry(Action.REQUEST_RECEIVED, request, priority=request.priority)
    heard = _PendingMessages([_message_entry(request, envelope, said)], [received])
    is_done = _answer_automatically(actor, request, envelope, found, own, heard)
    heard.keep(actor)
    if not is_done:
        workflow.notify_analysts(actor, request, "request_received")


def _answer_automatically(
    actor: Actor,
    request: TraceRequest,
    envelope: Envelope,
    found: Sequence[Candidate],
    own: Settings,
    heard: _PendingMessages,
) -> bool:
    """Answer automatically if allowed; returns whether nothing is left to do.

    No visible record is answered at once, and `open` records where the own state lets the service
    answer; all else waits for a person, and the asking state is informed of that. An own alert has
    no history of a gun, so an answer without it is complete. `silent` records are not searched:
    neither the answer nor its time depends on them, and their owner is notified later.
    """
    if request.status != "sent":
        return False
    told = [hit for hit in found if answers.is_automatic(hit)]
    if not found:
        _send_no_record(actor, request, envelope, heard)
        return True
    if not told or not own.answers_automatically:
        return False
    is_all = len(told) == sum(hit.held.event != ALERT for hit in found)
    _send_answer(actor, request, envelope, told, heard, is_all=is_all)
    return is_all


def _find_candidates(actor: Actor, asking_state: str, asked: Body) -> list[Candidate]:
    """Search the own records, as the asking state."""
    asker = replace(actor, state=asking_state)
    own = [UUID(asked["record"])] if asked["record"] else []
    best = BestScores(**asked["likeness"])
    found_on = date.fromisoformat(asked["found_on"])
    return record_search.find_own_candidates(actor, asker, asked["firearm"], own, best, found_on)


def _send_no_record(
    actor: Actor, request: TraceRequest, envelope: Envelope, heard: _PendingMessages
) -> None:
    workflow.apply_action(actor, request, "no_record")
    done = workflow.audit_entry(Action.REQUEST_FOUND_NOTHING, request)
    words, acts = heard.take()
    workflow.send_message(
        actor,
        request,
        "trace.no_record",
        {"text": None, "is_automatic": True},
        envelope,
        [*acts, done],
        words,
    )


def _send_answer(
    actor: Actor,
    request: TraceRequest,
    envelope: Envelope,
    told: Sequence[Candidate],
    heard: _PendingMessages,
    *,
    is_all: bool,
) -> None:
    with db.session.no_autoflush:
        events, given = answers.build_answer(actor, request.asking_state, told)
    workflow.apply_action(actor, request, "answer" if is_all else "part")
    done = workflow.audit_entry(Action.REQUEST_ANSWERED, request, events=len(events))
    words, acts = heard.take()
    workflow.send_message(
        actor,
        request,
        "trace.answer",
        {
            "completeness": "full" if is_all else "restricted",
            "restriction_reason": None if is_all else PERSON_DECIDES,
            "events": events,
            "points_to": [],
            "handling": "H1",
            "note": None,
            "is_automatic": True,
        },
        envelope,
        [*acts, *given, done],
        words,
    )


def _own_restricted(actor: Actor, said: Body) -> list[str]:
    """Return the own agencies that the asking state named."""
    return restrictions.agencies_of_state(said["hidden_from"], actor.own_state())


def _find_request(actor: Actor, envelope: Envelope, said: Body) -> TraceRequest | None:
    """Return the request of a leg, locked, or None."""
    mine = select(TraceRequest).where(
        TraceRequest.owner_state == actor.own_state(),
        TraceRequest.asking_state == envelope.sender,
        TraceRequest.leg_id == UUID(said["leg"]),
    )
    locked = mine.with_for_update().execution_options(populate_existing=True)
    found: TraceRequest | None = db.session.scalars(locked).first()
    return found


def _body_and_request(actor: Actor, envelope: Envelope) -> tuple[Body, TraceRequest]:
    said = request_schemas.read_body(envelope.kind, envelope.body)
    request = _find_request(actor, envelope, said)
    if request is None:
        raise NotFound("request", said["leg"])
    return said, request


def _stored_body(said: Body) -> dict[str, Any]:
    left_out = ("leg", "trace", "hidden_from")
    return {name: value for name, value in said.items() if name not in left_out}


def _store_message(actor: Actor, request: TraceRequest, envelope: Envelope, said: Body) -> None:
    message_log.store(actor, [_message_entry(request, envelope, said)])


def _message_entry(request: TraceRequest, envelope: Envelope, said: Body) -> MessageEntry:
    return MessageEntry(
        "request", request.id, message_log.message_kind(envelope), _stored_body(said), envelope
    )


def _on_rejection(actor: Actor, envelope: Envelope, code: str) -> None:
    """Store with the request that a message on it was refused."""
    mine = select(TraceRequest.id).where(
        TraceRequest.owner_state == actor.own_state(),
        TraceRequest.asking_state == envelope.recipient,
        TraceRequest.leg_id == UUID(envelope.body["leg"]),
    )
    told = {"code": code, "kind": envelope.kind}
    message_log.store(
        actor,
        [
            MessageEntry("request", request_id, REJECTED, told)
            for request_id in db.session.scalars(mine)
        ],
    )


for _kind in SENT_KINDS:
    handles_refusal(_kind)(_on_rejection)
