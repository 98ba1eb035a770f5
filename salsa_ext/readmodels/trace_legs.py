"""Legs of traces, each with what was said of it: how it is shown, and what a chain is built of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from salsa_ext.errors import Message, say
from salsa_ext.matching import chains
from salsa_ext.matching.events import Event
from salsa_ext.matching.requests import WAITING
from salsa_ext.models import Trace, TraceLeg
from salsa_ext.readmodels.other_guns import compared
from salsa_ext.readmodels.requests import MessageView

SAID_OF: Final = (("defer", "until"), ("forward", "state"))
NAMING: Final = ("forwarded", "withdrawn")
"""Statuses of a leg whose state may have named another instead."""
FORM_SENT: Final = "form_sent"
"""The kind of the word that the form went out by another channel."""
REFUSED: Final = "refused"
MOVING: Final = ("acknowledge", "ask", "reply", "refuse", "answer", "by_hand")
"""Kinds of words between which a refusal stands or is overtaken."""
TO_SEND, NOT_SENT = "to_send", "not_sent"
"""What is shown of a state whose form did not go out yet, and that of one to which it never did."""


@dataclass(frozen=True)
class LegSaid:
    """A leg with what was said of it."""

    leg: TraceLeg
    messages: Sequence[MessageView]

    @property
    def is_to_send(self) -> bool:
        """Tell whether its form did not go out by its channel as it now is, as far as anybody said."""
        return self.leg.is_to_send

    @property
    def is_of_earlier_reading(self) -> bool:
        """Tell whether its answer by another channel was given before the gun was read anew."""
        leg = self.leg
        return leg.channel != "salsa" and leg.status in WAITING and leg.answered_at is not None

    @property
    def asked_on(self) -> date | None:
        """Return the day on which its form went out by another channel, where that is written down."""
        return None if self.leg.is_to_send else self.leg.asked_on

    @property
    def asked_at(self) -> datetime | None:
        """Return since when it is asked; None while its form is to be sent, or nobody said when it was."""
        is_known = self.leg.channel == "salsa" or self.asked_on is not None
        return self.leg.asked_at if is_known else None

    @property
    def shown_status(self) -> str:
        """Return its status, or TO_SEND of what the service asks nobody and a person did not yet.

        After the trace NOT_SENT: what was never asked was not withdrawn; nor was what was REFUSED.
        """
        if self.leg.status == "withdrawn" and self._has_refused:
            return REFUSED
        if not self.is_to_send:
            return self.leg.status
        return NOT_SENT if self.leg.status == "withdrawn" else TO_SEND

    @property
    def _has_refused(self) -> bool:
        """Tell whether the last that its state said is that it refuses."""
        last = next((one for one in reversed(self.messages) if one.kind in MOVING), None)
        return last is not None and (last.kind == "refuse" or last.data.get("status") == REFUSED)


def with_words(leg: chains.Leg, said: LegSaid) -> chains.Leg:
    """Return a leg with the day to which its answer was put off, whom its state named, and its refusal."""
    if said.shown_status == REFUSED:
        return replace(leg, status=REFUSED)
    last = {one.kind: one.data for one in said.messages}
    until, named = (last.get(kind, {}).get(name) for kind, name in SAID_OF)
    return replace(leg, until=until, names=named if leg.status in NAMING else None)


def as_said(trace: Trace, leg: TraceLeg, until: datetime | None = None) -> chains.Leg:
    """Return a leg as chains are built of it; asked before `until`, it has had its time."""
    is_asked = until is not None and not leg.is_to_send and leg.asked_at < until
    is_waiting = leg.status in WAITING and is_asked
    is_unheard = leg.status == "withdrawn" and leg.answered_at is None
    return chains.Leg(
        leg.state, leg.status, compared(_whose(trace, leg), trace.firearm, trace.found_on),
        takes_part=leg.channel == "salsa", is_to_send=leg.is_to_send,
        failure_reason=leg.failure_reason, is_late=is_waiting or is_unheard,
    )  # fmt: skip


def _whose(trace: Trace, leg: TraceLeg) -> Sequence[Event]:
    """Return what is known by a leg; what an officer wrote down of another channel says that he did."""
    if leg.channel == "salsa":
        return leg.events
    own = trace.owner_state
    return [event | {"by_hand": _written_down(own, leg.state, event)} for event in leg.events]


def _written_down(own: str, state: str, event: Event) -> Message:
    if (serial := event.get("earlier_reading")) is None:
        return written_down(own, state, event.get("said_on"))
    return say("Written down by an officer of {state}: {other} answered it by another channel, on the earlier"
               " reading of the gun, {serial}.", state=own, other=state, serial=serial)  # fmt: skip


def written_down(own: str, state: str, on: str | None) -> Message:
    """Return whose word it is that a state outside said something: its officer's who wrote it down."""
    if on is None:
        return say("Written down by an officer of {state}: {other} answered it by another channel, on a day"
                   " that nobody wrote down.", state=own, other=state)  # fmt: skip
    return say(
        "Written down by an officer of {state}: {other} answered it by another channel on {on}.",
        state=own, other=state, on=on,
    )  # fmt: skip
