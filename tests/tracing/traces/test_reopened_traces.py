"""A mark that is added to a gun reopens the traces of it that did not reach their end."""

import pytest
from sqlalchemy import select

from salsa_ext.database.session import db
from salsa_ext.statistics.models import Rollup
from tests.support import bodies, jobs


def defaced(**changes):
    gun = {name: value for name, value in bodies.firearm().items() if name != "serial"}
    return gun | {"marking": "obliterated"} | changes


@pytest.fixture
def clerk(as_actor):
    return as_actor("PRY", "licensing_officer")


@pytest.fixture
def seizure(police):
    return police.post("/seizures", bodies.seizure(items=[defaced()])).json


@pytest.fixture
def mark(as_actor, seizure):
    def post(of=seizure, **changes):
        body = {
            "kind": "manufacture",
            "text": "ABC123456",
            "method": "magnetic",
            "reason": "Read in the laboratory",
        } | changes
        path = f"/seizures/{of['id']}/items/1/marks"
        return as_actor("BRA", "forensic_examiner").post(path, body).json

    return post


@pytest.fixture
def trace(police, seizure, clerk):
    clerk.post("/transfers", bodies.transfer())
    return police.post("/traces", bodies.trace_of(seizure["id"])).json


def outcome(analyst, trace):
    return analyst.get(f"/traces/{trace['id']}/result").json["outcome"]


def test_a_trace_without_a_serial_is_traced_once_it_is_restored(analyst, trace, mark):
    trace = analyst.get(f"/traces/{trace['id']}").json
    assert (trace["status"], outcome(analyst, trace)) == ("completed", "no_record")
    mark()
    again = analyst.get(f"/traces/{trace['id']}").json
    assert (again["status"], outcome(analyst, trace)) == ("completed", "traced")
    assert again["version"] > trace["version"]
    assert again["firearm"]["serial"] == "ABC123456"


def test_a_state_not_asked_before_is_asked_and_notified(as_actor, analyst, trace, mark):
    assert "PRY" not in {leg["state"] for leg in trace["legs"]}
    mark()
    legs = {
        leg["state"]: leg["status"] for leg in analyst.get(f"/traces/{trace['id']}").json["legs"]
    }
    assert legs["PRY"] == "answered"
    answer = as_actor("PRY", "auditor").get("/audit?action=trace:reopened").json["items"]
    assert [(item["subject_id"], item["state"]) for item in answer] == [(trace["id"], "BRA")]


def test_that_a_trace_was_reopened_is_written_down_with_its_case(as_actor, trace, mark):
    mark()
    items = as_actor("BRA", "auditor").get("/audit?action=trace:reopened").json["items"]
    [entry] = [item for item in items if item["subject_id"] == trace["id"]]
    assert (entry["case_number"], entry["data"]) == ("C-1", {"asked": ["PRY"]})


def test_an_import_mark_leads_to_the_state_that_it_names(analyst, trace, mark):
    mark(kind="import", text="URY 24", state="URY", year=2024, method="xray")
    again = analyst.get(f"/traces/{trace['id']}").json
    assert {leg["state"]: leg["status"] for leg in again["legs"]}["URY"] == "no_record"


def test_a_state_that_takes_no_part_is_not_searched_until_it_is_asked(analyst, trace, mark):
    mark(kind="import", text="AUT 24", state="AUT", method="visual")
    assert analyst.get(f"/traces/{trace['id']}").json["status"] == "sent"
    assert outcome(analyst, trace) == "not_searched"


def read_in_part(as_actor, police, lost, serial):
    """Trace a seized gun, whose serial was read so, where another one was lost; returns both."""
    theft = bodies.report(firearm=bodies.firearm(serial=lost))
    as_actor("PRY", "police_officer").post("/reports", theft)
    gun = bodies.firearm(serial=serial, marking="unknown")
    made = police.post("/seizures", bodies.seizure(number="S-2", items=[gun])).json
    return made, police.post("/traces", bodies.trace_of(made["id"])).json


def test_a_legible_serial_is_asked_for_beside_the_restored_one(as_actor, police, analyst, mark):
    made, asked = read_in_part(as_actor, police, "WRONG98765", "WRONG98765")
    mark(of=made)
    assert outcome(analyst, asked) == "partly"


def test_an_answer_by_a_reading_that_no_longer_stands_is_taken_back(
    as_actor, police, analyst, mark
):
    made, asked = read_in_part(as_actor, police, "ABCEF987HJ", "ABCEF???HJ")
    assert outcome(analyst, asked) == "partly"
    mark(of=made, text="ABCEF12?HJ")
    mark(of=made, text="ABCEF123HJ")
    assert outcome(analyst, asked) == "no_record"
    legs = {leg["state"]: leg for leg in analyst.get(f"/traces/{asked['id']}").json["legs"]}
    assert legs["PRY"]["status"] == "no_record"


def test_an_answer_to_an_outdated_description_is_none_to_the_new_one(
    as_actor, police, analyst, clerk, mark
):
    gun = bodies.firearm(serial="ABCEF123HJ")
    clerk.post("/transfers", bodies.transfer(firearm=gun, visibility="pointer"))
    made, asked = read_in_part(as_actor, police, "ABCEF987HJ", "ABCEF???HJ")
    assert outcome(analyst, asked) == "partly"
    mark(of=made, text="ABCEF123HJ")
    pry = {leg["state"]: leg for leg in analyst.get(f"/traces/{asked['id']}").json["legs"]}["PRY"]
    assert (pry["status"], pry["events"], pry["answered_at"]) == ("acknowledged", 0, None)
    [request] = as_actor("PRY", "trace_analyst").get("/requests").json["items"]
    assert (request["status"], request["answered_at"]) == ("sent", None)
    assert outcome(analyst, asked) == "pending"


@pytest.mark.parametrize("action,status", [("close", "closed"), ("withdraw", "withdrawn")])
def test_what_was_ended_by_a_person_stays_as_it_was(analyst, police, trace, mark, action, status):
    version = f'"{trace["version"]}"'
    ended = police.post(f"/traces/{trace['id']}/{action}", None, 200, If_Match=version).json
    mark()
    again = analyst.get(f"/traces/{trace['id']}").json
    assert (again["status"], again["version"]) == (status, ended["version"])


def test_a_trace_that_reached_its_end_stays_as_it_is(analyst, mark, trace):
    mark()
    traced = analyst.get(f"/traces/{trace['id']}").json
    mark(kind="proof", text="BM9", method="visual")
    assert analyst.get(f"/traces/{trace['id']}").json == traced


def test_a_draft_gets_the_new_description_and_is_not_sent(analyst, police, seizure, mark):
    draft = police.post("/traces", bodies.trace_of(seizure["id"], draft=True)).json
    mark()
    again = analyst.get(f"/traces/{draft['id']}").json
    assert (again["status"], again["legs"]) == ("draft", [])
    assert again["firearm"]["serial"] == "ABC123456"


@pytest.fixture
def approved(analyst, police, seizure, supervisor):
    """A trace that a supervisor approved, and that nobody sent yet."""
    draft = police.post("/traces", bodies.trace_of(seizure["id"], draft=True)).json
    path = f"/traces/{draft['id']}"
    return supervisor.post(f"{path}/approve", None, 200, If_Match='"1"').json


def test_what_is_approved_gets_the_new_description_and_is_approved_anew(analyst, approved, mark):
    mark()
    again = analyst.get(f"/traces/{approved['id']}").json
    assert (again["firearm"]["serial"], again["status"]) == ("ABC123456", "draft")
    assert again["approval"] is None


def test_approvers_are_notified_of_a_changed_description(
    seizure, police, mark, administrator, supervisor
):
    tag = administrator.get("/settings").headers["ETag"]
    administrator.post("/settings", {"trace_approval": "own"}, 200, If_Match=tag)
    made = police.post("/traces", bodies.trace_of(seizure["id"])).json
    tag = supervisor.get(f"/traces/{made['id']}").headers["ETag"]
    supervisor.post(f"/traces/{made['id']}/approve", None, 200, If_Match=tag)
    mark()
    assert len(supervisor.get("/notifications?code=trace_to_approve").json["items"]) == 2


def test_whoever_asked_is_to_be_called_though_he_read_the_mark_himself(
    as_actor, police, trace, seizure, administrator
):
    for agency, kind in (("BRA-POLICE", "duty_24h"), ("BRA-TEST", "border_post")):
        office = {"agency": agency, "kind": kind, "languages": ["pt"], "hours": "24 h"}
        administrator.post("/contacts", office | {"telephone": "+55 61 0000"})
    read = {"kind": "manufacture", "text": "ABC123456", "method": "visual", "reason": "Cleaned"}
    police.post(f"/seizures/{seizure['id']}/items/1/marks", read)
    [asked] = as_actor("PRY", "trace_analyst").get("/requests").json["items"]
    assert asked["office"]["agency"] == "BRA-TEST"


def test_the_trace_of_another_gun_is_left_alone(analyst, police, mark):
    gun = defaced(model="PT 92")
    other = police.post("/seizures", bodies.seizure(number="S-2", items=[gun])).json
    asked = police.post("/traces", bodies.trace_of(other["id"])).json
    mark()
    assert analyst.get(f"/traces/{asked['id']}").json == asked


def test_figures_count_a_reopened_trace_once_by_what_it_came_to(trace, mark):
    mark()
    jobs.jobs_to_idle()
    counted = select(Rollup.subject, Rollup.amount).where(
        Rollup.dataset == "traces", Rollup.dimension == "", Rollup.amount != 0
    )
    assert db.session.execute(counted).all() == [("PRY|1_to_3_years|pistol|traced", 1)]
