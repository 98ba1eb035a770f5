"""Matches of guns that were found or are missed, apart from those of trade."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning


@beginning
def pairs(as_actor, police):
    """A gun that was sold new twice, and one that was sold and seized."""
    client = as_actor("BRA", "licensing_officer")
    for _ in range(2):
        client.post("/transfers", bodies.transfer(firearm=bodies.firearm(serial="XYZ987654")))
    client.post("/transfers", bodies.transfer())
    police.post("/seizures", bodies.seizure())


def serials(client, query):
    found = client.get(f"/matches{query}").json["items"]
    return {client.get(f"/records/{each['record']}").json["serial"] for each in found}


def test_those_of_crime_and_those_of_trade_are_listed_apart(police, pairs):
    assert serials(police, "?least_worth=crime") == {"ABC123456"}
    assert serials(police, "?worth=trade") == {"XYZ987654"}
    assert serials(police, "") == {"ABC123456", "XYZ987654"}


@pytest.mark.between_writes
def test_what_is_most_worth_a_look_comes_first_and_is_filtered(as_actor, police, pry_police, pairs):
    missing = bodies.firearm(serial="KLM777888")
    pry_police.post("/reports", bodies.report(firearm=missing))
    police.post("/seizures", bodies.seizure(number="S-9", items=[missing]))
    licensing = as_actor("PRY", "licensing_officer")
    licensing.post("/transfers", bodies.transfer(visibility="pointer"))
    worths = [each["worth"] for each in police.get("/matches").json["items"]]
    assert list(dict.fromkeys(worths)) == ["missing", "crime", "pointer", "trade"]
    assert serials(police, "?worth=missing") == {"KLM777888"}
    judged = police.get("/matches?least_worth=crime").json["items"]
    assert {each["worth"] for each in judged} == {"missing", "crime"}
    first = police.get("/matches?limit=1").json
    second = police.get(f"/matches?limit=1&cursor={first['next'].partition('cursor=')[2]}").json[
        "items"
    ]
    assert [each["worth"] for each in (*first["items"], *second)] == worths[:2]


@pytest.mark.parametrize("kind", ["loss", "theft", "recovery", "surrender"])
def test_a_report_of_any_kind_is_of_crime(as_actor, police, kind):
    body = bodies.report(kind=kind)
    del body["stolen_from"]
    police.post("/reports", body)
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    [match] = police.get("/matches").json["items"]
    assert match["worth"] == "crime"


def test_a_theft_matches_a_seizure_of_the_serial_though_make_and_calibre_differ(police, pry_police):
    other = bodies.firearm(make="Glock", calibre=".45 ACP")
    pry_police.post("/reports", bodies.report(firearm=other))
    police.post("/seizures", bodies.seizure())
    for client in (police, pry_police):
        [match] = client.get("/matches").json["items"]
        assert match["strength"] == "moderate"


def test_the_worker_and_a_correction_leave_it_as_it_is(as_actor, police, pairs):
    before = police.get("/matches?least_worth=crime").json["items"]
    assert police.get("/matches?least_worth=crime").json["items"] == before


def test_lawful_trade_beside_what_is_not_disclosed_is_no_question(as_actor, police):
    as_actor("BRA", "licensing_officer").post("/transfers", bodies.transfer())
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(visibility="pointer"))
    assert [each["worth"] for each in police.get("/matches").json["items"]] == ["trade"]
    assert police.get("/notifications").json["items"] == []


def seize_often(police, count):
    for number in range(count):
        police.post("/seizures", bodies.seizure(number=f"S-{number}"))


def strengths(client):
    return [each["strength"] for each in client.get("/matches").json["items"]]


@pytest.mark.parametrize(
    "count,matched", [(2, ["strong"]), (3, ["moderate"] * 3), (4, ["moderate"] * 6), (5, [])]
)
def test_a_mark_that_several_seizures_bear_and_no_register_is_doubted(police, count, matched):
    seize_often(police, count)
    assert strengths(police) == matched


def test_the_mark_of_a_gun_that_a_register_has_is_its_own_however_often_it_comes_back(
    as_actor, police
):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    seize_often(police, 3)
    assert strengths(police) == ["strong"] * 6
