"""The working days of a state: its settings, its zone, and the public holidays of its law."""

from __future__ import annotations

from datetime import date
from functools import lru_cache, partial
from typing import Final

import holidays

from salsa_ext.matching.calendars import Calendar
from salsa_ext.matching.requests import IN_WORKING_DAYS
from salsa_ext.readmodels import names, settings
from salsa_ext.readmodels.days import state_zone
from salsa_ext.values.actor import Actor
from salsa_ext.values.settings import Settings

KEPT_YEARS: Final = 500


def of(actor: Actor, own: Settings | None = None) -> Calendar:
    """Return the calendar of the actor's own state as it stands; `own` are its settings, if at hand."""
    state = actor.own_state()
    return of_state(state, own or settings.of([state])[state])


def of_state(state: str, made: Settings) -> Calendar:
    """Return the calendar of a state by the settings that it made."""
    return Calendar(
        state_zone(state), frozenset(made.weekdays), partial(_public, names.alpha2(state)),
        frozenset(made.closed_on), frozenset(made.open_on),
    )  # fmt: skip


def for_priority(actor: Actor, priority: str, own: Settings | None = None) -> Calendar | None:
    """Return by which days the own state's terms of a priority count; None is round the clock."""
    return of(actor, own) if counts_days(priority) else None


def counts_days(priority: str) -> bool:
    """Tell whether terms of a priority count working days."""
    return priority in IN_WORKING_DAYS


@lru_cache(KEPT_YEARS)
def _public(alpha2: str | None, year: int) -> frozenset[date]:
    """Return the public holidays of a whole country in a year; none where the library has none."""
    if alpha2 is None or alpha2 not in holidays.list_supported_countries(include_aliases=False):
        return frozenset()
    return frozenset(holidays.country_holidays(alpha2, years=year))
