"""Local days, time zones and working calendars of states.

Dates are local to the agency's zone; without a registered agency they are in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
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
from salsa_ext.reference.working_time import Calendar

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
