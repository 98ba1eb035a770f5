"""Dates of events of which the month or year alone may be known."""

import copy
import pickle
from datetime import date, timedelta

import pytest

from salsa_ext.core.dates import days_between, first_day, is_before, last_day, parse_date

MAY = parse_date("2019-05")


@pytest.mark.parametrize(
    "text,first,last",
    [
        ("2019", date(2019, 1, 1), date(2019, 12, 31)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("2019-05-06", date(2019, 5, 6), date(2019, 5, 6)),
    ],
)
def test_a_date_is_written_as_it_was_read(text, first, last):
    on = parse_date(text)
    assert (str(on), first_day(on), last_day(on)) == (text, first, last)


@pytest.mark.parametrize("text", ["19", "2019-13", "2019-00", "2019-5", "0000", "2019-02-30"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError):
        parse_date(text)


def test_a_month_is_not_its_first_day():
    assert date(2019, 5, 1) != MAY != parse_date("2019")
    assert len({MAY, date(2019, 5, 1), parse_date("2019-05")}) == 2


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda on: pickle.loads(pickle.dumps(on))])
def test_a_copy_is_as_rough(clone):
    assert str(clone(MAY)) == "2019-05"


def test_a_day_later_is_a_day():
    assert MAY + timedelta(1) == date(2019, 5, 2)


def test_only_what_is_certain_is_before():
    assert is_before(MAY, date(2019, 6, 1)) and is_before(date(2019, 4, 30), MAY)
    assert not is_before(MAY, date(2019, 5, 31)) and not is_before(date(2019, 5, 1), MAY)
    assert not is_before(parse_date("2019"), MAY) and not is_before(MAY, parse_date("2019"))


def test_days_between_rough_dates_are_a_range():
    assert days_between(MAY, date(2019, 6, 10)) == (10, 40)
    assert days_between(MAY, date(2019, 5, 10)) == (0, 9)  # it was before, whatever its day
    assert days_between(date(2019, 5, 1), date(2019, 5, 10)).exact == 9
