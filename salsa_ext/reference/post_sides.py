"""Border posts: their two sides, or the one of a port, an airport or a mail centre."""

from __future__ import annotations

from dataclasses import dataclass

from salsa_ext.core.errors import Forbidden, message
from salsa_ext.reference.models import Post


@dataclass(frozen=True)
class PostSide:
    """One side of a border post: state, place and time zone.

    What is across a post with one side is abroad: no state, and its own zone.
    """

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
    """Return a state's own side of a post, then the other, or what is abroad.

    Raises Forbidden for a state without a side.
    """
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
