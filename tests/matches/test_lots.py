"""Lots of ammunition and parts: matched, checked and traced as serials are."""

import pytest

from tests.support import bodies
from tests.support.matches import correct, matches, sold

pytestmark = pytest.mark.between_writes
LOT = {"line": 1, "category": "ammunition", "lot": "BNT-17123", "calibre": "9x19", "quantity": 50}
MADE = {"make": "CBC"}


def goods(**changes):
    return LOT | MADE | changes


@pytest.fixture
def bra(as_actor):
    return as_actor("BRA", "police_officer")


@pytest.fixture
def police(as_actor):
    return as_actor("PRY", "police_officer")


def seized(client, *items, **changes):
    return client.post("/seizures", bodies.seizure(items=list(items), **changes)).json


@pytest.mark.parametrize("written", ["BNT-17123", "bnt 17123", "BNT/17I23"])
def test_a_seized_lot_matches_its_sale_in_another_state(as_actor, bra, police, written):
    sold(as_actor, kind="manufacture", firearm=goods())
    seized(bra, goods(lot=written))
    [mine], [theirs] = matches(bra), matches(police)
    assert mine["strength"] == theirs["strength"] == "strong"
    assert [reason["text"] for reason in mine["reasons"]][:2] == [
        "The lot is the same.",
        "The make is the same.",
    ]


def test_the_maker_is_read_from_the_headstamp(as_actor, bra):
    sold(as_actor, kind="manufacture", firearm=goods())
    seized(bra, LOT | {"headstamp": "CBC 9MM LUGER"})
    [match] = matches(bra)
    assert "The make is the same." in [reason["text"] for reason in match["reasons"]]


def test_the_list_of_seizures_finds_a_lot_as_a_serial(bra):
    made = seized(bra, goods())
    found = bra.get("/seizures?serial=bnt 17123").json["items"]
    assert [each["id"] for each in found] == [made["id"]]


def test_a_lost_lot_matches_where_it_is_seized(bra, police):
    stolen = police.post("/reports", bodies.report(firearm=goods())).json["firearm"]["record"]
    seized(bra, goods())
    assert [each["other"]["record"] for each in matches(bra)] == [stolen]


def test_a_lot_is_no_serial_and_that_of_another_maker_is_another(as_actor, bra):
    sold(as_actor, firearm=bodies.firearm(serial="BNT17123"))
    sold(as_actor, number="T-2", kind="manufacture", firearm=goods(make="Fiocchi", calibre=".38"))
    seized(bra, goods())
    assert matches(bra) == []


def test_many_seizures_of_one_lot_do_not_hide_its_maker(as_actor, bra):
    made = sold(as_actor, kind="manufacture", firearm=goods())["firearm"]["record"]
    for number in range(8):
        seized(bra, goods(), number=f"S-{number}")
    of_trade = [each for each in matches(bra) if each["other"]["record"] == made]
    assert len(of_trade) == 8 and {each["strength"] for each in of_trade} == {"strong"}


def test_pieces_of_one_lot_are_no_one_gun(as_actor, bra):
    sold(as_actor, kind="manufacture", firearm=goods())
    record = seized(bra, goods())["items"][0]["record"]
    [match] = matches(bra)
    analyst = as_actor("BRA", "trace_analyst")
    analyst.post(f"/matches/{match['id']}/confirm", {}, 200, If_Match=f'"{match["version"]}"')
    gun = bra.get(f"/guns/{record}", Salsa_Purpose="investigation", Salsa_Case="C-1").json
    assert [each["record"]["id"] for each in gun["records"]] == [record]


LINE = {"line": 1, "quantity": 5000, "category": "ammunition", "calibre": "9x19"} | MADE
BULK = {"line": 1, "quantity": 2000, "lot": "BNT-17123"}


@pytest.fixture
def exporter(as_actor):
    return as_actor("BRA", "licensing_officer")


@pytest.fixture
def ship(exporter):
    """Ship goods under a permit of one line of ammunition."""

    def post(*items, **changes):
        permit = exporter.post("/permits", bodies.permit(lines=[LINE])).json["id"]
        body = bodies.shipment(items=list(items), **changes)
        return exporter.post(f"/permits/{permit}/shipments", body).json

    return post


@pytest.mark.parametrize("goods_of", [{"items": [BULK]}, {"bulk": [BULK]}])
def test_a_shipped_lot_matches_where_it_is_seized(ship, exporter, police, goods_of):
    made = ship(*goods_of.get("items", ()), bulk=goods_of.get("bulk", []))
    seized(police, goods(), place=bodies.FOZ | {"country": "PRY"})
    [match] = matches(police)
    record = exporter.get(f"/records/{match['other']['record']}").json
    assert (record["event"], record["document"]) == ("export", made["id"])
    assert (record["lot"], record["quantity"], record["make"]) == ("BNT-17123", 2000, "cbc")


def test_a_lot_in_bulk_is_counted_once_and_is_no_item(ship, exporter):
    made = ship(bulk=[BULK])
    assert (made["items"], made["item_count"], made["bulk"]) == ([], 0, [BULK])
    path = f"/shipments/{made['id']}"
    assert exporter.get(f"{path}/items").json["items"] == []
    permit = exporter.get(f"/permits/{made['permit']}").json
    assert permit["balance"][0]["remaining"] == 3000
    cancelled = exporter.post(f"{path}/cancel", {"reason": "Not sold"}, 200, If_Match='"1"').json
    assert cancelled["status"] == "cancelled"
    assert exporter.get(f"/permits/{made['permit']}").json["balance"][0]["remaining"] == 5000


def test_a_lot_of_a_cancelled_shipment_is_no_longer_found(ship, exporter, bra):
    made = ship(bulk=[BULK])
    assert check(bra)["verdict"] == "hit"
    exporter.post(f"/shipments/{made['id']}/cancel", {"reason": "Not sold"}, 200, If_Match='"1"')
    assert check(bra)["verdict"] == "no_hit"


def test_a_corrected_lot_is_no_longer_found(bra):
    made = seized(bra, goods())
    body = bodies.seizure(items=[goods(lot="BNT-99999")], reason="Misread")
    corrected = correct(bra, "seizures", made, body)
    assert [mark["text"] for mark in corrected["items"][0]["marks"]] == ["BNT-99999"]
    assert check(bra)["candidates"][0]["is_old_mark"]


def check(client, expect=201, **changes):
    body = {"lot": "BNT-17123", "make": "CBC", "purpose": "investigation", "case_number": "C-1"}
    return client.post("/checks", body | changes, expect).json


def test_a_check_of_a_lot_answers_as_one_of_a_serial(as_actor, bra):
    sold(as_actor, kind="manufacture", firearm=goods())
    answer = check(bra)
    [candidate] = answer["candidates"]
    assert (answer["verdict"], candidate["event"], candidate["mark"]) == (
        "hit",
        "manufacture",
        "BNT17123",
    )
    assert check(bra, lot="BNT-4711")["verdict"] == "no_hit"


@pytest.mark.parametrize(
    "wrong,field",
    [({"lot": "??"}, "lot"), ({"lot": None}, "lot"), ({"serial": "ABC123456"}, "serial")],
)
def test_a_lot_is_whole_and_in_place_of_a_serial(bra, wrong, field):
    assert list(check(bra, 422, **wrong)["errors"]) == [field]


def test_a_trace_of_a_lot_goes_to_the_state_of_its_maker(as_actor, analyst):
    sold(as_actor, kind="manufacture", firearm=goods())
    gun = {name: value for name, value in goods().items() if name != "line"}
    trace = analyst.post("/traces", bodies.trace(firearm=gun)).json
    result = analyst.get(f"/traces/{trace['id']}/result").json
    assert "PRY" in {leg["state"] for leg in trace["legs"]}
    assert [event["event"] for event in result["chain"]] == ["manufacture"]


def test_an_alert_on_a_lot_is_hit_by_a_check(as_actor, bra, police):
    police.post("/alerts", bodies.alert(firearm={**goods()}))
    assert len(check(bra)["hits"]) == 1
