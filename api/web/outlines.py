"""Outlines of the world's states, and a point inside each: Natural Earth, 1:50 million, vendored.

The file is a topology (TopoJSON): borders are arcs of whole steps on a grid, each kept once. States
stand in it under their ISO 3166-1 numbers. Natural Earth shows who holds a territory, and decides
no dispute.
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

from salsa_ext.readmodels.names import alpha2, ended_states

FILE: Final = Path(__file__).parent / "static/vendor/world-atlas/countries-50m.json"
Point = tuple[float, float]
"""Longitude and latitude, in degrees."""


@dataclass(frozen=True)
class Ring:
    """The outline of one piece of land, with the bounds in which it lies."""

    points: Sequence[Point]
    west: float
    south: float
    east: float
    north: float


@cache
def outlines() -> Mapping[str, tuple[Ring, ...]]:
    """Return the outer rings of every territory by its ISO 3166-1 number, else by its English name."""
    topology = json.loads(FILE.read_text())
    arcs = [_arc(steps, topology["transform"]) for steps in topology["arcs"]]
    found: dict[str, tuple[Ring, ...]] = {}
    for one in topology["objects"]["countries"]["geometries"]:
        key = one.get("id", one["properties"]["name"])
        found[key] = found.get(key, ()) + tuple(_rings(one, arcs))
    return found


def _arc(steps: Iterable[Sequence[int]], transform: Mapping[str, Any]) -> list[Point]:
    """Return the points of an arc: its first is a place on the grid, each other a step from the last."""
    (across, up), (west, south) = transform["scale"], transform["translate"]
    xs, ys = (accumulate(column) for column in zip(*steps, strict=True))
    return [(x * across + west, y * up + south) for x, y in zip(xs, ys, strict=True)]


def _rings(geometry: Mapping[str, Any], arcs: Sequence[list[Point]]) -> list[Ring]:
    """Return the outer ring of each polygon; lakes and enclaves are drawn over by their own."""
    polygons = geometry.get("arcs", [])
    if geometry["type"] == "Polygon":
        polygons = [polygons]
    return [_joined(polygon[0], arcs) for polygon in polygons]


def _joined(numbers: Iterable[int], arcs: Sequence[list[Point]]) -> Ring:
    """Join arcs to a ring; a negative number is an arc from its end, ~n being n."""
    points: list[Point] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points += arc[1:] if points else arc
    xs, ys = zip(*points, strict=True)
    if max(xs) - min(xs) > 180:  # it crosses the line where the days change, or is very wide
        xs = tuple(accumulate(xs, _onward))
        points = list(zip(xs, ys, strict=True))
    return Ring(points, min(xs), min(ys), max(xs), max(ys))


def _onward(before: float, longitude: float) -> float:
    """Return a longitude without the leap from 180 to -180, so that a ring stays in one piece."""
    return longitude - round((longitude - before) / 360) * 360


@cache
def _numbers() -> Mapping[str, str]:
    """Return the number of each territory by its code of two letters, as the CLDR has them."""
    aliases = get_global("territory_aliases")
    return {aliases[key][0]: key for key in outlines() if len(aliases.get(key, ())) == 1}


def of_state(state: str) -> tuple[Ring, ...]:
    """Return the rings of a state; those of its successors for a state of the past."""
    if state in ended_states():
        return tuple(ring for one in ended_states()[state][1] for ring in of_state(one))
    letters = alpha2(state)
    key = "Kosovo" if letters == "XK" else _numbers().get(letters or "")
    return outlines().get(key or "", ())


@cache
def point_of(state: str) -> Point | None:
    """Return a point well inside the largest part of a state, None where it has no outline.

    It stands for the state as a whole and says nothing of a place in it.
    """
    rings = of_state(state)
    return _inside(max(rings, key=_area)) if rings else None


@lru_cache(maxsize=2_000)
def point_near(state: str, middle: Point, degrees: float) -> Point | None:
    """Return a point inside a state near a place, None where the state is farther than so many degrees.

    It is the middle of what of the state lies round there: a name can stand at it.
    """
    steps = [degrees * step / 6 for step in range(-6, 7)]
    inside = [
        (middle[0] + across, middle[1] + up)
        for up in steps
        for across in steps
        if _holds(state, (middle[0] + across, middle[1] + up))
    ]
    if not inside:
        return None
    x, y = (sum(column) / len(inside) for column in zip(*inside, strict=True))
    return min(inside, key=lambda point: hypot(point[0] - x, point[1] - y))


def _holds(state: str, place: Point) -> bool:
    return any(
        west < place[0] < east
        for ring in of_state(state) if ring.south < place[1] < ring.north
        for west, east in _crossings(ring, place[1])
    )  # fmt: skip


def _area(ring: Ring) -> float:
    """Return the area of a ring, about, in square degrees of the equator."""
    twice = sum(x * b - a * y for (x, y), (a, b) in _sides(ring))
    return abs(twice) / 2 * cos(radians((ring.south + ring.north) / 2))


def _sides(ring: Ring) -> Iterable[tuple[Point, Point]]:
    return pairwise([*ring.points, ring.points[0]])


def _inside(ring: Ring) -> Point:
    """Return the middle of the widest stretch of a ring, of some parallels through it."""
    south, north = ring.south, ring.north
    stretches = [
        (east - west, ((west + east) / 2, level))
        for level in (south + (north - south) * part / 8 for part in (3, 4, 5))
        for west, east in _crossings(ring, level)
    ]
    return max(stretches)[1]


def _crossings(ring: Ring, level: float) -> list[tuple[float, float]]:
    """Return the stretches of a parallel that lie inside a ring, from west to east."""
    at = sorted(
        x + (level - y) / (b - y) * (a - x)
        for (x, y), (a, b) in _sides(ring) if (y <= level) != (b <= level)
    )  # fmt: skip
    return list(zip(at[::2], at[1::2], strict=True))
