"""Changing the settings of the own state."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.core.field_checks import Problems
from salsa_ext.database.locks import check_version
from salsa_ext.database.session import db
from salsa_ext.reference.models import StateSetting
from salsa_ext.reference.names import participants
from salsa_ext.reference.state_settings import (
    ENOUGH_APPROVERS,
    LOOKUP_PERCENTS,
    MAX_COUNTERPART_DAYS,
    MAX_DATES,
    MAX_EQUIVALENT_YEARS,
    MAX_OVERDUE_HOURS,
    MAX_TERMS,
    Settings,
    SettingsChange,
)
from salsa_ext.tracing.traces.approvals import count_approvers


def change_settings(*, actor: Actor, data: SettingsChange, expected_version: int | None) -> None:
    """Change the given settings; raises Invalid or StaleVersion.

    Equal values make no new version. `expected_version` is the version read by the caller, 0 for
    defaults; None skips the check.
    """
    require(actor, Permission.SETTING_MANAGE)
    state = actor.own_state()
    _check_settings(actor, data, state)
    row = _lock_settings(actor, state)
    check_version(row.version, expected_version)
    if not (changes := _changes(data, row)):
        return
    for name, value in changes.items():
        setattr(row, name, value)
    row.version, row.changed_at = row.version + 1, actor.now()
    db.session.flush()  # what follows reads it by SQL
    append(actor, AuditEvent(Action.SETTING_CHANGED, "setting", state, data=_to_json(changes)))


def _changes(data: SettingsChange, row: StateSetting) -> dict[str, Any]:
    """Return the given values that differ."""
    given = {name: value for name, value in asdict(data).items() if value is not None}
    given |= {name: sorted(value) for name, value in given.items() if isinstance(value, tuple)}
    return {name: value for name, value in given.items() if value != getattr(row, name)}


def _to_json(changes: dict[str, Any]) -> dict[str, Any]:
    """Return the changes with dates as text."""
    return {
        name: [str(item) if isinstance(item, date) else item for item in value]
        if isinstance(value, list)
        else value
        for name, value in changes.items()
    }


def _lock_settings(actor: Actor, state: str) -> StateSetting:
    """Return the state's row, locked; created first if missing."""
    defaults = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(Settings()).items()
    }
    first = insert(StateSetting).values(
        owner_state=state, version=0, changed_at=actor.now(), **defaults
    )
    db.session.execute(first.on_conflict_do_nothing())
    return db.session.get_one(StateSetting, state, populate_existing=True, with_for_update=True)


def _check_settings(actor: Actor, data: SettingsChange, state: str) -> None:
    problems = Problems()
    ranges = {
        "counterpart_days": (1, MAX_COUNTERPART_DAYS),
        "overdue_hours": (0, MAX_OVERDUE_HOURS),
        "lookup_percent": LOOKUP_PERCENTS,
        "equivalent_years": (1, MAX_EQUIVALENT_YEARS),
    } | {name: (1, longest) for name, longest in MAX_TERMS.items()}
    for name, (least, most) in ranges.items():
        _check_range(problems, name, getattr(data, name), least, most)
    if data.weekdays == ():
        problems.add(
            "weekdays", message("Give at least one day of the week: 1 is Monday, 7 Sunday.")
        )
    for index, day in enumerate(data.weekdays or ()):
        _check_range(problems, f"weekdays.{index}", day, 1, 7)
    for name in ("closed_on", "open_on"):
        if len(getattr(data, name) or ()) > MAX_DATES:
            problems.add(name, message("At most {count} dates.", count=MAX_DATES))
    for name in ("weekdays", "closed_on", "open_on"):
        values = (getattr(data, name) or ())[:MAX_DATES]
        for index, value in enumerate(values):
            if value in values[:index]:
                problems.add(f"{name}.{index}", message("{value} appears twice.", value=str(value)))
    _check_partners(problems, data.electronic_copies_with or (), state)
    if data.trace_approval == "alone" and count_approvers() >= ENOUGH_APPROVERS:
        problems.add(
            "trace_approval",
            message(
                "Your state has {count} persons or more who may approve: let one of them do it.",
                count=ENOUGH_APPROVERS,
            ),
        )
    problems.raise_any()


def _check_range(problems: Problems, path: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        problems.add(path, message("From {least} to {most}.", least=least, most=most))


def _check_partners(problems: Problems, partners: Sequence[str], state: str) -> None:
    """Check that partners are other participants, each listed once."""
    participating = participants() if partners else []
    for index, partner in enumerate(partners):
        if partner == state:
            problem = message("Another state is needed here; this is your own.")
        elif partner not in participating:
            problem = message(
                "{state} is not a participating state. These are: {states}.",
                state=partner,
                states=", ".join(participating),
            )
        elif partner in partners[:index]:
            problem = message("{state} appears twice.", state=partner)
        else:
            continue
        problems.add(f"electronic_copies_with.{index}", problem)
