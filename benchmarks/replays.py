"""The rows that a request writes, taken down while it runs and undone, to be inserted barely.

So both ways write the same rows into the same tables, and each is the first to do so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import event

from salsa_ext.db import NO_STATE, db

PLAIN: Final = re.compile(
    r"INSERT INTO (\w+) \(([^)]*)\) VALUES (\((?:[^()]|\([^()]*\))*\))(?:, |$)"
)
INSERTS: Final = re.compile(r"\s*(WITH kept .*?)?INSERT\b", re.DOTALL)
WRITES: Final = re.compile(r"\s*(WITH kept .*?INSERT|INSERT|UPDATE|DELETE)\b", re.DOTALL)
"""Forms of marks are written by a statement that passes over those that are kept, and stays as it is."""
Statement = tuple[str, str, Any]
"""The state that acts, the statement, and its values as the driver takes them."""


@dataclass
class Taken:
    """What a request asked the database: all statements, those that write, and those that search marks."""

    acting: str = "---"
    asked: list[str] = field(default_factory=list)
    writes: list[Statement] = field(default_factory=list)
    searches: list[Statement] = field(default_factory=list)

    def hear(self, _: Any, __: Any, statement: str, values: Any, ___: Any, is_many: bool) -> None:
        """Take a statement down, as SQLAlchemy hands it to the driver."""
        self.asked.append(statement)
        state, _agency = db.session.info.get("acting", (self.acting, None))
        self.acting = state or NO_STATE
        for one, some in _parts(statement, values, is_many):
            if "salsa_near(" in one:
                self.searches.append((self.acting, one, some))
            if WRITES.match(one):
                self.writes.append((self.acting, one, some))

    def inserts(self) -> list[Statement]:
        """Return the INSERTs, those of one state into one table together as one."""
        together: dict[tuple[str, str], list[Any]] = {}
        for acting, statement, values in self.writes:
            if INSERTS.match(statement):
                _put_together(together, acting, statement, values)
        return [(acting, _whole(head, len(rows)), [value for row in rows for value in row])
                if head.startswith("PLAIN ") else (acting, head, rows[0])
                for (acting, head), rows in together.items()]  # fmt: skip

    def others(self) -> list[Statement]:
        """Return what changes rows that were there, or were just inserted."""
        return [one for one in self.writes if not INSERTS.match(one[1])]


@contextmanager
def taking(state: str) -> Iterator[Taken]:
    """Take down what the block asks of the database, and undo it: it may not commit."""
    taken, engine = Taken(state), db.engine
    event.listen(engine, "before_cursor_execute", taken.hear)
    try:
        with _undone():
            yield taken
    finally:
        event.remove(engine, "before_cursor_execute", taken.hear)


@contextmanager
def _undone() -> Iterator[None]:
    """Let every commit of the block be an end without effect."""

    def undo(session: Any) -> None:
        if not session.in_nested_transaction():  # a savepoint ends as it wants
            raise _Undone

    event.listen(db.session, "before_commit", undo)
    try:
        yield
    except _Undone:
        pass
    finally:
        event.remove(db.session, "before_commit", undo)
        db.session.rollback()


class _Undone(BaseException):
    """Stands for the commit of what is not to stay; no error that anybody handles."""


def run(statements: Sequence[Statement]) -> None:
    """Run statements through the driver, one after the other, and commit."""
    with connected() as cursor:
        say(cursor, statements)


def say(cursor: Any, statements: Sequence[Statement]) -> None:
    """Run statements, each as the state that acts in it."""
    acting = None
    for state, statement, values in statements:
        if state != acting:
            cursor.execute(f"SET LOCAL salsa.state = '{state}'")
            acting = state
        cursor.execute(statement, values)


@contextmanager
def connected() -> Iterator[Any]:
    """Give a cursor of the pool's driver, and commit after the block."""
    raw = db.engine.raw_connection()
    try:
        yield raw.cursor()
        raw.commit()
    finally:
        raw.close()


def _parts(statement: str, values: Any, is_many: bool) -> Iterator[tuple[str, Any]]:
    """Return a statement as those of which it is made: several INSERTs go in one round trip."""
    if is_many and not isinstance(values, Mapping):  # a mapping holds many rows of one statement
        yield from ((statement, one) for one in values)
        return
    if "; INSERT INTO" not in statement:
        yield statement, values
        return
    at = 0
    for one in statement.split("; "):
        count = one.count("%s")
        yield one, tuple(values[at : at + count])
        at += count


def _put_together(
    together: dict[tuple[str, str], list[Any]], acting: str, statement: str, values: Any
) -> None:
    plain = PLAIN.match(statement)
    if plain is None or isinstance(values, Mapping) or "ON CONFLICT" in statement:
        together[acting, f"{statement} /* {len(together)} */"] = [values]
        return
    width = plain[3].count("%s")
    rows = [values[at : at + width] for at in range(0, len(values), width)]
    head = f"PLAIN INSERT INTO {plain[1]} ({plain[2]}) VALUES {plain[3]}"  # noqa: S608 - as it was asked
    together.setdefault((acting, head), []).extend(rows)


def _whole(head: str, count: int) -> str:
    insertion, row = head.removeprefix("PLAIN ").split(" VALUES ", 1)
    return f"{insertion} VALUES {', '.join([row] * count)}"
