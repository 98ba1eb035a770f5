"""What persons of the asking state do with a trace that was sent: ask, reply, thank, assign, note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db
from salsa_ext.errors import Coded, Codes, Conflict, Invalid, Message, NotFound, say
from salsa_ext.matching.requests import SAID, after
from salsa_ext.messages import inbox
from salsa_ext.messages.envelopes import Envelope, Letter
from salsa_ext.models import Trace, TraceLeg
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import names
from salsa_ext.readmodels.states import participants
from salsa_ext.services import (
    approvals,
    asking_offices,
    assignees,
    conversations,
    deliveries,
    endings,
    hidings,
    legs,
    other_channels,
    routing,
)
from salsa_ext.services.conversations import NOTE, Word
from salsa_ext.services.fields import Problems
from salsa_ext.services.legs import SENT, Channel
from salsa_ext.services.notifications import notify_many
from salsa_ext.services.sealing import Vault
from salsa_ext.services.traces import take, whom_asked
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.codes import OTHER_CHANNELS, UNSENT
from salsa_ext.values.notices import Notice
from salsa_ext.values.positions import Assigning
from salsa_ext.values.requests import (
    AskingOneMore,
    Channelling,
    Feedback,
    Hiding,
    Replying,
    Telling,
)

TAKES_PART: Final = say("This state takes part, and is asked by the service itself.")
NONE_ANSWERED: Final = say("No state has answered this trace by the service.")
ALL_TOLD: Final = say("Each state that answered was told already whether it helped. One that answers more"
                      " can be told again.")  # fmt: skip
ANY: Final = (*UNSENT, *SENT, "withdrawn", "closed")


def ask_one_more(*, actor: Actor, vault: Vault, trace_id: UUID, data: AskingOneMore) -> None:
    """Ask one more state, and say why; one that takes no part by a channel that is named.

    Raises Invalid, or Conflict for one that was asked.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = take(actor, trace_id, "legs", SENT, asking=[data.state])
    _check_state(trace, data)
    actor = actor.for_purpose(Purpose("investigation", trace.case_number, about=(str(trace.id),)))
    with legs.following(trace, is_sending=True):
        wanted = routing.to({data.state: [Message("{text}", {"text": data.reason})]})
        way = Channel(data.channel, data.reference) if data.channel else Channel()
        legs.make(actor, vault, trace, wanted, way)
        deliveries.deliver_now(actor, vault)
    said = whom_asked(trace, {data.state: legs.asked_by(trace)[data.state]})
    append(actor, Act(Action.TRACE_ASKED, "trace", trace_id, data=said))
    if said["asked"]:
        append(
            actor, Act(Action.TRACE_SENT, "trace", trace_id, concerned=[data.state], hidden=True)
        )


def reply(
    *, actor: Actor, vault: Vault, trace_id: UUID, leg_id: UUID, data: Replying
) -> None:  # fmt: skip
    """Reply to a question or a refusal of the asked state; of another channel, write down what came back.

    Raises NotFound, Invalid, or IllegalTransition where no reply is awaited.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = take(actor, trace_id, "reply", SENT)
    leg = _leg(trace_id, leg_id)
    replaced = {}
    if leg.channel == "salsa":
        _reply(actor, vault, trace, leg, data)
    else:
        replaced = other_channels.write_down(actor, vault, trace, leg, data)
    append(actor, Act(Action.TRACE_REPLIED, "trace", trace_id,
                      data={"leg": str(leg_id)} | replaced))  # fmt: skip


def change_channel(*, actor: Actor, trace_id: UUID, leg_id: UUID, data: Channelling) -> None:
    """Ask a state that takes no part by another channel, as long as nothing came back.

    It is to be sent until somebody says that the form went out by that channel, or its reference there.
    Its reference is the one there. Raises NotFound, Invalid for a state that takes part or a day that
    cannot be, or Conflict where it has answered.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = take(actor, trace_id, "channel", SENT)
    leg = _leg(trace_id, leg_id)
    if leg.channel == "salsa":
        raise Invalid({"channel": [TAKES_PART]})
    if not other_channels.may_change(leg):
        raise Conflict(say("What {state} answered came by this channel: it is not asked by another any more.",
                           state=Coded("state", leg.state)))  # fmt: skip
    went = {"sent": True} if other_channels.choose(actor, trace, leg, data) else {}
    append(actor, Act(Action.TRACE_CHANNEL_CHANGED, "trace", trace_id,
                      data={"leg": str(leg_id), "channel": data.channel} | went))  # fmt: skip


def _leg(trace_id: UUID, leg_id: UUID) -> TraceLeg:
    leg = db.session.get(TraceLeg, (trace_id, leg_id), populate_existing=True)
    if leg is None:
        raise NotFound("leg", leg_id)
    return leg


def feedback(*, actor: Actor, vault: Vault, trace_id: UUID, data: Feedback) -> None:
    """Tell the states that answered whether that helped, each once for what it answered.

    Raises Conflict where none answered, or each was told.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = take(actor, trace_id, "feedback", (*SENT, "closed"))
    answered = [leg for leg in legs.of(trace) if is_answered(leg)]
    if not answered:
        raise Conflict(NONE_ANSWERED)
    told = endings.untold(answered)
    if not told:
        raise Conflict(ALL_TOLD)
    envelopes = deliveries.send_many(actor, vault, [
        endings.letter(trace, leg, helped=data.helped, text=data.text)
        for leg in told
    ])  # fmt: skip
    legs.keep_sent(actor, told, envelopes)
    append(actor, Act(Action.TRACE_FED_BACK, "trace", trace_id, data={"helped": data.helped}))
    deliveries.deliver_now(actor, vault)


def assign(*, actor: Actor, trace_id: UUID, data: Assigning) -> None:
    """Let somebody of the own state work on it, who is told; no other state learns who."""
    require(actor, Permission.TRACE_REQUEST)
    trace = take(actor, trace_id, "assign", ANY)
    found = assignees.find(data.username, Permission.TRACE_REQUEST, hidings.of(trace_id))
    trace.assignee_id = found.id
    db.session.flush()
    assignees.tell(actor, found, "trace_assigned", "trace", trace_id, trace.case_number)
    append(actor, Act(Action.TRACE_ASSIGNED, "trace", trace_id,
                      data={"account": str(trace.assignee_id)}))  # fmt: skip


def hide(
    *, actor: Actor, vault: Vault, trace_id: UUID, seen: int | None, data: Hiding
) -> None:  # fmt: skip
    """Keep a trace from these agencies, and from no others any more.

    Raises NotFound, StaleVersion, and Invalid.
    Each asked state learns of all of its own from which it is kept by now, and keeps its request from
    them and no others that were named to it. Where an own agency came or went, they learn which
    office they may call.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = take(actor, trace_id, "hide", ANY, seen)
    hidings.check(actor, data.hidden_from)
    before = hidings.of(trace_id)
    asked = legs.of(trace)
    hidings.put(actor, "trace", [trace_id, *(leg.id for leg in asked)], data.hidden_from)
    trace.version += 1
    db.session.flush()
    append(actor, Act(Action.TRACE_HIDDEN, "trace", trace_id, data={"from": [*data.hidden_from]}))
    _take_from_who_must_not_see(actor, trace, data.hidden_from)
    states = hidings.states_of({*data.hidden_from} ^ {*before})
    whom = {*states.values()}
    told = [leg for leg in asked if leg.asked_in and whom & {leg.state, trace.owner_state}]
    office = asking_offices.office(actor, trace, data.hidden_from) if told else None
    deliveries.send_many(actor, vault, [
        _letter(trace, leg, "trace.hide", {
            "hidden_from": hidings.by_state(data.hidden_from, leg.state), "office": office,
        }) for leg in told
    ])  # fmt: skip
    approvals.check_waiting(actor, trace)
    deliveries.deliver_now(actor, vault)


def _take_from_who_must_not_see(actor: Actor, trace: Trace, agencies: Sequence[str]) -> None:
    """Let nobody work on a trace that is kept from him by now, and tell the others that it is free."""
    if not assignees.is_kept_from(trace.assignee_id, agencies):
        return
    trace.assignee_id = None
    db.session.flush()
    append(actor, Act(Action.TRACE_ASSIGNED, "trace", trace.id, data={"account": None}))
    own = trace.owner_state
    if trace.status in (*UNSENT, *SENT):
        notify_many(actor, [Notice(own, approvals.ASKERS, "trace_unassigned", "trace", trace.id, own,
                                   trace.case_number)])  # fmt: skip


def note(*, actor: Actor, trace_id: UUID, data: Telling) -> None:
    """Keep a note with a trace, for the own state alone: it never leaves it."""
    require(actor, Permission.TRACE_REQUEST)
    trace = take(actor, trace_id, "notes", ANY)
    conversations.keep(actor, [Word("trace", trace.id, NOTE, {"text": data.text})])
    append(actor, Act(Action.TRACE_NOTED, "trace", trace_id))


def is_answered(leg: TraceLeg) -> bool:
    """Tell whether the state of a leg gave an answer by the service, be it a part."""
    return leg.asked_in is not None and (leg.status in SAID or bool(leg.events))


def may_reply(leg: TraceLeg) -> bool:
    """Tell whether the table allows a reply to a leg, or what came by another channel may be written down."""
    if leg.channel == "salsa":
        return after(leg.status, "reply") is not None
    return leg.status != "withdrawn"


def _check_state(trace: Trace, data: AskingOneMore) -> None:
    if not names.is_state(data.state):
        said = say("There is no country {code}, today or in the past.", code=data.state)
        raise Invalid({"state": [said]})
    if any(leg.state == data.state for leg in legs.of(trace)):
        raise Conflict(say("{state} was asked already.", state=Coded("state", data.state)))
    takes_part = data.state in participants()
    if takes_part and (data.channel or data.reference):
        raise Invalid({"channel": [TAKES_PART]})
    if not takes_part and data.channel is None:
        said = say("This state takes no part: say by which channel it is asked: {channels}.",
                   channels=Codes("leg_channel", OTHER_CHANNELS))  # fmt: skip
        raise Invalid({"channel": [said]})


def _reply(actor: Actor, vault: Vault, trace: Trace, leg: TraceLeg, data: Replying) -> None:
    problems = Problems()
    if not data.text:
        problems.add("text", say("This field is required."))
    if any(value for name, value in vars(data).items() if name != "text"):
        problems.add("status", say("This state answers for itself; give a text alone."))
    problems.raise_any()
    asked = inbox.find(actor, leg.question) if leg.question else None
    with legs.following(trace, is_sending=True):
        legs.move(leg, "reply")
        said = _letter(trace, leg, "trace.reply", {"text": data.text}, asked)
        legs.keep_sent(actor, [leg], [deliveries.send(actor, vault, said)])
        deliveries.deliver_now(actor, vault)


def _letter(
    trace: Trace, leg: TraceLeg, kind: str, body: Mapping[str, Any], asked: Envelope | None = None
) -> Letter:
    return Letter(kind, trace.case_number, leg.state, {"leg": str(leg.id)} | dict(body), asked)
