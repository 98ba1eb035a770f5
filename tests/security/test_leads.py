"""What leads let through: nothing silent, no pointer, no person of another state, no other role."""

import json

import pytest

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import ROLE_PERMISSIONS
from tests.support import bodies

PURPOSE = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
SERIALS = ("TKA100001", "TKB200002", "TKC300003")
BUYER = bodies.party("Ana Secreta", "PRY", "individual") | {
    "identification": "PRY-77",
    "address": "Calle Oculta 1",
    "licence": "L-77",
    "contact": "tel. 0981-77",
}
FOLLOWING = {"trace_analyst", "police_officer"}


def sell(as_actor, serial, **changes):
    body = bodies.transfer(number=f"T-{serial}", firearm=bodies.firearm(serial=serial), to=BUYER)
    sold = as_actor("PRY", "licensing_officer").post("/transfers", body | changes).json
    return sold["firearm"]["record"]


def seize(as_actor, serial, state="BRA", **changes):
    place = {"country": state, "name": "Ciudad Uno"}
    body = bodies.seizure(number=f"S-{serial}", items=[bodies.firearm(serial=serial)], place=place)
    return as_actor(state, "police_officer").post("/seizures", body | changes).json


def read_leads(client, **headers):
    return client.get("/leads?limit=200", **(headers or PURPOSE)).json["items"]


def test_analysts_and_police_alone_follow_leads():
    assert {
        role for role, may in ROLE_PERMISSIONS.items() if Permission.LEAD_READ in may
    } == FOLLOWING


@pytest.mark.parametrize("role", sorted(set(ROLE_PERMISSIONS) - FOLLOWING - {"secretariat"}))
def test_no_other_role_reads_them(as_actor, role):
    as_actor("BRA", role).get("/leads", 403)
    as_actor("BRA", role).get("/leads/0199f2c0-0000-7000-8000-000000000000", 403)


@pytest.mark.parametrize("visibility", ["silent", "pointer"])
def test_what_is_not_open_makes_no_lead_of_another_state(as_actor, analyst, visibility):
    for serial in SERIALS[:2]:
        seize(as_actor, serial)
    before = read_leads(analyst)
    for serial in SERIALS[:2]:
        sell(as_actor, serial, visibility=visibility)
    assert read_leads(analyst) == before


def test_what_is_silent_does_not_change_how_rare_a_thing_is(as_actor, analyst):
    """An analyst of Paraguay sees his own; he of Brazil sees the same as if it were not there."""
    for serial in SERIALS[:2]:
        sell(as_actor, serial)
        seize(as_actor, serial)
    before = read_leads(analyst)
    sell(as_actor, SERIALS[2], visibility="silent", **{"from": bodies.party("Otra Casa")})
    seize(as_actor, SERIALS[2], "ARG", visibility="silent")
    assert read_leads(analyst) == before


def test_a_seizure_that_another_state_keeps_silent_is_no_recirculation(as_actor, analyst):
    seize(as_actor, SERIALS[0], "ARG", visibility="silent", occurred_on="2026-01-09")
    seize(as_actor, SERIALS[0])
    assert read_leads(analyst) == []
    assert [lead["kind"] for lead in read_leads(as_actor("ARG", "trace_analyst"))] == [
        "recirculation"
    ]


def test_a_record_that_was_open_and_is_silent_now_makes_no_lead(as_actor, analyst, pry):
    for serial in SERIALS[:2]:
        sell(as_actor, serial)
        seize(as_actor, serial)
    assert read_leads(analyst)
    for sale in pry.get("/transfers").json["items"]:
        serial = sale["firearm"]["serial"]
        body = bodies.transfer(
            number=sale["number"], firearm=bodies.firearm(serial=serial), to=BUYER
        )
        result = body | {"visibility": "silent", "reason": "Closed"}
        pry.post(f"/transfers/{sale['id']}/correct", result, 200, If_Match=f'"{sale["version"]}"')
    assert read_leads(analyst) == []


def test_no_personal_value_of_another_states_buyer_goes_out(as_actor, analyst):
    for serial in SERIALS[:2]:
        sell(as_actor, serial)
        seize(as_actor, serial)
    leads = read_leads(analyst)
    assert "straw_purchase" in {lead["kind"] for lead in leads}
    opened = [analyst.get(f"/leads/{lead['id']}", **PURPOSE).json for lead in leads]
    table = analyst.get("/leads?format=csv", **PURPOSE).get_data(as_text=True)
    for sentence in (
        json.dumps(leads, ensure_ascii=False),
        json.dumps(opened, ensure_ascii=False),
        table,
    ):
        for value in ("Ana", "PRY-77", "Oculta", "L-77", "tel. 0981"):
            assert value not in sentence


def test_a_person_is_distinguished_within_one_states_records_alone(as_actor, analyst):
    """Nobody learns who another state's buyer is by recording someone of the same number."""
    sell(as_actor, SERIALS[0])
    mine = bodies.transfer(number="T-9", firearm=bodies.firearm(serial=SERIALS[1]), to=BUYER)
    as_actor("BRA", "licensing_officer").post("/transfers", mine)
    for serial in SERIALS[:2]:
        seize(as_actor, serial)
    assert not {lead["kind"] for lead in read_leads(analyst)} & {"straw_purchase", "shared_holder"}


def test_a_lead_of_another_state_is_not_there(as_actor, analyst):
    for serial in SERIALS[:2]:
        sell(as_actor, serial)
        seize(as_actor, serial)
    [lead, *_] = read_leads(analyst)
    as_actor("URY", "trace_analyst").get(f"/leads/{lead['id']}", 404, **PURPOSE)
    assert read_leads(as_actor("URY", "trace_analyst")) == []
