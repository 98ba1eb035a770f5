"""Working time of a state's offices in its zone; pure.

A working day counts from midnight to midnight: a term of three days that begins on Friday at 15:00
ends on Wednesday at 15:00.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

WEEKDAYS: Final = (1, 2, 3, 4, 5)
ZERO: Final = timedelta()


def _no_holidays(year: int) -> frozenset[date]:
    return frozenset()


@dataclass(frozen=True)
class Calendar:
    """Working days of a state: ISO 8601 weekdays (Monday 1) without holidays.

    `holidays` returns those of a year; `closed` and `opened` are exceptions of the state. `opened`
    takes precedence.
    """

    zone: str = "UTC"
    weekdays: frozenset[int] = frozenset(WEEKDAYS)
    holidays: Callable[[int], frozenset[date]] = _no_holidays
    closed: frozenset[date] = frozenset()
    opened: frozenset[date] = frozenset()

    def is_worked(self, day: date) -> bool:
        """True for a working day of the state."""
        if day in self.opened:
            return True
        is_free = day in self.closed or day in self.holidays(day.year)
        return day.isoweekday() in self.weekdays and not is_free

    def spans(self, start: datetime) -> Iterator[tuple[datetime, datetime, bool]]:
        """Yield consecutive days without end: start, end, whether a working day."""
        zone = ZoneInfo(self.zone)
        while True:
            day = start.astimezone(zone).date()
            end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
            yield start, end, self.is_worked(day)
            start = end


def add_working_time(start: datetime, term: timedelta, calendar: Calendar | None) -> datetime:
    """Return the end of a working-time term; calendar None counts always."""
    if calendar is None or term <= ZERO:
        return start + max(term, ZERO)
    left = term
    for begin, end, is_worked in calendar.spans(start):
        if is_worked and begin + left <= end:
            return begin + left
        left -= end - begin if is_worked else ZERO
    raise AssertionError("days have no end")


def working_time_between(start: datetime, end: datetime, calendar: Calendar | None) -> timedelta:
    """Return the working time between two moments, zero if not in order."""
    if calendar is None or end <= start:
        return max(end - start, ZERO)
    done = ZERO
    for begin, until, is_worked in calendar.spans(start):
        done += min(until, end) - begin if is_worked else ZERO
        if until >= end:
            return done
    raise AssertionError("days have no end")
