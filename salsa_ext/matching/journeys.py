"""What states told of one shipment: the facts from which its status and doubts follow; pure.

Every moment is aware. Facts come in any order; what follows from them goes by their moments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

CONTRADICTS: Final = "contradicts_permit"
"""The event of a shipment whose manifest contradicts its permit, and why its paper is invalid."""
UNKNOWN: Final = datetime.min.replace(tzinfo=UTC)
"""When a fact was recorded of which that is not known."""
STAGE_ORDER: Final = {"exit": 0, "transit_in": 1, "transit_out": 2, "entry": 3}


def counted(at: datetime, recorded_at: datetime) -> datetime:
    """Return the moment that counts of what was told to happen at one: nothing is told before it happens.

    A device's clock may be fast; what is decided after its tick still comes after it.
    """
    return min(at, recorded_at)


@dataclass(frozen=True)
class Step:
    """A stage as it is expected: at which post, where one is named, and when."""

    stage: str
    at: datetime
    post: str | None = None


@dataclass(frozen=True)
class Tick:
    """A stage as a state ticked it: `passed`, `held` or `refused`, and why.

    `seals` where they were read, `pieces` where somebody counted.
    """

    stage: str
    state: str
    at: datetime
    outcome: str = "passed"
    post: str | None = None
    seals: frozenset[str] = frozenset()
    pieces: int | None = None
    reason: str | None = None
    recorded_at: datetime = UNKNOWN

    @property
    def is_passed(self) -> bool:
        """Tell whether the goods went on."""
        return self.outcome == "passed"


@dataclass(frozen=True)
class Stop:
    """A state that had the goods held them, or let them go on again."""

    at: datetime
    is_hold: bool
    state: str = ""
    reason: str | None = None
    recorded_at: datetime = UNKNOWN


@dataclass(frozen=True)
class Incident:
    """What a state told of the way; `is_total` says that nothing is left of the shipment."""

    kind: str
    at: datetime
    new_expected_at: datetime | None = None
    is_total: bool = False
    state: str = ""
    note: str | None = None
    recorded_at: datetime = UNKNOWN


@dataclass(frozen=True)
class Plan:
    """The way and the seals as they stood from a moment on (None: from the beginning)."""

    since: datetime | None
    posts: frozenset[str] = frozenset()
    seals: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Received:
    """What a state received: serials that were missing by line, pairs that differ, goods by line.

    `differences` are of goods without serials, above zero where more came than was sent.
    """

    on: date
    missing: tuple[tuple[int, str | None], ...] = ()
    miskeyed: tuple[tuple[int, str, str], ...] = ()
    unexpected: tuple[str, ...] = ()
    differences: Mapping[int, str] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """Return received, received_short or received_over; short where both."""
        if self.missing or any(amount.startswith("-") for amount in self.differences.values()):
            return "received_short"
        return "received_over" if self.unexpected or self.differences else "received"


@dataclass(frozen=True)
class Again:
    """Guns of a line that an earlier shipment holds too: how many, and the first of their serials.

    `shipments` numbers the earlier ones that every state concerned knows of.
    """

    line: int
    guns: int
    serials: tuple[str, ...] = ()
    shipments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unlicensed:
    """A document that a state owed and that did not stand: `why` says that it is missing, say."""

    state: str
    kind: str
    why: str


@dataclass(frozen=True)
class Facts:
    """All that is known of one shipment.

    `contradictions` say by line and field what its manifest and its permit say (`line`, `field`,
    `ours`, `theirs`, `count`, `serials`). `pieces` are the counts that fit its papers, the first of
    them that of the firearms, else of all.
    """

    exporting: str
    importing: str
    transit: tuple[str, ...]
    last_day: date
    expected: tuple[Step, ...] = ()
    expected_since: datetime | None = None
    plans: tuple[Plan, ...] = ()
    ticks: tuple[Tick, ...] = ()
    stops: tuple[Stop, ...] = ()
    incidents: tuple[Incident, ...] = ()
    is_released: bool = False
    is_cancelled: bool = False
    arrival: Received | None = None
    comeback: Received | None = None
    entered_on: date | None = None
    unlicensed: tuple[Unlicensed, ...] = ()
    cancelled_on_the_way: tuple[Unlicensed, ...] = ()
    again: tuple[Again, ...] = ()
    contradictions: tuple[Mapping[str, Any], ...] = ()
    pieces: tuple[Decimal, ...] = ()

    @property
    def passed(self) -> tuple[Tick, ...]:
        """Return the ticks of stages that the goods passed."""
        return tuple(tick for tick in self.ticks if tick.is_passed)

    @property
    def has_left(self) -> bool:
        """Tell whether the goods passed any stage: what entered somewhere has left."""
        return bool(self.passed)

    @property
    def has_entered(self) -> bool:
        """Tell whether the goods entered the importing state."""
        return any(tick.stage == "entry" for tick in self.passed)

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more is to come of it."""
        return self.is_cancelled or self.comeback is not None or self.arrival is not None
