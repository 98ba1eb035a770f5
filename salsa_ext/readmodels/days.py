"""Which day it is: a date belongs to a place, and zones belong to agencies.

Where no agency is registered that has a zone, it is the day of UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, literal, select
from sqlalchemy.dialects.postgresql import distinct_on

from salsa_ext.db import db
from salsa_ext.models import Agency
from salsa_ext.values.actor import Actor
from salsa_ext.values.zones import UTC, date_in


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
    own = select(Agency.time_zone).where(Agency.code == actor.agency)
    zone = db.session.scalar(own) if actor.agency else None
    return zone or days(actor).zones.get(actor.state or "", UTC)


def days(actor: Actor) -> Days:
    """Return the day of each state: that of its licensing agency, or of the first that it has."""
    first = (Agency.owner_state, Agency.kind != "licensing", Agency.code)
    rows = select(Agency.owner_state, Agency.time_zone).where(Agency.owner_state.is_not(None))
    found = db.session.execute(rows.ext(distinct_on(Agency.owner_state)).order_by(*first))
    return Days(actor.now(), {state: zone for state, zone in found if state})
