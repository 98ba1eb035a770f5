"""What lies near a border post: a box that an index knows first, then the distance, both in SQL."""

from __future__ import annotations

from typing import Any

from geopy.distance import geodesic
from sqlalchemy import ColumnElement, and_, func

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


def is_near(post: Post, latitude: Any, longitude: Any) -> ColumnElement[bool]:
    """Tell whether a place lies within a post's radius."""
    north, east = _degrees(post)
    # a tenth more, since the degrees to the east grow shorter away from the equator
    high, wide = 1.1 * post.radius_km / north, 1.1 * post.radius_km / east
    return and_(
        latitude.between(post.latitude - high, post.latitude + high),
        longitude.between(post.longitude - wide, post.longitude + wide),
        distance_km(post, latitude, longitude) <= post.radius_km,
    )


def _degrees(post: Post) -> tuple[float, float]:
    """Return the kilometres of a degree to the north and of one to the east."""
    here, small = (post.latitude, post.longitude), 0.1
    north = geodesic((here[0] - small, here[1]), (here[0] + small, here[1])).km
    east = geodesic((here[0], here[1] - small), (here[0], here[1] + small)).km
    return float(north / small / 2), float(east / small / 2)
