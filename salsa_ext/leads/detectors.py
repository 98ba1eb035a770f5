"""Detectors of leads over seized guns; pure.

Common shipments, permits, firms, holders and lots; purchases of one buyer within few days; guns
seized again or soon after sale; serials that are close to each other.

Multiple sales follow ATF Form 3310.4 (27 CFR 478.126a): two or more handguns of one buyer within
five consecutive business days. Long guns count here too, as near the southern border of the United
States (Form 3310.12), and purchases from several dealers.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import log2
from typing import Final
from uuid import UUID

from salsa_ext.core.dates import days_between, is_before, within_of
from salsa_ext.core.errors import CodeLabel, Message, message
from salsa_ext.firearms.records.event_kinds import (
    LAWFUL,
    MISSING_EVENTS,
    ORIGIN_EVENTS,
    SEIZED,
    SHIPPED,
)
from salsa_ext.firearms.search.evidence import Reason
from salsa_ext.guns.possession import RELEASE_EVENTS, TRADE_KINDS
from salsa_ext.leads.leads import (
    SHORT_DAYS,
    GunRecord,
    Lead,
    LeadParty,
    SeizedGun,
    doubt_reasons,
    from_several_seizures,
    number_reasons,
    rarity_reason,
    state_reasons,
    time_points,
)

NARROWER_KINDS: Final = {
    "shared_permit": ("shared_shipment",),
    "shared_consignee": ("shared_shipment", "shared_permit"),
    "shared_holder": ("straw_purchase",),
}
"""Kinds of leads that make a wider one on the same guns superfluous."""


def detect_leads(guns: Iterable[SeizedGun]) -> list[Lead]:
    """Return the leads over guns, strongest first."""
    ordered = sorted(guns, key=lambda gun: gun.seizures[0].id)
    leads = [
        *_find_shared(ordered),
        *_find_serial_runs(ordered),
        *_find_purchases(ordered),
        *_find_oddities(ordered),
    ]
    kinds: dict[frozenset[UUID], set[str]] = defaultdict(set)
    for lead in leads:
        kinds[lead.first_seizures].add(lead.kind)
    narrow = [
        lead
        for lead in leads
        if not kinds[lead.first_seizures] & set(NARROWER_KINDS.get(lead.kind, ()))
    ]
    return sorted(narrow, key=lambda lead: lead.rank)


@dataclass(frozen=True)
class CommonThing:
    """A thing in a record that guns can share, with text."""

    kind: str
    key: str
    token: str
    record: GunRecord
    text: Message
    is_unnamed: bool = False


def _find_shared(guns: Sequence[SeizedGun]) -> Iterator[Lead]:
    """Yield what guns of two or more seizures share."""
    shared: dict[tuple[str, str], dict[int, list[CommonThing]]] = defaultdict(
        lambda: defaultdict(list)
    )
    known: dict[str, set[int]] = defaultdict(set)
    for number, gun in enumerate(guns):
        for thing in _common_things(gun):
            shared[thing.kind, thing.key][number].append(thing)
            known[thing.kind].add(number)
    for (kind, _), by_gun in shared.items():
        some = tuple(guns[number] for number in sorted(by_gun))
        if not from_several_seizures(some):
            continue
        things = [thing for number in sorted(by_gun) for thing in by_gun[number]]
        best = min(things, key=lambda thing: (thing.is_unnamed, thing.token))
        days = []
        for number, gun in zip(sorted(by_gun), some, strict=True):
            since = min(thing.record.on for thing in by_gun[number])
            days += [(each.on - since).days for each in gun.seizures if each.on >= since][:1]
        reasons = (
            Reason("shared", best.text, 0.0),
            rarity_reason(len(some), len(known[kind])),
            *number_reasons(some, days),
            *doubt_reasons(some),
        )
        token = min(thing.token for thing in things)
        yield Lead(kind, token, some, reasons, (best.record,))


def _common_things(gun: SeizedGun) -> Iterator[CommonThing]:
    """Yield the things of a gun that others can share."""
    sellers = [sale.giver for sale in gun.first_sales]
    dealer = sellers[0] if sellers else None
    is_one = dealer and all(party and party.key == dealer.key for party in sellers)
    if dealer and is_one and dealer.kind in TRADE_KINDS:
        named = message("The guns were sold by one dealer: {name}.", name=dealer.name)
        unnamed = message("The guns were sold by one dealer of {state}.", state=dealer.state)
        yield _party_thing(dealer, "shared_dealer", gun.first_sales[0], named, unnamed)
    for record in () if gun.is_ambiguous else gun.records:
        if record.lot and record.make:
            text = message("The goods are of one lot: {lot}.", lot=record.lot)
            key = f"{record.make}|{record.lot}"
            yield CommonThing("shared_lot", key, key, record, text)
        yield from _shipment_things(record)
        holder = None
        if record.event in MISSING_EVENTS:
            holder = record.giver
        elif record.event in LAWFUL and record.event not in ORIGIN_EVENTS | SHIPPED:
            holder = record.receiver
        if holder and holder.kind not in TRADE_KINDS:
            named = message("The guns had one holder: {name}.", name=holder.name)
            unnamed = message("The firearms had one holder, known to {state}.", state=holder.state)
            yield _party_thing(holder, "shared_holder", record, named, unnamed)


def _shipment_things(record: GunRecord) -> Iterator[CommonThing]:
    paper = record.paper
    if paper is None:
        return
    state = paper.state
    text = message("The guns left {state} in one shipment.", state=state)
    if number := paper.number:
        text = message(
            "The guns left {state} in one shipment: {number}.", number=number, state=state
        )
    shipment, permit = str(paper.shipment), str(paper.permit)
    yield CommonThing("shared_shipment", shipment, shipment, record, text)
    text = message("The guns left {state} under one permit.", state=state)
    if number := paper.permit_number:
        text = message(
            "The guns left {state} under one permit: {number}.", number=number, state=state
        )
    yield CommonThing("shared_permit", permit, permit, record, text)
    if party := paper.consignee:
        named = message("The guns were consigned to one firm or body: {name}.", name=party.name)
        unnamed = message("{state} shipped the guns to one consignee.", state=party.state)
        yield _party_thing(party, "shared_consignee", record, named, unnamed)


def _party_thing(
    party: LeadParty, kind: str, record: GunRecord, named: Message, unnamed: Message
) -> CommonThing:
    text = named if party.name else unnamed
    return CommonThing(kind, party.key, party.token, record, text, party.name is None)


BUSINESS_DAYS: Final = 5
PURCHASES_POINTS: Final = 6.0  # points, chosen: few who buy for themselves do
POINTS_PER_DEALER: Final = 1.0  # chosen: who goes from one to the next avoids a report

Purchase = tuple[GunRecord, LeadParty, SeizedGun]


def _find_purchases(guns: Sequence[SeizedGun]) -> Iterator[Lead]:
    """Yield purchases of one buyer within few days. The first of the guns was seized within three years."""
    by_buyer: dict[str, list[Purchase]] = defaultdict(list)
    for gun in guns:
        sale = gun.first_sales[0] if gun.first_sales and not gun.is_ambiguous else None
        is_dated = sale and not within_of(sale.on) and not within_of(gun.seizures[0].on)
        if sale and is_dated and sale.receiver and sale.receiver.kind == "individual":
            by_buyer[sale.receiver.key].append((sale, sale.receiver, gun))
    for purchases in by_buyer.values():
        groups: list[list[Purchase]] = []
        for purchase in sorted(purchases, key=lambda each: (each[0].on, each[0].id)):
            if groups and _are_close(groups[-1][0][0].on, purchase[0].on):
                groups[-1].append(purchase)
            else:
                groups.append([purchase])
        for group in groups:
            days = [(gun.seizures[0].on - sale.on).days for sale, _, gun in group]
            if len(group) > 1 and min(days) < SHORT_DAYS:
                yield _purchase_lead(group, days)


def business_days(first: date, last: date) -> int:
    """Count Mondays to Fridays, both ends included; holidays count."""
    days = (last - first).days + 1
    return sum((first + timedelta(day)).weekday() < 5 for day in range(days))


def _are_close(first: date, last: date) -> bool:
    return (last - first).days <= 7 and business_days(first, last) <= BUSINESS_DAYS


def _purchase_lead(purchases: Sequence[Purchase], days: Sequence[int]) -> Lead:
    sales, guns = [each[0] for each in purchases], tuple(each[2] for each in purchases)
    buyer, first, last = purchases[0][1], sales[0].on.isoformat(), sales[-1].on.isoformat()
    numbers = {"count": len(sales), "first": first, "last": last}
    if buyer.name:
        text = message(
            "{name} bought {count} guns from {first} to {last}.", name=buyer.name, **numbers
        )
    else:
        text = message(
            "One buyer, known to {state}, bought {count} firearms from {first} to {last}.",
            state=buyer.state,
            **numbers,
        )
    reasons = [Reason("bought_together", text, PURCHASES_POINTS)]
    dealers = {sale.giver.key for sale in sales if sale.giver}
    if len(dealers) > 1:
        text = message("They were bought from {count} dealers.", count=len(dealers))
        reasons.append(Reason("dealers", text, POINTS_PER_DEALER * (len(dealers) - 1)))
    reasons += [*number_reasons(guns, days), *doubt_reasons(guns)]
    key = str(sales[0].id)
    return Lead("straw_purchase", key, guns, tuple(reasons), (sales[0], sales[-1]))


END_EVENTS: Final = SEIZED | {"surrender", "destruction"}  # it should not have come back
EVENT_CODE_LISTS: Final = {"surrender": "report_kind", "destruction": "transfer_kind"}
SEIZED_AGAIN_POINTS: Final = 6.0  # points, chosen: it left the hands of the state
POINTS_PER_REPEAT: Final = 1.0  # chosen: for each time after the first
IN_CUSTODY_POINTS: Final = 1.0  # chosen: an officer has to look at the store
SERIAL_DIFFERS_POINTS: Final = -2.0  # chosen: it may be its neighbour
UNCONFIRMED_RETURN_POINTS: Final = -3.0  # chosen: that both are of one gun is all there is to it
DESTROYED_POINTS: Final = 2.0  # chosen: someone certified what did not happen
SOON_DAYS: Final = 365  # chosen: of one gun alone, later sales say little
MISSED_POINTS: Final = -2.0  # chosen: the holder may have nothing to do with it


def _find_oddities(guns: Sequence[SeizedGun]) -> Iterator[Lead]:
    """Yield guns seized again, or within a year of their sale."""
    for gun in guns:
        yield from _seized_again(gun)
        yield from _seized_soon(gun)


def _seized_again(gun: SeizedGun) -> Iterator[Lead]:
    ends = [each for each in gun.records if each.event in END_EVENTS and not each.handed_in]
    returns = [
        (earlier, later)
        for earlier, later in pairwise(ends)
        if later.is_seizure and is_before(earlier.on, later.on) and later.find != earlier.find
    ]
    if gun.is_ambiguous or not returns:
        return
    reasons, points = [], SEIZED_AGAIN_POINTS
    for earlier, later in returns:
        kind = EVENT_CODE_LISTS.get(earlier.event, "seizure_kind")
        text = message(
            "{state} had it on {on} ({event}); {other} seized it {days} days later.",
            state=earlier.state,
            on=earlier.on.isoformat(),
            event=CodeLabel(kind, earlier.event),
            other=later.state,
            days=days_between(earlier.on, later.on).amount,
        )
        reasons.append(Reason("seized_again", text, points))
        points = POINTS_PER_REPEAT
    if any(not _is_released(gun, *pair) for pair in returns if pair[0].event in SEIZED):
        text = message(
            "No release from custody is recorded: it left the evidence store, one is a clone, or a"
            " mark was misread."
        )
        reasons.append(Reason("in_custody", text, IN_CUSTODY_POINTS))
    if any(earlier.event == "destruction" for earlier, _ in returns):
        text = message("It was certified to have been destroyed.")
        reasons.append(Reason("destroyed", text, DESTROYED_POINTS))
    if len({record.serial for pair in returns for record in pair if record.serial}) > 1:
        text = message("Its serial was not read the same each time.")
        reasons.append(Reason("read_otherwise", text, SERIAL_DIFFERS_POINTS))
    reasons += [*state_reasons([gun]), *doubt_reasons([gun], UNCONFIRMED_RETURN_POINTS)]
    yield Lead("recirculation", str(ends[0].id), (gun,), tuple(reasons))


def _is_released(gun: SeizedGun, earlier: GunRecord, later: GunRecord) -> bool:
    """Return whether something between two seizures explains how the gun left custody."""
    between = gun.records[gun.records.index(earlier) : gun.records.index(later)]
    return any(record.event in RELEASE_EVENTS for record in between)


def _seized_soon(gun: SeizedGun) -> Iterator[Lead]:
    """Yield a short time to crime, if all sales have one day."""
    sale_days, seizure = {sale.on for sale in gun.first_sales}, gun.seizures[0]
    days = days_between(min(sale_days), seizure.on).exact if len(sale_days) == 1 else None
    if days is None or not 0 <= days < SOON_DAYS:
        return
    text = message("It was seized {days} days after it was first sold.", days=days)
    reasons = [Reason("short_time", text, time_points(days))]
    if any(each.event in MISSING_EVENTS and each.on <= seizure.on for each in gun.records):
        text = message("It was reported lost or stolen before it was seized.")
        reasons.append(Reason("missed", text, MISSED_POINTS))
    reasons += doubt_reasons([gun])
    yield Lead("short_time_to_crime", str(seizure.id), (gun,), tuple(reasons))


MAX_SERIAL_GAP: Final = 3  # chosen: two between them may be not seized yet
MAX_RUN_POINTS: Final = 8.0  # points, chosen: as much as a thing that one of 250 guns has
MIN_DIGITS: Final = 4  # chosen: shorter numbers follow each other by chance
_NUMBERED = re.compile(rf"([^?*\[\]]*?)(\d{{{MIN_DIGITS},12}})([^\d?*\[\]]*)")

SerialPattern = tuple[str, str, int, str]
"""Make, text before the number, its digits, text after it."""


def _find_serial_runs(guns: Sequence[SeizedGun]) -> Iterator[Lead]:
    """Yield runs of serials among guns of two or more seizures."""
    by_pattern: dict[SerialPattern, dict[int, SeizedGun]] = defaultdict(dict)
    for gun in guns:
        if not gun.is_ambiguous and (numbered := _pattern_and_number(gun)):
            by_pattern[numbered[0]].setdefault(numbered[1], gun)
    for pattern, numbers in by_pattern.items():
        for run in _runs(numbers):
            some = tuple(numbers[number] for number in run)
            if from_several_seizures(some):
                yield _run_lead(pattern, run, some, len(numbers))


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """Return numbers in order, grouped in runs that nearly follow each other."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number - runs[-1][-1] <= MAX_SERIAL_GAP:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def find_numbered_on(marks: Iterable[tuple[UUID, str | None, str]]) -> Iterator[UUID]:
    """Yield the records of which the serial, after make and normalised serial, follows another's."""
    by_pattern: dict[SerialPattern, dict[int, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    for record, make, serial in marks:
        if numbered := _numbered(make, serial):
            by_pattern[numbered[0]][numbered[1]].append(record)
    for numbers in by_pattern.values():
        for run in _runs(numbers):
            if len(run) > 1:
                yield from (record for number in run for record in numbers[number])


def _pattern_and_number(gun: SeizedGun) -> tuple[SerialPattern, int] | None:
    """Return the serial's pattern and number from the oldest record."""
    numbered = (_numbered(record.make, record.serial) for record in gun.records)
    return next(filter(None, numbered), None)


def _numbered(make: str | None, serial: str | None) -> tuple[SerialPattern, int] | None:
    parts = _NUMBERED.fullmatch(serial) if make and serial else None
    if parts is None or make is None:
        return None
    return (make, parts[1], len(parts[2]), parts[3]), int(parts[2])


def _run_lead(
    pattern: SerialPattern, run: Sequence[int], guns: tuple[SeizedGun, ...], count: int
) -> Lead:
    make, before, width, after = pattern
    first, last = (f"{before}{number:0{width}d}{after}" for number in (run[0], run[-1]))
    text = message("The serials follow each other, from {first} to {last}.", first=first, last=last)
    if run[-1] - run[0] >= len(run):
        text = message(
            "The serials are close to each other, from {first} to {last}.", first=first, last=last
        )
    rare = message("{count} guns of this maker and pattern of serial were seized.", count=count)
    chance = min(count * (run[-1] - run[0]) / 10**width, 1.0)
    reasons = (
        Reason("shared", text, 0.0),
        Reason("rarity", rare, round(min(-log2(chance), MAX_RUN_POINTS), 1)),
        *number_reasons(guns),
        *doubt_reasons(guns),
    )
    return Lead("consecutive_serials", f"{make}|{first}", guns, reasons)
