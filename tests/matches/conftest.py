"""Statements of jobs, which `asked` leaves out elsewhere."""

import pytest
from sqlalchemy import event

from salsa_ext.database.session import db


@pytest.fixture
def asked_by_jobs(app, session):
    """Every statement of the test and of its jobs."""
    statements = []

    def note(_, __, statement, *___):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)
