"""States, towns, border posts, calendar and proportions of the demo region.

The share of guns first sold in the United States follows published tracing figures for Mexico,
Central America and the Caribbean; the share with a registered owner and the weight of revolvers in
Brazil follow studies there. The rest is illustrative, not official.
"""

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
    "ARG": ("America/Argentina/Buenos_Aires", ("es",)),
    "ATG": ("America/Antigua", ("en",)),
    "BHS": ("America/Nassau", ("en",)),
    "BLZ": ("America/Belize", ("en", "es")),
    "BOL": ("America/La_Paz", ("es",)),
    "BRA": ("America/Sao_Paulo", ("pt",)),
    "BRB": ("America/Barbados", ("en",)),
    "CAN": ("America/Toronto", ("en", "fr")),
    "CHL": ("America/Santiago", ("es",)),
    "COL": ("America/Bogota", ("es",)),
    "CRI": ("America/Costa_Rica", ("es",)),
    "DMA": ("America/Dominica", ("en",)),
    "DOM": ("America/Santo_Domingo", ("es",)),
    "ECU": ("America/Guayaquil", ("es",)),
    "GRD": ("America/Grenada", ("en",)),
    "GTM": ("America/Guatemala", ("es",)),
    "GUY": ("America/Guyana", ("en",)),
    "HND": ("America/Tegucigalpa", ("es",)),
    "HTI": ("America/Port-au-Prince", ("fr", "ht")),
    "JAM": ("America/Jamaica", ("en",)),
    "KNA": ("America/St_Kitts", ("en",)),
    "LCA": ("America/St_Lucia", ("en",)),
    "MEX": ("America/Mexico_City", ("es",)),
    "NIC": ("America/Managua", ("es",)),
    "PAN": ("America/Panama", ("es",)),
    "PER": ("America/Lima", ("es",)),
    "PRY": ("America/Asuncion", ("es",)),
    "SLV": ("America/El_Salvador", ("es",)),
    "SUR": ("America/Paramaribo", ("nl", "en")),
    "TTO": ("America/Port_of_Spain", ("en",)),
    "URY": ("America/Montevideo", ("es",)),
    "USA": ("America/New_York", ("en", "es")),
    "VCT": ("America/St_Vincent", ("en",)),
    "VEN": ("America/Caracas", ("es",)),
}


@dataclass(frozen=True)
class Post:
    """A border post or port; `sides` maps each state to (town, time zone)."""

    code: str
    latitude: float
    longitude: float
    radius_km: int
    sides: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Town:
    """A town; `post` is set within a border post's radius."""

    state: str
    name: str
    admin1: str | None
    latitude: float
    longitude: float
    zone: str
    post: str | None


@dataclass(frozen=True)
class Calendar:
    """Days counted back from the anchor date. No fact depends on the day of creation."""

    anchor: date

    def on(self, days_ago: int) -> date:
        """Return the date some days before the anchor; negative is later."""
        return self.anchor - timedelta(days=days_ago)

    def at(self, days_ago: int, hour: int = 0, minute: int = 0) -> datetime:
        """Return a UTC time on a day before the anchor."""
        return datetime.combine(self.on(days_ago), time(hour, minute, tzinfo=UTC))


def language(state: str) -> str:
    """Return the first language of a state's offices."""
    return STATES[state][1][0]


@cache
def posts() -> Sequence[Post]:
    """Return the border posts with two sides of the reference data, by code."""
    rows = _csv_rows("salsa_ext.reference", "data/posts.csv")
    return tuple(_post(row) for row in rows if row["state_b"])


PORT_KINDS: Final = {"port": "seaport", "airport": "airport", "parcel": "mail_centre"}
"""The kind of post with one side, by the setting of a seizure there."""


@cache
def ports() -> Mapping[tuple[str, str], Post]:
    """Return the posts with one side, by state and kind; one of each kind."""
    rows = _csv_rows("salsa_ext.reference", "data/posts.csv")
    return {(row["state_a"], row["kind"]): _post(row) for row in rows if not row["state_b"]}


@cache
def shared_posts(state: str, other: str) -> Sequence[Post]:
    """Return the border posts of two states."""
    return tuple(post for post in posts() if {state, other} == set(post.sides))


@cache
def towns(state: str) -> Sequence[Town]:
    """Return a state's towns: capital first, border towns last."""
    inland = [
        _town(row) for row in _csv_rows("salsa_ext.demo", "data/towns.csv") if row["state"] == state
    ]
    border = [_border_town(post, state) for post in posts() if state in post.sides]
    return (*inland, *border)


def _csv_rows(package: str, name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(files(package).joinpath(name).read_text("utf-8").splitlines())


def _post(row: Mapping[str, str]) -> Post:
    sides = {
        row[f"state_{letter}"]: (row[f"place_{letter}"], row[f"zone_{letter}"])
        for letter in "ab"
        if row[f"state_{letter}"]
    }
    where = float(row["latitude"]), float(row["longitude"])
    return Post(row["code"], *where, int(row["radius_km"]), sides)


def _town(row: Mapping[str, str]) -> Town:
    latitude, longitude = float(row["latitude"]), float(row["longitude"])
    zone = STATES[row["state"]][0]
    near = [
        post.code
        for post in posts()
        if row["state"] in post.sides and _is_near(post, latitude, longitude)
    ]
    return Town(
        row["state"],
        row["name"],
        row["admin1"],
        latitude,
        longitude,
        zone,
        near[0] if near else None,
    )


def _border_town(post: Post, state: str) -> Town:
    name, zone = post.sides[state]
    return Town(state, name, None, post.latitude, post.longitude, zone, post.code)


def _is_near(post: Post, latitude: float, longitude: float) -> bool:
    wide = cos(radians(post.latitude))
    apart = hypot(post.latitude - latitude, (post.longitude - longitude) * wide)
    return KM_PER_DEGREE * apart < post.radius_km


Weights = Mapping[str, float]

REGIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "brazil": ("BRA",),
    "mexico": ("MEX",),
    "central": ("GTM", "HND", "SLV", "CRI", "PAN", "NIC", "BLZ"),
    "caribbean": (
        "DOM",
        "HTI",
        "JAM",
        "TTO",
        "BHS",
        "BRB",
        "ATG",
        "DMA",
        "GRD",
        "KNA",
        "LCA",
        "VCT",
        "GUY",
        "SUR",
    ),
    "andes": ("COL", "ECU", "PER", "BOL", "VEN"),
    "south": ("ARG", "CHL", "PRY", "URY"),
    "north": ("USA", "CAN"),
}
SEIZURE_WEIGHTS: Final[Weights] = {
    "BRA": 920,
    "MEX": 860,
    "ARG": 300,
    "COL": 330,
    "GTM": 210,
    "HND": 170,
    "USA": 150,
    "ECU": 190,
    "CHL": 150,
    "PER": 150,
    "PRY": 140,
    "URY": 80,
    "SLV": 130,
    "DOM": 90,
    "JAM": 100,
    "TTO": 70,
    "BOL": 60,
    "CRI": 60,
    "PAN": 60,
    "BHS": 45,
    "HTI": 40,
    "VEN": 50,
    "CAN": 60,
    "NIC": 20,
    "BLZ": 20,
    "GUY": 15,
    "SUR": 10,
    "BRB": 15,
    "LCA": 10,
    "VCT": 6,
    "GRD": 5,
    "ATG": 5,
    "KNA": 5,
    "DMA": 4,
}
TYPE_WEIGHTS: Final[Mapping[str, Weights]] = {
    "brazil": {"revolver": 50, "pistol": 29, "shotgun": 10, "rifle": 9, "submachine_gun": 2},
    "mexico": {
        "pistol": 49,
        "revolver": 14,
        "rifle": 25,
        "shotgun": 9,
        "submachine_gun": 1,
        "other": 2,
    },
    "central": {"pistol": 58, "revolver": 14, "rifle": 14, "shotgun": 11, "other": 3},
    "caribbean": {"pistol": 72, "revolver": 13, "rifle": 8, "shotgun": 5, "other": 2},
    "andes": {"pistol": 40, "revolver": 36, "rifle": 9, "shotgun": 10, "other": 5},
    "south": {"pistol": 36, "revolver": 38, "rifle": 13, "shotgun": 12, "submachine_gun": 1},
    "north": {"pistol": 62, "revolver": 12, "rifle": 16, "shotgun": 10},
}
# Where seized guns were last at home: the own state, another, or none that any record knows
# (`unknown`, with the market that it came from behind the colon).
SOURCE_WEIGHTS: Final[Mapping[str, Weights]] = {
    "brazil": {
        "own": 41,
        "PRY": 14,
        "USA": 13,
        "ARG": 4,
        "URY": 3,
        "BOL": 2,
        "unknown:BRA": 14,
        "unknown:foreign": 9,
    },
    "mexico": {"USA": 52, "own": 16, "GTM": 3, "unknown:USA": 16, "unknown:foreign": 13},
    "central": {
        "USA": 26,
        "own": 31,
        "MEX": 5,
        "SLV": 4,
        "HND": 4,
        "unknown:USA": 15,
        "unknown:foreign": 15,
    },
    "caribbean": {"USA": 48, "own": 10, "unknown:USA": 25, "unknown:foreign": 17},
    "andes": {
        "own": 40,
        "USA": 10,
        "ECU": 5,
        "PER": 5,
        "BRA": 6,
        "unknown:BRA": 12,
        "unknown:USA": 9,
        "unknown:foreign": 13,
    },
    "south": {"own": 45, "BRA": 12, "PRY": 9, "USA": 7, "unknown:BRA": 11, "unknown:foreign": 16},
    "north": {"own": 72, "CAN": 2, "unknown:USA": 14, "unknown:foreign": 12},
}
CRIME_WEIGHTS: Final[Mapping[str, Weights]] = {
    "brazil": {
        "drug_trafficking": 44,
        "robbery": 14,
        "homicide": 7,
        "arms_trafficking": 9,
        "gang": 8,
        "none": 10,
        "unknown": 8,
    },
    "mexico": {
        "drug_trafficking": 40,
        "arms_trafficking": 22,
        "homicide": 10,
        "kidnapping": 4,
        "gang": 6,
        "migrant_smuggling": 2,
        "unknown": 16,
    },
    "central": {"gang": 34, "extortion": 15, "homicide": 14, "drug_trafficking": 18, "unknown": 19},
    "caribbean": {
        "gang": 26,
        "homicide": 20,
        "drug_trafficking": 18,
        "arms_trafficking": 14,
        "robbery": 8,
        "unknown": 14,
    },
    "andes": {
        "drug_trafficking": 32,
        "extortion": 12,
        "homicide": 10,
        "robbery": 18,
        "gang": 8,
        "trafficking_in_persons": 1,
        "unknown": 19,
    },
    "south": {
        "robbery": 27,
        "drug_trafficking": 24,
        "homicide": 7,
        "other_violent": 9,
        "arms_trafficking": 8,
        "none": 14,
        "unknown": 11,
    },
    "north": {
        "other_violent": 22,
        "drug_trafficking": 22,
        "arms_trafficking": 14,
        "homicide": 8,
        "robbery": 12,
        "none": 10,
        "unknown": 12,
    },
}
SETTING_WEIGHTS: Final[Weights] = {
    "street": 34,
    "home": 25,
    "vehicle": 22,
    "parcel": 3,
    "prison": 2,
    "port": 3,
    "airport": 2,
    "vessel": 2,
    "other": 7,
}
SEIZURE_KIND_WEIGHTS: Final[Weights] = {"seized": 90, "found": 6, "surrendered": 4}
LEGAL_GROUND_WEIGHTS: Final[Weights] = {
    "possession": 74,
    "trafficking": 18,
    "manufacture": 2,
    "removal_of_marks": 3,
    "other": 3,
}
ORGANIZED_CRIME_WEIGHTS: Final[Weights] = {
    "established": 8,
    "suspected": 26,
    "no": 18,
    "unknown": 48,
}
RELATION_WEIGHTS: Final[Weights] = {"instrument": 66, "object_of_trafficking": 28, "proceeds": 6}
BASIS_WEIGHTS: Final[Weights] = {
    "investigation": 52,
    "intelligence": 26,
    "court": 12,
    "ballistics": 10,
}
VISIBILITY_WEIGHTS: Final[Weights] = {"": 97, "pointer": 2, "silent": 1}
ITEM_COUNT_WEIGHTS: Final[Weights] = {"1": 88, "2": 7, "3": 3, "5": 2}


def region_of(state: str) -> str:
    """Return the region whose proportions apply to a state."""
    return next(region for region, states in REGIONS.items() if state in states)
