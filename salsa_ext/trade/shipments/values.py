"""Input of commands on shipments."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from salsa_ext.core import codes
from salsa_ext.core.fields import Field, LineNumber, PostName, Rule, Word
from salsa_ext.core.occurrence import ExternalIds, Note
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records.parties import Party


@dataclass(frozen=True)
class BulkGoods:
    """Goods without serial numbers: a quantity of one permit line."""

    line: Annotated[LineNumber, Field("Line", "firearm")]
    quantity: Annotated[Decimal, Field("Quantity", "firearm")]
    lot: Annotated[Word | None, Field("Lot", "firearm")] = None


@dataclass(frozen=True)
class ExpectedStageData:
    """Expected time of a stage."""

    stage: Annotated[str, Rule(choices=codes.CHECKPOINT_STAGES), Field("Stage", "document")]
    at: Annotated[datetime, Field("Expected at", "document")]
    post: Annotated[PostName | None, Field("Border post", "document")] = None


@dataclass(frozen=True)
class Transport:
    """Transport document and vehicle."""

    document_kind: Annotated[
        str, Rule(choices=codes.TRANSPORT_DOCUMENTS), Field("Transport document", "document")
    ]
    document_number: Annotated[Word, Field("Number", "document")]
    plates: Annotated[
        tuple[Annotated[str, Rule(most=20)], ...],
        Rule(most=10),
        Field("Plates", "document", personal="link"),
    ] = ()
    container: Annotated[str | None, Rule(most=30), Field("Container", "document")] = None


@dataclass(frozen=True)
class ShipmentData:
    """The export attachment (Model Regulations 2.2.2): goods, dates and route.

    `items` is a tuple, or a Manifest for items read from a file. `export_licence` is of a state that
    licenses on paper: its goods come under the own import certificate.
    """

    number: Annotated[Word, Field("Number", "document")]
    ships_on: Annotated[date, Field("Ships on", "event")]
    mode: Annotated[str, Rule(choices=codes.TRANSPORT_MODES), Field("Mode", "document")]
    items: Annotated[
        Collection[Firearm], Field("Items", "firearm", "rows", is_sent=False, is_shown=False)
    ] = ()
    bulk: Annotated[tuple[BulkGoods, ...], Rule(most=1000), Field("Bulk", "firearm")] = ()
    port_of_exit: Annotated[Word | None, Field("Port of exit", "document")] = None
    port_of_entry: Annotated[Word | None, Field("Port of entry", "document")] = None
    route: Annotated[tuple[PostName, ...], Rule(most=20), Field("Route", "document")] = ()
    expected: Annotated[
        tuple[ExpectedStageData, ...], Rule(most=20), Field("Stages", "document")
    ] = ()
    carrier: Annotated[Party | None, Field("Carrier", "parties", "rows")] = None
    seals: Annotated[
        tuple[Annotated[str, Rule(most=50)], ...], Rule(most=50), Field("Seals", "document")
    ] = ()
    transport: Annotated[
        Transport | None, Field("Transport", "document", "rows", is_shown=False)
    ] = None
    export_licence: Annotated[Word | None, Field("Export licence", "document")] = None
    note: Note = None
    external_ids: ExternalIds = ()


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
