"""Sides of border posts, and the posts near a place."""

from dataclasses import dataclass
from functools import lru_cache
from math import floor
from typing import Any

from geopy.distance import geodesic
from sqlalchemy import ColumnElement, and_, func, or_

from salsa_ext.core.errors import Forbidden, message
from salsa_ext.reference.models import Post


@dataclass(frozen=True)
class PostSide:
    """One side of a border post: state, place and time zone."""

    state: str
    place: str
    zone: str


def list_sides(post: Post) -> tuple[PostSide, ...]:
    """Return the sides of a post, in the post's order."""
    first = PostSide(post.state_a, post.place_a, post.zone_a)
    if post.state_b is None:
        return (first,)
    return (first, PostSide(post.state_b, post.place_b or "", post.zone_b or post.zone_a))


def own_and_other_side(post: Post, state: str | None) -> tuple[PostSide, PostSide]:
    """Return a state's own side of a post and the other; raises Forbidden without one."""
    sides = list_sides(post)
    for own in sides:
        if own.state == state:
            others = (each for each in sides if each != own)
            return own, next(others, PostSide("", "", own.zone))
    raise Forbidden(message("Your state is not a side of this post."))


def direction_of_goods(post: Post, exporting_state: str, importing_state: str) -> tuple[str, ...]:
    """Return the states of a post with two sides in the direction of the goods."""
    first, second = (each.state for each in list_sides(post))
    return (
        (second, first)
        if importing_state == first or exporting_state == second
        else (first, second)
    )


def distance_km(post: Post, latitude: Any, longitude: Any) -> ColumnElement[float]:
    """Return the SQL distance of a place from a post, in kilometres.

    Uses the length of a degree on the ellipsoid at the post; within 100 km the error against the
    geodesic is below one thousandth.
    """
    north, east = _degree_lengths(post.latitude, post.longitude)
    between = func.cos(func.radians((latitude + post.latitude) / 2))
    narrowed = between / func.cos(func.radians(post.latitude))
    return func.sqrt(
        func.power((latitude - post.latitude) * north, 2)
        + func.power((longitude - post.longitude) * east * narrowed, 2)
    )


def is_near(post: Post, model: Any) -> ColumnElement[bool]:
    """Return the condition that a row lies at or near a post."""
    within = distance_km(post, model.latitude, model.longitude) <= post.radius_km
    # indexed conditions come apart: row-level security evaluates only leakproof ones early
    return and_(
        or_(model.square.in_(grid_squares_near(post)), model.post == post.code),
        or_(within, and_(model.post == post.code, model.latitude.is_(None))),
    )


def grid_squares_near(post: Post) -> list[int]:
    """Return the grid squares within a post's radius."""
    north, east = _degree_lengths(post.latitude, post.longitude)
    high, wide = 1.1 * post.radius_km / north, 1.1 * post.radius_km / east
    return grid_squares(
        post.latitude - high, post.longitude - wide, post.latitude + high, post.longitude + wide
    )


def grid_squares(south: float, west: float, north: float, east: float) -> list[int]:
    """Return the quarter-degree squares of a box, numbered as in the database."""
    ups = range(floor(south * 4), floor(north * 4) + 1)
    across = range(floor(west * 4), floor(east * 4) + 1)
    return [up * 10_000 + (along + 720) % 1440 - 720 for up in ups for along in across]


@lru_cache(maxsize=1_000)
def _degree_lengths(latitude: float, longitude: float) -> tuple[float, float]:
    """Return the kilometres of one degree north and east of a place."""
    small = 0.1
    north = geodesic((latitude - small, longitude), (latitude + small, longitude)).km
    east = geodesic((latitude, longitude - small), (latitude, longitude + small)).km
    return float(north / small / 2), float(east / small / 2)
