"""A hit that is read has the two guns to be compared, as far as each may go to the reader."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning

OF_A_CASE = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-9"}


@beginning
def seized(as_actor):
    """What Brazil seized, which an alert of Paraguay met."""
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert())
    return as_actor("BRA", "police_officer").post("/seizures", bodies.seizure()).json


def read(client, **headers):
    [hit] = client.get("/hits").json["items"]
    assert not {"sought", "met"} & hit.keys()
    return client.get(f"/hits/{hit['id']}", **headers).json


def given(as_actor, state):
    entries = as_actor(state, "auditor").get("/audit?action=record:disclosed").json["items"]
    return [(each["state"], each["case_number"], each["data"]["groups"]) for each in entries]


def test_the_state_of_the_alert_reads_the_found_record_for_its_case(as_actor, pry_police, seized):
    hit = read(pry_police)
    assert (hit["alert_gun"]["state"], hit["found_gun"]["state"]) == ("PRY", "BRA")
    assert (hit["found_gun"]["event"], hit["found_gun"]["occurred_on"]) == ("seized", "2026-03-01")
    assert [hit["found_gun"][name] for name in ("make", "model", "type")] == [
        "taurus",
        "G2C",
        "pistol",
    ]
    assert hit["found_gun"]["record"] == seized["items"][0]["record"]
    assert given(as_actor, "BRA") == [("PRY", "A-1", ["firearm", "event"])]


def test_another_case_that_it_names_takes_the_place_of_that(as_actor, pry_police, seized):
    assert read(pry_police, **OF_A_CASE)["found_gun"]
    assert given(as_actor, "BRA") == [("PRY", "C-9", ["firearm", "event"])]


def test_the_place_is_for_the_states_that_the_seizure_concerns_alone(pry_police, seized):
    found = read(pry_police)["found_gun"]
    assert found["place"] is None
    assert [(each["group"], each["code"]) for each in found["withheld"]] == [
        ("place", "concerned_alone")
    ]


def test_the_finder_reads_the_gun_of_the_alert_for_a_purpose_and_a_case(as_actor, police, seized):
    hit = read(police)
    assert "alert_gun" not in hit and hit["found_gun"]["place"]["name"] == "Foz do Iguaçu"
    hit = read(police, **OF_A_CASE)
    assert hit["alert_gun"]["model"] == "G2C" and "place" not in hit["alert_gun"]["withheld"]
    assert given(as_actor, "PRY") == [("BRA", "C-9", ["firearm", "event"])]


@pytest.mark.parametrize("visibility", ["pointer", "silent"])
def test_of_a_record_that_its_owner_shows_no_longer_nothing_is_given(
    as_actor, pry_police, police, seized, visibility
):
    again = bodies.seizure(visibility=visibility) | {"reason": "Sensitive"}
    police.post(f"/seizures/{seized['id']}/correct", again, 200, If_Match='"1"')
    hit = read(pry_police)
    assert "found_gun" not in hit and hit["alert_gun"]
    assert given(as_actor, "BRA") == []


def test_of_a_gun_that_is_let_pass_nothing_is_read_unless_a_purpose_says_so(
    as_actor, pry_police, police
):
    pry_police.post("/alerts", bodies.alert(action="let_pass_and_inform"))
    police.post("/seizures", bodies.seizure())
    assert "found_gun" not in read(pry_police) and given(as_actor, "BRA") == []
    assert read(pry_police, **OF_A_CASE)["found_gun"] and given(as_actor, "BRA")


def test_what_is_hidden_of_the_case_hides_that_its_guns_were_compared(
    as_actor, pry_police, police, seized
):
    """The owner sees that its record was given; the asking agency from which the case is kept does not."""
    case = bodies.trace(case_number="A-1", hidden_from=["PRY-LICENSING"])
    as_actor("PRY", "trace_analyst", agency="POLICE").post("/traces", case)
    assert read(pry_police)["found_gun"]
    visible = as_actor("PRY", "auditor", agency="LICENSING")
    mine = visible.get("/audit?action=record:disclosed").json["items"]
    assert [each for each in mine if each["state"] == "PRY"] == []
    assert ("PRY", "A-1", ["firearm", "event"]) in given(as_actor, "BRA")


def test_a_purpose_without_its_case_is_refused_as_elsewhere(as_actor, pry_police, police, seized):
    for client in (pry_police, police):
        [hit] = client.get("/hits").json["items"]
        refused = client.get(f"/hits/{hit['id']}", 422, Salsa_Purpose="investigation").json
        assert list(refused["errors"]) == ["Salsa-Case"]
    assert given(as_actor, "BRA") == given(as_actor, "PRY") == []


@pytest.fixture
def checked(pry_police, police):
    """What Brazil asked in a check, which an alert of Paraguay met."""
    pry_police.post("/alerts", bodies.alert())
    return police.post("/checks", bodies.check(type="pistol", model="G3", year=2019)).json


def handed(as_actor, state):
    entries = as_actor(state, "auditor").get("/audit?action=check:disclosed").json["items"]
    return [(each["state"], each["case_number"], each["data"]["groups"]) for each in entries]


def test_the_alerts_state_reads_what_was_asked_in_the_check_that_met_it(
    as_actor, pry_police, checked
):
    hit = read(pry_police)["found_gun"]
    assert [hit[name] for name in ("make", "model", "type", "calibre_text", "year")] == [
        "taurus",
        "G3",
        "pistol",
        "9x19",
        2019,
    ]
    assert (hit["state"], hit["record"], hit["event"], hit["place"]) == ("BRA", None, None, None)
    assert handed(as_actor, "BRA") == [("PRY", "A-1", ["firearm"])]
    assert given(as_actor, "BRA") == []


def test_the_asker_reads_his_own_question_without_a_notice(as_actor, police, checked):
    assert read(police)["found_gun"]["model"] == "G3"
    assert handed(as_actor, "BRA") == handed(as_actor, "PRY") == []


def test_of_a_check_by_which_a_gun_was_let_pass_nothing_is_read_unless_a_purpose_says_so(
    as_actor, pry_police, police
):
    pry_police.post("/alerts", bodies.alert(action="let_pass_and_inform"))
    police.post("/checks", bodies.check())
    assert "found_gun" not in read(pry_police) and handed(as_actor, "BRA") == []
    assert read(pry_police, **OF_A_CASE)["found_gun"]["make"] == "taurus" and handed(
        as_actor, "BRA"
    )
