"""What an alert says, and what is answered to a hit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from salsa_ext.values.firearms import Firearm


@dataclass(frozen=True)
class AlertData:
    """What to do when a gun is met: either `firearm`, or that of an own `record`.

    `visible_to` names the states to which it shows, all where it is None. A second alert on one serial
    in a case is taken only with `confirm_second`.
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
class Answering:
    """What the state of an alert answers to a hit; `hours` more where it needs them."""

    note: str | None = None
    hours: int = 0
