"""Parties of a record: giver and receiver, persons or firms."""

from dataclasses import dataclass
from typing import Annotated, Final

from salsa_ext.core.codes import PARTY_KINDS
from salsa_ext.core.fields import Field, Name, Rule, Split, StateName, Text
from salsa_ext.firearms.records.event_kinds import Event


def party_kind(event: Event, name: str) -> str | None:
    """Return the kind of the `giver` or `receiver`, if recorded."""
    kind: str | None = (event.get(name) or {}).get("kind")
    return kind


NAME_GROUPS: Final = Split(
    "kind", {kind: "firms" for kind in PARTY_KINDS if kind != "individual"}, otherwise="persons"
)
"""A kind of party that nobody foresaw is hidden like a person."""


RETENTION_YEARS: Final = 20
"""Records are for tracing that long (ITI 12); guns stay, private persons do not."""


@dataclass(frozen=True)
class Party:
    """A person or firm as a document names it. The name is None once it is erased."""

    name: Annotated[Name, Field("Name", NAME_GROUPS, personal="direct", retain=RETENTION_YEARS)]
    kind: Annotated[str, Rule(choices=PARTY_KINDS), Field("Kind", "parties")]
    country: Annotated[StateName, Field("Country", "parties")]
    address: Annotated[
        Text | None, Field("Address", NAME_GROUPS, personal="direct", retain=RETENTION_YEARS)
    ] = None
    contact: Annotated[
        Text | None,
        Field("Telephone or e-mail", NAME_GROUPS, personal="direct", retain=RETENTION_YEARS),
    ] = None
    identification: Annotated[
        Name | None, Field("Identification", NAME_GROUPS, personal="direct", retain=RETENTION_YEARS)
    ] = None
    licence: Annotated[
        Name | None, Field("Licence", NAME_GROUPS, personal="direct", retain=RETENTION_YEARS)
    ] = None
