"""What asking states send to the asked one: a request is made, searched, and answered where it can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Action
from salsa_ext.db import db, insert_many
from salsa_ext.errors import Conflict, IllegalTransition, NotFound, say
from salsa_ext.matching.requests import WAITING, renewed
from salsa_ext.messages.envelopes import Envelope
from salsa_ext.models import TraceRequest
from salsa_ext.readmodels import settings
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.search import Likeness
from salsa_ext.services import answers, candidates, conversations, request_steps, terms
from salsa_ext.services.conversations import SET_ASIDE, Word
from salsa_ext.services.handlers import handles, when_refused
from salsa_ext.services.notifications import notify_many
from salsa_ext.services.sealing import Vault
from salsa_ext.values import letters
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.ids import new_id
from salsa_ext.values.notices import Notice

Said = Mapping[str, Any]
ROLES: Final = ("trace_analyst",)
SENT: Final = ("trace.acknowledge", "trace.answer", "trace.no_record", "trace.refuse",
               "trace.defer", "trace.ask", "trace.forward")  # fmt: skip


@handles("trace.request")
def _asked(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Make the request of a leg, and answer it at once where that can be; once for each leg."""
    said = letters.read(envelope.kind, envelope.body)
    if _find(actor, envelope, said) is not None:
        raise Conflict(say("This was asked already."))
    _make(actor, vault, envelope, said)


@handles("trace.renewed")
def _renewed(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Take what the asking state has since learned of the gun, and say anew what the service said."""
    said = letters.read(envelope.kind, envelope.body)
    request = _find(actor, envelope, said)
    if request is None:
        _make(actor, vault, envelope, said)
        return
    if request.status == "withdrawn":
        raise IllegalTransition("request", request.status, "renew")
    status = renewed(request.status, is_automatic=request.is_automatic)
    request.asked, request.priority = _kept(said), said["priority"]
    request.envelope_id = envelope.id
    if status != request.status:
        terms.begin(actor, request)
    request_steps.put(actor, request, status)
    _hear(actor, request, envelope, said)
    if not _look(actor, vault, request, envelope):
        _notify(actor, request, "request_renewed")


@handles("trace.withdraw")
def _withdrawn(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """End a request, whatever its status: the asking state takes no answer any more."""
    said, request = _known(actor, envelope)
    was = request.status
    request_steps.move(actor, request, "withdraw")
    _hear(actor, request, envelope, said)
    if was in WAITING:
        _notify(actor, request, "request_withdrawn")


@handles("trace.reply")
def _replied(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Take a reply; to the question that stands it lets the clock go on."""
    said, request = _known(actor, envelope)
    if request.status == "clarification" and envelope.in_reply_to == request.question:
        request_steps.move(actor, request, "reply")
    _hear(actor, request, envelope, said)
    _notify(actor, request, "request_replied")


@handles("trace.feedback")
def _fed_back(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Take whether an answer helped."""
    said, request = _known(actor, envelope)
    _hear(actor, request, envelope, said)
    _notify(actor, request, "request_feedback")


def _make(actor: Actor, vault: Vault, envelope: Envelope, said: Said) -> None:
    request_id, now = new_id(), actor.now()
    insert_many(TraceRequest, [{
        "id": request_id, "owner_state": actor.own_state(), "version": 1,
        "asking_state": envelope.sender, "leg_id": UUID(said["leg"]),
        "trace_id": UUID(said["trace"]), "status": "sent", "is_automatic": True,
        "case_number": envelope.case_number, "asked": _kept(said), "priority": said["priority"],
        "candidates": [], "envelope_id": envelope.id, "question": None, "received_at": now,
        "stopped_at": None, "answered_at": None,
        "assignee_id": None, **terms.begun(actor, said["priority"]),
    }])  # fmt: skip
    request = db.session.get_one(TraceRequest, request_id)
    _hear(actor, request, envelope, said)
    request_steps.write_down(actor, Action.REQUEST_RECEIVED, request, priority=request.priority)
    if not _look(actor, vault, request, envelope):
        _notify(actor, request, "request_received")


def _look(actor: Actor, vault: Vault, request: TraceRequest, envelope: Envelope) -> bool:
    """Search the own records for what is asked, and answer what the service may; tells whether it did.

    Nothing that the asking state may know of is answered so at once, and what is `open` where the
    own state lets the service answer; all else waits for a person. What is `silent` is not looked
    for: neither the answer nor its time depends on it, and its owner is told later.
    """
    actor = actor.for_purpose(Purpose("investigation", request.case_number))
    found = _held(actor, request)
    request.candidates = candidates.as_kept(found)
    db.session.flush()
    if request.status != "sent":
        return False
    told = [hit for hit in found if answers.released(hit)]
    if not found:
        _say_nothing(actor, vault, request)
    elif told and settings.standing(actor.own_state()).settings.answers_automatically:
        _answer(actor, vault, request, told, is_all=len(told) == len(found))
    else:
        return False
    return True


def _held(actor: Actor, request: TraceRequest) -> list[Candidate]:
    asked = request.asked
    asker = replace(actor, state=request.asking_state)
    own = [UUID(asked["record"])] if asked["record"] else []
    best = Likeness(**asked["likeness"])
    found_on = date.fromisoformat(asked["found_on"])
    return candidates.held_for(actor, asker, asked["firearm"], own, best, found_on)


def _say_nothing(actor: Actor, vault: Vault, request: TraceRequest) -> None:
    request_steps.move(actor, request, "no_record")
    request_steps.tell(actor, vault, request, "trace.no_record",
                       {"text": None, "is_automatic": True})  # fmt: skip
    request_steps.write_down(actor, Action.REQUEST_FOUND_NOTHING, request)


def _answer(
    actor: Actor, vault: Vault, request: TraceRequest, told: Sequence[Candidate], *, is_all: bool
) -> None:
    events = answers.answer(actor, request.asking_state, told)
    request_steps.move(actor, request, "answer" if is_all else "restrict")
    request_steps.tell(actor, vault, request, "trace.answer", {
        "completeness": "full" if is_all else "restricted", "restriction_reason": None,
        "events": events, "points_to": [], "handling": "H1", "note": None, "is_automatic": True,
    })  # fmt: skip
    request_steps.write_down(actor, Action.REQUEST_ANSWERED, request, events=len(events))


def _find(actor: Actor, envelope: Envelope, said: Said) -> TraceRequest | None:
    """Return the request of a leg, locked, if it is there."""
    mine = select(TraceRequest).where(
        TraceRequest.owner_state == actor.own_state(),
        TraceRequest.asking_state == envelope.sender, TraceRequest.leg_id == UUID(said["leg"]),
    )  # fmt: skip
    locked = mine.with_for_update().execution_options(populate_existing=True)
    found: TraceRequest | None = db.session.scalars(locked).first()
    return found


def _known(actor: Actor, envelope: Envelope) -> tuple[Said, TraceRequest]:
    said = letters.read(envelope.kind, envelope.body)
    request = _find(actor, envelope, said)
    if request is None:
        raise NotFound("request", said["leg"])
    return said, request


def _kept(said: Said) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in ("leg", "trace")}


def _hear(actor: Actor, request: TraceRequest, envelope: Envelope, said: Said) -> None:
    kind = conversations.kind_of(envelope)
    conversations.keep(actor, [Word("request", request.id, kind, _kept(said), envelope)])


def _notify(actor: Actor, request: TraceRequest, code: str) -> None:
    own = actor.own_state()
    told = {"by": request.asking_state, "priority": request.priority}
    notify_many(actor, [Notice(own, ROLES, code, "request", request.id, own,
                               request.case_number, told)])  # fmt: skip


def _refused(actor: Actor, vault: Vault, envelope: Envelope, code: str) -> None:
    """Keep with the request that what was said of it was not taken."""
    mine = select(TraceRequest.id).where(
        TraceRequest.owner_state == actor.own_state(),
        TraceRequest.asking_state == envelope.recipient,
        TraceRequest.leg_id == UUID(envelope.body["leg"]),
    )  # fmt: skip
    told = {"code": code, "kind": envelope.kind}
    conversations.keep(actor, [
        Word("request", request_id, SET_ASIDE, told) for request_id in db.session.scalars(mine)
    ])  # fmt: skip


for _kind in SENT:
    when_refused(_kind)(_refused)
