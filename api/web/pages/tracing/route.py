"""The way of a traced gun: one row for each event of its chain, and the map of them.

Of most events the state alone is known; places are what `whereabouts` gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from api.web import formatting
from api.web.maps import MapDrawing, MapMovement, MapPlace, draw_map
from api.web.outlines import Point, state_point
from salsa_ext.firearms.records.values import Event
from salsa_ext.tracing.traces.queries import ResultView
from salsa_ext.tracing.traces.reports import EventLocation

LEAST_KM: Final = 4_000.0
"""How wide the map is at least: so wide that the states on it are known by their outlines."""
Places = Mapping[str, EventLocation]


@dataclass(frozen=True)
class Row:
    """An event of the chain, or the find, with the place where that may be known.

    `record` is None for the find; `is_turn` says that the gun left the lawful world from here.
    """

    event: str
    on: str
    state: str
    counterpart: str | None
    record: str | None
    where: EventLocation | None
    is_turn: bool = False

    @property
    def point(self) -> Point | None:
        """Return where it is drawn; for a state alone a point that stands for the whole of it."""
        return (self.where.point if self.where else None) or state_point(self.state)

    @property
    def kind(self) -> str:
        """Return how its place is known: a post, a place, or the state alone."""
        if self.where is None or self.where.point is None:
            return "state"
        return "post" if self.where.post else "place"

    @property
    def name(self) -> str:
        """Return the place and the state."""
        parts = [self.where.name if self.where else None, formatting.label("state", self.state)]
        return ", ".join(filter(None, parts))


@dataclass(frozen=True)
class Way:
    """The rows in order, and the map of them where there is one; `is_one` where it is that of one gun."""

    rows: Sequence[Row]
    drawing: MapDrawing | None
    is_one: bool


def way_of(view: ResultView, places: Places) -> Way:
    """Return the way of the gun of a trace, from its chain to the find.

    A chain that may be of several guns is no way: then the places alone are shown.
    """
    trace, diversion = view.trace, view.result.point_of_diversion
    turn = diversion["after"] if diversion else None
    rows = [_row(event, places, turn) for event in view.result.chain]
    rows.append(
        Row(
            view.find_event,
            trace.found_on.isoformat(),
            trace.owner_state,
            None,
            None,
            places.get(str(trace.record_id)),
        )
    )
    is_one = not view.result.ambiguous
    return Way(rows, _drawn(rows, is_one), is_one)


def _row(event: Event, places: Places, turn: str | None) -> Row:
    record = event["record"]
    return Row(
        event["event"],
        event["occurred_on"],
        event["state"],
        event["counterpart_state"],
        record,
        places.get(record),
        record == turn,
    )


def _drawn(rows: Sequence[Row], is_one: bool) -> MapDrawing | None:
    """Return the map: each place once, with the numbers of the rows at it, and lines between them."""
    points = list(dict.fromkeys(row.point for row in rows if row.point))
    at = {point: position for position, point in enumerate(points)}
    spots = [_spot(point, rows) for point in points]
    turns = {at[row.point] for row in rows if row.is_turn and row.point}
    moves = [*_moves(rows, at)] if is_one else []
    left = turns - {move.start for move in moves if move.is_turn}
    return draw_map(spots, moves, {row.state for row in rows}, left, LEAST_KM)


def _moves(rows: Sequence[Row], at: Mapping[Point, int]) -> Iterator[MapMovement]:
    """Yield the lines: inside a state only between two known places."""
    for before, row in pairwise(row for row in rows if row.point):
        is_inside = before.state == row.state and "state" in (before.kind, row.kind)
        if before.point and row.point and before.point != row.point and not is_inside:
            is_sure = (before.event, before.counterpart, row.event, row.counterpart) == (
                "export",
                row.state,
                "import",
                before.state,
            )
            yield MapMovement(at[before.point], at[row.point], is_sure, before.is_turn)


def _spot(point: Point, rows: Sequence[Row]) -> MapPlace:
    numbers = [number for number, row in enumerate(rows, 1) if row.point == point]
    row = rows[numbers[0] - 1]
    said = ", ".join(_spans(numbers))
    return MapPlace(
        point, said, f"{said}. {row.name}", row.kind, row.where.within_km if row.where else None
    )


def _spans(numbers: Sequence[int]) -> Iterator[str]:
    """Yield the numbers as short as they can be said: 1–3, 5."""
    start = None
    for number, after in zip(numbers, [*numbers[1:], None], strict=True):
        start = number if start is None else start
        if after != number + 1:
            yield str(number) if start == number else f"{start}–{number}"
            start = None
