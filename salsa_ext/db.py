"""The database: sessions, the one transaction, bulk inserts, and what a broken rule means."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import repeat
from typing import Any, Final, NamedTuple, cast

import psycopg2
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    Column,
    DateTime,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.schema import CreateTable

from salsa_ext import acting
from salsa_ext.config import Config
from salsa_ext.errors import Conflict, Duplicate, Message, Unavailable, say
from salsa_ext.values.actor import Actor
from salsa_ext.values.manifests import chunks

NO_STATE: Final = acting.NO_STATE
COPY_FROM_ROWS = 50
WAITED = ("40P01", "40001", "55P03", "57014")
"""What PostgreSQL says where others were in the way: deadlock, serialisation, lock, time."""


class Base(DeclarativeBase):
    """Base of all models; constraint names follow one rule, so that errors can be told by name."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            str: Text,
            Decimal: Numeric(18, 3),
            datetime: DateTime(timezone=True),
            dict[str, Any]: JSONB(none_as_null=True),
            list[dict[str, Any]]: JSONB(none_as_null=True),
            list[str]: ARRAY(Text),
        },
    )


Rows = dict[type[Base], Sequence[Mapping[str, Any]]]


class Statement(NamedTuple):
    """A statement with its values, as the driver takes them."""

    text: str
    values: Sequence[Any] = ()


NOTHING: Final = Statement("")
db = SQLAlchemy(model_class=Base, disable_autonaming=True)

DUPLICATES: dict[str, Message] = {
    "uq_permit_owner_state_kind_number": say(
        "Your state already has a permit of this kind and number."
    ),
    "uq_shipment_owner_state_number": say("Your state already has a shipment of this number."),
    "uq_licensee_owner_state_number": say("Your state already has a licensee of this number."),
    "uq_account_username": say("An account of this user name already exists."),
    "uq_agency_code": say("An agency of this code already exists."),
    "uq_receipt_shipment_id_owner_state_version": say(
        "The receipt of this shipment is confirmed already."
    ),
    "pk_receipt": say("Somebody corrected this at the same moment; read it again."),
    "pk_seizure": say("Somebody corrected this at the same moment; read it again."),
    "pk_transfer": say("Somebody corrected this at the same moment; read it again."),
    "pk_report": say("Somebody corrected this at the same moment; read it again."),
}


def engine_options(config: Config) -> dict[str, Any]:
    """Return the pool's sizes and limits: one connection a thread, and a wait that ends."""
    return {
        "pool_size": config.threads,
        "max_overflow": 2,
        "pool_timeout": config.pool_timeout,
        "pool_recycle": 1800,
        "pool_use_lifo": True,
        "pool_pre_ping": True,
        "json_serializer": _json,
        "hide_parameters": True,  # they would stand in the text of errors
        "connect_args": {
            "connect_timeout": 5,
            "options": f"-c statement_timeout={config.statement_timeout}s -c timezone=UTC"
            " -c idle_in_transaction_session_timeout=60s",
        },
    }


@contextmanager
def transaction(actor: Actor) -> Iterator[None]:
    """Run a block as one transaction of the actor's state; the only place that commits.

    Raises Duplicate or Conflict for a broken constraint, Unavailable where the database is gone.
    """
    try:
        if not _acts_for(actor.state):
            _act_for(actor.state, actor.agency)
        db.session.info["acting"] = actor.state, actor.agency
        yield
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise _conflict(error) from error
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        db.session.rollback()
        raise Unavailable(_busy(error)) from error
    except BaseException:
        db.session.rollback()
        raise


def _busy(error: Exception) -> Message:
    """Say whether others were in the way or the database is gone."""
    if getattr(getattr(error, "orig", None), "pgcode", None) in WAITED:
        return say("Others were changing the same at that moment; try again.")
    return say("The database cannot be reached; try again shortly.")


def let_go() -> None:
    """Give the connection back until the database is asked again: what was read is read."""
    db.session.info.pop("acting", None)
    db.session.close()


@contextmanager
def as_state(actor: Actor, state: str) -> Iterator[None]:
    """See what `state` sees while the block runs, inside the actor's transaction.

    For answers that a state gives from its own records and for nothing else. It is the state that
    sees then, whatever is kept from the actor's agency. What was changed before is written as the
    state that changed it.
    """
    before = db.session.info.get("acting")
    if before == (state, None):
        yield
        return
    db.session.flush()
    _act_for(state)
    try:
        yield
        db.session.flush()
    except BaseException:
        db.session.info.pop("acting", None)  # a savepoint may have put it back, or nothing did
        raise
    _act_for(*(before or (actor.state, actor.agency)))


def _act_for(state: str | None, agency: str | None = None) -> None:
    """See what a state sees, less what is kept from the agency; None is the state as a whole."""
    db.session.info["acting"] = state, agency
    acting.act_for(db.session.connection(), state, agency)


ACTING: Final = (
    "set_config('salsa.state', owner_state::text, true),"
    " set_config('salsa.unseen', coalesce(agency, ''), true)"
)
"""What a statement that finds who asks selects beside him, so as to act for his state from there on.

What is kept from his agency is out of its reach from there on too: the policies of what traces leave look
it up among the hidings of its state, by `salsa.unseen`.
"""


def begin_acting(state: str) -> None:
    """Remember that a statement selected ACTING for a state: its transaction need not say so again."""
    db.session.info["acts"] = db.session().get_transaction(), state


def _acts_for(state: str | None) -> bool:
    """Tell whether this very transaction began by acting for the state, and did nothing since."""
    begun, selected = db.session.info.pop("acts", (None, None))
    return begun is db.session().get_transaction() and selected == (state or NO_STATE)


def _conflict(error: IntegrityError) -> Conflict:
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if name in DUPLICATES:
        return Duplicate(DUPLICATES[name], constraint=name)
    return Conflict(say("This contradicts what is recorded."), constraint=name)


def insert_many(model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of one shape; many of them go by COPY through a staging table.

    COPY straight into a table with row-level security is refused by PostgreSQL.
    """
    insert_together({model: rows})


def insert_together(parts: Rows, before: Statement = NOTHING) -> None:
    """Insert rows into several tables, of one shape each; those that are few go in one round trip.

    So does what is asked `before`, which returns nothing.
    """
    if before.text and not any(0 < len(rows) < COPY_FROM_ROWS for rows in parts.values()):
        ask(*before)
        before = NOTHING
    few: list[tuple[Table, Sequence[Mapping[str, Any]]]] = []
    for model, rows in parts.items():
        table = cast(Table, model.__table__)
        if len(rows) >= COPY_FROM_ROWS:
            _copy(table, list(rows[0]), rows)
        elif rows:
            few.append((table, rows))
    if few:
        texts = [_insertion(table, tuple(rows[0]), len(rows)) for table, rows in few]
        values = [value for table, rows in few for value in _values(table, rows)]
        ask("; ".join([*filter(None, [before.text]), *texts]), (*before.values, *values))


def ask(statement: str, values: Any = ()) -> Any:
    """Run a statement whose text is the same every time; returns the driver's cursor.

    For what every request asks: to compile a statement, and to name its columns, takes longer than
    to run it. Whoever listens to statements hears it, and errors are those of all others.
    """
    connection = db.session.connection()
    cursor = connection.connection.cursor()
    for hear in connection.dispatch.before_cursor_execute:
        hear(connection, cursor, statement, values, None, False)
    try:
        acting.ask(connection, cursor, statement, values)
    except psycopg2.Error as error:
        raise DBAPIError.instance(
            statement, None, error, psycopg2.Error, hide_parameters=True, dialect=connection.dialect
        ) from error
    return cursor


def once(key: Hashable, read: Callable[[], Any]) -> Any:
    """Return what `read` gives, which is asked once in a transaction.

    For what every state may read and no command changes on its way, such as the zone of an agency.
    """
    transaction = db.session().get_transaction()
    begun, kept = db.session.info.get("once", (None, {}))
    if begun is not transaction or transaction is None:
        kept = {}
    if key not in kept:
        kept[key] = read()
        db.session.info["once"] = db.session().get_transaction(), kept
    return kept[key]


def remember(key: Hashable, value: Any) -> None:
    """Let `once` give what is at hand, for the rest of the transaction, whatever it gave before."""
    once(key, lambda: value)
    db.session.info["once"][1][key] = value


def _values(table: Table, rows: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
    writers = _writers(table, tuple(rows[0]))
    for row in rows:
        for column, write in writers:
            value = row[column]
            yield value if value is None or write is None else write(value)


@lru_cache(maxsize=500)
def _writers(
    table: Table, columns: tuple[str, ...]
) -> list[tuple[str, Callable[[Any], Any] | None]]:
    is_json = {column: isinstance(table.columns[column].type, JSONB) for column in columns}
    return [(column, _json if is_json[column] else None) for column in columns]


def _placeholder(column: Column[Any]) -> str:
    """Return where a value stands; of a list the driver tells the type of what it holds."""
    is_list = isinstance(column.type, ARRAY)
    return f"%s::{column.type.compile(db.engine.dialect)}" if is_list else "%s"


@lru_cache(maxsize=500)
def _insertion(table: Table, columns: tuple[str, ...], count: int) -> str:
    """Return the INSERT of so many rows, each value as the driver takes it."""
    names = ", ".join(f'"{column}"' for column in columns)
    row = ", ".join(map(_placeholder, (table.columns[column] for column in columns)))
    rows = ", ".join([f"({row})"] * count)
    return f"INSERT INTO {table.name} ({names}) VALUES {rows}"  # noqa: S608 - names of our own tables


def copy_many(model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Copy rows into a table without row-level security; of none the database is asked all the same."""
    table = cast(Table, model.__table__)
    _send(table.name, table, list(table.columns.keys()), rows)


def _copy(table: Table, columns: list[str], rows: Sequence[Mapping[str, Any]]) -> None:
    stage, names = f"stage_{table.name}", ", ".join(f'"{column}"' for column in columns)
    connection = db.session.connection()
    connection.execute(
        text(f"CREATE TEMP TABLE IF NOT EXISTS {stage} (LIKE {table.name}) ON COMMIT DELETE ROWS")
    )
    for column in table.columns:
        if column.name not in columns and not column.nullable:
            connection.execute(text(f'ALTER TABLE {stage} ALTER "{column.name}" DROP NOT NULL'))
    _send(stage, table, columns, rows)
    connection.execute(text(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {stage}"))  # noqa: S608 - names of our own tables
    connection.execute(text(f"TRUNCATE {stage}"))


def fill(table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put rows into a temporary table, made where it is not there, in place of what it holds.

    Few rows are held at once, and reading them may ask the database.
    """
    db.session.execute(CreateTable(table, if_not_exists=True))
    db.session.execute(text(f"TRUNCATE {table.name}"))
    for some in chunks(rows):
        _send(table.name, table, [column.name for column in table.columns], some)


def _send(name: str, table: Table, columns: list[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """COPY rows into the table of that name, whose columns are those of `table`."""
    written = [_cells(_writer(table.columns[column]), [row[column] for row in rows])
               for column in columns]  # fmt: skip
    lines = ("\t".join(cells) + "\n" for cells in zip(*written, strict=True))
    names = ", ".join(f'"{column}"' for column in columns)
    connection = db.session.connection()
    acting.say(connection)
    cursor: Any = connection.connection.cursor()
    cursor.copy_expert(f"COPY {name} ({names}) FROM STDIN", io.StringIO("".join(lines)))
    cursor.close()


def _cells(write: Callable[[Any], str], values: list[Any]) -> Iterable[str]:
    """Return a column as text; most hold one value in all rows, which is written once."""
    if not values:
        return ()
    first = values[0]
    if values.count(first) == len(values):
        return repeat(write(first), len(values))
    return map(write, values)


def _writer(column: Column[Any]) -> Callable[[Any], str]:
    """Return how a value of the column is written in COPY's text format."""
    write: Callable[[Any], str] = str
    if isinstance(column.type, JSONB):
        write = _json
    elif isinstance(column.type, ARRAY):
        write = _array
    elif isinstance(column.type, LargeBinary):
        write = _bytes
    elif not isinstance(column.type, Text):  # ids, numbers and dates hold nothing to be escaped
        return lambda value: "\\N" if value is None else str(value)
    return lambda value: "\\N" if value is None else write(value).translate(_ESCAPES)


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _json(value: Any) -> str:
    return json.dumps(value, default=str)


def _bytes(value: bytes) -> str:
    return "\\x" + value.hex()


def _array(value: Sequence[str | None]) -> str:
    return "{" + ",".join("NULL" if item is None else _quoted(item) for item in value) + "}"


def _quoted(item: str) -> str:
    escaped = str(item).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
