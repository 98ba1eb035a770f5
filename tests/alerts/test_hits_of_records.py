"""Hits by records: of guns seized, sold or shipped after the alert, and of seizures before it."""

import pytest

from tests.support import bodies
from tests.support.hits import enter, hits, notices
from tests.support.matches import sold

pytestmark = pytest.mark.between_writes


def test_a_seizure_meets_an_alert_at_once_and_once(pry_police, police):
    enter(pry_police)
    seized = police.post("/seizures", bodies.seizure()).json
    [hit] = hits(pry_police)
    assert (hit["cause"], hit["cause_id"]) == ("seizure", seized["items"][0]["record"])
    assert hits(pry_police) == [hit] and len(hits(police)) == 1


def test_a_sale_and_a_shipped_gun_meet_an_alert(as_actor, pry_police, bra):
    enter(pry_police)
    sold(as_actor, "BRA")
    permit = bra.post("/permits", bodies.permit()).json["id"]
    gun = bodies.shipment()["items"][0] | {"serial": "ABC123456"}
    bra.post(f"/permits/{permit}/shipments", bodies.shipment(items=[gun]))
    assert sorted(hit["cause"] for hit in hits(pry_police)) == ["shipment", "transfer"]


def test_a_shipped_gun_of_the_next_serial_meets_no_alert(as_actor, pry_police):
    enter(pry_police)
    sold(as_actor, "BRA", firearm=bodies.firearm(serial="ABC123457"))
    assert hits(pry_police) == []


def test_a_report_before_the_alert_is_no_hit(as_actor, pry_police):
    sold(as_actor, "BRA")
    enter(pry_police)
    assert hits(pry_police) == []


def test_an_earlier_seizure_is_reported_when_its_gun_is_wanted(pry_police, police):
    seized = police.post("/seizures", bodies.seizure()).json["items"][0]["record"]
    enter(pry_police)
    [hit] = hits(pry_police)
    assert (hit["cause"], hit["cause_id"], hit["asking_state"]) == ("seizure", seized, "BRA")
    assert len(notices(police, "hit_made")) == 1


def test_the_report_that_a_gun_is_missed_does_not_meet_its_alert(pry_police):
    enter(pry_police)
    pry_police.post("/reports", bodies.report())
    assert hits(pry_police) == []


def test_a_seizure_that_its_state_keeps_silent_tells_nobody(pry_police, police):
    enter(pry_police)
    police.post("/seizures", bodies.seizure(visibility="silent"))
    assert hits(pry_police) == []


def test_of_a_record_that_is_only_pointed_to_the_other_state_learns_no_id(pry_police, police):
    enter(pry_police)
    seized = police.post("/seizures", bodies.seizure(visibility="pointer")).json
    [theirs], [mine] = hits(pry_police), hits(police)
    assert theirs["cause_id"] is None
    assert mine["cause_id"] == seized["items"][0]["record"]


def test_a_service_gun_that_is_handed_in_is_no_hit(pry_police, police):
    enter(pry_police)
    gun = bodies.firearm(line=1, owner_kind="police", handed_in=True)
    police.post("/seizures", bodies.seizure(items=[gun]))
    assert hits(pry_police) == []
