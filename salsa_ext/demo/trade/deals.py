"""Who trades with whom in the demo: ways of the goods, deals, consignments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Final

from salsa_ext.demo.guns import FOREIGN, Design, GunFactory, SimulatedGun
from salsa_ext.demo.world import DATA, Post, shared_posts, towns

Pair = tuple[str, str]

# Exporter to importers with weights: the producers of the hemisphere and who buys from them.
TRADE_WEIGHTS: Final[Mapping[str, Mapping[str, int]]] = DATA["trade_weights"]
# States without a common border whose goods may go by road, through these.
TRANSIT_STATES: Final[Mapping[Pair, tuple[str, ...]]] = {
    ("BRA", "CHL"): ("ARG",),
    ("BRA", "ECU"): ("PER",),
    ("ARG", "PER"): ("CHL",),
    ("URY", "PRY"): ("ARG",),
    ("PRY", "URY"): ("ARG",),
    ("CHL", "PRY"): ("ARG",),
    ("USA", "GTM"): ("MEX",),
    ("USA", "HND"): ("MEX", "GTM"),
    ("USA", "SLV"): ("MEX", "GTM"),
    ("USA", "BLZ"): ("MEX",),
    ("COL", "PER"): ("ECU",),
    ("PRY", "BOL"): ("ARG",),
}
TRANSIT_SHARE: Final = 0.7
PORTS: Final[Mapping[str, str]] = DATA["ports"]
TRAVEL_DAYS: Final = {"road": (1, 3), "sea": (12, 25), "air": (2, 4)}
PRODUCING_STATES: Final = ("ARG", "BRA", "CAN", "CHL", "COL", "MEX", "USA")


@dataclass(frozen=True)
class Route:
    """A route: transit states, posts, mode and days."""

    exporter: str
    importer: str
    transit: tuple[str, ...]
    posts: tuple[str, ...]
    mode: str
    days: int
    port_of_exit: str
    port_of_entry: str


def choose_pair(random: Random) -> Pair:
    """Return a random exporter and importer, by weight."""
    exporters = list(TRADE_WEIGHTS)
    [exporter] = random.choices(
        exporters, [sum(TRADE_WEIGHTS[state].values()) for state in exporters]
    )
    buyers = TRADE_WEIGHTS[exporter]
    return exporter, random.choices(list(buyers), list(buyers.values()))[0]


def choose_route(random: Random, exporter: str, importer: str) -> Route:
    """Return a route: shared post, transit states, sea or air."""
    if shared := shared_posts(exporter, importer):
        return route_over_post(random, exporter, importer, random.choice(shared))
    through = TRANSIT_STATES.get((exporter, importer))
    if through and random.random() < TRANSIT_SHARE:
        return _route_through(random, exporter, importer, through)
    mode = random.choice(("sea", "air"))
    return Route(
        exporter,
        importer,
        (),
        (),
        mode,
        random.randint(*TRAVEL_DAYS[mode]),
        _port(exporter, mode),
        _port(importer, mode),
    )


def route_over_post(random: Random, exporter: str, importer: str, post: Post) -> Route:
    """Return the route over one post."""
    return Route(
        exporter,
        importer,
        (),
        (post.code,),
        "road",
        random.randint(*TRAVEL_DAYS["road"]),
        post.sides[exporter][0],
        post.sides[importer][0],
    )


def choose_direction(random: Random, post: Post) -> Pair:
    """Return the direction of goods at a post: known trade, else random."""
    first, other = sorted(post.sides)
    known = [(a, b) for a, b in ((first, other), (other, first)) if b in TRADE_WEIGHTS.get(a, ())]
    return random.choice(known or [(first, other), (other, first)])


def choose_source(random: Random, exporter: str) -> str:
    """Return the source of an exporter's goods: own makers or imports."""
    if exporter in PRODUCING_STATES:
        return exporter
    return random.choices((FOREIGN, "BRA", "USA"), (5, 3, 2))[0]


def _route_through(random: Random, exporter: str, importer: str, through: tuple[str, ...]) -> Route:
    stops = (exporter, *through, importer)
    passed = [random.choice(shared_posts(a, b)) for a, b in pairwise(stops)]
    return Route(
        exporter,
        importer,
        through,
        tuple(post.code for post in passed),
        "road",
        3 * len(through) + random.randint(*TRAVEL_DAYS["road"]),
        passed[0].sides[exporter][0],
        passed[-1].sides[importer][0],
    )


def _port(state: str, mode: str) -> str:
    return PORTS.get(state, towns(state)[0].name) if mode == "sea" else towns(state)[0].name


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
                choose_route(self._random, *choose_pair(self._random)),
                self._random.randint(NEWEST_DAY, OLDEST_DAY),
            )
            for ships in self._departures(deal):  # none goes before it is licensed by all
                if left > 0:
                    left -= self._send(deal, ships, self._pick(OUTCOME_WEIGHTS), left)
            deals.append(deal)
        return deals

    def _at_post(self, due: int, fate: str, post: Post) -> Deal:
        way = route_over_post(self._random, *choose_direction(self._random, post), post)
        ships = due + way.days
        before = self._random.choice((15, 30, 45, 340))
        deal = self._deal(way, max(ships, 1) + before)
        if deal.flaw == "awaiting" and fate != "due":
            deal.flaw = ""
        self._send(deal, ships, fate, self._random.randint(4, 14))
        return deal

    def _deal(self, way: Route, issued: int) -> Deal:
        source = choose_source(self._random, way.exporter)
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
