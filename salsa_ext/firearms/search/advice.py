"""Advice on a check's result: reported events, next action, states to call."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from salsa_ext.core.errors import CodeLabel, Message, message
from salsa_ext.firearms.marks.keys import skeleton
from salsa_ext.firearms.search import index
from salsa_ext.firearms.search.evidence import EQUAL_KINDS
from salsa_ext.firearms.search.rivals import contradict
from salsa_ext.firearms.search.search import LIKELY_MARGIN
from salsa_ext.firearms.search.values import Candidate, Coverage, MarkHit
from salsa_ext.reference import agencies
from salsa_ext.reference.agencies import ContactOffice

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
"""Events that are told of a gun, what weighs most for an officer first."""
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
    """Return at most `limit` candidates, and those that must be listed.

    Only those at least possible; of equals reported events first, unreadable ones last.
    """
    worth = [one for one in candidates if one.evidence.is_possible]
    worth.sort(key=lambda one: (-one.evidence.bits, not is_reported(one)))
    return worth[:limit] + [one for one in worth[limit:] if must_be_listed(one)]


def must_be_listed(candidate: Candidate) -> bool:
    """Return whether a list must not omit it: equal mark, or reported event."""
    return is_reported(candidate) or candidate.evidence.near.kind in EQUAL_KINDS


def count_unlisted(candidates: Iterable[Candidate], listed: Sequence[Candidate]) -> int:
    """Return how many possible candidates are not listed."""
    return sum(one.evidence.is_possible for one in candidates) - len(listed)


def advise(verdict: str, listed: Sequence[Candidate], asker: str | None) -> Advice:
    """Return the advice on a verdict with the listed candidates.

    The first state to call is one that decides the verdict; the asker's own state is last.
    """
    if verdict == "no_hit":
        return Advice("none", NO_HIT_TEXT)
    bearing = _decisive_candidates(verdict, listed)
    reported = _reported_candidate(bearing)
    first = [reported, *bearing] if reported else bearing
    is_others = any(one.mark_hit.state != asker for one in bearing)
    states = _states_to_call([*first, *listed], asker) if is_others else []
    told = ReportedEvent(reported.mark_hit.event, reported.mark_hit.state) if reported else None
    return Advice(*_action_and_text(verdict, bearing, states), states, told)


def _action_and_text(
    verdict: str, decisive: Sequence[Candidate], states: Collection[str]
) -> tuple[str, Message]:
    if not any(one.is_open for one in decisive):
        return "call_owner", RESTRICTED_TEXT if verdict == "hit" else MAYBE_RESTRICTED_TEXT
    if verdict == "possible":
        return "compare", COMPARE_TEXT
    return ("call_owner", CALL_TEXT) if states else ("compare", OWN_RECORD_TEXT)


def _decisive_candidates(verdict: str, listed: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that decide the verdict."""
    if verdict == "hit":
        return [one for one in listed if one.evidence.strength == "strong"]
    best = max((one.evidence.bits for one in listed), default=0.0)
    return [one for one in listed if one.evidence.bits >= best - LIKELY_MARGIN]


def is_reported(candidate: Candidate) -> bool:
    """Return whether a readable record reports its gun missing, seized or similar."""
    return candidate.is_open and candidate.mark_hit.event in REPORTED_TEXTS


def _reported_candidate(decisive: Sequence[Candidate]) -> Candidate | None:
    """Return the weightiest reported event; not a loss with a later recovery."""
    told = [one for one in decisive if is_reported(one) and not one.mark_hit.is_superseded]
    recovered = [one.mark_hit for one in told if one.mark_hit.event == "recovery"]
    standing = [
        one
        for one in told
        if one.mark_hit.event not in MISSING_EVENTS
        or not any(_is_recovery_of(back, one.mark_hit) for back in recovered)
    ]
    weight = list(REPORTED_TEXTS)
    return min(standing, key=lambda one: weight.index(one.mark_hit.event), default=None)


def _is_recovery_of(recovered: MarkHit, missed: MarkHit) -> bool:
    """Return whether a recovery is of the missing gun itself."""
    is_same = skeleton(recovered.serial_norm) == skeleton(missed.serial_norm)
    is_later = recovered.occurred_on >= missed.occurred_on
    return is_later and is_same and not contradict(recovered, missed)


def _states_to_call(candidates: Iterable[Candidate], asker: str | None) -> list[str]:
    """Return each state once; the asker's own last."""
    states = dict.fromkeys(one.mark_hit.state for one in candidates)
    return sorted(states, key=lambda state: state == asker)


CACHE_SECONDS: Final = 60.0  # seconds
_cache: dict[str, tuple[float, Any]] = {}


def cached_contact(state: str) -> ContactOffice | None:
    """Return the office to call in a state; at most a minute old."""
    found: ContactOffice | None = _cached(state, lambda: agencies.find_contact(state))
    return found


def cached_coverage() -> Sequence[Coverage]:
    """Return every state's coverage; at most a minute old."""
    found: Sequence[Coverage] = _cached("coverage", index.load_coverage)
    return found


def clear_cache() -> None:
    """Clear the cache; for tests and bulk imports."""
    _cache.clear()


def _cached(name: str, read: Callable[[], Any]) -> Any:
    since, found = _cache.get(name, (float("-inf"), None))
    if time.monotonic() - since >= CACHE_SECONDS:
        found = read()
        _cache[name] = time.monotonic(), found
    return found
