"""What asking states send to the asked one: a request is made, searched, and answered where it can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Act, Action
from salsa_ext.db import ask, db
from salsa_ext.errors import Conflict, EnvelopeRefused, IllegalTransition, NotFound, say
from salsa_ext.matching.events import ALERT
from salsa_ext.matching.requests import WAITING, after, renewed
from salsa_ext.messages.envelopes import Envelope
from salsa_ext.models import TraceRequest
from salsa_ext.readmodels import settings
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.search import Likeness
from salsa_ext.services import (
    answers,
    candidates,
    conversations,
    hidings,
    request_steps,
    terms,
)
from salsa_ext.services.conversations import SET_ASIDE, Word
from salsa_ext.services.handlers import handles, when_refused
from salsa_ext.services.sealing import Vault
from salsa_ext.values import letters
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.ids import new_id
from salsa_ext.values.settings import Settings

Said = Mapping[str, Any]
PERSON_DECIDES: Final = "person_decides"
_KNOWN: Final = (
    "SELECT EXISTS (SELECT 1 FROM trace_request WHERE owner_state = %(own)s"
    " AND asking_state = %(asking)s AND leg_id = %(leg)s),"
    " EXISTS (SELECT 1 FROM trace WHERE owner_state = %(own)s AND id = %(trace)s)"
)
SENT: Final = ("trace.acknowledge", "trace.answer", "trace.no_record", "trace.refuse",
               "trace.defer", "trace.ask", "trace.forward", "trace.corrected")  # fmt: skip


@dataclass
class _Heard:
    """What was heard and is still to be kept: with the answer, where one is given at once."""

    words: list[Word] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)

    def take(self) -> tuple[list[Word], list[Act]]:
        """Return it to whoever keeps it, and hold nothing more."""
        taken = self.words, self.acts
        self.words, self.acts = [], []
        return taken

    def keep(self, actor: Actor) -> None:
        """Keep it, where nobody took it."""
        conversations.keep(actor, *self.take())


@handles("trace.request")
def _asked(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Make the request of a leg, and answer it at once where that can be; once for each leg."""
    _begin(actor, vault, envelope, letters.read(envelope.kind, envelope.body))


def _begin(actor: Actor, vault: Vault, envelope: Envelope, said: Said) -> None:
    """Make the request of a leg that was not asked by yet, of a trace that is another state's."""
    named = {"own": actor.own_state(), "asking": envelope.sender, "leg": said["leg"],
             "trace": said["trace"]}  # fmt: skip
    is_known, is_ours = ask(_KNOWN, named).fetchone()
    if is_known:
        raise Conflict(say("This was asked already."))
    if is_ours:  # it would keep the own trace from own agencies, or show it to them
        raise EnvelopeRefused("malformed", field="body.trace")
    _make(actor, vault, envelope, said)


@handles("trace.renewed")
def _renewed(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Take what the asking state has since learned of the gun, and say anew what the service said."""
    said = letters.read(envelope.kind, envelope.body)
    request = _find(actor, envelope, said)
    if request is None:
        _begin(actor, vault, envelope, said)
        return
    if request.status == "withdrawn":
        raise IllegalTransition("request", request.status, "renew")
    actor = _looking(actor, request.case_number, request.trace_id)
    status = renewed(request.status, is_automatic=request.is_automatic)
    request.asked, request.priority = _kept(said), said["priority"]
    request.envelope_id = envelope.id
    request_steps.name_hidden(actor, request, _hidden_of(actor, said))
    if status != request.status:
        request.answered_at = None
    request_steps.put(actor, request, status)
    _hear(actor, request, envelope, said)
    found = _held(actor, request.asking_state, request.asked)
    request.candidates = candidates.as_kept(found)
    db.session.flush()
    own = settings.of([actor.own_state()])[actor.own_state()]
    if not _answer_at_once(actor, vault, request, envelope, found, own, _Heard()):
        request_steps.notify(actor, request, "request_renewed")


@handles("trace.withdraw")
def _withdrawn(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """End a request, whatever its status: the asking state takes no answer any more."""
    said, request = _known(actor, envelope)
    was = request.status
    request_steps.move(actor, request, "withdraw")
    _hear(actor, request, envelope, said)
    if was in WAITING:
        request_steps.notify(actor, request, "request_withdrawn")


@handles("trace.reply")
def _replied(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Take a reply; to the question or the refusal that stands it lets the clock go on."""
    said, request = _known(actor, envelope)
    stands = envelope.in_reply_to == request.question
    if stands and after(request.status, "reply"):
        request_steps.move(actor, request, "reply")
    _hear(actor, request, envelope, said)
    request_steps.notify(actor, request, "request_replied")


@handles("trace.hide")
def _hidden(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Keep a request from those of the own agencies that must not see it, and learn whom to call by now."""
    said, request = _known(actor, envelope)
    before = hidings.of(request.id)
    request_steps.name_hidden(actor, request, _hidden_of(actor, said))
    request.asked = request.asked | {"office": said["office"]}
    request.version += 1
    _hear(actor, request, envelope, said)
    request_steps.tell_of_hiding(actor, request, before)


@handles("trace.feedback")
def _fed_back(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Take whether an answer helped."""
    said, request = _known(actor, envelope)
    _hear(actor, request, envelope, said)
    request_steps.notify(actor, request, "request_feedback")


def _looking(actor: Actor, case_number: str, trace_id: UUID) -> Actor:
    """Return the actor with why he looks into the own records: for the case and the trace of who asks."""
    return actor.for_purpose(Purpose("investigation", case_number, about=(str(trace_id),)))


def _make(actor: Actor, vault: Vault, envelope: Envelope, said: Said) -> None:
    actor = _looking(actor, envelope.case_number, UUID(said["trace"]))
    asked, own = _kept(said), settings.of([actor.own_state()])[actor.own_state()]
    found = _held(actor, envelope.sender, asked)
    request = TraceRequest(
        id=new_id(), owner_state=actor.own_state(), version=1,
        asking_state=envelope.sender, leg_id=UUID(said["leg"]), trace_id=UUID(said["trace"]),
        status="sent", is_automatic=True, case_number=envelope.case_number, asked=asked,
        priority=said["priority"], candidates=candidates.as_kept(found),
        envelope_id=envelope.id, received_at=actor.now(), **terms.begun(actor, said["priority"], own),
    )  # fmt: skip
    db.session.add(request)  # written once, as it stands when what can be said at once is said
    if agencies := _hidden_of(actor, said):
        request_steps.name_hidden(actor, request, agencies)
    received = request_steps.act(Action.REQUEST_RECEIVED, request, priority=request.priority)
    heard = _Heard([_word(request, envelope, said)], [received])
    is_done = _answer_at_once(actor, vault, request, envelope, found, own, heard)
    heard.keep(actor)
    if not is_done:
        request_steps.notify(actor, request, "request_received")


def _answer_at_once(
    actor: Actor, vault: Vault, request: TraceRequest, envelope: Envelope,
    found: Sequence[Candidate], own: Settings, heard: _Heard,
) -> bool:  # fmt: skip
    """Answer what the service may of what was found of a request; tells whether nothing is left to do.

    Nothing that the asking state may know of is answered so at once, and what is `open` where the
    own state lets the service answer; all else waits for a person, and the asking state reads so.
    An own alert says nothing of where a gun was, so it makes no answer less full. What is `silent`
    is not looked for: neither the answer nor its time depends on it, and its owner is told later.
    """
    if request.status != "sent":
        return False
    told = [hit for hit in found if answers.released(hit)]
    if not found:
        _say_nothing(actor, vault, request, envelope, heard)
        return True
    if not told or not own.answers_automatically:
        return False
    is_all = len(told) == sum(hit.held.event != ALERT for hit in found)
    _answer(actor, vault, request, envelope, told, heard, is_all=is_all)
    return is_all


def _held(actor: Actor, asking_state: str, asked: Said) -> list[Candidate]:
    """Search the own records for what is asked, with the eyes of the asking state."""
    asker = replace(actor, state=asking_state)
    own = [UUID(asked["record"])] if asked["record"] else []
    best = Likeness(**asked["likeness"])
    found_on = date.fromisoformat(asked["found_on"])
    return candidates.held_for(actor, asker, asked["firearm"], own, best, found_on)


def _say_nothing(
    actor: Actor, vault: Vault, request: TraceRequest, envelope: Envelope, heard: _Heard
) -> None:  # fmt: skip
    request_steps.move(actor, request, "no_record")
    done = request_steps.act(Action.REQUEST_FOUND_NOTHING, request)
    words, acts = heard.take()
    request_steps.tell(
        actor, vault, request, "trace.no_record", {"text": None, "is_automatic": True},
        envelope, [*acts, done], words,
    )  # fmt: skip


def _answer(
    actor: Actor, vault: Vault, request: TraceRequest, envelope: Envelope,
    told: Sequence[Candidate], heard: _Heard, *, is_all: bool,
) -> None:  # fmt: skip
    with db.session.no_autoflush:
        events, given = answers.answer(actor, request.asking_state, told)
    request_steps.move(actor, request, "answer" if is_all else "part")
    done = request_steps.act(Action.REQUEST_ANSWERED, request, events=len(events))
    words, acts = heard.take()
    request_steps.tell(actor, vault, request, "trace.answer", {
        "completeness": "full" if is_all else "restricted",
        "restriction_reason": None if is_all else PERSON_DECIDES,
        "events": events, "points_to": [], "handling": "H1", "note": None, "is_automatic": True,
    }, envelope, [*acts, *given, done], words)  # fmt: skip


def _hidden_of(actor: Actor, said: Said) -> list[str]:
    """Return the own agencies that the asking state named; of other states' it may not speak."""
    return hidings.by_state(said["hidden_from"], actor.own_state())


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
    left_out = ("leg", "trace", "hidden_from")
    return {name: value for name, value in said.items() if name not in left_out}


def _hear(actor: Actor, request: TraceRequest, envelope: Envelope, said: Said) -> None:
    conversations.keep(actor, [_word(request, envelope, said)])


def _word(request: TraceRequest, envelope: Envelope, said: Said) -> Word:
    return Word("request", request.id, conversations.kind_of(envelope), _kept(said), envelope)


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
