"""From places on the globe to units of a drawing: Mercator, cut to the extent of what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import asinh, cos, degrees, radians, tan
from typing import Final

from api.web.outlines import Point, Ring

WIDTH: Final = 720
"""Units across; a phone shows two of them as one of its pixels."""
FLATTEST, TALLEST = 0.62, 1.1
MARGIN: Final = 0.22
"""Of the extent, on each side of it, for what stands beside the outermost places."""
FARTHEST: Final = 80.0
"""The parallel beyond which nothing is drawn; Mercator has no pole."""
STEP: Final = 2.0
"""Units below which two points of an outline are one."""
DEGREE: Final = 111.195
"""Kilometres of a degree of a meridian."""


@dataclass(frozen=True)
class View:
    """A part of the world: its middle, and how many units one degree of longitude has there."""

    middle: float
    top: float
    scale: float
    height: int

    def at(self, place: Point) -> Point:
        """Return where a place stands in the drawing; the nearest of its turns round the globe."""
        longitude, latitude = place
        across = (longitude - self.middle + 180) % 360 - 180
        return WIDTH / 2 + across * self.scale, (self.top - _stretched(latitude)) * self.scale

    def units(self, kilometres: float, latitude: float) -> float:
        """Return how long a distance is near a parallel."""
        return kilometres / DEGREE / max(cos(radians(latitude)), 0.1) * self.scale

    def outline(self, rings: Iterable[Ring]) -> str:
        """Return the rings that are in view as the data of one SVG path, in whole units."""
        return "".join(_path(ring) for ring in map(self._cut, rings) if len(ring) > 2)

    def _cut(self, ring: Ring) -> Sequence[Point]:
        """Return what of a ring is in view, in units; a ring keeps to one turn round the globe."""
        turn = round((self.middle - (ring.west + ring.east) / 2) / 360) * 360 - self.middle
        if not self._meets(ring, turn):
            return ()
        points = [
            (WIDTH / 2 + (x + turn) * self.scale, (self.top - _stretched(y)) * self.scale)
            for x, y in ring.points
        ]
        for axis, bound, sign in ((0, 0, 1), (0, WIDTH, -1), (1, 0, 1), (1, self.height, -1)):
            points = _clipped(points, axis, bound - sign * 3, sign)
        return points

    def _meets(self, ring: Ring, turn: float) -> bool:
        half, bottom = WIDTH / 2 / self.scale, self.top - self.height / self.scale
        return (ring.west + turn < half and ring.east + turn > -half
                and _stretched(ring.north) > bottom and _stretched(ring.south) < self.top)  # fmt: skip


def view_of(places: Sequence[Point], least_km: float) -> View:
    """Return the view of places, at least so many kilometres wide."""
    west, east = _extent([longitude for longitude, _ in places])
    ups = [_stretched(latitude) for _, latitude in places]
    level = sum(latitude for _, latitude in places) / len(places)
    least = least_km / DEGREE / cos(radians(level))
    across = max((east - west) * (1 + 2 * MARGIN), least)
    along = max((max(ups) - min(ups)) * (1 + 2 * MARGIN), least * FLATTEST)
    scale = WIDTH / min(max(across, along / TALLEST), 360)
    height = round(min(max(along * scale, WIDTH * FLATTEST), WIDTH * TALLEST))
    top = (max(ups) + min(ups)) / 2 + height / scale / 2
    return View((west + east) / 2, top, scale, height)


def _extent(longitudes: Iterable[float]) -> tuple[float, float]:
    """Return the shortest stretch round the globe that has all in it: over the Pacific if need be."""
    order = sorted(set(longitudes))
    gaps = [(after - before, at + 1) for at, (before, after) in enumerate(pairwise(order))]
    _, at = max([*gaps, (order[0] + 360 - order[-1], 0)])
    return (order[at], order[at - 1] + 360) if at else (order[0], order[-1])


def _stretched(latitude: float) -> float:
    """Return the ordinate of a parallel, in degrees of the equator."""
    return degrees(asinh(tan(radians(max(-FARTHEST, min(FARTHEST, latitude))))))


def _clipped(points: Sequence[Point], axis: int, bound: float, sign: int) -> list[Point]:
    """Return what of a polygon is on one side of a line (Sutherland and Hodgman)."""
    kept: list[Point] = []
    is_in = partial(_is_within, axis=axis, bound=bound, sign=sign)
    for before, point in zip([*points[-1:], *points[:-1]], points, strict=True):
        if is_in(before) != is_in(point):
            part = (bound - before[axis]) / (point[axis] - before[axis])
            kept.append((before[0] + part * (point[0] - before[0]),
                         before[1] + part * (point[1] - before[1])))  # fmt: skip
        if is_in(point):
            kept.append(point)
    return kept


def _is_within(point: Point, axis: int, bound: float, sign: int) -> bool:
    return (point[axis] - bound) * sign >= 0


def _path(points: Sequence[Point]) -> str:
    """Return a closed path through points in whole units, without those that do not show."""
    x, y = map(round, points[0])
    steps = [f"M{x} {y}l"]
    for a, b in points[1:]:
        if abs(a - x) + abs(b - y) >= STEP:
            dx, dy = round(a) - x, round(b) - y
            steps.append(f"{dx}{'' if dy < 0 else ' '}{dy} ")
            x, y = x + dx, y + dy
    return "".join(steps).rstrip() + "z" if len(steps) > 2 else ""
