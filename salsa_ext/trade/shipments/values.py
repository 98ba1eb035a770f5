"""Input of commands on shipments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records.values import Party


@dataclass(frozen=True)
class BulkGoods:
    """Goods without serial numbers: a quantity of one permit line.

    `lot` is set where all of it is of one lot.
    """

    line: int
    quantity: Decimal
    lot: str | None = None


@dataclass(frozen=True)
class ExpectedStageData:
    """Expected time of a stage.

    `at` is a timezone-aware time in ISO 8601.
    """

    stage: str
    at: str
    post: str | None = None


@dataclass(frozen=True)
class ShipmentData:
    """The export attachment (Model Regulations 2.2.2): goods, dates and route.

    `items` is a tuple, or a Manifest for items read from a file.
    """

    number: str
    ships_on: date
    mode: str
    items: Collection[Firearm] = ()
    bulk: tuple[BulkGoods, ...] = ()
    port_of_exit: str | None = None
    port_of_entry: str | None = None
    route: tuple[str, ...] = ()
    expected: tuple[ExpectedStageData, ...] = ()
    carrier: Party | None = None
    seals: tuple[str, ...] = ()
    transport: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ReleaseData:
    """A release: its day (default today) and a note."""

    on: date | None = None
    note: str | None = None


@dataclass(frozen=True)
class IncidentData:
    """An irregularity (Model Regulations 9.10) at a timezone-aware time.

    `new_expected_at` is the new expected time of the next stage. `is_total`, for a theft or other
    loss: nothing of the shipment is left.
    """

    kind: str
    occurred_at: datetime
    note: str
    new_expected_at: datetime | None = None
    is_total: bool = False


@dataclass(frozen=True)
class CheckpointData:
    """A stage passed, held or refused at a timezone-aware time.

    `reason` explains why it was not passed. A pass over another state's hold or refusal needs
    `confirm_held`. `expected_version` is what the officer saw, 0 for none. If it is given,
    a pass must confirm what the own state stopped since (`confirm_held_since`), entry without a
    release (`confirm_unreleased`) and differences from the papers (`confirm_differs`).
    """

    stage: str
    occurred_at: datetime
    outcome: str
    post: str | None = None
    quantity: int | None = None
    seals: tuple[str, ...] = ()
    reason: str | None = None
    confirm_held: bool = False
    expected_version: int | None = None
    confirm_held_since: bool = False
    confirm_unreleased: bool = False
    confirm_differs: bool = False
