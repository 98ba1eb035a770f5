"""Advice on a check's result: reported events, next action, states to call."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from salsa_ext.core.actor import Actor
from salsa_ext.core.dates import first_day, last_day
from salsa_ext.core.errors import CodeLabel, Message, message
from salsa_ext.firearms.marks.keys import normalise, skeleton
from salsa_ext.firearms.marks.variants import MIN_HALF, searched_length
from salsa_ext.firearms.search import mark_lookup
from salsa_ext.firearms.search.evidence import EQUAL_KINDS
from salsa_ext.firearms.search.rivals import contradict
from salsa_ext.firearms.search.search import LIKELY_MARGIN
from salsa_ext.firearms.search.values import Candidate, MarkHit, SearchedState, SearchScope
from salsa_ext.reference import agencies, names
from salsa_ext.reference.agencies import ContactOffice
from salsa_ext.reference.participation.declarations import declarations_at
from salsa_ext.reference.participation.rules import REGISTER_BY_EVENT

REPORTED_TEXTS: Final = {
    "theft": message("Reported stolen by {state}."),
    "loss": message("Reported lost by {state}."),
    "destruction": message("Recorded as destroyed by {state}: it should not exist any more."),
    "deactivation": message("Recorded as deactivated by {state}: it should not fire any more."),
    "seized": message("Seized before: {state} has the record."),
    "found": message("Found before: {state} has the record."),
    "surrendered": message("Surrendered before: {state} has the record."),
    "surrender": message("Reported surrendered by {state}."),
    "recovery": message("Reported recovered by {state}."),
}
"""Reported events of a gun, the weightiest for an officer first."""
GUN_REGISTERS: Final = tuple(dict.fromkeys(REGISTER_BY_EVENT.values()))
"""Registers that have guns; a search for a mark reads no permits."""
MISSING_EVENTS: Final = ("theft", "loss")
CALL_TEXT: Final = message("Compare the gun with the record, then call the state that holds it.")
OWN_RECORD_TEXT: Final = message("Compare the gun with the record, which your own state holds.")
RESTRICTED_TEXT: Final = message(
    "A state holds something of this serial and lets only its office say what: call it, and"
    " let it compare the gun."
)
MAYBE_RESTRICTED_TEXT: Final = message(
    "A state may hold something of this gun and lets only its office say what: ask it"
    " before you act."
)
COMPARE_TEXT: Final = message("Compare make, model and calibre with the record before you act.")
NO_HIT_TEXT: Final = message("Not in the records searched; that does not make it lawful.")
SHORT_MARKS_TEXT: Final = message(
    "Not in the records searched, which are marks of up to {count} characters. That does not make"
    " it lawful."
)
NEAR_ENDS_TEXT: Final = message(
    "Nothing is found, but only marks with these characters near an end were searched. Give {count}"
    " characters at the beginning or end of the serial."
)


@dataclass(frozen=True)
class ReportedEvent:
    """A reported event of a gun (theft, loss, seizure …) and its state."""

    event: str
    state: str

    @property
    def text(self) -> Message:
        """Return the event as a message."""
        return Message(REPORTED_TEXTS[self.event].text, {"state": CodeLabel("state", self.state)})


@dataclass(frozen=True)
class Advice:
    """The next action (code, text) and the states to call, in order."""

    action: str
    text: Message
    states: Sequence[str] = ()
    reported: ReportedEvent | None = None


def candidates_to_show(candidates: Iterable[Candidate], limit: int) -> list[Candidate]:
    """Return `limit` candidates, and those that must be listed, reported events first."""
    worth = [candidate for candidate in candidates if candidate.evidence.is_possible]
    worth.sort(key=lambda candidate: (-candidate.evidence.bits, not is_reported(candidate)))
    return worth[:limit] + [candidate for candidate in worth[limit:] if must_be_listed(candidate)]


def must_be_listed(candidate: Candidate) -> bool:
    """Return whether a list must not omit it: equal mark, or reported event."""
    return is_reported(candidate) or candidate.evidence.near.kind in EQUAL_KINDS


def is_reported(candidate: Candidate) -> bool:
    """Return whether a readable record reports its gun missing, seized or similar."""
    return candidate.is_open and candidate.mark_hit.event in REPORTED_TEXTS


def count_unlisted(candidates: Iterable[Candidate], listed: Sequence[Candidate]) -> int:
    """Return how many possible candidates are not listed."""
    return sum(candidate.evidence.is_possible for candidate in candidates) - len(listed)


def advise(
    verdict: str, listed: Sequence[Candidate], asker: str | None, serial: str = ""
) -> Advice:
    """Return the advice on a verdict with the listed candidates."""
    if verdict == "no_hit":
        return Advice("none", _no_hit_text(serial))
    if verdict == "hit":
        decisive = [each for each in listed if each.evidence.strength == "strong"]
    else:
        best = max((each.evidence.bits for each in listed), default=0.0)
        decisive = [each for each in listed if each.evidence.bits >= best - LIKELY_MARGIN]
    reported = _reported_hit(decisive)
    states: list[str] = []
    if any(candidate.mark_hit.state != asker for candidate in decisive):
        first = [reported.state] if reported else []
        others = (candidate.mark_hit.state for candidate in (*decisive, *listed))
        states = sorted(dict.fromkeys([*first, *others]), key=lambda state: state == asker)
    if not any(candidate.is_open for candidate in decisive):
        text = RESTRICTED_TEXT if verdict == "hit" else MAYBE_RESTRICTED_TEXT
        action = "call_owner"
    elif verdict == "possible":
        action, text = "compare", COMPARE_TEXT
    else:
        action, text = ("call_owner", CALL_TEXT) if states else ("compare", OWN_RECORD_TEXT)
    event = ReportedEvent(reported.event, reported.state) if reported else None
    return Advice(action, text, states, event)


def _no_hit_text(serial: str) -> Message:
    """Return what was searched: not all marks are that fit a part of one."""
    length = searched_length(normalise(serial))
    if length is None:
        return NO_HIT_TEXT
    text, count = (SHORT_MARKS_TEXT, length) if length else (NEAR_ENDS_TEXT, MIN_HALF)
    return Message(text.text, {"count": count})


def _reported_hit(decisive: Sequence[Candidate]) -> MarkHit | None:
    """Return the weightiest reported event; not a loss with a later recovery."""
    reported = [
        candidate.mark_hit
        for candidate in decisive
        if is_reported(candidate) and not candidate.mark_hit.is_superseded
    ]
    recovered = [hit for hit in reported if hit.event == "recovery"]
    current = [
        hit
        for hit in reported
        if hit.event not in MISSING_EVENTS
        or not any(
            first_day(back.on) >= last_day(hit.on)
            and skeleton(back.serial_norm) == skeleton(hit.serial_norm)
            and not contradict(back, hit)
            for back in recovered
        )
    ]
    weight = list(REPORTED_TEXTS)
    return min(current, key=lambda hit: weight.index(hit.event), default=None)


CACHE_SECONDS: Final = 60.0  # seconds
_cache: dict[str, tuple[float, Any]] = {}


def cached_contact(state: str) -> ContactOffice | None:
    """Return the office to call in a state; at most a minute old."""
    office: ContactOffice | None = _cached(state, lambda: agencies.find_contact(state))
    return office


def cached_scope(actor: Actor) -> SearchScope:
    """Return whose registers of guns a check searches; at most a minute old."""
    scope: SearchScope = _cached("scope", lambda: _load_scope(actor.now()))
    return scope


def _load_scope(now: datetime) -> SearchScope:
    """Return it also of states without a visible record: silent ones must not be distinguishable."""
    reach = {state: reached for state, *reached in mark_lookup.load_coverage()}
    declared = declarations_at(dict.fromkeys(names.participants(), now))
    searched = []
    for state, declarations in declared.items():
        registers = [name for name in GUN_REGISTERS if name in declarations]
        incomplete = [name for name in registers if not declarations[name].is_unlimited]
        if registers:
            searched.append(SearchedState(state, registers, incomplete, *reach.get(state, ())))
    not_searched = sorted(declared.keys() - {each.state for each in searched})
    return SearchScope(searched, not_searched)


def clear_cache() -> None:
    """Clear the cache; for tests and bulk imports."""
    _cache.clear()


def _cached(name: str, read: Callable[[], Any]) -> Any:
    since, value = _cache.get(name, (float("-inf"), None))
    if time.monotonic() - since >= CACHE_SECONDS:
        value = read()
        _cache[name] = time.monotonic(), value
    return value
