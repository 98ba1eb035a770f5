"""An installation of before comes to this version, or stays as it is."""

import shutil
from contextlib import closing

import psycopg2
import pytest

from api.server.embedded_database import DATABASE_NAME
from salsa_ext.administration import migrations
from salsa_ext.database.postgres.server import EmbeddedServer
from tests.conftest import FAST
from tests.faults.conftest import Installed, copied

MIGRATION = """
from alembic import op

revision, down_revision = "9999", "{before}"


def upgrade():
    op.execute("CREATE TABLE novelty (id BIGINT PRIMARY KEY)")
    op.execute("{statement}")
"""


@pytest.fixture
def installation(installed):
    with copied(installed) as home, EmbeddedServer(home, settings=FAST):
        made = Installed(home)
        made.write("ONE")
        yield made


@pytest.fixture
def add_migration(tmp_path, monkeypatch):
    """Add a migration after those that there are; return the revision before it."""

    def write(statement):
        folder, before = tmp_path / "migrations", migrations.required_revision()
        shutil.copytree(migrations.MIGRATIONS, folder)
        migration = MIGRATION.format(before=before, statement=statement)
        (folder / "versions" / "9999_novelty.py").write_text(migration)
        (folder / ".current-head").write_text("9999")
        monkeypatch.setattr(migrations, "MIGRATIONS", folder)
        migrations.required_revision.cache_clear()
        return before

    yield write
    monkeypatch.undo()
    migrations.required_revision.cache_clear()


def upgrade(installation):
    """Upgrade as a process of its own does: without the connections of commands before."""
    installation.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename IN ('salsa_service', 'salsa_worker')"
    )
    return installation.run("upgrade")


def catalogue(installation):
    query = "SELECT to_regclass('novelty')::text, version_num FROM alembic_version"
    return installation.ask(query)[0]


def test_a_migration_that_fails_leaves_the_database_as_it_was(installation, add_migration):
    before = add_migration("SELECT 1 / 0")
    refused = upgrade(installation)
    assert (refused.exit_code, "division by zero" in refused.output) == (1, True)
    assert f"The database is as before, at {before}" in refused.output
    assert "restored and compared" in refused.output
    assert catalogue(installation) == (None, before)


def test_an_upgrade_follows_a_backup(installation, add_migration):
    before = add_migration("SELECT 1")
    done = upgrade(installation)
    assert f"The schema is at 9999, and was at {before}" in done.output
    assert catalogue(installation) == ("novelty", "9999")
    assert len(list(installation.backups.glob("base-*.tar.gz.age"))) == 1


def test_an_upgrade_is_refused_while_the_service_runs(installation):
    url = EmbeddedServer(installation.home).url("service", DATABASE_NAME)
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))):
        refused = installation.run("upgrade")
    assert (refused.exit_code, "The service runs." in refused.output) == (1, True)


def test_an_upgrade_is_refused_while_work_waits(installation):
    agency = "agency create --kind police --zone UTC --state PRY PRY-TWO Two".split()
    assert installation.run(*agency).exit_code == 0
    refused = upgrade(installation)
    assert (refused.exit_code, "Work waits." in refused.output) == (1, True)


def test_an_upgrade_is_refused_where_the_disk_is_full(installation, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))
    refused = upgrade(installation)
    assert (refused.exit_code, "The disk has 0 GiB" in refused.output) == (1, True)
