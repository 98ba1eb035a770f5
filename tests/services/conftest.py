"""An application whose transactions are real and that answers many at the same moment."""

import secrets
from dataclasses import replace
from datetime import timedelta

import pytest

from api.app import create_app
from salsa_ext.clock import FixedClock
from salsa_ext.db import db
from tests import actors, agencies
from tests.conftest import NOW

THREADS = 24
"""Connections; a test sends as many requests at once at most."""


@pytest.fixture(scope="session")
def pattern(server, template, tmp_path_factory):
    """A database with agencies of every state in the register; copied, never used itself."""
    with server.copied(template, tmp_path_factory.mktemp("pattern")) as config:
        agencies.register(config.migration_url)
        yield config


@pytest.fixture(scope="session")
def standing(server, tmp_path_factory):
    """The application for all tests, and the database that each of them makes for it."""
    config = server.config(f"salsa_{secrets.token_hex(6)}", tmp_path_factory.mktemp("home"))
    return create_app(replace(config, threads=THREADS), FixedClock(NOW)), config


@pytest.fixture
def registered_database(server, pattern, standing):
    made, config = standing
    with server.copied(pattern, config.home, config):
        yield config
        with made.app_context():
            db.engine.dispose()


@pytest.fixture
def application(registered_database, standing):
    """The application on a database of the test's own, at NOW."""
    return standing[0]


@pytest.fixture
def client(application):
    """Return a client that holds a key of a role; its transactions are real."""

    def make(state, role):
        with application.app_context():
            token = actors.token(state, role, NOW, None, timedelta(days=1))
        return actors.Client(application.test_client(), token)

    return make
