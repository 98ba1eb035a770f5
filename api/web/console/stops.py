"""A stop on the way of a traced gun: where it was, how exactly that is known, and what happened there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from api.i18n import translate
from api.web import shown
from api.web.outlines import Point, point_of
from salsa_ext.errors import say
from salsa_ext.services.whereabouts import Whereabouts


@dataclass(frozen=True)
class Happening:
    """What happened at a stop, on a day; `record` is None for the find itself."""

    event: str
    on: str
    record: str | None


@dataclass(frozen=True)
class Stop:
    """One stay of the gun: in a state, or at a place in it where that may be known.

    `recorded_by` are the states that recorded how it came here, from the stop `after`, a position;
    `is_declared` where a state sent it here and nothing says that it came. `is_turn` says that it left
    the lawful world from here.
    """

    state: str
    where: Whereabouts | None
    happened: Sequence[Happening] = ()
    recorded_by: Sequence[str] = ()
    is_turn: bool = False
    after: int | None = None
    is_declared: bool = False

    @property
    def told(self) -> list[tuple[Happening, int]]:
        """Return what happened, and how often on that day."""
        days = Counter((one.event, one.on) for one in self.happened)
        first = {(one.event, one.on): one for one in reversed(self.happened)}
        return [(first[key], count) for key, count in days.items()]

    @property
    def point(self) -> Point | None:
        """Return where it is drawn; for a state alone a point that stands for the whole of it."""
        placed = self.where.point if self.where else None
        return placed or point_of(self.state)

    @property
    def is_placed(self) -> bool:
        """Tell whether the place itself is drawn, and not the state for it."""
        return self.where is not None and self.where.point is not None

    @property
    def kind(self) -> str:
        """Return how its place is known."""
        if self.where is None or not self.is_placed:
            return "state"
        return "post" if self.where.post else "place"

    @property
    def name(self) -> str:
        """Return the place and the state in words."""
        parts = [self.where.name if self.where else None, shown.label("state", self.state)]
        return ", ".join(filter(None, parts))

    @property
    def precision(self) -> str:
        """Return in words how exactly the place is known."""
        if self.where is None:
            return translate(say("the state alone is known"))
        if not self.is_placed:
            return translate(say("known by name alone: the map shows the state"))
        if self.where.post:
            return translate(say("at a border post"))
        if self.where.within_km:
            distance = shown.kilometres(self.where.within_km)
            return translate(say("within {distance}", distance=distance))
        return translate(say("place as recorded"))
