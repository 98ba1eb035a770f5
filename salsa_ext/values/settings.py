"""What a state may set for itself, and what holds until it does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

LONGEST_DAYS: Final = 366
LONGEST_HOURS: Final = 720
LONGEST_TERMS: Final = {
    "flash_minutes": 60, "urgent_hours": 24, "priority_days": 14, "routine_days": 30,
}  # fmt: skip
"""The longest target that a state may set for each priority; the shortest is one of its unit."""
MOST_DATES: Final = 200
THREE: Final = 3
"""Persons who may approve, from which on a state needs nobody else's."""


@dataclass(frozen=True)
class Settings:
    """Settings of one state; the defaults hold for a state that set nothing.

    `counterpart_days` after which a missing counterpart of a permit becomes a discrepancy;
    `overdue_hours` of grace after an expected time; `electronic_copies_with` names the states with
    which electronic copies of documents are agreed, as this state says (Model Regulations 8.4);
    `answers_automatically` lets the service answer other states' traces from `open` records.

    An answer is owed within the target of its priority: `flash_minutes` and `urgent_hours` round
    the clock, `priority_days` and `routine_days` in working days. These are the `weekdays` (ISO
    8601, Monday is 1) but public holidays; `closed_on` are further days on which the state's
    offices rest, `open_on` days on which they work all the same.

    `trace_approval` says whether a second person approves a trace before it is sent: `none`, `own`, and
    while fewer than THREE persons of the state may approve also `alone`, nobody, which the trace and
    its report say.
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
        """Return within how much of its own time the state answers, by priority."""
        return {
            "flash": timedelta(minutes=self.flash_minutes),
            "urgent": timedelta(hours=self.urgent_hours),
            "priority": timedelta(days=self.priority_days),
            "routine": timedelta(days=self.routine_days),
        }[priority]


@dataclass(frozen=True)
class SettingsChange:
    """What to set anew; what is None stays as it is."""

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
