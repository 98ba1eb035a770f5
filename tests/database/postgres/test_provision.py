"""Test provision."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from psycopg2 import errors
from psycopg2.extensions import connection

from salsa_ext.database.postgres.provision import provision_database
from salsa_ext.database.postgres.server import EmbeddedServer

PASSWORDS = {
    "owner_password": 'öwner\'s "secret"',
    "service_password": "sërvice's \\secret",
    "worker_password": "wörker",
}
ROLES = ("salsa_owner", "salsa_service", "salsa_worker")

Connect = Callable[[str, str, str], connection]


def run(where: connection, statement: str) -> Any:
    with where.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


def value(where: connection, question: str) -> Any:
    return run(where, question)[0][0]


def test_no_role_has_any_power(admin: connection) -> None:
    provision_database(admin, database="salsa", **PASSWORDS)
    powers = run(
        admin,
        f"""
        SELECT rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication
        FROM pg_roles WHERE rolname IN {ROLES}
    """,
    )
    assert powers == [(True, False, False, False, False, False)] * 3


def test_the_database_belongs_to_the_owner_and_is_utf8(admin: connection) -> None:
    provision_database(admin, database="salsa", **PASSWORDS)
    found = run(
        admin,
        """
        SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding)
        FROM pg_database WHERE datname = 'salsa'
    """,
    )
    assert found == [("salsa_owner", "UTF8")]


def test_the_service_owns_nothing(admin: connection) -> None:
    provision_database(admin, database="salsa", **PASSWORDS)
    owned = value(
        admin,
        """
        SELECT count(*) FROM pg_shdepend
        WHERE refobjid = 'salsa_service'::regrole AND deptype = 'o'
    """,
    )
    assert owned == 0


def test_the_owner_makes_tables_and_the_service_only_temporary_ones(
    admin: connection, connect: Connect
) -> None:
    provision_database(admin, database="salsa", **PASSWORDS)
    owner = connect("salsa_owner", PASSWORDS["owner_password"], "salsa")
    service = connect("salsa_service", PASSWORDS["service_password"], "salsa")
    run(owner, "CREATE TABLE record (id int)")
    run(service, "CREATE TEMPORARY TABLE batch (id int)")
    with pytest.raises(errors.InsufficientPrivilege):
        run(service, "CREATE TABLE public.other (id int)")
    with pytest.raises(errors.InsufficientPrivilege):
        run(service, "CREATE SCHEMA other")
    with pytest.raises(errors.InsufficientPrivilege):
        run(service, "SELECT * FROM record")


def test_the_service_cannot_act_as_the_owner(admin: connection, connect: Connect) -> None:
    provision_database(admin, database="salsa", **PASSWORDS)
    service = connect("salsa_service", PASSWORDS["service_password"], "salsa")
    with pytest.raises(errors.InsufficientPrivilege):
        run(service, "SET ROLE salsa_owner")


def test_the_service_cannot_act_as_the_worker(admin: connection, connect: Connect) -> None:
    provision_database(admin, database="salsa", **PASSWORDS)
    service = connect("salsa_service", PASSWORDS["service_password"], "salsa")
    with pytest.raises(errors.InsufficientPrivilege):
        run(service, "SET ROLE salsa_worker")


def test_the_worker_may_do_what_the_service_may(admin: connection, connect: Connect) -> None:
    provision_database(admin, database="salsa", **PASSWORDS)
    owner = connect("salsa_owner", PASSWORDS["owner_password"], "salsa")
    worker = connect("salsa_worker", PASSWORDS["worker_password"], "salsa")
    run(owner, "CREATE TABLE record (id int); GRANT SELECT ON record TO salsa_service")
    assert run(worker, "SELECT * FROM record") == []


def test_others_cannot_connect(admin: connection, connect: Connect) -> None:
    provision_database(admin, database="salsa", **PASSWORDS)
    run(admin, "CREATE ROLE outsider LOGIN PASSWORD 'secret'")
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        connect("outsider", "secret", "salsa")


def test_a_second_run_sets_the_passwords_again(admin: connection, connect: Connect) -> None:
    provision_database(admin, database="salsa", **PASSWORDS)
    changed = {"owner_password": "new", "service_password": "newer", "worker_password": "newest"}
    provision_database(admin, database="salsa", **changed)
    connect("salsa_owner", "new", "salsa")
    connect("salsa_service", "newer", "salsa")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        connect("salsa_service", PASSWORDS["service_password"], "salsa")


def test_a_second_run_keeps_the_data(admin: connection, connect: Connect) -> None:
    provision_database(admin, database="salsa", **PASSWORDS)
    owner = connect("salsa_owner", PASSWORDS["owner_password"], "salsa")
    run(owner, "CREATE TABLE kept AS SELECT 1")
    provision_database(admin, database="salsa", **PASSWORDS)
    assert value(owner, "SELECT count(*) FROM kept") == 1


def test_passwords_are_stored_as_scram_and_never_logged(
    server: EmbeddedServer, admin: connection
) -> None:
    run(admin, "SET log_statement = 'all'")
    provision_database(
        admin,
        database="salsa",
        owner_password="tell-nobody",
        service_password="nor-this",
        worker_password="nor-that",
    )
    stored = run(admin, f"SELECT rolpassword FROM pg_authid WHERE rolname IN {ROLES}")
    assert all(verifier.startswith("SCRAM-SHA-256$") for (verifier,) in stored)
    log = server.status().log.read_text()
    assert "CREATE ROLE" in log
    assert "tell-nobody" not in log
    assert "nor-this" not in log
    assert "nor-that" not in log


def test_a_role_that_was_given_powers_loses_them(admin: connection) -> None:
    run(admin, "CREATE ROLE salsa_service SUPERUSER BYPASSRLS CREATEDB CREATEROLE REPLICATION")
    provision_database(admin, database="salsa", **PASSWORDS)
    powers = run(
        admin,
        """
        SELECT rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication
        FROM pg_roles WHERE rolname = 'salsa_service'
    """,
    )
    assert powers == [(True, False, False, False, False, False)]


def test_an_existing_database_goes_to_the_owner(admin: connection) -> None:
    run(admin, "CREATE DATABASE salsa")
    provision_database(admin, database="salsa", **PASSWORDS)
    assert (
        value(admin, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'salsa'")
        == "salsa_owner"
    )


@pytest.fixture
def admin(server: EmbeddedServer) -> Iterator[connection]:
    """The superuser of a server on which nothing is left of other tests."""
    with closing(server.admin()) as opened:
        yield opened
        for (name,) in run(
            opened, "SELECT quote_ident(datname) FROM pg_database WHERE datname ~ '^salsa'"
        ):
            run(opened, f"DROP DATABASE {name} WITH (FORCE)")
        for (name,) in run(
            opened,
            "SELECT quote_ident(rolname) FROM pg_roles"
            " WHERE rolname !~ '^(pg_|postgres$)' ORDER BY rolname DESC",
        ):
            run(opened, f"DROP OWNED BY {name}; DROP ROLE {name}")


@pytest.fixture
def connect(server: EmbeddedServer) -> Iterator[Connect]:
    """Sign in as a role, in autocommit."""
    opened: list[connection] = []

    def sign_in(user: str, password: str, database: str) -> connection:
        made = psycopg2.connect(
            host=str(server.status().sockets), user=user, password=password, dbname=database
        )
        made.autocommit = True
        opened.append(made)
        return made

    yield sign_in
    for each in opened:
        each.close()
