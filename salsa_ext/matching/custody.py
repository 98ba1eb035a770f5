"""Guns that a state had taken and that came up again: they left its custody; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from salsa_ext.errors import Coded, Message, say
from salsa_ext.matching.claims import MISSED
from salsa_ext.matching.events import LAWFUL, SEIZED, Event

GIVEN_OUT: Final = LAWFUL | MISSED
"""After these it is known how a gun left the custody of a state."""


def left_custody(
    chain: Sequence[Event], sales: Sequence[Event], found_on: date, found_in: str
) -> Iterator[Message]:
    """Yield by whom a gun had been taken before it was found, where nothing says how it came out again."""
    for at, event in enumerate(chain):
        days = (found_on - _on(event)).days
        is_known = any(later["event"] in GIVEN_OUT for later in chain[at + 1 :])
        if event["event"] not in SEIZED or is_known or not days:
            continue
        yield say("{state} had it on {on} ({event}), and it came up again in {other} {days} days later: it left"
                  " that state's custody, or one of the two is another gun.",
                  state=event["state"], on=event["occurred_on"], other=found_in, days=days,
                  event=Coded("seizure_kind", event["event"]))  # fmt: skip
        if sales:
            yield say("From the first sale to that day: {days} days.",
                      days=(_on(event) - _on(sales[0])).days)  # fmt: skip


def _on(event: Event) -> date:
    return date.fromisoformat(event["occurred_on"])
