"""A PostgreSQL server of its own for each test, that may be stopped and killed."""

import subprocess
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest

from api.app import create_app
from api.server.embedded_database import DATABASE_NAME
from benchmarks.participation import declare_registers
from salsa_ext.administration import migrations
from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.core.config import Config
from salsa_ext.database.postgres.provision import provision_database
from salsa_ext.database.postgres.server import EmbeddedServer
from salsa_ext.database.session import db
from tests.conftest import FAST
from tests.support import actors
from tests.support.folders import open_folder
from tests.support.jobs import as_service


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
