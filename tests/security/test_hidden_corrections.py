"""Who got an old value of a record is told, also where the trace is kept from whom corrects it."""

import pytest

from tests import bodies

CASE, OFFICE = "KEPT-C-77", "POLICE"
CORRECTED = "/audit?action=record:corrected"


def told(client):
    return [one["subject_id"] for one in client.get(CORRECTED).json["items"]]


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
def test_who_got_the_old_value_is_told_whoever_corrects_it(as_actor, corrected):
    assert told(as_actor("BRA", "auditor")) == [corrected]
    assert told(as_actor("PRY", "auditor")) == [corrected]


@pytest.mark.parametrize("agency", ["TEST", OFFICE])
def test_to_the_agency_it_is_kept_from_that_tells_of_no_trace(as_actor, corrected):
    assert told(as_actor("PRY", "auditor", agency=OFFICE)) == []


@pytest.mark.parametrize("agency", [OFFICE])
def test_who_looked_it_up_in_that_case_is_told_too(as_actor, agency):
    police = as_actor("PRY", "police_officer", agency=agency)
    made = police.post("/reports", bodies.report()).json
    analyst = as_actor("BRA", "trace_analyst")
    analyst.get(
        f"/records/{made['firearm']['record']}", Salsa_Purpose="investigation", Salsa_Case=CASE
    )
    analyst.post(
        "/traces", bodies.trace(case_number=CASE, draft=True, hidden_from=[f"PRY-{OFFICE}"])
    )
    body = bodies.report(reason="Read again", stolen_from="dealer")
    police.post(f"/reports/{made['id']}/correct", body, 200, If_Match='"1"')
    assert told(as_actor("BRA", "auditor")) == [made["firearm"]["record"]]
