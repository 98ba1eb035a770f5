"""The way of a traced gun: where it was, in order, and how it came from one place to the next.

Of most events the state alone is known; places are what `whereabouts` gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any, Final

from api.i18n import translate
from api.web.console.comings import coming
from api.web.console.stops import Happening, Stop
from api.web.maps import Drawing, Movement, Spot, draw
from api.web.outlines import Point
from salsa_ext.matching.events import Event
from salsa_ext.matching.requests import SILENT
from salsa_ext.readmodels.traces import ResultView
from salsa_ext.services.whereabouts import Whereabouts

LEAST_KM: Final = 4_000.0
"""How wide the map is at least: so wide that the states on it are known by their outlines."""
Places = Mapping[str, Whereabouts]


@dataclass(frozen=True)
class Way:
    """The stops in order, and the map of them where there is one; `is_one` where it is that of one gun.

    `silent` are the asked states that may hold more, each with the status of its leg.
    """

    stops: Sequence[Stop]
    drawing: Drawing | None
    is_one: bool
    silent: Mapping[str, str]

    def coming(self, stop: Stop) -> list[str]:
        """Return in words how the gun came to a stop from another state; nothing where it did not."""
        before = self.stops[stop.after] if self.is_one and stop.after is not None else None
        if before is None or before.state == stop.state:
            return []
        return [translate(said) for said in coming(stop, before, self.silent)]


@dataclass
class _Walk:
    """The stops so far; a stop that nothing tells of stands for what another state says."""

    places: Places
    stops: list[Stop] = field(default_factory=list)

    def go(self, state: str, where: Whereabouts | None, recorded_by: Sequence[str] = ()) -> None:
        """Go to a place, unless the gun is there already."""
        last = self.stops[-1] if self.stops else None
        if last and (last.state, last.where) == (state, where):
            self.stops[-1] = replace(last, recorded_by=[*{*last.recorded_by, *recorded_by}])
        else:
            self.stops.append(Stop(state, where, recorded_by=recorded_by))

    def stay(self, happening: Happening) -> None:
        """Let something happen where the gun is."""
        last = self.stops[-1]
        self.stops[-1] = replace(last, happened=[*last.happened, happening])

    def add(self, state: str, where: Whereabouts | None, happening: Happening) -> None:
        """Let something happen at a place, whether or not something happened there before."""
        at = next((at for at, stop in enumerate(self.stops) if (stop.state, stop.where) == (state, where)),
                  len(self.stops))  # fmt: skip
        stop = self.stops.pop(at) if at < len(self.stops) else Stop(state, where)
        self.stops.insert(at, replace(stop, happened=[*stop.happened, happening]))

    def take(self, event: Event) -> None:
        """Take one event of the chain."""
        state, other = event["state"], event["counterpart_state"]
        is_import = event["event"] == "import"
        if is_import and other and not (self.stops and self.stops[-1].state in (state, other)):
            self.go(other, None)
        self.go(state, self.places.get(event["record"]), [state] if is_import else [])
        self.stay(_told(event))
        if event["event"] == "export" and other and other != state:
            self.go(other, None, [state])


def way_of(view: ResultView, places: Places) -> Way:
    """Return the way of the gun of a trace, from its chain to the find.

    A chain that may be of several guns is no way: then the places alone are told.
    """
    walk, is_one = _Walk(places), not view.result.ambiguous
    for event in view.result.chain:
        if is_one:
            walk.take(event)
        else:
            walk.add(event["state"], places.get(event["record"]), _told(event))
    trace = view.trace
    found = Happening(view.found_as, trace.found_on.isoformat(), None)
    walk.go(trace.owner_state, places.get(str(trace.record_id)))
    walk.stay(found)
    stops = _turned(_joined(walk.stops), view.result.point_of_diversion)
    silent = {one.state: one.said for one in view.searched if one.said in SILENT}
    return Way(stops, _drawn(stops, is_one), is_one, silent)


def _told(event: Event) -> Happening:
    return Happening(event["event"], event["occurred_on"], event["record"])


def _joined(stops: Sequence[Stop]) -> list[Stop]:
    """Return the stops, each with the one from which the gun came: none that it may not have reached."""
    joined: list[Stop] = []
    last = None
    for at, (stop, later) in enumerate(zip_longest(stops, stops[1:])):
        is_left = later is not None and later.state != stop.state
        is_declared = is_left and not stop.happened and bool(stop.recorded_by)
        joined.append(replace(stop, after=last, is_declared=is_declared))
        last = last if is_declared else at
    return joined


def _turned(stops: Sequence[Stop], diversion: Mapping[str, Any] | None) -> list[Stop]:
    """Return the stops, that of the last lawful record with the sign that the gun left from there."""
    after = diversion and diversion["after"]
    last = max((at for at, stop in enumerate(stops) if after in _records(stop)), default=None)
    return [replace(stop, is_turn=after is not None and at == last)
            for at, stop in enumerate(stops)]  # fmt: skip


def _records(stop: Stop) -> set[str | None]:
    return {one.record for one in stop.happened} - {None}


def _drawn(stops: Sequence[Stop], is_one: bool) -> Drawing | None:
    """Return the map: each place once, with the numbers of the stops at it, and what is between them."""
    points = list(dict.fromkeys(stop.point for stop in stops if stop.point))
    at = {point: position for position, point in enumerate(points)}
    spots = [_spot(point, [*_at(stops, point)]) for point in points]
    moves, turns = [], {at[stop.point] for stop in stops if stop.is_turn and stop.point}
    for before, stop in _movements(stops) if is_one else ():
        if before.point and stop.point:
            start, end = at[before.point], at[stop.point]
            moves.append(
                Movement(start, end, _is_sure(before, stop), before.is_turn and start in turns)
            )
            turns -= {start} if before.is_turn else set()
    return draw(spots, moves, {stop.state for stop in stops}, turns, LEAST_KM)


def _movements(stops: Sequence[Stop]) -> Iterator[tuple[Stop, Stop]]:
    """Yield from where and to where lines are drawn: inside a state only between two known places."""
    for stop in stops:
        before = None if stop.after is None else stops[stop.after]
        if before and (before.state != stop.state or (before.is_placed and stop.is_placed)):
            yield before, stop


def _at(stops: Sequence[Stop], point: Point) -> Iterator[tuple[int, Stop]]:
    return ((number, stop) for number, stop in enumerate(stops, 1) if stop.point == point)


def _spot(point: Point, here: Sequence[tuple[int, Stop]]) -> Spot:
    stop = here[0][1]
    numbers = ", ".join(str(number) for number, _ in here)
    return Spot(point, numbers, f"{numbers}. {stop.name}: {stop.precision}", stop.kind,
                stop.where.within_km if stop.where else None)  # fmt: skip


def _is_sure(before: Stop, stop: Stop) -> bool:
    """Tell whether both states recorded the movement; inside one state nobody does."""
    return {before.state, stop.state} <= {*stop.recorded_by} and before.state != stop.state
