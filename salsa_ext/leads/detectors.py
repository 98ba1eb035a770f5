"""Detectors of leads over seized guns; pure.

Common shipments, permits, firms, holders and lots; purchases of one buyer within few days; guns
seized again or soon after sale; consecutive serials.

Multiple sales follow ATF Form 3310.4 (27 CFR 478.126a): two or more handguns of one buyer within
five consecutive business days. Long guns count here too, as near the southern border of the United
States (Form 3310.12), and purchases from several dealers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import log2
from typing import Final
from uuid import UUID

from salsa_ext.core.errors import CodeLabel, Message, message
from salsa_ext.firearms.records.values import LAWFUL, SEIZED
from salsa_ext.firearms.search.evidence import Reason
from salsa_ext.leads.guns import GunRecord, LeadParty, SeizedGun
from salsa_ext.leads.leads import (
    SHORT_DAYS,
    DetectedLead,
    Lead,
    doubt_reasons,
    from_several_seizures,
    number_reasons,
    rarity_reason,
    state_reasons,
    time_points,
)
from salsa_ext.tracing.chains.rules import TRADE_KINDS

NARROWER_KINDS: Final = {
    "shared_permit": ("shared_shipment",),
    "shared_consignee": ("shared_shipment", "shared_permit"),
    "shared_holder": ("straw_purchase",),
}
"""What joins the same guns already says more: the wider lead is left out then."""


def detect_leads(guns: Iterable[SeizedGun]) -> list[Lead]:
    """Return the leads over guns, strongest first.

    Independent of the order of guns.
    """
    ordered = sorted(guns, key=lambda gun: gun.seizures[0].id)
    found: list[DetectedLead] = []
    for look in (find_shared, find_serial_runs, find_purchases, find_oddities):
        found += look(ordered)
    leads = [Lead(one.kind, one.key, one.guns, one.reasons, one.told) for one in _drop_wider(found)]
    return sorted(leads, key=lambda lead: lead.rank)


def _drop_wider(findings: Sequence[DetectedLead]) -> list[DetectedLead]:
    """Drop wider leads on the same guns as a narrower one."""
    by_guns: dict[frozenset[UUID], set[str]] = defaultdict(set)
    for one in findings:
        by_guns[one.of].add(one.kind)
    return [one for one in findings if not by_guns[one.of] & set(NARROWER_KINDS.get(one.kind, ()))]


MISSING_EVENTS: Final = frozenset(("loss", "theft"))


@dataclass(frozen=True)
class CommonThing:
    """A thing in a record that guns can share, with text.

    `token` identifies it without naming it; `said` is its record. Texts without a name (`is_vague`)
    are used last.
    """

    kind: str
    key: str
    token: str
    said: GunRecord
    text: Message
    is_vague: bool = False


def find_shared(guns: Sequence[SeizedGun]) -> Iterator[DetectedLead]:
    """Yield what guns of two or more seizures share."""
    shared: dict[tuple[str, str], dict[int, list[CommonThing]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for number, gun in enumerate(guns):
        for thing in common_things(gun):
            shared[thing.kind, thing.key][number].append(thing)
    known: dict[str, set[int]] = defaultdict(set)
    for (kind, _), holding in shared.items():
        known[kind] |= holding.keys()
    for (kind, _), holding in shared.items():
        some = tuple(guns[number] for number in sorted(holding))
        if from_several_seizures(some):
            things = [holding[number] for number in sorted(holding)]
            yield _shared_lead(kind, some, things, len(known[kind]))


def _shared_lead(
    kind: str, guns: tuple[SeizedGun, ...], things: Sequence[Sequence[CommonThing]], total: int
) -> DetectedLead:
    every = [thing for some in things for thing in some]
    best = min(every, key=lambda thing: (thing.is_vague, thing.token))
    reasons = [
        Reason("shared", best.text, 0.0),
        rarity_reason(len(guns), total),
        *number_reasons(guns, _days_to_seizure(guns, things)),
        *doubt_reasons(guns),
    ]
    return DetectedLead(
        kind, min(thing.token for thing in every), guns, tuple(reasons), (best.said,)
    )


def _days_to_seizure(
    guns: Sequence[SeizedGun], things: Sequence[Sequence[CommonThing]]
) -> list[int]:
    """Return the days from the common thing to each gun's first seizure."""
    since = (min(thing.said.on for thing in some) for some in things)
    after = [
        [(said.on - on).days for said in gun.seizures if said.on >= on]
        for gun, on in zip(guns, since, strict=True)
    ]
    return [days[0] for days in after if days]


def common_things(gun: SeizedGun) -> Iterator[CommonThing]:
    """Yield the things of a gun that others can share.

    Of an ambiguous gun only what all its first sales agree in.
    """
    for said in gun.records:
        if said.lot and said.make and not gun.is_ambiguous:
            text = message("The goods are of one lot: {lot}.", lot=said.lot)
            yield CommonThing(
                "shared_lot", f"{said.make}|{said.lot}", f"{said.make}|{said.lot}", said, text
            )
    yield from _dealer_things(gun)
    if not gun.is_ambiguous:
        for said in gun.records:
            yield from _shipment_things(said)
            yield from _holder_things(said)


def _dealer_things(gun: SeizedGun) -> Iterator[CommonThing]:
    sellers = [sale.giver for sale in gun.first_sales]
    one = sellers[0] if sellers else None
    if (
        one is None
        or one.kind not in TRADE_KINDS
        or any(party is None or party.key != one.key for party in sellers)
    ):
        return
    text = _text_for_party(
        one,
        message("The guns were sold by one dealer: {name}.", name=one.name),
        message("The guns were sold by one dealer of {state}.", state=one.state),
    )
    yield _party_thing(one, "shared_dealer", gun.first_sales[0], text)


def _shipment_things(record: GunRecord) -> Iterator[CommonThing]:
    paper = record.paper
    if paper is None:
        return
    told = {"state": paper.state}
    text = message("The guns left {state} in one shipment.", **told)
    if paper.number:
        text = message(
            "The guns left {state} in one shipment: {number}.", number=paper.number, **told
        )
    shipment, permit = str(paper.shipment), str(paper.permit)
    yield CommonThing("shared_shipment", shipment, shipment, record, text)
    text = message("The guns left {state} under one permit.", **told)
    if paper.permit_number:
        text = message(
            "The guns left {state} under one permit: {number}.", number=paper.permit_number, **told
        )
    yield CommonThing("shared_permit", permit, permit, record, text)
    if one := paper.consignee:
        text = _text_for_party(
            one,
            message("The guns were consigned to one firm or body: {name}.", name=one.name),
            message("{state} shipped the guns to one consignee.", state=one.state),
        )
        yield _party_thing(one, "shared_consignee", record, text)


def _holder_things(record: GunRecord) -> Iterator[CommonThing]:
    one = (
        record.giver
        if record.event in MISSING_EVENTS
        else record.receiver
        if record.event in LAWFUL
        else None
    )
    if (
        one
        and one.kind not in TRADE_KINDS
        and record.event not in ("export", "import", "manufacture")
    ):
        text = _text_for_party(
            one,
            message("The guns had one holder: {name}.", name=one.name),
            message("The guns had one holder, whom {state} knows.", state=one.state),
        )
        yield _party_thing(one, "shared_holder", record, text)


def _text_for_party(party: LeadParty, named: Message, unnamed: Message) -> Message:
    return named if party.name else unnamed


def _party_thing(party: LeadParty, kind: str, record: GunRecord, text: Message) -> CommonThing:
    return CommonThing(kind, party.key, party.token, record, text, party.name is None)


BUSINESS_DAYS: Final = 5
MIN_PURCHASES: Final = 2
PURCHASES_POINTS: Final = 6.0  # points, chosen: few who buy for themselves do
POINTS_PER_DEALER: Final = 1.0  # chosen: who goes from one to the next avoids a report

Purchase = tuple[GunRecord, LeadParty, SeizedGun]


def find_purchases(guns: Sequence[SeizedGun]) -> Iterator[DetectedLead]:
    """Yield purchases of one buyer within few days.

    The first of the guns was seized within three years.
    """
    by_buyer: dict[str, list[Purchase]] = defaultdict(list)
    for gun in guns:
        sale = gun.first_sales[0] if gun.first_sales and not gun.is_ambiguous else None
        if sale and sale.receiver and sale.receiver.kind == "individual":
            by_buyer[sale.receiver.key].append((sale, sale.receiver, gun))
    for bought in by_buyer.values():
        for some in _close_purchases(sorted(bought, key=lambda one: (one[0].on, one[0].id))):
            if len(some) >= MIN_PURCHASES and min(_days_from_sale(some)) < SHORT_DAYS:
                yield _purchase_lead(some)


def business_days(first: date, last: date) -> int:
    """Count Mondays to Fridays, both ends included; holidays count."""
    days = (last - first).days + 1
    return sum((first + timedelta(day)).weekday() < 5 for day in range(days))


def _close_purchases(bought: Sequence[Purchase]) -> Iterator[list[Purchase]]:
    some: list[Purchase] = []
    for one in bought:
        if some and not _is_within_days(some[0][0].on, one[0].on):
            yield some
            some = []
        some.append(one)
    yield some


def _is_within_days(first: date, last: date) -> bool:
    return (last - first).days <= 7 and business_days(first, last) <= BUSINESS_DAYS


def _days_from_sale(bought: Sequence[Purchase]) -> list[int]:
    return [(gun.seizures[0].on - sale.on).days for sale, _, gun in bought]


def _purchase_lead(bought: Sequence[Purchase]) -> DetectedLead:
    sales, guns = [one[0] for one in bought], tuple(one[2] for one in bought)
    reasons = [Reason("bought_together", _purchase_text(bought), PURCHASES_POINTS)]
    dealers = {sale.giver.key for sale in sales if sale.giver}
    if len(dealers) > 1:
        text = message("They were bought from {count} dealers.", count=len(dealers))
        reasons.append(Reason("dealers", text, POINTS_PER_DEALER * (len(dealers) - 1)))
    reasons += [*number_reasons(guns, _days_from_sale(bought)), *doubt_reasons(guns)]
    return DetectedLead(
        "straw_purchase", str(sales[0].id), guns, tuple(reasons), (sales[0], sales[-1])
    )


def _purchase_text(bought: Sequence[Purchase]) -> Message:
    first, last = bought[0][0].on, bought[-1][0].on
    buyer = bought[0][1]
    told = {"count": len(bought), "first": first.isoformat(), "last": last.isoformat()}
    if buyer.name:
        return message(
            "{name} bought {count} guns from {first} to {last}.", name=buyer.name, **told
        )
    return message(
        "One buyer, whom {state} knows, bought {count} guns from {first} to {last}.",
        state=buyer.state,
        **told,
    )


END_EVENTS: Final = SEIZED | {"surrender", "destruction"}  # it should not have come back
EVENT_CODE_LISTS: Final = {"surrender": "report_kind", "destruction": "transfer_kind"}
SEIZED_AGAIN_POINTS: Final = 6.0  # points, chosen: it left the hands of the state
POINTS_PER_REPEAT: Final = 1.0  # chosen: for each time after the first
SERIAL_DIFFERS_POINTS: Final = -2.0  # chosen: it may be its neighbour
UNCONFIRMED_RETURN_POINTS: Final = -3.0  # chosen: that both are of one gun is all there is to it
DESTROYED_POINTS: Final = 2.0  # chosen: somebody certified what did not happen
MISSED_POINTS: Final = -2.0  # chosen: the holder may have nothing to do with it


def find_oddities(guns: Sequence[SeizedGun]) -> Iterator[DetectedLead]:
    """Yield guns seized again, or within three years of their sale."""
    for gun in guns:
        yield from _seized_again(gun)
        yield from _seized_soon(gun)


def _seized_again(gun: SeizedGun) -> Iterator[DetectedLead]:
    taken = [said for said in gun.records if said.event in END_EVENTS]
    back = [
        (one, other)
        for one, other in pairwise(taken)
        if other.event in SEIZED and other.on > one.on and other.document != one.document
    ]
    if gun.is_ambiguous or not back:
        return
    points = [SEIZED_AGAIN_POINTS] + [POINTS_PER_REPEAT] * (len(back) - 1)
    reasons = [_return_reason(*pair, worth) for pair, worth in zip(back, points, strict=True)]
    if any(one.event == "destruction" for one, _ in back):
        text = message("It was certified to have been destroyed.")
        reasons.append(Reason("destroyed", text, DESTROYED_POINTS))
    if len({said.serial for pair in back for said in pair if said.serial}) > 1:
        text = message("Its serial was not read the same each time.")
        reasons.append(Reason("read_otherwise", text, SERIAL_DIFFERS_POINTS))
    reasons += [*state_reasons([gun]), *doubt_reasons([gun], UNCONFIRMED_RETURN_POINTS)]
    yield DetectedLead("recirculation", str(taken[0].id), (gun,), tuple(reasons))


def _return_reason(earlier: GunRecord, later: GunRecord, points: float) -> Reason:
    event = CodeLabel(EVENT_CODE_LISTS.get(earlier.event, "seizure_kind"), earlier.event)
    text = message(
        "{state} had it on {on} ({event}); {other} seized it {days} days later.",
        state=earlier.state,
        on=earlier.on.isoformat(),
        event=event,
        other=later.state,
        days=(later.on - earlier.on).days,
    )
    return Reason("seized_again", text, points)


def _seized_soon(gun: SeizedGun) -> Iterator[DetectedLead]:
    """Yield a short time to crime, if all sales have one day."""
    sold = {sale.on for sale in gun.first_sales}
    seized = gun.seizures[0]
    if len(sold) != 1 or not 0 <= (days := (seized.on - min(sold)).days) < SHORT_DAYS:
        return
    text = message("It was seized {days} days after it was first sold.", days=days)
    reasons = [Reason("short_time", text, time_points(days))]
    if any(said.event in ("loss", "theft") and said.on <= seized.on for said in gun.records):
        missed = message("It was reported lost or stolen before it was seized.")
        reasons.append(Reason("missed", missed, MISSED_POINTS))
    reasons += doubt_reasons([gun])
    yield DetectedLead("short_time_to_crime", str(seized.id), (gun,), tuple(reasons))


MAX_SERIAL_GAP: Final = 3  # chosen: two between them may be not seized yet
MAX_RUN_POINTS: Final = 8.0  # points, chosen: as much as a thing that one of 250 guns has
MIN_DIGITS: Final = 4  # chosen: shorter numbers follow each other by chance
_NUMBERED = re.compile(rf"([^?*\[\]]*?)(\d{{{MIN_DIGITS},12}})([^\d?*\[\]]*)")

SerialPattern = tuple[str, str, int, str]


def find_serial_runs(guns: Sequence[SeizedGun]) -> Iterator[DetectedLead]:
    """Yield runs of serials among guns of two or more seizures.

    Guns of one maker with consecutive serials left the factory together.
    """
    families: dict[SerialPattern, dict[int, SeizedGun]] = defaultdict(dict)
    for gun in guns:
        if not gun.is_ambiguous and (numbered := _pattern_and_number(gun)):
            families[numbered[0]].setdefault(numbered[1], gun)
    for family, numbers in families.items():
        for run in _consecutive_numbers(sorted(numbers)):
            some = tuple(numbers[number] for number in run)
            if from_several_seizures(some):
                yield _run_lead(family, run, some, len(numbers))


def _pattern_and_number(gun: SeizedGun) -> tuple[SerialPattern, int] | None:
    """Return the serial's pattern and number from the oldest record."""
    for said in gun.records:
        if said.make and said.serial and (found := _NUMBERED.fullmatch(said.serial)):
            return (said.make, found[1], len(found[2]), found[3]), int(found[2])
    return None


def _consecutive_numbers(numbers: Sequence[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for number in numbers:
        if run and number - run[-1] > MAX_SERIAL_GAP:
            yield run
            run = []
        run.append(number)
    yield run


def _run_lead(
    family: SerialPattern, run: Sequence[int], guns: tuple[SeizedGun, ...], count: int
) -> DetectedLead:
    make, before, width, after = family
    first, last = (f"{before}{number:0{width}d}{after}" for number in (run[0], run[-1]))
    text = message("The serials follow each other, from {first} to {last}.", first=first, last=last)
    rare = message("{count} guns of this maker and pattern of serial were seized.", count=count)
    chance = min(count * (run[-1] - run[0]) / 10**width, 1.0)
    points = round(min(-log2(chance), MAX_RUN_POINTS), 1)
    reasons = (
        Reason("shared", text, 0.0),
        Reason("rarity", rare, points),
        *number_reasons(guns),
        *doubt_reasons(guns),
    )
    return DetectedLead("consecutive_serials", f"{make}|{first}", guns, reasons)
