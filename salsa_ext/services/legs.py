"""Legs of a trace: what the asking state asked of each state, and knows of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import bindparam, select

from salsa_ext.db import ask, db, insert_many
from salsa_ext.errors import IllegalTransition, Message, say
from salsa_ext.matching import chains
from salsa_ext.matching.requests import OPEN, WAITING, after
from salsa_ext.messages import pairs
from salsa_ext.messages.envelopes import Envelope, Letter
from salsa_ext.models import Trace, TraceLeg
from salsa_ext.readmodels import names
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.other_guns import compared
from salsa_ext.readmodels.search import Likeness
from salsa_ext.readmodels.trace_legs import as_said
from salsa_ext.services import (
    answers,
    asking_offices,
    conversations,
    deliveries,
    hidings,
    rollups,
    routing,
)
from salsa_ext.services.conversations import Word
from salsa_ext.services.notifications import notify_many
from salsa_ext.services.routing import Reasons, Route
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id
from salsa_ext.values.notices import Notice

SENT: Final = ("sent", "in_progress", "answered")
ASKERS: Final = ("trace_analyst", "police_officer")
"""Roles that lead traces, and learn what others say to them."""
SENDING: Final = "approved"
"""The status of a trace while it asks: nobody counts it yet."""
COUNTED: Final = (*SENT, "closed")
ASKED: Final = (
    "priority", "priority_reason", "legal_basis", "illicit_reason", "circumstances",
    "intended_use", "confidentiality_requested", "firearm",
)  # fmt: skip
"""What an asked state is told as the trace has it (ITI 17)."""
_OF: Final = (
    select(TraceLeg).where(TraceLeg.trace_id == bindparam("trace")).order_by(TraceLeg.id)
    .execution_options(populate_existing=True)
)  # fmt: skip
_ASKED: Final = (
    "SELECT state, CASE WHEN is_to_send THEN 'to_send' WHEN channel <> 'salsa' OR asked_in IS NOT NULL"
    " THEN 'asked' ELSE 'to_ask' END FROM trace_leg WHERE trace_id = %s"
)


@dataclass(frozen=True)
class Channel:
    """How a state is asked that takes no part, and by which number it is known there."""

    code: str = "iarms"
    reference: str | None = None


def ask_all(actor: Actor, vault: Vault, trace: Trace, *, is_new: bool) -> None:
    """Ask every state that may know, and keep how far the records reached.

    The own records first, then states whose records match, the import marks, the country of
    manufacture, and each state that an answer points to. `silent` records make no leg. For a trace
    that `is_new`, which nobody else can hold, what others say is waited for.
    """
    make(actor, vault, trace, routing.route(actor, trace), waits=is_new)


def make(
    actor: Actor, vault: Vault, trace: Trace, wanted: Route, channel: Channel = Channel(), *,
    waits: bool = False,
) -> None:  # fmt: skip
    """Make legs and ask each state: the own records at once, others by a letter or another channel.

    Who holds a trace, or a pair of states, does not wait for a further one: somebody who has that may
    wait for this. A state with which others are talking is asked by the worker (`unasked`).
    """
    rows = [_row(actor, trace, state, reasons, wanted.reach, channel)
            for state, reasons in wanted.why.items()]  # fmt: skip
    for row in rows:
        if row["state"] == trace.owner_state:
            row |= own_answer(actor, trace, wanted)
    if ends_at_home(trace, rows):
        rows = [row for row in rows if row["state"] in (trace.owner_state, *wanted.by_state)]
    asked = [row for row in rows if row["status"] == "sent" and row["channel"] == "salsa"]
    asked = _free(trace.owner_state, asked, waits=waits)
    hidden = hidings.of(trace.id)
    office = asking_offices.office(actor, trace, hidden) if asked else None
    envelopes = deliveries.send_many(actor, vault, [
        letter(trace, "trace.request", row["state"], row["id"], hidden, office) for row in asked
    ])  # fmt: skip
    for row, envelope in zip(asked, envelopes, strict=True):
        row["asked_in"] = envelope.id
    db.session.flush()  # what they are legs of may be new
    insert_many(TraceLeg, rows)
    hidings.begin(actor, "trace", [row["id"] for row in rows], hidden)
    conversations.keep(actor, [
        Word("leg", row["id"], "request", envelope=envelope)
        for row, envelope in zip(asked, envelopes, strict=True)
    ])  # fmt: skip
    own = [row for row in rows if row["state"] == trace.owner_state]
    follow(actor, vault, trace, {} if ends_at_home(trace, own) else pointed_to(own))


def _free(own: str, asked: list[dict[str, Any]], *, waits: bool) -> list[dict[str, Any]]:
    """Return those legs whose states can be asked now, and keep everybody else from talking with them."""
    states = [row["state"] for row in asked]
    if waits:
        pairs.lock(own, states)
        return asked
    free = pairs.try_each(own, states)
    return [row for row in asked if row["state"] in free]


def ask_later(actor: Actor, vault: Vault, trace: Trace, leg: TraceLeg) -> None:
    """Ask the state of a leg that was made while others talked with it; the caller holds their pair."""
    hidden = hidings.of(trace.id)
    office = asking_offices.office(actor, trace, hidden)
    said = letter(trace, "trace.request", leg.state, leg.id, hidden, office)
    envelope = deliveries.send(actor, vault, said)
    leg.asked_in, leg.asked_at = envelope.id, actor.now()
    db.session.flush()
    conversations.keep(actor, [Word("leg", leg.id, "request", envelope=envelope)])


def ends_at_home(trace: Trace, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether the own records among legs show the gun's whole life here: nobody else has to be asked.

    Where its life here began, and who last held it lawfully. States whose records have a mark like
    its own are asked all the same: they may claim it.
    """
    own = [chains.Leg(row["state"], row["status"],
                      compared(row["events"], trace.firearm, trace.found_on))
           for row in rows if row["state"] == trace.owner_state]  # fmt: skip
    found = chains.build(own, trace.found_on, trace.owner_state, trace.firearm)
    return chains.is_whole(found)


def follow(actor: Actor, vault: Vault, trace: Trace, pointed: Reasons) -> list[str]:
    """Ask the states that an answer points to and that were not asked yet: so no trace goes in a circle.

    Codes that name no state are passed over; nobody is asked once a trace ended. Returns whom it asked.
    """
    pointed = routing.of_today(pointed)
    asked = asked_by(trace) if pointed else {}
    why = {state: reasons for state, reasons in pointed.items()
           if names.is_state(state) and state not in asked}  # fmt: skip
    if why and trace.status not in ("withdrawn", "closed"):
        make(actor, vault, trace, routing.to(why))
        return list(why)
    return []


def follow_answer(actor: Actor, vault: Vault, trace: Trace, pointed: Reasons) -> None:
    """Ask the states that somebody's answer points to; who leads the trace learns whose form is to be sent."""
    asked = follow(actor, vault, trace, pointed)
    how = asked_by(trace) if asked else {}
    tell_to_send(actor, trace, [state for state in asked if how[state] == "to_send"])


def tell_to_send(actor: Actor, trace: Trace, states: Sequence[str]) -> None:
    """Tell who leads a trace to which states its form is to be sent: nobody else sends it."""
    own = trace.owner_state
    notify_many(actor, [
        Notice(own, ASKERS, "trace_form_to_send", "trace", trace.id, own, trace.case_number,
               {"by": state}) for state in states
    ])  # fmt: skip


def letter(
    trace: Trace, kind: str, to: str, leg_id: Any, hidden: Collection[str],
    office: Mapping[str, Any] | None,
) -> Letter:  # fmt: skip
    """Return the letter that asks a state, with what the International Tracing Instrument wants.

    `hidden` are the agencies that are kept from the trace; each state is told of its own alone.
    `office` is whom that state may call.
    """
    best = trace.likeness or Likeness(0.0, 0.0, 0.0)._asdict()
    body = {name: getattr(trace, name) for name in ASKED} | {
        "leg": str(leg_id), "trace": str(trace.id), "likeness": best,
        "found_on": trace.found_on.isoformat(),
        "needed_by": trace.needed_by.isoformat() if trace.needed_by else None,
        "record": str(trace.record_id) if trace.record_id else None,
        "hidden_from": hidings.by_state(hidden, to), "office": office,
    }  # fmt: skip
    return Letter(kind, trace.case_number, to, body)


def move(leg: TraceLeg, action: str) -> None:
    """Let a leg follow an action, by the table that requests follow too; raises IllegalTransition."""
    status = after(leg.status, action)
    if status is None:
        raise IllegalTransition("leg", leg.status, action)
    put(leg, status)


def put(leg: TraceLeg, status: str) -> None:
    """The one writer of a leg's status."""
    leg.status = status
    db.session.flush()  # while its owner's rows may be written


def of(trace: Trace) -> list[TraceLeg]:
    """Return the legs of a trace as they stand, in the order in which they were made."""
    return list(db.session.scalars(_OF, {"trace": trace.id}))


def asked_by(trace: Trace) -> dict[str, str]:
    """Return the states that a trace has legs of: `asked`, `to_send` its form yet, `to_ask` by the worker."""
    return dict(ask(_ASKED, (trace.id,)).fetchall())


@contextmanager
def following(
    trace: Trace, *, to: str | None = None, is_sending: bool = False
) -> Iterator[None]:  # fmt: skip
    """Let status, version and figures of a trace follow once from what happens to its legs meanwhile.

    With `to` it gets that status. Where it `is_sending`, it follows when all is asked: answers that
    come at once find a trace that nobody counts yet.
    """
    before = _counted(trace)
    if is_sending:
        trace.status = SENDING
    else:
        db.session.flush()
    yield
    standing = of(trace) if to or is_sending or trace.status in SENT else []
    if to or is_sending or trace.status in SENT:
        trace.status = to or status_of(standing, trace.owner_state)
    if to or is_sending or before:
        trace.version += 1
    db.session.flush()
    _count(trace, before, _counted(trace, standing))


def status_of(legs: Sequence[TraceLeg], own: str) -> str:
    """Return the status of a trace from its legs: sent, in_progress or answered.

    It is in progress once any other state said something of the gun, be it a part of its answer, or
    refused, whatever it was asked since.
    """
    others = [leg for leg in legs if leg.state != own]
    if not any(leg.status in WAITING for leg in others):
        return "answered"
    nothing_said = all(leg.status in WAITING and not leg.events and leg.answered_at is None
                       for leg in others)  # fmt: skip
    return "sent" if nothing_said else "in_progress"


def outcome(trace: Trace, standing: Sequence[TraceLeg] | None = None) -> str:
    """Return the outcome that the legs give so far, as they stand or as they were just read."""
    said = [as_said(trace, leg) for leg in standing or of(trace)]
    return chains.build(said, trace.found_on, trace.owner_state, trace.firearm).outcome


def withdraw(actor: Actor, vault: Vault, trace: Trace, *, for_good: bool = False) -> None:
    """Withdraw the legs that are open, and tell the states that were asked.

    One that refused may be about to ask, and one that named another state to answer after all: no
    request of a trace that ended stays open with anybody. Of one that is withdrawn `for_good`, those
    that answered are told too: what they said stays, and nothing more is taken.
    """
    standing = of(trace)
    waiting = [leg for leg in standing if leg.status in OPEN]
    told = [leg for leg in (standing if for_good else waiting)
            if leg.channel == "salsa" and leg.asked_in is not None]  # fmt: skip
    envelopes = deliveries.send_many(actor, vault, [
        Letter("trace.withdraw", trace.case_number, leg.state, {"leg": str(leg.id), "text": None})
        for leg in told
    ])  # fmt: skip
    for leg in waiting:
        move(leg, "withdraw")
    keep_sent(actor, told, envelopes)


def keep_sent(actor: Actor, legs: Sequence[TraceLeg], envelopes: Sequence[Envelope]) -> None:
    """Keep with each leg what was sent for it."""
    conversations.keep(actor, [
        Word("leg", leg.id, conversations.kind_of(envelope), _kept(envelope), envelope)
        for leg, envelope in zip(legs, envelopes, strict=True)
    ])  # fmt: skip


def _kept(envelope: Envelope) -> dict[str, Any]:
    """Return what is kept of a letter; what the trace itself says is in the envelope."""
    left_out = (
        {"leg", "trace", "hidden_from", "office", *ASKED} if "firearm" in envelope.body else {"leg"}
    )
    return {name: value for name, value in envelope.body.items() if name not in left_out}


def pointed_to(rows: Sequence[Mapping[str, Any]], also: Sequence[str] = ()) -> Reasons:
    """Return the states that answers name, by their events or by themselves, each with the reason."""
    pointed = Reasons()
    for row in rows:
        named = [event["counterpart_state"] for event in row["events"]]
        reason = say("The answer of {state} points to this state.", state=row["state"])
        for state in dict.fromkeys(filter(None, [*named, *also])):
            pointed.setdefault(state, []).append(reason)
    return pointed


def _counted(trace: Trace, standing: Sequence[TraceLeg] | None = None) -> str | None:
    """Return the outcome by which the figures count a trace; None where they do not."""
    return outcome(trace, standing) if trace.status in COUNTED else None


def _count(trace: Trace, before: str | None, now: str | None) -> None:
    if before == now:
        return
    for counted, amount in ((before, -1), (now, 1)):
        if counted is not None:
            cell = rollups.Cell("traces", trace.owner_state, counted, trace.created_at.date())
            rollups.add({cell: amount})


def _row(
    actor: Actor, trace: Trace, state: str, why: Sequence[Message],
    reach: Mapping[str, date | None], channel: Channel,
) -> dict[str, Any]:  # fmt: skip
    takes_part = state in reach
    return {
        "trace_id": trace.id, "id": new_id(),
        "owner_state": trace.owner_state, "concerned": [trace.owner_state],
        "state": state, "channel": "salsa" if takes_part else channel.code, "status": "sent",
        "why": as_texts(why), "events": [], "records_through": reach.get(state),
        "asked_at": actor.now(), "answered_at": None, "is_automatic": True,
        "reference": None if takes_part else channel.reference, "asked_in": None,
        "question": None, "failure_reason": None,
        "is_to_send": not (takes_part or channel.reference),
        "asked_on": today(actor) if channel.reference and not takes_part else None,
        "answered_on": None,
    }  # fmt: skip


def own_answer(actor: Actor, trace: Trace, wanted: Route) -> dict[str, Any]:
    """Return what the asking state's own records say of the gun."""
    own = trace.owner_state
    events, _ = answers.answer(actor, own, wanted.by_state.get(own, ()))
    return {"events": events, "status": "answered" if events else "no_record",
            "answered_at": actor.now()}  # fmt: skip


def as_texts(why: Sequence[Message]) -> list[dict[str, Any]]:
    """Return reasons as they are kept, to be said in the reader's language."""
    return [{"text": reason.text, "params": dict(reason.params)} for reason in why]
