"""Which day it is: a date belongs to a place, and zones belong to agencies.

Where no agency is registered that has a zone, it is the day of UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, literal

from salsa_ext.db import ask, once
from salsa_ext.values.actor import Actor
from salsa_ext.values.zones import UTC, date_in

_ZONES = ("SELECT DISTINCT ON (owner_state) owner_state, time_zone FROM agency"
          " WHERE owner_state IS NOT NULL ORDER BY owner_state, kind <> 'licensing', code")  # fmt: skip
_ZONE = (
    "SELECT time_zone FROM agency WHERE code = %(agency)s OR owner_state = %(state)s"
    " ORDER BY code IS NOT DISTINCT FROM %(agency)s DESC, kind <> 'licensing', code LIMIT 1"
)


@dataclass(frozen=True)
class Days:
    """The day that it is at one moment, state by state."""

    at: datetime
    zones: Mapping[str, str]

    def of(self, state: str) -> date:
        """Return the day in a state."""
        return date_in(self.at, self.zone(state))

    def zone(self, state: str) -> str:
        """Return the IANA zone of a state's days."""
        return self.zones.get(state, UTC)

    def on(self, state: str, moment: datetime) -> date:
        """Return the day that another moment is on in a state."""
        return date_in(moment, self.zones.get(state, UTC))

    def start(self, state: str, day: date) -> datetime:
        """Return the moment at which a day begins in a state."""
        return datetime.combine(day, time.min, ZoneInfo(self.zones.get(state, UTC)))

    def column(self, state: Any) -> ColumnElement[date]:
        """Return the day in the state that a column names."""
        other = literal(date_in(self.at, UTC))
        if not self.zones:
            return other
        return case({code: self.of(code) for code in self.zones}, value=state, else_=other)


def today(actor: Actor) -> date:
    """Return the day at the actor's agency, else in its state."""
    return date_in(actor.now(), zone_of(actor))


def zone_of(actor: Actor) -> str:
    """Return the zone of the actor's agency, else of its state, by its IANA name."""
    return _zone(actor.state, actor.agency)


def state_zone(state: str) -> str:
    """Return the IANA zone of a state's days, as `Days.zone`, where no other state's is wanted."""
    return _zone(state, None)


def _zone(state: str | None, agency: str | None) -> str:
    asked = {"state": state, "agency": agency}
    row = once((_ZONE, state, agency), lambda: ask(_ZONE, asked).fetchone())
    return row[0] if row else UTC


def days(actor: Actor) -> Days:
    """Return the day of each state: that of its licensing agency, or of the first that it has."""
    return Days(actor.now(), dict(ask(_ZONES).fetchall()))
