"""The schema brought up to this version, by the owner of the tables."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from alembic import command
from alembic.config import Config as Alembic
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, pool, text
from sqlalchemy.exc import OperationalError

from salsa_ext.errors import Unavailable, say
from salsa_ext.services import reference

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def upgrade(migration_url: str) -> dict[str, int]:
    """Run the migrations that are missing, then load the reference data; returns its row counts."""
    command.upgrade(_alembic(migration_url), "head")
    engine = create_engine(migration_url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        return reference.load(connection)


def downgrade(migration_url: str, revision: str) -> None:
    """Take migrations back down to `revision`; for tests of the migrations."""
    command.downgrade(_alembic(migration_url), revision)


def standing(url: str) -> tuple[str | None, str | None]:
    """Return the revision that the database is at, and the one that this version needs.

    Raises Unavailable where no database answers.
    """
    wanted = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    engine = create_engine(url, poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            return _revision(connection), wanted
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
