"""Settings of a state: defaults, limits and changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

MAX_COUNTERPART_DAYS: Final = 366
MAX_OVERDUE_HOURS: Final = 720
MAX_TERMS: Final = {
    "flash_minutes": 60,
    "urgent_hours": 24,
    "priority_days": 14,
    "routine_days": 30,
}
"""Longest response term by priority; the shortest is one unit."""
MAX_DATES: Final = 200
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
    ENOUGH_APPROVERS approvers also `partner`, a person of the state `trace_approver`, or `alone`,
    without approval, which trace and report mention.
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


WORKING_DAY_PRIORITIES: Final = ("priority", "routine")
"""Priorities with terms in working days; the others run always."""
