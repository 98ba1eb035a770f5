"""The languages that the service speaks, and which one a state's authorities write."""

from __future__ import annotations

from typing import Final

ENGLISH: Final = "en"
OFFICIAL: Final = (
    dict.fromkeys((
        "ARG", "BOL", "CHL", "COL", "CRI", "CUB", "DOM", "ECU", "ESP", "GTM", "HND", "MEX", "NIC",
        "PAN", "PER", "PRY", "SLV", "URY", "VEN",
    ), "es")
    | dict.fromkeys(("BRA", "PRT"), "pt")
    | dict.fromkeys(("FRA", "HTI"), "fr")
)  # fmt: skip
"""States whose official language, or the first of several, is one of the service's but English."""


def official_language(state: str) -> str:
    """Return the language of a state's papers: its own where the service has it, else English."""
    return OFFICIAL.get(state, ENGLISH)
