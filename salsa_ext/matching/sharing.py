"""Guns of different seizures that share a shipment, a permit, a firm, a holder or a lot; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from salsa_ext.errors import Message, say
from salsa_ext.matching.events import LAWFUL
from salsa_ext.matching.evidence import Reason
from salsa_ext.matching.findings import Finding, are_apart, doubts, rarity, several
from salsa_ext.matching.joined import Gun, Known, Said
from salsa_ext.matching.sales import TRADE

MISSED: Final = frozenset(("loss", "theft"))


@dataclass(frozen=True)
class Thing:
    """What a record says that other guns can share, and in which words.

    `is_vague` are words that may not name it, which come last, and `token` stands for it. `said` is the
    record that says it.
    """

    kind: str
    key: str
    token: str
    said: Said
    text: Message
    is_vague: bool = False


def find(guns: Sequence[Gun]) -> Iterator[Finding]:
    """Yield what guns of two seizures or more have in common."""
    shared: dict[tuple[str, str], dict[int, list[Thing]]] = defaultdict(lambda: defaultdict(list))
    for number, gun in enumerate(guns):
        for thing in things_of(gun):
            shared[thing.kind, thing.key][number].append(thing)
    known: dict[str, set[int]] = defaultdict(set)
    for (kind, _), holding in shared.items():
        known[kind] |= holding.keys()
    for (kind, _), holding in shared.items():
        some = tuple(guns[number] for number in sorted(holding))
        if are_apart(some):
            things = [holding[number] for number in sorted(holding)]
            yield _finding(kind, some, things, len(known[kind]))


def _finding(
    kind: str, guns: tuple[Gun, ...], things: Sequence[Sequence[Thing]], of: int
) -> Finding:
    every = [thing for some in things for thing in some]
    best = min(every, key=lambda thing: (thing.is_vague, thing.token))
    reasons = [Reason("shared", best.text, 0.0), rarity(len(guns), of),
               *several(guns, _days(guns, things)), *doubts(guns)]  # fmt: skip
    return Finding(kind, min(thing.token for thing in every), guns, tuple(reasons), (best.said,))


def _days(guns: Sequence[Gun], things: Sequence[Sequence[Thing]]) -> list[int]:
    """Return how many days after the thing each gun was first seized."""
    since = (min(thing.said.on for thing in some) for some in things)
    after = [
        [(said.on - on).days for said in gun.seized if said.on >= on]
        for gun, on in zip(guns, since, strict=True)
    ]
    return [days[0] for days in after if days]


def things_of(gun: Gun) -> Iterator[Thing]:
    """Yield what a gun can share with others; of an open one, what all its first sales agree in."""
    for said in gun.records:
        if said.lot and said.make and not gun.is_open:
            text = say("The goods are of one lot: {lot}.", lot=said.lot)
            yield Thing(
                "shared_lot", f"{said.make}|{said.lot}", f"{said.make}|{said.lot}", said, text
            )
    yield from _dealer(gun)
    if not gun.is_open:
        for said in gun.records:
            yield from _shipped(said)
            yield from _held(said)


def _dealer(gun: Gun) -> Iterator[Thing]:
    sellers = [sale.giver for sale in gun.sales]
    one = sellers[0] if sellers else None
    if (
        one is None
        or one.kind not in TRADE
        or any(party is None or party.key != one.key for party in sellers)
    ):
        return
    text = _named(one, say("The guns were sold by one dealer: {name}.", name=one.name),
                  say("The guns were sold by one dealer of {state}.", state=one.state))  # fmt: skip
    yield _of(one, "shared_dealer", gun.sales[0], text)


def _shipped(said: Said) -> Iterator[Thing]:
    paper = said.paper
    if paper is None:
        return
    told = {"state": paper.state}
    text = say("The guns left {state} in one shipment.", **told)
    if paper.number:
        text = say("The guns left {state} in one shipment: {number}.", number=paper.number, **told)
    shipment, permit = str(paper.shipment), str(paper.permit)
    yield Thing("shared_shipment", shipment, shipment, said, text)
    text = say("The guns left {state} under one permit.", **told)
    if paper.permit_number:
        text = say("The guns left {state} under one permit: {number}.",
                   number=paper.permit_number, **told)  # fmt: skip
    yield Thing("shared_permit", permit, permit, said, text)
    if one := paper.consignee:
        text = _named(one, say("The guns were consigned to one firm or body: {name}.", name=one.name),
                      say("{state} shipped the guns to one consignee.", state=one.state))  # fmt: skip
        yield _of(one, "shared_consignee", said, text)


def _held(said: Said) -> Iterator[Thing]:
    one = said.giver if said.event in MISSED else said.receiver if said.event in LAWFUL else None
    if one and one.kind not in TRADE and said.event not in ("export", "import", "manufacture"):
        text = _named(one, say("The guns had one holder: {name}.", name=one.name),
                      say("The guns had one holder, whom {state} knows.", state=one.state))  # fmt: skip
        yield _of(one, "shared_holder", said, text)


def _named(party: Known, named: Message, unnamed: Message) -> Message:
    return named if party.name else unnamed


def _of(party: Known, kind: str, said: Said, text: Message) -> Thing:
    return Thing(kind, party.key, party.token, said, text, party.name is None)
