"""Events in the life of a gun: their order, and which are lawful, final or a seizure."""

from collections.abc import Mapping
from typing import Any, Final

Event = Mapping[str, Any]

EVENT_ORDER: Final = tuple(
    "manufacture export consignment import state_issue state_to_civilian registration domestic_sale"
    " private_sale inheritance loan recovery surrender loss theft deactivation destruction seized"
    " found surrendered".split()
)
SHIPPED: Final = frozenset(("export", "consignment"))
"""Events of goods that left: by the exporting state, or by the papers of the importing one."""
ORIGIN_EVENTS: Final = frozenset(("manufacture", "consignment", "import"))
"""Events with which the life of a gun begins, as far as it is known."""
FINAL_EVENTS: Final = frozenset(("deactivation", "destruction"))
LAWFUL: Final = frozenset(EVENT_ORDER[: EVENT_ORDER.index("loss")]) | FINAL_EVENTS
SEIZED: Final = frozenset(("seized", "found", "surrendered"))
ALERT: Final = "alert"
"""The event of an alert's record, which is no event of a gun's life."""
INCONCLUSIVE: Final = SEIZED | {ALERT}
"""Events that repeat what someone read: they do not prove which gun a mark is of."""


def search_event(event: str, *, handed_in: bool) -> str:
    """Return an event as searches weigh it: a service gun that is handed in stays in service."""
    return "state_issue" if handed_in else event


def event_rank(event: str) -> int:
    """Return the rank of an event among those of one day."""
    return EVENT_ORDER.index(event) if event in EVENT_ORDER else len(EVENT_ORDER)


def year_of_manufacture(event: str | None, year: int | None, event_year: int | None) -> int | None:
    """Return the year of manufacture: as given, or of the manufacture record."""
    return year or (event_year if event == "manufacture" else None)


MISSING_EVENTS: Final = frozenset(("theft", "loss"))
MISSING_OR_ALERT: Final = MISSING_EVENTS | {ALERT}
FOUND_EVENTS: Final = SEIZED | {"recovery", "surrender"}
# The mark was read on a gun that was not where it belonged, or is of one that is gone.
FIELD_EVENTS: Final = FOUND_EVENTS | MISSING_OR_ALERT
ONCE_EVENTS: Final = FINAL_EVENTS | {"manufacture", "domestic_sale"}
"""Lawful events that a gun has once in a state: a second record is a duplicate, or another gun."""
