"""Dates of events that may be known to the month or year alone; pure.

A day is a plain `date`. A `RoughDate` is compared by its first possible day, and is never equal to
it. What has to be certain asks `is_before`.
"""

import re
from calendar import monthrange
from datetime import date
from typing import Any, Final, NamedTuple

REDUCED: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")
"""ISO 8601 of reduced precision: `2019` or `2019-05`."""


class RoughDate(date):
    """First possible day of an event; `within` is `month` or `year`."""

    within: str

    def __new__(cls, year: Any, month: int | None = None, day: int | None = None) -> Any:
        """Return a rough date; a plain date with a day, as arithmetic with days wants."""
        if day is not None:
            return date(year, month or 1, day)
        rough = super().__new__(cls, year, 1 if month is None else month, 1)
        rough.within = "year" if month is None else "month"
        return rough

    def isoformat(self) -> str:
        """Return the date as it is known: `2019` or `2019-05`."""
        return f"{self.year:04}" + (f"-{self.month:02}" if self.within == "month" else "")

    __str__ = isoformat

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RoughDate) and str(self) == str(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(str(self))

    def __reduce__(self) -> Any:
        return parse_date, (str(self),)


def parse_date(text: str) -> date:
    """Return the date of ISO text, which may be of reduced precision; raises ValueError."""
    if match := REDUCED.fullmatch(text):
        rough: date = RoughDate(int(match[1]), int(match[2]) if match[2] else None)
        return rough
    return date.fromisoformat(text)


def rough_date(first: date, within: str | None) -> date:
    """Return the date that two columns hold."""
    return parse_date(first.isoformat()[: 4 if within == "year" else 7]) if within else first


def within_of(on: date) -> str | None:
    """Return `month` or `year`, within which the day is unknown; None for a day."""
    return on.within if isinstance(on, RoughDate) else None


def first_day(on: date) -> date:
    """Return the first possible day."""
    return date(on.year, on.month, on.day)


def last_day(on: date) -> date:
    """Return the last possible day."""
    if not isinstance(on, RoughDate):
        return on
    month = on.month if on.within == "month" else 12
    return date(on.year, month, monthrange(on.year, month)[1])


def is_before(on: date, other: date) -> bool:
    """Return whether one date is certainly before another."""
    return last_day(on) < first_day(other)


class Days(NamedTuple):
    """Days from one event to another, as a range: both ends are the same if each day is known."""

    least: int
    most: int

    @property
    def exact(self) -> int | None:
        """Return the number of days, if it is known."""
        return self.least if self.least == self.most else None

    @property
    def amount(self) -> int | str:
        """Return the number or range for a message."""
        return self.least if self.exact is not None else f"{self.least}–{self.most}"


def days_between(on: date, later: date) -> Days:
    """Return the days from one event to a later one; a rough order makes none negative."""
    least, most = (first_day(later) - last_day(on)).days, (last_day(later) - first_day(on)).days
    return Days(least if most <= 0 else max(least, 0), most)
