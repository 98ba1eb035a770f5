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


def side(event: Event, name: str) -> str | None:
    """Return the kind of the giver or receiver, where it is recorded."""
    kind: str | None = (event.get(name) or {}).get("kind")
    return kind
