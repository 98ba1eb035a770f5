"""What is asked of the records: a check of one serial, and a trace of one gun."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from salsa_ext.errors import Message, say
from salsa_ext.values.actor import Purpose
from salsa_ext.values.firearms import Firearm, Mark

MOST_CHECKED: Final = 10_000
"""Checks of one batch."""


@dataclass(frozen=True)
class Query:
    """Is this serial known? Whatever else is known of the gun makes the answer better.

    `marks` are the other marks of the gun, where somebody has them all before him, and `marking`
    says how its serial is. `event` is what happened to the gun in the year `told_in`, where a record
    or a find asks. Where a record agrees in all that is asked, marks that are only near are
    looked for if `near` says so: the reading may be that of another gun, misread. With `every`, all
    that fit are listed.
    """

    serial: str
    make: str | None = None
    model: str | None = None
    calibre: str | None = None
    type: str | None = None
    country: str | None = None
    year: int | None = None
    marks: tuple[Mark, ...] = ()
    marking: str = "unknown"
    near: bool = False
    every: bool = False
    event: str | None = None
    told_in: int | None = None


@dataclass(frozen=True)
class CheckData:
    """A check in the field: the query, why, and the case or incident."""

    query: Query
    purpose: Purpose


@dataclass(frozen=True)
class BatchData:
    """Checks of several guns for one purpose: items by their lines, each a query or what is wrong."""

    purpose: Purpose
    items: Collection[Any] = ()


@dataclass(frozen=True)
class TraceData:
    """A trace request with what the International Tracing Instrument asks of it (III, 17).

    The gun is either item `item` of the actor's own seizure, or `firearm`, found on `found_on`. The
    agencies of `hidden_from` must not see it. One of a gun that is traced already in the case is taken
    only with `confirm_second`.
    """

    case_number: str
    priority: str
    legal_basis: str
    illicit_reason: str
    circumstances: str
    intended_use: str
    seizure: UUID | None = None
    item: int = 1
    firearm: Firearm | None = None
    found_on: date | None = None
    priority_reason: str | None = None
    needed_by: date | None = None
    confidentiality_requested: bool = False
    draft: bool = False
    hidden_from: tuple[str, ...] = ()
    confirm_second: bool = False


def lacking(said: Mapping[str, Any]) -> dict[str, Message]:
    """Return what a trace needs as its other fields stand, by field: the gun, its day, why it cannot wait.

    `said` are the fields as they were sent or taken; one that is not there is empty.
    """
    found = lacking_words(said)
    if (said.get("seizure") is None) == (said.get("firearm") is None):
        found["seizure"] = say("Give a seizure with its item, or the firearm; not both.")
    return found


def lacking_words(said: Mapping[str, Any]) -> dict[str, Message]:
    """Return the same of a draft, whose gun is known."""
    found = {}
    if said.get("firearm") is not None and said.get("found_on") is None:
        found["found_on"] = say("Say on which day the gun was found.")
    if said.get("priority") in ("flash", "urgent") and not said.get("priority_reason"):
        found["priority_reason"] = say("Say why this cannot wait.")
    return found
