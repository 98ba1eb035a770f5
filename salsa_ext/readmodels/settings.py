"""Settings of states: a state's own as its officers see them, and all as the service goes by them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import select

from salsa_ext.db import ask, db
from salsa_ext.models import StateSetting
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.values.actor import Actor
from salsa_ext.values.settings import Settings

_NAMES: Final = tuple(field.name for field in fields(Settings))
_OF: Final = (
    f"SELECT owner_state, {', '.join(_NAMES)} FROM state_setting"  # noqa: S608 - columns of ours
    " WHERE owner_state = ANY(%s::char(3)[])"
)

_STANDING: Final = f"SELECT version, {', '.join(_NAMES)} FROM state_setting WHERE owner_state = %s"  # noqa: S608 - columns of ours


@dataclass(frozen=True)
class SettingsView:
    """Settings of one state; `version` is 0 while it set nothing.

    `agreed` are the states that name this one too, and from which it takes electronic copies.
    """

    state: str
    version: int
    settings: Settings
    agreed: tuple[str, ...]


def read(actor: Actor) -> SettingsView:
    """Return the settings of your state, those that it left alone as they are by default."""
    require(actor, Permission.SETTING_READ)
    return standing(actor.own_state())


def standing(state: str) -> SettingsView:
    """Return the settings of a state as they stand, for a command and for what follows it."""
    own = ask(_STANDING, (state,)).fetchone()
    version, settings = (own[0], _settings(own[1:])) if own else (0, Settings())
    return SettingsView(state, version, settings, _agreed(state, settings))


def _agreed(state: str, settings: Settings) -> tuple[str, ...]:
    """Return those of the states it takes electronic copies from that take its own too."""
    if not settings.electronic_copies_with:
        return ()
    answering = select(StateSetting.owner_state).where(
        StateSetting.owner_state.in_(settings.electronic_copies_with),
        StateSetting.electronic_copies_with.contains([state]),
    )
    return tuple(db.session.scalars(answering.order_by(StateSetting.owner_state)))


def of(states: Iterable[str]) -> dict[str, Settings]:
    """Return the settings of each state, in one query; the defaults for one that set nothing."""
    wanted = set(states)
    made = {state: _settings(kept) for state, *kept in ask(_OF, (sorted(wanted),))}
    return {state: made.get(state, Settings()) for state in wanted}


def have_agreed(first: str, second: str) -> bool:
    """Tell whether two states agreed on electronic copies: each names the other (8.4)."""
    settings = of((first, second))
    return (
        second in settings[first].electronic_copies_with
        and first in settings[second].electronic_copies_with
    )


def _settings(kept: Iterable[Any]) -> Settings:
    values: list[Any] = [tuple(value) if isinstance(value, list) else value for value in kept]
    return Settings(*values)
