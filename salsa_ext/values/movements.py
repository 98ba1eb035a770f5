"""What authorities decide about a shipment under way, and what they tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class ReleaseData:
    """A release: the day of it (today where it is left out), and a note."""

    on: date | None = None
    note: str | None = None


@dataclass(frozen=True)
class IncidentData:
    """An irregularity (Model Regulations 9.10) at an aware moment.

    `new_expected_at` is when the next stage is expected now. `is_total`, of a theft or any other
    loss, says that nothing of the shipment is left.
    """

    kind: str
    occurred_at: datetime
    note: str
    new_expected_at: datetime | None = None
    is_total: bool = False


@dataclass(frozen=True)
class CheckpointData:
    """A stage passed, held or refused at an aware moment; `reason` says why it was not passed.

    What another state holds, or refused, is ticked as passed only with `confirm_held`. `seen` is the
    version of the shipment that whoever ticks saw, 0 for none. Where it is given, he is asked before
    a pass of what his own state stopped since, of what entered unreleased, and of what does not agree
    with the papers; the other confirmations answer that.
    """

    stage: str
    occurred_at: datetime
    outcome: str
    post: str | None = None
    quantity: int | None = None
    seals: tuple[str, ...] = ()
    reason: str | None = None
    confirm_held: bool = False
    seen: int | None = None
    confirm_held_since: bool = False
    confirm_unreleased: bool = False
    confirm_differs: bool = False
