"""The last day is that of the certificate or of import, whichever is earlier (Model Regulations 3.2)."""

import pytest

from tests.support import bodies
from tests.support.movements import Way
from tests.trade.shipments.test_due_shipments import watched

EXPIRED = ("expired_in_transit", "")
EARLIER = [{"expires_on": "2026-03-04"}, {"latest_import_on": "2026-03-04"}]


def leave(way):
    shipment = way.ship()
    way.release(shipment)
    way.tick(shipment, "exit", 2)
    return shipment


@pytest.mark.parametrize("limit", EARLIER)
def test_nothing_ships_after_the_earlier_of_two_days(as_actor, limit):
    way = Way(as_actor, **limit)
    late = bodies.shipment(ships_on="2026-03-05", route=[])
    answer = way.bra.post(f"/permits/{way.permit['id']}/shipments", late, 422).json
    assert list(answer["errors"]) == ["ships_on"]
    way.ship(ships_on="2026-03-04")


@pytest.mark.parametrize("limit", EARLIER)
def test_nothing_is_released_after_the_earlier_of_two_days(as_actor, limit):
    way = Way(as_actor, **limit)
    assert list(way.release(way.ship(), 422, on="2026-03-05")["errors"]) == ["on"]


@pytest.mark.parametrize("limit", EARLIER)
@pytest.mark.parametrize("day,found", [(4, False), (5, True)])
def test_what_enters_after_the_last_day_of_the_export_is_doubted(as_actor, limit, day, found):
    way = Way(as_actor, **limit)
    way.tick(leave(way), "entry", day)
    watched()
    assert (EXPIRED in way.discrepancies()) == found


@pytest.mark.parametrize("limit", EARLIER)
@pytest.mark.parametrize("day,found", [(4, False), (5, True)])
def test_what_enters_after_the_last_day_of_the_import_is_doubted(as_actor, limit, day, found):
    way = Way(as_actor, ("PRY",))
    way.license_import(**limit)
    way.tick(leave(way), "entry", day)
    watched()
    assert (EXPIRED in way.discrepancies()) == found


def test_what_is_still_under_way_after_the_last_day_of_the_import_is_doubted(as_actor):
    way = Way(as_actor, ("PRY",))
    way.license_import(latest_import_on="2026-03-08")
    leave(way)
    watched()
    assert way.discrepancies() == [EXPIRED]


def test_an_import_certificate_that_is_reissued_in_time_gives_more(as_actor):
    way = Way(as_actor, ("PRY",))
    licence = way.license_import(latest_import_on="2026-03-08")
    leave(way)
    watched()
    path = f"/permits/{licence['id']}"
    again = {
        "number": "I-2",
        "issued_on": "2026-03-08",
        "expires_on": "2026-12-31",
        "authority": licence["authority"],
    }
    way.bol.post(f"{path}/reissue", again, 201, If_Match=way.bol.get(path).headers["ETag"])
    assert way.discrepancies() == []
