"""Time, place and source row of an event; IANA time zones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from salsa_ext.core.dates import within_of
from salsa_ext.core.errors import message
from salsa_ext.core.fields import EventDate, Field, Name, Problem, Rule, StateName, Word

UTC_ZONE = "UTC"
EXTREME_ZONES: Final = ("Etc/GMT+12", "Etc/GMT-14")
"""Twelve hours behind and fourteen ahead, by POSIX signs."""


def check_zone(when: Any) -> Iterator[Problem]:
    """Yield whether the zone of an event is unknown."""
    if when.time_zone and not is_time_zone(when.time_zone):
        yield "time_zone", message("Not an IANA time zone; for example America/Asuncion.")


def check_moment(when: Any) -> Iterator[Problem]:
    """Yield whether an event's moment is on another day than it says."""
    zone, at, on = when.time_zone, when.occurred_at, when.occurred_on
    if at is None or (zone and not is_time_zone(zone)):
        return
    if within_of(on):
        yield "occurred_on", message("The time is known. Give the day of it as the date.")
        return
    first, last = (local_date(at, each) for each in ((zone, zone) if zone else EXTREME_ZONES))
    if not first <= on <= last:
        zone = zone or UTC_ZONE
        text = message(
            "In {zone} this moment is on {on}, and occurred_on says {day}.",
            zone=zone,
            on=local_date(at, zone),
            day=on,
        )
        yield "occurred_at", text


def check_position(place: Any) -> Iterator[Problem]:
    """Yield whether a place has half a position."""
    if (place.latitude is None) != (place.longitude is None):
        yield "", message("Give both latitude and longitude.")


@dataclass(frozen=True)
class EventTime:
    """Local date, which may be a month or year, aware time, and IANA zone of the place."""

    occurred_on: Annotated[EventDate, Field("Date", "event")]
    occurred_at: Annotated[datetime | None, Field("Moment", "event")] = None
    time_zone: Annotated[str | None, Rule(most=64), Field("Time zone", "event")] = None
    rules: ClassVar[tuple[Any, ...]] = (check_zone, check_moment)

    @property
    def when(self) -> EventTime:
        """Return date, moment and zone alone."""
        return EventTime(self.occurred_on, self.occurred_at, self.time_zone)


@dataclass(frozen=True)
class Place:
    """Place of an event; `precision` is the accuracy in kilometres."""

    country: Annotated[StateName, Field("Country", "event")]
    name: Annotated[Name | None, Field("Place", "place", column="place_name", personal="link")] = (
        None
    )
    admin1: Annotated[Word | None, Field("Province or state", "place")] = None
    latitude: Annotated[
        float | None, Rule(-90, 90), Field("Latitude", "place", personal="link")
    ] = None
    longitude: Annotated[
        float | None, Rule(-180, 180), Field("Longitude", "place", personal="link")
    ] = None
    precision: Annotated[float | None, Rule(0, 1000), Field("Accuracy (km)", "place")] = None
    rules: ClassVar = (check_position,)


@dataclass(frozen=True)
class ExternalId:
    """Number of a document in another system of its owner."""

    system: Annotated[Word, Field("System")]
    number: Annotated[Word, Field("Number")]


ExternalIds = Annotated[
    tuple[ExternalId, ...], Rule(most=20), Field("Numbers in other systems", stored="details")
]
"""For the own state alone."""
Note = Annotated[str | None, Rule(most=2000), Field("Note", stored="details")]


@dataclass(frozen=True)
class ImportSource:
    """Row of the imported file that a record comes from."""

    import_id: Annotated[UUID, Field("Source")]
    row: Annotated[int, Field("Line")]


def is_time_zone(name: str) -> bool:
    """True for an IANA time zone name."""
    return name in _zone_names()


def local_date(at: datetime, zone: str) -> date:
    """Return the local date of a moment in a zone."""
    return at.astimezone(ZoneInfo(zone)).date()


@cache
def _zone_names() -> frozenset[str]:
    """Return all zone names; cached, since listing reads hundreds of files."""
    return frozenset(available_timezones())
