"""Comparison of a receipt with its shipment: equal serials by SQL, the rest in memory."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract_iter
from sqlalchemy import Column, Integer, MetaData, Table, Text, Uuid, text

from salsa_ext.core.errors import FieldLabels, NoSerialMatches, message
from salsa_ext.core.field_checks import Problems, check_date
from salsa_ext.database.bulk import fill_temporary
from salsa_ext.database.session import db
from salsa_ext.firearms.marks.keys import normalise, skeleton
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import stream_guns
from salsa_ext.reference import names
from salsa_ext.trade.receipts.values import ReceiptData
from salsa_ext.trade.shipments.models import Shipment

MAX_EDITS: Final = 2
MAX_TYPED: Final = 2
MAX_PAIRS: Final = 4_000_000
"""Of more pairs than this nothing is mis-keyed: these are other goods."""


@dataclass(frozen=True)
class ShippedSerial:
    """A gun of the manifest. `key` is the caller's identifier, `place` its position in the whole list."""

    key: Any
    serial: str
    line: int = 1
    make: str | None = None
    place: int | None = None


@dataclass(frozen=True)
class ReceivedSerial:
    """A serial as read at the receipt; line and make if given.

    In the rest of a list, `place` is its position in the whole list, and `after` the positions
    (receipt, manifest) of the last pair before it.
    """

    serial: str
    line: int | None = None
    make: str | None = None
    place: int | None = None
    after: tuple[int, int] = (-1, -1)


@dataclass
class SerialComparison:
    """Guns arrived (`equal` by their own serial), mis-keyed, missing, surplus; list lengths."""

    arrived: list[ShippedSerial] = field(default_factory=list)
    miskeyed: list[tuple[ShippedSerial, str]] = field(default_factory=list)
    missing: list[ShippedSerial] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)
    equal: int = 0
    sent: int = 0
    received: int = 0

    @property
    def is_of_other_goods(self) -> bool:
        """Return whether the list has no serial in common with the manifest.

        A look-alike serial (0 and O) is in common. A misspelt one counts only in a list of at most
        MAX_TYPED serials: in a longer list, near serials are the next numbers of a series, of
        another shipment.
        """
        if not self.received or self.equal:
            return False
        alike = (
            skeleton(normalise(gun.serial)) == skeleton(normalise(read))
            for gun, read in self.miskeyed
        )
        return not (any(alike) or (self.miskeyed and self.received <= MAX_TYPED))


def pair_serials(
    sent: Sequence[ShippedSerial], received: Sequence[ReceivedSerial]
) -> SerialComparison:
    """Pair received with shipped serials, each once.

    First equal serials, compatible in line and make if given; then look-alikes or serials at most
    two edits apart (insertion, deletion, substitution, transposition), nearest first. Ties are
    decided by the positions in both lists: a receipt mostly follows the order of its manifest.
    """
    comparison = SerialComparison(sent=len(sent), received=len(received))
    missing, surplus = _pair_equal(sent, received, comparison)
    pairs = _pair_similar(missing, surplus)
    comparison.miskeyed = [(missing[ours][0], surplus[theirs][0].serial) for ours, theirs in pairs]
    paired, paired_received = {ours for ours, _ in pairs}, {theirs for _, theirs in pairs}
    comparison.missing = [gun for n, (gun, _) in enumerate(missing) if n not in paired]
    comparison.surplus = [
        item.serial for n, (item, _) in enumerate(surplus) if n not in paired_received
    ]
    return comparison


Missing = list[tuple[ShippedSerial, int]]
"""Guns without an equal serial received, with their positions in the manifest."""
Surplus = list[tuple[ReceivedSerial, int]]
"""Serials without an equal one shipped, with the positions expected of them in the manifest."""


def _pair_equal(
    sent: Sequence[ShippedSerial], received: Sequence[ReceivedSerial], comparison: SerialComparison
) -> tuple[Missing, Surplus]:
    """Pair equal serials, those with line or make first; return the rest of both lists."""
    by_serial: dict[str, list[int]] = defaultdict(list)
    for index, gun in enumerate(sent):
        by_serial[normalise(gun.serial)].append(index)
    pairs: dict[int, int] = {}
    for n in sorted(
        range(len(received)), key=lambda n: (received[n].line, received[n].make) == (None, None)
    ):
        candidates = by_serial.get(normalise(received[n].serial), [])
        for index in candidates:
            if _is_compatible(sent[index], received[n]):
                pairs[n] = index
                candidates.remove(index)
                break
    paired = set(pairs.values())
    comparison.arrived = [gun for index, gun in enumerate(sent) if index in paired]
    comparison.equal = len(paired)
    missing = [(gun, _position(gun, n)) for n, gun in enumerate(sent) if n not in paired]
    surplus, last_pair = [], (-1, -1)
    for n, item in enumerate(received):
        position = _position(item, n)
        if n in pairs:
            last_pair = position, _position(sent[pairs[n]], pairs[n])
        else:
            at_receipt, at_manifest = max(last_pair, item.after)
            surplus.append((item, at_manifest + position - at_receipt))
    return missing, surplus


def _position(item: ShippedSerial | ReceivedSerial, index: int) -> int:
    return index if item.place is None else item.place


def _is_compatible(gun: ShippedSerial, item: ReceivedSerial) -> bool:
    return item.line in (None, gun.line) and item.make in (None, gun.make)


def _pair_similar(missing: Missing, surplus: Surplus) -> list[tuple[int, int]]:
    """Return pairs of indexes, nearest first, each index once."""
    if not missing or not surplus or len(missing) * len(surplus) > MAX_PAIRS:
        return []
    norms = [normalise(gun.serial) for gun, _ in missing]
    skeletons = [skeleton(norm) for norm in norms]
    rated = []
    for theirs, (item, expected) in enumerate(surplus):
        norm = normalise(item.serial)
        for _, look_edits, ours in extract_iter(
            skeleton(norm), skeletons, scorer=OSA.distance, processor=None, score_cutoff=MAX_EDITS
        ):
            gun, position = missing[ours]
            edits = OSA.distance(norm, norms[ours])
            if (edits <= MAX_EDITS or look_edits == 0) and _is_compatible(gun, item):
                rated.append((int(look_edits), edits, abs(position - expected), ours, theirs))
    pairs: dict[int, int] = {}
    paired_received: set[int] = set()
    for *_, ours, theirs in sorted(rated):
        if ours not in pairs and theirs not in paired_received:
            pairs[ours] = theirs
            paired_received.add(theirs)
    return sorted(pairs.items())


QuantitiesByLine = defaultdict[int, Decimal]


@dataclass(frozen=True)
class ReceiptComparison:
    """Result of comparing a receipt with its shipment.

    `miskeyed` pairs items with the serials read; `absent` are the record ids of items that did not
    arrive. `differences` are quantities of goods without serials by line, `goods` the bulk
    quantities received.
    """

    shipment: Shipment
    data: ReceiptData
    missing: Sequence[ShippedSerial] = ()
    unexpected: Sequence[str] = ()
    miskeyed: Sequence[tuple[ShippedSerial, str]] = ()
    absent: frozenset[UUID] = frozenset()
    differences: Mapping[int, Decimal] = field(default_factory=dict)
    goods: Mapping[int, Decimal] = field(default_factory=dict)

    @property
    def item_count(self) -> int:
        """Return the number of items that arrived, mis-keyed ones included."""
        return self.shipment.item_count - len(self.absent)

    @property
    def serials_read(self) -> dict[UUID, str]:
        """Return the mis-keyed serials as read, by record id."""
        return {gun.key: serial for gun, serial in self.miskeyed}


def check_receipt(shipment: Shipment, data: ReceiptData, on: date) -> None:
    """Raise Invalid for an impossible or empty receipt."""
    problems = Problems()
    check_date(problems, "received_on", data.received_on, on)
    if data.received_on < shipment.ships_on:
        problems.add(
            "received_on",
            message("The shipment left on {on}; it cannot arrive before.", on=shipment.ships_on),
        )
    if not (data.all or data.items or data.bulk):
        problems.add(
            "items", message("Set {field}, or list what arrived.", field=FieldLabels(("all",)))
        )
    if data.all and (data.items or data.bulk):
        problems.add("all", message("Everything arrived, or what is listed: give one of the two."))
    problems.raise_any()


def compare_receipt(shipment: Shipment, data: ReceiptData) -> ReceiptComparison:
    """Compare a receipt with its shipment's manifest; raises NothingMatches for other goods."""
    if data.all:
        return ReceiptComparison(shipment, data, goods=_sum_by_line(shipment.bulk))
    comparison = compare_serials(
        (
            ShippedSerial(item.id, item.serial, item.line, item.make or item.make_text)
            for item in stream_guns(shipment.id, Record.serial.is_not(None))
        ),
        (
            ReceivedSerial(item.serial, item.line, names.resolve("make", item.make) or item.make)
            for item in data.items
        ),
    )
    if comparison.is_of_other_goods and not data.confirm_nothing_matches:
        raise NoSerialMatches(comparison.received, comparison.sent)
    absent, goods, differences = _compare_unserialised(shipment, data)
    return ReceiptComparison(
        shipment,
        data,
        comparison.missing,
        comparison.surplus,
        comparison.miskeyed,
        frozenset(absent) | {gun.key for gun in comparison.missing},
        differences,
        goods,
    )


def _compare_unserialised(
    shipment: Shipment, data: ReceiptData
) -> tuple[list[UUID], QuantitiesByLine, dict[int, Decimal]]:
    """Compare goods without serials by line; returns absent ids, bulk received, differences."""
    left, sent = _sum_by_line(map(vars, data.bulk)), _sum_by_line(shipment.bulk)
    differences = {line: left[line] - amount for line, amount in sent.items()}
    differences |= {line: amount for line, amount in left.items() if line not in sent}
    absent = []
    for item in stream_guns(shipment.id, Record.serial.is_(None)):
        differences[item.line] = differences.get(item.line, Decimal(0)) - item.quantity
        if left[item.line] >= item.quantity:
            left[item.line] -= item.quantity
        else:
            absent.append(item.id)
    goods: QuantitiesByLine = defaultdict(Decimal)
    for line, amount in sent.items():
        goods[line] = min(amount, left[line])
    return absent, goods, {line: amount for line, amount in differences.items() if amount}


def _sum_by_line(parts: Iterable[Mapping[str, Any]]) -> QuantitiesByLine:
    sums: QuantitiesByLine = defaultdict(Decimal)
    for part in parts:
        sums[part["line"]] += Decimal(str(part["quantity"]))
    return sums


def _temporary_table(name: str, *columns: Column[Any]) -> Table:
    on_commit = "DELETE ROWS"
    return Table(name, MetaData(), *columns, prefixes=["TEMP"], postgresql_on_commit=on_commit)


def _serials_table(name: str, *columns: Column[Any]) -> Table:
    texts = (Column(text_column, Text) for text_column in ("make", "serial", "norm"))
    return _temporary_table(
        name, Column("place", Integer), Column("line", Integer), *texts, *columns
    )


SHIPPED_TABLE: Final = _serials_table("compared_sent", Column("id", Uuid))
RECEIVED_TABLE: Final = _serials_table("compared_received")
PAIR_TABLE: Final = _temporary_table(
    "compared_pair", Column("sent", Integer), Column("received", Integer)
)

# A serial that each list has once is the same gun whatever the order; of the others the order
# decides, and they are compared in memory. A grouping instead of a join: the planner cannot
# estimate how many groups have one row, and a wrong guess would compare each with each.
INSERT_PAIRS: Final = text("""
    INSERT INTO compared_pair (sent, received)
    SELECT min(place) FILTER (WHERE is_sent), min(place) FILTER (WHERE NOT is_sent)
    FROM (SELECT norm, place, line, make, true AS is_sent FROM compared_sent
          UNION ALL SELECT norm, place, line, make, false FROM compared_received) AS both_sides
    GROUP BY norm
    HAVING count(*) = 2 AND count(*) FILTER (WHERE is_sent) = 1
       AND (min(line) FILTER (WHERE NOT is_sent) IS NULL
            OR min(line) FILTER (WHERE NOT is_sent) = min(line) FILTER (WHERE is_sent))
       AND (min(make) FILTER (WHERE NOT is_sent) IS NULL
            OR min(make) FILTER (WHERE NOT is_sent) = min(make) FILTER (WHERE is_sent))
""")
COUNT_PAIRS: Final = text("SELECT count(*) FROM compared_pair")
SELECT_UNPAIRED_SHIPPED: Final = text("""
    SELECT id, serial, line, make, place FROM compared_sent
    WHERE NOT EXISTS (SELECT FROM compared_pair WHERE sent = place) ORDER BY place
""")
SELECT_UNPAIRED_RECEIVED: Final = text("""
    SELECT read.serial, read.line, read.make, read.place, last.received, last.sent
    FROM (SELECT r.*, p.received AS own, max(p.received) OVER (ORDER BY r.place) AS before
          FROM compared_received r LEFT JOIN compared_pair p ON p.received = r.place) read
    LEFT JOIN compared_pair last ON last.received = read.before
    WHERE read.own IS NULL ORDER BY read.place
""")


def compare_serials(
    sent: Iterable[ShippedSerial], received: Iterable[ReceivedSerial]
) -> SerialComparison:
    """Return the result of `pair_serials`, pairing equal serials by SQL.

    `arrived` lists only part of the equal ones. Keys of shipped serials are record ids.
    """
    fill_temporary(SHIPPED_TABLE, _comparison_rows(sent))
    fill_temporary(RECEIVED_TABLE, _comparison_rows(received))
    fill_temporary(PAIR_TABLE, ())
    db.session.execute(INSERT_PAIRS)
    paired = db.session.scalar(COUNT_PAIRS) or 0
    unpaired = [
        ShippedSerial(row.id, row.serial, row.line, row.make, row.place)
        for row in db.session.execute(SELECT_UNPAIRED_SHIPPED)
    ]
    surplus = [
        ReceivedSerial(
            row.serial,
            row.line,
            row.make,
            row.place,
            (-1, -1) if row.received is None else (row.received, row.sent),
        )
        for row in db.session.execute(SELECT_UNPAIRED_RECEIVED)
    ]
    comparison = pair_serials(unpaired, surplus)
    comparison.equal += paired
    comparison.sent += paired
    comparison.received += paired
    return comparison


def _comparison_rows(items: Iterable[ShippedSerial | ReceivedSerial]) -> Iterator[dict[str, Any]]:
    for place, item in enumerate(items):
        row = {"place": place, "norm": normalise(item.serial)}
        row |= {name: getattr(item, name) for name in ("line", "make", "serial")}
        yield row | ({"id": item.key} if isinstance(item, ShippedSerial) else {})
