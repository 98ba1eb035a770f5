"""An application whose transactions are real and that answers many at the same moment."""

from dataclasses import replace
from datetime import timedelta

import pytest

from api.app import create_app
from salsa_ext.clock import FixedClock
from salsa_ext.db import db
from tests import actors
from tests.conftest import NOW

THREADS = 24
"""Connections; a test sends as many requests at once at most."""


@pytest.fixture
def application(registered_database):
    """The application on a database of the test's own, at NOW."""
    made = create_app(replace(registered_database, threads=THREADS), FixedClock(NOW))
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def client(application):
    """Return a client that holds a key of a role; its transactions are real."""

    def make(state, role):
        with application.app_context():
            token = actors.token(state, role, NOW, None, timedelta(days=1))
        return actors.Client(application.test_client(), token)

    return make
