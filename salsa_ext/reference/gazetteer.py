"""Towns of the Americas by name: position, division, suggestions for typed names."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from itertools import islice
from typing import Any, Final, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.paging import Page
from salsa_ext.reference.name_matching import fold_name
from salsa_ext.reference.packaged import read_csv

NEAR: Final = 0.75
"""Least similarity of a name that is suggested for a misspelt one."""
DOMINANT: Final = 10
"""How many times the next town of the name a town has to be larger to be meant without its division."""
RADII_KM: Final = ((20_000, 2.0), (200_000, 5.0), (1_000_000, 10.0))
"""Accuracy of a position by population, for larger ones 20 km."""
Places = Mapping[str, tuple["Town", ...]]


class Town(NamedTuple):
    """Town with its first-level division; degrees, and inhabitants."""

    country: str
    admin1: str
    name: str
    latitude: float
    longitude: float
    population: int

    @property
    def precision(self) -> float:
        """Return the accuracy of its position, in kilometres."""
        return next((km for limit, km in RADII_KM if self.population < limit), 20.0)

    @property
    def title(self) -> str:
        """Return name and division, as `locate` reads them."""
        return ", ".join(filter(None, (self.name, self.admin1)))


def find_towns(country: str, text: str, limit: int) -> list[Town]:
    """Return towns whose names begin with a text, then near ones; large ones first."""
    towns, typed = _towns(country), fold_name("place", text)
    if not typed:
        return []
    fitting = dict.fromkeys(
        town for folded, named in towns.items() if folded.startswith(typed) for town in named
    )
    if not fitting:
        near = process.extract(
            typed, towns.keys(), scorer=OSA.normalized_similarity, score_cutoff=NEAR, limit=limit
        )
        fitting = dict.fromkeys(town for folded, *_ in near for town in towns[folded])
        return [*islice(fitting, limit)]
    return sorted(fitting, key=lambda town: -town.population)[:limit]


def locate(country: str, name: str, admin1: str | None = None) -> Town | None:
    """Return the town of a name; None where several may be meant."""
    named = _towns(country).get(fold_name("place", name), ())
    town, comma, division = name.rpartition(",")
    if comma and not named:
        named, admin1 = _towns(country).get(fold_name("place", town), ()), admin1 or division
    if admin1:
        folded = fold_name("place", admin1)
        named = tuple(each for each in named if fold_name("place", each.admin1) == folded)
    if len(named) > 1 and named[0].population < DOMINANT * named[1].population:
        return None
    return named[0] if named else None


def complete_place(place: dict[str, Any]) -> None:
    """Add division and position to the body of a place that has only a name."""
    country, name = place.get("country"), place.get("name")
    if not country or not name or "latitude" in place or "longitude" in place:
        return
    if town := locate(country, name, place.get("admin1")):
        if "," in name and town.title == name:
            place["name"] = town.name
        if town.admin1:
            place.setdefault("admin1", town.admin1)
        place |= {
            "latitude": town.latitude,
            "longitude": town.longitude,
            "precision": town.precision,
        }


def list_places(
    actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[Town]:
    """Return towns of a country by name, also a misspelt one; large ones first."""
    require(actor, Permission.REFERENCE_READ)
    return Page(find_towns(filters["country"], filters["name"], limit))


@cache
def _towns(country: str) -> Places:
    return _all_towns().get(country, {})


@cache
def _all_towns() -> Mapping[str, Places]:
    """Return towns by country and folded name, the largest first."""
    towns: dict[str, dict[str, list[Town]]] = defaultdict(lambda: defaultdict(list))
    for row in read_csv("places"):
        aliases = row.pop("aliases")
        town = Town(
            row["country"],
            row["admin1"],
            row["name"],
            float(row["latitude"]),
            float(row["longitude"]),
            int(row["population"]),
        )
        for name in {fold_name("place", each) for each in (town.name, *aliases.split("|"))} - {""}:
            towns[town.country][name].append(town)
    return {
        country: {
            name: tuple(sorted(each, key=lambda town: -town.population))
            for name, each in named.items()
        }
        for country, named in towns.items()
    }
