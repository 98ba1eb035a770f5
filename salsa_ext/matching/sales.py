"""By which sales a gun left the trade; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Event = Mapping[str, Any]

TRADE: Final = frozenset(("dealer", "manufacturer"))
SALES: Final = frozenset(("domestic_sale", "private_sale"))


def first_sales(chain: Sequence[Event]) -> list[Event]:
    """Return the sales by which a gun first left the trade; more than one are of several guns.

    After its first sale a gun is sold by the trade of a state again only where somebody had sold
    it back there, or where it was imported from there.
    """
    first: list[Event] = []
    back_in: str | None = None
    for event in chain:
        if is_retail(event):
            if not first or event["state"] != back_in:
                first.append(event)
            back_in = None
        elif first and (_is_sold_back(event) or _is_imported_from(event, back_in)):
            back_in = event["state"]
    return first


def is_retail(event: Event) -> bool:
    """Tell whether the trade sold a gun out of its hands, as far as is known."""
    return (
        event["event"] == "domestic_sale"
        and side(event, "receiver") not in TRADE
        and side(event, "giver") != "individual"
    )


def side(event: Event, name: str) -> str | None:
    """Return the kind of the giver or receiver, where it is recorded."""
    kind: str | None = (event.get(name) or {}).get("kind")
    return kind


def _is_imported_from(event: Event, state: str | None) -> bool:
    return state is not None and (event["event"], event["counterpart_state"]) == ("import", state)


def _is_sold_back(event: Event) -> bool:
    return (
        event["event"] in SALES
        and side(event, "receiver") in TRADE
        and side(event, "giver") not in (None, *TRADE)
    )
