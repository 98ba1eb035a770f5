"""What time alone brings to a shipment is found once, wherever it is looked for."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from salsa_ext.access.rules import service
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import transaction
from salsa_ext.trade.shipments import refresh
from tests.conftest import NOW
from tests.support import actors
from tests.support.grounds import beginning
from tests.support.movements import Way, add

LATE = [{"stage": "entry", "at": "2026-03-08T12:00:00Z"}]
SOON = [{"stage": "entry", "at": "2026-03-08T16:00:00Z"}]
AFTER = NOW + timedelta(hours=2)


def watched(now=AFTER, state="BRA"):
    actor = service(state, FixedClock(now))
    with transaction(actor):
        return refresh.update_due_shipments(actor=actor)


@beginning
def way(as_actor):
    return Way(as_actor)


def leave(way, *serials, number="A-1", expected=SOON):
    shipment = way.ship(*serials, number=number, expected=expected)
    way.release(shipment)
    way.tick(shipment, "exit")
    return way.read(shipment)


def test_what_becomes_overdue_becomes_a_discrepancy_once(way):
    shipment = leave(way)
    version = way.read(shipment)["version"]
    assert (watched(NOW), way.discrepancies()) == (0, [])
    assert [watched(), watched(), watched(AFTER + timedelta(hours=1))] == [1, 0, 0]
    assert way.discrepancies() == [("overdue", "entry")]
    assert way.read(shipment)["version"] == version


def test_what_was_overdue_before_it_is_recorded_is_so_at_once(way):
    shipment = way.ship(expected=[{"stage": "exit", "at": "2026-03-02T12:00:00Z"}])
    assert way.discrepancies() == [("overdue", "exit")]
    assert way.read(shipment)["status"] == "overdue"


def test_what_arrives_late_is_overdue_no_more(way):
    shipment = leave(way, expected=LATE)
    assert way.discrepancies() == [("overdue", "entry")]
    way.tick(shipment, "entry", 9)
    assert (way.discrepancies(), way.discrepancies("resolved")) == ([], [("overdue", "entry")])


def test_what_is_delayed_is_overdue_no_more_and_may_be_again(way):
    shipment = leave(way, expected=LATE)
    result = {"occurred_at": "2026-03-09T10:00:00Z", "note": "Bridge closed"}
    add(way.pry, shipment, "incidents", kind="breakdown", **result)
    assert way.discrepancies() == [("overdue", "entry")]
    result["new_expected_at"] = "2026-03-12T12:00:00Z"
    add(way.bra, shipment, "incidents", kind="delay", **result)
    assert way.discrepancies() == []
    assert watched(NOW + timedelta(days=5)) == 1
    assert way.discrepancies("reopened") == [("overdue", "entry")]


def test_a_permit_that_ends_under_way_becomes_a_discrepancy(as_actor):
    way = Way(as_actor, expires_on="2026-03-10")
    leave(way, expected=[])
    assert watched() == 0
    assert watched(NOW + timedelta(days=2)) == 1
    assert way.discrepancies() == [("expired_in_transit", "")]


def test_each_state_watches_its_own(way):
    leave(way)
    assert (watched(state="BOL"), watched()) == (0, 1)


def test_watches_at_once_raise_each_discrepancy_once(real_app):
    def as_actor(state, role):
        with real_app.app_context():
            token = actors.token(state, role, NOW, None, timedelta(days=1))
        return actors.Client(real_app.test_client(), token)

    def watch(_):
        with real_app.app_context():
            return watched()

    way = Way(as_actor)
    for number in range(4):
        leave(way, f"GUN{number}0001", number=f"A-{number}")
    assert way.discrepancies() == []
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(watch, range(4))) == 4
    assert way.discrepancies() == [("overdue", "entry")] * 4
