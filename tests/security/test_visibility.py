"""`silent` records give no sign to the asker; `pointer` ones give their state and its contact."""

import pytest

from salsa_ext.firearms.search import advice
from tests.support import bodies


def record_gun(as_actor, visibility, **firearm):
    client = as_actor("PRY", "licensing_officer")
    body = bodies.transfer(visibility=visibility, firearm=bodies.firearm(**firearm))
    return client.post("/transfers", body).json


def audit(as_actor, state, action):
    return as_actor(state, "auditor").get(f"/audit?action={action}").json["items"]


@pytest.fixture
def nothing(as_actor):
    """The answer to a check that hits nothing, but for its id."""
    return as_actor("BRA", "police_officer").post("/checks", bodies.check()).json | {"id": None}


def test_a_check_that_hits_a_silent_record_answers_as_one_that_hits_nothing(as_actor, nothing):
    record_gun(as_actor, "silent")
    answer = as_actor("BRA", "police_officer").post("/checks", bodies.check()).json
    assert answer | {"id": None} == nothing


def test_a_silent_record_is_not_counted_among_those_searched(as_actor, nothing):
    record_gun(as_actor, "silent")
    answer = as_actor("URY", "police_officer").post("/checks", bodies.check()).json
    assert answer["searched"] == nothing["searched"]


def test_a_state_of_which_the_only_record_became_silent_is_not_among_those_searched(
    as_actor, nothing, pry
):
    made = record_gun(as_actor, "open")
    body = bodies.transfer(reason="Operation", visibility="silent")
    pry.post(f"/transfers/{made['id']}/correct", body, 200, If_Match='"1"')
    advice.clear_cache()
    answer = as_actor("BRA", "police_officer").post("/checks", bodies.check()).json
    assert answer["searched"] == nothing["searched"]


@pytest.mark.boards
def test_an_open_record_is_counted_among_those_searched(as_actor):
    record_gun(as_actor, "open")
    answer = as_actor("BRA", "police_officer").post("/checks", bodies.check()).json
    [found] = [each for each in answer["searched"] if each["records"]]
    assert (found["state"], found["records"]) == ("PRY", 1)
    assert found["records_through"] == "2026-03-09"


def test_a_seizure_shows_no_match_with_a_silent_record(as_actor):
    record_gun(as_actor, "silent")
    answer = as_actor("BRA", "police_officer").post("/seizures", bodies.seizure()).json
    assert answer["matches"] == [{"line": 1, "candidates": [], "complete": False, "more": 0}]


ASKING = {
    "/checks": lambda serial: bodies.check(serial=serial),
    "/seizures": lambda serial: bodies.seizure(
        number=serial, items=[bodies.firearm(serial=serial)]
    ),
}


@pytest.mark.parametrize("path", ASKING)
@pytest.mark.parametrize(
    "hidden", [{"visible_to": ["CHL"]}, {"action": "let_pass_and_inform", "reason": "trafficking"}]
)
def test_an_alert_that_does_not_show_changes_no_statement(as_actor, asked, path, hidden, police):
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert(**hidden))
    police.post(path, ASKING[path]("QQQ000001"))  # what is read once a minute
    result = []
    for serial in ("ABC123456", "KLM777888"):
        asked.clear()
        police.post(path, ASKING[path](serial))
        result.append([*asked])
    assert result[0] == result[1]


def test_a_trace_makes_no_leg_for_a_silent_record(as_actor):
    record_gun(as_actor, "silent")
    answer = as_actor("ARG", "police_officer").post("/traces", bodies.trace()).json
    assert [leg["state"] for leg in answer["legs"]] == ["ARG", "BRA"]


def test_a_trace_has_nothing_of_a_silent_record_in_its_result(as_actor, analyst):
    record_gun(as_actor, "silent")
    made = analyst.post("/traces", bodies.trace()).json
    result = analyst.get(f"/traces/{made['id']}/result").json
    assert result["chain"] == []
    assert [row["state"] for row in result["searched"]] == ["BRA"]  # which asked itself


def test_a_silent_record_pushes_no_weaker_one_out_of_a_trace(as_actor, arg_analyst):
    record_gun(as_actor, "silent")
    body = bodies.transfer(firearm={"line": 1, "type": "pistol", "serial": "ABC123456"})
    as_actor("PRY", "licensing_officer").post("/transfers", body)
    made = arg_analyst.post("/traces", bodies.trace()).json
    assert "PRY" in [leg["state"] for leg in made["legs"]]


def test_a_silent_record_is_not_there_for_who_knows_its_id(as_actor, police):
    record = record_gun(as_actor, "silent")["firearm"]["record"]
    police.get(f"/records/{record}", 404, Salsa_Purpose="seizure", Salsa_Case="C-1")


def test_a_silent_record_is_shown_to_its_own_state(as_actor):
    record = record_gun(as_actor, "silent")["firearm"]["record"]
    own = as_actor("PRY", "police_officer").post("/checks", bodies.check()).json
    assert own["verdict"] == "hit"
    assert own["candidates"][0]["record"] == record


@pytest.mark.parametrize(
    "path,body",
    [("/checks", bodies.check()), ("/seizures", bodies.seizure()), ("/traces", bodies.trace())],
)
def test_the_owner_of_a_silent_record_reads_who_asked(as_actor, run, path, body):
    record = record_gun(as_actor, "silent")["firearm"]["record"]
    as_actor("BRA", "police_officer").post(path, body)
    [entry] = audit(as_actor, "PRY", "record:matched")
    assert entry["state"] == "BRA"
    assert entry["data"] == {"records": [record]}


@pytest.mark.parametrize(
    "path,body",
    [("/checks", bodies.check()), ("/seizures", bodies.seizure()), ("/traces", bodies.trace())],
)
@pytest.mark.parametrize("visibility", ["silent", "pointer"])
def test_the_askers_own_audit_does_not_name_a_record_that_is_not_open(
    as_actor, path, body, visibility
):
    record_gun(as_actor, visibility)
    as_actor("BRA", "police_officer").post(path, body)
    assert audit(as_actor, "BRA", "record:matched") == []


def test_the_owner_of_a_silent_record_is_notified_once_and_by_whom(as_actor, run):
    record_gun(as_actor, "silent")
    made = as_actor("BRA", "police_officer").post("/checks", bodies.check()).json
    [entry] = audit(as_actor, "PRY", "record:matched")
    assert (entry["subject_id"], entry["case_number"]) == (made["id"], "C-1")


def test_the_askers_audit_has_the_check_itself(as_actor):
    record_gun(as_actor, "silent")
    made = as_actor("BRA", "police_officer").post("/checks", bodies.check()).json
    [entry] = audit(as_actor, "BRA", "check:made")
    assert entry["subject_id"] == made["id"]
    assert entry["data"] == {"verdict": "no_hit", "case_unknown": True}


def test_a_pointer_gives_state_and_contact_and_neither_id_nor_reasons(as_actor, contact):
    record_gun(as_actor, "pointer")
    answer = as_actor("BRA", "police_officer").post("/checks", bodies.check()).json
    [candidate] = answer["candidates"]
    assert (candidate["state"], candidate["record"], candidate["event"]) == ("PRY", None, None)
    assert candidate["reasons"] == []
    assert answer["next"]["contact"]["agency"] == "PRY-POLICE"


def test_a_pointer_is_not_read_by_who_guesses_its_id(as_actor, police):
    record = record_gun(as_actor, "pointer")["firearm"]["record"]
    police.get(f"/records/{record}", 404, Salsa_Purpose="seizure", Salsa_Case="C-1")


def test_a_trace_asks_the_state_of_a_pointer_and_waits_for_a_person(as_actor):
    record_gun(as_actor, "pointer")
    made = as_actor("ARG", "trace_analyst").post("/traces", bodies.trace()).json
    legs = {leg["state"]: leg for leg in made["legs"]}
    assert (legs["PRY"]["status"], legs["PRY"]["events"]) == ("sent", 0)


@pytest.mark.parametrize("visibility,verdict", [("silent", "no_hit"), ("pointer", "hit")])
def test_a_correction_that_says_nothing_of_visibility_keeps_it(as_actor, visibility, verdict):
    client, made = as_actor("PRY", "licensing_officer"), record_gun(as_actor, visibility)
    body = bodies.transfer(reason="Day", occurred_on="2024-05-07")
    client.post(f"/transfers/{made['id']}/correct", body, 200, If_Match='"1"')
    answer = as_actor("BRA", "police_officer").post("/checks", bodies.check()).json
    assert answer["verdict"] == verdict
    assert not any(candidate["record"] for candidate in answer["candidates"])


def test_a_new_item_of_a_silent_seizure_is_silent(as_actor, pry_police):
    place = {"country": "PRY"}
    made = pry_police.post("/seizures", bodies.seizure(visibility="silent", place=place)).json
    items = [bodies.firearm(), bodies.firearm(line=2, serial="NEW777777")]
    body = bodies.seizure(place=place, items=items, reason="One more")
    pry_police.post(f"/seizures/{made['id']}/correct", body, 200, If_Match='"1"')
    asked = bodies.check(serial="NEW777777")
    assert as_actor("BRA", "police_officer").post("/checks", asked).json["verdict"] == "no_hit"


def test_a_correction_makes_a_record_silent_where_its_owner_says_so(as_actor):
    client, made = as_actor("PRY", "licensing_officer"), record_gun(as_actor, "open")
    body = bodies.transfer(reason="Operation", visibility="silent")
    client.post(f"/transfers/{made['id']}/correct", body, 200, If_Match='"1"')
    answer = as_actor("BRA", "police_officer").post("/checks", bodies.check()).json
    assert answer["verdict"] == "no_hit"
    assert answer["searched"] == [] or answer["searched"][0]["records"] == 0
