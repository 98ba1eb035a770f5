"""IANA time zones: which names there are, and what day it is in one."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

UTC = "UTC"


def is_zone(name: str) -> bool:
    """Tell whether there is an IANA time zone of this name."""
    return name in _names()


def date_in(at: datetime, zone: str) -> date:
    """Return the local date of a moment."""
    return at.astimezone(ZoneInfo(zone)).date()


@cache
def _names() -> frozenset[str]:
    """Return all names; to list them goes through hundreds of files."""
    return frozenset(available_timezones())
