"""Seizures: what they need, what they match at once, and whose they are."""

import pytest

from tests.support import bodies


def test_a_seizure_is_answered_as_it_was_sent(police):
    more = {
        "setting": "vehicle",
        "transport": "land",
        "concealment": "Under a seat",
        "route": {"departure": "PRY", "transit": [], "destination": "BRA"},
        "related": [{"state": "PRY", "case_number": "C-7", "relation": "same group"}],
    }
    answer = police.post("/seizures", bodies.seizure(**more)).json
    assert {name: answer[name] for name in more} == more


def test_what_was_found_with_it_keeps_its_quantity_as_a_number(police):
    found = [{"kind": "cocaine", "quantity": 1.5, "unit": "kg"}]
    assert police.post("/seizures", bodies.seizure(found_with=found)).json["found_with"] == found


def test_a_seizure_says_at_once_what_it_matches(as_actor, police):
    sold = as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer()).json
    [matches] = police.post("/seizures", bodies.seizure()).json["matches"]
    [candidate] = matches["candidates"]
    assert (matches["line"], candidate["state"]) == (1, "PRY")
    assert candidate["record"] == sold["firearm"]["record"]
    assert candidate["strength"] == "strong"


def test_a_seizure_does_not_match_itself(police):
    [matches] = police.post("/seizures", bodies.seizure()).json["matches"]
    assert matches["candidates"] == []


@pytest.mark.parametrize("serial", ["A1", "??", None])
def test_a_gun_that_cannot_be_searched_is_recorded_all_the_same(police, serial):
    gun = {"line": 1, "type": "pistol", "marking": "obliterated"}
    gun |= {"serial": serial} if serial else {}
    [matches] = police.post("/seizures", bodies.seizure(items=[gun])).json["matches"]
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
def test_a_seizure_that_cannot_be_is_refused(police, changes, field):
    assert list(police.post("/seizures", bodies.seizure(**changes), 422).json["errors"]) == [field]


def test_a_number_is_used_once(police):
    police.post("/seizures", bodies.seizure())
    assert police.post("/seizures", bodies.seizure(), 409).json["code"] == "duplicate"


def test_two_states_may_use_one_number(as_actor, police):
    police.post("/seizures", bodies.seizure())
    place = {"country": "PRY"}
    as_actor("PRY", "police_officer").post("/seizures", bodies.seizure(place=place))


def test_a_joint_seizure_is_listed_on_both_sides(police, pry_police):
    police.post("/seizures", bodies.seizure(joint_with={"state": "PRY", "number": "P-9"}))
    purpose = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
    assert len(police.get("/seizures").json["items"]) == 1
    assert len(pry_police.get("/seizures", **purpose).json["items"]) == 1


def test_marks_are_kept_in_the_order_in_which_they_were_read(police):
    marks = [{"kind": "proof", "text": f"M{number}"} for number in range(9)]
    answer = police.post("/seizures", bodies.seizure(items=[bodies.firearm(marks=marks)])).json
    texts = [mark["text"] for mark in answer["items"][0]["marks"]]
    assert texts == ["ABC123456", "M0", "M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8"]


SERVICE_GUN = {"owner_kind": "police", "handed_in": True, "register_number": "PC-0412"}


def test_an_item_says_whose_it_was_and_the_register_number_to_its_own_state(police, pry_police):
    joint = {"joint_with": {"state": "PRY", "number": "P-1"}}
    made = bodies.seizure(items=[bodies.firearm(line=1, **SERVICE_GUN)], **joint)
    seizure = police.post("/seizures", made).json
    assert SERVICE_GUN.items() <= seizure["items"][0].items()
    other = pry_police.get(f"/seizures/{seizure['id']}", Salsa_Purpose="seizure", Salsa_Case="C-1")
    item = other.json["items"][0]
    assert (item["owner_kind"], item["handed_in"]) == ("police", True)
    assert item["register_number"] is None


def test_a_mark_that_is_added_leaves_whose_the_gun_was(police, as_actor):
    body = bodies.seizure(items=[bodies.firearm(line=1, **SERVICE_GUN)])
    seizure = police.post("/seizures", body).json
    mark = {"kind": "proof", "text": "XY 1", "method": "visual", "reason": "Seen again"}
    examiner = as_actor("BRA", "forensic_examiner")
    marked = examiner.post(f"/seizures/{seizure['id']}/items/1/marks", mark).json
    assert SERVICE_GUN.items() <= marked["items"][0].items()


def test_a_private_gun_is_not_handed_in_as_a_service_gun(police):
    gun = bodies.firearm(line=1, owner_kind="private", handed_in=True)
    wrong = police.post("/seizures", bodies.seizure(items=[gun]), 422).json
    assert list(wrong["errors"]) == ["items.0.handed_in"]


def withdraw(client, seizure, expect=200):
    path = f"/seizures/{seizure['id']}/withdraw"
    why = {"reason": "Entered twice"}
    return client.post(path, why, expect, If_Match=f'"{seizure["version"]}"').json


def test_a_seizure_recorded_in_error_is_withdrawn_with_the_reason_and_stays_readable(police):
    seizure = police.post("/seizures", bodies.seizure()).json
    gone = withdraw(police, seizure)
    assert (gone["status"], gone["version"], gone["reason"]) == ("withdrawn", 2, "Entered twice")
    assert police.get(f"/seizures/{seizure['id']}").json["status"] == "withdrawn"
    assert police.get("/seizures?status=standing").json["items"] == []
    assert withdraw(police, gone, 409)["code"] == "illegal_transition"


def test_the_gun_of_a_withdrawn_seizure_is_found_by_nobody_and_traced_by_nobody(
    police, pry_police, analyst
):
    seizure = police.post("/seizures", bodies.seizure()).json
    assert pry_police.post("/checks", bodies.check()).json["candidates"] != []
    withdraw(police, seizure)
    assert pry_police.post("/checks", bodies.check()).json["candidates"] == []
    assert police.get(f"/records/{seizure['items'][0]['record']}").json["withdrawn"]
    refused = analyst.post("/traces", bodies.trace_of(seizure["id"]), 422).json
    assert list(refused["errors"]) == ["seizure"]


@pytest.mark.parametrize("kind", ["seizure", "report", "transfer", "permit", "trace"])
def test_a_document_has_a_note_and_numbers_in_other_systems(as_actor, kind):
    more = {"note": "See box 7", "external_ids": [{"system": "SINARM", "number": "2026/17"}]}
    roles = {
        "transfer": "licensing_officer",
        "permit": "licensing_officer",
        "trace": "trace_analyst",
    }
    role = roles.get(kind, "police_officer")
    client = as_actor("BRA", role)
    made = client.post(f"/{kind}s", getattr(bodies, kind)(**more)).json
    read = client.get(f"/{kind}s/{made['id']}").json
    assert {name: read[name] for name in more} == more
    found, none = (client.get(f"/{kind}s?external_id={each}").json for each in ("2026/17", "17"))
    assert ([item["id"] for item in found["items"]], none["items"]) == ([made["id"]], [])


@pytest.mark.parametrize(
    "query,count",
    [
        ("make=taurus", 1),
        ("make=Glock", 0),
        ("place=igua%C3%A7", 1),
        ("place=%25", 0),
        ("agency=BRA-POLICE", 1),
        ("agency=BRA-TEST", 0),
        ("admin1=PR", 1),
        ("serial=abc-123456", 1),
        ("from_day=2026-03-02", 0),
    ],
)
def test_seizures_are_listed_by_serial_make_place_agency_division_and_days(police, query, count):
    place = {"country": "BRA", "name": "Foz do Iguaçu", "admin1": "PR"}
    police.post("/seizures", bodies.seizure(place=place))
    assert len(police.get(f"/seizures?{query}").json["items"]) == count


def test_an_agency_that_there_is_not_is_refused_and_finds_nothing(police):
    assert list(police.get("/seizures?agency=BRA-NONE", 422).json["errors"]) == ["agency"]
