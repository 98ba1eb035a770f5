"""Rollups: deltas by quarter, folded as often as one likes."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from salsa_ext.access.rules import operator
from salsa_ext.database.session import db, transaction
from salsa_ext.firearms.records.frequencies import COVERAGE, DESCRIBED
from salsa_ext.firearms.search import mark_lookup
from salsa_ext.statistics import rollups
from salsa_ext.statistics.dataset_types import Dataset, Grain

SEIZED = Dataset("seizures")
CELL = SEIZED.key("BRA", "pistol", date(2025, 11, 20))


def sums(table="rollup"):
    columns = "state, subject, period::text, sum(amount)::int"
    query = text(f"SELECT {columns} FROM {table} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
    return [tuple(row) for row in db.session.execute(query)]


def test_a_batch_makes_one_delta_for_each_cell(session):
    rollups.add_counts(Counter([CELL] * 3 + [SEIZED.key("BRA", "pistol", date(2025, 12, 31))] * 4))
    assert sums("rollup_delta") == [("BRA", "pistol", "2025-10-01", 7)]


def test_what_comes_to_nothing_makes_no_delta(session):
    cells = Counter([CELL] * 3)
    cells.subtract([SEIZED.key("BRA", "pistol", date(2025, 10, 1))] * 3)
    rollups.add_counts(cells)
    assert sums("rollup_delta") == []


def test_coverage_keeps_its_day(session):
    rollups.add_counts({COVERAGE.key("BRA", "", date(2025, 11, 20)): 1})
    assert sums("rollup_delta") == [("BRA", "", "2025-11-20", 1)]


def test_how_common_a_value_is_has_no_period(session):
    days = [date(2025, 11, 20), date(2026, 2, 3), date(2026, 2, 3)]
    rollups.add_counts(Counter(DESCRIBED.key("BRA", "make:taurus", day) for day in days))
    assert sums("rollup_delta") == [("BRA", "make:taurus", "1900-01-01", 3)]


def test_a_day_of_which_every_record_went_silent_is_not_covered(session):
    old, new = (COVERAGE.key("BRA", "", date(2025, 11, day)) for day in (3, 20))
    other = COVERAGE.key("PRY", "", date(2025, 11, 21))
    rollups.add_counts({old: 2, new: 1, other: 1})
    rollups.fold_deltas()
    rollups.add_counts({new: -1, other: -1})
    for fold in (lambda: 0, rollups.fold_deltas):
        fold()
        assert mark_lookup.load_coverage() == [("BRA", 2, date(2025, 11, 3))]


def test_folding_moves_deltas_into_the_sums(session):
    rollups.add_counts({CELL: 3})
    rollups.add_counts({CELL: 4})
    assert rollups.fold_deltas() == 2
    assert sums() == [("BRA", "pistol", "2025-10-01", 7)]
    assert sums("rollup_delta") == []


def test_folding_twice_counts_once(session):
    rollups.add_counts({CELL: 3})
    rollups.fold_deltas()
    assert rollups.fold_deltas() == 0
    assert sums() == [("BRA", "pistol", "2025-10-01", 3)]


def test_folding_adds_to_what_was_folded(session):
    rollups.add_counts({CELL: 3})
    rollups.fold_deltas()
    rollups.add_counts({CELL: -1})
    rollups.fold_deltas()
    assert sums() == [("BRA", "pistol", "2025-10-01", 2)]


def test_folding_takes_no_more_than_it_is_told(session):
    for _ in range(5):
        rollups.add_counts({CELL: 1})
    assert [
        rollups.fold_deltas(2),
        rollups.fold_deltas(2),
        rollups.fold_deltas(2),
        rollups.fold_deltas(2),
    ] == [2, 2, 1, 0]
    assert sums() == [("BRA", "pistol", "2025-10-01", 5)]


def test_folds_at_once_count_every_delta_once(real_app):
    with real_app.app_context(), transaction(operator("BRA")):
        for _ in range(200):
            rollups.add_counts({CELL: 1, CELL._replace(subject="rifle"): 2})

    def fold(_):
        with real_app.app_context(), transaction(operator("BRA")):
            return rollups.fold_deltas(30)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(fold, range(20))) == 400
    with real_app.app_context():
        assert sums() == [("BRA", "pistol", "2025-10-01", 200), ("BRA", "rifle", "2025-10-01", 400)]
        assert sums("rollup_delta") == []


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


def test_a_recount_adds_what_is_missing_and_takes_away_what_is_too_much(run):
    rifle, revolver = (CELL._replace(subject=name) for name in ("rifle", "revolver"))
    other, by_agency = CELL._replace(state="PRY"), CELL._replace(dataset="by_agency")
    counted = [{CELL: 2, by_agency: 2}, {CELL: 1, rifle: 4, by_agency: 1}]
    dataset = Dataset("seizures", recount=lambda state: counted)
    rollups.add_counts({CELL: 3, rifle: 1, revolver: 5, other: 7})
    assert run("BRA", rollups.recount, dataset=dataset) == 2
    rollups.fold_deltas()
    assert [(state, subject, amount) for state, subject, _, amount in sums() if amount] == [
        ("BRA", "pistol", 3),
        ("BRA", "rifle", 4),
        ("PRY", "pistol", 7),
    ]
    assert run("BRA", rollups.recount, dataset=dataset) == 0
