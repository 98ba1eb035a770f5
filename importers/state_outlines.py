"""Outlines of states for the maps, from world-atlas (Natural Earth 1:50 million).

    python -m importers.state_outlines countries-50m.json > api/web/outlines.json

The input is the TopoJSON of the npm package world-atlas 2.0.2. The output has, by state or other
territory, a point inside its largest part and its outer rings as steps: x, y of the first point,
then differences, in Mercator projection, UNITS_PER_DEGREE, y downwards.
"""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from math import asinh, cos, degrees, radians, tan
from pathlib import Path
from typing import Any, Final

from babel.core import get_global

STATES: Final = Path(__file__).parents[1] / "salsa_ext/reference/data/states.csv"
UNITS_PER_DEGREE: Final = 200
MAX_LATITUDE: Final = 85.0
Point = tuple[float, float]


def project_outlines(topology: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return points and projected rings by state code, else by ISO number or name."""
    (across, up), (west, south) = (topology["transform"][key] for key in ("scale", "translate"))
    arcs = [
        [
            (x * across + west, y * up + south)
            for x, y in zip(*map(accumulate, zip(*steps, strict=True)), strict=True)
        ]
        for steps in topology["arcs"]
    ]
    states = [*csv.DictReader(STATES.open())]
    keys = _keys_by_number(states)
    rings: dict[str, list[list[Point]]] = {}
    for territory in topology["objects"]["countries"]["geometries"]:
        name = territory["properties"]["name"]
        key = "XKX" if name == "Kosovo" else keys.get(territory.get("id"), name)
        polygons = territory.get("arcs", [])
        polygons = [polygons] if territory["type"] == "Polygon" else polygons
        rings.setdefault(key, []).extend(_join_arcs(polygon[0], arcs) for polygon in polygons)
    outlines = {
        key: {"point": _inner_point(max(parts, key=_area)), "rings": [*map(_project, parts)]}
        for key, parts in rings.items()
        if parts
    }
    for state in states:
        successors = state["successors"].split("|")
        parts = [ring for successor in successors for ring in rings.get(successor, ())]
        if parts:
            point = _inner_point(max(parts, key=_area))
            outlines[state["code"]] = {"point": point, "successors": successors}
    return outlines


def _keys_by_number(states: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return state codes, else letters, by ISO 3166-1 number (CLDR)."""
    codes = {state["alpha2"]: state["code"] for state in states if state["alpha2"]}
    return {
        number: codes.get(letters[0], letters[0])
        for number, letters in get_global("territory_aliases").items()
        if number.isdigit() and len(letters) == 1
    }


def _join_arcs(numbers: Iterable[int], arcs: Sequence[list[Point]]) -> list[Point]:
    """Join arcs to a ring without leaps at 180 degrees; ~n is arc n reversed."""
    points: list[Point] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points += arc[1:] if points else arc
    longitudes = accumulate(
        (x for x, _ in points), lambda before, x: x - round((x - before) / 360) * 360
    )
    return [(x, y) for x, (_, y) in zip(longitudes, points, strict=True)]


def _project(ring: Sequence[Point]) -> list[int]:
    points = [
        (round(x * UNITS_PER_DEGREE), round(-_mercator(y) * UNITS_PER_DEGREE)) for x, y in ring[:-1]
    ]
    steps = ((b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))
    return [*points[0], *(number for step in steps if any(step) for number in step)]


def _mercator(latitude: float) -> float:
    return degrees(asinh(tan(radians(max(-MAX_LATITUDE, min(MAX_LATITUDE, latitude))))))


def _area(ring: Sequence[Point]) -> float:
    """Return the approximate area of a ring in square degrees."""
    twice = sum(x * b - a * y for (x, y), (a, b) in pairwise([*ring, ring[0]]))
    return abs(twice) / 2 * cos(radians(sum(y for _, y in ring) / len(ring)))


def _inner_point(ring: Sequence[Point]) -> list[float]:
    """Return the middle of the widest of some parallels through a ring."""
    south, north = min(y for _, y in ring), max(y for _, y in ring)
    levels = (south + (north - south) * part / 8 for part in (3, 4, 5))
    inside = [(*span, level) for level in levels for span in _spans(ring, level)]
    west, east, level = max(inside, key=lambda span: span[1] - span[0])
    return [round((west + east) / 2, 3), round(level, 3)]


def _spans(ring: Sequence[Point], level: float) -> Iterator[tuple[float, float]]:
    """Yield the parts of a parallel inside a ring, west to east."""
    crossings = sorted(
        x + (level - y) / (b - y) * (a - x)
        for (x, y), (a, b) in pairwise([*ring, ring[0]])
        if (y <= level) != (b <= level)
    )
    return zip(crossings[::2], crossings[1::2], strict=True)


if __name__ == "__main__":
    projected = project_outlines(json.loads(Path(sys.argv[1]).read_text()))
    json.dump(projected, sys.stdout, separators=(",", ":"), sort_keys=True)
