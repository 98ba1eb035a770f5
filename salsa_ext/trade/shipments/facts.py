"""Facts of a shipment, in any order, evaluated by their aware times."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from salsa_ext.trade.permits.values import MissingLicence


class PieceCount(NamedTuple):
    """Number of serialised items, and quantity of the other goods."""

    serialised: int
    unserialised: Decimal

    @property
    def matching_counts(self) -> tuple[Decimal, ...]:
        """Return the counts that match: serialised items, and everything."""
        counts = (Decimal(self.serialised), self.serialised + self.unserialised)
        return tuple(dict.fromkeys(count for count in counts if count))


CONTRADICTS_PERMIT: Final = "contradicts_permit"
"""The event of a shipment whose manifest contradicts its permit, and why its paper is invalid."""
UNKNOWN_TIME: Final = datetime.min.replace(tzinfo=UTC)
"""When a fact was recorded of which that is not known."""
STAGE_ORDER: Final = {"exit": 0, "transit_in": 1, "transit_out": 2, "entry": 3}


@dataclass(frozen=True)
class ExpectedStage:
    """A stage with its expected time and, if given, its post."""

    stage: str
    at: datetime
    post: str | None = None


@dataclass(frozen=True)
class CheckpointFact:
    """A stage ticked by a state: passed, held or refused. `seals` are set if read, `pieces` if counted."""

    stage: str
    state: str
    at: datetime
    outcome: str = "passed"
    post: str | None = None
    seals: frozenset[str] = frozenset()
    pieces: int | None = None
    reason: str | None = None
    recorded_at: datetime = UNKNOWN_TIME

    @property
    def is_passed(self) -> bool:
        """Return whether the goods passed."""
        return self.outcome == "passed"


@dataclass(frozen=True)
class HoldOrder:
    """A hold, or its end, ordered by the state with custody."""

    at: datetime
    is_hold: bool
    state: str = ""
    reason: str | None = None
    recorded_at: datetime = UNKNOWN_TIME


@dataclass(frozen=True)
class IncidentFact:
    """An incident in transit; with `is_total` nothing of the shipment is left."""

    kind: str
    at: datetime
    new_expected_at: datetime | None = None
    is_total: bool = False
    state: str = ""
    note: str | None = None
    recorded_at: datetime = UNKNOWN_TIME


@dataclass(frozen=True)
class TransportPlan:
    """Posts and seals planned from `since` on (None: from the start)."""

    since: datetime | None
    posts: frozenset[str] = frozenset()
    seals: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ReceiptFact:
    """What a state received.

    `missing` are (line, serial), `miskeyed` (line, shipped, received). `differences` are quantities
    of goods without serials by line, positive where more arrived than was sent.
    """

    on: date
    missing: tuple[tuple[int, str | None], ...] = ()
    miskeyed: tuple[tuple[int, str, str], ...] = ()
    unexpected: tuple[str, ...] = ()
    differences: Mapping[int, str] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """Return received, received_short or received_over; short wins."""
        if self.missing or any(amount.startswith("-") for amount in self.differences.values()):
            return "received_short"
        return "received_over" if self.unexpected or self.differences else "received"


@dataclass(frozen=True)
class ReshippedLine:
    """Guns of a line that an earlier shipment also contains.

    `guns` is their count, `serials` the first of them, `shipments` the numbers of earlier shipments
    known to all states concerned.
    """

    line: int
    guns: int
    serials: tuple[str, ...] = ()
    shipments: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShipmentFacts:
    """All known facts of one shipment.

    Every state concerned reads what status and stops follow from. `last_day`, `entered_on`,
    `missing_licences`, `reshipped` and `expected_counts` only add irregularities: they are filled
    in for the owner, who raises these. `contradictions` compare manifest and permit by line and
    field (`line`, `field`, `ours`, `theirs`, `count`, `serials`). `expected_counts` are the counts
    that match the papers: first that of the firearms, then of everything. `is_inbound`: the
    importing state recorded it, for a state that records no release, exit or hold here.
    """

    exporting: str
    importing: str
    transit: tuple[str, ...]
    last_day: date = date.max
    expected: tuple[ExpectedStage, ...] = ()
    expected_since: datetime | None = None
    plans: tuple[TransportPlan, ...] = ()
    checkpoints: tuple[CheckpointFact, ...] = ()
    hold_orders: tuple[HoldOrder, ...] = ()
    incidents: tuple[IncidentFact, ...] = ()
    is_released: bool = False
    is_cancelled: bool = False
    is_inbound: bool = False
    receipt: ReceiptFact | None = None
    return_receipt: ReceiptFact | None = None
    entered_on: date | None = None
    missing_licences: tuple[MissingLicence, ...] = ()
    reshipped: tuple[ReshippedLine, ...] = ()
    contradictions: tuple[Mapping[str, Any], ...] = ()
    expected_counts: tuple[Decimal, ...] = ()

    @property
    def passed_checkpoints(self) -> tuple[CheckpointFact, ...]:
        """Return the ticks of stages that were passed."""
        return tuple(tick for tick in self.checkpoints if tick.is_passed)

    @property
    def has_left(self) -> bool:
        """Return whether any stage was passed."""
        return bool(self.passed_checkpoints)

    @property
    def has_entered(self) -> bool:
        """Return whether the goods entered the importing state."""
        return any(tick.stage == "entry" for tick in self.passed_checkpoints)

    @property
    def is_over(self) -> bool:
        """Return whether it was cancelled, returned or received."""
        return self.is_cancelled or self.return_receipt is not None or self.receipt is not None
