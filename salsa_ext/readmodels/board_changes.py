"""What changed on which boards since the last look, in the order in which it became visible."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Engine, text

Side = tuple[str, str]
"""A state, and the code of a post."""


class Change(NamedTuple):
    """Something changed on a side's board: of which kind, and to which readers of it it shows.

    To one agency where that is given, and on boards that show that quarter of a degree.
    """

    state: str
    post: str
    kind: str
    agency: str | None
    square: int | None

    @property
    def side(self) -> Side:
        """Return on whose board."""
        return self.state, self.post


class Look(NamedTuple):
    """What a look saw: `seen` is the database's snapshot of it, from which the next one begins."""

    seen: str
    changes: Collection[Change]


def look(engine: Engine, since: str | None) -> Look:
    """Return what was committed since a look that shows on boards; nothing for the first.

    A snapshot tells exactly which transactions it saw, however late those commit that began early.
    The connection is one of its own, so that no transaction of a request is looked at.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if since is None:
            seen = connection.scalar(text("SELECT pg_current_snapshot()::text"))
            return Look(str(seen), ())
        row = connection.execute(CHANGED, {"since": since}).one()
    columns = (row.states, row.posts, row.kinds, row.agencies, row.squares)
    return Look(
        row.seen, [Change(*one) for one in zip(*(some or () for some in columns), strict=True)]
    )


CHANGED = text("SELECT * FROM salsa_board_changes(:since)")
