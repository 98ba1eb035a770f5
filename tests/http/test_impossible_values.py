"""What cannot have happened is refused before it is recorded."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning


def test_a_tick_of_next_year_is_refused(shipment, as_actor):
    body = {"stage": "exit", "occurred_at": "2027-03-01T10:00:00Z", "outcome": "passed"}
    answer = as_actor("BRA", "border_officer").post(f"{shipment}/checkpoints", body, 422).json
    assert list(answer["errors"]) == ["occurred_at"]


def test_a_tick_at_a_post_of_other_states_is_refused(shipment, as_actor):
    body = {
        "stage": "exit",
        "occurred_at": "2026-03-01T10:00:00Z",
        "outcome": "passed",
        "post": "cristo-redentor-los-libertadores",
    }
    answer = as_actor("BRA", "border_officer").post(f"{shipment}/checkpoints", body, 422).json
    assert answer["errors"] == {"post": ["Your state is not a side of this post."]}


DOCUMENTS = [
    ("/transfers", "licensing_officer", bodies.transfer),
    ("/reports", "police_officer", bodies.report),
    ("/seizures", "police_officer", bodies.seizure),
]


@pytest.mark.parametrize("path,role,body", DOCUMENTS)
def test_a_moment_on_another_day_than_the_date_is_refused(as_actor, path, role, body):
    result = body(
        occurred_on="2024-05-06",
        occurred_at="2024-05-07T01:00:00-03:00",
        time_zone="America/Sao_Paulo",
    )
    answer = as_actor("BRA", role).post(path, result, 422).json
    assert answer["errors"] == {
        "occurred_at": [
            "In America/Sao_Paulo this moment is on 2024-05-07, and occurred_on says 2024-05-06."
        ]
    }


@pytest.mark.parametrize(
    "at,zone,status",
    [
        ("2024-05-07T02:59:00Z", "America/Sao_Paulo", 201),
        ("2024-05-07T03:00:00Z", "America/Sao_Paulo", 422),
        ("2024-05-07T11:59:00Z", None, 201),
        ("2024-05-07T12:00:00Z", None, 422),
        ("2024-05-05T10:00:00Z", None, 201),
        ("2024-05-05T09:59:00Z", None, 422),
    ],
)
def test_a_moment_has_the_date_of_its_place_or_of_any_place(as_actor, at, zone, status):
    result = bodies.transfer(occurred_on="2024-05-06", occurred_at=at)
    result |= {"time_zone": zone} if zone else {}
    as_actor("BRA", "licensing_officer").post("/transfers", result, status)


def test_a_receipt_before_the_shipment_left_is_refused(shipment, as_actor):
    body = {"received_on": "2026-01-31", "all": True}
    answer = as_actor("PRY", "licensing_officer").post(f"{shipment}/receipt", body, 422).json
    assert answer["errors"]["received_on"] == [
        "The shipment left on 2026-02-01; it cannot arrive before."
    ]


def test_a_gun_with_unreadable_characters_is_traced_by_other_routes(as_actor):
    body = bodies.trace(firearm=bodies.firearm(serial="TKA5?381", country_of_manufacture="URY"))
    legs = as_actor("BRA", "trace_analyst").post("/traces", body).json["legs"]
    assert [leg["state"] for leg in legs] == ["BRA", "URY"]


def test_a_list_without_items_still_has_its_columns(as_actor):
    answer = as_actor("PRY", "licensing_officer").get("/transfers?format=csv")
    assert answer.get_data(as_text=True).startswith("\ufeffid,version,state")


def test_the_audit_names_the_officer_to_the_own_state_alone(as_actor, police):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    police.post("/checks", bodies.check(), Salsa_Officer="P-7")
    own = as_actor("BRA", "auditor").get("/audit?action=record:matched").json["items"]
    others = as_actor("PRY", "auditor").get("/audit?action=record:matched").json["items"]
    assert [entry["officer"] for entry in own] == ["P-7"]
    assert [entry["officer"] for entry in others] == [None]


def test_every_list_documents_how_it_is_asked(app):
    paths = app.test_client().get("/api/v1/openapi.json").json["paths"]
    parameters = paths["/api/v1/shipments"]["get"]["parameters"]
    names = {each["name"] for each in parameters if "name" in each}
    assert {"limit", "cursor", "format", "plate", "post", "due_before"} <= names
    assert {"$ref": "#/components/parameters/purpose"} in parameters


@beginning
def shipment(as_actor) -> str:
    licensing = as_actor("BRA", "licensing_officer")
    permit = licensing.post("/permits", bodies.permit()).json["id"]
    made = licensing.post(f"/permits/{permit}/shipments", bodies.shipment()).json["id"]
    return f"/shipments/{made}"
