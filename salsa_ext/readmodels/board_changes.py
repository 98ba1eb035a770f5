"""What changed on which boards since the last look, in the order in which it became visible."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Engine, text

Side = tuple[str, str]
"""A state, and the code of a post."""


class Change(NamedTuple):
    """Something changed on a state's boards: of which kind, and to which readers of them it shows.

    At one post where that is given, to one agency likewise, and on boards that show one of those
    quarters of a degree.
    """

    state: str
    post: str | None
    kind: str
    agency: str | None
    squares: frozenset[int] | None

    def is_of(self, side: Side) -> bool:
        """Tell whether it may show on a side's board."""
        state, post = side
        return self.state == state and self.post in (None, post)


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
        rows = connection.execute(CHANGED, {"since": since}).all()
    return Look(rows[0].seen, [_change(row) for row in rows if row.state is not None])


def _change(row: Any) -> Change:
    squares = None if row.squares is None else frozenset(row.squares)
    return Change(row.state, row.post, row.kind, row.agency, squares)


CHANGED = text("SELECT * FROM salsa_board_changes(:since)")
