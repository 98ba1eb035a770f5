"""Tables over the nodes of a cluster: each has a place, nothing changes on the way, rights hold there."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, make_url, pool, text

import salsa_ext.tables  # noqa: F401 - declares all models
from api.app import create_app
from api.cli import main
from salsa_ext.administration import distribution, migrations
from salsa_ext.administration.distribution import PLACEMENTS
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import Base, db
from tests.conftest import NOW
from tests.support import actors, region
from tests.support.jobs import run_due
from tests.support.sizes import sized
from tests.support.waits import WAITS

BROKEN = {
    "CREATE TABLE stray (id uuid)": "stray has no place",
    "CREATE UNIQUE INDEX one_serial ON record (serial)": "one_serial lacks id",
    "CREATE TRIGGER noted BEFORE DELETE ON mark EXECUTE FUNCTION salsa_refuse_change()": "trigger noted",
    "CREATE POLICY few ON mark USING (kind = (SELECT min(code) FROM make))": "policy few of mark",
    "ALTER TABLE mark_variant ALTER key TYPE numeric": "mark_variant.key has another type",
    "ALTER TABLE alert ADD CONSTRAINT fk_setting FOREIGN KEY (id) REFERENCES record_setting":
        "fk_setting leads from alert to record_setting",
}  # fmt: skip


READ = {
    "licensing_officer": ("/permits/{permit_id}", "/shipments/{shipment_id}"),
    "police_officer": ("/seizures/{seizure_id}", "/statistics/seizures?state=BRA&by=kind,marking"),
    "trace_analyst": ("/guns/{record_id}", "/traces/{trace_id}", "/statistics/flows?state=BRA"),
    "auditor": ("/audit/checkpoint", "/audit/{audit_id}/proof"),
}

MARKS = """INSERT INTO mark_key (key, mark_id, record_id, record_version, state, serial_norm,
    skeleton, event, occurred_on, visibility, is_superseded, is_void)
SELECT hashint8extended(n, 1), gen_random_uuid(), gen_random_uuid(), 1, 'USA', 'T' || n, 'T' || n,
    'domestic_sale', DATE '2015-01-01' + mod(n, 3000), 'open', false, false
FROM generate_series(1, %s) AS n;
INSERT INTO mark_variant SELECT hashint8extended(n, form), hashint8extended(n, 1), 3
FROM generate_series(1, %s) AS n, generate_series(2, 9) AS form"""
"""Marks with eight forms each, as imports of sales leave them."""
PURPOSE = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}


def test_every_table_has_a_place():
    assert PLACEMENTS.keys() == Base.metadata.tables.keys()


def test_a_server_without_citus_is_named(server, distribute, template):
    if server.is_cluster:
        pytest.skip("this server has Citus")
    result = distribute(template, "--plan")
    assert result.exit_code == 1
    assert "This database has no Citus of version 14 or newer." in result.stderr


@pytest.fixture
def cluster(server):
    if not server.is_cluster:
        pytest.skip("needs a cluster of Citus: make cluster")
    return server


@pytest.fixture
def distribute(server, tmp_path):
    """Run `salsa db distribute` on a database."""

    def run(name, *options):
        plain = {
            role: server.url(role, name).replace("+psycopg2", "") for role in ("service", "owner")
        }
        settings = {"SALSA_DATABASE_URL": plain["service"], "SALSA_MIGRATION_URL": plain["owner"]}
        settings["SALSA_HOME"] = str(tmp_path)
        return CliRunner().invoke(main, ["db", "distribute", *options], env=settings)

    return run


@pytest.fixture
def single(cluster):
    """The name of a database of this version whose tables are all at the coordinator."""
    name = f"salsa_{secrets.token_hex(6)}"
    cluster.make(name)
    migrations.upgrade_schema(cluster.url("owner", name))
    migrations.open_clock(cluster.url("owner", name))
    yield name
    cluster.drop(name)


@pytest.fixture
def owner(cluster, single):
    """A connection of the owner of its tables, whose transaction is undone."""
    engine = create_engine(cluster.url("owner", single), poolclass=pool.NullPool)
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def filled(cluster, single, tmp_path):
    """The configuration of a database with rows in every table and many marks, and Brazil's ids."""
    config = cluster.config(single, tmp_path / "home")
    ids = region.fill(config)
    run_due(create_app(config, FixedClock(NOW)), "sealing")
    with cluster.admin(single) as admin, admin.cursor() as cursor:
        cursor.execute(MARKS, [sized(1_000, 1_000_000)] * 2)
        cursor.execute(
            "SELECT id FROM audit_entry WHERE owner_state = 'BRA' AND action = 'seizure:recorded'"
        )
        [ids["audit_id"], *_] = cursor.fetchone()
    return config, ids


def test_a_filled_database_is_the_same_after_it_was_distributed(single, filled, owner, distribute):
    given, before = answers(*filled), contents(owner)
    owner.rollback()
    assert all(rows for table, (rows, _) in before.items() if PLACEMENTS[table].kind != "local")
    assert distribute(single, "--check").exit_code == 1
    assert "mark_key         distributed  by key" in distribute(single, "--plan").output
    done = distribute(single, "--run")
    assert done.exit_code == 0, done.output + done.stderr
    assert "13 tables moved." in done.output
    assert contents(owner) == before
    assert answers(*filled) == given
    assert distribute(single, "--check").exit_code == 0
    assert "0 tables moved." in distribute(single, "--run").output


def contents(owner):
    """Return the rows and one number for all that they hold, by table."""
    total = "SELECT count(*), sum(hashtextextended(t::text, 0)) FROM (SELECT * FROM {}) AS t"
    return {table: tuple(owner.execute(text(total.format(table))).one()) for table in PLACEMENTS}


def answers(config, ids):
    """Return what officers of Brazil read: balances, guns, figures, the proof of a sealed entry."""
    app = create_app(config, FixedClock(NOW))
    given = {}
    with app.app_context():
        for role, paths in READ.items():
            key = actors.token("BRA", role, NOW, None, timedelta(days=1))
            client = actors.Client(app.test_client(), key, background=False)
            for path in paths:
                given[path] = client.get(path.format(**ids), **PURPOSE).json
        db.engine.dispose()
    return given


def test_no_function_of_citus_runs_a_text_for_the_service(cluster, single):
    for host in cluster.hosts:
        with cluster.admin(single, host) as admin, admin.cursor() as cursor:
            cursor.execute(distribution.OPEN_FUNCTIONS)
            assert cursor.fetchall() == []
            cursor.execute("SET ROLE salsa_service")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute("SELECT run_command_on_workers('SELECT 1')")


@pytest.mark.parametrize("change", BROKEN)
def test_what_breaks_a_rule_is_named(owner, change):
    owner.execute(text("SET LOCAL citus.enable_unsafe_triggers = on"))
    owner.execute(text(change))
    [problem] = distribution.find_problems(owner)
    assert BROKEN[change] in problem


def test_a_write_waits_until_the_tables_are_moved(cluster, single, owner):
    def write():
        with closing(psycopg2.connect(plain(cluster, "owner", single))) as writer:
            writer.cursor().execute("INSERT INTO mark_variant VALUES (1, 2, 3)")
            writer.commit()

    with (
        ThreadPoolExecutor() as pool,
        create_engine(cluster.url("owner", single)).connect() as other,
    ):
        distribution.distribute(owner, distribution.plan_tables(owner))
        writing = pool.submit(write)
        while not other.scalar(WAITS):
            other.rollback()
        owner.commit()
        writing.result()
    assert owner.execute(text("SELECT * FROM mark_variant")).all() == [(1, 2, 3)]
    assert distribution.find_misplaced(distribution.plan_tables(owner)) == []


def test_nothing_moves_while_somebody_writes(cluster, single, distribute):
    with closing(psycopg2.connect(plain(cluster, "owner", single))) as writer:
        writer.cursor().execute("INSERT INTO mark_variant VALUES (1, 2, 3)")
        refused = distribute(single, "--run")
        writer.commit()
    assert refused.exit_code == 1
    assert "The service runs. Stop salsa serve" in refused.stderr
    assert "13 tables moved." in distribute(single, "--run").output
    with closing(psycopg2.connect(plain(cluster, "owner", single))) as reader:
        cursor = reader.cursor()
        cursor.execute("SELECT * FROM mark_variant")
        assert cursor.fetchall() == [(1, 2, 3)]


def plain(server, role, name):
    url = make_url(server.url(role, name)).set(drivername="postgresql")
    return url.render_as_string(hide_password=False)
