"""The events of a gun's life, in their order, and which of them are lawful; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Event = Mapping[str, Any]

ORDER: Final = (
    "manufacture", "export", "import", "state_issue", "state_to_civilian", "registration",
    "domestic_sale", "private_sale", "inheritance", "loan", "recovery", "surrender", "loss", "theft",
    "deactivation", "destruction", "seized", "found", "surrendered",
)  # fmt: skip
ENDS: Final = frozenset(("deactivation", "destruction"))
LAWFUL: Final = frozenset(ORDER[: ORDER.index("loss")]) | ENDS
SEIZED: Final = frozenset(("seized", "found", "surrendered"))
ALERT: Final = "alert"
"""What the record of an alert tells: what to do when the gun is met, and nothing of its life."""
SETTLING_NOTHING: Final = SEIZED | {ALERT}
"""What repeats what somebody read, or says: it does not tell which gun a mark is of."""


def place(event: str) -> int:
    """Return where an event stands among those of one day."""
    return ORDER.index(event) if event in ORDER else len(ORDER)


def made_in(event: str | None, year: int | None, told_in: int | None) -> int | None:
    """Return the year in which a gun was made: as told, or that of the record of its manufacture."""
    return year or (told_in if event == "manufacture" else None)


def side(event: Event, name: str) -> str | None:
    """Return the kind of the giver or receiver, where it is recorded."""
    kind: str | None = (event.get(name) or {}).get("kind")
    return kind
