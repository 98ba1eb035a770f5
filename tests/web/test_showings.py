"""What each way of finding a record shows of it to another state is listed for its owner, group by group."""

from datetime import timedelta

import pytest

from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.jobs import jobs_to_idle
from tests.web.pages import text

FOUND = {
    "holder": ("state",),
    "likeness": ("reasons",),
    "firearm": ("mark", "make", "model"),
    "event": ("event", "occurred_on"),
}
CHAIN = {
    "firearm": ("serial", "make", "model", "calibre", "year"),
    "event": ("event", "occurred_on"),
    "document": ("document_number",),
    "parties": ("from", "to"),
}
READ = {
    "firearm": ("serial", "make_text", "marks"),
    "event": ("event", "occurred_on"),
    "document": ("number", "document_number"),
    "parties": ("from", "to"),
}
GUN = {"serial": "NCX77123", "make": "Taurus", "type": "pistol"}
FOR_A_CASE = {"Salsa_Purpose": "seizure", "Salsa_Case": "C-7"}
ALL = ["holder", "likeness", "firearm", "event"]


def groups_shown(fields, said):
    """Return the field groups of which an answer says something."""
    return [group for group, names in fields.items() if any(said.get(name) for name in names)]


def named(said):
    """Return the groups of the parties whose names an answer has."""
    sides = [side for side in (said["from"], said["to"]) if side and side.get("name")]
    return ["persons" if side["kind"] == "individual" else "firms" for side in sides]


def sell(as_actor, visibility, **changes):
    clerk = as_actor("PRY", "licensing_officer")
    body = bodies.transfer(number="T-1", visibility=visibility, **changes)
    return clerk.post("/transfers", body).json["firearm"]["record"]


@pytest.fixture
def given(as_actor):
    """List what was shown of a record through something, newest first, as its owner reads it."""

    def read(record, through, owner="PRY"):
        found = as_actor(owner, "trace_analyst").get(f"/records/{record}/disclosures").json["items"]
        return [each for each in found if each["through"] == through]

    return read


@pytest.mark.parametrize("visibility", ["open", "pointer"])
def test_a_check_is_listed_with_what_its_answer_shows(as_actor, police, given, visibility):
    record = sell(as_actor, visibility)
    [candidate] = police.post("/checks", bodies.check()).json["candidates"]
    [first] = given(record, "check")
    assert first["groups"] == groups_shown(FOUND, candidate)
    assert (first["state"], first["role"], first["automatic"]) == ("BRA", "police_officer", False)
    assert (first["purpose"], first["case_number"], first["record_version"]) == (
        "investigation",
        "C-1",
        1,
    )
    assert first["handling"] is None  # no check says how what it shows is handled


@pytest.mark.parametrize("visibility", ["open", "pointer"])
def test_the_receipt_of_a_seizure_is_listed_with_what_it_shows(as_actor, police, given, visibility):
    record = sell(as_actor, visibility)
    [matched] = police.post("/seizures", bodies.seizure()).json["matches"]
    [candidate] = matched["candidates"]
    [first] = given(record, "seizure")
    assert first["groups"] == groups_shown(FOUND, candidate)
    assert (first["state"], first["role"]) == ("BRA", "police_officer")


@pytest.mark.parametrize("visibility,in_words", [("open", True), ("pointer", False)])
def test_a_match_is_listed_with_what_its_pages_show(
    as_actor, police, signed_in, given, visibility, in_words
):
    record = sell(as_actor, visibility, firearm=bodies.firearm(serial="ABC123465"))
    seizure = police.post("/seizures", bodies.seizure()).json["id"]
    [match] = police.get("/matches").json["items"]
    officer = signed_in("BRA", "police_officer")
    listed = text(officer.open("/matches"))
    says = {
        "holder": "Paraguay" in listed,
        "likeness": bool(match["reasons"]),
        "firearm": "ABC123465" in officer.open(f"/seizures/{seizure}"),
        "event": "6 May 2024" in listed,
    }
    [first] = given(record, "match")
    assert first["groups"] == [group for group, is_said in says.items() if is_said]
    assert says["event"] is in_words
    assert (first["state"], first["role"], first["automatic"]) == ("BRA", None, True)


def test_both_states_of_a_match_read_what_the_other_was_shown(as_actor, police, given):
    record = sell(as_actor, "open")
    seized = police.post("/seizures", bodies.seizure()).json["items"][0]["record"]
    [mine], [theirs] = given(record, "match"), given(seized, "match", "BRA")
    assert (mine["state"], theirs["state"]) == ("BRA", "PRY")
    assert mine["groups"] == theirs["groups"] == ALL


def test_a_correction_that_a_match_shows_is_listed_as_its_version(
    app, as_actor, police, given, monkeypatch, pry
):
    record = sell(as_actor, "pointer")
    police.post("/seizures", bodies.seizure())
    jobs_to_idle()
    monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + timedelta(minutes=1)))
    [made] = pry.get("/transfers").json["items"]
    body = bodies.transfer(number="T-1", visibility="open", reason="It may be seen now")
    pry.post(f"/transfers/{made['id']}/correct", body, 200, If_Match='"1"')
    result = [(each["record_version"], each["groups"]) for each in given(record, "match")]
    assert result == [(2, ALL), (1, ["holder"])]


def test_a_hit_is_listed_to_both_with_what_it_shows(as_actor, police, given):
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert(firearm=GUN))
    items = [bodies.firearm(**GUN)]
    seized = police.post("/seizures", bodies.seizure(items=items)).json["items"][0]["record"]
    [found], [answer] = (
        as_actor(state, "police_officer").get("/hits").json["items"] for state in ("BRA", "PRY")
    )
    [alert] = given(found["alert_record"], "hit")
    assert (alert["state"], alert["groups"]) == ("BRA", ["holder"])
    assert found["firearm"] is None and found["strength"]
    [cause] = given(seized, "hit", "BRA")
    assert (answer["cause_id"], answer["read_as"]) == (seized, "NCX77123")
    assert (cause["state"], cause["groups"]) == ("PRY", ["holder", "firearm", "event"])
    assert alert["automatic"] and cause["automatic"]


def test_a_hit_of_a_check_is_listed_as_what_the_check_shows_of_the_alert(
    as_actor, police, given, signed_in
):
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert(firearm=GUN))
    answer = police.post("/checks", bodies.check(**GUN)).json
    [hit], [candidate] = answer["hits"], answer["candidates"]
    assert hit["state"] == candidate["state"] == "PRY"
    [first] = given(candidate["record"], "check")
    assert (first["state"], first["role"]) == ("BRA", "police_officer")
    assert first["groups"] == groups_shown(FOUND, candidate)
    page = signed_in("PRY", "auditor").open(f"/disclosures?record={candidate['record']}")
    assert "Brazil Police officer Channel Check of a serial" in text(page)


def test_the_answer_to_a_trace_is_listed_with_what_its_chain_shows(as_actor, given, analyst):
    record = sell(as_actor, "open")
    trace = analyst.post("/traces", bodies.trace()).json["id"]
    [event] = analyst.get(f"/traces/{trace}/result").json["chain"]
    [answered] = given(record, "answer")
    assert answered["groups"] == groups_shown(CHAIN, event)
    assert (answered["state"], answered["role"], answered["automatic"]) == ("BRA", None, True)
    assert (answered["given_by"], answered["case_number"]) == ("PRY", "C-1")
    [result] = given(record, "reading")
    assert (result["groups"], result["role"]) == (named(event), "trace_analyst")
    [asked] = given(record, "trace")
    assert asked["groups"] == ["holder"]  # that the state is asked, since it holds something


def test_a_report_of_a_result_gives_what_reading_it_does_and_of_own_records_nothing(
    as_actor, signed_in, given
):
    clerk, analyst = (as_actor("BRA", role) for role in ("licensing_officer", "trace_analyst"))
    own = clerk.post("/transfers", bodies.transfer()).json["firearm"]["record"]
    record = sell(as_actor, "open", occurred_on="2024-06-06")
    trace = f"/traces/{analyst.post('/traces', bodies.trace()).json['id']}"
    visitor = signed_in("BRA", "trace_analyst")
    visitor.open(trace)
    assert visitor.client.get(f"{trace}/report.pdf").mimetype == "application/pdf"
    analyst.get(f"{trace}/report")
    analyst.get(f"{trace}/result")
    listed = given(record, "reading")
    assert len(listed) == 4 and listed[0]["groups"] == ["firms"]
    alike = [{**each, "id": None, "at": None} for each in listed]
    assert all(each == alike[0] for each in alike)
    assert given(own, "reading", "BRA") == []


def test_what_a_person_answers_is_no_act_of_the_service(as_actor, given, pry_analyst):
    record = sell(as_actor, "pointer")
    as_actor("BRA", "trace_analyst").post("/traces", bodies.trace())
    [request] = pry_analyst.get("/requests").json["items"]
    body = {"completeness": "full", "handling": "H1", "records": [record]}
    pry_analyst.post(f"/requests/{request['id']}/answer", body, 200, If_Match='"1"')
    [first] = given(record, "answer")
    assert (first["state"], first["role"], first["automatic"]) == ("BRA", None, False)


def test_what_is_read_is_listed_with_what_the_page_shows(as_actor, police, given):
    record = sell(as_actor, "open", **{"from": bodies.party("Ana", kind="individual")})
    read = police.get(f"/records/{record}", **FOR_A_CASE).json
    [first] = given(record, "reading")
    assert first["groups"] == groups_shown(READ, read)
    assert "name" not in read["from"] and "persons" not in first["groups"]


@beginning
def let_pass(as_actor):
    """An alert of Paraguay that lets its gun pass, which Brazil seizes."""
    body = bodies.alert(firearm=GUN, action="let_pass_and_inform")
    as_actor("PRY", "police_officer").post("/alerts", body)
    made = as_actor("BRA", "police_officer").post(
        "/seizures", bodies.seizure(items=[bodies.firearm(**GUN)])
    )
    return made.json["items"][0]["record"]


def test_a_hit_on_a_silent_alert_is_not_reported_to_its_finder(
    as_actor, let_pass, given, pry_analyst
):
    every = as_actor("BRA", "trace_analyst").get(f"/records/{let_pass}/disclosures").json["items"]
    assert every == []
    alert = as_actor("PRY", "police_officer").get("/alerts").json["items"][0]["firearm"]["record"]
    assert pry_analyst.get(f"/records/{alert}/disclosures").json["items"] == []  # nothing was shown


@pytest.mark.parametrize("visibility", ["open", "silent"])
def test_of_a_silent_seizure_no_list_of_another_state_tells(
    as_actor, police, visibility, pry_analyst
):
    record = sell(as_actor, "open")
    police.post("/seizures", bodies.seizure(visibility=visibility))
    listed = pry_analyst.get(f"/records/{record}/disclosures").json["items"]
    assert bool(listed) is (visibility == "open")


def test_who_received_it_finds_no_list_of_it_and_its_audit_names_no_record_of_another(
    as_actor, police
):
    record = sell(as_actor, "open")
    police.post("/seizures", bodies.seizure())
    as_actor("BRA", "trace_analyst").get(f"/records/{record}/disclosures", 404)
    groups_shown = as_actor("BRA", "auditor").get("/audit?action=record:shown").json["items"]
    assert {each["subject_state"] for each in groups_shown} == {"BRA"}
