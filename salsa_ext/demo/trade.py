"""Trade between states: deals, consignments and their documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final

from salsa_ext.demo import trade_routes
from salsa_ext.demo.guns import Design, GunFactory, SimulatedGun, describe_gun
from salsa_ext.demo.parties import People
from salsa_ext.demo.phrases import HOLD_REASONS, localized
from salsa_ext.demo.trade_routes import Route
from salsa_ext.demo.world import Calendar, Post
from salsa_ext.trade.receipts.values import ReceiptData, ReceivedItem
from salsa_ext.trade.shipments.values import (
    CheckpointData,
    ExpectedStageData,
    ShipmentData,
    Transport,
)

OLDEST_DAY: Final = 1_095
NEWEST_DAY: Final = 100
LOT_SIZE: Final = (3.25, 0.6)
MAX_LOT_SIZE: Final = 120
OUTCOME_WEIGHTS: Final = {
    "received": 86,
    "short": 6,
    "over": 1,
    "never": 3,
    "unconfirmed": 3,
    "held": 1,
}
FLAW_WEIGHTS: Final = {"": 90, "awaiting": 5, "over": 3, "mismatch": 2}
# What the board of each post shows: when a shipment is due (days before the anchor), and its fate.
POST_SHIPMENTS: Final = ((0, "due"), (0, "at_exit"), (-2, "due"), (-6, "due"), (9, "late"))


@dataclass
class Deal:
    """An export certificate with its counterparts; `flaw` is their difference."""

    way: Route
    issued: int
    designs: list[Design]
    for_state: bool
    flaw: str
    spare: int
    consignments: list[Consignment] = field(default_factory=list)
    number: str = ""
    import_number: str = ""
    transit_numbers: tuple[str, ...] = ()

    def quantity(self, line: int) -> int:
        """Return the shipped quantity of a line."""
        return sum(len(sent.lots.get(line, ())) for sent in self.consignments)


@dataclass
class Consignment:
    """A shipment of a deal: lots by permit line, and its outcome."""

    deal: Deal
    ships: int
    fate: str
    lots: dict[int, list[SimulatedGun]] = field(default_factory=dict)
    number: str = ""
    missing: list[SimulatedGun] = field(default_factory=list)

    @property
    def enters(self) -> int:
        """Return the day of its expected entry into the importing state."""
        return self.ships - self.deal.way.days

    @property
    def is_received(self) -> bool:
        """Return whether the importing state confirmed a receipt."""
        return self.fate in ("received", "short", "over")

    def guns(self) -> Iterator[tuple[int, SimulatedGun]]:
        """Yield every gun with its permit line."""
        for line, lot in self.lots.items():
            yield from ((line, gun) for gun in lot)


class DealGenerator:
    """Generator of deals for a number of guns."""

    def __init__(self, random: Random, armoury: GunFactory) -> None:
        self._random = random
        self._armoury = armoury

    def at_posts(self, posts: list[Post], count: int) -> list[Deal]:
        """Return deals whose shipments are on the boards, post by post."""
        every = [(due, fate, post) for due, fate in POST_SHIPMENTS for post in posts]
        return [self._at_post(*planned) for planned in every[:count]]

    def past(self, guns: int) -> list[Deal]:
        """Return deals of the last three years with exactly `guns` guns."""
        deals, left = [], guns
        while left > 0:
            deal = self._deal(
                trade_routes.choose_route(self._random, *trade_routes.choose_pair(self._random)),
                self._random.randint(NEWEST_DAY, OLDEST_DAY),
            )
            for ships in self._departures(deal):  # none goes before it is licensed by all
                if left > 0:
                    left -= self._send(deal, ships, self._pick(OUTCOME_WEIGHTS), left)
            deals.append(deal)
        return deals

    def _at_post(self, due: int, fate: str, post: Post) -> Deal:
        way = trade_routes.route_over_post(
            self._random, *trade_routes.choose_direction(self._random, post), post
        )
        ships = due + way.days
        before = self._random.choice((15, 30, 45, 340))
        deal = self._deal(way, max(ships, 1) + before)
        if deal.flaw == "awaiting" and fate != "due":
            deal.flaw = ""
        self._send(deal, ships, fate, self._random.randint(4, 14))
        return deal

    def _deal(self, way: Route, issued: int) -> Deal:
        source = trade_routes.choose_source(self._random, way.exporter)
        kinds = self._random.choice((1, 1, 2))
        designs = {self._armoury.design(source): None for _ in range(kinds)}
        for_state = self._random.random() < 0.12
        flaw = self._pick(FLAW_WEIGHTS)
        spare = 5 if flaw == "over" else self._random.choice((0, 0, 5))
        return Deal(way, issued, list(designs), for_state, flaw, spare)

    def _departures(self, deal: Deal) -> list[int]:
        if deal.flaw == "awaiting":
            return []
        first = deal.issued - self._random.randint(3, 40)
        more = self._random.choice((0, 0, 1)) * self._random.randint(20, 50)
        return [first] if not more or first - more < 45 else [first, first - more]

    def _send(self, deal: Deal, ships: int, fate: str, most: int) -> int:
        """Add a consignment of at most `most` guns; return its size."""
        sent = Consignment(deal, ships, fate)
        deal.consignments.append(sent)
        size = min(most, MAX_LOT_SIZE, max(3, int(self._random.lognormvariate(*LOT_SIZE))))
        share = -(-size // len(deal.designs))
        for line, design in enumerate(deal.designs, 1):
            count = min(share, size - share * (line - 1))
            if count > 0:
                sent.lots[line] = self._lot(design, deal, count)
        self._arrive(sent)
        return size

    def _lot(self, design: Design, deal: Deal, count: int) -> list[SimulatedGun]:
        day = deal.issued + self._random.randint(10, 300)
        home = deal.way.exporter
        return [
            SimulatedGun(design, self._armoury.serial(design), day, home, day) for _ in range(count)
        ]

    def _arrive(self, sent: Consignment) -> None:
        """Add the events of export and, by outcome, import."""
        for _, gun in sent.guns():
            gun.happens("export", sent.ships)
        if not sent.is_received:
            return
        guns = [gun for _, gun in sent.guns()]
        if sent.fate == "short":
            sent.missing = self._random.sample(guns, min(len(guns) - 1, self._random.randint(1, 4)))
        lost = set(sent.missing)
        for gun in guns:
            if gun not in lost:
                gun.happens("import", sent.enters)
                gun.home = sent.deal.way.importer
                gun.imported = (gun.home, sent.enters)

    def _pick(self, weights: dict[str, int]) -> str:
        return self._random.choices(list(weights), list(weights.values()))[0]


TRANSPORT_DOCUMENTS: Final = {
    "road": ("mic_dta", "crt"),
    "sea": ("bill_of_lading",),
    "air": ("awb",),
}


@dataclass(frozen=True)
class PlannedStage:
    """A stage of a shipment: side, post, day before anchor, hour."""

    stage: str
    state: str
    post: str | None
    day: int
    hour: int


class ShipmentWriter:
    """Writer of shipment documents for numbered consignments."""

    def __init__(self, random: Random, calendar: Calendar, people: People) -> None:
        self._random = random
        self._calendar = calendar
        self._people = people

    def shipment(self, sent: Consignment) -> ShipmentData:
        """Return the export attachment with its items."""
        way, number = sent.deal.way, self._random.randrange(1_000_000)
        return ShipmentData(
            number=sent.number,
            ships_on=self._calendar.on(sent.ships),
            mode=way.mode,
            items=tuple(describe_gun(gun, self._calendar, line=line) for line, gun in sent.guns()),
            port_of_exit=way.port_of_exit,
            port_of_entry=way.port_of_entry,
            route=way.posts,
            expected=tuple(map(self._expectation, planned_stages(sent))),
            carrier=self._people.carrier(way.exporter),
            seals=(f"{way.exporter}{number:06d}",),
            transport=Transport(
                self._random.choice(TRANSPORT_DOCUMENTS[way.mode]),
                f"{way.exporter}-{number:06d}",
                (f"XX{number % 10_000:04d}",) if way.mode == "road" else (),
                f"XXXU{number:06d}0" if way.mode == "sea" else None,
            ),
        )

    def ticks(self, sent: Consignment) -> list[tuple[str, CheckpointData]]:
        """Return the recorded checkpoints, each with its state."""
        passed = planned_stages(sent)[: self._passed(sent)]
        return [(step.state, self._tick(step, sent)) for step in passed]

    def receipt(self, sent: Consignment) -> ReceiptData | None:
        """Return the importing state's receipt, if any."""
        if not sent.is_received:
            return None
        day = self._calendar.on(sent.enters)
        if sent.fate == "received":
            return ReceiptData(day, all=True)
        lost = set(sent.missing)
        arrived = [str(gun.serial) for _, gun in sent.guns() if gun not in lost]
        extra = [f"X{self._random.randrange(1_000_000):06d}"] if sent.fate == "over" else []
        return ReceiptData(day, items=tuple(map(ReceivedItem, (*arrived, *extra))))

    def _passed(self, sent: Consignment) -> int | None:
        """Return the number of passed stages; None for all."""
        late = self._random.choice((0, 1))
        return {"due": 0, "at_exit": 1, "never": 1, "late": late}.get(sent.fate)

    def _tick(self, step: PlannedStage, sent: Consignment) -> CheckpointData:
        is_held = sent.fate == "held" and step.stage == "entry"
        day = max(step.day, 1)
        return CheckpointData(
            step.stage,
            self._calendar.at(day, step.hour, self._random.randrange(60)),
            "held" if is_held else "passed",
            step.post,
            reason=localized(HOLD_REASONS, step.state) if is_held else None,
        )

    def _expectation(self, step: PlannedStage) -> ExpectedStageData:
        at = self._calendar.at(step.day, step.hour)
        return ExpectedStageData(step.stage, at, step.post)


def planned_stages(consignment: Consignment) -> list[PlannedStage]:
    """Return the stages in order: both sides of posts, or two ports."""
    way = consignment.deal.way
    hour = 6 + sum(map(ord, consignment.number)) % 12
    if not way.posts:
        return [
            PlannedStage("exit", way.exporter, None, consignment.ships, hour),
            PlannedStage("entry", way.importer, None, consignment.enters, hour),
        ]
    stops, stages = (way.exporter, *way.transit, way.importer), []
    for index, post in enumerate(way.posts):
        day = consignment.ships - round((index + 1) * way.days / len(way.posts))
        out = "exit" if index == 0 else "transit_out"
        into = "entry" if index == len(way.posts) - 1 else "transit_in"
        stages += [
            PlannedStage(out, stops[index], post, day, hour),
            PlannedStage(into, stops[index + 1], post, day, hour + 2),
        ]
    return stages
