"""Boards that are followed while transactions are real."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import event

from salsa_ext.database.session import db
from tests.conftest import NOW, standing_on
from tests.support import actors, jobs
from tests.web.onlookers import BOARD, Onlooker, ship


@pytest.fixture(scope="session")
def shipped(server, registered, standing, tmp_path_factory):
    """A database in which a shipment is on its way; copied, never used itself."""
    with ExitStack() as stored:
        with standing_on(server, registered, standing) as served:
            with served.app_context():
                ship(served)
                jobs.jobs_to_idle(served)
                db.engine.dispose()
            copied = server.copied(standing[1], tmp_path_factory.mktemp("shipped"))
            config = stored.enter_context(copied)
        yield config


@pytest.fixture
def app(server, shipped, standing):
    """An application whose transactions are real."""
    with standing_on(server, shipped, standing) as served, served.app_context():
        yield served


@pytest.fixture
def onlooker(app):
    def make(state, role="border_officer", agency="TEST", at=BOARD):
        days = timedelta(days=5)
        return Onlooker(app, actors.token(state, role, NOW, None, days, agency, "display"), at)

    return make


@pytest.fixture
def asked(app):
    """What the database is asked."""
    result = []
    note = jobs.of_requests(lambda connection, cursor, statement, *_: result.append(statement))
    event.listen(db.engine, "before_cursor_execute", note)
    yield result
    event.remove(db.engine, "before_cursor_execute", note)
