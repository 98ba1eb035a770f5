"""A command that looks with another state's eyes sees what that state sees, and its own again after."""

from contextlib import suppress

import pytest
from sqlalchemy import text

from salsa_ext.db import as_state, db, transaction


@pytest.fixture
def bra(actor):
    with transaction(actor("BRA")):
        yield actor("BRA")


def seen_by():
    return db.session.scalar(text("SELECT current_setting('salsa.state')"))


def test_each_look_ends_where_it_began(bra):
    with as_state(bra, "PRY"):
        with as_state(bra, "ARG"):
            assert seen_by() == "ARG"
        assert seen_by() == "PRY"
        with as_state(bra, "BRA"):
            assert seen_by() == "BRA"
        assert seen_by() == "PRY"
    assert seen_by() == "BRA"


def test_after_a_look_that_failed_in_a_savepoint_the_same_look_sees_what_it_should(bra):
    with suppress(ZeroDivisionError), db.session.begin_nested(), as_state(bra, "PRY"):
        raise ZeroDivisionError
    assert seen_by() == "BRA"
    with as_state(bra, "PRY"):
        assert seen_by() == "PRY"
    assert seen_by() == "BRA"
