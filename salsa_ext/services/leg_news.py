"""What asked states say comes to the legs of a trace, for the asking state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select

from salsa_ext.db import db
from salsa_ext.errors import EnvelopeRefused, IllegalTransition, NotFound, say
from salsa_ext.matching.events import merged, retold
from salsa_ext.matching.requests import ANSWERS, ENDS, REPLIABLE
from salsa_ext.messages.envelopes import Envelope
from salsa_ext.models import Trace, TraceLeg
from salsa_ext.services import conversations, legs
from salsa_ext.services.conversations import SET_ASIDE, Word
from salsa_ext.services.handlers import handles, when_refused
from salsa_ext.services.notifications import notify_many
from salsa_ext.services.routing import Reasons
from salsa_ext.services.sealing import Vault
from salsa_ext.values import letters
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice

Said = Mapping[str, Any]
SAYS: Final = (*ENDS, "part")
NOTICES: Final = {
    "trace.acknowledge": "trace_acknowledged", "trace.answer": "trace_answered",
    "trace.no_record": "trace_no_record", "trace.refuse": "trace_refused",
    "trace.defer": "trace_deferred", "trace.ask": "trace_asked",
    "trace.forward": "trace_forwarded",
}  # fmt: skip
SENT: Final = (
    "trace.request",
    "trace.renewed",
    "trace.reply",
    "trace.withdraw",
    "trace.feedback",
    "trace.hide",
)


_LEG: Final = (
    select(Trace, TraceLeg).join(TraceLeg, TraceLeg.trace_id == Trace.id)
    .where(TraceLeg.id == bindparam("leg"), TraceLeg.owner_state == bindparam("own"),
           TraceLeg.state == bindparam("state"), TraceLeg.channel == "salsa")
    .with_for_update().execution_options(populate_existing=True)
)  # fmt: skip


def _hear(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Let the leg follow what its state says; sets aside what is impossible, and changes nothing then."""
    said = letters.read(envelope.kind, envelope.body)
    trace, leg = _find(actor, envelope, UUID(said["leg"]))
    _require_own_words(envelope, said)
    word = Word("leg", leg.id, conversations.kind_of(envelope), _kept(said), envelope)
    if _is_stale(envelope, leg, said):
        conversations.keep(actor, [word])
        return
    is_awaited = trace.status == legs.SENDING  # by the command that asks, and shows it
    with legs.following(trace):
        _follow(actor, trace, leg, envelope, said)
        conversations.keep(actor, [word])
        legs.follow_answer(actor, vault, trace, _pointed(envelope, said))
    if not (is_awaited and said.get("is_automatic", False)):
        _notify(actor, trace, envelope.sender, NOTICES[envelope.kind])


@handles("trace.corrected")
def _told_again(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Let what a state told of its records say what they now say; nothing that it had not told is added."""
    said = letters.read(envelope.kind, envelope.body)
    trace, leg = _find(actor, envelope, UUID(said["leg"]))
    _require_own_words(envelope, said)
    word = Word("leg", leg.id, conversations.kind_of(envelope), _kept(said), envelope)
    before = leg.events
    with legs.following(trace):
        leg.events = retold(before, said["events"], said["gone"], actor.now().isoformat())
        conversations.keep(actor, [word])
        row = {"state": leg.state, "events": leg.events}
        legs.follow_answer(actor, vault, trace, legs.pointed_to([row]))
    if leg.events != before:
        _notify(actor, trace, envelope.sender, "trace_corrected")


def _follow(actor: Actor, trace: Trace, leg: TraceLeg, envelope: Envelope, said: Said) -> None:
    action = _action(envelope, said)
    if trace.status == "withdrawn":  # also of a leg that was answered before
        raise IllegalTransition("trace", trace.status, action)
    with db.session.no_autoflush:
        if action in SAYS:
            leg.answered_at, leg.is_automatic = actor.now(), said.get("is_automatic", False)
            leg.failure_reason = said.get("failure_reason")
        if action in (*ANSWERS, "part"):
            leg.events = merged(leg.events, said["events"])
        elif (
            action in SAYS and action != "refuse"
        ):  # what was given before the rest was refused stays
            leg.events = []
        if action in REPLIABLE:
            leg.question = envelope.id
        legs.move(leg, action)


def _action(envelope: Envelope, said: Said) -> str:
    if envelope.kind == "trace.answer" and said["completeness"] == "restricted":
        return "part" if said["is_automatic"] else "restrict"
    return conversations.kind_of(envelope)


def _is_stale(envelope: Envelope, leg: TraceLeg, said: Said) -> bool:
    """Tell whether the service answered what was asked before the trace was renewed: it will again."""
    return bool(said.get("is_automatic")) and envelope.in_reply_to != leg.asked_in


def _pointed(envelope: Envelope, said: Said) -> Reasons:
    if envelope.kind == "trace.forward":
        reason = say("{state} says that this state is to be asked instead.", state=envelope.sender)
        return {said["state"]: [reason]}
    if envelope.kind != "trace.answer":
        return {}
    row = {"state": envelope.sender, "events": said["events"]}
    return legs.pointed_to([row], said["points_to"])


def _require_own_words(envelope: Envelope, said: Said) -> None:
    """A state tells of its own records alone."""
    if any(event["state"] != envelope.sender for event in said.get("events", ())):
        raise EnvelopeRefused("malformed", field="body.events")


def _find(actor: Actor, envelope: Envelope, leg_id: UUID) -> tuple[Trace, TraceLeg]:
    """Return the leg by which a state was asked, and its trace, both locked; raises NotFound."""
    of = {"leg": leg_id, "own": actor.own_state(), "state": envelope.sender}
    if (row := db.session.execute(_LEG, of).first()) is None:
        raise NotFound("leg", leg_id)
    trace, leg = row
    return trace, leg


def _kept(said: Said) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "leg"}


def _notify(actor: Actor, trace: Trace, state: str, code: str) -> None:
    own = actor.own_state()
    notify_many(actor, [Notice(own, legs.ASKERS, code, "trace", trace.id, own, trace.case_number,
                               {"by": state})])  # fmt: skip


def _refused(actor: Actor, vault: Vault, envelope: Envelope, code: str) -> None:
    """Keep with the leg that what was sent for it was not taken; where nothing was asked so, say it."""
    leg_id = UUID(envelope.body["leg"])
    word = Word("leg", leg_id, SET_ASIDE, {"code": code, "kind": envelope.kind})
    conversations.keep(actor, [word])
    if envelope.kind == "trace.request":
        trace = db.session.get_one(Trace, UUID(envelope.body["trace"]))
        _notify(actor, trace, envelope.recipient, "trace_not_taken")


for _kind in NOTICES:
    handles(_kind)(_hear)
for _kind in SENT:
    when_refused(_kind)(_refused)
