"""Traces of the published file, beside the days that it publishes.

The file is not part of the project. SALSA_DATA names the folder that holds it as
us_crime_gun_events/events.csv.
"""

import os
import secrets
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.app import create_app
from benchmarks.trade_data import declare_registers
from importers.profiles import shipped_profiles
from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db
from salsa_ext.firearms.marks.keys import count_readable, normalise
from tests.support.imported import import_file
from tests.support.us_crime_guns import compare_traces, count_classes

DATA = Path(os.environ.get("SALSA_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
FILE = DATA / "us_crime_gun_events" / "events.csv"

AFTER_ALL_BUT_ONE = FixedClock(datetime(2027, 1, 1, tzinfo=UTC))  # one crime is dated 2028

pytestmark = pytest.mark.skipif(
    not FILE.exists(), reason=f"{FILE} is missing; SALSA_DATA can name the folder of the data"
)

SALES_SHOWN = {
    67: 4,
    142: 2,
    143: 2,
    273: 5,
    315: 5,
    336: 5,
    353: 4,
    443: 4,
    448: 5,
    516: 2,
    518: 6,
    611: 2,
}


def test_the_published_file_is_taken_and_what_is_not_is_explained(imported):
    report, _ = imported
    assert report.rows_read == 635
    assert report.counts == {"created": 1032, "skipped": 51, "rejected": 3}
    assert report.skipped == {
        "neither the sale nor the crime has a date": 49,
        "the row describes no gun: no serial, no make and no calibre": 2,
    }
    assert [(problem.column, examples) for problem, examples, _ in report.top_problems()] == [
        ("purchase_date", ["12/09/202"]),
        ("crime_date", ["2028-03-10"]),
        ("dealer_name", ["no dealer name"]),
    ]


def test_traces_find_the_published_days_by_the_marks_alone(imported):
    _, found = imported
    assert count_classes(found) == {
        "agrees": 364,
        "several_sales": 12,
        "possible_only": 29,
        "short_serial": 5,
        "not_recorded": 1,
    }


def test_an_ambiguous_trace_shows_every_sale_of_the_serial(imported):
    _, found = imported
    shown = {one.case.row: len(one.result.candidates) for one in found if is_open(one)}
    assert shown == SALES_SHOWN


def test_an_ambiguous_trace_names_the_right_sale_with_the_published_days(imported):
    _, found = imported
    days = [
        {sale["time_to_crime_days"] for sale in one.result.candidates}
        for one in found
        if is_open(one)
    ]
    published = [one.case.days for one in found if is_open(one)]
    assert all(own in shown for own, shown in zip(published, days, strict=True))


def test_a_sale_told_in_two_rows_leaves_the_days_certain(imported):
    _, found = imported
    told_twice = [one.case.row for one in found if one.kind == "agrees" and one.result.ambiguous]
    assert told_twice == [60, 61, 141, 167, 168, 574, 575]


def test_a_serial_of_two_glyphs_is_shown_to_compare_where_make_and_calibre_are_known(imported):
    _, found = imported
    short = [one for one in found if count_readable(normalise(one.case.serial)) < 3]
    assert Counter(one.kind for one in short) == {"possible_only": 2, "short_serial": 5}
    assert {one.result.outcome for one in short if one.kind == "short_serial"} == {"no_record"}


def test_no_gun_of_another_serial_is_in_a_chain(imported):
    _, found = imported
    pairs = {
        (normalise(one.case.serial), normalise(event["serial"]))
        for one in found
        if one.result
        for event in one.result.chain
    }
    assert all(asked == held for asked, held in pairs)


def is_open(compared):
    return compared.kind == "several_sales"


@pytest.fixture(scope="module")
def imported(own_database):
    """Return the report of the import and the comparison of every case."""
    actor = operator("USA", clock=AFTER_ALL_BUT_ONE)
    with create_app(own_database, AFTER_ALL_BUT_ONE).app_context():
        report = import_file(FILE, shipped_profiles()["us-crime-guns"], actor)
        yield report, compare_traces(FILE, actor)
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def own_database(server, template, tmp_path_factory):
    """A database for this module alone: the import takes long enough to be done once."""
    name = f"salsa_{secrets.token_hex(6)}"
    server.make(name, template)
    declare_registers(server.url("owner", name))
    yield server.config(name, tmp_path_factory.mktemp("home"))
    server.drop(name)
