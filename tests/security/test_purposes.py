"""What another state recorded is read for a purpose and a case, and its owner reads who did."""

import pytest

from tests.support import bodies

PURPOSE = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-7"}
JOINT = {"joint_with": {"state": "PRY", "number": "P-9"}}


@pytest.fixture
def joint(as_actor):
    """A seizure of Brazil, joint with Paraguay."""
    return as_actor("BRA", "police_officer").post("/seizures", bodies.seizure(**JOINT)).json


def disclosed(as_actor, action="record:disclosed", state="BRA"):
    entries = as_actor(state, "auditor").get(f"/audit?action={action}").json["items"]
    return [(entry["state"], entry["purpose"], entry["case_number"]) for entry in entries]


def paths(seizure):
    return [f"/seizures/{seizure['id']}", f"/records/{seizure['items'][0]['record']}"]


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    "headers,lacking",
    [
        ({}, "Salsa-Purpose"),
        ({"Salsa_Case": "C-7"}, "Salsa-Purpose"),
        ({"Salsa_Purpose": "investigation"}, "Salsa-Case"),
        ({"Salsa_Purpose": "street"}, "Salsa-Case"),
    ],
)
def test_what_is_lacking_is_named(pry_police, joint, which, headers, lacking):
    assert list(pry_police.get(paths(joint)[which], 422, **headers).json["errors"]) == [lacking]


@pytest.mark.parametrize("which", [0, 1])
def test_the_owner_reads_who_looked_and_why(as_actor, pry_police, joint, which):
    pry_police.get(paths(joint)[which], **PURPOSE)
    assert disclosed(as_actor) == [("PRY", "investigation", "C-7")]


def test_the_own_state_needs_no_purpose_and_nothing_is_disclosed(as_actor, joint, police):
    for path in [*paths(joint), "/seizures"]:
        police.get(path)
    assert disclosed(as_actor) == []


def test_a_list_shows_the_own_state_alone_and_with_a_purpose_what_concerns_it(
    as_actor, pry_police, joint
):
    assert pry_police.get("/seizures").json["items"] == []
    assert disclosed(as_actor) == []
    [shown] = pry_police.get("/seizures", **PURPOSE).json["items"]
    assert shown["id"] == joint["id"]
    assert disclosed(as_actor) == [("PRY", "investigation", "C-7")]


def test_a_list_with_a_purpose_needs_its_case(pry_police, joint):
    errors = pry_police.get("/seizures", 422, Salsa_Purpose="investigation").json["errors"]
    assert list(errors) == ["Salsa-Case"]


def test_what_does_not_concern_a_state_is_not_there_for_any_purpose(as_actor, joint):
    as_actor("URY", "police_officer").get(paths(joint)[0], 404, **PURPOSE)
    as_actor("URY", "police_officer").get(paths(joint)[0], 404)


def test_permits_and_shipments_of_both_sides_need_no_purpose(as_actor):
    exporter, importer = (as_actor(state, "licensing_officer") for state in ("BRA", "PRY"))
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    shipment = exporter.post(f"/permits/{permit}/shipments", bodies.shipment()).json["id"]
    importer.get(f"/permits/{permit}")
    importer.get(f"/shipments/{shipment}")


def test_who_reads_the_result_of_a_trace_needs_no_purpose_and_is_written_down(as_actor, analyst):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    trace = analyst.post("/traces", bodies.trace()).json["id"]
    assert disclosed(as_actor, "party:disclosed", "PRY") == []
    [event] = analyst.get(f"/traces/{trace}/result").json["chain"]
    assert event["from"]["name"] == "Armas del Sur"
    assert disclosed(as_actor, "party:disclosed", "PRY") == [("BRA", "investigation", "C-1")]
    [entry] = as_actor("PRY", "auditor").get("/audit?action=party:disclosed").json["items"]
    assert entry["subject_id"] == trace
    assert len(entry["data"]["parties"]) == 1


def test_a_result_that_names_no_firm_of_another_state_discloses_nothing(as_actor, analyst):
    as_actor("BRA", "licensing_officer").post("/transfers", bodies.transfer())
    trace = analyst.post("/traces", bodies.trace()).json["id"]
    analyst.get(f"/traces/{trace}/result")
    assert disclosed(as_actor, "party:disclosed") == []


@pytest.mark.parametrize(
    ("visibility", "answers"), [("open", True), ("pointer", True), ("open", False), (None, True)]
)
def test_what_is_asked_is_written_down_with_its_case_and_purpose_whoever_answers_it(
    as_actor, visibility, answers, analyst
):
    if visibility:
        sold = bodies.transfer(visibility=visibility)
        as_actor("PRY", "licensing_officer").post("/transfers", sold)
    if not answers:
        admin = as_actor("PRY", "state_administrator")
        admin.post("/settings", {"answers_automatically": False}, 200, If_Match='"0"')
    trace = analyst.post("/traces", bodies.trace()).json["id"]
    if visibility is None:
        analyst.post(f"/traces/{trace}/legs", {"state": "PRY", "reason": "A witness"})
    [entry] = as_actor("PRY", "auditor").get("/audit?action=request:received").json["items"]
    assert (entry["purpose"], entry["case_number"]) == ("investigation", "C-1")
    assert entry["data"]["about"] == [trace]
