"""One gun leaves a state once: a serial that is shipped again while it is out is doubted."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.movements import Way, act, add

BACK = {"received_on": "2026-03-08", "all": True}
RECEIVED = {"received_on": "2026-03-05"}
AGAIN = [("serial_mismatch", "again:1")]


@beginning
def way(as_actor):
    return Way(as_actor)


def leave(way, *serials, **changes):
    made = way.ship(*serials, **changes)
    way.release(made)
    way.tick(made, "exit")
    return made


def by(state):
    return {"authority": bodies.authority(state)}


def about(way, shipment, client=None):
    found = (client or way.bra).get("/discrepancies").json["items"]
    return {each["key"]: each for each in found if each["subject"]["number"] == shipment["number"]}


def test_a_gun_that_is_shipped_twice_is_doubted_on_the_later_shipment(way):
    first = leave(way, "ABC123456", "ABC123457")
    later = way.ship("abc-123456", "QWE770010", number="A-2")
    assert way.discrepancies() == AGAIN and about(way, first) == {}
    result = about(way, later, way.bol)["again:1"]
    assert (result["kind"], result["status"]) == ("serial_mismatch", "open")
    assert result["data"] == {
        "line": 1,
        "again": 1,
        "serials": ["abc-123456"],
        "shipments": [first["number"]],
    }


def test_a_shipment_that_is_posted_twice_is_one_discrepancy(way):
    way.ship("ABC123456", "ABC123457")
    later = way.ship("ABC123456", "ABC123457", number="A-2")
    assert [each["data"]["again"] for each in about(way, later).values()] == [2]


@pytest.mark.parametrize(
    "other",
    [
        {"serial": "ABC123456", "make": "Rossi"},
        {"serial": "ABC123456", "type": "rifle"},
        {"serial": "ABC123458"},
    ],
)
def test_another_gun_is_not_doubted(way, other):
    way.ship("ABC123456")
    way.ship(items=[{"line": 1} | other], number="A-2")
    assert "serial_mismatch" not in [kind for kind, _ in way.discrepancies()]


def test_a_shipment_under_another_certificate_is_compared_too(way):
    way.ship("ABC123456")
    way.license_import(number="I-9")
    body = bodies.permit(
        **way.more
        | {
            "number": "E-9",
            "transit_states": ["PRY"],
            "import_permit": {"state": "BOL", "number": "I-9"},
        }
    )
    permit = way.bra.post("/permits", body).json["id"]
    shipment = bodies.shipment(("ABC123456",), number="A-2", route=[])
    way.bra.post(f"/permits/{permit}/shipments", shipment)
    assert way.discrepancies() == AGAIN


def test_an_earlier_shipment_to_another_state_is_not_named(way):
    way.ship("ABC123456")
    licence = bodies.import_permit(importing_state="URY") | by("URY")
    way.client("URY", "licensing_officer").post("/permits", licence)
    body = bodies.permit(
        number="E-9", importing_state="URY", import_permit={"state": "URY", "number": "I-1"}
    )
    permit = way.bra.post("/permits", body).json["id"]
    shipment = bodies.shipment(("ABC123456",), number="A-2", route=[])
    later = way.bra.post(f"/permits/{permit}/shipments", shipment).json
    result = about(way, later, way.client("URY", "licensing_officer"))["again:1"]["data"]
    assert result == {"line": 1, "again": 1, "serials": ["ABC123456"]}


def test_what_was_cancelled_may_be_shipped_again(way):
    act(way.bra, way.ship("ABC123456"), "cancel", reason="Wrong number")
    way.ship("ABC123456", number="A-2")
    assert way.discrepancies() == []


def test_what_was_refused_and_came_back_may_be_shipped_again(way):
    made = leave(way, "ABC123456")
    way.tick(made, "entry", 3, outcome="refused")
    add(way.bra, made, "receipt", **BACK)
    way.ship("ABC123456", number="A-2")
    assert way.discrepancies() == []


def test_a_hunters_rifle_that_came_home_may_go_again(as_actor):
    way = Way(as_actor, regime="temporary")
    made = leave(way, "ABC123456")
    add(way.bol, made, "receipt", **RECEIVED, all=True)
    later = way.ship("ABC123456", number="A-2")
    assert list(about(way, later)) == ["again:1"]  # it is still abroad
    add(way.bra, made, "receipt", **BACK)
    way.ship("ABC123456", number="A-3")
    assert (way.discrepancies(), way.discrepancies("resolved")) == ([], AGAIN)


def test_what_came_home_under_a_certificate_of_return_may_go_again(way):
    add(way.bol, leave(way, "ABC123456"), "receipt", **RECEIVED, all=True)
    home = {"exporting_state": "BOL", "importing_state": "BRA", "regime": "return"}
    named = {"import_permit": {"state": "BRA", "number": "I-8"}}
    way.bra.post("/permits", bodies.import_permit(**home, number="I-8") | by("BRA"))
    export = bodies.permit(**home, **named, number="E-8") | by("BOL")
    permit = way.bol.post("/permits", export).json["id"]
    sent = bodies.shipment(("ABC123456",), number="B-1", route=[], ships_on="2026-03-06")
    back = way.bol.post(f"/permits/{permit}/shipments", sent).json
    add(way.bra, back, "receipt", received_on="2026-03-08", all=True)
    assert about(way, way.ship("ABC123456", number="A-2")) == {}


def test_what_was_short_may_follow_with_the_next_shipment(way):
    made = leave(way, "ABC123456", "ABC123457")
    add(way.bol, made, "receipt", **RECEIVED, items=[{"serial": "ABC123457"}])
    later = way.ship("ABC123456", number="A-2")
    assert about(way, later) == {}
    act(way.bol, made, "receipt/correct", **RECEIVED, all=True, reason="In the second crate")
    assert list(about(way, later)) == ["again:1"]  # it was there all the time


def test_what_was_lost_on_its_way_is_no_doubt_about_the_next(way):
    made = leave(way, "ABC123456")
    add(
        way.bol,
        made,
        "incidents",
        kind="theft",
        occurred_at="2026-03-04T10:00:00Z",
        note="Lorry gone",
        is_total=True,
    )
    way.ship("ABC123456", number="A-2")
    assert ("serial_mismatch", "again:1") not in way.discrepancies()


def test_the_doubt_ends_with_the_later_shipment(way):
    way.ship("ABC123456")
    act(way.bra, way.ship("ABC123456", number="A-2"), "cancel", reason="Posted twice")
    assert (way.discrepancies(), way.discrepancies("resolved")) == ([], AGAIN)


def test_a_long_manifest_is_compared_by_sets(as_actor, asked):
    way = Way(as_actor, lines=[bodies.permit()["lines"][0] | {"quantity": 1_000}])
    serials = [f"SN{n:05}" for n in range(200)]
    way.ship(*serials)
    asked.clear()
    later = way.ship(*serials, number="A-2")
    assert len([value for value in asked if "INSERT INTO reshipment" in value]) == 1
    assert len(asked) < len(serials)
    assert about(way, later)["again:1"]["data"]["again"] == 200
    assert len(about(way, later)["again:1"]["data"]["serials"]) == 100
