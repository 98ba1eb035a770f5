"""A database where every table has rows of two states, committed, for tests of what is seen."""

import secrets
from contextlib import closing

import psycopg2
import pytest

from api.app import create_app
from benchmarks.registers import declare_registers
from salsa_ext.administration import agencies
from salsa_ext.administration.agencies import ContactData
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db
from tests.conftest import NOW
from tests.support import region


@pytest.fixture(scope="session")
def filled(server, template, tmp_path_factory):
    """The name of that database."""
    name = f"salsa_{secrets.token_hex(6)}"
    server.make(name, template)
    declare_registers(server.url("owner", name))
    config = server.config(name, tmp_path_factory.mktemp("filled"))
    application = create_app(config, FixedClock(NOW))
    with application.app_context():
        region.fill(application)
        db.engine.dispose()
    yield name
    server.drop(name)


@pytest.fixture
def as_role(server, filled):
    """Return a cursor of a database role, as the service has it before it sets any state."""
    opened = []

    def make(role):
        url = server.url(role, filled).replace("postgresql+psycopg2", "postgresql")
        connection = psycopg2.connect(url)
        opened.append(connection)
        return connection.cursor()

    yield make
    for connection in opened:
        with closing(connection):
            connection.rollback()


@pytest.fixture
def contact(run):
    """Give Paraguay an office on duty."""
    data = ContactData("PRY-POLICE", "duty_24h", ("es",), "24 h", "+595 21 000000")
    run("PRY", agencies.add_contact, data=data)
