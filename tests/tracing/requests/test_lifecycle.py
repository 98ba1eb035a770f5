"""The one table by which requests and legs move, and their clock."""

from datetime import UTC, date, datetime, timedelta

import pytest

from salsa_ext.core import codes
from salsa_ext.firearms.records.event_kinds import EVENT_ORDER
from salsa_ext.reference import state_settings
from salsa_ext.reference.state_settings import Settings
from salsa_ext.tracing.requests import values
from salsa_ext.tracing.requests.values import (
    ANSWERED_STATUSES,
    TRANSITIONS,
    next_status,
    status_after_renewal,
)
from tests.support.source import ROOT

AT = datetime(2026, 3, 9, 15, tzinfo=UTC)
OF_ASKED = ("acknowledge", "ask", "answer", "restrict", "no_record", "refuse", "defer", "forward")


def test_the_table_names_every_status_and_leads_to_no_other():
    assert TRANSITIONS.keys() == set(codes.REQUEST_STATUSES)
    assert {to for row in TRANSITIONS.values() for to in row.values()} | {"sent"} == (
        TRANSITIONS.keys()
    )


@pytest.mark.parametrize(
    "path,status",
    [
        (("refuse", "ask", "answer"), "answered"),
        (("refuse", "ask", "reply"), "acknowledged"),
        (("defer", "acknowledge"), "acknowledged"),
        (("ask", "reply", "restrict"), "partial"),
        (("no_record", "answer"), "answered"),
        (("forward", "answer"), "answered"),
        (("answer", "refuse"), None),
        (("no_record", "acknowledge"), None),
        (("reply",), None),
        (("ask", "ask"), None),
        (("withdraw", "answer"), None),
        (("withdraw", "withdraw"), None),
    ],
)
def test_a_request_goes_from_status_to_status(path, status):
    at = "sent"
    for action in path:
        at = at and next_status(at, action)
    assert at == status


def test_a_trace_is_withdrawn_from_every_status():
    others = TRANSITIONS.keys() - {"withdrawn"}
    assert {next_status(status, "withdraw") for status in others} == {"withdrawn"}


@pytest.mark.parametrize(
    "behind,ahead",
    [("acknowledged", "clarification"), *(("sent", status) for status in ANSWERED_STATUSES)],
)
def test_what_is_possible_is_so_for_a_leg_that_is_ahead(behind, ahead):
    """A reply or a renewal of the asking state may be on its way while the asked one acts."""
    possible = [action for action in OF_ASKED if next_status(ahead, action)]
    assert [
        action for action in possible if next_status(behind, action) != next_status(ahead, action)
    ] == []


@pytest.mark.parametrize("status", TRANSITIONS)
def test_a_renewal_reopens_answers_of_the_service(status):
    assert status_after_renewal(status, is_automatic=True) == (
        "sent" if status in ANSWERED_STATUSES else status
    )
    assert status_after_renewal(status, is_automatic=False) == status


@pytest.mark.parametrize(
    "priority,term",
    [
        ("flash", timedelta(minutes=10)),
        ("urgent", timedelta(hours=8)),
        ("priority", timedelta(days=3)),
        ("routine", timedelta(days=7)),
    ],
)
def test_a_state_that_set_nothing_answers_by_the_common_targets(priority, term):
    assert Settings().target(priority) == term
    assert set(state_settings.WORKING_DAY_PRIORITIES) < set(codes.PRIORITIES)


def test_a_clarification_puts_the_term_off_by_as_long_as_it_took():
    until, pause = AT + timedelta(days=7), timedelta(hours=5)
    assert values.after_pause(until, AT, AT + pause, None) == until + pause


def test_what_is_deferred_to_a_day_is_owed_by_its_end_where_it_is_owed():
    assert values.end_of_day(date(2026, 4, 1), "UTC") == datetime(2026, 4, 2, tzinfo=UTC)
    assert values.end_of_day(date(2026, 4, 1), "America/Sao_Paulo") == (
        datetime(2026, 4, 2, 3, tzinfo=UTC)
    )


def test_letters_name_the_events_of_a_chain():
    assert codes.EVENT_KINDS == EVENT_ORDER


def test_the_page_about_requests_has_the_table_as_it_is():
    page = (ROOT / "docs" / "requests.md").read_text()
    for status, row in TRANSITIONS.items():
        body = ", ".join(f"`{action}` → `{to}`" for action, to in sorted(row.items())) or "nothing"
        assert f"| `{status}` | {body} |" in page
