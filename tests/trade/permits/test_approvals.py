"""A permit that a second person approves, where the state's setting requires one."""

import pytest

from tests.support import bodies

WRONG = {"reason": "The quantity is wrong"}


@pytest.fixture
def second(as_actor, administrator):
    """Brazil requires a second person; returns one who may approve."""
    administrator.post("/settings", {"second_person": ["permit"]}, 200, If_Match='"0"')
    return as_actor("BRA", "supervisor")


@pytest.fixture
def proposal(second, bra, pry):
    """Returns the address of an export certificate that an officer proposed."""
    pry.post("/permits", bodies.import_permit())
    proposed = bra.post("/permits", bodies.permit()).json
    assert proposed["status"] == "proposed"
    return f"/permits/{proposed['id']}"


def test_no_other_state_sees_a_proposal(proposal, pry, bra):
    assert [each["kind"] for each in pry.get("/permits").json["items"]] == ["import"]
    pry.get(proposal, 404)
    [certificate] = pry.get("/permits").json["items"]
    assert certificate["counterpart_status"] == "awaiting_counterpart"
    bra.get(f"{proposal}/paper", 409)
    bra.post(f"{proposal}/shipments", bodies.shipment(), 409)


def test_a_second_person_issues_it_and_the_states_concerned_read_it(proposal, second, pry, bra):
    issued = second.change(proposal, "approve").json
    assert (issued["status"], issued["counterpart_status"]) == ("issued", "complete")
    read = pry.get(proposal).json
    assert read["exporter"]["name"] == issued["exporter"]["name"]
    assert read["balance"] == issued["balance"]
    assert pry.get("/permits?kind=import").json["items"][0]["counterpart_status"] == "complete"
    codes = {each["code"] for each in pry.get("/notifications").json["items"]}
    assert "permit_posted" in codes
    bra.post(f"{proposal}/shipments", bodies.shipment(), 201)


@pytest.mark.parametrize(("verb", "body"), [("approve", None), ("return", WRONG)])
def test_the_person_who_proposed_does_not_decide(proposal, bra, verb, body):
    assert "A second person" in bra.change(proposal, verb, body, expect=403).json["detail"]
    assert bra.get(proposal).json["status"] == "proposed"


def test_a_returned_permit_says_why_and_frees_its_number(proposal, second, bra, pry):
    bra.post("/permits", bodies.permit(), 409)
    returned = second.change(proposal, "return", WRONG).json
    assert returned["status"] == "returned"
    [event] = returned["events"]
    assert (event["kind"], event["reason"]) == ("returned", WRONG["reason"])
    second.change(proposal, "approve", expect=409)
    again = bra.post("/permits", bodies.permit()).json["id"]
    assert second.change(f"/permits/{again}", "approve").json["status"] == "issued"
    pry.get(proposal, 404)


def test_those_who_may_approve_are_notified_and_the_decision_is_in_the_audit(
    proposal, second, as_actor
):
    colleague = as_actor("BRA", "licensing_officer")
    for reader in (second, colleague):
        codes = {each["code"] for each in reader.get("/notifications").json["items"]}
        assert "permit_to_approve" in codes
    colleague.change(proposal, "approve")
    subject = proposal.rpartition("/")[2]
    entries = as_actor("BRA", "auditor").get(f"/audit?subject_id={subject}").json["items"]
    made = [each["action"] for each in entries if each["action"].startswith("permit:")]
    assert made[-3:] == ["permit:recorded", "permit:approved", "permit:proposed"]


def test_a_reissue_replaces_the_old_permit_when_it_is_approved(administrator, bra, pry, second):
    administrator.post("/settings", {"second_person": []}, 200, If_Match='"1"')
    old = f"/permits/{bra.post('/permits', bodies.permit()).json['id']}"
    administrator.post("/settings", {"second_person": ["permit"]}, 200, If_Match='"2"')
    again = {
        "number": "E-2",
        "issued_on": "2026-03-01",
        "expires_on": "2027-03-01",
        "authority": bodies.authority("BRA"),
    }
    new = bra.change(old, "reissue", again, expect=201).json
    assert (new["status"], bra.get(old).json["status"]) == ("proposed", "issued")
    second.change(f"/permits/{new['id']}", "approve")
    assert bra.get(old).json["status"] == "replaced"
