"""A board that is asked for what changed: from memory while nothing did, and only by who still may."""

from datetime import timedelta

import pytest

from api.web import live_views
from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db, transaction
from tests.conftest import NOW
from tests.web.onlookers import seize, tick


def test_nothing_changed_is_told_from_memory_by_one_look_at_what_did(onlooker, asked):
    page = onlooker("BRA")
    asked.clear()
    for _ in range(5):
        answer = page.ask()
        assert (answer.status_code, answer.get_data()) == (304, b"")
    assert len(asked) == 5 and all("salsa_board_changes" in one for one in asked)


def test_a_look_is_good_for_all_who_ask_within_a_quarter_of_a_second(onlooker, asked, monkeypatch):
    monkeypatch.setattr(live_views, "CHECK_SECONDS", 3600.0)
    page = onlooker("BRA")
    asked.clear()
    assert [page.ask().status_code for _ in range(20)] == [304] * 20
    assert asked == []


def test_a_picture_is_drawn_once_for_all_who_see_the_same(app, onlooker, asked):
    one, other = onlooker("BRA"), onlooker("BRA")
    tick(app)
    one.follow()
    asked.clear()
    assert other.follow() == {"due", "ticked", "tiles"}
    assert len(asked) < 6  # who it is and what changed, and nothing of the board


def test_another_agency_has_a_picture_of_its_own(onlooker):
    one, other = onlooker("BRA"), onlooker("BRA", agency="OTHER")
    assert other.ask(**{"Salsa-Ticket": one.ticket}).status_code == 304
    assert one.ticket != other.ticket and len(live_views.live_views()._cache) == 2


@pytest.mark.parametrize("ticket", ["", "x", "IngyIg.aSZ0dA.c2lnbmF0dXJl"])
def test_a_ticket_that_is_none_lets_nobody_in(app, ticket, onlooker):
    page = onlooker("BRA")
    page.client.delete_cookie("salsa_session")
    assert page.ask(**{"Salsa-Ticket": ticket}).status_code == 401


def test_no_ticket_opens_what_changed(app, onlooker):
    page = onlooker("BRA")
    page.client.delete_cookie("salsa_session")
    assert page.ask().status_code == 304  # for a minute at most
    tick(app)
    assert page.ask().status_code == 401


def test_who_was_shut_out_learns_it_when_his_ticket_is_over(app, onlooker, monkeypatch):
    page = onlooker("BRA")
    with transaction(operator("BRA")):
        for row in accounts_of("BRA"):
            row.is_active = False
    assert page.ask().status_code == 304
    monkeypatch.setattr(live_views, "TICKET_SECONDS", -1)
    assert page.ask().status_code == 401


def accounts_of(state):
    from salsa_ext.access.models import Account

    return db.session.query(Account).filter_by(owner_state=state)


def test_what_time_alone_changes_is_told_too(app, onlooker, monkeypatch):
    page = onlooker("BRA")
    later = FixedClock(NOW + timedelta(days=2))
    monkeypatch.setattr(app.extensions["live"], "_clock", later)
    monkeypatch.setitem(app.config, "CLOCK", later)
    changed = page.follow()  # the expected time of A-DUE is over
    assert {"tiles", "late", "due"} <= changed


def test_who_was_told_of_more_than_is_remembered_draws_anew(app, onlooker, monkeypatch):
    monkeypatch.setattr(live_views, "MAX_CHANGES", 1)
    monkeypatch.setattr(app.extensions["live"], "_changes", live_views.ChangeTracker())
    page = onlooker("PRY")
    for number in range(3):
        seize(app, "PRY", f"S-{number}", latitude=-22.3, longitude=-60.0)
    tick(app)
    assert page.follow() == {"due", "ticked", "tiles"}
