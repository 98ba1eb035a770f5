"""Deals between states and their consignments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

from salsa_ext.demo.guns import Design, GunFactory, SimulatedGun
from salsa_ext.demo.trade import trade_routes
from salsa_ext.demo.trade.trade_routes import Route
from salsa_ext.demo.world import DATA, Post

OLDEST_DAY: Final = 1_095
NEWEST_DAY: Final = 100
LOT_SIZE: Final = (3.25, 0.6)
MAX_LOT_SIZE: Final = 120
OUTCOME_WEIGHTS: Final[Mapping[str, int]] = DATA["outcome_weights"]
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

    def _pick(self, weights: Mapping[str, int]) -> str:
        return self._random.choices(list(weights), list(weights.values()))[0]
