"""What states said of a gun, compared with how it is described today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from salsa_ext.matching.events import Event, made_in
from salsa_ext.matching.evidence import Description
from salsa_ext.matching.marks import normalise
from salsa_ext.matching.names import fold
from salsa_ext.matching.other_guns import contradictions, differs, serials_of
from salsa_ext.readmodels import names
from salsa_ext.readmodels.search import asked_of
from salsa_ext.readmodels.sides import query_about


def compared(
    events: Sequence[Event], firearm: Mapping[str, Any], found_on: date
) -> Sequence[Event]:
    """Return the events, each with what is `against` its being of the traced gun, and how far it `differs`.

    By the description as it stands: it may have been corrected since they were told, and so may they.
    """
    if not events:
        return events
    asked, serials = (
        asked_of(replace(query_about(firearm, ()), told_in=found_on.year)), serials_of(firearm),
    )  # fmt: skip
    return [event | _compared(asked, serials, event) for event in map(dict, events)]


def _compared(asked: Description, serials: Sequence[str], event: Event) -> dict[str, Any]:
    held = _held(event)
    read = _as_read(asked, serials, held)
    return {"against": contradictions(read, held, event["event"]), "differs": differs(read, held)}


def _as_read(asked: Description, serials: Sequence[str], held: Description) -> Description:
    """Return what is asked with the one of its serials that a record bears, else with the first."""
    read = held.serial_norm if held.serial_norm in serials else next(iter(serials), "")
    return replace(asked, serial_norm=read)


def _held(event: Event) -> Description:
    year, told_in = event.get("year"), date.fromisoformat(event["occurred_on"]).year
    model = event.get("model")
    return Description(
        serial_norm=normalise(event.get("serial") or ""),
        make=event.get("make"),
        calibre_family=names.family(event.get("calibre")),
        type=names.telling(event.get("type")),
        country=event.get("country_of_manufacture"),
        year=year,
        model=fold("model", model) or None if model else None,
        told_in=told_in,
        made_in=made_in(event["event"], year, told_in),
    )
