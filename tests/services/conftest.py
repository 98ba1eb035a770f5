"""An application whose transactions are real and that answers many at the same moment."""

from datetime import timedelta

import pytest

from tests import actors
from tests.conftest import NOW, standing_on


@pytest.fixture
def application(server, registered, standing):
    """The application on a database of the test's own, at NOW."""
    with standing_on(server, registered, standing) as made:
        yield made


@pytest.fixture
def registered_database(application, standing):
    """The database of that application."""
    return standing[1]


@pytest.fixture
def client(application):
    """Return a client that holds a key of a role; its transactions are real."""

    def make(state, role):
        with application.app_context():
            token = actors.token(state, role, NOW, None, timedelta(days=1))
        return actors.Client(application.test_client(), token)

    return make
