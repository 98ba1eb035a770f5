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


@pytest.fixture
def short(way):
    """A shipment of three of which two were received."""
    shipment = way.ship("AB1", "AB2", "AB3")
    way.release(shipment)
    way.tick(shipment, "exit")
    read = [{"serial": "AB1"}, {"serial": "AB2"}]
    add(way.bol, shipment, "receipt", received_on="2026-03-05", items=read)
    jobs_to_idle()
    return shipment


def mirror(client, query="?year=2026"):
    return client.get(f"/statistics/mirror{query}").json["items"]


ROW = {
    "exporting_state": "BRA",
    "importing_state": "BOL",
    "heading": "9302",
    "export_authorised": 10,
    "shipped": 3,
    "import_authorised": 10,
    "received": 2,
    "difference": -1,
    "discrepancies": 1,
}


def test_the_two_states_of_a_pair_read_both_sides_and_what_is_behind_the_difference(way, short):
    assert mirror(way.bra) == mirror(way.bol) == [ROW]
    behind = "/discrepancies?exporting_state=BRA&importing_state=BOL&heading=9302&year=2026"
    assert [each["kind"] for each in way.bra.get(behind).json["items"]] == ["short_receipt"]
    for query in (behind.replace("2026", "2025"), behind.replace("9302", "9303")):
        assert way.bra.get(query).json["items"] == []


def test_no_third_state_reads_a_pair_and_none_its_discrepancies_without_permission(
    way, short, as_actor
):
    assert mirror(way.pry) == []
    assert mirror(as_actor("BOL", "auditor")) == [ROW | {"discrepancies": None}]


@pytest.mark.parametrize(
    "query,count",
    [
        ("?year=2026&importing_state=BOL&heading=9302", 1),
        ("?year=2026&exporting_state=BOL", 0),
        ("?year=2026&heading=9303", 0),
        ("?year=2025", 0),
    ],
)
def test_mirror_figures_are_found_by_state_and_heading(way, short, query, count):
    assert len(mirror(way.bra, query)) == count


def test_a_file_has_the_columns_of_a_row(way, short):
    text = way.bra.get("/statistics/mirror?year=2026&format=csv").data.decode("utf-8-sig")
    assert text.split() == [",".join(ROW), ",".join(str(value) for value in ROW.values())]


def test_a_state_that_licenses_on_paper_has_no_figures_and_another_none_of_it(way, as_actor):
    named = {"state": "ARG", "number": "I-7"}
    permit = bodies.permit(number="E-7", importing_state="ARG", import_permit=named)
    way.bra.post("/permits", permit)
    ended = {"register": "permits", "since": "2020-01-01", "until": "2026-03-01"}
    body = ended | {"complete": False, "mode": "service"}
    as_actor("ARG", "state_administrator").post("/participation", body)
    jobs_to_idle()
    sides = [(row["import_authorised"], row["received"]) for row in mirror(way.bra)]
    assert sides == [(None, None), (10, 0)]


def test_the_secretariat_reads_ended_years_without_the_sides_that_a_state_withholds(way, as_actor):
    secretariat = as_actor(None, "secretariat")
    shipped = {"ships_on": "2025-12-20"}
    permit = bodies.permit(**way.more, number="E-5", issued_on="2025-12-01")
    permit = way.bra.post("/permits", permit | {"expires_on": "2026-10-01"}).json["id"]
    two = bodies.shipment(("AB7", "AB8"), **shipped)
    shipment = way.bra.post(f"/permits/{permit}/shipments", two).json
    way.release(shipment)
    way.tick(shipment, "exit")
    short = {"received_on": "2026-03-05", "items": [{"serial": "AB7"}]}
    add(way.bol, shipment, "receipt", **short)
    jobs_to_idle()
    [row] = mirror(secretariat, "?year=2025")
    assert (row["shipped"], row["received"], row["discrepancies"]) == (2, 0, 1)
    assert mirror(secretariat, "?year=2026") == []
    administrator = as_actor("BOL", "state_administrator")
    administrator.post("/settings", {"yearly_totals": False}, 200, If_Match='"0"')
    [row] = mirror(secretariat, "?year=2025")
    assert (row["shipped"], row["received"], row["difference"]) == (2, None, None)
