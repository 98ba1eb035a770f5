"""The map of a border post: both sides, the post, the routes through it, and what was seized round there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, hypot, radians
from typing import Any, Final

from api.web.maps import Drawing, Movement, Spot, draw
from api.web.outlines import Point, point_near
from salsa_ext.readmodels.boards import Board
from salsa_ext.readmodels.finds import Place

WIDE: Final = 5.0
"""How wide the map is at least, in radii of the post."""
DEGREE: Final = 111.2
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""The other posts of the routes, of which no more are drawn."""


@dataclass(frozen=True)
class Words:
    """How the page says a place of the map, and what it calls a state."""

    place: Callable[[int, Place], str]
    state: Callable[[str], str]


def drawn(board: Board, words: Words) -> Drawing | None:
    """Return the map; each place leads to its row in the table, and is as exact as its circle says."""
    post = board.post
    ends = ends_of(board)
    spots = [
        Spot(_at(post), "■", post.name, "post", float(post.radius_km), "#map-post"),
        *(Spot(_at(end), letter, end.name, "post", None, "#map-routes")
          for letter, end in zip(LETTERS, ends, strict=False)),
        *_sides(board, words),
        *(Spot((place.longitude, place.latitude), str(number), words.place(number, place), "place",
               place.within_km, f"#place-{number}")
          for number, place in enumerate(board.places, 1)),
    ]  # fmt: skip
    at = {post.code: 0} | {end.code: number for number, end in enumerate(ends, 1)}
    ways = [
        Movement(at[one.start.code], at[one.end.code], is_sure=False, both_ways=True)
        for one in board.corridors if one.start.code in at and one.end.code in at
    ]  # fmt: skip
    return draw(spots, ways, {post.state_a, post.state_b}, least_km=WIDE * post.radius_km)


def ends_of(board: Board) -> Sequence[Any]:
    """Return the other posts of the routes, each once."""
    found = {post.code: post for one in board.corridors for post in (one.start, one.end)}
    found.pop(board.post.code, None)
    return [*found.values()][: len(LETTERS)]


def _at(post: Any) -> Point:
    return post.longitude, post.latitude


def _sides(board: Board, words: Words) -> list[Spot]:
    """Return the names of both countries, each where it lies round the post as far as the map goes."""
    post, wide = board.post, _reach(board) * 0.75
    found = ((state, point_near(state, _at(post), wide)) for state in (post.state_a, post.state_b))
    return [Spot(point, words.state(state), words.state(state), "side")
            for state, point in found if point]  # fmt: skip


def _reach(board: Board) -> float:
    """Return how far from the post the map goes, in degrees of longitude."""
    post = board.post
    least = WIDE / 2 * post.radius_km / DEGREE / cos(radians(post.latitude))
    shown = [
        *map(_at, ends_of(board)),
        *((place.longitude, place.latitude) for place in board.places),
    ]
    return max([least, *(hypot(x - post.longitude, y - post.latitude) for x, y in shown)])
