"""States, towns, border posts, calendar and proportions of the demo region.

The share of guns first sold in the United States follows published tracing figures for Mexico,
Central America and the Caribbean; the share with a registered owner and the weight of revolvers in
Brazil follow studies there. The rest is illustrative, not official.
"""

import csv
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from math import cos, hypot, radians
from typing import Any, Final

KM_PER_DEGREE: Final = 111.2


def _as_tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_tuples(each) for name, each in value.items()}
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


DATA: Final[Mapping[str, Any]] = _as_tuples(
    tomllib.loads(files("salsa_ext.demo").joinpath("data/region.toml").read_text("utf-8"))
)
"""Proportions, names and phrases of the region, for the constants of this package."""

# Each participating state: the zone of its capital and the languages of its offices.
STATES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = DATA["states"]


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
    degrees = hypot(post.latitude - latitude, (post.longitude - longitude) * wide)
    return KM_PER_DEGREE * degrees < post.radius_km


Weights = Mapping[str, float]

REGIONS: Final[Mapping[str, tuple[str, ...]]] = DATA["regions"]
SEIZURE_WEIGHTS: Final[Weights] = DATA["seizure_weights"]
TYPE_WEIGHTS: Final[Mapping[str, Weights]] = DATA["type_weights"]
# Where seized guns were last at home: the own state, another, or none that any record knows
# (`unknown`, with the market that it came from behind the colon).
SOURCE_WEIGHTS: Final[Mapping[str, Weights]] = DATA["source_weights"]
CRIME_WEIGHTS: Final[Mapping[str, Weights]] = DATA["crime_weights"]
SETTING_WEIGHTS: Final[Weights] = DATA["setting_weights"]
SEIZURE_KIND_WEIGHTS: Final[Weights] = {"seized": 90, "found": 6, "surrendered": 4}
LEGAL_GROUND_WEIGHTS: Final[Weights] = DATA["legal_ground_weights"]
ORGANIZED_CRIME_WEIGHTS: Final[Weights] = DATA["organized_crime_weights"]
RELATION_WEIGHTS: Final[Weights] = {"instrument": 66, "object_of_trafficking": 28, "proceeds": 6}
BASIS_WEIGHTS: Final[Weights] = DATA["basis_weights"]
VISIBILITY_WEIGHTS: Final[Weights] = {"": 97, "pointer": 2, "silent": 1}
ITEM_COUNT_WEIGHTS: Final[Weights] = {"1": 88, "2": 7, "3": 3, "5": 2}


def region_of(state: str) -> str:
    """Return the region whose proportions apply to a state."""
    return next(region for region, states in REGIONS.items() if state in states)
