"""Where and when the demo region plays: states, towns, border posts, and days before the anchor."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from math import cos, hypot, radians
from typing import Final

KM_PER_DEGREE: Final = 111.2

# Each participating state: the zone of its capital and the languages of its offices.
STATES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "ARG": ("America/Argentina/Buenos_Aires", ("es",)), "ATG": ("America/Antigua", ("en",)),
    "BHS": ("America/Nassau", ("en",)), "BLZ": ("America/Belize", ("en", "es")),
    "BOL": ("America/La_Paz", ("es",)), "BRA": ("America/Sao_Paulo", ("pt",)),
    "BRB": ("America/Barbados", ("en",)), "CAN": ("America/Toronto", ("en", "fr")),
    "CHL": ("America/Santiago", ("es",)), "COL": ("America/Bogota", ("es",)),
    "CRI": ("America/Costa_Rica", ("es",)), "DMA": ("America/Dominica", ("en",)),
    "DOM": ("America/Santo_Domingo", ("es",)), "ECU": ("America/Guayaquil", ("es",)),
    "GRD": ("America/Grenada", ("en",)), "GTM": ("America/Guatemala", ("es",)),
    "GUY": ("America/Guyana", ("en",)), "HND": ("America/Tegucigalpa", ("es",)),
    "HTI": ("America/Port-au-Prince", ("fr", "ht")), "JAM": ("America/Jamaica", ("en",)),
    "KNA": ("America/St_Kitts", ("en",)), "LCA": ("America/St_Lucia", ("en",)),
    "MEX": ("America/Mexico_City", ("es",)), "NIC": ("America/Managua", ("es",)),
    "PAN": ("America/Panama", ("es",)), "PER": ("America/Lima", ("es",)),
    "PRY": ("America/Asuncion", ("es",)), "SLV": ("America/El_Salvador", ("es",)),
    "SUR": ("America/Paramaribo", ("nl", "en")), "TTO": ("America/Port_of_Spain", ("en",)),
    "URY": ("America/Montevideo", ("es",)), "USA": ("America/New_York", ("en", "es")),
    "VCT": ("America/St_Vincent", ("en",)), "VEN": ("America/Caracas", ("es",)),
}  # fmt: skip


@dataclass(frozen=True)
class Post:
    """A border post with its two sides: state to (town, zone)."""

    code: str
    latitude: float
    longitude: float
    radius_km: int
    sides: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Town:
    """A town of a state; `post` where it lies within a border post's radius."""

    state: str
    name: str
    admin1: str | None
    latitude: float
    longitude: float
    zone: str
    post: str | None


@dataclass(frozen=True)
class Calendar:
    """Days counted back from the anchor, so that no fact depends on when the region is made."""

    anchor: date

    def on(self, days_ago: int) -> date:
        """Return the day so many days before the anchor; a negative number lies ahead."""
        return self.anchor - timedelta(days=days_ago)

    def at(self, days_ago: int, hour: int = 0, minute: int = 0) -> datetime:
        """Return an aware moment (UTC) of that day; the anchor's is its first."""
        return datetime.combine(self.on(days_ago), time(hour, minute, tzinfo=UTC))


def language(state: str) -> str:
    """Return the first language of a state's offices."""
    return STATES[state][1][0]


@cache
def posts() -> Sequence[Post]:
    """Return the border posts of the reference data, by code."""
    return tuple(_post(row) for row in _rows("salsa_ext", "reference/posts.csv"))


@cache
def crossings(one: str, other: str) -> Sequence[Post]:
    """Return the posts that two states share."""
    return tuple(post for post in posts() if {one, other} == set(post.sides))


@cache
def towns(state: str) -> Sequence[Town]:
    """Return the towns of a state, its capital first and its border towns last."""
    inland = [_town(row) for row in _rows("api.demo", "towns.csv") if row["state"] == state]
    border = [_border_town(post, state) for post in posts() if state in post.sides]
    return (*inland, *border)


def _rows(package: str, name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(files(package).joinpath(name).read_text("utf-8").splitlines())


def _post(row: Mapping[str, str]) -> Post:
    sides = {row[f"state_{side}"]: (row[f"place_{side}"], row[f"zone_{side}"]) for side in "ab"}
    where = float(row["latitude"]), float(row["longitude"])
    return Post(row["code"], *where, int(row["radius_km"]), sides)


def _town(row: Mapping[str, str]) -> Town:
    latitude, longitude = float(row["latitude"]), float(row["longitude"])
    zone = STATES[row["state"]][0]
    near = [post.code for post in posts()
            if row["state"] in post.sides and _is_near(post, latitude, longitude)]  # fmt: skip
    return Town(row["state"], row["name"], row["admin1"], latitude, longitude, zone,
                near[0] if near else None)  # fmt: skip


def _border_town(post: Post, state: str) -> Town:
    name, zone = post.sides[state]
    return Town(state, name, None, post.latitude, post.longitude, zone, post.code)


def _is_near(post: Post, latitude: float, longitude: float) -> bool:
    wide = cos(radians(post.latitude))
    apart = hypot(post.latitude - latitude, (post.longitude - longitude) * wide)
    return KM_PER_DEGREE * apart < post.radius_km
