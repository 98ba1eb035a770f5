"""A theft that was recorded by its serial: a trace considers it, however well the gun is described."""

import pytest

from tests.support import bodies

SERIAL = "TKA52385"
ALL = {
    "make": "Taurus",
    "type": "pistol",
    "calibre": "9x19",
    "model": "G2C",
    "country_of_manufacture": "BRA",
    "year": 2025,
}
SAID = [
    ("make", "type"),
    ("make", "type", "calibre"),
    ("make", "type", "calibre", "model"),
    ("make", "type", "calibre", "model", "country_of_manufacture"),
    tuple(ALL),
]


def gun(*names, serial=SERIAL):
    return {"line": 1, "serial": serial} | {name: ALL[name] for name in names}


@pytest.fixture
def recorded(as_actor, pry):
    """What Paraguay holds: guns that were sold, wholly described, and the theft of one, by its serial."""
    for serial in (SERIAL, "TKA52384", "TKA52386"):
        body = bodies.transfer(
            number=serial, firearm=gun(*ALL, serial=serial), occurred_on="2025-03-01"
        )
        pry.post("/transfers", body)
    body = bodies.report(
        firearm=gun("make", "type"), occurred_on="2025-06-01", stolen_from="dealer"
    )
    return as_actor("PRY", "police_officer").post("/reports", body).json["firearm"]["record"]


def trace(as_actor, firearm):
    analyst = as_actor("ARG", "trace_analyst")
    made = analyst.post("/traces", bodies.trace(firearm=firearm)).json
    return analyst.get(f"/traces/{made['id']}/result").json


@pytest.mark.parametrize("expected", SAID, ids=len)
def test_the_theft_stays_in_the_chain_however_much_is_said(as_actor, recorded, expected):
    found = trace(as_actor, gun(*expected))
    assert [event["event"] for event in found["chain"]] == ["domestic_sale", "theft"]
    assert found["point_of_diversion"]["diversion_kind"] == "theft_dealer"


def test_a_person_who_answers_is_shown_it_too(as_actor, recorded, pry_administrator, pry_analyst):
    pry_administrator.post("/settings", {"answers_automatically": False}, 200, If_Match='"0"')
    trace(as_actor, gun(*ALL))
    [asked] = pry_analyst.get("/requests").json["items"]
    hold = pry_analyst.get(f"/requests/{asked['id']}").json["candidates"]
    assert recorded in [each["record"] for each in hold]


@pytest.mark.parametrize("expected", [SAID[0], SAID[-1]], ids=len)
def test_where_a_glyph_is_unread_a_person_compares_it_too(
    as_actor, recorded, pry_analyst, expected
):
    found = trace(as_actor, gun(*expected, serial="TKA5238?"))
    assert (found["outcome"], found["chain"], found["possible"]) == ("pending", [], [])
    [asked] = pry_analyst.get("/requests").json["items"]
    assert recorded in [each["record"] for each in asked["candidates"]]


OTHERS = [
    {"serial": "TKA5238S", "model": "PT92", "year": 1999, "country_of_manufacture": "USA"},
    {"model": "PT92", "year": 1999, "country_of_manufacture": "USA"},
    {"make": "Glock", "type": "revolver", "calibre": ".380 ACP"},
    {"model": "PT92", "year": 1999},
    {"calibre": ".380 ACP"},
    {"serial": "TKA5238S"},
]


def stolen(as_actor, **other):
    body = bodies.report(firearm=gun(*ALL) | other, occurred_on="2025-06-01", stolen_from="dealer")
    return as_actor("PRY", "police_officer").post("/reports", body).json


@pytest.fixture
def sold(as_actor):
    body = bodies.transfer(firearm=gun(*ALL), occurred_on="2025-03-01")
    as_actor("PRY", "licensing_officer").post("/transfers", body)


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_the_theft_of_another_gun_concludes_nothing_and_is_not_given(as_actor, sold, other):
    record = stolen(as_actor, **other)["firearm"]["record"]
    found = trace(as_actor, gun(*ALL))
    assert [event["event"] for event in found["chain"]] == ["domestic_sale"]
    assert (found["point_of_diversion"], found["outcome"]) == (None, "traced")
    if set(other) == {"serial"}:
        [possible] = found["possible"]
        assert possible["record"] == record and "another gun" in possible["why_not"][-1]
    else:
        assert record not in str(found)


def test_what_is_registered_of_a_gun_whose_serial_is_alike_is_of_another(as_actor, sold):
    other = gun(*ALL) | OTHERS[0] | {"country_of_manufacture": "BRA"}
    body = bodies.transfer(number="2", kind="registration", firearm=other, occurred_on="2025-06-01")
    as_actor("PRY", "licensing_officer").post("/transfers", body)
    found = trace(as_actor, gun(*ALL))
    assert [event["event"] for event in found["chain"]] == ["domestic_sale"]
    assert found["conflicts"] == []


@pytest.mark.parametrize("expected", SAID, ids=len)
def test_a_theft_with_a_wrong_calibre_is_a_candidate_in_any_description(
    as_actor, sold, pry_analyst, expected
):
    record = stolen(as_actor, calibre=".380 ACP")["firearm"]["record"]
    found = trace(as_actor, gun(*expected))
    [asked] = pry_analyst.get("/requests").json["items"]
    assert record in [each["record"] for each in asked["candidates"]]
    assert record not in str(found)


def test_the_chain_follows_once_what_contradicted_it_is_put_right(as_actor, sold, arg_analyst):
    made = stolen(as_actor, **OTHERS[1])
    asked = arg_analyst.post("/traces", bodies.trace(firearm=gun(*ALL))).json
    right = bodies.report(
        firearm=gun(*ALL), occurred_on="2025-06-01", stolen_from="dealer", reason="Read again"
    )
    as_actor("PRY", "police_officer").post(
        f"/reports/{made['id']}/correct", right, 200, If_Match='"1"'
    )
    found = arg_analyst.get(f"/traces/{asked['id']}/result").json
    assert found["point_of_diversion"]["before"] == made["firearm"]["record"]
    assert found["conflicts"] == []
