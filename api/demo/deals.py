"""Deals between states: what was authorised, what left in which lots, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final

from api.demo import routes
from api.demo.guns import Armoury, Design, Gun
from api.demo.routes import Way
from api.demo.world import Post

OLDEST: Final = 1_095
NEWEST: Final = 100
SIZE: Final = (3.25, 0.6)
LONGEST_LOT: Final = 120
FATES: Final = {"received": 86, "short": 6, "over": 1, "never": 3, "unconfirmed": 3, "held": 1}
FLAWS: Final = {"": 90, "awaiting": 5, "over": 3, "mismatch": 2}
# What the board of each post shows: when a shipment is due (days before the anchor), and its fate.
AT_POSTS: Final = ((0, "due"), (0, "at_exit"), (-2, "due"), (-6, "due"), (9, "late"))


@dataclass
class Consignment:
    """One shipment of a deal: lots of guns by the permit's line, and its fate."""

    deal: Deal
    ships: int
    fate: str
    lots: dict[int, list[Gun]] = field(default_factory=dict)
    number: str = ""
    missing: list[Gun] = field(default_factory=list)

    @property
    def enters(self) -> int:
        """Return on which day it should enter the importing state."""
        return self.ships - self.deal.way.days

    @property
    def is_received(self) -> bool:
        """Say whether the importing state confirmed a receipt."""
        return self.fate in ("received", "short", "over")

    def guns(self) -> Iterator[tuple[int, Gun]]:
        """Yield every gun with the line that it is drawn from."""
        for line, lot in self.lots.items():
            yield from ((line, gun) for gun in lot)


@dataclass
class Deal:
    """An export certificate with its counterparts; `flaw` says where these differ."""

    way: Way
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
        """Return how many guns of a line are shipped in all."""
        return sum(len(sent.lots.get(line, ())) for sent in self.consignments)


class Market:
    """Makes deals until so many guns are on their way."""

    def __init__(self, random: Random, armoury: Armoury) -> None:
        self._random = random
        self._armoury = armoury

    def at_posts(self, posts: list[Post], count: int) -> list[Deal]:
        """Return `count` deals whose shipments the boards of posts show, each post in turn."""
        every = [(due, fate, post) for due, fate in AT_POSTS for post in posts]
        return [self._at_post(*shown) for shown in every[:count]]

    def past(self, guns: int) -> list[Deal]:
        """Return deals of the three years before the anchor, with exactly so many guns."""
        made, left = [], guns
        while left > 0:
            deal = self._deal(routes.way(self._random, *routes.pair(self._random)),
                              self._random.randint(NEWEST, OLDEST))  # fmt: skip
            for ships in self._departures(deal):  # none goes before it is licensed by all
                if left > 0:
                    left -= self._send(deal, ships, self._pick(FATES), left)
            made.append(deal)
        return made

    def _at_post(self, due: int, fate: str, post: Post) -> Deal:
        way = routes.over(self._random, *routes.direction(self._random, post), post)
        ships = due + way.days
        before = self._random.choice((15, 30, 45, 340))
        deal = self._deal(way, max(ships, 1) + before)
        if deal.flaw == "awaiting" and fate != "due":
            deal.flaw = ""
        self._send(deal, ships, fate, self._random.randint(4, 14))
        return deal

    def _deal(self, way: Way, issued: int) -> Deal:
        source = routes.source(self._random, way.exporter)
        kinds = self._random.choice((1, 1, 2))
        designs = {self._armoury.design(source): None for _ in range(kinds)}
        for_state = self._random.random() < 0.12
        flaw = self._pick(FLAWS)
        spare = 5 if flaw == "over" else self._random.choice((0, 0, 5))
        return Deal(way, issued, list(designs), for_state, flaw, spare)

    def _departures(self, deal: Deal) -> list[int]:
        if deal.flaw == "awaiting":
            return []
        first = deal.issued - self._random.randint(3, 40)
        more = self._random.choice((0, 0, 1)) * self._random.randint(20, 50)
        return [first] if not more or first - more < 45 else [first, first - more]

    def _send(self, deal: Deal, ships: int, fate: str, most: int) -> int:
        """Send one shipment of up to `most` guns; returns how many they are."""
        sent = Consignment(deal, ships, fate)
        deal.consignments.append(sent)
        size = min(most, LONGEST_LOT, max(3, int(self._random.lognormvariate(*SIZE))))
        share = -(-size // len(deal.designs))
        for line, design in enumerate(deal.designs, 1):
            count = min(share, size - share * (line - 1))
            if count > 0:
                sent.lots[line] = self._lot(design, deal, count)
        self._arrive(sent)
        return size

    def _lot(self, design: Design, deal: Deal, count: int) -> list[Gun]:
        made = deal.issued + self._random.randint(10, 300)
        home = deal.way.exporter
        return [Gun(design, self._armoury.serial(design), made, home, made) for _ in range(count)]

    def _arrive(self, sent: Consignment) -> None:
        """Let the guns leave, and arrive where the fate says so."""
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
