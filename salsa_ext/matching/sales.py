"""By which sales a gun left the trade; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from salsa_ext.matching.events import LAWFUL, Event, side

TRADE: Final = frozenset(("dealer", "manufacturer"))


def first_sales(chain: Sequence[Event]) -> list[Event]:
    """Return the sales by which a gun first left the trade; more than one are of several guns.

    After its first sale a gun is sold by the trade of a state again only where somebody had given
    it back there, or where it was imported from the state where it was back or was sold.
    """
    first: list[Event] = []
    back_in: str | None = None
    sold_in: str | None = None
    for event in chain:
        if is_retail(event):
            if not first or event["state"] != back_in:
                first.append(event)
            back_in, sold_in = None, event["state"]
        elif first and (_is_given_back(event) or _is_imported_from(event, (back_in, sold_in))):
            back_in = _goes_to(event)
    return first


def is_retail(event: Event) -> bool:
    """Tell whether the trade sold a gun out of its hands, as far as is known."""
    return (
        event["event"] == "domestic_sale"
        and side(event, "receiver") not in TRADE
        and side(event, "giver") != "individual"
    )


def _is_given_back(event: Event) -> bool:
    """By whatever lawful way: a sale, an inheritance, the police that parts with its old guns."""
    return (
        event["event"] in LAWFUL
        and side(event, "receiver") in TRADE
        and side(event, "giver") not in (None, *TRADE)
    )


def _is_imported_from(event: Event, states: Sequence[str | None]) -> bool:
    partner = event["counterpart_state"]
    return event["event"] == "import" and partner is not None and partner in states


def _goes_to(event: Event) -> str | None:
    state: str = event["counterpart_state" if event["event"] == "export" else "state"]
    return state
