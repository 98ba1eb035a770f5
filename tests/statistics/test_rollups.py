"""Sums by period, what of them is covered, and the names of periods."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from salsa_ext.access.rules import operator
from salsa_ext.database.session import db
from salsa_ext.firearms.records.frequencies import COVERAGE, DESCRIBED
from salsa_ext.firearms.search import mark_lookup
from salsa_ext.statistics import rollups
from salsa_ext.statistics.dataset_types import Dataset, Grain
from tests.support import jobs

SEIZED = Dataset("seizures")
CELL = SEIZED.fact("BRA", ("pistol",), date(2025, 11, 20))


@pytest.fixture
def counted(session):
    """Return a function that adds amounts as the worker does."""

    def add(*parts):
        with jobs.as_worker(operator("BRA")):
            for cells in parts:
                rollups.add_facts(cells)

    return add


def sums():
    query = text("SELECT state, subject, period::text, amount FROM rollup ORDER BY 1, 2, 3")
    return [tuple(row) for row in db.session.execute(query)]


def test_amounts_of_a_cell_add_up(counted):
    counted({CELL: 3, SEIZED.fact("BRA", ("rifle",), date(2026, 1, 1)): 1}, {CELL: -1})
    assert sums() == [("BRA", "pistol", "2025-11-01", 2), ("BRA", "rifle", "2026-01-01", 1)]


def test_what_comes_to_nothing_adds_no_cell(counted):
    counted({CELL: 0})
    assert sums() == []


def test_how_common_a_value_is_has_no_period(counted):
    counted({DESCRIBED.fact("BRA", ("make:taurus",), date(2025, 11, 20)): 1})
    assert sums() == [("BRA", "make:taurus", "1900-01-01", 1)]


def test_a_day_of_which_every_record_went_silent_is_not_covered(counted):
    old, new = (COVERAGE.fact("BRA", (), date(2025, 11, day)) for day in (3, 20))
    other = COVERAGE.fact("PRY", (), date(2025, 11, 21))
    counted({old: 2, new: 1, other: 1}, {new: -1, other: -1})
    assert mark_lookup.load_coverage() == [("BRA", 2, date(2025, 11, 3))]


@given(st.dates())
def test_a_quarter_begins_on_the_first_day_of_its_first_month(on):
    first = Grain.QUARTER.start(on)
    assert (first.day, first.month in (1, 4, 7, 10), first.year) == (1, True, on.year)
    assert timedelta(0) <= on - first < timedelta(92)


def test_periods_are_named_by_their_length():
    on = date(2026, 5, 14)
    assert [grain.label(grain.start(on)) for grain in (Grain.DAY, Grain.MONTH, Grain.QUARTER)] == [
        "2026-05-14",
        "2026-05",
        "2026-Q2",
    ]
