"""Maps as SVG drawings: places, movements, outlines of states.

`map.html` renders them; the page must have the same information in words. Callers must not pass a
place more exactly than the reader may know it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import asinh, atan2, cos, degrees, hypot, pi, radians, sin, tan
from typing import Final

from api.web import outlines
from api.web.outlines import Point, Ring

MIN_WIDTH_KM: Final = 1500.0
"""How wide a map is at least: a country with its neighbours."""
LABEL_HEIGHT: Final = 26
"""Height of a number in units; one of its letters is about half as wide."""
NEAR_LABEL, FAR_LABEL = 34, 62
ARC_BEND: Final = 0.12
MIN_ARC_LENGTH: Final = 16
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class MapPlace:
    """A place to draw.

    `kind` is `state` where only the state is known, else `place`, `post`, or `side`: the label
    alone, the name of a country. `text` is the label, usually a number; `title` describes the
    place. `within_km` is its precision. `href` links to its description.
    """

    place: Point
    text: str
    title: str
    kind: str = "place"
    within_km: float | None = None
    href: str | None = None


@dataclass(frozen=True)
class MapMovement:
    """A movement between two places, by their positions in the list.

    `is_turn`: the gun left lawful possession. `both_ways` draws a straight line without an arrow.
    """

    start: int
    end: int
    is_sure: bool = True
    is_turn: bool = False
    both_ways: bool = False


@dataclass(frozen=True)
class DrawnPlace:
    """A drawn place: centre, radius of uncertainty, box of its label."""

    spot: MapPlace
    x: int
    y: int
    reach: int
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class DrawnMovement:
    """A drawn movement: path, arrow, position of the turn sign."""

    path: str
    arrow: str
    is_sure: bool
    turn: tuple[int, int] | None


@dataclass(frozen=True)
class MapDrawing:
    """A map: land, highlighted states, places and movements.

    `turns` are positions of turn signs at places.
    """

    width: int
    height: int
    land: str
    states: str
    dots: Sequence[DrawnPlace]
    arcs: Sequence[DrawnMovement]
    turns: Sequence[tuple[int, int]]

    @property
    def is_linked(self) -> bool:
        """Return whether any place has a link."""
        return any(dot.spot.href for dot in self.dots)

    @property
    def turned(self) -> list[tuple[int, int]]:
        """Return the positions of all turn signs."""
        return [arc.turn for arc in self.arcs if arc.turn] + [*self.turns]


def draw_map(
    places: Sequence[MapPlace],
    movements: Iterable[MapMovement] = (),
    states: Collection[str] = (),
    turns: Iterable[int] = (),
    min_width_km: float = MIN_WIDTH_KM,
) -> MapDrawing | None:
    """Return a map of places and movements; None without places.

    `turns` are the positions in the list of places where a gun left lawful possession, `states`
    those to highlight.
    """
    if not places:
        return None
    view = fit_view([spot.place for spot in places], min_width_km)
    marks = [*map(view.at, (spot.place for spot in places))]
    long, short = [], set(turns)
    for movement in movements:
        if _is_long(marks, movement):
            long.append(movement)
        elif movement.is_turn:
            short.add(movement.start)
    arcs = [_draw_movement(marks, movement) for movement in long]
    taken = [_box(x, y, 10, 10) for x, y in marks]
    taken += [_box(*arc.turn, 20, 20) for arc in arcs if arc.turn]
    dots = [_draw_place(view, spot, mark, taken) for spot, mark in zip(places, marks, strict=True)]
    signs = [
        _place_label(marks[at], LABEL_HEIGHT, LABEL_HEIGHT, view.height, taken)
        for at in sorted(short)
    ]
    return MapDrawing(
        WIDTH,
        view.height,
        view.outline(ring for rings in outlines.outlines().values() for ring in rings),
        view.outline(ring for state in sorted(set(states)) for ring in outlines.state_rings(state)),
        dots,
        arcs,
        [
            (round(left + LABEL_HEIGHT / 2), round(up + LABEL_HEIGHT / 2))
            for left, up, _, _ in signs
        ],
    )


def _draw_place(view: MapView, spot: MapPlace, mark: Point, taken: list[Box]) -> DrawnPlace:
    width = LABEL_HEIGHT * (0.55 * len(spot.text) + 0.65)
    if spot.kind == "side":
        taken.append(_box(*mark, width, LABEL_HEIGHT))
        left, up, right, down = taken[-1]
    else:
        left, up, right, down = _place_label(mark, width, LABEL_HEIGHT + 6, view.height, taken)
    reach = view.units(spot.within_km, spot.place[1]) if spot.within_km else 0
    box = (round(left), round(up), round(right - left), round(down - up))
    return DrawnPlace(spot, round(mark[0]), round(mark[1]), round(reach), box)


def _place_label(mark: Point, width: float, height: float, bottom: int, taken: list[Box]) -> Box:
    """Return a free box near a point and reserve it."""
    tried = [
        _box(mark[0] + (far + width / 3) * cos(turn), mark[1] - far * sin(turn), width, height)
        for far in (NEAR_LABEL, FAR_LABEL, 2 * FAR_LABEL)
        for turn in (at * pi / 4 for at in (2, 6, 0, 4, 1, 3, 7, 5))
    ]
    inside = [
        box for box in tried if box[0] > 0 and box[1] > 0 and box[2] < WIDTH and box[3] < bottom
    ]
    chosen = min(inside or tried, key=lambda box: sum(_overlap(box, other) for other in taken))
    taken.append(chosen)
    return chosen


def _box(x: float, y: float, width: float, height: float) -> Box:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _is_long(marks: Sequence[Point], movement: MapMovement) -> bool:
    (x, y), (a, b) = marks[movement.start], marks[movement.end]
    return hypot(a - x, b - y) >= MIN_ARC_LENGTH


def _draw_movement(marks: Sequence[Point], movement: MapMovement) -> DrawnMovement:
    """Return a curve bending left, so that both directions are visible."""
    (x, y), (a, b) = marks[movement.start], marks[movement.end]
    if movement.both_ways:
        return DrawnMovement(f"M{x:.0f} {y:.0f}L{a:.0f} {b:.0f}", "", movement.is_sure, None)
    turn = ((x + a) / 2 + (b - y) * ARC_BEND * 2, (y + b) / 2 - (a - x) * ARC_BEND * 2)
    at, ahead = (_curve_point((x, y), turn, (a, b), part) for part in (0.72, 0.74))
    middle = _curve_point((x, y), turn, (a, b), 0.5)
    path = f"M{x:.0f} {y:.0f}Q{turn[0]:.0f} {turn[1]:.0f} {a:.0f} {b:.0f}"
    angle = atan2(ahead[1] - at[1], ahead[0] - at[0])
    points = [(14, 0), (-8, 9), (-8, -9)]
    arrow = " ".join(
        f"{at[0] + along * cos(angle) - aside * sin(angle):.0f},"
        f"{at[1] + along * sin(angle) + aside * cos(angle):.0f}"
        for along, aside in points
    )
    where = (round(middle[0]), round(middle[1])) if movement.is_turn else None
    return DrawnMovement(path, arrow, movement.is_sure, where)


def _curve_point(start: Point, turn: Point, end: Point, part: float) -> Point:
    """Return a point of a quadratic curve."""
    x, y = (
        (1 - part) ** 2 * start[axis] + 2 * part * (1 - part) * turn[axis] + part**2 * end[axis]
        for axis in (0, 1)
    )
    return x, y


WIDTH: Final = 720
"""Units across; a phone shows two of them as one of its pixels."""
MIN_ASPECT, MAX_ASPECT = 0.62, 1.1
MARGIN: Final = 0.22
"""Of the extent, on each side of it, for what stands beside the outermost places."""
MAX_LATITUDE: Final = 80.0
"""The parallel beyond which nothing is drawn; Mercator has no pole."""
MIN_STEP: Final = 2.0
"""Units below which two points of an outline are one."""
KM_PER_DEGREE: Final = 111.195
"""Kilometres of a degree of a meridian."""


@dataclass(frozen=True)
class MapView:
    """A part of the world in Mercator projection.

    `scale` is drawing units per degree of longitude.
    """

    middle: float
    top: float
    scale: float
    height: int

    def at(self, place: Point) -> Point:
        """Return a place in drawing units, nearest turn of the globe."""
        longitude, latitude = place
        across = (longitude - self.middle + 180) % 360 - 180
        return WIDTH / 2 + across * self.scale, (self.top - _mercator(latitude)) * self.scale

    def units(self, kilometres: float, latitude: float) -> float:
        """Return a distance in drawing units at a latitude."""
        return kilometres / KM_PER_DEGREE / max(cos(radians(latitude)), 0.1) * self.scale

    def outline(self, rings: Iterable[Ring]) -> str:
        """Return the visible rings as data of one SVG path."""
        return "".join(_svg_path(ring) for ring in map(self._cut, rings) if len(ring) > 2)

    def _cut(self, ring: Ring) -> Sequence[Point]:
        """Return the visible part of a ring in drawing units."""
        turn = round((self.middle - (ring.west + ring.east) / 2) / 360) * 360 - self.middle
        if not self._meets(ring, turn):
            return ()
        points = [
            (WIDTH / 2 + (x + turn) * self.scale, (self.top - _mercator(y)) * self.scale)
            for x, y in ring.points
        ]
        for axis, bound, sign in ((0, 0, 1), (0, WIDTH, -1), (1, 0, 1), (1, self.height, -1)):
            points = _clip(points, axis, bound - sign * 3, sign)
        return points

    def _meets(self, ring: Ring, turn: float) -> bool:
        half, bottom = WIDTH / 2 / self.scale, self.top - self.height / self.scale
        return (
            ring.west + turn < half
            and ring.east + turn > -half
            and _mercator(ring.north) > bottom
            and _mercator(ring.south) < self.top
        )


def fit_view(places: Sequence[Point], min_width_km: float) -> MapView:
    """Return the view of places, at least `min_width_km` wide."""
    west, east = _extent([longitude for longitude, _ in places])
    ups = [_mercator(latitude) for _, latitude in places]
    level = sum(latitude for _, latitude in places) / len(places)
    least = min_width_km / KM_PER_DEGREE / cos(radians(level))
    across = max((east - west) * (1 + 2 * MARGIN), least)
    along = max((max(ups) - min(ups)) * (1 + 2 * MARGIN), least * MIN_ASPECT)
    scale = WIDTH / min(max(across, along / MAX_ASPECT), 360)
    height = round(min(max(along * scale, WIDTH * MIN_ASPECT), WIDTH * MAX_ASPECT))
    top = (max(ups) + min(ups)) / 2 + height / scale / 2
    return MapView((west + east) / 2, top, scale, height)


def _extent(longitudes: Iterable[float]) -> tuple[float, float]:
    """Return the shortest range of longitudes, across the date line if needed."""
    order = sorted(set(longitudes))
    gaps = [(after - before, at + 1) for at, (before, after) in enumerate(pairwise(order))]
    _, at = max([*gaps, (order[0] + 360 - order[-1], 0)])
    return (order[at], order[at - 1] + 360) if at else (order[0], order[-1])


def _mercator(latitude: float) -> float:
    """Return the Mercator ordinate of a latitude, in degrees."""
    return degrees(asinh(tan(radians(max(-MAX_LATITUDE, min(MAX_LATITUDE, latitude))))))


def _clip(points: Sequence[Point], axis: int, bound: float, sign: int) -> list[Point]:
    """Clip a polygon at a line (Sutherland and Hodgman)."""
    kept: list[Point] = []
    is_in = partial(_is_within, axis=axis, bound=bound, sign=sign)
    for before, point in zip([*points[-1:], *points[:-1]], points, strict=True):
        if is_in(before) != is_in(point):
            part = (bound - before[axis]) / (point[axis] - before[axis])
            kept.append(
                (
                    before[0] + part * (point[0] - before[0]),
                    before[1] + part * (point[1] - before[1]),
                )
            )
        if is_in(point):
            kept.append(point)
    return kept


def _is_within(point: Point, axis: int, bound: float, sign: int) -> bool:
    return (point[axis] - bound) * sign >= 0


def _svg_path(points: Sequence[Point]) -> str:
    """Return a closed SVG path in whole units; skips invisible steps."""
    x, y = map(round, points[0])
    steps = [f"M{x} {y}l"]
    for a, b in points[1:]:
        if abs(a - x) + abs(b - y) >= MIN_STEP:
            dx, dy = round(a) - x, round(b) - y
            steps.append(f"{dx}{'' if dy < 0 else ' '}{dy} ")
            x, y = x + dx, y + dy
    return "".join(steps).rstrip() + "z" if len(steps) > 2 else ""
