"""Bulk statements: multi-row INSERT, COPY, and id arrays as one parameter."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

import psycopg2
from sqlalchemy import (
    Column,
    ColumnElement,
    LargeBinary,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    literal,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.schema import CreateTable

from salsa_ext.core.batches import chunks
from salsa_ext.database import acting_state, session
from salsa_ext.database.encrypted_columns import EncryptedText
from salsa_ext.database.session import Base
from salsa_ext.database.written_rows import collect_rows

COPY_FROM_ROWS = 50


TableRows = dict[type[Base], Sequence[Mapping[str, Any]]]


class SqlStatement(NamedTuple):
    """SQL text with its values, as the driver takes them."""

    text: str
    values: Sequence[Any] = ()


NO_STATEMENT: Final = SqlStatement("")


def insert_many(model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of one shape; many by COPY through a staging table.

    PostgreSQL refuses COPY into tables with row-level security.
    """
    insert_into_tables({model: rows})


def insert_into_tables(parts: TableRows, before: SqlStatement = NO_STATEMENT) -> None:
    """Insert rows into several tables in one round trip, many by COPY.

    Rows of one table have one shape. `before` is a statement without result, sent first. Sealed rows
    wait for the audit entry of their act.
    """
    collect_rows(parts)
    send_rows(parts, before)


def send_rows(parts: TableRows, before: SqlStatement = NO_STATEMENT) -> None:
    """Insert rows that are hashed already, or are never."""
    if before.text and not any(0 < len(rows) < COPY_FROM_ROWS for rows in parts.values()):
        session.execute_raw(*before)
        before = NO_STATEMENT
    few: list[tuple[Table, Sequence[Mapping[str, Any]]]] = []
    for model, rows in parts.items():
        table = cast(Table, model.__table__)
        if len(rows) >= COPY_FROM_ROWS:
            _copy_through_staging(table, list(rows[0]), rows)
        elif rows:
            few.append((table, rows))
    if few:
        texts = [_insert_sql(table, tuple(rows[0]), len(rows)) for table, rows in few]
        values = [value for table, rows in few for value in _row_values(table, rows)]
        session.execute_together([*filter(None, [before.text]), *texts], (*before.values, *values))


def _row_values(table: Table, rows: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
    writers = _value_writers(table, tuple(rows[0]))
    for row in rows:
        for column, write in writers:
            value = row[column]
            yield value if value is None or write is None else write(value)


@lru_cache(maxsize=500)
def _value_writers(
    table: Table, columns: tuple[str, ...]
) -> list[tuple[str, Callable[[Any], Any] | None]]:
    return [(column, _value_writer(table.columns[column].type)) for column in columns]


def _value_writer(kind: Any) -> Callable[[Any], Any] | None:
    if isinstance(kind, EncryptedText):  # with the keys of whichever application writes
        return lambda value: kind.process_bind_param(value, session.db.engine.dialect)
    return session.to_json if isinstance(kind, JSONB) else None


def _placeholder(column: Column[Any]) -> str:
    """Return the placeholder of a column; arrays need a cast."""
    is_list = isinstance(column.type, ARRAY)
    return f"%s::{column.type.compile(session.db.engine.dialect)}" if is_list else "%s"


@lru_cache(maxsize=500)
def _insert_sql(table: Table, columns: tuple[str, ...], count: int) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    row = ", ".join(map(_placeholder, (table.columns[column] for column in columns)))
    rows = ", ".join([f"({row})"] * count)
    return f"INSERT INTO {table.name} ({names}) VALUES {rows}"  # noqa: S608 - names of our own tables


def copy_many(model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """COPY rows into a table without row-level security; runs even when empty."""
    table = cast(Table, model.__table__)
    _copy_rows(table.name, table, list(table.columns.keys()), rows)


def _copy_through_staging(
    table: Table, columns: list[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    stage, names = f"stage_{table.name}", ", ".join(f'"{column}"' for column in columns)
    connection = session.db.session.connection()
    types = ", ".join(f'"{each.name}" {each.type.compile(connection.dialect)}' for each in table.c)
    # LIKE would need the right to read the table
    connection.execute(
        text(f"CREATE TEMP TABLE IF NOT EXISTS {stage} ({types}) ON COMMIT DELETE ROWS")
    )
    _copy_rows(stage, table, columns, rows)
    connection.execute(text(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {stage}"))  # noqa: S608 - names of our own tables
    connection.execute(text(f"TRUNCATE {stage}"))


def fill_temporary(table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Replace the content of a temporary table, created if missing.

    Rows are read in chunks; reading them may query the database.
    """
    session.db.session.execute(CreateTable(table, if_not_exists=True))
    session.db.session.execute(text(f"TRUNCATE {table.name}"))
    for some in chunks(rows):
        _copy_rows(table.name, table, [column.name for column in table.columns], some)


def _copy_rows(
    name: str, table: Table, columns: list[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """COPY rows into the named table, with the columns of `table`."""
    written = [
        _column_texts(_copy_writer(table.columns[column]), [row[column] for row in rows])
        for column in columns
    ]
    lines = ("\t".join(cells) + "\n" for cells in zip(*written, strict=True))
    names = ", ".join(f'"{column}"' for column in columns)
    connection = session.db.session.connection()
    acting_state.send_pending(connection)
    cursor: Any = connection.connection.cursor()
    copy = f"COPY {name} ({names}) FROM STDIN"
    try:
        cursor.copy_expert(copy, io.StringIO("".join(lines)))
    except psycopg2.Error as error:
        raise session.from_driver(connection, copy, error) from error
    cursor.close()


def _column_texts(write: Callable[[Any], str], values: list[Any]) -> Iterable[str]:
    """Return a column as COPY text; a constant column is written once."""
    if not values:
        return ()
    first = values[0]
    if values.count(first) == len(values):
        return repeat(write(first), len(values))
    return map(write, values)


def _copy_writer(column: Column[Any]) -> Callable[[Any], str]:
    """Return the function that writes a column's values in COPY text format."""
    write: Callable[[Any], str] = str
    if (special := _value_writer(column.type)) is not None:
        write = special
    elif isinstance(column.type, ARRAY):
        write = _array_literal
    elif isinstance(column.type, LargeBinary):
        write = _bytea
    elif isinstance(column.type, Uuid):
        return lambda value: "\\N" if value is None else _hex(value)
    elif not isinstance(column.type, Text):  # ids, numbers and dates hold nothing to be escaped
        return lambda value: "\\N" if value is None else str(value)
    return lambda value: "\\N" if value is None else write(value).translate(_ESCAPES)


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _hex(value: Any) -> str:
    """Return a UUID as 32 digits, in half the time of those with hyphens."""
    return value.hex if type(value) is UUID else str(value)


def _bytea(value: bytes) -> str:
    return "\\x" + value.hex()


def _array_literal(value: Sequence[str | None]) -> str:
    return "{" + ",".join("NULL" if item is None else _quote(item) for item in value) + "}"


def _quote(item: str) -> str:
    escaped = str(item).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def is_any_of(column: Any, ids: Iterable[UUID]) -> ColumnElement[bool]:
    """Return the condition that a column is in `ids`; false if empty."""
    is_one: ColumnElement[bool] = column == any_(literal(list(ids), ARRAY(Uuid)))
    return is_one


def is_any_of_param(column: Any, name: str = "ids") -> ColumnElement[bool]:
    """Return the same condition with a bind parameter, for queries built once."""
    is_one: ColumnElement[bool] = column == any_(bindparam(name, type_=ARRAY(Uuid)))
    return is_one
