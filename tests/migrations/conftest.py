"""Databases as earlier revisions made them."""

import secrets
from contextlib import contextmanager

import pytest
from alembic import command
from sqlalchemy import create_engine, pool

from salsa_ext.administration.migrations import _alembic_config


@pytest.fixture(scope="session")
def at(server):
    """Make a database of a revision; gives what moves it on and back, and an engine of its owner."""

    @contextmanager
    def make(revision):
        name = f"salsa_{secrets.token_hex(6)}"
        server.make(name)
        url = server.url("owner", name)
        config = _alembic_config(url)
        command.upgrade(config, revision)
        yield config, create_engine(url, poolclass=pool.NullPool)
        server.drop(name)

    return make
