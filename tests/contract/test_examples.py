"""What the routes answer to bodies that are right is what the document says of the answer."""

import pytest
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.support import bodies
from tests.support.routes import Route

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
FULL = bodies.firearm(
    marks=[{"kind": "import", "text": "URY 24", "state": "URY", "year": 2024, "method": "xray"}],
    year=2020,
    importer_mark="IMP URY",
    hs_code="930200",
    antique=False,
    origin_kind="industrial",
)
SEIZED = {
    "setting": "vehicle",
    "transport": "land",
    "concealment": "Under a seat",
    "organized_crime": {"linked": "suspected", "basis": "ballistics", "group": "G"},
    "route": {"departure": "PRY", "transit": ["ARG"], "destination": "BRA"},
    "found_with": [{"kind": "cocaine", "quantity": 1.5, "unit": "kg"}],
    "joint_with": {"state": "PRY", "number": "P-9"},
    "related": [{"state": "PRY", "case_number": "C-7", "relation": "same group"}],
    "occurred_at": "2026-03-01T22:00:00-03:00",
    "time_zone": "America/Sao_Paulo",
}


def answered(served, document, path, role, body, status=201, **headers):
    operation = document[f"/api/v1{path}"]["POST"]
    ids = {name: value for name, value in served.ids.items() if f"{{{name}}}" in path}
    case = operation.Case(path_parameters=ids, body=body, media_type="application/json")
    sent = served.keys[role] | {name.replace("_", "-"): value for name, value in headers.items()}
    assert case.call_and_validate(headers=sent, checks=CHECKS).status_code == status


@pytest.mark.parametrize(
    "path,role,body",
    [
        ("/permits", "licensing_officer", bodies.permit(number="X-1")),
        (
            "/permits/{permit_id}/shipments",
            "licensing_officer",
            bodies.shipment(
                ("X-SER1",),
                number="X-1",
                carrier=bodies.party(kind="carrier"),
                expected=[{"stage": "exit", "at": "2026-03-10T10:00:00Z"}],
            ),
        ),
        ("/transfers", "licensing_officer", bodies.transfer(number="X-1", firearm=FULL)),
        ("/reports", "police_officer", bodies.report(number="X-1", place={"country": "BRA"})),
        ("/seizures", "police_officer", bodies.seizure(number="X-1", items=[FULL], **SEIZED)),
        ("/checks", "police_officer", bodies.check()),
        ("/checks", "police_officer", bodies.check(serial="NOTHING999")),
        ("/traces", "police_officer", bodies.trace(firearm=FULL)),
        ("/traces", "police_officer", bodies.trace(draft=True)),
        ("/licensees", "licensing_officer", bodies.licensee(number="X-1")),
        (
            "/accounts",
            "state_administrator",
            {"username": "bra.x", "role": "auditor", "agency": "BRA-POLICE"},
        ),
    ],
)
def test_the_answer_to_a_post_is_as_documented(served, document, path, role, body):
    answered(served, document, path, role, body)


@pytest.mark.parametrize(
    "path,role,body",
    [
        (
            "/transfers/{transfer_id}/correct",
            "licensing_officer",
            bodies.transfer(number="T-1", reason="Read again", firearm=FULL),
        ),
        (
            "/licensees/{licensee_id}/suspend",
            "licensing_officer",
            {"reason": "R", "on": "2026-03-01"},
        ),
        (
            "/licensees/{licensee_id}/reinstate",
            "licensing_officer",
            {"reason": "R", "on": "2026-03-02"},
        ),
        ("/licensees/{licensee_id}/renew", "licensing_officer", {"valid_to": "2028-03-02"}),
        (
            "/licensees/{licensee_id}/close",
            "licensing_officer",
            {"reason": "R", "on": "2026-03-02", "books_with": "BRA-LICENSING"},
        ),
        ("/reports/{report_id}/correct", "police_officer", bodies.report(reason="Read again")),
        ("/reports/{report_id}/withdraw", "police_officer", {"reason": "The gun was in the safe"}),
        ("/seizures/{seizure_id}/correct", "police_officer", bodies.seizure(reason="Read again")),
        ("/attachments/{attachment_id}/withdraw", "police_officer", {"reason": "Double"}),
        ("/requests/{request_id}/acknowledge", "trace_analyst", {}),
        (
            "/requests/{request_id}/ask-questions",
            "trace_analyst",
            {"questions": ["Which calibre?"]},
        ),
        ("/requests/{request_id}/defer", "trace_analyst", {"until": "2026-04-01", "reason": "R"}),
        (
            "/requests/{request_id}/refuse",
            "trace_analyst",
            {"reason": "confidentiality_law", "text": "A law forbids it"},
        ),
        (
            "/requests/{request_id}/answer",
            "trace_analyst",
            {
                "completeness": "restricted",
                "restriction_reason": "R",
                "handling": "H1",
                "note": "N",
                "events": [
                    {
                        "event": "export",
                        "occurred_on": "2020-01-02",
                        "counterpart_state": "URY",
                        "from": {"kind": "dealer", "country": "BRA"},
                        "serial": "ABC123456",
                    }
                ],
            },
        ),
    ],
)
def test_the_answer_to_an_action_is_as_documented(served, document, path, role, body):
    visible = served.seen(Route("POST", path, None))["If-Match"]
    answered(served, document, path, role, body, 200, If_Match=visible)


def test_the_answer_to_a_change_of_settings_is_as_documented(served, document):
    body = {"overdue_hours": 12, "electronic_copies_with": ["PRY", "ARG"]}
    visible = served.seen(Route("POST", "/settings", None))["If-Match"]
    answered(served, document, "/settings", "state_administrator", body, 200, If_Match=visible)


def test_the_answer_to_an_added_mark_is_as_documented(served, document):
    body = {
        "kind": "import",
        "text": "URY 24",
        "state": "URY",
        "year": 2024,
        "method": "xray",
        "location": "slide",
        "condition": "altered",
        "reason": "Seen by X-rays",
    }
    answered(
        served,
        document,
        "/seizures/{seizure_id}/items/{line}/marks",
        "forensic_examiner",
        body,
        Salsa_Officer="LAB-7",
    )


@pytest.mark.parametrize(
    "path,role",
    [
        ("/attachments/{attachment_id}", "police_officer"),
        ("/posts/{code}/board", "border_officer"),
        ("/traces/{trace_id}/result", "police_officer"),
        ("/requests/{request_id}", "trace_analyst"),
        ("/requests", "trace_analyst"),
        ("/traces/{trace_id}/advice", "police_officer"),
        ("/traces/{trace_id}", "police_officer"),
        ("/audit", "auditor"),
        ("/keys", "state_administrator"),
        ("/statistics", "auditor"),
        ("/contacts", "auditor"),
        ("/agencies", "auditor"),
        ("/settings", "auditor"),
    ],
)
def test_what_is_read_is_as_documented(served, document, path, role):
    operation = document[f"/api/v1{path}"]["GET"]
    ids = {name: value for name, value in served.ids.items() if f"{{{name}}}" in path}
    case = operation.Case(path_parameters=ids)
    assert case.call_and_validate(headers=served.keys[role], checks=CHECKS).status_code == 200
