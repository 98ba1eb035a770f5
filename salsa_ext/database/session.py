"""Sessions, transactions and raw statements of the database."""

import json
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar, cast

import psycopg2
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, DateTime, Dialect, MetaData, Numeric, Text, make_url
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InvalidatePoolError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, registry

from salsa_ext.core.actor import Actor
from salsa_ext.core.config import Config
from salsa_ext.core.errors import (
    Conflict,
    Duplicate,
    Message,
    NotFound,
    TooManyLookups,
    Unavailable,
    message,
    too_many_lookups,
)
from salsa_ext.database import acting_state

ModelT = TypeVar("ModelT", bound=Any)
NO_STATE: Final = acting_state.NO_STATE
UNAVAILABLE_ERRORS: Final = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
)
PINGED_AFTER: Final = 1.0
"""Seconds after whose idleness a connection is pinged before it is used."""
LOST_WORKER: Final = "failure on connection marked as essential"
"""What Citus answers where a worker ends amid a transaction, by no code of its own."""
CONTENTION_CODES = ("40P01", "40001", "55P03", "57014")
"""SQLSTATEs of contention: deadlock, serialisation, lock timeout, cancelled."""
LOOKUPS_USED: Final = "SL429"
"""SQLSTATE of `salsa_count_lookups`, with the seconds to wait as its message."""


class Base(DeclarativeBase):
    """Base of all models; fixed constraint names identify errors."""

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


db = SQLAlchemy(model_class=Base, disable_autonaming=True)

DUPLICATE_MESSAGES: dict[str, Message] = {
    "uq_permit_owner_state_kind_number": message(
        "Your state already has a permit of this kind and number."
    ),
    "uq_shipment_owner_state_number": message("Your state already has a shipment of this number."),
    "uq_licensee_owner_state_number": message("Your state already has a licensee of this number."),
    "uq_account_username": message("An account of this user name already exists."),
    "uq_agency_code": message("An agency of this code already exists."),
    "uq_receipt_shipment_id_owner_state_version": message(
        "The receipt of this shipment is confirmed already."
    ),
    "pk_receipt": message("Another officer corrected this at the same moment; read it again."),
    "pk_seizure": message("Another officer corrected this at the same moment; read it again."),
    "pk_transfer": message("Another officer corrected this at the same moment; read it again."),
    "pk_report": message("Another officer corrected this at the same moment; read it again."),
}


def engine_options(config: Config) -> dict[str, Any]:
    """Return pool sizes and timeouts; one connection per thread."""
    return {
        "pool_size": config.threads,
        "max_overflow": 2,
        "pool_timeout": config.pool_timeout,
        "pool_recycle": 1800,
        "pool_use_lifo": True,
        "pool_events": [(_remember_use, "checkin"), (_ping_if_idle, "checkout")],
        "json_serializer": to_json,
        "hide_parameters": True,  # else errors would show them
        "execution_options": {acting_state.SINGLE_STATEMENTS: True},
        "connect_args": {
            "connect_timeout": 5,
            "options": f"{_url_options(config)} -c statement_timeout={config.statement_timeout}s"
            " -c timezone=UTC -c idle_in_transaction_session_timeout=60s -c jit=off",
        },
    }


def _remember_use(_: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _ping_if_idle(driver: Any, record: Any, _: Any) -> None:
    """Let the pool replace what was lost; a connection that was just used is not pinged."""
    now = time.monotonic()
    if now - record.info.get("used", now) < PINGED_AFTER:
        return
    try:
        driver.cursor().execute("SELECT 1")
        driver.rollback()
    except psycopg2.Error as error:
        raise InvalidatePoolError from error


AFTER_CHANGES: Final[list[Callable[[], None]]] = []
"""Called after each commit of changes that jobs follow."""


def wake_after_commit() -> None:
    """Let the jobs know of this transaction as soon as it is committed."""
    db.session.info["wakes"] = True


def _url_options(config: Config) -> str:
    """Return the options that the URL gives to a session, which ours would replace."""
    return (
        str(make_url(config.database_url or "").query.get("options", ""))
        if config.database_url
        else ""
    )


@contextmanager
def transaction(actor: Actor) -> Iterator[None]:
    """Run a block as one transaction of the actor; the only committer.

    Raises Duplicate or Conflict for a violated constraint, Unavailable if the database is
    unreachable or busy.
    """
    try:
        _set_row_security(actor.state, actor.agency)
        yield
        db.session.commit()
        if db.session.info.pop("wakes", False):
            for wake in AFTER_CHANGES:
                wake()
    except TooManyLookups:
        db.session.commit()  # its audit entry
        raise
    except (SQLAlchemyError, psycopg2.Error) as error:
        _roll_back()
        if isinstance(error, IntegrityError):
            raise constraint_error(error) from error
        if _sqlstate(error) == LOOKUPS_USED:
            raise too_many_lookups(int(error.orig.diag.message_primary)) from error  # type: ignore[union-attr]
        if _is_unavailable(error):
            raise Unavailable(_unavailable_message(error)) from error
        raise
    except BaseException:
        _roll_back()
        raise


def _roll_back() -> None:
    """Roll back; a connection that is lost leaves the pool."""
    try:
        db.session.rollback()
    except (DBAPIError, psycopg2.Error):
        db.session().invalidate()


def _is_unavailable(error: Exception) -> bool:
    """Return whether the database cannot be reached or has no time.

    An error that was caught where the connection was lost leaves a transaction that nothing can be
    asked of (8s2b).
    """
    is_lost = getattr(error, "connection_invalidated", False) or LOST_WORKER in str(error)
    return is_lost or getattr(error, "code", "") == "8s2b" or isinstance(error, UNAVAILABLE_ERRORS)


def _sqlstate(error: Exception) -> str | None:
    return getattr(getattr(error, "orig", None), "pgcode", None)


def _unavailable_message(error: Exception) -> Message:
    if _sqlstate(error) in CONTENTION_CODES:
        return message("Others were changing the same at that moment; try again.")
    return message("The database cannot be reached; try again shortly.")


def release_connection() -> None:
    """Return the connection to the pool until the next statement."""
    current = db.session()
    current.info.pop("acting", None)
    if current.in_transaction():
        current.close()


@contextmanager
def acting_as(actor: Actor, state: str, agency: str | None = None) -> Iterator[None]:
    """Act as another state, or for an agency, inside the actor's transaction.

    Only for answers of a state from its own records. Without `agency` nothing is restricted inside.
    Pending changes are flushed as the state that made them.
    """
    before = db.session.info.get("acting")
    if before == (state, agency):
        yield
        return
    db.session.flush()
    _set_row_security(state, agency)
    try:
        yield
        db.session.flush()
    except BaseException:
        db.session.info.pop("acting", None)  # a savepoint may have put it back, or nothing did
        raise
    _set_row_security(*(before or (actor.state, actor.agency)))


def _set_row_security(state: str | None, agency: str | None = None) -> None:
    db.session.info["acting"] = state, agency
    acting_state.set_row_security(db.session.connection(), state, agency)


def constraint_error(error: IntegrityError) -> Conflict:
    """Return a violated constraint as Duplicate or Conflict."""
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if name in DUPLICATE_MESSAGES:
        return Duplicate(DUPLICATE_MESSAGES[name], constraint=name)
    return Conflict(message("This contradicts what is recorded."), constraint=name)


def execute_raw(statement: str, values: Any = ()) -> Any:
    """Execute fixed SQL without SQLAlchemy's compilation; returns the driver's cursor."""
    return execute_together((statement,), values)


def execute_together(statements: Sequence[str], values: Any = ()) -> Any:
    """Execute several fixed statements in one round trip; returns the cursor of the last."""
    statement = acting_state.join(statements)
    connection = db.session.connection()
    cursor = connection.connection.cursor()
    for hear in connection.dispatch.before_cursor_execute:
        hear(connection, cursor, statement, values, None, False)
    try:
        acting_state.execute(connection, cursor, statement, values)
    except psycopg2.Error as error:
        raise from_driver(connection, statement, error) from error
    return cursor


def fetch_alone(statement: str, values: Any) -> Any:
    """Return the first row of a fixed statement outside a transaction; holds no connection."""
    current = db.session()
    if current.bind is not None or current.in_transaction():
        return execute_raw(statement, values).fetchone()
    engine = db.engine
    try:
        lent = engine.raw_connection()
        try:
            driver: Any = lent.dbapi_connection
            driver.autocommit = True
            cursor = driver.cursor()
            for hear in engine.dispatch.before_cursor_execute:
                hear(None, cursor, statement, values, None, False)
            cursor.execute(statement, values)
            row = cursor.fetchone()
            driver.autocommit = False
        except BaseException:  # the next to use it would write without a transaction
            lent.invalidate()
            raise
        lent.close()
    except psycopg2.Error as error:
        raise _as_sqlalchemy_error(statement, error, engine.dialect, is_lost=True) from error
    return row


def from_driver(connection: Connection, statement: str, error: psycopg2.Error) -> BaseException:
    """Return an error of the driver as SQLAlchemy's; a lost connection leaves the pool."""
    driver = None if connection.invalidated else connection.connection.dbapi_connection
    # of a session that ends amid its answer the driver names neither kind nor code
    is_nameless = type(error) is psycopg2.DatabaseError and error.pgcode is None
    is_lost = is_nameless or connection.dialect.is_disconnect(cast(Any, error), driver, None)
    if is_lost and not connection.invalidated:
        connection.invalidate(error)
    return _as_sqlalchemy_error(statement, error, connection.dialect, is_lost=is_lost)


def _as_sqlalchemy_error(
    statement: str, error: psycopg2.Error, dialect: Dialect, *, is_lost: bool
) -> BaseException:
    return DBAPIError.instance(
        statement,
        None,
        error,
        psycopg2.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=dialect,
    )


def read_row(model: type[ModelT], key: Any, *, kind: str = "") -> ModelT:
    """Return a row, read afresh; raises NotFound, naming the table unless `kind` is given."""
    row = db.session.get(model, key, populate_existing=True)
    if row is None:
        raise NotFound(kind or model.__tablename__, key)
    return row


def cached_per_transaction(key: Hashable, read: Callable[[], Any]) -> Any:
    """Return the result of `read`, called once per transaction and key.

    Only for data that all states may read and no command changes, such as an agency's time zone.
    """
    transaction = db.session().get_transaction()
    begun, results = db.session.info.get("once", (None, {}))
    if begun is not transaction or transaction is None:
        results = {}
    if key not in results:
        results[key] = read()
        db.session.info["once"] = db.session().get_transaction(), results
    return results[key]


def set_cached(key: Hashable, value: Any) -> None:
    """Set a key's cached value for the rest of the transaction."""
    cached_per_transaction(key, lambda: value)
    db.session.info["once"][1][key] = value


to_json: Final = json.JSONEncoder(default=str).encode
"""Returns JSON text; other types are written as text."""
