"""When and where something happened, and where a file says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True)
class When:
    """A local date, the aware moment where it is known, and the IANA zone of the place."""

    occurred_on: date
    occurred_at: datetime | None = None
    time_zone: str | None = None


@dataclass(frozen=True)
class Place:
    """Where it happened; `precision` in kilometres says how exact the coordinates are."""

    country: str
    name: str | None = None
    admin1: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    precision: float | None = None


@dataclass(frozen=True)
class Source:
    """The row of an imported file that a record comes from."""

    import_id: UUID
    row: int
