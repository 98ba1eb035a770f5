"""Events in a gun's life, and the parties of a record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from salsa_ext.core.codes import PARTY_KINDS
from salsa_ext.core.fields import Field, Name, Rule, Split, StateName, Text

Event = Mapping[str, Any]

EVENT_ORDER: Final = tuple(
    "manufacture export import state_issue state_to_civilian registration domestic_sale private_sale"
    " inheritance loan recovery surrender loss theft deactivation destruction seized found"
    " surrendered".split()
)
FINAL_EVENTS: Final = frozenset(("deactivation", "destruction"))
LAWFUL: Final = frozenset(EVENT_ORDER[: EVENT_ORDER.index("loss")]) | FINAL_EVENTS
SEIZED: Final = frozenset(("seized", "found", "surrendered"))
ALERT: Final = "alert"
"""The event of an alert's record, which is no event of a gun's life."""
INCONCLUSIVE: Final = SEIZED | {ALERT}
"""Events that repeat what somebody read: they do not prove which gun a mark is of."""


def event_rank(event: str) -> int:
    """Return the rank of an event among those of one day."""
    return EVENT_ORDER.index(event) if event in EVENT_ORDER else len(EVENT_ORDER)


def year_of_manufacture(event: str | None, year: int | None, event_year: int | None) -> int | None:
    """Return the year of manufacture: as given, or of the manufacture record."""
    return year or (event_year if event == "manufacture" else None)


def party_kind(event: Event, name: str) -> str | None:
    """Return the kind of the `giver` or `receiver`, if recorded."""
    kind: str | None = (event.get(name) or {}).get("kind")
    return kind


# The mark was read on a gun that was not where it belonged, or is of one that is gone.
FIELD_EVENTS: Final = SEIZED | {"recovery", "surrender", "loss", "theft", ALERT}
MISSING_OR_ALERT: Final = frozenset(("loss", "theft", ALERT))


def pseudonym(record_id: UUID) -> UUID:
    """Return a one-way hash that replaces a record's id.

    For places where the id must not be disclosed.
    """
    return UUID(bytes=hashlib.blake2b(record_id.bytes, digest_size=16).digest())


NAME_GROUPS: Final = Split(
    "kind", {kind: "firms" for kind in PARTY_KINDS if kind != "individual"}, otherwise="persons"
)
"""A kind of party that nobody foresaw is hidden like a person."""


@dataclass(frozen=True)
class Party:
    """A person or firm as a document names it.

    The name is None once it is erased.
    """

    name: Annotated[Name, Field("Name", NAME_GROUPS, personal="direct")]
    kind: Annotated[str, Rule(choices=PARTY_KINDS), Field("Kind", "parties")]
    country: Annotated[StateName, Field("Country", "parties")]
    address: Annotated[Text | None, Field("Address", NAME_GROUPS, personal="direct")] = None
    contact: Annotated[
        Text | None, Field("Telephone or e-mail", NAME_GROUPS, personal="direct")
    ] = None
    identification: Annotated[
        Name | None, Field("Identification", NAME_GROUPS, personal="direct")
    ] = None
    licence: Annotated[Name | None, Field("Licence", NAME_GROUPS, personal="direct")] = None


MISSING_EVENTS: Final = frozenset(("theft", "loss"))
