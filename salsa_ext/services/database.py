"""The schema brought up to this version, by the owner of the tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from alembic import command
from alembic.config import Config as Alembic
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, pool, text
from sqlalchemy.exc import OperationalError

from salsa_ext.errors import Conflict, Unavailable, say
from salsa_ext.services import forms, reference

MIGRATIONS = Path(__file__).parents[2] / "migrations"
MAKING = 0x53414C5341
OF_STATES = text(
    "SELECT quote_ident(table_name) FROM information_schema.columns"
    " WHERE table_schema = 'public' AND column_name = 'owner_state' ORDER BY 1"
)


def upgrade(migration_url: str) -> dict[str, int]:
    """Run the migrations that are missing, then load the reference data; returns its row counts.

    Marks that were kept before there were forms of them get theirs then. Raises Unavailable where
    no database answers.
    """
    standing(migration_url)
    command.upgrade(_alembic(migration_url), "head")
    engine = create_engine(migration_url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        loaded = reference.load(connection)
    with engine.begin() as connection:
        forms.fill(connection)
    return loaded


def downgrade(migration_url: str, revision: str) -> None:
    """Take migrations back down to `revision`; for tests of the migrations."""
    command.downgrade(_alembic(migration_url), revision)


def standing(url: str) -> tuple[str | None, str | None]:
    """Return the revision that the database is at, and the one that this version needs.

    Raises Unavailable where no database answers.
    """
    wanted = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    with _connected(url) as connection:
        return _revision(connection), wanted


@contextmanager
def alone(migration_url: str) -> Iterator[None]:
    """Let no other command make a region in this database while the block does; raises Conflict."""
    with _connected(migration_url) as opened:
        connection = opened.execution_options(
            isolation_level="AUTOCOMMIT"
        )  # the lock is the session's
        if not connection.scalar(text(f"SELECT pg_try_advisory_lock({MAKING})")):
            raise Conflict(
                say("Another command is making the demo region in this database; let it finish.")
            )
        yield


def require_demo(migration_url: str) -> None:
    """Raise Conflict where real records may be: accounts or records, and no demo was declared.

    Changes nothing, whatever version the schema is at. Only the owner sees the rows of all states.
    """
    with _connected(migration_url) as connection:
        declared = _declared(connection)
        if "real" in declared or ("demo" not in declared and _is_inhabited(connection)):
            raise Conflict(say("This database is for real records; give the demo another one,"
                               " with SALSA_HOME or SALSA_DATABASE_URL."))  # fmt: skip


def _declared(connection: Connection) -> set[str]:
    if not connection.scalar(text("SELECT to_regclass('installation')")):
        return set()
    return set(connection.scalars(text("SELECT kind FROM installation")))


def _is_inhabited(connection: Connection) -> bool:
    return any(
        connection.scalar(text(f"SELECT EXISTS (SELECT FROM {table})"))  # noqa: S608 - quoted by the database
        for table in connection.scalars(OF_STATES).all()
    )


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    except OperationalError as error:
        raise Unavailable(say("The database cannot be reached at {where}: does the server run, and are"
                              " name, password and database right?",
                              where=make_url(url).render_as_string())) from error  # fmt: skip


def _revision(connection: Connection) -> str | None:
    """Return the revision; the service asks by the one function that it may call."""
    if connection.scalar(text("SELECT to_regproc('salsa_revision')")):
        return cast(str, connection.scalar(text("SELECT salsa_revision()")))
    readable = "SELECT has_table_privilege(to_regclass('alembic_version'), 'SELECT')"
    if not connection.scalar(text(readable)):
        return None
    return cast(str, connection.scalar(text("SELECT version_num FROM alembic_version")))


def _alembic(migration_url: str) -> Alembic:
    alembic = Alembic()
    alembic.set_main_option("script_location", str(MIGRATIONS))
    alembic.set_main_option("sqlalchemy.url", migration_url.replace("%", "%%"))
    return alembic
