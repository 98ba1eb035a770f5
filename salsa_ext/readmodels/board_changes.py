"""What changed on which boards since the last look, in the order in which it became visible."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Engine, text

Side = tuple[str, str]
"""A state, and the code of a post."""


@dataclass(frozen=True)
class Look:
    """What a look saw: `seen` is the database's snapshot of it, from which the next one begins."""

    seen: str
    changed: Collection[Side]


def look(engine: Engine, since: str | None) -> Look:
    """Return the sides on whose boards something was committed since a look; none for the first.

    A snapshot tells exactly which transactions it saw, however late those commit that began early.
    The connection is one of its own, so that no transaction of a request is looked at.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if since is None:
            seen = connection.scalar(text("SELECT pg_current_snapshot()::text"))
            return Look(str(seen), ())
        row = connection.execute(CHANGED, {"since": since}).one()
    return Look(row.seen, set(zip(row.states or (), row.posts or (), strict=True)))


CHANGED = text("SELECT seen, states, posts FROM salsa_board_changes(:since)")
