"""How a traced gun came to a stop, in words: while a state has not answered, nobody is said to know no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.web.console.stops import Stop
from salsa_ext.errors import Coded, Message, say
from salsa_ext.matching.requests import WAITING

SILENT: Final = {
    "refused": say("{state} refused to answer"),
    "forwarded": say("{state} named another state and said nothing of its own records"),
    "withdrawn": say("{state} had not answered when the request was withdrawn"),
} | dict.fromkeys(WAITING, say("{state} has not answered yet"))
"""What is said of an asked state that may hold more, by the status of its leg."""


def coming(stop: Stop, before: Stop, silent: Mapping[str, str]) -> list[Message]:
    """Return how a gun came to a stop from the one before, and which states may know more.

    `silent` are the asked states that may hold more, each with the status of its leg.
    """
    lacking = _lacking(stop, before, silent)
    said = _said(stop, before, is_whole=not lacking)
    words = [Message(SILENT[silent[state]].text, {"state": _state(state)}) for state in lacking]
    return [said, *words]


def _lacking(stop: Stop, before: Stop, silent: Mapping[str, str]) -> list[str]:
    """Return the silent states that could tell of the way: both ends, and where nobody did, any other."""
    if not stop.recorded_by:
        return sorted(silent)
    return sorted({stop.state, before.state} & {*silent} - {*stop.recorded_by})


def _said(stop: Stop, before: Stop, *, is_whole: bool) -> Message:
    sent = {"state": _state(before.state)}
    if stop.is_declared and not is_whole:
        return say("Was to come here from {state}", **sent)
    if stop.is_declared:
        return say("Was to come here from {state}; no record says that it came", **sent)
    if len(stop.recorded_by) > 1:
        return say("Came from {state}: both states recorded it", **sent)
    if not is_whole:
        return say("Came from {state}", **sent)
    if stop.recorded_by:
        other = _state(stop.recorded_by[0])
        return say("Came from {state}: {other} alone recorded it", **sent, other=other)
    return say("Came from {state}: nobody recorded how", **sent)


def _state(code: str) -> Coded:
    return Coded("state", code)
