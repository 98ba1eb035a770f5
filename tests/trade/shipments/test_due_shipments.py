"""The scheduled watch: what comes with the hour alone is found, once, wherever it runs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from flask import current_app

from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import transaction
from salsa_ext.trade.shipments import jobs as shipment_jobs
from tests.conftest import NOW
from tests.support import actors, jobs
from tests.support.grounds import beginning
from tests.support.movements import Way, add

LATE = [{"stage": "entry", "at": "2026-03-08T12:00:00Z"}]


def watched(now=NOW, state="BRA", most=200):
    actor = operator(state, clock=FixedClock(now))
    with transaction(actor):
        return shipment_jobs.update_due_shipments(actor, most)


@beginning
def way(as_actor):
    return Way(as_actor)


def leave(way, *serials, number="A-1", expected=LATE):
    shipment = way.ship(*serials, number=number, expected=expected)
    way.release(shipment)
    way.tick(shipment, "exit")
    return shipment


def test_what_is_overdue_becomes_a_discrepancy(way):
    assert (way.read(leave(way))["status"], way.discrepancies()) == ("overdue", [])
    assert watched() == 1
    assert way.discrepancies() == [("overdue", "entry")]


def test_what_is_not_overdue_yet_is_left_alone(way):
    leave(way, expected=[{"stage": "entry", "at": "2026-03-08T16:00:00Z"}])
    assert watched() == 0
    assert watched(NOW + timedelta(hours=2)) == 1
    assert way.discrepancies() == [("overdue", "entry")]


def test_a_second_watch_finds_nothing_new(way):
    shipment = leave(way)
    version = way.read(shipment)["version"]
    assert [watched(), watched(), watched(NOW + timedelta(hours=1))] == [1, 0, 0]
    assert way.discrepancies() == [("overdue", "entry")]
    assert way.read(shipment)["version"] == version


def test_what_arrives_late_is_overdue_no_more(way):
    shipment = leave(way)
    watched()
    way.tick(shipment, "entry", 9)
    assert (way.discrepancies(), way.discrepancies("resolved")) == ([], [("overdue", "entry")])


def test_what_is_delayed_is_overdue_no_more_and_may_be_again(way):
    shipment = leave(way)
    watched()
    add(
        way.bra,
        shipment,
        "incidents",
        kind="delay",
        note="Bridge closed",
        occurred_at="2026-03-09T10:00:00Z",
        new_expected_at="2026-03-12T12:00:00Z",
    )
    assert way.discrepancies() == []
    assert watched(NOW + timedelta(days=5)) == 1
    assert way.discrepancies("reopened") == [("overdue", "entry")]


def test_what_is_told_of_an_overdue_shipment_leaves_it_overdue(way):
    shipment = leave(way)
    watched()
    add(
        way.pry,
        shipment,
        "incidents",
        kind="breakdown",
        note="Axle",
        occurred_at="2026-03-09T10:00:00Z",
    )
    assert way.discrepancies() == [("overdue", "entry")]
    assert [watched(), watched()] == [1, 0]
    assert way.discrepancies() == [("overdue", "entry")]


def test_a_permit_that_ends_under_way_becomes_a_discrepancy(as_actor):
    way = Way(as_actor, expires_on="2026-03-10")
    leave(way, expected=[])
    assert watched() == 0
    assert watched(NOW + timedelta(days=2)) == 1
    assert way.discrepancies() == [("expired_in_transit", "")]


def test_a_planned_shipment_that_nobody_releases_is_overdue_too(way):
    way.ship(expected=[{"stage": "exit", "at": "2026-03-02T12:00:00Z"}])
    assert watched() == 1
    assert way.discrepancies() == [("overdue", "exit")]


def test_each_state_watches_its_own(way):
    leave(way)
    assert watched(state="BOL") == 0


def test_batches_are_bounded_and_the_worker_takes_them_all(way):
    for number in range(3):
        leave(way, f"GUN{number}0001", number=f"A-{number}")
    assert watched(most=2) == 2
    assert jobs.run_due(current_app, "shipments") == 1


def test_watches_at_once_raise_each_discrepancy_once(real_app):
    def as_actor(state, role):
        with real_app.app_context():
            token = actors.token(state, role, NOW, None, timedelta(days=1))
        return actors.Client(real_app.test_client(), token)

    def look(_):
        return jobs.run_due(real_app, "shipments")

    way = Way(as_actor)
    for number in range(4):
        leave(way, f"GUN{number}0001", number=f"A-{number}")
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(look, range(4))) == 4
    assert way.discrepancies() == [("overdue", "entry")] * 4
