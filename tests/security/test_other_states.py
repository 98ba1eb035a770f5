"""What a state may not know to exist is not there for it: 404, and never 403."""

import pytest

from salsa_ext.administration.keys import KeyData, issue_key
from tests.support import bodies

READERS = ["police_officer", "trace_analyst", "border_officer", "supervisor", "licensing_officer"]


def test_a_seizure_is_not_there_for_another_state(as_actor, seizure):
    as_actor("PRY", "police_officer").get(f"/seizures/{seizure['id']}", 404)


def test_a_seizure_is_in_no_list_of_another_state(as_actor, seizure):
    assert as_actor("PRY", "police_officer").get("/seizures?number=S-1").json["items"] == []


def test_a_seizure_is_not_corrected_by_another_state(seizure, pry_police):
    body = bodies.seizure(reason="No")
    pry_police.post(f"/seizures/{seizure['id']}/correct", body, 404, If_Match='"1"')


def test_a_seizure_is_not_there_even_where_its_version_is_guessed_wrong(seizure, pry_police):
    body = bodies.seizure(reason="No")
    pry_police.post(f"/seizures/{seizure['id']}/correct", body, 404, If_Match='"7"')


def test_a_joint_seizure_is_read_by_the_other_side_and_not_changed(police, pry_police):
    joint = {"joint_with": {"state": "PRY", "number": "P-9"}}
    made = police.post("/seizures", bodies.seizure(**joint)).json
    purpose = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
    etag = pry_police.get(f"/seizures/{made['id']}", **purpose).headers["ETag"]
    body = bodies.seizure(reason="No")
    refused = pry_police.post(f"/seizures/{made['id']}/correct", body, 403, If_Match=etag)
    assert refused.json["code"] == "forbidden"


def test_a_joint_seizure_is_not_traced_by_the_other_side(as_actor, police):
    joint = {"joint_with": {"state": "PRY", "number": "P-9"}}
    asked = bodies.trace_of(police.post("/seizures", bodies.seizure(**joint)).json["id"])
    refused = as_actor("PRY", "police_officer").post("/traces", asked, 422)
    assert refused.json["errors"] == {"seizure": ["There is no such seizure."]}


def test_a_transfer_is_not_there_for_another_state(as_actor):
    made = as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer()).json
    as_actor("BRA", "licensing_officer").get(f"/transfers/{made['id']}", 404)


def test_a_report_is_not_there_for_another_state(as_actor):
    made = as_actor("PRY", "police_officer").post("/reports", bodies.report()).json
    as_actor("BRA", "police_officer").get(f"/reports/{made['id']}", 404)


def test_a_trace_is_not_there_for_another_state(trace, pry_analyst):
    pry_analyst.get(f"/traces/{trace['id']}", 404)
    pry_analyst.get(f"/traces/{trace['id']}/result", 404)


@pytest.mark.parametrize("action", ["send", "withdraw", "close"])
def test_a_trace_is_not_moved_by_another_state(trace, action, pry_analyst):
    pry_analyst.post(f"/traces/{trace['id']}/{action}", expect=404, If_Match='"1"')


def test_a_trace_is_not_there_for_the_state_that_was_asked(as_actor):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    made = as_actor("BRA", "police_officer").post("/traces", bodies.trace()).json
    assert "PRY" in [leg["state"] for leg in made["legs"]]
    as_actor("PRY", "trace_analyst").get(f"/traces/{made['id']}", 404)


def test_a_permit_is_not_there_for_a_state_that_it_does_not_concern(as_actor):
    made = as_actor("BRA", "licensing_officer").post("/permits", bodies.permit()).json
    as_actor("URY", "licensing_officer").get(f"/permits/{made['id']}", 404)
    as_actor("PRY", "licensing_officer").get(f"/permits/{made['id']}")


def test_a_shipment_is_not_there_for_a_state_that_it_does_not_concern(as_actor, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    made = bra.post(f"/permits/{permit}/shipments", bodies.shipment()).json
    as_actor("URY", "licensing_officer").get(f"/shipments/{made['id']}", 404)
    as_actor("PRY", "licensing_officer").get(f"/shipments/{made['id']}")


def test_a_check_is_given_its_case_by_its_own_state_alone(as_actor, pry_police):
    asked = bodies.check(purpose="street", incident="I-1") | {"case_number": None}
    del asked["case_number"]
    made = as_actor("BRA", "police_officer").post("/checks", asked).json
    pry_police.post(f"/checks/{made['id']}/case", {"case_number": "C-2"}, 404)


def test_an_account_is_given_keys_by_its_own_state_alone(as_actor):
    account = {"username": "bra.ana", "role": "auditor", "agency": "BRA-POLICE"}
    as_actor("BRA", "state_administrator").post("/accounts", account)
    key = {"username": "bra.ana", "name": "desk", "days": 1}
    as_actor("PRY", "state_administrator").post("/keys", key, 404)


def test_an_account_is_read_and_closed_by_its_own_state_alone(as_actor, pry_administrator):
    account = {"username": "bra.ana", "role": "auditor", "agency": "BRA-POLICE"}
    made = as_actor("BRA", "state_administrator").post("/accounts", account).json["id"]
    pry_administrator.get(f"/accounts/{made}", 404)
    pry_administrator.post(f"/accounts/{made}/close", expect=404, If_Match='"1"')


def test_a_key_is_revoked_by_its_own_state_alone(run, as_actor):
    account = {"username": "bra.ana", "role": "auditor", "agency": "BRA-POLICE"}
    owner = as_actor("BRA", "state_administrator")
    owner.post("/accounts", account)
    key, _ = run("BRA", issue_key, data=KeyData("bra.ana", "desk", 1))
    as_actor("PRY", "state_administrator").post(f"/keys/{key}/revoke", expect=404)


def test_an_open_record_of_another_state_is_read_for_a_purpose_and_a_case(as_actor, police):
    made = as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer()).json
    record = f"/records/{made['firearm']['record']}"
    assert "Salsa-Purpose" in police.get(record, 422).json["errors"]
    purpose = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
    assert police.get(record, **purpose).json["serial"] == "ABC123456"


def test_private_persons_of_another_state_are_not_named(as_actor, police):
    made = as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer()).json
    purpose = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
    read = police.get(f"/records/{made['firearm']['record']}", **purpose).json
    assert read["from"]["name"] == "Armas del Sur"
    assert read["to"] == {"kind": "individual", "country": "PRY"}


@pytest.mark.parametrize("role", READERS)
def test_what_another_state_holds_is_in_no_list(as_actor, seizure, role):
    other = as_actor("URY", role)
    lists = ["/seizures", "/transfers", "/reports", "/traces", "/permits", "/shipments"]
    answers = [other.client.get(f"/api/v1{path}", headers=key(other)) for path in lists]
    found = [answer.json["items"] for answer in answers if answer.status_code == 200]
    assert found
    assert not any(found)


def key(client):
    return {"Authorization": f"Bearer {client.token}"}


@pytest.fixture
def seizure(as_actor):
    return as_actor("BRA", "police_officer").post("/seizures", bodies.seizure()).json


@pytest.fixture
def trace(as_actor):
    return as_actor("BRA", "police_officer").post("/traces", bodies.trace()).json
