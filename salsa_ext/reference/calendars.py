"""Local days, working calendars and deadlines of states, in the zone of an agency, else UTC."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import holidays
from sqlalchemy import ColumnElement, case, literal

from salsa_ext.core.actor import Actor
from salsa_ext.core.occurrence import UTC_ZONE, local_date
from salsa_ext.database.session import cached_per_transaction, execute_raw
from salsa_ext.reference import names, state_settings
from salsa_ext.reference.state_settings import WORKING_DAY_PRIORITIES, Settings

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


_SELECT_ZONES = (
    "SELECT DISTINCT ON (owner_state) owner_state, time_zone FROM agency"
    " WHERE owner_state IS NOT NULL ORDER BY owner_state, kind <> 'licensing', code"
)
_SELECT_ZONE = (
    "SELECT time_zone FROM agency WHERE code = %(agency)s OR owner_state = %(state)s"
    " ORDER BY code IS NOT DISTINCT FROM %(agency)s DESC, kind <> 'licensing', code LIMIT 1"
)


@dataclass(frozen=True)
class LocalDays:
    """Local day of each state at one moment."""

    at: datetime
    zones: Mapping[str, str]

    def today(self, state: str) -> date:
        """Return the day in a state."""
        return local_date(self.at, self.zone(state))

    def zone(self, state: str) -> str:
        """Return a state's IANA zone."""
        return self.zones.get(state, UTC_ZONE)

    def on(self, state: str, moment: datetime) -> date:
        """Return a state's local day of another moment."""
        return local_date(moment, self.zones.get(state, UTC_ZONE))

    def start(self, state: str, day: date) -> datetime:
        """Return the moment a day begins in a state."""
        return datetime.combine(day, time.min, ZoneInfo(self.zones.get(state, UTC_ZONE)))

    def column(self, state: Any) -> ColumnElement[date]:
        """Return the SQL expression of the day in a column's state."""
        other = literal(local_date(self.at, UTC_ZONE))
        if not self.zones:
            return other
        return case({code: self.today(code) for code in self.zones}, value=state, else_=other)


def today(actor: Actor) -> date:
    """Return the local day of the actor's agency, else of its state."""
    return local_date(actor.now(), actor_zone(actor))


def actor_zone(actor: Actor) -> str:
    """Return the IANA zone of the actor's agency, else of its state."""
    return _read_zone(actor.state, actor.agency)


def reader_zone(actor: Actor) -> str:
    """Return the IANA zone in which the actor's person reads and types times on pages."""
    own = "SELECT time_zone FROM account WHERE id = %s"
    row = cached_per_transaction(
        (own, actor.account_id), lambda: execute_raw(own, (actor.account_id,)).fetchone()
    )
    return row[0] if row and row[0] else actor_zone(actor)


def state_zone(state: str) -> str:
    """Return a state's IANA zone, as `LocalDays.zone`."""
    return _read_zone(state, None)


def _read_zone(state: str | None, agency: str | None) -> str:
    parameters = {"state": state, "agency": agency}
    row = cached_per_transaction(
        (_SELECT_ZONE, state, agency), lambda: execute_raw(_SELECT_ZONE, parameters).fetchone()
    )
    return row[0] if row else UTC_ZONE


def local_days(actor: Actor) -> LocalDays:
    """Return each state's local day, by its licensing or first agency."""
    return LocalDays(actor.now(), dict(execute_raw(_SELECT_ZONES).fetchall()))


CACHED_YEARS: Final = 500


def own_calendar(actor: Actor, own: Settings | None = None) -> Calendar:
    """Return the calendar of the actor's state; `own` are known settings."""
    state = actor.own_state()
    return state_calendar(state, own or state_settings.settings_by_state([state])[state])


def state_calendar(state: str, own_settings: Settings) -> Calendar:
    """Return the calendar of a state with these settings."""
    return Calendar(
        state_zone(state),
        frozenset(own_settings.weekdays),
        partial(_public_holidays, names.alpha2(state)),
        frozenset(own_settings.closed_on),
        frozenset(own_settings.open_on),
    )


def priority_calendar(actor: Actor, priority: str, own: Settings | None = None) -> Calendar | None:
    """Return the calendar for a priority's terms; None counts always."""
    return own_calendar(actor, own) if counts_working_days(priority) else None


def counts_working_days(priority: str) -> bool:
    """True if the priority's terms count working days."""
    return priority in WORKING_DAY_PRIORITIES


@lru_cache(CACHED_YEARS)
def _public_holidays(alpha2: str | None, year: int) -> frozenset[date]:
    """Return a country's public holidays of a year; empty if unknown."""
    if alpha2 is None or alpha2 not in holidays.list_supported_countries(include_aliases=False):
        return frozenset()
    return frozenset(holidays.country_holidays(alpha2, years=year))
