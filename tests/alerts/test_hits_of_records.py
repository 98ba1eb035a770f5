"""Hits by records: an alert is met by what is seized, sold or shipped after it, and by seizures before it."""

from tests.support import bodies
from tests.support.hits import enter, hits, told
from tests.support.matches import look, sold


def test_a_seizure_meets_an_alert_at_once_and_once(pry, bra, run):
    enter(pry)
    seized = bra.post("/seizures", bodies.seizure()).json
    [hit] = hits(pry)
    assert (hit["cause"], hit["cause_id"]) == ("seizure", seized["items"][0]["record"])
    look(run)
    assert hits(pry) == [hit] and len(hits(bra)) == 1


def test_a_sale_and_a_shipped_gun_meet_an_alert(as_actor, pry, run):
    enter(pry)
    sold(as_actor, "BRA")
    exporter = as_actor("BRA", "licensing_officer")
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    gun = bodies.shipment()["items"][0] | {"serial": "ABC123456"}
    exporter.post(f"/permits/{permit}/shipments", bodies.shipment(items=[gun]))
    look(run)
    assert sorted(hit["cause"] for hit in hits(pry)) == ["shipment", "transfer"]


def test_a_shipped_gun_of_the_next_serial_meets_no_alert(as_actor, pry, run):
    enter(pry)
    sold(as_actor, "BRA", firearm=bodies.firearm(serial="ABC123457"))
    look(run)
    assert hits(pry) == []


def test_what_is_told_of_a_gun_before_its_alert_is_no_hit(as_actor, pry, run):
    sold(as_actor, "BRA")
    enter(pry)
    look(run)
    assert hits(pry) == []


def test_a_gun_that_was_seized_before_is_told_when_it_is_sought(pry, bra, run):
    seized = bra.post("/seizures", bodies.seizure()).json["items"][0]["record"]
    enter(pry)
    look(run)
    [hit] = hits(pry)
    assert (hit["cause"], hit["cause_id"], hit["asking_state"]) == ("seizure", seized, "BRA")
    assert len(told(bra, "hit_made")) == 1


def test_the_report_that_a_gun_is_missed_does_not_meet_its_alert(pry, run):
    enter(pry)
    pry.post("/reports", bodies.report())
    look(run)
    assert hits(pry) == []


def test_a_seizure_that_its_state_keeps_silent_tells_nobody(pry, bra, run):
    enter(pry)
    bra.post("/seizures", bodies.seizure(visibility="silent"))
    look(run)
    assert hits(pry) == []


def test_of_a_record_that_is_only_pointed_to_the_other_state_learns_no_id(pry, bra):
    enter(pry)
    seized = bra.post("/seizures", bodies.seizure(visibility="pointer")).json
    [theirs], [mine] = hits(pry), hits(bra)
    assert theirs["cause_id"] is None
    assert mine["cause_id"] == seized["items"][0]["record"]
