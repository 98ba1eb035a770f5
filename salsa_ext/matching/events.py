"""The events of a gun's life, in their order, and which of them are lawful; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


def merged(
    before: Sequence[dict[str, Any]], said: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return what a state told before and what it tells now, each record once and as it now stands."""
    told = {event["record"]: event for event in before}
    for event in said:
        old = told.get(event["record"])
        if old is None or (event["version"] or 0) >= (old["version"] or 0):
            told[event["record"]] = event
    return list(told.values())


TOLD_ONCE: Final = frozenset(("strength", "bits", "handling"))
"""How sure a record is of the gun, and how it is handled: said when it was given, and of it still."""


def retold(
    events: Sequence[dict[str, Any]], said: Sequence[dict[str, Any]], gone: Iterable[str], at: str
) -> list[dict[str, Any]]:
    """Return what a state had told as it now stands, without what is `gone`: it did not happen.

    Of records that it had not told nothing is added. What changed has `corrected_at`, the moment.
    """
    left_out, now = {*gone}, {event["record"]: event for event in said}
    return [_corrected(event, now.get(event["record"]), at)
            for event in events if event["record"] not in left_out]  # fmt: skip


def _corrected(event: dict[str, Any], now: Event | None, at: str) -> dict[str, Any]:
    new = {name: value for name, value in (now or {}).items() if name not in TOLD_ONCE}
    if all(event.get(name) == value for name, value in new.items()):
        return event
    return event | new | {"corrected_at": at}


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
