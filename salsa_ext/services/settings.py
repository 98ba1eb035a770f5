"""Settings of the own state, changed by its administrator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db
from salsa_ext.errors import StaleVersion, say
from salsa_ext.models import StateSetting
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.approvals import count_approvers
from salsa_ext.readmodels.states import participants
from salsa_ext.services.fields import Problems
from salsa_ext.values.actor import Actor
from salsa_ext.values.settings import (
    LONGEST_DAYS,
    LONGEST_HOURS,
    LONGEST_TERMS,
    MOST_DATES,
    THREE,
    Settings,
    SettingsChange,
)


def change(*, actor: Actor, data: SettingsChange, seen: int | None) -> None:
    """Set anew what `data` gives, and leave the rest; raises Invalid, or StaleVersion.

    What stands so already is no change, and makes no version. `seen` is the version that the
    caller read, 0 where nothing was set; None compares nothing.
    """
    require(actor, Permission.SETTING_MANAGE)
    state = actor.own_state()
    _check(actor, data, state)
    row = _take(actor, state)
    if seen is not None and seen != row.version:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    if not (changes := _changes(data, row)):
        return
    for name, value in changes.items():
        setattr(row, name, value)
    row.version, row.changed_at = row.version + 1, actor.now()
    db.session.flush()  # what follows reads it by SQL
    append(actor, Act(Action.SETTING_CHANGED, "setting", state, data=_written(changes)))


def _changes(data: SettingsChange, row: StateSetting) -> dict[str, Any]:
    """Return what is given and differs from what stands."""
    given = {name: value for name, value in asdict(data).items() if value is not None}
    given |= {name: sorted(value) for name, value in given.items() if isinstance(value, tuple)}
    return {name: value for name, value in given.items() if value != getattr(row, name)}


def _written(changes: dict[str, Any]) -> dict[str, Any]:
    """Return changes as JSON keeps them: days as text."""
    return {
        name: [str(one) if isinstance(one, date) else one for one in value]
        if isinstance(value, list) else value
        for name, value in changes.items()
    }  # fmt: skip


def _take(actor: Actor, state: str) -> StateSetting:
    """Return the row of the state, locked; of two first changes at once, one waits for the other."""
    defaults = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(Settings()).items()
    }
    first = insert(StateSetting).values(
        owner_state=state, version=0, changed_at=actor.now(), **defaults
    )
    db.session.execute(first.on_conflict_do_nothing())
    return db.session.get_one(StateSetting, state, populate_existing=True, with_for_update=True)


def _check(actor: Actor, data: SettingsChange, state: str) -> None:
    problems = Problems()
    _check_range(problems, "counterpart_days", data.counterpart_days, 1, LONGEST_DAYS)
    _check_range(problems, "overdue_hours", data.overdue_hours, 0, LONGEST_HOURS)
    for name, longest in LONGEST_TERMS.items():
        _check_range(problems, name, getattr(data, name), 1, longest)
    _check_week(problems, data.weekdays)
    for name in ("closed_on", "open_on"):
        _check_dates(problems, name, getattr(data, name))
    if data.electronic_copies_with:
        _check_partners(problems, data.electronic_copies_with, state)
    _check_approval(problems, data)
    problems.raise_any()


def _check_approval(problems: Problems, data: SettingsChange) -> None:
    """Only a state with too few persons of its own may do without a second one."""
    if data.trace_approval == "alone" and count_approvers() >= THREE:
        problems.add("trace_approval", say("Your state has {count} persons or more who may approve: let one of"
                                           " them do it.", count=THREE))  # fmt: skip


def _check_week(problems: Problems, weekdays: Sequence[int] | None) -> None:
    """Some day of the week is worked, or no answer would ever be owed."""
    if weekdays is None:
        return
    if not weekdays:
        problems.add("weekdays", say("Give at least one day of the week: 1 is Monday, 7 Sunday."))
    for index, day in enumerate(weekdays):
        _check_range(problems, f"weekdays.{index}", day, 1, 7)
        _check_once(problems, f"weekdays.{index}", day, weekdays[:index])


def _check_dates(problems: Problems, path: str, dates: Sequence[date] | None) -> None:
    if dates and len(dates) > MOST_DATES:
        problems.add(path, say("At most {count} dates.", count=MOST_DATES))
        return
    for index, day in enumerate(dates or ()):
        _check_once(problems, f"{path}.{index}", day, dates[:index] if dates else ())


def _check_once(problems: Problems, path: str, value: object, before: Sequence[object]) -> None:
    if value in before:
        problems.add(path, say("{value} appears twice.", value=str(value)))


def _check_range(problems: Problems, path: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        problems.add(path, say("From {least} to {most}.", least=least, most=most))


def _check_partners(problems: Problems, partners: Sequence[str], state: str) -> None:
    """Copies are agreed with another state that takes part, each named once."""
    for index, partner in enumerate(partners):
        path = f"electronic_copies_with.{index}"
        if _check_partner(problems, path, partner, state) and partner in partners[:index]:
            problems.add(path, say("{state} appears twice.", state=partner))


def _check_partner(problems: Problems, path: str, partner: str, state: str) -> bool:
    """Tell whether a state is another one that takes part."""
    known = participants()
    if partner == state:
        problems.add(path, say("Another state is needed here; this is your own."))
    elif partner not in known:
        problems.add(path, say("{state} is not a participating state. These are: {states}.",
                               state=partner, states=", ".join(known)))  # fmt: skip
    return partner != state and partner in known
