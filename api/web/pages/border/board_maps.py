"""Map of a border post: both sides, routes, seizures nearby."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, hypot, radians
from typing import Any, Final

from api.web.maps import MapDrawing, MapMovement, MapPlace, draw_map
from api.web.outlines import Point, state_point_near
from salsa_ext.boards.board import Board
from salsa_ext.boards.seizures import SeizurePlace

MIN_WIDTH_RADII: Final = 5.0
"""How wide the map is at least, in radii of the post."""
KM_PER_DEGREE: Final = 111.2
POST_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""The other posts of the routes, of which no more are drawn."""


@dataclass(frozen=True)
class MapTexts:
    """Functions that describe a place and name a state."""

    place: Callable[[int, SeizurePlace], str]
    state: Callable[[str], str]


def draw_board_map(board: Board, texts: MapTexts) -> MapDrawing | None:
    """Return the map; places link to their table rows.

    Circles show the precision of places.
    """
    post = board.post
    ends = route_ends(board)
    spots = [
        MapPlace(_point(post), "■", post.name, "post", float(post.radius_km), "#map-post"),
        *(
            MapPlace(_point(end), letter, end.name, "post", None, "#map-routes")
            for letter, end in zip(POST_LETTERS, ends, strict=False)
        ),
        *_country_labels(board, texts),
        *(
            MapPlace(
                (place.longitude, place.latitude),
                str(number),
                texts.place(number, place),
                "place",
                place.within_km,
                f"#place-{number}",
            )
            for number, place in enumerate(board.places, 1)
        ),
    ]
    at = {post.code: 0} | {end.code: number for number, end in enumerate(ends, 1)}
    ways = [
        MapMovement(at[one.start.code], at[one.end.code], is_sure=False, both_ways=True)
        for one in board.corridors
        if one.start.code in at and one.end.code in at
    ]
    return draw_map(
        spots, ways, {post.state_a, post.state_b}, min_width_km=MIN_WIDTH_RADII * post.radius_km
    )


def route_ends(board: Board) -> Sequence[Any]:
    """Return the other posts of the routes, each once."""
    found = {post.code: post for one in board.corridors for post in (one.start, one.end)}
    found.pop(board.post.code, None)
    return [*found.values()][: len(POST_LETTERS)]


def _point(post: Any) -> Point:
    return post.longitude, post.latitude


def _country_labels(board: Board, words: MapTexts) -> list[MapPlace]:
    """Return labels of both countries, placed within the map."""
    post, wide = board.post, _radius_degrees(board) * 0.75
    found = (
        (state, state_point_near(state, _point(post), wide))
        for state in (post.state_a, post.state_b)
    )
    return [
        MapPlace(point, words.state(state), words.state(state), "side")
        for state, point in found
        if point
    ]


def _radius_degrees(board: Board) -> float:
    """Return the map's radius in degrees of longitude."""
    post = board.post
    least = MIN_WIDTH_RADII / 2 * post.radius_km / KM_PER_DEGREE / cos(radians(post.latitude))
    shown = [
        *map(_point, route_ends(board)),
        *((place.longitude, place.latitude) for place in board.places),
    ]
    return max([least, *(hypot(x - post.longitude, y - post.latitude) for x, y in shown)])
