"""Roles, passwords and database of the service, on PostgreSQL 15 or newer."""

import secrets
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Literal

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection, encrypt_password

from salsa_ext.core.errors import PostgresUnavailable, message
from salsa_ext.database.private_files import read_json, write_json

MIN_SERVER_VERSION: Final = 150000
PROVISION_LOCK: Final = 0x5A15A
"""Any number, the same for all who provision."""
DatabaseRole = Literal["superuser", "owner", "service", "worker"]
ROLE_NAMES: Final[dict[DatabaseRole, str]] = {
    "superuser": "postgres",
    "owner": "salsa_owner",
    "service": "salsa_service",
    "worker": "salsa_worker",
}
"""`service` answers requests; `worker` runs jobs, and may do what the service may."""
CLOSED_FUNCTIONS: Final = (
    "set_config(text, text, boolean)",
    "query_to_xml(text, boolean, boolean, text)",
    "cursor_to_xml(refcursor, integer, boolean, boolean, text)",
    "lo_creat(integer)",
    "lo_create(oid)",
    "lo_from_bytea(oid, bytea)",
    "pg_terminate_backend(integer, bigint)",
    "pg_cancel_backend(integer)",
)
"""For the owner alone: inside a query they would change its state, run texts, or end others."""


def provision_database(
    admin: connection,
    *,
    database: str,
    owner_password: str,
    service_password: str,
    worker_password: str,
) -> None:
    """Create or repair roles and database as superuser `admin`; raises PostgresUnavailable."""
    if admin.server_version < MIN_SERVER_VERSION:
        raise PostgresUnavailable(
            message(
                "The database server is older than PostgreSQL 15 (its number is {number}).",
                number=admin.server_version,
            )
        )
    owner, service, worker = (ROLE_NAMES[role] for role in ("owner", "service", "worker"))
    _execute(admin, f"SELECT pg_advisory_lock({PROVISION_LOCK})")
    try:
        _ensure_role(admin, owner, owner_password)
        _ensure_role(admin, service, service_password)
        _ensure_role(admin, worker, worker_password)
        _execute(admin, "GRANT {} TO {}", service, worker)
        if _exists(admin, "SELECT FROM pg_database WHERE datname = %s", database):
            _execute(admin, "ALTER DATABASE {} OWNER TO {}", database, owner)
        else:  # template1 may hold anything
            _execute(
                admin,
                "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'",
                database,
                owner,
            )
        _execute(admin, "REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC", database)
        _execute(admin, "GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}", database, service)
        how: dict[str, Any] = {**admin.info.dsn_parameters, "dbname": database}
        with closing(psycopg2.connect(**how, password=admin.info.password or None)) as inside:
            inside.autocommit = True
            _execute(inside, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            _execute(inside, "GRANT USAGE ON SCHEMA public TO {}", service)
            closed = ", ".join(f"pg_catalog.{function}" for function in CLOSED_FUNCTIONS)
            _execute(inside, f"REVOKE EXECUTE ON FUNCTION {closed} FROM PUBLIC")
            _execute(inside, f"GRANT EXECUTE ON FUNCTION {closed} TO {{}}", owner)
    finally:
        _execute(admin, f"SELECT pg_advisory_unlock({PROVISION_LOCK})")


def _ensure_role(admin: connection, name: str, password: str) -> None:
    """Create a role without powers, or take its powers away."""
    if not _exists(admin, "SELECT FROM pg_roles WHERE rolname = %s", name):
        _execute(admin, "CREATE ROLE {}", name)
    verifier = encrypt_password(password, name, admin, "scram-sha-256")
    powers = "LOGIN NOSUPERUSER NOBYPASSRLS NOREPLICATION NOCREATEDB NOCREATEROLE"
    _execute(admin, f"ALTER ROLE {{}} {powers} PASSWORD %s", name, values=[verifier])


def _execute(
    where: connection, statement: str, *names: str, values: list[str] | None = None
) -> None:
    with where.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)), values)


def _exists(where: connection, query: str, name: str) -> bool:
    with where.cursor() as cursor:
        cursor.execute(query, [name])
        return cursor.fetchone() is not None


def read_passwords(path: Path) -> dict[str, str]:
    """Return the passwords by role; raises PostgresUnavailable if some are missing."""
    passwords = read_json(path)
    if not passwords.keys() >= ROLE_NAMES.keys():
        raise PostgresUnavailable(
            message(
                "The passwords of the database are not in {path}. Put the file back; without it "
                "nobody can sign in to the database.",
                path=path,
            )
        )
    return passwords


def create_passwords(path: Path) -> None:
    """Create the password file unless it exists; raises OSError."""
    if not path.exists():
        write_json(path, {kind: secrets.token_urlsafe(32) for kind in ROLE_NAMES})
