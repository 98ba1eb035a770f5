"""Commands on a request: acknowledge, answer, refuse, defer, ask, refer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import AuditEvent
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition, Invalid, NotFound, SalsaError, message
from salsa_ext.database.session import db
from salsa_ext.disclosure import restrictions
from salsa_ext.exchange import outbox
from salsa_ext.firearms.records.queries import find_records
from salsa_ext.notifications.commands import find_assignee, notify_assignee
from salsa_ext.notifications.notice_rules import AssigneeData
from salsa_ext.reference.calendars import local_days, today
from salsa_ext.tracing.chains.identity import THIS_GUN
from salsa_ext.tracing.requests import answers, message_log, workflow
from salsa_ext.tracing.requests.answers import CHOSEN_BY_PERSON, MatchCertainty
from salsa_ext.tracing.requests.message_log import NOTE, MessageEntry
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import (
    REPLIABLE_ACTIONS,
    AcknowledgementData,
    AnswerData,
    CommentData,
    ComparisonData,
    DeferralData,
    NoRecordData,
    QuestionData,
    ReferralData,
    RefusalData,
    RestrictionData,
    end_of_day,
)
from salsa_ext.tracing.requests.workflow import audit_request, lock_request

MAX_DEFERRAL_DAYS: Final = 366
NOT_TO_COMPARE: Final = message("This record is none of those to compare. Choose one of the list.")


def acknowledge(
    *, actor: Actor, request_id: UUID, expected_version: int | None, data: CommentData
) -> None:
    """Acknowledge a request; raises NotFound, StaleVersion, IllegalTransition."""
    require(actor, Permission.REQUEST_ANSWER)
    request = lock_request(request_id, expected_version)
    _apply_and_send(actor, request, "acknowledge", {"text": data.text, "is_automatic": False})
    audit_request(actor, Action.REQUEST_ACKNOWLEDGED, request)


@dataclass(frozen=True)
class AcknowledgementResult:
    """Requests acknowledged, and those that failed, with the error."""

    acknowledged: Sequence[UUID]
    failures: Mapping[UUID, SalsaError]


def acknowledge_many(*, actor: Actor, data: AcknowledgementData) -> AcknowledgementResult:
    """Acknowledge requests independently; all are locked first, against deadlocks."""
    require(actor, Permission.REQUEST_ANSWER)
    asking = select(TraceRequest.asking_state).where(TraceRequest.id.in_(data.requests))
    locked = asking.order_by(TraceRequest.id).with_for_update()
    outbox.lock_pairs(actor.own_state(), db.session.scalars(locked))
    acknowledged: list[UUID] = []
    failures: dict[UUID, SalsaError] = {}
    for request_id in sorted({*data.requests}):
        try:
            acknowledge(
                actor=actor, request_id=request_id, expected_version=None, data=CommentData()
            )
            acknowledged.append(request_id)
        except (NotFound, IllegalTransition) as error:
            failures[request_id] = error
    return AcknowledgementResult(acknowledged, failures)


def answer(
    *, actor: Actor, request_id: UUID, expected_version: int | None, data: AnswerData
) -> None:
    """Answer with own records or register entries; raises Invalid, and as `acknowledge`.

    Naming a record releases it, whatever its visibility; each release is audited.
    """
    require(actor, Permission.REQUEST_ANSWER)
    request = lock_request(request_id, expected_version)
    answers.check_answer(actor, request, data)
    actor = actor.for_trace(request.case_number, request.trace_id)
    handling = data.handling or answers.handling_for(request, find_records(data.records))
    certainty = {
        UUID(candidate["record"]): CHOSEN_BY_PERSON
        if candidate.get("judgement") == THIS_GUN
        else MatchCertainty(candidate["strength"], candidate["bits"])
        for candidate in request.candidates
    }
    records = {record_id: certainty.get(record_id, CHOSEN_BY_PERSON) for record_id in data.records}
    by_record = dict.fromkeys(map(str, data.records), handling)
    events, disclosures = answers.answer_events(
        actor, request.asking_state, records, by_record, by_person=True
    )
    own = actor.own_state()
    events += [
        answers.manual_event(own, event, handling, data.failure_reason) for event in data.events
    ]
    body = {
        "completeness": data.completeness,
        "restriction_reason": data.restriction_reason,
        "events": events,
        "points_to": sorted({*data.points_to}),
        "handling": handling,
        "note": data.note,
        "is_automatic": False,
        "failure_reason": data.failure_reason,
    }
    action = "restrict" if data.completeness == "restricted" else "answer"
    _apply_and_send(actor, request, action, body, "trace.answer", disclosures)
    audit_request(actor, Action.REQUEST_ANSWERED, request, events=len(events))


def compare_record(
    *, actor: Actor, request_id: UUID, expected_version: int | None, data: ComparisonData
) -> None:
    """Store whether an own record is of the gun; raises Invalid, and as `acknowledge`.

    An answer with a record of `this_gun` is certain to the asking state.
    """
    require(actor, Permission.REQUEST_ANSWER)
    request = lock_request(request_id, expected_version)
    record = str(data.record)
    if all(candidate["record"] != record for candidate in request.candidates):
        raise Invalid({"record": [NOT_TO_COMPARE]})
    judged = {"judgement": data.judgement, "reason": data.reason}
    request.candidates = [
        candidate | judged if candidate["record"] == record else candidate
        for candidate in request.candidates
    ]
    request.version += 1
    db.session.flush()
    decided = {"record": record, "judgement": data.judgement}
    audit_request(actor, Action.REQUEST_COMPARED, request, **decided)


def report_no_record(
    *, actor: Actor, request_id: UUID, expected_version: int | None, data: CommentData
) -> None:
    """Answer that there is no record, perhaps why; raises Conflict, as `acknowledge`."""
    require(actor, Permission.REQUEST_ANSWER)
    request = lock_request(request_id, expected_version)
    answers.check_no_record(request, "no_record", data)
    reason = data.failure_reason if isinstance(data, NoRecordData) else None
    body = {"text": data.text, "is_automatic": False, "failure_reason": reason}
    _apply_and_send(actor, request, "no_record", body)
    audit_request(actor, Action.REQUEST_FOUND_NOTHING, request)


def refuse(
    *, actor: Actor, request_id: UUID, expected_version: int | None, data: RefusalData
) -> None:
    """Refuse, with one of the reasons allowed by the ITI (22)."""
    require(actor, Permission.REQUEST_ANSWER)
    request = lock_request(request_id, expected_version)
    _apply_and_send(actor, request, "refuse", {"reason": data.reason, "text": data.text})
    audit_request(actor, Action.REQUEST_REFUSED, request, reason=data.reason)


def defer(
    *, actor: Actor, request_id: UUID, expected_version: int | None, data: DeferralData
) -> None:
    """Defer the answer to a day, the new deadline; raises Invalid."""
    require(actor, Permission.REQUEST_ANSWER)
    request = lock_request(request_id, expected_version)
    if not 0 < (data.until - today(actor)).days <= MAX_DEFERRAL_DAYS:
        text = message("A day after today, within {count} days.", count=MAX_DEFERRAL_DAYS)
        raise Invalid({"until": [text]})
    until = data.until.isoformat()
    _apply_and_send(actor, request, "defer", {"until": until, "reason": data.reason})
    zone = local_days(actor).zone(actor.own_state())
    workflow.start_clock(actor, request, end_of_day(data.until, zone))
    db.session.flush()
    audit_request(actor, Action.REQUEST_DEFERRED, request, until=until)


def ask_questions(
    *, actor: Actor, request_id: UUID, expected_version: int | None, data: QuestionData
) -> None:
    """Ask the asking state questions; the clock stops until it replies."""
    require(actor, Permission.REQUEST_ANSWER)
    request = lock_request(request_id, expected_version)
    if not data.questions:
        raise Invalid({"questions": [message("Give at least one question.")]})
    _apply_and_send(actor, request, "ask", {"questions": list(data.questions)})
    audit_request(actor, Action.REQUEST_QUESTIONED, request)


def forward(
    *, actor: Actor, request_id: UUID, expected_version: int | None, data: ReferralData
) -> None:
    """Refer the asking state to another state.

    Raises Conflict where an open own record is a strong match.
    """
    require(actor, Permission.REQUEST_ANSWER)
    request = lock_request(request_id, expected_version)
    if wrong := answers.wrong_referral(actor, request, data.state):
        raise Invalid({"state": [wrong]})
    answers.check_no_record(request, "forward", data)
    _apply_and_send(actor, request, "forward", {"state": data.state, "reason": data.reason})
    audit_request(actor, Action.REQUEST_FORWARDED, request, state=data.state)


def assign(*, actor: Actor, request_id: UUID, data: AssigneeData) -> None:
    """Assign the request to an own account, and notify it. No other state sees the assignee."""
    require(actor, Permission.REQUEST_ANSWER)
    request = lock_request(request_id)
    restricted = restrictions.list_restricted(request_id)
    assignee = find_assignee(data.username, Permission.REQUEST_ANSWER, restricted)
    request.assignee_id = assignee.id
    db.session.flush()
    notify_assignee(actor, assignee, "request_assigned", request)
    audit_request(actor, Action.REQUEST_ASSIGNED, request, account=str(assignee.id))


def restrict(
    *, actor: Actor, request_id: UUID, expected_version: int | None, data: RestrictionData
) -> None:
    """Set own restricted agencies besides the named ones; raises NotFound, StaleVersion, Invalid."""
    require(actor, Permission.REQUEST_ANSWER)
    request = lock_request(request_id, expected_version)
    named, before = (
        restrictions.list_named_by_asker(request_id),
        restrictions.list_restricted(request_id),
    )
    restrictions.check_own_restrictions(actor, data.hidden_from, named)
    request.version += 1
    workflow.replace_restrictions(actor, request, data.hidden_from, by_asker=False)
    db.session.flush()
    audit_request(actor, Action.REQUEST_HIDDEN, request, hidden_from=[*data.hidden_from])
    workflow.notify_without_analyst(actor, request, before)


def add_note(*, actor: Actor, request_id: UUID, data: CommentData) -> None:
    """Add a note to a request; it never leaves the own state."""
    require(actor, Permission.REQUEST_ANSWER)
    request = lock_request(request_id)
    message_log.store(actor, [MessageEntry("request", request.id, NOTE, {"text": data.text})])
    audit_request(actor, Action.REQUEST_NOTED, request)


def _apply_and_send(
    actor: Actor,
    request: TraceRequest,
    action: str,
    body: Mapping[str, Any],
    kind: str | None = None,
    acts: Sequence[AuditEvent] = (),
) -> None:
    """Apply an action to a request, and send a message on it."""
    workflow.apply_action(actor, request, action)
    request.is_automatic = False
    db.session.flush()
    kind = kind or f"trace.{action}"
    envelope = workflow.send_message(actor, request, kind, body, acts=acts)
    if action in REPLIABLE_ACTIONS:
        request.question_envelope_id = envelope.id
        db.session.flush()
