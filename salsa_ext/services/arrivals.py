"""A shipment beside what was received of it: what arrived, and what becomes of it in the records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from salsa_ext.errors import Named, NothingMatches, say
from salsa_ext.matching.manifests import Arrived, Sent
from salsa_ext.models import Record, Shipment
from salsa_ext.readmodels import names
from salsa_ext.readmodels.records import described, guns_of
from salsa_ext.services import comparisons, records
from salsa_ext.services.fields import Problems, check_date
from salsa_ext.values.events import When
from salsa_ext.values.firearms import Firearm, Mark
from salsa_ext.values.ids import new_id
from salsa_ext.values.permits import ReceiptData

Quantities = defaultdict[int, Decimal]


@dataclass(frozen=True)
class Arrival:
    """What came of a shipment: how many of its items, and which are missing or came otherwise.

    `miskeyed` are with the serials that were read, `absent` the ids of the records of all items that
    did not come. `differences` are of goods without serials by line, `goods` what came in bulk.
    """

    shipment: Shipment
    data: ReceiptData
    missing: Sequence[Sent] = ()
    unexpected: Sequence[str] = ()
    miskeyed: Sequence[tuple[Sent, str]] = ()
    absent: frozenset[UUID] = frozenset()
    differences: Mapping[int, Decimal] = field(default_factory=dict)
    goods: Mapping[int, Decimal] = field(default_factory=dict)

    @property
    def item_count(self) -> int:
        """Return how many items came, mis-keyed ones too."""
        return self.shipment.item_count - len(self.absent)

    @property
    def read(self) -> dict[UUID, str]:
        """Return the serials that were read, by the record of the gun that was shipped."""
        return {_id(gun): serial for gun, serial in self.miskeyed}


def check(shipment: Shipment, data: ReceiptData, on: date) -> None:
    """Raise Invalid for a receipt that cannot be, or that says nothing."""
    problems = Problems()
    check_date(problems, "received_on", data.received_on, on)
    if data.received_on < shipment.ships_on:
        problems.add("received_on", say("The shipment left on {on}; it cannot arrive before.",
                                        on=shipment.ships_on))  # fmt: skip
    if not (data.all or data.items or data.bulk):
        problems.add("items", say("Set {field}, or list what arrived.", field=Named(("all",))))
    if data.all and (data.items or data.bulk):
        problems.add("all", say("Everything arrived, or what is listed: give one of the two."))
    problems.raise_any()


def arrival(shipment: Shipment, data: ReceiptData) -> Arrival:
    """Compare a receipt with the items of the shipment's manifest.

    Raises NothingMatches for the list of other goods, unless the receipt confirms that it is right.
    """
    if data.all:
        return Arrival(shipment, data, goods=_sum(shipment.bulk))
    found = comparisons.compare(_sent(shipment), _received(data))
    if found.is_of_other_goods and not data.confirm_nothing_matches:
        raise NothingMatches(found.received, found.sent)
    absent, goods, differences = _goods(shipment, data)
    return Arrival(
        shipment, data, found.missing, found.over, found.miskeyed,
        frozenset(absent) | {_id(gun) for gun in found.missing}, differences, goods,
    )  # fmt: skip


def _sent(shipment: Shipment) -> Iterator[Sent]:
    for item in guns_of(shipment.id, Record.serial.is_not(None)):
        yield Sent(item.id, item.serial, item.line, _make(item.make, item.make_text))


def _received(data: ReceiptData) -> Iterator[Arrived]:
    for item in data.items:
        make = _make(names.resolve("make", item.make), item.make)
        yield Arrived(item.serial, item.line, make)


def _id(gun: Sent) -> UUID:
    assert isinstance(gun.key, UUID)
    return gun.key


def _make(code: str | None, text: str | None) -> str | None:
    return code or text


def _goods(
    shipment: Shipment, data: ReceiptData
) -> tuple[list[UUID], Quantities, dict[int, Decimal]]:
    """Compare what has no serial by line: its items first, in their order, then the bulk.

    Returns the records of items that did not come, what came in bulk, and the differences.
    """
    left, sent = _sum(map(vars, data.bulk)), _sum(shipment.bulk)
    differences = {line: left[line] - amount for line, amount in sent.items()}
    differences |= {line: amount for line, amount in left.items() if line not in sent}
    absent = []
    for item in guns_of(shipment.id, Record.serial.is_(None)):
        differences[item.line] = differences.get(item.line, Decimal(0)) - item.quantity
        if left[item.line] >= item.quantity:
            left[item.line] -= item.quantity
        else:
            absent.append(item.id)
    goods: Quantities = defaultdict(Decimal)
    for line, amount in sent.items():
        goods[line] = min(amount, left[line])
    return absent, goods, {line: amount for line, amount in differences.items() if amount}


def _sum(parts: Iterable[Mapping[str, Any]]) -> Quantities:
    sums: Quantities = defaultdict(Decimal)
    for part in parts:
        sums[part["line"]] += Decimal(str(part["quantity"]))
    return sums


def row(found: Arrival, state: str, now: datetime) -> dict[str, Any]:
    """Return the row of a receipt's first version of a state; a correction changes id and version."""
    mark = found.data.import_mark
    return {
        "id": new_id(), "version": 1, "reason": found.data.reason,
        "owner_state": state, "concerned": list(found.shipment.concerned),
        "shipment_state": found.shipment.owner_state, "shipment_id": found.shipment.id,
        "received_on": found.data.received_on, "item_count": found.item_count,
        "missing": [{"line": gun.line, "serial": gun.serial} for gun in found.missing],
        "unexpected": list(found.unexpected),
        "bulk": [vars(part) for part in found.data.bulk], "recorded_at": now,
        "import_mark": vars(mark) if mark else None,
        "miskeyed": [{"line": gun.line, "shipped": gun.serial, "received": read}
                     for gun, read in found.miskeyed],
        "differences": [{"line": line, "quantity": f"{amount.normalize():f}"}
                        for line, amount in sorted(found.differences.items())],
    }  # fmt: skip


def entries(found: Arrival, receipt: dict[str, Any]) -> Iterator[records.Entry]:
    """Yield the records of what came, each linked for certain to that of the export.

    A gun that came under a mis-keyed serial is recorded as it was read.
    """
    read = found.read
    for gun, marks in described(found.shipment.id):
        if gun.id not in found.absent:
            yield entry(found.shipment, receipt, gun, marks, read.get(gun.id))


def entry(
    sides: Shipment, receipt: Mapping[str, Any], gun: Any, marks: Iterable[Any], read: str | None
) -> records.Entry:
    """Return the record of a gun that came, by the receipt's row; `read` where it was mis-keyed."""
    state = receipt["owner_state"]
    other = sides.exporting_state if state == sides.importing_state else sides.importing_state
    return records.Entry(
        firearm=as_firearm(gun, marks, read, _stamped(receipt)),
        event="import", when=When(receipt["received_on"]),
        document_kind="receipt", document_id=receipt["id"],
        owner=state, concerned=receipt["concerned"], counterpart_state=other,
        linked=(gun.owner_state, gun.id),
    )  # fmt: skip


def _stamped(receipt: Mapping[str, Any]) -> tuple[Mark, ...]:
    """Return the import mark of the receiving state (CIFTA VI.1 b)."""
    mark = receipt["import_mark"]
    return (Mark("import", mark["text"], receipt["owner_state"], mark["year"]),) if mark else ()


def as_firearm(
    record: Any, others: Iterable[Any], read: str | None = None, stamped: tuple[Mark, ...] = ()
) -> Firearm:
    """Return the gun that was shipped, as the receiving state now holds it too."""
    own = (Mark("manufacture", record.serial), Mark("import", record.importer_mark))
    borne = (
        Mark(
            mark.kind, mark.text, mark.state, mark.year, mark.location, mark.condition, mark.method
        )
        for mark in others
    )
    marks = tuple(mark for mark in borne if mark not in own)  # those two are made again
    only = stamped if record.category == "firearm" else ()
    return Firearm(
        line=record.line, category=record.category, type=record.type_text, make=record.make_text,
        model=record.model, calibre=record.calibre_text,
        country_of_manufacture=record.country_of_manufacture, year=record.year,
        origin_kind=record.origin_kind, serial=read or record.serial, marking=record.marking,
        marks=marks + only, importer_mark=record.importer_mark, quantity=record.quantity,
        hs_code=record.hs_code, part_kind=record.part_kind, unit=record.unit, lot=record.lot,
        headstamp=record.headstamp, antique=record.antique,
    )  # fmt: skip
