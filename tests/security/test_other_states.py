"""What a state may not know to exist is not there for it, where no id of a path names it."""

import pytest

from salsa_ext.administration.keys import KeyData, issue_key
from tests.support import bodies

READERS = ["police_officer", "trace_analyst", "border_officer", "supervisor", "licensing_officer"]


def test_a_seizure_is_not_there_even_where_its_version_is_guessed_wrong(seizure, pry_police):
    body = bodies.seizure(reason="No")
    pry_police.post(f"/seizures/{seizure['id']}/correct", body, 404, If_Match='"7"')


def test_a_joint_seizure_is_not_traced_by_the_other_side(as_actor, police):
    joint = {"joint_with": {"state": "PRY", "number": "P-9"}}
    asked = bodies.trace_of(police.post("/seizures", bodies.seizure(**joint)).json["id"])
    refused = as_actor("PRY", "police_officer").post("/traces", asked, 422)
    assert refused.json["errors"] == {"seizure": ["There is no such seizure."]}


def test_an_account_is_given_keys_by_its_own_state_alone(as_actor):
    account = {"username": "bra.ana", "role": "auditor", "agency": "BRA-POLICE"}
    as_actor("BRA", "state_administrator").post("/accounts", account)
    key = {"username": "bra.ana", "name": "desk", "days": 1}
    as_actor("PRY", "state_administrator").post("/keys", key, 404)


def test_a_key_is_revoked_by_its_own_state_alone(run, as_actor):
    account = {"username": "bra.ana", "role": "auditor", "agency": "BRA-POLICE"}
    owner = as_actor("BRA", "state_administrator")
    owner.post("/accounts", account)
    key, _ = run("BRA", issue_key, data=KeyData("bra.ana", "desk", 1))
    administrator = as_actor("PRY", "state_administrator")
    administrator.post(f"/keys/{key}/revoke", expect=404)
    administrator.post(f"/keys/{key}/rotate", {}, 404)


def test_an_open_record_of_another_state_is_read_for_a_purpose_and_a_case(as_actor, police):
    made = as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer()).json
    record = f"/records/{made['firearm']['record']}"
    assert "Salsa-Purpose" in police.get(record, 422).json["errors"]
    purpose = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
    assert police.get(record, **purpose).json["serial"] == "ABC123456"


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
