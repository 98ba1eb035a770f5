"""Time, place and source row of an event; IANA time zones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones


@dataclass(frozen=True)
class EventTime:
    """Local date, optional aware time, and IANA zone of the place."""

    occurred_on: date
    occurred_at: datetime | None = None
    time_zone: str | None = None


@dataclass(frozen=True)
class Place:
    """Place of an event; `precision` is the accuracy in kilometres."""

    country: str
    name: str | None = None
    admin1: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    precision: float | None = None


@dataclass(frozen=True)
class ImportSource:
    """Row of the imported file that a record comes from."""

    import_id: UUID
    row: int


UTC_ZONE = "UTC"


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
