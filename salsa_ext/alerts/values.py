"""Input of alerts and of answers to hits."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from salsa_ext.firearms.marks.values import Firearm


@dataclass(frozen=True)
class AlertData:
    """An alert on a gun, described by `firearm` or an own `record`.

    `visible_to` names the states that may see it; None means all. A second alert on the same serial
    in one case needs `confirm_second`.
    """

    action: str
    reason: str
    case_number: str
    expires_on: date
    priority: str = "routine"
    reason_text: str | None = None
    firearm: Firearm | None = None
    record: UUID | None = None
    visible_to: tuple[str, ...] | None = None
    confirm_second: bool = False


@dataclass(frozen=True)
class HitAnswerData:
    """The answer of an alert's state to a hit. `hours` is the additional time that the answer needs."""

    note: str | None = None
    hours: int = 0


SILENT_ACTION: Final = "let_pass_and_inform"
