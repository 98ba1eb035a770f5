"""Outlines of states, a point inside each: Natural Earth 1:50 million.

The vendored file is TopoJSON: borders are arcs of steps on a grid. States have their ISO 3166-1
numbers. Natural Earth shows de facto control and decides no dispute.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from math import cos, hypot, radians
from pathlib import Path
from typing import Any, Final

from babel.core import get_global

from salsa_ext.reference.names import alpha2, former_states

FILE: Final = Path(__file__).parent / "static/vendor/world-atlas/countries-50m.json"
Point = tuple[float, float]
"""Longitude and latitude, in degrees."""


@dataclass(frozen=True)
class Ring:
    """The outline of one piece of land, with its bounds."""

    points: Sequence[Point]
    west: float
    south: float
    east: float
    north: float


@cache
def outlines() -> Mapping[str, tuple[Ring, ...]]:
    """Return outer rings by ISO 3166-1 number, else by English name."""
    topology = json.loads(FILE.read_text())
    arcs = [_decode_arc(steps, topology["transform"]) for steps in topology["arcs"]]
    found: dict[str, tuple[Ring, ...]] = {}
    for one in topology["objects"]["countries"]["geometries"]:
        key = one.get("id", one["properties"]["name"])
        found[key] = found.get(key, ()) + tuple(_rings(one, arcs))
    return found


def _decode_arc(steps: Iterable[Sequence[int]], transform: Mapping[str, Any]) -> list[Point]:
    """Decode the steps of an arc into points."""
    (across, up), (west, south) = transform["scale"], transform["translate"]
    xs, ys = (accumulate(column) for column in zip(*steps, strict=True))
    return [(x * across + west, y * up + south) for x, y in zip(xs, ys, strict=True)]


def _rings(geometry: Mapping[str, Any], arcs: Sequence[list[Point]]) -> list[Ring]:
    """Return the outer ring of each polygon; enclaves are drawn over it."""
    polygons = geometry.get("arcs", [])
    if geometry["type"] == "Polygon":
        polygons = [polygons]
    return [_join_arcs(polygon[0], arcs) for polygon in polygons]


def _join_arcs(numbers: Iterable[int], arcs: Sequence[list[Point]]) -> Ring:
    """Join arcs to a ring; ~n is arc n reversed."""
    points: list[Point] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points += arc[1:] if points else arc
    xs, ys = zip(*points, strict=True)
    if max(xs) - min(xs) > 180:  # it crosses the line where the days change, or is very wide
        xs = tuple(accumulate(xs, _unwrap_longitude))
        points = list(zip(xs, ys, strict=True))
    return Ring(points, min(xs), min(ys), max(xs), max(ys))


def _unwrap_longitude(before: float, longitude: float) -> float:
    """Return a longitude without the leap from 180 to -180."""
    return longitude - round((longitude - before) / 360) * 360


@cache
def _iso_numbers() -> Mapping[str, str]:
    """Return ISO numbers of territories by two-letter code (CLDR)."""
    aliases = get_global("territory_aliases")
    return {aliases[key][0]: key for key in outlines() if len(aliases.get(key, ())) == 1}


def state_rings(state: str) -> tuple[Ring, ...]:
    """Return a state's rings; of its successors for a former state."""
    if state in former_states():
        return tuple(ring for one in former_states()[state][1] for ring in state_rings(one))
    letters = alpha2(state)
    key = "Kosovo" if letters == "XK" else _iso_numbers().get(letters or "")
    return outlines().get(key or "", ())


@cache
def state_point(state: str) -> Point | None:
    """Return a point inside the largest part of a state.

    None without an outline. Represents the state as a whole, not a place in it.
    """
    rings = state_rings(state)
    return _interior_point(max(rings, key=_area)) if rings else None


@lru_cache(maxsize=2_000)
def state_point_near(state: str, middle: Point, degrees: float) -> Point | None:
    """Return a point inside a state within `degrees` of a place.

    The centre of the nearby part of the state; None if it is farther away. For labels.
    """
    steps = [degrees * step / 6 for step in range(-6, 7)]
    inside = [
        (middle[0] + across, middle[1] + up)
        for up in steps
        for across in steps
        if _contains(state, (middle[0] + across, middle[1] + up))
    ]
    if not inside:
        return None
    x, y = (sum(column) / len(inside) for column in zip(*inside, strict=True))
    return min(inside, key=lambda point: hypot(point[0] - x, point[1] - y))


def _contains(state: str, place: Point) -> bool:
    return any(
        west < place[0] < east
        for ring in state_rings(state)
        if ring.south < place[1] < ring.north
        for west, east in _inside_ranges(ring, place[1])
    )


def _area(ring: Ring) -> float:
    """Return the approximate area of a ring in square degrees."""
    twice = sum(x * b - a * y for (x, y), (a, b) in _edges(ring))
    return abs(twice) / 2 * cos(radians((ring.south + ring.north) / 2))


def _edges(ring: Ring) -> Iterable[tuple[Point, Point]]:
    return pairwise([*ring.points, ring.points[0]])


def _interior_point(ring: Ring) -> Point:
    """Return the middle of the widest of some parallels through a ring."""
    south, north = ring.south, ring.north
    stretches = [
        (east - west, ((west + east) / 2, level))
        for level in (south + (north - south) * part / 8 for part in (3, 4, 5))
        for west, east in _inside_ranges(ring, level)
    ]
    return max(stretches)[1]


def _inside_ranges(ring: Ring, level: float) -> list[tuple[float, float]]:
    """Return the ranges of a parallel inside a ring, west to east."""
    at = sorted(
        x + (level - y) / (b - y) * (a - x)
        for (x, y), (a, b) in _edges(ring)
        if (y <= level) != (b <= level)
    )
    return list(zip(at[::2], at[1::2], strict=True))
