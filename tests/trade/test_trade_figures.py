"""Figures of licit trade: what was authorised, shipped and received; permits issued and refused."""

import pytest

from tests.support import bodies
from tests.support.jobs import jobs_to_idle
from tests.support.movements import Way, act, add


@pytest.fixture
def way(as_actor):
    return Way(as_actor)


def counted(client, state, dataset="licit_trade", by="measure,heading"):
    """Return the amounts of a state's table, and the partner of each."""
    jobs_to_idle()
    table = client.get(f"/statistics/{dataset}?state={state}&by={by}&grain=year").json
    return {(*cell["values"].values(), cell["partner"]): cell["amount"] for cell in table["cells"]}


def test_each_state_counts_what_it_recorded_itself(way):
    shipment = way.ship("AB1", "AB2", "AB3")
    way.release(shipment)
    way.tick(shipment, "exit")
    read = [{"serial": "AB1"}, {"serial": "AB2"}]
    add(way.bol, shipment, "receipt", received_on="2026-03-05", items=read)
    assert counted(way.bra, "BRA") == {
        ("export_authorised", "9302", "BOL"): 10,
        ("shipped", "9302", "BOL"): 3,
    }
    assert counted(way.bol, "BOL") == {
        ("import_authorised", "9302", "BRA"): 10,
        ("received", "9302", "BRA"): 2,
    }
    read += [{"serial": "AB3"}, {"serial": "QQ 77 00"}]
    act(way.bol, shipment, "receipt/correct", items=read, received_on="2026-03-05", reason="Found")
    assert counted(way.bol, "BOL")["received", "9302", "BRA"] == 4


def test_measures_have_no_sum_and_what_is_shipped_counts_unless_another_is_named(way):
    way.ship("AB1", "AB2")
    jobs_to_idle()
    figures = "/statistics/licit_trade?state=BRA&grain=year"
    assert way.bra.get(f"{figures}&by=measure").json["total"] is None
    for query, total in (("", 2), ("&by=class", 2), ("&by=class&measure=export_authorised", 10)):
        assert way.bra.get(figures + query).json["total"] == total


def test_permits_count_by_their_decision_and_end_user(way):
    consignee = bodies.party("Polícia Exemplo", "BOL", "police")
    refused = {"number": "E-2", "refusal": "No licence", "final_consignee": consignee}
    way.bra.post("/permits", bodies.permit(**way.more | refused))
    assert counted(way.bra, "BRA", "permits", "permit,decision,end_user") == {
        ("export", "issued", "dealer", "BOL"): 1,
        ("export", "refused", "police", "BOL"): 1,
    }
    assert counted(way.pry, "PRY", "permits", "permit") == {("in_transit", None): 1}
    assert counted(way.bra, "BRA", by="measure") == {("export_authorised", "BOL"): 10}


def test_a_permit_that_replaces_another_authorises_no_more(way):
    path = f"/permits/{way.permit['id']}"
    body = {
        "number": "E-9",
        "issued_on": "2026-03-01",
        "expires_on": "2026-12-31",
        "authority": bodies.authority("BRA"),
    }
    etag = way.bra.get(path).headers["ETag"]
    way.bra.post(f"{path}/reissue", body, If_Match=etag)
    assert counted(way.bra, "BRA", by="measure") == {("export_authorised", "BOL"): 10}
    assert counted(way.bra, "BRA", "permits", "decision") == {("issued", "BOL"): 2}
