"""Who trades with whom in the demo, and the ways of the goods."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Final

from salsa_ext.demo.guns import FOREIGN
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
