"""Goods that come back: refused on their way, or out for a time."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.movements import Way, act, add

BACK = {"received_on": "2026-03-08", "all": True}
REFUSED = {"kind": "refused_entry", "occurred_at": "2026-03-04T10:00:00Z", "note": "No papers"}


@beginning
def way(as_actor):
    return Way(as_actor)


@beginning
def hunter(as_actor):
    return Way(as_actor, regime="temporary")


def leave(way, *serials):
    shipment = way.ship(*serials)
    way.release(shipment)
    way.tick(shipment, "exit")
    return shipment


def verdict(way, serial="ABC123456"):
    police = way.client("BRA", "police_officer")
    return police.post("/checks", bodies.check(serial=serial)).json["verdict"]


@pytest.mark.parametrize("stage", ["transit_in", "entry"])
def test_what_a_state_refused_comes_back_and_its_balance_too(way, stage):
    shipment = leave(way)
    assert way.tick(shipment, stage, 3, outcome="refused")["status"] == "held"
    answer = add(way.bra, shipment, "receipt", **BACK)
    assert (answer["status"], answer["receipt"], answer["due"]) == ("returned", None, None)
    assert answer["return_receipt"]["state"] == "BRA"
    assert answer["events"][-1]["kind"] == "came_back"
    assert (way.left(), verdict(way)) == (10, "no_hit")
    assert way.discrepancies() == []


def test_an_incident_of_a_refused_entry_sends_it_back_too(way):
    shipment = leave(way)
    assert add(way.bol, shipment, "incidents", **REFUSED)["status"] == "held"
    assert add(way.bra, shipment, "receipt", **BACK)["status"] == "returned"


def test_what_does_not_come_back_stays_exported_and_is_short(way):
    shipment = leave(way)
    way.tick(shipment, "entry", 3, outcome="refused")
    items = [{"serial": "ABC123457"}]
    answer = add(way.bra, shipment, "receipt", received_on="2026-03-08", items=items)
    assert (answer["status"], answer["return_receipt"]["missing"]) == (
        "returned",
        [{"line": 1, "serial": "ABC123456"}],
    )
    assert way.left() == 9
    assert way.discrepancies() == [("short_receipt", "1")]
    assert verdict(way) == "hit"


def test_a_trace_of_what_did_not_come_back_ends_at_its_shipment(way):
    shipment = leave(way)
    way.tick(shipment, "entry", 3, outcome="refused")
    add(way.bra, shipment, "receipt", received_on="2026-03-08", items=[{"serial": "ABC123457"}])
    police = way.client("BRA", "police_officer")
    trace = police.post("/traces", bodies.trace(found_on="2026-03-09")).json["id"]
    result = police.get(f"/traces/{trace}/result").json
    assert result["point_of_diversion"]["diversion_kind"] == "short_receipt"


def test_what_was_refused_is_not_let_go_but_may_pass_later(way):
    shipment = leave(way)
    way.tick(shipment, "entry", 3, outcome="refused")
    act(way.bol, shipment, "resume", 403, reason="?")
    assert way.tick(shipment, "entry", 4)["status"] == "arrived"
    add(way.bra, shipment, "receipt", 403, **BACK)


def test_the_exporting_state_confirms_nothing_that_is_on_its_way(way):
    answer = add(way.bra, leave(way), "receipt", 403, **BACK)
    assert answer["detail"] == "The importing state confirms the receipt."
    assert way.left() == 8


def test_what_came_back_is_over(way):
    shipment = leave(way)
    way.tick(shipment, "entry", 3, outcome="refused")
    add(way.bra, shipment, "receipt", **BACK)
    add(way.bra, shipment, "receipt", 409, **BACK)
    add(way.bol, shipment, "receipt", 409, received_on="2026-03-08", all=True)
    way.tick(shipment, "entry", 4, expect=409)
    assert way.left() == 10


def test_a_hunters_rifles_come_back_after_their_stay(hunter):
    shipment = leave(hunter)
    hunter.tick(shipment, "entry", 3)
    add(hunter.bol, shipment, "receipt", received_on="2026-03-03", all=True)
    answer = add(hunter.bra, shipment, "receipt", **BACK)
    assert (answer["status"], answer["return_receipt"]["item_count"]) == ("returned", 2)
    assert answer["receipt"]["state"] == "BOL"
    assert hunter.left() == 8
    police = hunter.client("BRA", "police_officer")
    found = police.post("/checks", bodies.check()).json["candidates"]
    assert sorted((each["state"], each["event"]) for each in found) == [
        ("BOL", "import"),
        ("BRA", "export"),
        ("BRA", "import"),
    ]


def test_a_rifle_that_stays_abroad_is_short(hunter):
    shipment = leave(hunter)
    add(hunter.bol, shipment, "receipt", received_on="2026-03-03", all=True)
    items = [{"serial": "ABC123456"}]
    answer = add(hunter.bra, shipment, "receipt", received_on="2026-03-08", items=items)
    assert answer["status"] == "returned"
    assert ("short_receipt", "1") in hunter.discrepancies()


def test_a_hunter_who_turns_round_takes_his_balance_back(hunter):
    assert add(hunter.bra, leave(hunter), "receipt", **BACK)["status"] == "returned"
    assert (hunter.left(), verdict(hunter)) == (10, "no_hit")


def test_what_comes_back_is_not_marked_as_imported(way):
    shipment = leave(way)
    way.tick(shipment, "entry", 3, outcome="refused")
    marked = BACK | {"import_mark": {"text": "BRA-26"}}
    assert list(add(way.bra, shipment, "receipt", 422, **marked)["errors"]) == ["import_mark"]


def diversion(way, found_on="2026-03-09"):
    police = way.client("BRA", "police_officer")
    trace = police.post("/traces", bodies.trace(found_on=found_on)).json["id"]
    found = police.get(f"/traces/{trace}/result").json["point_of_diversion"]
    return found and found["diversion_kind"]


@beginning
def week(as_actor):
    """Return rifles that are to be back by 8 March and have been received abroad."""
    hunter = Way(as_actor, regime="temporary", expires_on="2026-03-08")
    shipment = leave(hunter)
    add(hunter.bol, shipment, "receipt", received_on="2026-03-03", all=True)
    return hunter, shipment


def test_a_rifle_that_is_not_back_in_time_left_the_lawful_world_abroad(week):
    assert diversion(week[0]) == "unreturned_temporary"


def test_a_rifle_that_stays_when_others_go_home_is_not_returned(week):
    hunter, shipment = week
    add(hunter.bra, shipment, "receipt", received_on="2026-03-08", items=[{"serial": "ABC123457"}])
    assert diversion(hunter) == "unreturned_temporary"


def test_a_rifle_that_may_still_be_abroad_is_not_diverted(week):
    assert diversion(week[0], "2026-03-08") is None


def test_a_rifle_that_came_back_is_not_diverted(week):
    hunter, shipment = week
    add(hunter.bra, shipment, "receipt", **BACK)
    assert diversion(hunter) is None
