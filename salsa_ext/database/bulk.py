"""Bulk statements: multi-row INSERT, COPY, and id arrays as one parameter."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

import orjson
import psycopg2
from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.schema import CreateTable

from salsa_ext.core.batches import chunks
from salsa_ext.core.ids import id_texts
from salsa_ext.core.rows import Values, columns_of, is_constant
from salsa_ext.database import acting_state, session
from salsa_ext.database.encrypted_columns import EncryptedText
from salsa_ext.database.session import Base
from salsa_ext.database.written_rows import collect_rows

COPY_FROM_ROWS = 50
COPY_BUFFER: Final = 1 << 18


TableRows = dict[type[Base], Sequence[Mapping[str, Any]]]


class SqlStatement(NamedTuple):
    """SQL text with its values, as the driver takes them."""

    text: str
    values: Sequence[Any] = ()


NO_STATEMENT: Final = SqlStatement("")


def insert_many(model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of one shape; many by COPY through a staging table."""
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
            _copy_through_staging(table, rows)
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


def copy_columns(model: type[Base], columns: Mapping[str, Values]) -> None:
    """COPY the values of a model's columns into its table, which has no row-level security."""
    table = cast(Table, model.__table__)
    _copy_rows(table.name, table, {name: columns[name] for name in table.columns.keys()})  # noqa: SIM118 - by key


def _copy_through_staging(table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """COPY what differs between the rows into a staging table; the INSERT adds what is the same."""
    stage, connection = f"stage_{table.name}", session.db.session.connection()
    types = ", ".join(f'"{each.name}" {each.type.compile(connection.dialect)}' for each in table.c)
    # LIKE would need the right to read the table
    connection.execute(
        text(f"CREATE TEMP TABLE IF NOT EXISTS {stage} ({types}) ON COMMIT DELETE ROWS")
    )
    if connection.scalar(text(f"SELECT EXISTS (SELECT FROM {stage})")):  # noqa: S608 - names of our own tables
        connection.execute(text(f"TRUNCATE {stage}"))
    columns = columns_of(rows, list(rows[0]))
    same = [name for name, values in columns.items() if is_constant(values)][: len(columns) - 1]
    constants = {name: columns.pop(name)[0] for name in same}
    _copy_rows(stage, table, columns)
    names = ", ".join(f'"{name}"' for name in (*columns, *constants))
    staged = [f'"{name}"' for name in columns]
    written = [_placeholder(table.columns[name]) for name in constants]
    session.execute_raw(
        f"INSERT INTO {table.name} ({names}) SELECT {', '.join(staged + written)} FROM {stage}"  # noqa: S608 - names of our own tables
        " RETURNING true",
        [*_row_values(table, [constants])] if constants else (),
    )


def fill_temporary(table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Replace the content of a temporary table, created if missing."""
    session.db.session.execute(CreateTable(table, if_not_exists=True))
    session.db.session.execute(text(f"TRUNCATE {table.name}"))
    for some in chunks(rows):
        _copy_rows(table.name, table, columns_of(some, list(table.columns.keys())))


def _copy_rows(name: str, table: Table, columns: Mapping[str, Values]) -> None:
    """COPY values by column into the named table, with the types of `table`."""
    written = [_cell_texts(table.columns[column], values) for column, values in columns.items()]
    lines = "\n".join([*map("\t".join, zip(*written, strict=True)), ""]).encode()
    names = ", ".join(f'"{column}"' for column in columns)
    connection = session.db.session.connection()
    acting_state.send_pending(connection)
    cursor: Any = connection.connection.cursor()
    copy = f"COPY {name} ({names}) FROM STDIN"
    try:
        cursor.copy_expert(copy, io.BytesIO(lines), size=COPY_BUFFER)
    except psycopg2.Error as error:
        raise session.from_driver(connection, copy, error) from error
    cursor.close()


def _cell_texts(column: Column[Any], values: Values) -> list[str]:
    """Return the values of a column in COPY text format."""
    kind = column.type
    if isinstance(kind, Uuid | Integer):
        of_type = {*map(type, values)}
        if of_type == {UUID}:
            return id_texts(values)
        if of_type == {int}:
            return orjson.dumps(values)[1:-1].decode().split(",")
    if not isinstance(kind, Text | EncryptedText | JSONB | ARRAY | LargeBinary):
        return [NULL if value is None else str(value) for value in values]
    if isinstance(kind, LargeBinary):
        return [NULL if value is None else f"\\\\x{value.hex()}" for value in values]
    write = array_text if isinstance(kind, ARRAY) else _value_writer(kind) or str
    texts = ["" if value is None else write(value) for value in values]
    joined = "".join(texts)
    if any(sign in joined for sign in "\\\t\n\r"):
        texts = [each.translate(_ESCAPES) for each in texts]
    if None in values:
        texts = [NULL if value is None else each for value, each in zip(values, texts, strict=True)]
    return texts


NULL: Final = "\\N"
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def array_text(value: Iterable[str | None]) -> str:
    """Return texts as PostgreSQL writes an array: as a value it is one text, where a list is many."""
    texts = [*value]
    plain = '"' + '","'.join(item or "" for item in texts) + '"' if texts else ""
    if "\\" not in plain and plain.count('"') == 2 * len(texts) and None not in texts:
        return "{" + plain + "}"
    return "{" + ",".join("NULL" if item is None else _quote(item) for item in texts) + "}"


def _quote(item: str) -> str:
    escaped = str(item).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def is_any_of(column: Any, ids: Iterable[Any]) -> ColumnElement[bool]:
    """Return the condition that a column is in `ids`; false if empty."""
    is_one: ColumnElement[bool] = column == any_(literal(list(ids), ARRAY(column.type)))
    return is_one


def is_any_by_index(column: Any, ids: Iterable[Any]) -> ColumnElement[bool]:
    """Return the same condition, by the index however many rows the planner expects."""
    few = select(func.unnest(literal(list(ids), ARRAY(column.type)))).scalar_subquery()
    is_one: ColumnElement[bool] = column == any_(func.array(few))
    return is_one


def is_any_of_param(column: Any, name: str = "ids") -> ColumnElement[bool]:
    """Return the same condition with a bind parameter, for queries built once."""
    is_one: ColumnElement[bool] = column == any_(bindparam(name, type_=ARRAY(Uuid)))
    return is_one
