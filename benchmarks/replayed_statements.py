"""Statements of a request, captured and rolled back, to be run barely into the same tables."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import create_engine, event

from salsa_ext.database.session import NO_STATE, db

PLAIN_INSERT: Final = re.compile(
    r"INSERT INTO (\w+) \(([^)]*)\) VALUES (\((?:[^()]|\([^()]*\))*\))(?:, |$)"
)
INSERTS: Final = re.compile(r"\s*(WITH kept .*?)?INSERT\b", re.DOTALL)
WRITES: Final = re.compile(r"\s*(WITH kept .*?INSERT|INSERT|UPDATE|DELETE)\b", re.DOTALL)
"""Forms of marks are written by a statement that passes over those that are kept, and stays as it is."""
INTO: Final = re.compile(r"INSERT INTO (\w+)")
TWINS: Final = "twins"
Statement = tuple[str, str, Any]
"""The state that acts, the statement, and its values as the driver takes them."""


@dataclass
class CapturedStatements:
    """Statements of a request: all, writing ones, mark searches."""

    acting: str = "---"
    asked: list[str] = field(default_factory=list)
    writes: list[Statement] = field(default_factory=list)
    searches: list[Statement] = field(default_factory=list)

    def hear(self, _: Any, __: Any, statement: str, values: Any, ___: Any, is_many: bool) -> None:
        """Record a statement (SQLAlchemy event)."""
        self.asked.append(statement)
        state, _agency = db.session.info.get("acting", (self.acting, None))
        self.acting = state or NO_STATE
        for query, some in _split_statement(statement, values, is_many):
            if "salsa_similar_marks(" in query:
                self.searches.append((self.acting, query, some))
            if WRITES.match(query):
                self.writes.append((self.acting, query, some))

    def inserts(self) -> list[Statement]:
        """Return the INSERTs, grouped by state and table."""
        together: dict[tuple[str, str], list[Any]] = {}
        for acting, statement, values in self.writes:
            if INSERTS.match(statement):
                _group_insert(together, acting, statement, values)
        return [
            (acting, _expand_insert(head, len(rows)), [value for row in rows for value in row])
            if head.startswith("PLAIN ")
            else (acting, head, rows[0])
            for (acting, head), rows in together.items()
        ]

    def others(self) -> list[Statement]:
        """Return the UPDATEs and DELETEs."""
        return [write for write in self.writes if not INSERTS.match(write[1])]


@contextmanager
def capture_statements(state: str) -> Iterator[CapturedStatements]:
    """Capture the statements of the block and roll them back."""
    with record_statements(state) as captured, _rolled_back():
        yield captured


@contextmanager
def record_statements(state: str) -> Iterator[CapturedStatements]:
    """Capture the statements of the block; they are committed."""
    captured, engine = CapturedStatements(state), db.engine
    event.listen(engine, "before_cursor_execute", captured.hear)
    try:
        yield captured
    finally:
        event.remove(engine, "before_cursor_execute", captured.hear)


def make_twins(owner_url: str, writes: Sequence[Statement]) -> None:
    """Make empty twins of the written tables, for INSERTs of rows that exist."""
    tables = {table for _, statement, _ in writes for table in INTO.findall(statement)}
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {TWINS}")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {TWINS} TO PUBLIC")
        for table in sorted(tables):
            connection.exec_driver_sql(
                f"CREATE TABLE {TWINS}.{table} (LIKE public.{table} INCLUDING ALL)"
            )
        connection.exec_driver_sql(f"GRANT ALL ON ALL TABLES IN SCHEMA {TWINS} TO PUBLIC")
    engine.dispose()


@contextmanager
def _rolled_back() -> Iterator[None]:
    """Turn every commit of the block into a rollback."""

    def undo(session: Any) -> None:
        if not session.in_nested_transaction():  # a savepoint ends as it wants
            raise _Rollback

    event.listen(db.session, "before_commit", undo)
    try:
        yield
    except _Rollback:
        pass
    finally:
        event.remove(db.session, "before_commit", undo)
        db.session.rollback()


class _Rollback(BaseException):
    """Raised in place of a commit."""


def run_statements(statements: Sequence[Statement]) -> None:
    """Run statements through the driver, one after the other, and commit."""
    with open_cursor() as cursor:
        execute_statements(cursor, statements)


def execute_statements(cursor: Any, statements: Sequence[Statement]) -> None:
    """Run statements, each as the state that acts in it."""
    acting = None
    for state, statement, values in statements:
        if state != acting:
            cursor.execute(f"SET LOCAL salsa.state = '{state}'")
            acting = state
        cursor.execute(statement, values)


@contextmanager
def open_cursor() -> Iterator[Any]:
    """Give a cursor of the pool's driver, and commit after the block."""
    raw = db.engine.raw_connection()
    try:
        yield raw.cursor()
        raw.commit()
    finally:
        raw.close()


def _split_statement(statement: str, values: Any, is_many: bool) -> Iterator[tuple[str, Any]]:
    """Split several INSERTs of one round trip."""
    if is_many and not isinstance(values, Mapping):  # a mapping holds many rows of one statement
        yield from ((statement, value) for value in values)
        return
    if "; INSERT INTO" not in statement:
        yield statement, values
        return
    at = 0
    for query in statement.split("; "):
        count = query.count("%s")
        yield query, tuple(values[at : at + count])
        at += count


def _group_insert(
    together: dict[tuple[str, str], list[Any]], acting: str, statement: str, values: Any
) -> None:
    plain = PLAIN_INSERT.match(statement)
    if plain is None or isinstance(values, Mapping) or "ON CONFLICT" in statement:
        together[acting, f"{statement} /* {len(together)} */"] = [values]
        return
    width = plain[3].count("%s")
    rows = [values[at : at + width] for at in range(0, len(values), width)]
    head = f"PLAIN INSERT INTO {plain[1]} ({plain[2]}) VALUES {plain[3]}"  # noqa: S608 - as it was asked
    together.setdefault((acting, head), []).extend(rows)


def _expand_insert(head: str, count: int) -> str:
    insertion, row = head.removeprefix("PLAIN ").split(" VALUES ", 1)
    return f"{insertion} VALUES {', '.join([row] * count)}"
