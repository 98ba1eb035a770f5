"""Seizures: what they need, what they match at once, and whose they are."""

import pytest

from tests.support import bodies


@pytest.fixture
def client(as_actor):
    return as_actor("BRA", "police_officer")


def test_a_seizure_is_answered_as_it_was_sent(client):
    more = {
        "setting": "vehicle",
        "transport": "land",
        "concealment": "Under a seat",
        "route": {"departure": "PRY", "transit": [], "destination": "BRA"},
        "related": [{"state": "PRY", "case_number": "C-7", "relation": "same group"}],
    }
    answer = client.post("/seizures", bodies.seizure(**more)).json
    assert {name: answer[name] for name in more} == more


def test_what_was_found_with_it_keeps_its_quantity_as_a_number(client):
    found = [{"kind": "cocaine", "quantity": 1.5, "unit": "kg"}]
    answer = client.post("/seizures", bodies.seizure(found_with=found)).json
    assert answer["found_with"] == found


def test_a_seizure_says_at_once_what_it_matches(as_actor, client):
    sold = as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer()).json
    [matches] = client.post("/seizures", bodies.seizure()).json["matches"]
    [candidate] = matches["candidates"]
    assert (matches["line"], candidate["state"]) == (1, "PRY")
    assert candidate["record"] == sold["firearm"]["record"]
    assert candidate["strength"] == "strong"


def test_a_seizure_does_not_match_itself(client):
    [matches] = client.post("/seizures", bodies.seizure()).json["matches"]
    assert matches["candidates"] == []


@pytest.mark.parametrize("serial", ["A1", "??", None])
def test_a_gun_that_cannot_be_searched_is_recorded_all_the_same(client, serial):
    gun = {"line": 1, "type": "pistol", "marking": "obliterated"}
    gun |= {"serial": serial} if serial else {}
    [matches] = client.post("/seizures", bodies.seizure(items=[gun])).json["matches"]
    assert matches["candidates"] == []


@pytest.mark.parametrize(
    "changes,field",
    [
        ({"place": {"country": "PRY"}, "agency": "BRA-POLICE"}, "place.country"),
        ({"place": {"country": "BRA", "latitude": -25.5}}, "place"),
        ({"items": []}, "items"),
        ({"items": [bodies.firearm(), bodies.firearm()]}, "items.1.line"),
        ({"items": [bodies.firearm(category="ammunition")]}, "items.0.category"),
        ({"legal_grounds": ["speeding"]}, "legal_grounds.0"),
        ({"crime_context": "drug_trafficking"}, "crime_context"),
        ({"place": {"country": "BRA", "latitude": 91, "longitude": 0}}, "place.latitude"),
        ({"kind": "stolen"}, "kind"),
    ],
)
def test_a_seizure_that_cannot_be_is_refused(client, changes, field):
    assert list(client.post("/seizures", bodies.seizure(**changes), 422).json["errors"]) == [field]


def test_a_number_is_taken_once(client):
    client.post("/seizures", bodies.seizure())
    assert client.post("/seizures", bodies.seizure(), 409).json["code"] == "duplicate"


def test_two_states_may_use_one_number(as_actor, client):
    client.post("/seizures", bodies.seizure())
    place = {"country": "PRY"}
    as_actor("PRY", "police_officer").post("/seizures", bodies.seizure(place=place))


def test_a_joint_seizure_is_listed_on_both_sides(as_actor, client):
    client.post("/seizures", bodies.seizure(joint_with={"state": "PRY", "number": "P-9"}))
    purpose = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
    other = as_actor("PRY", "police_officer")
    assert len(client.get("/seizures").json["items"]) == 1
    assert len(other.get("/seizures", **purpose).json["items"]) == 1


def test_marks_are_kept_in_the_order_in_which_they_were_read(client):
    marks = [{"kind": "proof", "text": f"M{number}"} for number in range(9)]
    answer = client.post("/seizures", bodies.seizure(items=[bodies.firearm(marks=marks)])).json
    texts = [mark["text"] for mark in answer["items"][0]["marks"]]
    assert texts == ["ABC123456", "M0", "M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8"]
