"""What an authority writes on a permit and on the attachment of a shipment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from salsa_ext.values.firearms import Firearm
from salsa_ext.values.parties import Party


@dataclass(frozen=True)
class Reference:
    """Another state's document, named by its state and number."""

    state: str
    number: str


@dataclass(frozen=True)
class Authority:
    """Who signs: the agency's code and the signing officer's name (kept with the parties)."""

    agency: str
    signatory: str


@dataclass(frozen=True)
class PermitData:
    """An import certificate, in-transit authorization or export certificate.

    Model Regulations 2.2.1, 3.2 and 4.2; `plan` is required for transit (4.2). `refusal` says why
    the authority refused it: it is then recorded as refused.
    """

    kind: str
    number: str
    document_kind: str
    issued_on: date
    expires_on: date
    authority: Authority
    regime: str
    exporting_state: str
    importing_state: str
    exporter: Party
    importer: Party
    final_consignee: Party
    lines: tuple[Firearm, ...]
    latest_import_on: date | None = None
    transit_states: tuple[str, ...] = ()
    broker: Party | None = None
    source: str | None = None
    end_use: str | None = None
    conditions: str | None = None
    import_permit: Reference | None = None
    export_permit: Reference | None = None
    transit_permits: tuple[Reference, ...] = ()
    replaces: str | None = None
    plan: Mapping[str, Any] | None = None
    refusal: str | None = None

    def issuing_state(self) -> str | None:
        """Return the state that may issue it; None for transit, which any transit state may."""
        return {"import": self.importing_state, "export": self.exporting_state}.get(self.kind)

    def references(self) -> frozenset[tuple[str, str, str]]:
        """Return the documents that it names, each by its state, kind and number."""
        named = [("import", self.import_permit), ("export", self.export_permit)]
        named += [("in_transit", permit) for permit in self.transit_permits]
        return frozenset((name.state, kind, name.number) for kind, name in named if name)

    def concerned(self) -> list[str]:
        """Return every state that the movement concerns, once, sorted."""
        return sorted({self.exporting_state, self.importing_state, *self.transit_states})


@dataclass(frozen=True)
class Bulk:
    """Goods without serial numbers in a shipment: so many of a permit's line, of one lot."""

    line: int
    quantity: Decimal
    lot: str | None = None


@dataclass(frozen=True)
class Expectation:
    """When a stage is expected: `at` is an aware moment in ISO 8601."""

    stage: str
    at: str
    post: str | None = None


@dataclass(frozen=True)
class ShipmentData:
    """The export attachment (Model Regulations 2.2.2): what leaves, how, when and where.

    `items` is a tuple, or a Manifest where they come in a file.
    """

    number: str
    ships_on: date
    mode: str
    items: Collection[Firearm] = ()
    bulk: tuple[Bulk, ...] = ()
    port_of_exit: str | None = None
    port_of_entry: str | None = None
    route: tuple[str, ...] = ()
    expected: tuple[Expectation, ...] = ()
    carrier: Party | None = None
    seals: tuple[str, ...] = ()
    transport: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ReceivedItem:
    """A serial that arrived, as it was read; line and make tell guns of one serial apart."""

    serial: str
    line: int | None = None
    make: str | None = None


@dataclass(frozen=True)
class ImportMark:
    """What the importing state stamps on each gun that it receives (CIFTA VI.1 b)."""

    text: str
    year: int | None = None


@dataclass(frozen=True)
class ReceiptData:
    """What the importing state received (CIFTA IX.4, Model Regulations 9.7), or the exporting got back.

    `all` says that everything arrived; else `items` lists the serials, as a tuple or a
    Manifest, and `bulk` the quantities of what has none. A list of which no serial was shipped is
    taken only with `confirm_nothing_matches`. A correction gives its `reason`.
    """

    received_on: date
    all: bool = False
    items: Collection[ReceivedItem] = ()
    bulk: tuple[Bulk, ...] = ()
    import_mark: ImportMark | None = None
    confirm_nothing_matches: bool = False
    reason: str | None = None
