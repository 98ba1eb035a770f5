"""A PostgreSQL server of its own for each test, that may be stopped and killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from click.testing import CliRunner

from api.app import create_app
from api.cli import main
from api.cli.backup import seal
from api.server import embedded_database
from api.server.embedded_database import DATABASE_NAME
from benchmarks.trade_data import declare_registers
from salsa_ext.administration import migrations
from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.core.config import Config
from salsa_ext.database.postgres import folders
from salsa_ext.database.postgres.provision import provision_database
from salsa_ext.database.postgres.server import EmbeddedServer
from salsa_ext.database.session import db
from tests.conftest import FAST
from tests.support import actors
from tests.support.folders import open_folder
from tests.support.jobs import as_service
from tests.support.source import ROOT


@pytest.fixture(scope="session")
def installed():
    """The home of a server with the service's database, migrated; it is stopped, to be copied."""
    with open_folder() as home:
        with EmbeddedServer(home, settings=FAST) as server:
            with closing(server.admin()) as admin:
                provision_database(
                    admin,
                    database=DATABASE_NAME,
                    owner_password=server.password("owner"),
                    service_password=server.password("service"),
                    worker_password=server.password("worker"),
                )
            migrations.upgrade_schema(server.url("owner", DATABASE_NAME))
            declare_registers(server.url("owner", DATABASE_NAME))
        yield home


@contextmanager
def copied(installed):
    """A home that is a copy of that one."""
    with open_folder() as home:
        subprocess.run(["cp", "-a", f"{installed}/.", home], check=True)
        yield home


@contextmanager
def make_app(home, embedded):
    """An application on the database of a server."""
    url = as_service(embedded.url("worker", DATABASE_NAME))
    config = Config(home=home, database_url=url, pool_timeout=1)
    application = create_app(config)
    yield application
    with application.app_context():
        db.engine.dispose()


def key_of(application):
    """The header of a key of a licensing officer."""
    with application.app_context():
        now = SYSTEM_CLOCK.now()
        token = actors.token("PRY", "licensing_officer", now, None, timedelta(days=1))
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def home(installed):
    with copied(installed) as home:
        yield home


@pytest.fixture
def embedded(home):
    """A running server with the service's database, migrated."""
    with EmbeddedServer(home) as server:
        yield server


@pytest.fixture
def application(home, embedded):
    with make_app(home, embedded) as application:
        yield application


@pytest.fixture
def key(application):
    return key_of(application)


MARKER = "Dirección Ñandú 4711"


class Installed:
    """An installation in a home of its own, and commands on it."""

    def __init__(self, home):
        self.home, self.backups = home, home / "backups"
        self.settings = {"SALSA_HOME": str(home), "SALSA_DATABASE_URL": ""}

    def run(self, *words, **settings):
        result = CliRunner().invoke(main, words, env=self.settings | settings)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def ask(self, query):
        with (
            EmbeddedServer(self.home, settings=FAST) as server,
            closing(server.admin(DATABASE_NAME)) as admin,
            admin.cursor() as cursor,
        ):
            cursor.execute(query)
            return cursor.fetchall()

    def write(self, code):
        """Record an act, and seal it."""
        agency = ["--kind", "police", "--zone", "UTC", "--state", "PRY", f"PRY-{code}", MARKER]
        done = self.run("agency", "create", *agency)
        assert done.exit_code == 0, done.output
        with embedded_database.running_database(Config.from_env(self.settings)) as config:
            seal(config)

    def agencies(self):
        codes = self.ask("SELECT code FROM agency WHERE name = '" + MARKER + "'")
        return {code.removeprefix("PRY-") for (code,) in codes}

    @contextmanager
    def followed(self):
        """What is written within the block is stored as it is written."""
        command = [sys.executable, "-m", "api.cli", "backup", "follow", "--every", "0.2"]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | self.settings)
        while not any(self.backups.glob("wal/*.age")):
            assert process.poll() is None
            time.sleep(0.05)
        yield
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0

    def lose_data(self):
        shutil.rmtree(folders.recorded_folder(self.home / "postgres"))
        shutil.rmtree(self.home / "postgres", ignore_errors=True)
