"""Why a match is worth a look, by the events of its two records."""

from datetime import date
from itertools import permutations

from salsa_ext.core.codes import MATCH_WORTHS
from salsa_ext.core.dates import is_before
from salsa_ext.firearms.records.event_kinds import FIELD_EVENTS, FOUND_EVENTS, MISSING_OR_ALERT


def worth_of(
    event: str, other: str | None, on: date | None = None, other_on: date | None = None
) -> str:
    """Return why two events are worth a look, a code of MATCH_WORTHS.

    `contradiction`: one cannot be true of a gun with the other, as a find after its destruction.
    """
    events = {event, other}
    for (first, day), (second, later) in permutations(((event, on), (other, other_on))):
        is_found = first == "destruction" and second in FOUND_EVENTS
        if is_found and day and later and is_before(day, later):
            return "contradiction"
    if other is None and event in FIELD_EVENTS:
        return "pointer"
    if events & FOUND_EVENTS and events & MISSING_OR_ALERT:
        return "missing"
    return ("trade", "crime", "crimes")[(event in FIELD_EVENTS) + (other in FIELD_EVENTS)]


def worth_number(worth: str) -> int:
    """Return a code of MATCH_WORTHS as a number, 0 for `missing`; higher is more worth a look."""
    return MATCH_WORTHS.index("missing") - MATCH_WORTHS.index(worth)


def worth_code(number: int) -> str:
    """Return the code of MATCH_WORTHS of a number."""
    return MATCH_WORTHS[MATCH_WORTHS.index("missing") - number]
