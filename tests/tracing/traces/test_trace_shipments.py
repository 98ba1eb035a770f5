"""What a trace says of a shipment: of a gun that came, of one that did not, and to whom."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning

NO_SERVICE = {"answers_automatically": False}


@beginning
def shipment(as_actor):
    """Return a shipment of two guns from Brazil to Paraguay."""
    exporter = as_actor("BRA", "licensing_officer")
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    return exporter.post(f"/permits/{permit}/shipments", bodies.shipment()).json


def receive(as_actor, shipment, *serials):
    listed = {"received_on": "2026-02-05", "items": [{"serial": serial} for serial in serials]}
    as_actor("PRY", "licensing_officer").post(f"/shipments/{shipment['id']}/receipt", listed)


def result(as_actor, state):
    analyst = as_actor(state, "trace_analyst")
    trace = analyst.post("/traces", bodies.trace()).json
    return analyst.get(f"/traces/{trace['id']}/result").json


def test_a_gun_that_came_is_not_lost_where_its_importer_is_silent(
    as_actor, shipment, pry_administrator
):
    pry_administrator.post("/settings", NO_SERVICE, 200, If_Match='"0"')
    receive(as_actor, shipment, "ABC123456")
    found = result(as_actor, "ARG")
    assert [event["event"] for event in found["chain"]] == ["export"]
    assert (found["point_of_diversion"], found["outcome"]) == (None, "partly")


def test_a_gun_that_did_not_come_is_lost_on_its_way(as_actor, shipment):
    receive(as_actor, shipment, "ABC123457")
    assert result(as_actor, "ARG")["point_of_diversion"]["diversion_kind"] == "short_receipt"


@pytest.mark.parametrize("state,number", [("ARG", None), ("BRA", "A-1")])
def test_an_importer_tells_the_number_of_a_shipment_to_whom_it_concerns(
    as_actor, shipment, state, number
):
    receive(as_actor, shipment, "ABC123456")
    [came] = [each for each in result(as_actor, state)["chain"] if each["event"] == "import"]
    assert came["document_number"] == number


def test_an_overdue_return_is_reported_by_its_exporter(as_actor, bra):
    lent = bodies.permit(regime="temporary", expires_on="2026-02-20")
    permit = bra.post("/permits", lent).json["id"]
    receive(as_actor, bra.post(f"/permits/{permit}/shipments", bodies.shipment()).json, "ABC123456")
    found = result(as_actor, "ARG")
    assert found["last_lawful"]["event"] == "import"
    assert found["point_of_diversion"]["diversion_kind"] == "unreturned_temporary"
