"""A second process records in the background, and its result or error comes back."""

import os

import pytest
from sqlalchemy import text

from salsa_ext.core.errors import Conflict
from salsa_ext.database.session import db
from salsa_ext.demo.creation import run_in_background


def read_backend():
    backend = db.session.scalar(text("SELECT pg_backend_pid()"))
    db.session.rollback()
    return os.getpid(), backend


def refuse():
    raise Conflict("There is one.")


def test_a_second_process_has_a_connection_of_its_own(app):
    with app.app_context():
        before = read_backend()
        with run_in_background(read_backend) as wait:
            in_background, after = wait(), read_backend()
        assert before == after
        assert {*in_background}.isdisjoint(before)


def test_an_error_of_the_second_process_is_raised(app):
    with app.app_context(), run_in_background(refuse) as wait, pytest.raises(Conflict):
        wait()
