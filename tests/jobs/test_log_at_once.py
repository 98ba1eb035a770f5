"""Many write and several work at once, some are killed: each change has its effect once, in order."""

import os
import random
import signal
import time
from contextlib import closing
from dataclasses import replace
from uuid import UUID

import psycopg2
import pytest

from api.http.context import core_app
from salsa_ext.access.rules import service
from salsa_ext.database.session import execute_raw, transaction
from salsa_ext.jobs import changes
from salsa_ext.jobs.runner import ChangeJob, Runner, StoredTries
from salsa_ext.jobs.wake import SideConnection
from tests.support.crew import Crew
from tests.support.sizes import sized

STATES = ("ARG", "BOL", "BRA", "PRY")
WRITERS, WORKERS = 6, 2
SECONDS = sized(1.5, 20.0)
SEEDS = sized(3, 12)
THINGS = 40
BROKEN, DEADLY = 3, 7
"""Things of which the job fails, and of which it kills its process; only in their first version."""
TABLES = """
CREATE TABLE thing (id int, version int, state char(3), PRIMARY KEY (id, version));
CREATE TABLE effect (at bigint GENERATED ALWAYS AS IDENTITY, state char(3), object text, cause uuid);
GRANT SELECT, INSERT ON thing, effect TO salsa_service;
"""
WRITE = """
WITH written AS (
    INSERT INTO thing SELECT %(id)s, coalesce(max(version), 0) + 1, %(state)s FROM thing
    WHERE id = %(id)s RETURNING *
)
INSERT INTO change_new (states, kind, object, action, cause, at)
SELECT ARRAY[state], 'seizure', id::text, 'seizure:recorded',
    lpad(version::text, 32, '0')::uuid, clock_timestamp() FROM written
"""


def write(url, seed):
    """Write versions of things in transactions of all lengths, until killed."""
    rng = random.Random(seed)
    with closing(psycopg2.connect(plain(url))) as opened, opened.cursor() as cursor:
        while True:
            thing = rng.randrange(THINGS)
            state = STATES[thing % len(STATES)]
            try:
                cursor.execute(f"SET LOCAL salsa.state = '{state}'")
                if rng.random() < 0.5:  # a transaction id long before the commit
                    cursor.execute("SELECT pg_current_xact_id()")
                    time.sleep(rng.random() * 0.02)
                cursor.execute(WRITE, {"id": thing, "state": state})
                time.sleep(rng.random() * 0.01)
                opened.commit()
            except psycopg2.errors.UniqueViolation:
                opened.rollback()


def follow(_, batch):
    for change in batch:
        if change.cause.int == 1 and change.object == str(BROKEN):
            raise ValueError
        if change.cause.int == 1 and change.object == str(DEADLY):
            os.kill(os.getpid(), signal.SIGKILL)
        values = (change.state, change.object, change.cause)
        execute_raw("INSERT INTO effect (state, object, cause) VALUES (%s, %s, %s)", values)


JOB = ChangeJob("test", ("seizure",), follow, batch=20)


def work(config):
    """Number and follow changes, until killed."""
    with core_app(config).app_context():
        runner = Runner([JOB], tries=StoredTries(SideConnection(config.database_url)))
        while True:
            runner.run_to_idle()
            time.sleep(0.002)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_is_missed_done_twice_or_out_of_order(fresh_database, server, seed):
    rng, worker = random.Random(seed), as_worker(fresh_database)
    owner = psycopg2.connect(plain(fresh_database.migration_url))
    owner.autocommit = True
    with closing(owner), owner.cursor() as cursor:
        cursor.execute(TABLES)
        writers = [(write, fresh_database.database_url, rng.random()) for _ in range(WRITERS)]
        crew = Crew([*writers, *[(work, worker)] * WORKERS])
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends:
            time.sleep(0.05)
            crew.restart_dead()
            crew.start(rng.randrange(WRITERS + WORKERS))
        crew.kill()
        last = Crew([(work, worker)])
        while waiting(cursor):
            last.restart_dead()
            time.sleep(0.02)
        last.kill()
        cursor.execute("SELECT state, id::text, version FROM thing")
        written = set(cursor.fetchall())
        cursor.execute("SELECT state, object, cause::text FROM effect ORDER BY at")
        done = [(state, thing, int(cause.replace("-", ""))) for state, thing, cause in cursor]
        cursor.execute("SELECT c.object FROM job_failure JOIN change c USING (number)")
        aside = {thing for (thing,) in cursor}
    assert len(written) > THINGS
    assert len(done) == len(set(done))
    assert {thing for _, thing, _ in written - set(done)} == aside
    assert aside <= {str(BROKEN), str(DEADLY)}
    for thing in {thing for _, thing, _ in done}:
        versions = [version for _, each, version in done if each == thing]
        assert versions == sorted(versions)


def test_two_number_at_once_and_no_number_is_given_twice(fresh_database):
    """A second one does not wait for the first, and numbers nothing."""
    app = core_app(as_worker(fresh_database))
    with app.app_context(), closing(psycopg2.connect(plain(fresh_database.worker_url))) as other:
        other.cursor().execute("SELECT last FROM change_counter FOR UPDATE")
        with transaction(service("PRY")):
            values = (["PRY"], "seizure", "1", str(UUID(int=2)))
            execute_raw(
                "INSERT INTO change_new (states, kind, object, action, cause, at) VALUES"
                " (%s::char(3)[], %s, %s, 'seizure:recorded', %s, now())",
                values,
            )
        with transaction(service(None)):
            assert changes.number_changes() == 0
        other.rollback()
        with transaction(service(None)):
            assert changes.number_changes() == 1
        with transaction(service("PRY")):
            assert [each.number for each in changes.read_changes("PRY", ["seizure"], 0, 9)] == [1]


def test_the_service_can_neither_number_nor_move_cursors_nor_read_what_is_new(
    server, worker_database
):
    refused = (
        "SELECT * FROM change_new",
        "DELETE FROM change_new",
        "INSERT INTO change VALUES (1, 'PRY', 'seizure', 'x', 'a', gen_random_uuid(), now())",
        "UPDATE change_head SET number = 0",
        "UPDATE change_counter SET last = 0",
        "SELECT * FROM job_cursor",
        "UPDATE job_cursor SET number = 0",
        "DELETE FROM job_failure",
        "SET ROLE salsa_worker",
    )
    url = plain(server.url("service", worker_database))
    with closing(psycopg2.connect(url)) as opened, opened.cursor() as cursor:
        for statement in refused:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
            opened.rollback()


def test_a_request_reads_the_heads_of_its_own_state_alone(server, worker_database):
    heads, waking = "SELECT state FROM change_head", "SELECT state FROM salsa_change_heads()"
    url = plain(server.url("worker", worker_database))
    with closing(psycopg2.connect(url)) as opened, opened.cursor() as cursor:
        cursor.execute("INSERT INTO change_head VALUES ('PRY', 'x', 1), ('BRA', 'x', 2)")
        cursor.execute("SET ROLE salsa_service")
        for state, statement, states in (
            ("PRY", heads, {"PRY"}),
            ("PRY", waking, set()),
            ("", heads, set()),
            ("", waking, {"PRY", "BRA"}),
        ):
            cursor.execute("SET LOCAL salsa.state = %s", (state,))
            cursor.execute(statement)
            assert {row[0] for row in cursor.fetchall()} == states
        opened.rollback()


def test_nobody_changes_the_log_and_a_state_writes_and_reads_only_its_own(server, worker_database):
    insert = (
        "INSERT INTO change_new (states, kind, object, action, cause, at)"
        " VALUES (%s::char(3)[], 'seizure', 'x', 'a', gen_random_uuid(), now())"
    )
    url = plain(server.url("worker", worker_database))
    with closing(psycopg2.connect(url)) as opened, opened.cursor() as cursor:
        for statement in ("UPDATE change SET kind = ''", "DELETE FROM change"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
            opened.rollback()
        cursor.execute("SET LOCAL salsa.state = 'PRY'")
        cursor.execute(insert, (["PRY", "BRA"],))
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(insert, (["BRA", "PRY"],))
        opened.rollback()
        cursor.execute("SET LOCAL salsa.state = 'PRY'")
        cursor.execute(insert, (["PRY", "BRA"],))
        cursor.execute(changes._NUMBER, (10,))
        cursor.execute("SELECT DISTINCT state FROM change")
        assert cursor.fetchall() == [("PRY",)]
        opened.rollback()


def waiting(cursor):
    cursor.execute("""
        SELECT EXISTS (SELECT 1 FROM change_new) OR EXISTS (
            SELECT 1 FROM change_head AS head LEFT JOIN job_cursor AS done USING (state)
            WHERE head.number > coalesce(done.number, 0))
    """)
    return cursor.fetchone()[0]


def as_worker(config):
    return replace(config, database_url=config.worker_url)


def plain(url):
    return url.replace("+psycopg2", "")
