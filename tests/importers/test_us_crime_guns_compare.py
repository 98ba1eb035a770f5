"""Test us crime guns compare."""

import csv
from dataclasses import replace

import pytest

from importers.pipeline import run_import
from importers.us_crime_guns import COLUMNS, IMPORTER
from importers.us_crime_guns_compare import compare_traces

SOLD = {"sale_date": "2020-01-31", "crime_date": "2020-03-01", "time_to_crime": "30.0"}
SOLD_LATER = {"sale_date": "2020-02-10", "crime_date": "2020-03-11", "time_to_crime": "30.0"}


def test_a_trace_finds_the_sale_by_the_serial_alone(compared):
    [one] = compared({"firearm_serial": "XYZ123"} | SOLD)
    assert (one.kind, one.result.time_to_crime_days) == ("agrees", 30)


def test_sales_of_one_serial_on_several_days_are_all_shown_and_none_is_chosen(compared):
    one, other = compared(
        {"firearm_serial": "XYZ123"} | SOLD, {"firearm_serial": "XYZ123"} | SOLD_LATER
    )
    assert (one.kind, other.kind) == ("several_sales", "several_sales")
    assert [sale["time_to_crime_days"] for sale in one.result.candidates] == [30, 20]
    assert one.result.time_to_crime_days is None


def test_sales_of_one_serial_on_one_day_leave_the_days_certain(compared):
    one, _ = compared({"firearm_serial": "XYZ123"} | SOLD, {"firearm_serial": "XYZ123"} | SOLD)
    assert one.result.ambiguous
    assert (one.kind, one.result.time_to_crime_days) == ("agrees", 30)


def test_a_sale_of_another_make_is_no_candidate(compared):
    gun = {"firearm_serial": "XYZ123"} | SOLD
    one, _ = compared(gun | {"manufacturer_name": "GLOCK"}, gun | {"manufacturer_name": "TAURUS"})
    assert (one.kind, one.result.ambiguous) == ("agrees", False)


def test_a_serial_too_short_to_search_is_traced_to_nothing_and_says_what_is_missing(compared):
    [one] = compared({"firearm_serial": "X1", "manufacturer_name": "GLOCK"} | SOLD)
    assert (one.kind, one.result.failure_reason) == ("short_serial", "incomplete_request")
    assert "The calibre." in [str(missing) for missing in one.result.missing]


def test_days_that_contradict_the_dates_are_told_from_a_wrong_trace(compared):
    [one] = compared({"firearm_serial": "XYZ123"} | SOLD | {"time_to_crime": "31.0"})
    assert one.kind == "file_contradicts_itself"


def test_a_row_that_was_refused_has_nothing_to_trace(compared):
    late = {"sale_date": "2020-01-31", "crime_date": "2031-03-01", "time_to_crime": "4047.0"}
    one, _ = compared({"firearm_serial": "XYZ123"} | late, {"firearm_serial": "XYZ124"} | SOLD)
    assert one.kind == "not_recorded"


@pytest.fixture
def compared(actor, tmp_path):
    """Import rows and compare their traces with what they publish."""

    def call(*rows):
        path = tmp_path / "events.csv"
        with path.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.DictWriter(opened, COLUMNS, restval="")
            writer.writeheader()
            for number, row in enumerate(rows, 2):
                writer.writerow({"source_dataset": "TEST", "source_row": str(number)} | row)
        few = replace(IMPORTER, lookups=replace(IMPORTER.lookups, least=1))
        run_import(few, path, actor("USA"))
        return compare_traces(path, actor("USA"))

    return call
