"""What lies near a border post: squares that an index knows first, then the distance, both in SQL."""

from __future__ import annotations

from math import floor
from typing import Any

from geopy.distance import geodesic
from sqlalchemy import ColumnElement, and_, func, or_

from salsa_ext.models import Post


def distance_km(post: Post, latitude: Any, longitude: Any) -> ColumnElement[float]:
    """Return how far a place is from a post.

    The length of a degree is that of the ellipsoid at the post; within a hundred kilometres the
    distance departs from the geodesic by less than a thousandth.
    """
    north, east = _degrees(post)
    between = func.cos(func.radians((latitude + post.latitude) / 2))
    narrowed = between / func.cos(func.radians(post.latitude))
    return func.sqrt(
        func.power((latitude - post.latitude) * north, 2)
        + func.power((longitude - post.longitude) * east * narrowed, 2)
    )


def is_near(post: Post, model: Any) -> ColumnElement[bool]:
    """Tell whether something was within a post's radius, or at the post itself."""
    within = distance_km(post, model.latitude, model.longitude) <= post.radius_km
    # what an index knows stands apart: row-level security lets nothing near it that is not leakproof
    return and_(
        or_(model.square.in_(squares_near(post)), model.post == post.code),
        or_(within, and_(model.post == post.code, model.latitude.is_(None))),
    )


def squares_near(post: Post) -> list[int]:
    """Return the squares that a post's radius meets.

    A tenth more, since the degrees to the east grow shorter away from the equator.
    """
    north, east = _degrees(post)
    high, wide = 1.1 * post.radius_km / north, 1.1 * post.radius_km / east
    return squares(post.latitude - high, post.longitude - wide,
                   post.latitude + high, post.longitude + wide)  # fmt: skip


def squares(south: float, west: float, north: float, east: float) -> list[int]:
    """Return the squares of a quarter of a degree that a box meets, as the database numbers them."""
    ups = range(floor(south * 4), floor(north * 4) + 1)
    across = range(floor(west * 4), floor(east * 4) + 1)
    return [up * 10_000 + (along + 720) % 1440 - 720 for up in ups for along in across]


def _degrees(post: Post) -> tuple[float, float]:
    """Return the kilometres of a degree to the north and of one to the east."""
    here, small = (post.latitude, post.longitude), 0.1
    north = geodesic((here[0] - small, here[1]), (here[0] + small, here[1])).km
    east = geodesic((here[0], here[1] - small), (here[0], here[1] + small)).km
    return float(north / small / 2), float(east / small / 2)
