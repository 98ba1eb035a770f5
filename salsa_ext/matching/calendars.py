"""Time as the offices of a state count it: that of its working days, in its zone; pure.

A working day counts whole, from midnight to midnight, so that what comes on Friday at three in the
afternoon with a term of three days is owed on Wednesday at three.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

WEEKDAYS: Final = (1, 2, 3, 4, 5)
NOTHING: Final = timedelta()


def _none(year: int) -> frozenset[date]:
    return frozenset()


@dataclass(frozen=True)
class Calendar:
    """The working days of one state: `weekdays` by ISO 8601 (Monday is 1), without its holidays.

    `holidays` gives those of a year; `closed` and `opened` are days that the state added or took
    away. What is `opened` is worked whatever else is said of it.
    """

    zone: str = "UTC"
    weekdays: frozenset[int] = frozenset(WEEKDAYS)
    holidays: Callable[[int], frozenset[date]] = _none
    closed: frozenset[date] = frozenset()
    opened: frozenset[date] = frozenset()

    def is_worked(self, day: date) -> bool:
        """Tell whether a day is one on which the state's offices work."""
        if day in self.opened:
            return True
        is_free = day in self.closed or day in self.holidays(day.year)
        return day.isoweekday() in self.weekdays and not is_free

    def spans(self, start: datetime) -> Iterator[tuple[datetime, datetime, bool]]:
        """Yield the days from a moment on, without end: from when, until when, whether worked."""
        zone = ZoneInfo(self.zone)
        while True:
            day = start.astimezone(zone).date()
            end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
            yield start, end, self.is_worked(day)
            start = end


def later(start: datetime, term: timedelta, calendar: Calendar | None) -> datetime:
    """Return the first moment by which so much was worked since `start`; None is round the clock."""
    if calendar is None or term <= NOTHING:
        return start + max(term, NOTHING)
    left = term
    for begin, end, is_worked in calendar.spans(start):
        if is_worked and begin + left <= end:
            return begin + left
        left -= end - begin if is_worked else NOTHING
    raise AssertionError("days have no end")


def worked(start: datetime, end: datetime, calendar: Calendar | None) -> timedelta:
    """Return how much is worked between two moments, nothing where the second is not later."""
    if calendar is None or end <= start:
        return max(end - start, NOTHING)
    done = NOTHING
    for begin, until, is_worked in calendar.spans(start):
        done += min(until, end) - begin if is_worked else NOTHING
        if until >= end:
            return done
    raise AssertionError("days have no end")
