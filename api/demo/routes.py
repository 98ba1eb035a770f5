"""Who ships to whom, how often, and by which way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Final

from api.demo.guns import FOREIGN
from api.demo.world import Post, crossings, towns

Pair = tuple[str, str]

# Exporter to importers with weights: the producers of the hemisphere and who buys from them.
TRADE: Final[Mapping[str, Mapping[str, int]]] = {
    "BRA": {"USA": 26, "PRY": 14, "ARG": 9, "URY": 7, "BOL": 5, "CHL": 6, "PER": 5, "COL": 4,
            "ECU": 3, "GTM": 4, "HND": 4, "SLV": 3, "DOM": 3, "PAN": 2, "HTI": 1, "SUR": 1},
    "USA": {"MEX": 16, "CAN": 18, "GTM": 8, "HND": 6, "SLV": 5, "CRI": 4, "PAN": 4, "COL": 5,
            "PER": 4, "PRY": 4, "DOM": 5, "JAM": 3, "TTO": 3, "BHS": 2, "HTI": 1, "ECU": 2,
            "CHL": 3, "ARG": 4, "BRB": 1, "BLZ": 2, "LCA": 1, "ATG": 1, "GRD": 1, "VCT": 1,
            "DMA": 1, "KNA": 1, "GUY": 1, "NIC": 2, "BOL": 1, "URY": 2, "BRA": 3},
    "ARG": {"PRY": 8, "URY": 7, "CHL": 5, "BOL": 3, "USA": 6, "PER": 2, "BRA": 2},
    "CAN": {"USA": 8, "CHL": 1, "COL": 1},
    "COL": {"ECU": 4, "PER": 2, "PAN": 1},
    "CHL": {"PER": 2, "BOL": 1, "PRY": 1},
    "MEX": {"GTM": 3, "BLZ": 1, "USA": 1},
    "URY": {"PRY": 2, "ARG": 2},
    "PRY": {"BOL": 1, "URY": 1},
}  # fmt: skip
# States without a common border whose goods may go by road, through these.
THROUGH: Final[Mapping[Pair, tuple[str, ...]]] = {
    ("BRA", "CHL"): ("ARG",), ("BRA", "ECU"): ("PER",), ("ARG", "PER"): ("CHL",),
    ("URY", "PRY"): ("ARG",), ("PRY", "URY"): ("ARG",), ("CHL", "PRY"): ("ARG",),
    ("USA", "GTM"): ("MEX",), ("USA", "HND"): ("MEX", "GTM"), ("USA", "SLV"): ("MEX", "GTM"),
    ("USA", "BLZ"): ("MEX",), ("COL", "PER"): ("ECU",), ("PRY", "BOL"): ("ARG",),
}  # fmt: skip
BY_ROAD_THROUGH: Final = 0.7
PORTS: Final[Mapping[str, str]] = {
    "ARG": "Zárate", "BRA": "Santos", "CHL": "San Antonio", "COL": "Cartagena", "ECU": "Guayaquil",
    "GTM": "Puerto Quetzal", "HND": "Puerto Cortés", "MEX": "Veracruz", "PER": "Callao",
    "USA": "Miami", "URY": "Montevideo", "DOM": "Caucedo", "PAN": "Balboa", "SLV": "Acajutla",
}  # fmt: skip
TRAVEL: Final = {"road": (1, 3), "sea": (12, 25), "air": (2, 4)}
OWN_DESIGNS: Final = ("ARG", "BRA", "CAN", "CHL", "COL", "MEX", "USA")


@dataclass(frozen=True)
class Way:
    """How goods travel: through which states, over which posts, and in how many days."""

    exporter: str
    importer: str
    transit: tuple[str, ...]
    posts: tuple[str, ...]
    mode: str
    days: int
    port_of_exit: str
    port_of_entry: str


def pair(random: Random) -> Pair:
    """Return an exporter and an importer, by weight."""
    exporters = list(TRADE)
    [exporter] = random.choices(exporters, [sum(TRADE[state].values()) for state in exporters])
    buyers = TRADE[exporter]
    return exporter, random.choices(list(buyers), list(buyers.values()))[0]


def way(random: Random, exporter: str, importer: str) -> Way:
    """Return a way between two states: over a common post, through others, or by sea or air."""
    if shared := crossings(exporter, importer):
        return over(random, exporter, importer, random.choice(shared))
    through = THROUGH.get((exporter, importer))
    if through and random.random() < BY_ROAD_THROUGH:
        return _through(random, exporter, importer, through)
    mode = random.choice(("sea", "air"))
    return Way(exporter, importer, (), (), mode, random.randint(*TRAVEL[mode]),
               _port(exporter, mode), _port(importer, mode))  # fmt: skip


def over(random: Random, exporter: str, importer: str, post: Post) -> Way:
    """Return the way over one post."""
    return Way(exporter, importer, (), (post.code,), "road", random.randint(*TRAVEL["road"]),
               post.sides[exporter][0], post.sides[importer][0])  # fmt: skip


def direction(random: Random, post: Post) -> Pair:
    """Return in which direction goods pass a post: that of the known trade, else either."""
    one, other = sorted(post.sides)
    known = [(a, b) for a, b in ((one, other), (other, one)) if b in TRADE.get(a, ())]
    return random.choice(known or [(one, other), (other, one)])


def source(random: Random, exporter: str) -> str:
    """Return where an exporter's goods come from: his own makers, or what he once imported."""
    if exporter in OWN_DESIGNS:
        return exporter
    return random.choices((FOREIGN, "BRA", "USA"), (5, 3, 2))[0]


def _through(random: Random, exporter: str, importer: str, through: tuple[str, ...]) -> Way:
    stops = (exporter, *through, importer)
    passed = [random.choice(crossings(a, b)) for a, b in pairwise(stops)]
    return Way(
        exporter, importer, through, tuple(post.code for post in passed), "road",
        3 * len(through) + random.randint(*TRAVEL["road"]),
        passed[0].sides[exporter][0], passed[-1].sides[importer][0],
    )  # fmt: skip


def _port(state: str, mode: str) -> str:
    return PORTS.get(state, towns(state)[0].name) if mode == "sea" else towns(state)[0].name
