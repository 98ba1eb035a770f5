"""Requests: what persons of the asked state say to what another state's trace asks of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Action
from salsa_ext.db import db
from salsa_ext.errors import IllegalTransition, Invalid, NotFound, SalsaError, say
from salsa_ext.matching.requests import REPLIABLE, due_on
from salsa_ext.messages import pairs
from salsa_ext.models import TraceRequest
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.days import days, today
from salsa_ext.readmodels.records import by_id
from salsa_ext.services import (
    answer_checks,
    answers,
    assignees,
    conversations,
    deliveries,
    hidings,
    request_steps,
    terms,
)
from salsa_ext.services.answers import SAID_BY_A_PERSON, Sureness
from salsa_ext.services.conversations import NOTE, Word
from salsa_ext.services.request_steps import take
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.positions import Assigning
from salsa_ext.values.requests import (
    Acknowledging,
    Answering,
    Deferring,
    Forwarding,
    Hiding,
    NothingFound,
    Questioning,
    Refusing,
    Telling,
)

LATEST_DAYS: Final = 366


def acknowledge(
    *, actor: Actor, vault: Vault, request_id: UUID, seen: int | None, data: Telling
) -> None:
    """Say that somebody works on it; raises NotFound, StaleVersion, IllegalTransition."""
    require(actor, Permission.REQUEST_ANSWER)
    request = take(actor, request_id, seen)
    _step(actor, vault, request, "acknowledge", {"text": data.text})
    request_steps.write_down(actor, Action.REQUEST_ACKNOWLEDGED, request)


@dataclass(frozen=True)
class Acknowledged:
    """Which of several requests were acknowledged, and which could not be, each with why."""

    done: Sequence[UUID]
    left: Mapping[UUID, SalsaError]


def acknowledge_many(*, actor: Actor, vault: Vault, data: Acknowledging) -> Acknowledged:
    """Acknowledge several requests; one that cannot be is left, and the others are done.

    All pairs of states are locked before the requests: so nobody waits in a circle.
    """
    require(actor, Permission.REQUEST_ANSWER)
    asking = select(TraceRequest.asking_state).where(TraceRequest.id.in_(data.requests))
    pairs.lock(actor.own_state(), db.session.scalars(asking))
    left: dict[UUID, SalsaError] = {}
    wanted = sorted({*data.requests})
    for request_id in wanted:
        try:
            acknowledge(actor=actor, vault=vault, request_id=request_id, seen=None, data=Telling())
        except (NotFound, IllegalTransition) as error:
            left[request_id] = error
    return Acknowledged([one for one in wanted if one not in left], left)


def answer(
    *, actor: Actor, vault: Vault, request_id: UUID, seen: int | None, data: Answering
) -> None:
    """Answer with own records, or with what books say; raises Invalid, and as `acknowledge`.

    Whoever names a record releases it, whatever its visibility: each is written down.
    """
    require(actor, Permission.REQUEST_ANSWER)
    request = take(actor, request_id, seen)
    answer_checks.check(actor, request, data)
    actor = actor.for_purpose(
        Purpose("investigation", request.case_number, about=(str(request.trace_id),))
    )
    action = "restrict" if data.completeness == "restricted" else "answer"
    handling = data.handling or answer_checks.handling_for(request, by_id(data.records))
    events = _events(actor, request, data, handling)
    _step(actor, vault, request, action, {
        "completeness": data.completeness, "restriction_reason": data.restriction_reason,
        "events": events, "points_to": sorted({*data.points_to}), "handling": handling,
        "note": data.note, "is_automatic": False, "failure_reason": data.failure_reason,
    }, "trace.answer")  # fmt: skip
    request_steps.write_down(actor, Action.REQUEST_ANSWERED, request, events=len(events))


def no_record(
    *, actor: Actor, vault: Vault, request_id: UUID, seen: int | None, data: Telling
) -> None:
    """Say that the own state has nothing of this gun, as NothingFound also why.

    Raises Conflict where a record that it would show is most likely of it, and as `acknowledge`.
    """
    require(actor, Permission.REQUEST_ANSWER)
    request = take(actor, request_id, seen)
    answer_checks.check_nothing(request, "no_record", data)
    reason = data.failure_reason if isinstance(data, NothingFound) else None
    _step(actor, vault, request, "no_record", {
        "text": data.text, "is_automatic": False, "failure_reason": reason,
    })  # fmt: skip
    request_steps.write_down(actor, Action.REQUEST_FOUND_NOTHING, request)


def refuse(
    *, actor: Actor, vault: Vault, request_id: UUID, seen: int | None, data: Refusing
) -> None:
    """Refuse, for one of the reasons that the International Tracing Instrument allows (22)."""
    require(actor, Permission.REQUEST_ANSWER)
    request = take(actor, request_id, seen)
    _step(actor, vault, request, "refuse", {"reason": data.reason, "text": data.text})
    request_steps.write_down(actor, Action.REQUEST_REFUSED, request, reason=data.reason)


def defer(
    *, actor: Actor, vault: Vault, request_id: UUID, seen: int | None, data: Deferring
) -> None:
    """Answer later, until a day that becomes the new term; raises Invalid for one that is not ahead."""
    require(actor, Permission.REQUEST_ANSWER)
    request = take(actor, request_id, seen)
    if not 0 < (data.until - today(actor)).days <= LATEST_DAYS:
        raise Invalid(
            {"until": [say("A day after today, within {count} days.", count=LATEST_DAYS)]}
        )
    until = data.until.isoformat()
    _step(actor, vault, request, "defer", {"until": until, "reason": data.reason})
    until_end = due_on(data.until, days(actor).zone(actor.own_state()))
    terms.put_off(actor, request, until_end)
    db.session.flush()
    request_steps.write_down(actor, Action.REQUEST_DEFERRED, request, until=until)


def ask(
    *, actor: Actor, vault: Vault, request_id: UUID, seen: int | None, data: Questioning
) -> None:
    """Ask the asking state what has to be known first: the clock stands until it replies."""
    require(actor, Permission.REQUEST_ANSWER)
    request = take(actor, request_id, seen)
    if not data.questions:
        raise Invalid({"questions": [say("Give at least one question.")]})
    _step(actor, vault, request, "ask", {"questions": list(data.questions)})
    request_steps.write_down(actor, Action.REQUEST_QUESTIONED, request)


def forward(
    *, actor: Actor, vault: Vault, request_id: UUID, seen: int | None, data: Forwarding
) -> None:
    """Name the state to ask instead; the asking state asks it, unless it did already.

    Raises Conflict where an own record that it would show is most likely of the gun.
    """
    require(actor, Permission.REQUEST_ANSWER)
    request = take(actor, request_id, seen)
    if wrong := answer_checks.wrong_third(actor, request, data.state):
        raise Invalid({"state": [wrong]})
    answer_checks.check_nothing(request, "forward", data)
    _step(actor, vault, request, "forward", {"state": data.state, "reason": data.reason})
    request_steps.write_down(actor, Action.REQUEST_FORWARDED, request, state=data.state)


def assign(*, actor: Actor, request_id: UUID, data: Assigning) -> None:
    """Let somebody of the own state work on it, who is told; no other state learns who."""
    require(actor, Permission.REQUEST_ANSWER)
    request = take(actor, request_id)
    found = assignees.find(data.username, Permission.REQUEST_ANSWER, hidings.of(request_id))
    request.assignee_id = found.id
    db.session.flush()
    assignees.tell(actor, found, "request_assigned", "request", request_id, request.case_number)
    request_steps.write_down(actor, Action.REQUEST_ASSIGNED, request,
                             account=str(request.assignee_id))  # fmt: skip


def hide(*, actor: Actor, request_id: UUID, seen: int | None, data: Hiding) -> None:
    """Keep a request from these agencies of the own state beside those that the asking state named.

    From no others any more; raises NotFound, StaleVersion, Invalid.
    """
    require(actor, Permission.REQUEST_ANSWER)
    request, before = take(actor, request_id, seen), hidings.of(request_id)
    hidings.check_own(actor, data.hidden_from, hidings.named(request_id))
    request_steps.hide(actor, request, data.hidden_from)
    request_steps.write_down(actor, Action.REQUEST_HIDDEN, request,
                             hidden_from=[*data.hidden_from])  # fmt: skip
    request_steps.tell_of_hiding(actor, request, before)


def note(*, actor: Actor, request_id: UUID, data: Telling) -> None:
    """Keep a note with a request, for the own state alone: it never leaves it."""
    require(actor, Permission.REQUEST_ANSWER)
    request = take(actor, request_id)
    conversations.keep(actor, [Word("request", request.id, NOTE, {"text": data.text})])
    request_steps.write_down(actor, Action.REQUEST_NOTED, request)


def _step(
    actor: Actor, vault: Vault, request: TraceRequest, action: str, body: Mapping[str, Any],
    kind: str | None = None,
) -> None:  # fmt: skip
    """Move a request, and tell the asking state at once."""
    request_steps.move(actor, request, action)
    request.is_automatic = False
    db.session.flush()
    told = request_steps.tell(actor, vault, request, kind or f"trace.{action}", body)
    if action in REPLIABLE:
        request.question = told.id
        db.session.flush()
    deliveries.deliver_now(actor, vault)


def _events(
    actor: Actor, request: TraceRequest, data: Answering, handling: str
) -> list[dict[str, Any]]:
    """Return own records and what books say as events, handled as the answer is or stricter."""
    sure = {UUID(one["record"]): Sureness(one["strength"], one["bits"])
            for one in request.candidates}  # fmt: skip
    wanted = {record_id: sure.get(record_id, SAID_BY_A_PERSON) for record_id in data.records}
    told = answers.tell(actor, request.asking_state, wanted, handling)
    return told + [answers.by_hand(actor.own_state(), event, handling) for event in data.events]
