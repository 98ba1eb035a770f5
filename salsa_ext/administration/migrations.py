"""Database schema: migrations, revision check, protection against mixing demo and real data."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import cast

from alembic import command
from alembic.config import Config as Alembic
from sqlalchemy import Connection, create_engine, make_url, pool, select, text
from sqlalchemy.exc import OperationalError

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.core.errors import Conflict, Unavailable, message
from salsa_ext.database.models import Installation
from salsa_ext.database.postgres.provision import CLOSED_FUNCTIONS
from salsa_ext.database.session import db
from salsa_ext.reference import packaged

MIGRATIONS = Path(__file__).parents[2] / "migrations"
DEMO_LOCK = 0x53414C5341
UPGRADE_LOCK = 7_205_759_403
GIB = 1024**3
SERVING_ROLES = ("salsa_service", "salsa_worker")
QUIET = text(
    "SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND usename = ANY (:roles)), (SELECT count(*) FROM change_new) + (SELECT count(*) FROM log_new),"
    " pg_database_size(current_database())"
)
DROP_STATEMENTS = text(
    "SELECT 'DROP TABLE ' || oid::regclass || ' CASCADE' FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    " UNION ALL SELECT 'DROP ROUTINE IF EXISTS ' || oid::regprocedure || ' CASCADE' FROM pg_proc"
    " WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'salsa_%'"
)
STATE_TABLES = text(
    "SELECT quote_ident(table_name) FROM information_schema.columns"
    " WHERE table_schema = 'public' AND column_name = 'owner_state' ORDER BY 1"
)


def upgrade_schema(migration_url: str) -> dict[str, int]:
    """Run missing migrations and load reference data, all or nothing; raises Unavailable."""
    schema_revisions(migration_url)
    alembic = Alembic()
    alembic.set_main_option("script_location", str(MIGRATIONS))
    with create_engine(migration_url, poolclass=pool.NullPool).begin() as connection:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})"))
        connection.execute(text("SET LOCAL lock_timeout = '4s'"))
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, "head")
        return packaged.load_reference_data(connection)


def require_quiet(url: str, free: int) -> None:
    """Raise Conflict while the service runs, work waits, or less than `free` bytes may not do."""
    with _connect(url) as connection:
        sessions, waiting, size = connection.execute(QUIET, {"roles": [*SERVING_ROLES]}).one()
    if sessions:
        raise Conflict(message("The service runs. Stop salsa serve and salsa worker first."))
    if waiting:
        raise Conflict(
            message(
                "Work waits. Run salsa worker --once of the version that you had, then try again."
            )
        )
    if free < 2 * size + GIB:
        raise Conflict(
            message(
                "The disk has {free} GiB, and an upgrade needs {needed}. Free some first.",
                free=free // GIB,
                needed=2 * size // GIB + 2,
            )
        )


def open_clock(migration_url: str) -> None:
    """Let audit entries have any time, for a demo: as the owner, which the service is not."""
    with create_engine(migration_url, poolclass=pool.NullPool).begin() as connection:
        connection.execute(text("CALL salsa_open_clock()"))


def open_functions(url: str) -> list[str]:
    """Return those closed functions that a role may call all the same."""
    closed = [f"pg_catalog.{function}" for function in CLOSED_FUNCTIONS]
    query = text(
        "SELECT name FROM unnest(CAST(:closed AS text[])) AS name"
        " WHERE has_function_privilege(name, 'EXECUTE')"
    )
    with _connect(url) as connection:
        return [*connection.scalars(query, {"closed": closed})]


def clock_difference(url: str) -> float:
    """Return the seconds between the clock of the database and of this machine."""
    with _connect(url) as connection:
        at: datetime = connection.scalar(text("SELECT clock_timestamp()"))
    return abs((at - SYSTEM_CLOCK.now()).total_seconds())


def clear_schema(migration_url: str) -> None:
    """Drop all tables, functions and procedures of the schema, with all that they hold."""
    with create_engine(migration_url, poolclass=pool.NullPool).begin() as connection:
        for statement in connection.scalars(DROP_STATEMENTS).all():
            connection.execute(text(statement))


def schema_revisions(url: str) -> tuple[str | None, str | None]:
    """Return the database's revision and the required one; raises Unavailable."""
    with _connect(url) as connection:
        return _read_revision(connection), required_revision()


@contextmanager
def demo_lock(migration_url: str) -> Iterator[None]:
    """Exclude other commands from building a demo region; raises Conflict."""
    with _connect(migration_url) as opened:
        connection = opened.execution_options(
            isolation_level="AUTOCOMMIT"
        )  # the lock is the session's
        if not connection.scalar(text(f"SELECT pg_try_advisory_lock({DEMO_LOCK})")):
            raise Conflict(
                message(
                    "Another command is making the demo region in this database; let it finish."
                )
            )
        yield


def require_demo_database(migration_url: str) -> None:
    """Raise Conflict if the database may hold real records.

    That is: declared as real, or accounts or records without a declared demo. Works with any schema
    revision; only the owner role sees all states' rows.
    """
    with _connect(migration_url) as connection:
        declared = _declared_kinds(connection)
        if "real" in declared or ("demo" not in declared and _has_rows(connection)):
            raise Conflict(
                message(
                    "This database is for real records; give the demo another one,"
                    " with SALSA_HOME or SALSA_DATABASE_URL."
                )
            )


def is_real(url: str) -> bool:
    """Return whether the installation is declared to hold real records."""
    with _connect(url) as connection:
        return "real" in _declared_kinds(connection)


def _declared_kinds(connection: Connection) -> set[str]:
    if not connection.scalar(text("SELECT to_regclass('installation')")):
        return set()
    return set(connection.scalars(text("SELECT kind FROM installation")))


def _has_rows(connection: Connection) -> bool:
    return any(
        connection.scalar(text(f"SELECT EXISTS (SELECT 1 FROM {table})"))  # noqa: S608 - quoted by the database
        for table in connection.scalars(STATE_TABLES).all()
    )


@contextmanager
def _connect(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    except OperationalError as error:
        raise Unavailable(
            message(
                "The database cannot be reached at {where}: does the server run, and are"
                " name, password and database right?",
                where=make_url(url).render_as_string(),
            )
        ) from error


def _read_revision(connection: Connection) -> str | None:
    """Return the revision; the service role may only call `salsa_revision`."""
    if connection.scalar(text("SELECT to_regproc('salsa_revision')")):
        return cast(str, connection.scalar(text("SELECT salsa_revision()")))
    readable = "SELECT has_table_privilege(to_regclass('alembic_version'), 'SELECT')"
    if not connection.scalar(text(readable)):
        return None
    return cast(str, connection.scalar(text("SELECT version_num FROM alembic_version")))


@cache
def required_revision() -> str:
    """Return the revision required by this code."""
    return (MIGRATIONS / ".current-head").read_text().strip()


def is_schema_current() -> bool:
    """True at the required revision; raises the driver's errors without a database."""
    revision: str | None = db.session.scalar(text("SELECT salsa_revision()"))
    return revision == required_revision()


def get_installation() -> Installation | None:
    """Return the declared kind of the installation, None if empty."""
    return db.session.scalars(select(Installation)).first()


def begin_demo(*, actor: Actor, seed: int, anchored_on: date) -> None:
    """Declare a demo region; raises Conflict if real or already begun."""
    require(actor, Permission.ACCOUNT_MANAGE)
    current = get_installation()
    if current is not None and current.kind == "real":
        raise Conflict(
            message(
                "This database is for real records; give the demo another one,"
                " with SALSA_HOME or SALSA_DATABASE_URL."
            )
        )
    if current is not None:
        raise Conflict(
            message(
                "A demo region was begun here and not finished. Run salsa demo to make it again."
            )
        )
    db.session.add(
        Installation(
            kind="demo",
            created_at=actor.now(),
            seed=seed,
            anchored_on=anchored_on,
            is_complete=False,
        )
    )


def finish_demo(*, actor: Actor) -> None:
    """Mark the demo region complete."""
    require(actor, Permission.ACCOUNT_MANAGE)
    current = get_installation()
    if current is not None:
        current.is_complete = True


def ensure_declared(*, actor: Actor) -> None:
    """Declare real records unless a kind was declared."""
    require(actor, Permission.ACCOUNT_MANAGE)
    if get_installation() is None:
        declare_real(actor=actor)


def declare_real(*, actor: Actor) -> None:
    """Declare real records; raises Conflict in a demo region."""
    require(actor, Permission.ACCOUNT_MANAGE)
    current = get_installation()
    if current is not None and current.kind == "demo":
        raise Conflict(
            message(
                "This database holds the demo region; real records need another one,"
                " with SALSA_HOME or SALSA_DATABASE_URL."
            )
        )
    if current is None:
        db.session.add(
            Installation(
                kind="real", created_at=actor.now(), seed=None, anchored_on=None, is_complete=True
            )
        )
