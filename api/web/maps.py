"""A map as a drawing of the server's own: places, movements between them, and outlines of states.

`map.html` writes it as SVG. What it shows has to stand beside it in words too. It draws what it is
given and decides nothing: who calls gives no place more exactly than the reader may know it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import atan2, cos, hypot, pi, sin
from typing import Final

from api.web import outlines
from api.web.outlines import Point
from api.web.projection import WIDTH, View, view_of

LEAST_KM: Final = 1500.0
"""How wide a map is at least: a country with its neighbours."""
HEAD: Final = 26
"""Height of a number in units; one of its letters is about half as wide."""
NEAR, FAR = 34, 62
BEND: Final = 0.12
SHORTEST: Final = 16
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Spot:
    """A place to be drawn; `kind` is `state` where the state alone is known, else `place` or `post`.

    `text` stands beside it, a number as a rule, `title` says what it is. `within_km` is how exact it is.
    `href` leads to its words, by keyboard too. Of a `side` the text alone is drawn: it names a country.
    """

    place: Point
    text: str
    title: str
    kind: str = "place"
    within_km: float | None = None
    href: str | None = None


@dataclass(frozen=True)
class Movement:
    """From one spot to another, by their positions; `is_turn` where the lawful world was left.

    What goes `both_ways` is a straight line without an arrow.
    """

    start: int
    end: int
    is_sure: bool = True
    is_turn: bool = False
    both_ways: bool = False


@dataclass(frozen=True)
class Dot:
    """A spot as it is drawn: its middle, how far its place may be off, and the box of its number."""

    spot: Spot
    x: int
    y: int
    reach: int
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Arc:
    """A movement as it is drawn: a path, its arrow if it has one, and where the sign of a turn stands."""

    path: str
    arrow: str
    is_sure: bool
    turn: tuple[int, int] | None


@dataclass(frozen=True)
class Drawing:
    """A map: all land, the states that matter, and what is shown on it; `turns` stand at spots."""

    width: int
    height: int
    land: str
    states: str
    dots: Sequence[Dot]
    arcs: Sequence[Arc]
    turns: Sequence[tuple[int, int]]

    @property
    def is_linked(self) -> bool:
        """Tell whether spots lead to their words, so that the drawing has parts of its own."""
        return any(dot.spot.href for dot in self.dots)

    @property
    def turned(self) -> list[tuple[int, int]]:
        """Return all places at which the lawful world was left: on movements, and at spots."""
        return [arc.turn for arc in self.arcs if arc.turn] + [*self.turns]


def draw(
    spots: Sequence[Spot], movements: Iterable[Movement] = (), states: Collection[str] = (),
    turns: Iterable[int] = (), least_km: float = LEAST_KM,
) -> Drawing | None:  # fmt: skip
    """Return a map of spots with the movements between them, None where there is nothing to draw.

    `turns` are the positions of spots at which the lawful world was left, `states` those to be set off.
    """
    if not spots:
        return None
    view = view_of([spot.place for spot in spots], least_km)
    marks = [*map(view.at, (spot.place for spot in spots))]
    long, short = [], set(turns)
    for movement in movements:
        if _is_long(marks, movement):
            long.append(movement)
        elif movement.is_turn:
            short.add(movement.start)
    arcs = [_arc(marks, movement) for movement in long]
    taken = [_box(x, y, 10, 10) for x, y in marks]
    taken += [_box(*arc.turn, 20, 20) for arc in arcs if arc.turn]
    dots = [_dot(view, spot, mark, taken) for spot, mark in zip(spots, marks, strict=True)]
    signs = [_free(marks[at], HEAD, HEAD, view.height, taken) for at in sorted(short)]
    return Drawing(
        WIDTH, view.height,
        view.outline(ring for rings in outlines.outlines().values() for ring in rings),
        view.outline(ring for state in sorted(set(states)) for ring in outlines.of_state(state)),
        dots, arcs, [(round(left + HEAD / 2), round(up + HEAD / 2)) for left, up, _, _ in signs],
    )  # fmt: skip


def _dot(view: View, spot: Spot, mark: Point, taken: list[Box]) -> Dot:
    width = HEAD * (0.55 * len(spot.text) + 0.65)
    if spot.kind == "side":
        taken.append(_box(*mark, width, HEAD))
        left, up, right, down = taken[-1]
    else:
        left, up, right, down = _free(mark, width, HEAD + 6, view.height, taken)
    reach = view.units(spot.within_km, spot.place[1]) if spot.within_km else 0
    box = (round(left), round(up), round(right - left), round(down - up))
    return Dot(spot, round(mark[0]), round(mark[1]), round(reach), box)


def _free(mark: Point, width: float, height: float, bottom: int, taken: list[Box]) -> Box:
    """Return the box of something beside a mark that meets nothing drawn so far, and take it."""
    tried = [
        _box(mark[0] + (far + width / 3) * cos(turn), mark[1] - far * sin(turn), width, height)
        for far in (NEAR, FAR, 2 * FAR) for turn in (at * pi / 4 for at in (2, 6, 0, 4, 1, 3, 7, 5))
    ]  # fmt: skip
    inside = [
        box for box in tried if box[0] > 0 and box[1] > 0 and box[2] < WIDTH and box[3] < bottom
    ]
    chosen = min(inside or tried, key=lambda box: sum(_meet(box, other) for other in taken))
    taken.append(chosen)
    return chosen


def _box(x: float, y: float, width: float, height: float) -> Box:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _is_long(marks: Sequence[Point], movement: Movement) -> bool:
    (x, y), (a, b) = marks[movement.start], marks[movement.end]
    return hypot(a - x, b - y) >= SHORTEST


def _arc(marks: Sequence[Point], movement: Movement) -> Arc:
    """Return a curve that bends to the left, so that the way there and back are two."""
    (x, y), (a, b) = marks[movement.start], marks[movement.end]
    if movement.both_ways:
        return Arc(f"M{x:.0f} {y:.0f}L{a:.0f} {b:.0f}", "", movement.is_sure, None)
    turn = ((x + a) / 2 + (b - y) * BEND * 2, (y + b) / 2 - (a - x) * BEND * 2)
    at, ahead = (_on((x, y), turn, (a, b), part) for part in (0.72, 0.74))
    middle = _on((x, y), turn, (a, b), 0.5)
    path = f"M{x:.0f} {y:.0f}Q{turn[0]:.0f} {turn[1]:.0f} {a:.0f} {b:.0f}"
    angle = atan2(ahead[1] - at[1], ahead[0] - at[0])
    points = [(14, 0), (-8, 9), (-8, -9)]
    arrow = " ".join(
        f"{at[0] + along * cos(angle) - aside * sin(angle):.0f},"
        f"{at[1] + along * sin(angle) + aside * cos(angle):.0f}" for along, aside in points
    )  # fmt: skip
    where = (round(middle[0]), round(middle[1])) if movement.is_turn else None
    return Arc(path, arrow, movement.is_sure, where)


def _on(start: Point, turn: Point, end: Point, part: float) -> Point:
    """Return a point of a quadratic curve."""
    x, y = (
        (1 - part) ** 2 * start[axis] + 2 * part * (1 - part) * turn[axis] + part**2 * end[axis]
        for axis in (0, 1)
    )
    return x, y
