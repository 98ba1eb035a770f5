"""Events that cannot be of the gun of their chain: another state has it, or it was gone by then; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from salsa_ext.errors import Coded, Message, say
from salsa_ext.matching.events import ENDS, LAWFUL, SEIZED, Event

MISSED: Final = frozenset(("theft", "loss"))
BACK: Final = frozenset(("recovery", "surrender")) | SEIZED
"""With these somebody has the gun again, in whatever state it came up."""
CLAIMS_NOTHING: Final = BACK | ENDS | {"import", "manufacture"}
"""Possible in any state: it came there, it came up there, or it was made for whoever bought it."""


@dataclass
class _Whereabouts:
    """Who has the gun as far as the events say: in which state, or since which event nobody."""

    state: str | None = None
    gone: Event | None = None

    def objection(self, event: Event) -> Message | None:
        """Return why an event cannot follow what was before it; None where it can."""
        if event["event"] not in LAWFUL:
            return None
        if self.gone and self.gone["event"] == "destruction":
            return _destroyed(self.gone) if self._is_another(event) else None
        if self.gone and not _is_back(event, self.gone):
            return _missed(self.gone)
        if event["event"] in CLAIMS_NOTHING or self.state in (None, event["state"]):
            return None
        return say("{state} recorded it while it was in {other}, and no export or import between them is"
                   " recorded: one record is wrong, or these are two guns.",
                   state=event["state"], other=self.state)  # fmt: skip

    def _is_another(self, event: Event) -> bool:
        """Two records of one destruction, of the same state, are no contradiction."""
        repeats = event["event"] == "destruction" and event["state"] == (self.gone or {})["state"]
        return not repeats

    def follow(self, event: Event) -> None:
        """Go on to where the gun is after an event that can be."""
        name = event["event"]
        if name in MISSED or name == "destruction":
            self.gone = event
        elif name in BACK or name == "manufacture":
            self.state = None
            self.gone = self.gone if _is_destroyed(self.gone) else None
        elif name in LAWFUL:
            self.state = event["counterpart_state"] if name == "export" else event["state"]
            self.gone = None


def _is_destroyed(gone: Event | None) -> bool:
    return gone is not None and gone["event"] == "destruction"


def _is_back(event: Event, gone: Event) -> bool:
    """Tell whether an event shows that what was missed is there again, or is put out of use.

    A shipment that was told to be robbed brought the gun after all where its import is recorded.
    """
    if event["event"] == "import":
        return gone.get("stolen_from") == "shipment"
    return event["event"] in BACK | ENDS


def _missed(gone: Event) -> Message:
    return say("It was missing by then: {state} recorded a {event} on {on}, and no recovery of it is recorded.",
               state=gone["state"], event=Coded("report_kind", gone["event"]),
               on=gone["occurred_on"])  # fmt: skip


def _destroyed(gone: Event) -> Message:
    return say("It was destroyed by then: {state} recorded so on {on}.",
               state=gone["state"], on=gone["occurred_on"])  # fmt: skip


@dataclass(frozen=True)
class Objection:
    """An event that contradicts those before it, and why."""

    event: Event
    why: Message


def objections(chain: Sequence[Event]) -> list[Objection]:
    """Return the lawful events that contradict the earlier ones, in order.

    Each is a claim to the gun that cannot hold beside what is recorded before it, or is of another
    gun: it is neither lawful possession that can be concluded from, nor taken for the last of it.
    """
    found: list[Objection] = []
    there = _Whereabouts()
    for event in chain:
        why = there.objection(event)
        if why is None:
            there.follow(event)
        else:
            found.append(Objection(event, why))
    return found
