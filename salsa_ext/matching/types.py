"""Types that one and the same gun is called, so that neither word speaks against the other; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

SAYING_NOTHING: Final = frozenset(("unknown", "other"))
LOOSE: Final = frozenset(("other", "unknown"))
"""Groups of the firearms questionnaire that hold what is in no other one, and make nothing alike."""
NUMBERED_PARTS: Final = frozenset(("barrel", "receiver", "slide"))
"""Parts that bear the number of their gun."""
MADE: Final = frozenset(("homemade",))
"""How a gun was made, and not what it is."""
AUTOMATIC: Final = frozenset(("machine_gun", "submachine_gun"))


class Kind(NamedTuple):
    """What a type is of: its category, and its group in the questionnaire on illicit arms flows."""

    category: str
    group: str


def akin(code: str, known: Mapping[str, Kind]) -> frozenset[str]:
    """Return the types that a gun of one type is called too: a carbine is a rifle to others."""
    return frozenset(other for other in known if other != code and _are_akin(code, other, known))


def _are_akin(one: str, other: str, known: Mapping[str, Kind]) -> bool:
    pair = {one, other}
    if pair & (NUMBERED_PARTS | MADE):
        return all(code in NUMBERED_PARTS or known[code].category == "firearm" for code in pair)
    groups = {known[code].group for code in pair}
    return pair <= AUTOMATIC or (len(groups) == 1 and not groups & LOOSE)
