"""Roles, passwords and database of the service, on PostgreSQL 15 or newer."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

import psycopg2
from psycopg2 import errors, sql
from psycopg2.extensions import connection, encrypt_password

from salsa_ext.core.errors import PostgresUnavailable, message
from salsa_ext.database.postgres.files import read_json, write_json

MIN_SERVER_VERSION = 150000
PROVISION_LOCK = 0x5A15A  # any number, the same for all who provision
ROLE_ATTRIBUTES = {
    "rolsuper": "NOSUPERUSER",
    "rolbypassrls": "NOBYPASSRLS",
    "rolreplication": "NOREPLICATION",
    "rolcreatedb": "NOCREATEDB",
    "rolcreaterole": "NOCREATEROLE",
}


def provision_database(
    admin: connection,
    *,
    database: str,
    owner_password: str,
    service_password: str,
    owner: str = "salsa_owner",
    service: str = "salsa_service",
) -> None:
    """Create or repair the roles and the database.

    `admin` is in autocommit and may create roles and databases; it need not be a superuser. Raises
    PostgresUnavailable if it may not, or the server or database is unsuitable.
    """
    _require_suitable(admin)
    with _as_unavailable(admin), _locked(admin):
        _ensure_role(admin, owner, owner_password)
        _ensure_role(admin, service, service_password)
        with _membership(admin, owner):
            _ensure_database(admin, database, owner)
            _limit_access(admin, database, owner, service)


def _require_suitable(admin: connection) -> None:
    if admin.server_version < MIN_SERVER_VERSION:
        raise PostgresUnavailable(
            message(
                "The database server is older than PostgreSQL 15 (its number is {number}).",
                number=admin.server_version,
            )
        )
    if not admin.autocommit:
        raise PostgresUnavailable(message("The administrator's connection must be in autocommit."))


def _ensure_role(admin: connection, name: str, password: str) -> None:
    # The server sees and logs a SCRAM verifier, never the password.
    verifier = encrypt_password(password, name, admin, "scram-sha-256")
    powers = _fetch_rows(
        admin, "SELECT {} FROM pg_roles WHERE rolname = %s", *ROLE_ATTRIBUTES, values=[name]
    )
    if not powers:
        _execute(admin, "CREATE ROLE {}", name)
    for power, has_it in zip(ROLE_ATTRIBUTES.values(), powers[0] if powers else (), strict=False):
        # Named only where needed: even to deny a power takes a superuser before version 16.
        if has_it:
            _execute(admin, f"ALTER ROLE {{}} {power}", name)
    _execute(admin, "ALTER ROLE {} LOGIN PASSWORD %s", name, values=[verifier])


@contextmanager
def _membership(admin: connection, owner: str) -> Iterator[None]:
    """Make the administrator a member of the owner role inside the block.

    The creator of a role may grant it; since version 16 only a superuser can use it before that.
    """
    is_newer = admin.server_version >= 160000
    privilege = "SET" if is_newer else "MEMBER"
    if _fetch_value(admin, "SELECT pg_has_role(%s, %s)", owner, privilege):
        yield
        return
    options = " WITH INHERIT TRUE, SET TRUE" if is_newer else ""
    _execute(admin, "GRANT {} TO CURRENT_USER" + options, owner)
    try:
        yield
    finally:
        _execute(admin, "REVOKE {} FROM CURRENT_USER", owner)


def _ensure_database(admin: connection, name: str, owner: str) -> None:
    found = _fetch_rows(
        admin,
        "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding) FROM pg_database"
        " WHERE datname = %s",
        values=[name],
    )
    if not found:
        _create_database(admin, name, owner)
        return
    holder, encoding = found[0]
    if encoding != "UTF8":
        raise PostgresUnavailable(
            message(
                "Database {name} is encoded in {encoding}; it must be UTF8.",
                name=name,
                encoding=encoding,
            )
        )
    if holder != owner:
        _execute(admin, "ALTER DATABASE {} OWNER TO {}", name, owner)


def _create_database(admin: connection, name: str, owner: str) -> None:
    # template1 may hold anything. A server without UTF8 has a locale that would not fit.
    encoding = _fetch_value(
        admin, "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'template0'"
    )
    locale = "" if encoding == "UTF8" else " LC_COLLATE 'C' LC_CTYPE 'C'"
    _execute(
        admin,
        "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'" + locale,
        name,
        owner,
    )


def _limit_access(admin: connection, database: str, owner: str, service: str) -> None:
    with closing(_connect_to(admin, database)) as inside:
        if not _fetch_value(inside, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
            _execute(inside, "SET ROLE {}", owner)
        _execute(inside, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        _execute(inside, "GRANT USAGE ON SCHEMA public TO {}", service)
        _execute(inside, "REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC", database)
        _execute(inside, "GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}", database, service)
        # A revocation without the right to it is only a warning.
        if _fetch_value(inside, "SELECT has_schema_privilege(%s, 'public', 'CREATE')", service):
            raise errors.InsufficientPrivilege("permission denied to close schema public")


def _connect_to(admin: connection, database: str) -> connection:
    how: dict[str, Any] = {**admin.info.dsn_parameters, "dbname": database}
    opened: connection = psycopg2.connect(**how, password=admin.info.password or None)
    opened.autocommit = True
    return opened


@contextmanager
def _locked(admin: connection) -> Iterator[None]:
    _execute(admin, f"SELECT pg_advisory_lock({PROVISION_LOCK})")
    try:
        yield
    finally:
        _execute(admin, f"SELECT pg_advisory_unlock({PROVISION_LOCK})")


@contextmanager
def _as_unavailable(admin: connection) -> Iterator[None]:
    try:
        yield
    except errors.InsufficientPrivilege as cause:
        raise PostgresUnavailable(
            message(
                "Role {role} may not prepare the database: {cause}. Use a superuser, or the role "
                "with CREATEDB and CREATEROLE that made the roles.",
                role=admin.info.user,
                cause=cause.diag.message_primary or str(cause),
            )
        ) from cause


def _execute(
    where: connection, statement: str, *names: str, values: list[str] | None = None
) -> None:
    with where.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)), values)


def _fetch_rows(where: connection, statement: str, *columns: str, values: list[str]) -> list[Any]:
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    with where.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(listed), values)
        return cursor.fetchall()


def _fetch_value(where: connection, statement: str, *values: str) -> Any:
    with where.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
        return row[0] if row else None


DatabaseRole = Literal["superuser", "owner", "service"]

ROLE_NAMES: dict[DatabaseRole, str] = {
    "superuser": "postgres",
    "owner": "salsa_owner",
    "service": "salsa_service",
}


def read_passwords(path: Path) -> dict[str, str]:
    """Return the passwords by role; raises PostgresUnavailable if some are missing."""
    known = read_json(path)
    if known is None or not set(ROLE_NAMES) <= set(known):
        raise PostgresUnavailable(
            message(
                "The passwords of the database are not in {path}. Put the file back; without it "
                "nobody can sign in to the database.",
                path=path,
            )
        )
    return known


def create_passwords(path: Path) -> None:
    """Create the password file unless it exists; raises OSError."""
    if not path.exists():
        write_json(path, {kind: secrets.token_urlsafe(32) for kind in ROLE_NAMES})
