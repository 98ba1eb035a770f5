"""A database where every table has rows of two states, committed, for tests of what is seen."""

from contextlib import closing

import psycopg2
import pytest

from salsa_ext.administration import agencies
from salsa_ext.administration.agencies import ContactData
from tests.conftest import name_of
from tests.support import region


@pytest.fixture(scope="session")
def filled(server, fill_once, tmp_path_factory):
    """The name of that database."""
    with server.copied(
        fill_once("filled", region.fill)[0], tmp_path_factory.mktemp("filled")
    ) as copy:
        yield name_of(copy)


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
