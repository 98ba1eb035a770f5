"""A command that looks with another state's eyes sees what that state sees, and its own again after."""

from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from salsa_ext.database.session import acting_as, db, execute_raw, transaction

STATE = "SELECT current_setting('salsa.state')"


@pytest.fixture
def bra(actor):
    with transaction(actor("BRA")):
        yield actor("BRA")


def seen_by():
    return db.session.scalar(text(STATE))


def test_each_look_ends_where_it_began(bra):
    with acting_as(bra, "PRY"):
        with acting_as(bra, "ARG"):
            assert seen_by() == "ARG"
        assert seen_by() == "PRY"
        with acting_as(bra, "BRA"):
            assert seen_by() == "BRA"
        assert seen_by() == "PRY"
    assert seen_by() == "BRA"


def test_after_a_look_that_failed_in_a_savepoint_the_same_look_sees_what_it_should(bra):
    with suppress(ZeroDivisionError), db.session.begin_nested(), acting_as(bra, "PRY"):
        raise ZeroDivisionError
    assert seen_by() == "BRA"
    with acting_as(bra, "PRY"):
        assert seen_by() == "PRY"
    assert seen_by() == "BRA"


def test_a_statement_that_the_driver_refuses_leaves_the_acting_state_right(bra):
    with acting_as(bra, "PRY"):
        with suppress(ProgrammingError):
            execute_raw("SELECT %s", (object(),))  # the driver refuses it
        assert seen_by() == "PRY"
    assert seen_by() == "BRA"


def test_what_a_savepoint_undoes_is_who_looked_within_it_alone(bra):
    with acting_as(bra, "PRY"), suppress(DBAPIError), db.session.begin_nested():
        with acting_as(bra, "ARG"):
            assert seen_by() == "ARG"
        execute_raw("SELECT 1 / 0")
    assert seen_by() == "BRA"
    with acting_as(bra, "PRY"), suppress(DBAPIError), db.session.begin_nested():
        execute_raw("SELECT 1 / 0")
    assert seen_by() == "BRA"


def test_rows_that_stream_out_of_the_database_are_those_that_the_state_sees(bra):
    with acting_as(bra, "PRY"):
        assert db.session.scalars(text(STATE).execution_options(yield_per=1)).all() == ["PRY"]


def test_rows_that_come_after_another_look_are_still_those_of_the_state_that_streams(bra):
    db.session.execute(
        text("CREATE TEMP TABLE six ON COMMIT DROP AS SELECT generate_series(1, 6) n")
    )
    asked = text(f"{STATE} || left(n::text, 0) FROM six").execution_options(yield_per=2)
    visible = []
    for rows in db.session.connection().execute(asked).partitions(2):
        visible += [by for (by,) in rows]
        with acting_as(bra, "PRY"):
            execute_raw("SELECT 1")
    assert visible == ["BRA"] * 6


def test_many_rows_of_one_statement_are_written_by_the_state_that_looks(bra):
    db.session.execute(text("CREATE TEMP TABLE seen (by text, n int) ON COMMIT DROP"))
    with acting_as(bra, "PRY"):
        shown = text("INSERT INTO seen VALUES (current_setting('salsa.state'), :n)")
        db.session.execute(shown, [{"n": 1}, {"n": 2}])
    assert db.session.scalars(text("SELECT by FROM seen")).all() == ["PRY", "PRY"]


def test_another_connection_knows_nothing_of_it(bra):
    with acting_as(bra, "PRY"), db.engine.connect() as other:
        assert not other.scalar(text("SELECT current_setting('salsa.state', true)"))
        assert seen_by() == "PRY"


@pytest.mark.parametrize("agency", ["X'; RESET ROLE; --", "A B", "%s"])
def test_what_is_not_written_as_an_agencys_code_gets_into_no_statement(actor, agency):
    with pytest.raises(AssertionError), transaction(replace(actor("BRA"), agency=agency)):
        pass
