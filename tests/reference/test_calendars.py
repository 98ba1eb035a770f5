"""The clock of an asked state: working time goes on, is never lost, and never runs backwards."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.reference.calendars import Calendar, add_working_time, working_time_between
from salsa_ext.tracing.requests.values import REMINDER_PERCENTS, after_pause, time_at_percent

FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)
DAY = timedelta(days=1)
ZONES = ("UTC", "America/Asuncion", "America/Santiago", "America/Sao_Paulo", "America/Havana")
days = st.dates(date(2026, 1, 1), date(2027, 6, 1))
moments = st.builds(
    lambda day, of_day: datetime(day.year, day.month, day.day, tzinfo=UTC) + of_day,
    st.dates(date(2026, 1, 1), date(2027, 1, 1)),
    st.timedeltas(timedelta(), DAY),
)
terms = st.timedeltas(timedelta(minutes=1), timedelta(days=30))
waits = st.timedeltas(timedelta(), timedelta(days=40))
calendars = st.none() | st.builds(
    Calendar,
    st.sampled_from(ZONES),
    st.frozensets(st.integers(1, 7), min_size=1),
    closed=st.frozensets(days, max_size=40),
    opened=st.frozensets(days, max_size=10),
)


@given(terms, moments, calendars)
def test_exactly_the_term_is_worked_until_it_is_owed_and_never_before_receipt(term, at, calendar):
    until = add_working_time(at, term, calendar)
    assert until >= at + term
    assert working_time_between(at, until, calendar) == term
    assert working_time_between(at, until - timedelta(seconds=1), calendar) < term


@given(terms, terms, moments, calendars)
def test_a_longer_term_is_owed_later(one, other, at, calendar):
    shorter, longer = sorted((one, other))
    assert add_working_time(at, shorter, calendar) <= add_working_time(at, longer, calendar)


@given(terms, moments, moments, calendars)
def test_what_comes_earlier_is_owed_no_later(term, one, other, calendar):
    first, second = sorted((one, other))
    assert add_working_time(first, term, calendar) <= add_working_time(second, term, calendar)


@given(terms, moments, waits, waits, calendars)
def test_a_stop_adds_exactly_what_was_worked_meanwhile(term, at, before, stop, calendar):
    until, stopped = add_working_time(at, term, calendar), at + before
    again = after_pause(until, stopped, stopped + stop, calendar)
    assert again >= until
    assert working_time_between(until, again, calendar) == working_time_between(
        stopped, stopped + stop, calendar
    )


@given(terms, moments, waits, calendars)
def test_what_was_left_at_a_stop_is_left_when_the_clock_goes_on(term, at, stop, calendar):
    until = add_working_time(at, term, calendar)
    stopped = add_working_time(at, term / 2, calendar)
    left = working_time_between(stopped, until, calendar)
    again = after_pause(until, stopped, stopped + stop, calendar)
    assert working_time_between(stopped + stop, again, calendar) == left


@given(moments, waits, waits, calendars)
def test_working_time_adds_up(at, first, second, calendar):
    between, end = at + first, at + first + second
    parts = working_time_between(at, between, calendar) + working_time_between(
        between, end, calendar
    )
    assert parts == working_time_between(at, end, calendar)


@pytest.mark.parametrize(
    "more,until",
    [
        ({}, FRIDAY + 5 * DAY),
        ({"weekdays": frozenset(range(1, 8))}, FRIDAY + 3 * DAY),
        ({"closed": frozenset({date(2026, 3, 10)})}, FRIDAY + 6 * DAY),
        ({"holidays": lambda year: frozenset({date(year, 3, 9)})}, FRIDAY + 6 * DAY),
        ({"opened": frozenset({date(2026, 3, 7)})}, FRIDAY + 4 * DAY),
        ({"closed": frozenset({date(2026, 3, 6)})}, datetime(2026, 3, 12, tzinfo=UTC)),
        ({"zone": "America/Asuncion"}, FRIDAY + 5 * DAY),
    ],
)
def test_three_days_are_three_that_are_worked(more, until):
    assert add_working_time(FRIDAY, 3 * DAY, Calendar(**more)) == until


def test_what_comes_at_a_week_end_begins_with_the_week_where_it_is_asked():
    saturday = datetime(2026, 3, 7, 15, tzinfo=UTC)
    assert add_working_time(saturday, DAY, Calendar("America/Asuncion")) == datetime(
        2026, 3, 10, 3, tzinfo=UTC
    )


def test_round_the_clock_no_day_is_free():
    assert add_working_time(FRIDAY + DAY, 8 * timedelta(hours=1), None) == FRIDAY + DAY + timedelta(
        hours=8
    )


@given(terms, moments, calendars)
def test_reminders_come_in_order_at_their_share_of_the_term(term, at, calendar):
    until = add_working_time(at, term, calendar)
    steps = [time_at_percent(at, until, percent, calendar) for percent in REMINDER_PERCENTS]
    assert steps == sorted(steps) and steps[2] == until
    shares = [round(working_time_between(at, step, calendar) / term, 6) for step in steps]
    assert shares == pytest.approx([0.5, 0.8, 1, 2])


def test_a_term_in_which_nobody_works_runs_round_the_clock():
    saturday, monday = FRIDAY + timedelta(hours=9), FRIDAY + timedelta(hours=57)
    assert time_at_percent(saturday, monday, 50, Calendar()) == saturday + DAY
    assert time_at_percent(saturday, monday, 200, Calendar()) == monday + 2 * DAY
