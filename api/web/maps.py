"""Maps as SVG drawings: places, movements, outlines of states, states by their amounts.

`map.html` renders them; the page must have the same information in words. Callers must not pass a
place more exactly than the reader may know it. `outlines.json` is projected already
(`importers.state_outlines`, Natural Earth 1:50 million): a view scales and moves it by a transform.
Natural Earth shows de facto control and decides no dispute.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from math import asinh, atan2, cos, degrees, hypot, pi, radians, sin, tan
from pathlib import Path
from typing import Any, Final

Point = tuple[float, float]
"""Longitude and latitude, in degrees."""
Pixel = tuple[float, float]
"""Position in a drawing, in its units."""
OUTLINES: Final = Path(__file__).parent / "outlines.json"
UNITS_PER_DEGREE: Final = 200
"""Of the file; y grows downwards."""
TURN: Final = 360 * UNITS_PER_DEGREE
WIDTH: Final = 720
"""Units across; a phone shows two of them as one of its pixels."""
MIN_ASPECT, MAX_ASPECT = 0.62, 1.1
MARGIN: Final = 0.22
"""Of the extent, on each side of it, for labels of the outermost places."""
MAX_LATITUDE: Final = 80.0
"""The parallel beyond which nothing is drawn; Mercator has no pole."""
DETAILS: Final = (190, 64, 16, 4, 1)
"""Least lengths of the steps of an outline, in units of the file."""
KM_PER_DEGREE: Final = 111.195
"""Kilometres of a degree of a meridian."""
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

    `kind` is `state` where only the state is known, else `place`, `post`, or `country`: the label
    alone. `text` is the label, usually a number; `title` describes the place. `within_km` is its
    precision. `href` links to its description.
    """

    point: Point
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

    place: MapPlace
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
    """A map: land, states, places, movements, turns; `transform` scales the paths."""

    width: int
    height: int
    transform: str
    land: str
    states: str
    places: Sequence[DrawnPlace]
    movements: Sequence[DrawnMovement]
    turns: Sequence[tuple[int, int]]

    @property
    def is_linked(self) -> bool:
        """Return whether any place has a link."""
        return any(drawn.place.href for drawn in self.places)


def draw_map(
    places: Sequence[MapPlace],
    movements: Iterable[MapMovement] = (),
    states: Collection[str] = (),
    turns: Iterable[int] = (),
    min_width_km: float = MIN_WIDTH_KM,
    names: Mapping[str, str] | None = None,
) -> MapDrawing | None:
    """Return a map of places and movements; None without places.

    `turns` are the positions in the list of places where a gun left lawful possession, `states`
    those to highlight, `names` those of states, drawn where they have room.
    """
    if not places:
        return None
    view = fit_view([place.point for place in places], min_width_km)
    centres = [view.project(place.point) for place in places]
    lines, turns_at = [], set(turns)
    for movement in movements:
        if _is_long(centres, movement):
            lines.append(_draw_movement(centres, movement))
        elif movement.is_turn:
            turns_at.add(movement.start)
    signs = [line.turn for line in lines if line.turn]
    boxes = [_box(x, y, 10, 10) for x, y in centres] + [_box(*sign, 20, 20) for sign in signs]
    drawn = [
        _draw_place(view, place, centre, boxes)
        for place, centre in zip(places, centres, strict=True)
    ]
    for at in sorted(turns_at):
        left, top, _, _ = _place_label(centres[at], LABEL_HEIGHT, LABEL_HEIGHT, view.height, boxes)
        signs.append((round(left + LABEL_HEIGHT / 2), round(top + LABEL_HEIGHT / 2)))
    drawn += _draw_names(view, names or {}, boxes)
    land, highlighted = view.path(_present_states()), view.path(tuple(sorted(set(states))))
    return MapDrawing(WIDTH, view.height, view.transform, land, highlighted, drawn, lines, signs)


def _draw_names(view: MapView, names: Mapping[str, str], boxes: list[Box]) -> Iterator[DrawnPlace]:
    """Yield the names of states that fit in their outlines, where nothing else is drawn."""
    for state, name in names.items():
        point = state_point(state)
        x, y = view.project(point) if point else (-1.0, -1.0)
        width = LABEL_HEIGHT * (0.55 * len(name) + 0.65)
        across = max((ring.east - ring.west for ring in state_rings(state)), default=0)
        left, top, right, bottom = box = _box(x, y, width, LABEL_HEIGHT)
        is_inside = left > 0 and top > 0 and right < WIDTH and bottom < view.height
        has_room = width < across * view.scale / UNITS_PER_DEGREE
        if point and is_inside and has_room and not any(_overlap(box, other) for other in boxes):
            boxes.append(box)
            place = MapPlace(point, name, name, "country")
            yield DrawnPlace(place, round(x), round(y), 0, (0, 0, 0, 0))


def _draw_place(view: MapView, place: MapPlace, centre: Pixel, boxes: list[Box]) -> DrawnPlace:
    width = LABEL_HEIGHT * (0.55 * len(place.text) + 0.65)
    if place.kind == "country":
        boxes.append(_box(*centre, width, LABEL_HEIGHT))
        left, top, right, bottom = boxes[-1]
    else:
        left, top, right, bottom = _place_label(centre, width, LABEL_HEIGHT + 6, view.height, boxes)
    reach = view.length(place.within_km, place.point[1]) if place.within_km else 0
    box = (round(left), round(top), round(right - left), round(bottom - top))
    return DrawnPlace(place, round(centre[0]), round(centre[1]), round(reach), box)


def _place_label(centre: Pixel, width: float, height: float, bottom: int, boxes: list[Box]) -> Box:
    """Return a free box near a point and reserve it."""
    places = [
        _box(centre[0] + (far + width / 3) * cos(turn), centre[1] - far * sin(turn), width, height)
        for far in (NEAR_LABEL, FAR_LABEL, 2 * FAR_LABEL)
        for turn in (at * pi / 4 for at in (2, 6, 0, 4, 1, 3, 7, 5))
    ]
    inside = [
        box for box in places if box[0] > 0 and box[1] > 0 and box[2] < WIDTH and box[3] < bottom
    ]
    chosen = min(inside or places, key=lambda box: sum(_overlap(box, other) for other in boxes))
    boxes.append(chosen)
    return chosen


def _box(x: float, y: float, width: float, height: float) -> Box:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _overlap(box: Box, other: Box) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]


def _is_long(centres: Sequence[Pixel], movement: MapMovement) -> bool:
    (x, y), (a, b) = centres[movement.start], centres[movement.end]
    return hypot(a - x, b - y) >= MIN_ARC_LENGTH


def _draw_movement(centres: Sequence[Pixel], movement: MapMovement) -> DrawnMovement:
    """Return a curve bending left, so that both directions are visible."""
    (x, y), (a, b) = centres[movement.start], centres[movement.end]
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


def _curve_point(start: Pixel, turn: Pixel, end: Pixel, part: float) -> Pixel:
    """Return a point of a quadratic curve."""
    x, y = (
        (1 - part) ** 2 * start[axis] + 2 * part * (1 - part) * turn[axis] + part**2 * end[axis]
        for axis in (0, 1)
    )
    return x, y


SHADES: Final = 5
MIN_SHAPE: Final = 12
"""Units across below which a state is drawn as a disc."""


@dataclass(frozen=True)
class ShadedState:
    """A state of a shaded map: its outline, or a disc at its point, and its number if it has room.

    `shade` is 0 for zero, up to SHADES; None where there is no figure.
    """

    title: str
    href: str | None
    shade: int | None
    path: str
    x: int
    y: int
    text: str


@dataclass(frozen=True)
class ShadedMap:
    """A map of states by their amounts; `steps` are the greatest amounts of the shades."""

    width: int
    height: int
    transform: str
    land: str
    states: Sequence[ShadedState]
    steps: Sequence[int]


def draw_shaded_map(
    states: Collection[str],
    amounts: Mapping[str, int],
    describe: Callable[[str], tuple[str, str | None]],
) -> ShadedMap:
    """Return a map of states, shaded by their amounts; one without is drawn as not known.

    `describe` returns the title of a state and the address that it links to. Shades grow by a
    constant factor, so that a large state does not make all others alike.
    """
    points = {state: point for state in states if (point := state_point(state))}
    view = fit_view([*points.values()], MIN_WIDTH_KM)
    most = max(amounts.values(), default=0)
    steps = sorted({round(most ** (shade / SHADES)) for shade in range(1, SHADES + 1)} - {0})
    drawn = []
    for state, point in points.items():
        title, href = describe(state)
        amount = amounts.get(state)
        shade = None if amount is None else bisect_left(steps, amount) + 1 if amount else 0
        wide = max((ring.east - ring.west for ring in state_rings(state)), default=0)
        across = wide * view.scale / UNITS_PER_DEGREE
        text = "" if amount is None else str(amount)
        x, y = view.project(point)
        drawn.append(
            ShadedState(
                title,
                href,
                shade,
                view.path((state,)) if across >= MIN_SHAPE else "",
                round(x),
                round(y),
                text if across > 0.7 * LABEL_HEIGHT * (len(text) + 1) else "",
            )
        )
    land = view.path(tuple(each for each in _present_states() if each not in points))
    return ShadedMap(WIDTH, view.height, view.transform, land, drawn, steps)


@dataclass(frozen=True)
class Ring:
    """The outline of one piece of land, with its bounds, in units of the file."""

    points: Sequence[tuple[int, int]]
    west: int
    north: int
    east: int
    south: int


@cache
def _territories() -> dict[str, dict[str, Any]]:
    return dict(json.loads(OUTLINES.read_text()))


@cache
def _present_states() -> tuple[str, ...]:
    return tuple(key for key, territory in _territories().items() if "rings" in territory)


@cache
def state_rings(state: str) -> tuple[Ring, ...]:
    """Return a state's rings; of its successors for a former state."""
    territory = _territories().get(state, {})
    successors = (
        ring for successor in territory.get("successors", ()) for ring in state_rings(successor)
    )
    return (*map(_ring, territory.get("rings", ())), *successors)


def _ring(steps: Sequence[int]) -> Ring:
    xs, ys = [*accumulate(steps[::2])], [*accumulate(steps[1::2])]
    points = [*zip(xs, ys, strict=True)]
    return Ring(points, min(xs), min(ys), max(xs), max(ys))


@lru_cache(maxsize=10_000)
def _path_steps(state: str, number: int, least: int) -> str:
    """Return the steps of a ring as relative SVG path data, without steps below `least`."""
    points = state_rings(state)[number].points
    x, y = points[0]
    steps = []
    for a, b in points[1:]:
        if abs(a - x) + abs(b - y) >= least:
            steps.append(f"{a - x}{'' if b < y else ' '}{b - y}")
            x, y = a, b
    return "l" + " ".join(steps) + "z" if len(steps) > 1 else ""


def state_point(state: str) -> Point | None:
    """Return a point inside the largest part of a state; None without an outline."""
    point = _territories().get(state, {}).get("point")
    return (point[0], point[1]) if point else None


@lru_cache(maxsize=2_000)
def state_point_near(state: str, middle: Point, degrees: float) -> Point | None:
    """Return a point inside a state within `degrees` of a place."""
    steps = [degrees * step / 6 for step in range(-6, 7)]
    inside = [
        (middle[0] + across, middle[1] + up)
        for up in steps
        for across in steps
        if contains(state, (middle[0] + across, middle[1] + up))
    ]
    if not inside:
        return None
    x, y = (sum(column) / len(inside) for column in zip(*inside, strict=True))
    return min(inside, key=lambda point: hypot(point[0] - x, point[1] - y))


def contains(state: str, point: Point) -> bool:
    """Return whether a point is inside a state."""
    x, y = point[0] * UNITS_PER_DEGREE, -_mercator(point[1]) * UNITS_PER_DEGREE
    return any(
        sum(
            a + (y - b) / (d - b) * (c - a) < x
            for (a, b), (c, d) in pairwise([*ring.points, ring.points[0]])
            if (b <= y) != (d <= y)
        )
        % 2
        for ring in state_rings(state)
        if ring.west < x < ring.east and ring.north < y < ring.south
    )


@dataclass(frozen=True)
class MapView:
    """A part of the world in Mercator projection. `scale` is drawing units per degree of longitude."""

    middle: float
    top: float
    scale: float
    height: int

    def project(self, point: Point) -> Pixel:
        """Return a place in drawing units, nearest turn of the globe."""
        longitude, latitude = point
        across = (longitude - self.middle + 180) % 360 - 180
        return WIDTH / 2 + across * self.scale, (self.top - _mercator(latitude)) * self.scale

    def length(self, kilometres: float, latitude: float) -> float:
        """Return a distance in drawing units at a latitude."""
        return kilometres / KM_PER_DEGREE / max(cos(radians(latitude)), 0.1) * self.scale

    @property
    def transform(self) -> str:
        """Return the SVG transform from units of the file to drawing units."""
        scale = self.scale / UNITS_PER_DEGREE
        left, top = WIDTH / 2 - self.middle * self.scale, self.top * self.scale
        return f"matrix({scale:.6g} 0 0 {scale:.6g} {left:.1f} {top:.1f})"

    @lru_cache(maxsize=200)  # noqa: B019 - of a frozen value; a board has the same view for days
    def path(self, states: tuple[str, ...]) -> str:
        """Return the visible outlines of states as SVG path data, in units of the file."""
        least = next(
            (step for step in DETAILS if step * self.scale <= 2 * UNITS_PER_DEGREE), DETAILS[-1]
        )
        return "".join(part for state in states for part in self._parts(state, least))

    def _parts(self, state: str, least: int) -> Iterator[str]:
        middle, half = self.middle * UNITS_PER_DEGREE, WIDTH / 2 / self.scale * UNITS_PER_DEGREE
        top = -self.top * UNITS_PER_DEGREE
        bottom = top + self.height / self.scale * UNITS_PER_DEGREE
        for number, ring in enumerate(state_rings(state)):
            shift = round((middle - (ring.west + ring.east) / 2) / TURN) * TURN
            is_across = ring.west + shift < middle + half and ring.east + shift > middle - half
            if is_across and ring.north < bottom and ring.south > top:
                x, y = ring.points[0]
                if steps := _path_steps(state, number, least):
                    yield f"M{x + shift} {y}{steps}"


def fit_view(points: Sequence[Point], min_width_km: float) -> MapView:
    """Return the view of places, at least `min_width_km` wide."""
    west, east = _extent([longitude for longitude, _ in points])
    heights = [_mercator(latitude) for _, latitude in points]
    latitude = sum(latitude for _, latitude in points) / len(points)
    least = min_width_km / KM_PER_DEGREE / cos(radians(latitude))
    across = max((east - west) * (1 + 2 * MARGIN), least)
    along = max((max(heights) - min(heights)) * (1 + 2 * MARGIN), least * MIN_ASPECT)
    scale = WIDTH / min(max(across, along / MAX_ASPECT), 360)
    height = round(min(max(along * scale, WIDTH * MIN_ASPECT), WIDTH * MAX_ASPECT))
    top = (max(heights) + min(heights)) / 2 + height / scale / 2
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
