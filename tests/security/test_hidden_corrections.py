"""States with an old value of a record are notified, also if the trace is hidden from the corrector."""

import pytest

from tests.support import bodies

pytestmark = pytest.mark.between_writes

CASE, OFFICE = "KEPT-C-77", "POLICE"
CORRECTED = "/audit?action=record:corrected"


def corrected_subjects(client):
    return [item["subject_id"] for item in client.get(CORRECTED).json["items"]]


@pytest.fixture
def corrected(as_actor, agency):
    """A theft of Paraguay that Brazil got in a trace kept from one office there, put right by an agency."""
    police = as_actor("PRY", "police_officer", agency=agency)
    made = police.post("/reports", bodies.report()).json
    asked = bodies.trace(case_number=CASE, hidden_from=[f"PRY-{OFFICE}"])
    as_actor("BRA", "trace_analyst").post("/traces", asked)
    body = bodies.report(reason="Read again", stolen_from="dealer")
    police.post(f"/reports/{made['id']}/correct", body, 200, If_Match='"1"')
    return made["firearm"]["record"]


@pytest.mark.parametrize("agency", ["TEST", OFFICE])
def test_a_state_with_the_old_value_is_notified_of_any_correction(as_actor, corrected):
    assert corrected_subjects(as_actor("BRA", "auditor")) == [corrected]
    assert corrected_subjects(as_actor("PRY", "auditor")) == [corrected]


@pytest.mark.parametrize("agency", ["TEST", OFFICE])
def test_an_agency_learns_of_no_trace_hidden_from_it(as_actor, corrected):
    assert corrected_subjects(as_actor("PRY", "auditor", agency=OFFICE)) == []


@pytest.mark.parametrize("agency", [OFFICE])
def test_a_state_that_looked_it_up_in_the_case_is_notified_too(as_actor, agency, analyst):
    police = as_actor("PRY", "police_officer", agency=agency)
    made = police.post("/reports", bodies.report()).json
    analyst.get(
        f"/records/{made['firearm']['record']}", Salsa_Purpose="investigation", Salsa_Case=CASE
    )
    analyst.post(
        "/traces", bodies.trace(case_number=CASE, draft=True, hidden_from=[f"PRY-{OFFICE}"])
    )
    body = bodies.report(reason="Read again", stolen_from="dealer")
    police.post(f"/reports/{made['id']}/correct", body, 200, If_Match='"1"')
    assert corrected_subjects(as_actor("BRA", "auditor")) == [made["firearm"]["record"]]


@pytest.mark.parametrize("traces", [0, 1, 2])
def test_how_often_the_owner_is_told_says_nothing_of_traces_that_he_was_not_asked_in(
    as_actor, traces, pry, analyst
):
    sold = pry.post("/transfers", bodies.transfer()).json
    gun = bodies.firearm(serial="ZZZ98765", country_of_manufacture="ARG")
    for number in range(traces):
        analyst.post("/traces", bodies.trace(case_number=f"C-{number}", firearm=gun))
    for case in ("C-0", "C-1", "ELSE"):
        path = f"/records/{sold['firearm']['record']}"
        analyst.get(path, Salsa_Purpose="investigation", Salsa_Case=case)
    body = bodies.transfer(reason="Read again", occurred_on="2024-05-07")
    pry.post(f"/transfers/{sold['id']}/correct", body, 200, If_Match='"1"')
    entries = as_actor("PRY", "auditor").get(CORRECTED).json["items"]
    assert [each["data"] for each in entries] == [{"version": 2}]
    assert corrected_subjects(as_actor("BRA", "auditor")) == [
        sold["firearm"]["record"]
    ]  # for what all there may read


def notified(client):
    corrected_subjects = client.get("/notifications?code=record_corrected").json["items"]
    return [each["subject"]["id"] for each in corrected_subjects]


@pytest.mark.parametrize("is_found_too", [False, True])
def test_no_agency_is_notified_of_what_was_given_for_a_trace_hidden_from_it(
    as_actor, is_found_too, pry_police
):
    made = pry_police.post("/reports", bodies.report()).json
    asked = bodies.trace(case_number=CASE, hidden_from=[f"BRA-{OFFICE}"])
    as_actor("BRA", "trace_analyst").post("/traces", asked)
    if is_found_too:
        as_actor("BRA", "police_officer").post("/checks", bodies.check())
    body = bodies.report(reason="Read again", stolen_from="dealer")
    pry_police.post(f"/reports/{made['id']}/correct", body, 200, If_Match='"1"')
    record = made["firearm"]["record"]
    assert notified(as_actor("BRA", "police_officer")) == [record]
    stored = as_actor("BRA", "police_officer", agency=OFFICE)
    assert notified(stored) == ([record] if is_found_too else [])
