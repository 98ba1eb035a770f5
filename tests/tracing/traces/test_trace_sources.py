"""What a trace builds on: marks that stand, sales that are retail, shipments that are missing."""

from tests.support import bodies


def test_a_sale_to_a_dealer_is_not_the_first_retail_sale(as_actor, pry):
    pry.post("/transfers", bodies.transfer(occurred_on="2024-01-01", to=bodies.party()))
    pry.post("/transfers", bodies.transfer(occurred_on="2025-03-01"))
    result = traced(as_actor)
    assert result["ambiguous"] is False
    assert result["time_to_crime_days"] == 365


def test_a_mark_that_was_corrected_away_leads_no_trace(as_actor, pry):
    sold = pry.post("/transfers", bodies.transfer())
    corrected = bodies.transfer(firearm=bodies.firearm(serial="KKK777888"), reason="typing error")
    pry.post(f"/transfers/{sold.json['id']}/correct", corrected, 200, If_Match=sold.headers["ETag"])
    assert traced(as_actor)["chain"] == []


def test_a_state_that_saw_a_joint_seizure_sees_its_correction(as_actor, police):
    made = police.post("/seizures", bodies.seizure(joint_with={"state": "PRY", "number": "Z-1"}))
    alone = bodies.seizure(reason="not joint after all")
    address = f"/seizures/{made.json['id']}"
    police.post(f"{address}/correct", alone, 200, If_Match=made.headers["ETag"])
    purpose = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
    assert as_actor("PRY", "police_officer").get(address, **purpose).json["version"] == 2


def test_a_shipment_that_has_entered_is_not_overdue(as_actor, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    body = bodies.shipment(expected=[{"stage": "entry", "at": "2026-02-02T10:00:00Z"}])
    made = bra.post(f"/permits/{permit}/shipments", body).json
    assert made["status"] == "overdue"
    tick = {"stage": "entry", "occurred_at": "2026-02-03T10:00:00Z", "outcome": "passed"}
    address = f"/shipments/{made['id']}/checkpoints"
    assert as_actor("PRY", "border_officer").post(address, tick).json["status"] == "arrived"


def traced(as_actor):
    analyst = as_actor("BRA", "trace_analyst")
    trace = analyst.post("/traces", bodies.trace()).json["id"]
    return analyst.get(f"/traces/{trace}/result").json
