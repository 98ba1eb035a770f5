"""States that take no part: by which channel they are asked, and what an officer writes down of them.

Nothing here is their own word: an officer of the asking state says when a form went out, and from what
came back what was answered and on which day.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, Final

from salsa_ext.db import db
from salsa_ext.errors import IllegalTransition, say
from salsa_ext.matching.events import merged
from salsa_ext.matching.requests import ENDS, WAITING
from salsa_ext.models import Trace, TraceLeg
from salsa_ext.readmodels.days import days, today
from salsa_ext.readmodels.requests import messages_of
from salsa_ext.readmodels.trace_legs import FORM_SENT
from salsa_ext.services import answers, conversations, deliveries, legs
from salsa_ext.services.conversations import Word
from salsa_ext.services.fields import Problems, check_date
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor
from salsa_ext.values.requests import Channelling, HandEvent, Replying

BY_HAND: Final = {
    "acknowledged": "acknowledge", "answered": "answer", "partial": "restrict",
    "no_record": "no_record", "refused": "refuse",
}  # fmt: skip
"""What an officer may write down, and by which action: from any status, since he may put it right."""


def may_change(leg: TraceLeg) -> bool:
    """Tell whether another channel may be named for a leg: until something came back by the one it has."""
    return leg.channel != "salsa" and leg.status in WAITING


def choose(actor: Actor, trace: Trace, leg: TraceLeg, data: Channelling) -> bool:
    """Ask by a channel; tells whether somebody says that the form went out, for `sent_on` or today.

    A new reference there says so too. Raises Invalid for a day that is ahead, or before the gun was found.
    """
    problems = Problems()
    _check_day(problems, actor, trace, "sent_on", data.sent_on)
    problems.raise_any()
    is_said = data.sent or data.sent_on is not None
    went_out = is_said or data.reference not in (None, leg.reference)
    is_asked_anew = leg.is_to_send or data.channel != leg.channel
    if is_asked_anew:
        leg.is_to_send = not went_out
        leg.asked_on = leg.asked_on if data.channel == leg.channel else None
    if data.sent_on or (went_out and is_asked_anew):
        _put_asked(actor, leg, data.sent_on or today(actor))
    leg.channel, leg.reference = data.channel, data.reference
    db.session.flush()
    if is_said:
        on = leg.asked_on.isoformat() if leg.asked_on else None
        said = {"channel": data.channel, "sent_on": on}
        conversations.keep(actor, [Word("leg", leg.id, FORM_SENT, said)])
    return is_said


def write_down(
    actor: Actor, vault: Vault, trace: Trace, leg: TraceLeg, data: Replying
) -> dict[str, Any]:  # fmt: skip
    """Write down what came back by another channel; raises Invalid.

    It stands instead of what was written down before, unless it is said to come beside that. Returns
    what it replaced, for the audit.
    """
    action = _check(actor, trace, leg, data)
    is_told = action in ENDS or leg.status not in WAITING
    replaced = _standing(leg) if is_told and not data.beside else {}
    with legs.following(trace, is_sending=True):
        if leg.status == "withdrawn":
            raise IllegalTransition("leg", leg.status, action)
        legs.put(leg, data.status or leg.status)
        leg.is_automatic = False
        _hear_of_form(actor, leg, action, data.sent_on)
        leg.reference = data.reference or leg.reference
        said = _put_answer(actor, leg, action, data) if is_told else []
        db.session.flush()
        conversations.keep(actor, [
            Word("leg", leg.id, "by_hand", _kept(leg, data) | {"events": said})
        ])  # fmt: skip
        row = {"state": leg.state, "events": leg.events}
        legs.follow_answer(actor, vault, trace, legs.pointed_to([row], [*data.points_to]))
        deliveries.deliver_now(actor, vault)
    return replaced


def _standing(leg: TraceLeg) -> dict[str, Any]:
    """Return what was written down of an answer and stands; the words of the leg have it whole."""
    if leg.answered_at is None:
        return {}
    on = leg.answered_on.isoformat() if leg.answered_on else None
    return {"replaced": {"status": leg.status, "answered_on": on,
                         "events": [event["record"] for event in leg.events]}}  # fmt: skip


def _put_answer(
    actor: Actor, leg: TraceLeg, action: str, data: Replying
) -> list[dict[str, Any]]:  # fmt: skip
    """Keep the answer as it is written down now, or that none came by now; returns its events."""
    is_answer = action in ENDS
    leg.answered_at = actor.now() if is_answer else None
    leg.answered_on = data.answered_on if is_answer else None
    leg.failure_reason = data.failure_reason
    said = _events(leg, data.events)
    leg.events = merged(leg.events, said) if data.beside else said
    return said


def _events(leg: TraceLeg, told: Collection[HandEvent]) -> list[dict[str, Any]]:
    on = leg.answered_on.isoformat() if leg.answered_on else None
    return [answers.by_hand(leg.state, event, "H1") | {"said_on": on} for event in told]


def _kept(leg: TraceLeg, data: Replying) -> dict[str, Any]:
    days_said = {name: day.isoformat() for name in ("sent_on", "answered_on")
                 if (day := getattr(data, name))}  # fmt: skip
    return {"text": data.text, "status": leg.status, "points_to": [*data.points_to],
            "failure_reason": data.failure_reason} | days_said  # fmt: skip


def _hear_of_form(actor: Actor, leg: TraceLeg, action: str, sent_on: date | None) -> None:
    """Know by what came back that a form went out, on which day only where that is said.

    That the last one came says nothing of the next.
    """
    if sent_on is not None:
        leg.is_to_send = False
        _put_asked(actor, leg, sent_on)
    elif leg.is_to_send and (action in ENDS or not _was_sent_before(leg)):
        leg.is_to_send = False


def _put_asked(actor: Actor, leg: TraceLeg, on: date) -> None:
    """Keep the day on which a form went out, and of today the moment."""
    is_today = on == today(actor)
    leg.asked_on = on
    leg.asked_at = actor.now() if is_today else days(actor).start(leg.owner_state, on)


def _was_sent_before(leg: TraceLeg) -> bool:
    return bool(leg.reference) or any(
        one.kind == FORM_SENT for one in messages_of([leg.id])[leg.id]
    )


def _check(actor: Actor, trace: Trace, leg: TraceLeg, data: Replying) -> str:
    problems = Problems()
    if not data.text:
        problems.add("text", say("This field is required."))
    if data.status is None:
        problems.add("status", say("Say what came back by the other channel."))
    if data.events and data.status not in ("answered", "partial"):
        problems.add("events", say("Events belong to an answer."))
    if data.beside and data.status not in ("answered", "partial"):
        problems.add("beside", say("Only an answer comes beside another; leave this out to put right what was"
                                   " written down."))  # fmt: skip
    if data.failure_reason and data.status not in ("partial", "no_record"):
        problems.add(
            "failure_reason",
            say("Only an answer in part, or that there is no record, says why no more is known."),
        )
    _check_days(problems, actor, trace, leg, data)
    _check_events(problems, actor, data)
    problems.raise_any()
    return BY_HAND[data.status or ""]


def _check_events(problems: Problems, actor: Actor, data: Replying) -> None:
    for at, event in enumerate(data.events):
        path = f"events.{at}.occurred_on"
        check_date(problems, path, event.occurred_on, today(actor))
        if data.answered_on and event.occurred_on > data.answered_on:
            problems.add(path, say("After the day of the answer, {on}: correct the one day or the other.",
                                   on=data.answered_on))  # fmt: skip


def _check_days(
    problems: Problems, actor: Actor, trace: Trace, leg: TraceLeg, data: Replying
) -> None:  # fmt: skip
    _check_day(problems, actor, trace, "sent_on", data.sent_on)
    _check_day(problems, actor, trace, "answered_on", data.answered_on)
    if data.answered_on and data.status and BY_HAND[data.status] not in ENDS:
        problems.add(
            "answered_on",
            say("Nothing was answered yet: leave the day out, or say what was answered."),
        )
    sent_on = data.sent_on or leg.asked_on
    if sent_on and data.answered_on and data.answered_on < sent_on:
        problems.add("answered_on", say("Before the form went out, on {on}: correct the one day or the other.",
                                        on=sent_on))  # fmt: skip


def _check_day(
    problems: Problems, actor: Actor, trace: Trace, path: str, on: date | None
) -> None:  # fmt: skip
    """A form goes out, and is answered, once the gun was found, and not after today at the agency."""
    now = today(actor)
    if on is not None and on > now:
        problems.add(path, say("This date lies in the future; today is {today}.", today=now))
    elif on is not None and on < min(trace.found_on, now):
        problems.add(path, say("Before the gun was found, on {on}: say that day or a later one.",
                               on=trace.found_on))  # fmt: skip
