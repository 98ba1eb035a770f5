"""The routes of the shipments that pass a border post, and what lies along them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import asin, atan2, cos, degrees, floor, hypot, radians, sin
from typing import Any, Final

from geopy.distance import EARTH_RADIUS
from geopy.distance import great_circle as arc
from sqlalchemy import ColumnElement, and_, func, or_, select

from salsa_ext.db import db
from salsa_ext.models import Checkpoint, Post, Shipment
from salsa_ext.readmodels.nearby import squares

STEP_KM: Final = 20.0
Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Corridor:
    """The way between two posts that follow each other on a route, and a band on each side of it."""

    start: Post
    end: Post
    wide_km: int


def corridors_of(post: Post, routes: Iterable[Sequence[str]]) -> list[Corridor]:
    """Return the corridors of routes, each once whichever way it is gone; none of a single post."""
    pairs = {tuple(sorted(pair)) for route in routes for pair in pairwise(route)
             if pair[0] != pair[1]}  # fmt: skip
    wanted = {code for pair in pairs for code in pair}
    rows = db.session.scalars(select(Post).where(Post.code.in_(wanted))) if wanted else ()
    posts = {row.code: row for row in rows}
    return [Corridor(posts[one], posts[other], post.radius_km) for one, other in sorted(pairs)
            if one in posts and other in posts]  # fmt: skip


def routes_since(post: Post, since: datetime) -> list[list[str]]:
    """Return the routes of the shipments that were ticked at a post of late, each once."""
    ticked = select(Checkpoint.shipment_id).where(
        Checkpoint.post == post.code, Checkpoint.occurred_at >= since
    )
    query = select(Shipment.route).where(Shipment.id.in_(ticked)).distinct()
    return [*db.session.scalars(query)]


def is_along(corridors: Sequence[Corridor], model: Any) -> ColumnElement[bool]:
    """Tell whether something was in one of the corridors; the globe is a sphere for it.

    A way of thousands of kilometres is off by less than a two-hundredth of its band.
    """
    return and_(
        model.square.in_(squares_along(corridors)),
        or_(False, *(_within(one, model) for one in corridors)),
    )


def squares_along(corridors: Sequence[Corridor]) -> list[int]:
    """Return the squares that corridors meet."""
    return sorted({square for one in corridors for square in _squares(one)})


def _within(corridor: Corridor, model: Any) -> ColumnElement[bool]:
    """Not farther from the great circle than the band is wide, and between its two ends."""
    start, end = _vector(corridor.start), _vector(corridor.end)
    normal = _unit(_cross(start, end))
    aside = func.abs(_along(normal, model))
    return and_(
        aside <= sin(corridor.wide_km / EARTH_RADIUS),
        _along(_cross(normal, start), model) >= 0,
        _along(_cross(end, normal), model) >= 0,
    )


def _along(vector: Vector, model: Any) -> Any:
    latitude, longitude = func.radians(model.latitude), func.radians(model.longitude)
    return (
        vector[0] * func.cos(latitude) * func.cos(longitude)
        + vector[1] * func.cos(latitude) * func.sin(longitude)
        + vector[2] * func.sin(latitude)
    )


def _squares(corridor: Corridor) -> set[int]:
    """Return the squares that a corridor meets: those round points along the way, close together."""
    start, end, found = _vector(corridor.start), _vector(corridor.end), set[int]()
    steps = 1 + floor(_length(corridor) / STEP_KM)
    high = (corridor.wide_km + STEP_KM) / 110
    for step in range(steps + 1):
        latitude, longitude = _between(start, end, step / steps)
        wide = high / max(cos(radians(latitude)), 0.1)
        found.update(squares(latitude - high, longitude - wide, latitude + high, longitude + wide))
    return found


def _length(corridor: Corridor) -> float:
    ends = ((post.latitude, post.longitude) for post in (corridor.start, corridor.end))
    return float(arc(*ends).km)


def _between(start: Vector, end: Vector, part: float) -> tuple[float, float]:
    """Return a place on the way, by latitude and longitude."""
    (x, y, z), (a, b, c) = start, end
    x, y, z = _unit((x + (a - x) * part, y + (b - y) * part, z + (c - z) * part))
    return degrees(asin(z)), degrees(atan2(y, x))


def _vector(post: Post) -> Vector:
    latitude, longitude = radians(post.latitude), radians(post.longitude)
    return cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)


def _cross(one: Vector, other: Vector) -> Vector:
    (x, y, z), (a, b, c) = one, other
    return y * c - z * b, z * a - x * c, x * b - y * a


def _unit(vector: Vector) -> Vector:
    length = hypot(*vector)
    x, y, z = (part / length for part in vector)
    return x, y, z
