"""A board that is asked for what changed: from memory while nothing did, and only by who still may."""

from datetime import timedelta

import pytest

from salsa_ext.access.models import Account
from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db, transaction
from tests.conftest import NOW
from tests.web.onlookers import tick

pytestmark = pytest.mark.boards

POLL = 2
"""Statements of a poll: who it is, and the number of the board."""


def test_a_poll_costs_who_it_is_and_the_number_of_the_board(onlooker, asked):
    page = onlooker("BRA")
    asked.clear()
    for _ in range(5):
        answer = page.ask()
        assert (answer.status_code, answer.get_data()) == (304, b"")
    assert len(asked) == 5 * POLL


def test_a_picture_is_drawn_once_for_all_who_see_the_same(app, onlooker, asked):
    first, other = onlooker("BRA"), onlooker("BRA")
    tick(app)
    first.follow()
    asked.clear()
    assert other.follow() == {"due"}
    assert len(asked) == POLL


def test_another_agency_has_a_picture_of_its_own(app, onlooker):
    onlooker("BRA"), onlooker("BRA", agency="OTHER")
    assert len(app.extensions["live"]) == 2


def test_signed_out_visitors_learn_nothing(onlooker):
    signed_out, shut_out = onlooker("BRA"), onlooker("BRA")
    signed_out.client.delete_cookie("salsa_session")
    assert signed_out.ask().status_code == 401
    with transaction(operator("BRA")):
        for row in db.session.query(Account).filter_by(owner_state="BRA"):
            row.is_active = False
    assert shut_out.ask().status_code == 401


def test_changes_by_time_alone_are_reported_too(app, onlooker, monkeypatch):
    page = onlooker("BRA")
    later = FixedClock(NOW + timedelta(days=2))
    monkeypatch.setitem(app.config, "CLOCK", later)
    changed = page.follow()  # the expected time of A-DUE is over
    assert {"tiles", "late", "due"} <= changed
