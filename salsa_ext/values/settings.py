"""What a state may set for itself, and what holds until it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LONGEST_DAYS: Final = 366
LONGEST_HOURS: Final = 720


@dataclass(frozen=True)
class Settings:
    """Settings of one state; the defaults hold for a state that set nothing.

    `counterpart_days` after which a missing counterpart of a permit becomes a discrepancy;
    `overdue_hours` of grace after an expected time; `electronic_copies_with` names the states with
    which electronic copies of documents are agreed, as this state says (Model Regulations 8.4);
    `answers_automatically` lets the service answer other states' traces from `open` records.
    """

    counterpart_days: int = 30
    overdue_hours: int = 24
    electronic_copies_with: tuple[str, ...] = ()
    answers_automatically: bool = True


@dataclass(frozen=True)
class SettingsChange:
    """What to set anew; what is None stays as it is."""

    counterpart_days: int | None = None
    overdue_hours: int | None = None
    electronic_copies_with: tuple[str, ...] | None = None
    answers_automatically: bool | None = None
