"""Settings of states, for their officers and for the service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db, execute_raw
from salsa_ext.reference.models import StateSetting
from salsa_ext.reference.values import Settings

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
