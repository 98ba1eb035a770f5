"""Settings of a state: defaults, limits and changes."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db, execute_raw
from salsa_ext.reference.models import StateSetting

MAX_COUNTERPART_DAYS: Final = 366
MAX_OVERDUE_HOURS: Final = 720
MAX_EQUIVALENT_YEARS: Final = 10
MAX_TERMS: Final = {
    "flash_minutes": 60,
    "urgent_hours": 24,
    "priority_days": 14,
    "routine_days": 30,
}
"""Longest response term by priority; the shortest is one unit."""
MAX_DATES: Final = 200
MAX_NAME: Final = 80
LOOKUP_PERCENTS: Final = (10, 10_000)
ENOUGH_APPROVERS: Final = 3
"""Number of approvers from which a state must approve its own traces."""


@dataclass(frozen=True)
class Settings:
    """Settings of one state, with the defaults.

    `counterpart_days` before a missing counterpart of a permit becomes a discrepancy;
    `overdue_hours` of grace after an expected time; `electronic_copies_with` the states accepted
    for electronic copies of documents (Model Regulations 8.4); `answers_automatically` allows
    automatic answers to other states from `open` records.

    Response terms by priority: `flash_minutes` and `urgent_hours` run always, `priority_days` and
    `routine_days` count working days. These are the `weekdays` (ISO 8601, Monday is 1) except
    public holidays and `closed_on`, plus `open_on`.

    `trace_approval` is the approver of a trace before sending: `none`; `own`; and with fewer than
    ENOUGH_APPROVERS approvers also `alone`, without approval, which trace and report mention.

    `equivalent_years` is the longest validity of documents equivalent to a certificate; those of
    certificates is one year (Model Regulations 8.1). `published_roles`: whose licences the law of the
    state lets it publish to other states (CIFTA XIII.1.a).

    `yearly_totals` allows the secretariat to read its uncut figures of ended years.
    `second_person` are the acts that need one, of SECOND_PERSON_ACTS.

    `authority_name` is the title of every page, empty for the name of the reader's agency.
    `lookup_percent` of the default budgets of look-ups (`lookups.budgets`).
    """

    counterpart_days: int = 30
    overdue_hours: int = 24
    electronic_copies_with: tuple[str, ...] = ()
    answers_automatically: bool = True
    flash_minutes: int = 10
    urgent_hours: int = 8
    priority_days: int = 3
    routine_days: int = 7
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    closed_on: tuple[date, ...] = ()
    open_on: tuple[date, ...] = ()
    trace_approval: str = "none"
    authority_name: str = ""
    lookup_percent: int = 100
    equivalent_years: int = 4
    published_roles: tuple[str, ...] = ()
    yearly_totals: bool = True
    second_person: tuple[str, ...] = ()

    def target(self, priority: str) -> timedelta:
        """Return the response term of a priority, in the state's own time."""
        return {
            "flash": timedelta(minutes=self.flash_minutes),
            "urgent": timedelta(hours=self.urgent_hours),
            "priority": timedelta(days=self.priority_days),
            "routine": timedelta(days=self.routine_days),
        }[priority]


@dataclass(frozen=True)
class SettingsChange:
    """Settings to change; None leaves a value unchanged."""

    counterpart_days: int | None = None
    overdue_hours: int | None = None
    electronic_copies_with: tuple[str, ...] | None = None
    answers_automatically: bool | None = None
    flash_minutes: int | None = None
    urgent_hours: int | None = None
    priority_days: int | None = None
    routine_days: int | None = None
    weekdays: tuple[int, ...] | None = None
    closed_on: tuple[date, ...] | None = None
    open_on: tuple[date, ...] | None = None
    trace_approval: str | None = None
    authority_name: str | None = None
    lookup_percent: int | None = None
    equivalent_years: int | None = None
    published_roles: tuple[str, ...] | None = None
    yearly_totals: bool | None = None
    second_person: tuple[str, ...] | None = None


WORKING_DAY_PRIORITIES: Final = ("priority", "routine")
"""Priorities with terms in working days; the others run always."""

_COLUMNS: Final = tuple(field.name for field in fields(Settings))
_SELECT_STATES: Final = (
    f"SELECT owner_state, {', '.join(_COLUMNS)} FROM state_setting"  # noqa: S608 - columns of ours
    " WHERE owner_state = ANY(%s::char(3)[])"
)

_SELECT_STATE: Final = (
    f"SELECT version, {', '.join(_COLUMNS)} FROM state_setting WHERE owner_state = %s"  # noqa: S608 - columns of ours
)


@dataclass(frozen=True)
class SettingsView:
    """Settings of one state; `version` 0 means defaults.

    `agreed` are the states with mutual agreement on electronic copies.
    """

    state: str
    version: int
    settings: Settings
    agreed: tuple[str, ...]


def get_settings(actor: Actor) -> SettingsView:
    """Return the settings of the actor's state."""
    require(actor, Permission.SETTING_READ)
    return load_settings(actor.own_state())


def load_settings(state: str) -> SettingsView:
    """Return a state's settings; checks no permission."""
    own = execute_raw(_SELECT_STATE, (state,)).fetchone()
    version, settings = (own[0], _from_row(own[1:])) if own else (0, Settings())
    return SettingsView(state, version, settings, _agreed_states(state, settings))


def needs_second_person(actor: Actor, act: str) -> bool:
    """Return whether the setting of the actor's state requires a second person for an act."""
    return actor.state is not None and act in load_settings(actor.state).settings.second_person


def _agreed_states(state: str, settings: Settings) -> tuple[str, ...]:
    """Return states with mutual agreement on electronic copies."""
    if not settings.electronic_copies_with:
        return ()
    answering = select(StateSetting.owner_state).where(
        StateSetting.owner_state.in_(settings.electronic_copies_with),
        StateSetting.electronic_copies_with.contains([state]),
    )
    return tuple(db.session.scalars(answering.order_by(StateSetting.owner_state)))


def settings_by_state(states: Iterable[str]) -> dict[str, Settings]:
    """Return the settings of several states in one query."""
    codes = set(states)
    settings = {
        state: _from_row(values) for state, *values in execute_raw(_SELECT_STATES, (sorted(codes),))
    }
    return {state: settings.get(state, Settings()) for state in codes}


def accept_electronic_copies(first: str, second: str) -> bool:
    """True if both states accept each other's electronic copies (Model Regulations 8.4)."""
    settings = settings_by_state((first, second))
    return (
        second in settings[first].electronic_copies_with
        and first in settings[second].electronic_copies_with
    )


def _from_row(columns: Iterable[Any]) -> Settings:
    values: list[Any] = [tuple(value) if isinstance(value, list) else value for value in columns]
    return Settings(*values)
