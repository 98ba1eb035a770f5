"""Route of a traced gun: a row for each event of its chain, of most the state alone, and a map."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import shorten
from typing import Final

from api.web import choices, formatting
from api.web.maps import MapDrawing, MapMovement, MapPlace, Point, draw_map, state_point
from salsa_ext.tracing.traces.reports import EventLocation
from salsa_ext.tracing.traces.trace_results import ResultView

MIN_WIDTH_KM: Final = 4_000.0
"""So wide that states are recognised by their outlines."""
MAX_NAME: Final = 18
"""Characters of a place's name on the map."""
Locations = Mapping[str, EventLocation]


@dataclass(frozen=True)
class RouteEvent:
    """An event of the chain, or the find, with its place if that is known.

    `record` is None for the find; after `is_diversion` the gun left lawful possession.
    """

    event: str
    on: str
    state: str
    counterpart: str | None
    record: str | None
    location: EventLocation | None
    is_diversion: bool = False

    @property
    def point(self) -> Point | None:
        """Return where it is drawn; for a state alone a point within it."""
        return (self.location.point if self.location else None) or state_point(self.state)

    @property
    def kind(self) -> str:
        """Return how its place is known: a post, a place, or the state alone."""
        if self.location is None or self.location.point is None:
            return "state"
        return "post" if self.location.post else "place"

    @property
    def name(self) -> str:
        """Return the place and the state."""
        place = self.location.name if self.location else None
        return ", ".join(filter(None, (place, formatting.label("state", self.state))))


@dataclass(frozen=True)
class Route:
    """The events in order, and a map if there is one.

    Not `is_certain`: the chain may be of several guns, whose places alone are shown.
    """

    rows: Sequence[RouteEvent]
    drawing: MapDrawing | None
    is_certain: bool


def build_route(view: ResultView, locations: Locations) -> Route:
    """Return the route of a trace's gun, from its chain to the find."""
    trace, diversion = view.trace, view.result.point_of_diversion
    last_lawful = diversion["after"] if diversion else None
    rows = [
        RouteEvent(
            event["event"],
            event["occurred_on"],
            event["state"],
            event["counterpart_state"],
            event["record"],
            locations.get(event["record"]),
            event["record"] == last_lawful,
        )
        for event in view.result.chain
    ]
    location = locations.get(str(trace.record_id))
    found_on = trace.found_on.isoformat()
    rows.append(RouteEvent(view.find_event, found_on, trace.owner_state, None, None, location))
    is_certain = not view.result.ambiguous
    return Route(rows, _draw(rows, is_certain), is_certain)


def _draw(rows: Sequence[RouteEvent], is_certain: bool) -> MapDrawing | None:
    """Draw each place once, with the numbers of its rows, and the movements between them."""
    points = list(dict.fromkeys(row.point for row in rows if row.point))
    at = {point: position for position, point in enumerate(points)}
    places = [_place(point, rows) for point in points]
    movements = [*_movements(rows, at)] if is_certain else []
    diversions = {at[row.point] for row in rows if row.is_diversion and row.point}
    diversions -= {movement.start for movement in movements if movement.is_turn}
    named = {row.state for row in rows if row.kind == "state"}
    others = {code: name for code, name in choices.participating_states() if code not in named}
    states = {row.state for row in rows}
    return draw_map(places, movements, states, diversions, MIN_WIDTH_KM, others)


def _movements(rows: Sequence[RouteEvent], at: Mapping[Point, int]) -> Iterator[MapMovement]:
    """Yield the movements; inside a state only between two known places."""
    for before, row in pairwise(row for row in rows if row.point):
        is_inside = before.state == row.state and "state" in (before.kind, row.kind)
        if before.point and row.point and before.point != row.point and not is_inside:
            is_recorded_twice = (before.event, row.event) == ("export", "import") and (
                before.counterpart,
                row.counterpart,
            ) == (row.state, before.state)
            yield MapMovement(
                at[before.point], at[row.point], is_recorded_twice, before.is_diversion
            )


def _place(point: Point, rows: Sequence[RouteEvent]) -> MapPlace:
    numbers = [number for number, row in enumerate(rows, 1) if row.point == point]
    row = rows[numbers[0] - 1]
    text = ", ".join(_ranges(numbers))
    within_km = row.location.within_km if row.location else None
    town = row.location.name if row.location and row.kind != "state" else None
    name = shorten(town or formatting.label("state", row.state), MAX_NAME, placeholder="…")
    return MapPlace(point, f"{text} {name}", f"{text}. {row.name}", row.kind, within_km)


def _ranges(numbers: Sequence[int]) -> Iterator[str]:
    """Yield numbers as ranges: 1–3, 5."""
    start = None
    for number, after in zip(numbers, [*numbers[1:], None], strict=True):
        start = number if start is None else start
        if after != number + 1:
            yield str(number) if start == number else f"{start}–{number}"
            start = None
