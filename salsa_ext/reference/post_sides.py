"""Border posts: their two sides."""

from __future__ import annotations

from dataclasses import dataclass

from salsa_ext.core.errors import Forbidden, message
from salsa_ext.reference.models import Post


@dataclass(frozen=True)
class PostSide:
    """One side of a border post: state, place and time zone."""

    state: str
    place: str
    zone: str


def both_sides(post: Post) -> tuple[PostSide, PostSide]:
    """Return both sides of a post, in the post's order."""
    return (
        PostSide(post.state_a, post.place_a, post.zone_a),
        PostSide(post.state_b, post.place_b, post.zone_b),
    )


def own_and_other_side(post: Post, state: str | None) -> tuple[PostSide, PostSide]:
    """Return a state's own side of a post, then the other.

    Raises Forbidden for a state without a side.
    """
    sides = both_sides(post)
    for own, other in (sides, sides[::-1]):
        if own.state == state:
            return own, other
    raise Forbidden(message("Your state is not a side of this post."))


def direction_of_goods(post: Post, exporting_state: str, importing_state: str) -> tuple[str, str]:
    """Return the post's states in the direction of the goods."""
    first, second = post.state_a, post.state_b
    return (
        (second, first)
        if importing_state == first or exporting_state == second
        else (first, second)
    )
