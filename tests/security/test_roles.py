"""Each role tries each route: 403 exactly where the map does not give it the permission."""

import pytest

from salsa_ext.access.rules import ROLE_PERMISSIONS
from tests.support.routes import ROUTES


@pytest.mark.parametrize("role", ROLE_PERMISSIONS)
def test_a_role_is_refused_exactly_where_it_lacks_the_permission(as_actor, role):
    client = as_actor(None if role == "secretariat" else "BRA", role)
    headers = {"Authorization": f"Bearer {client.token}"}
    for route in ROUTES:
        body = {"json": {}} if route.method == "POST" else {}
        url = f"/api/v1{route.url}"
        response = client.client.open(url, method=route.method, headers=headers, **body)
        lacks = route.permission not in {None, *ROLE_PERMISSIONS[role]}
        assert (response.status_code == 403) == lacks, route
        assert response.status_code < 500, route


def test_a_refusal_comes_before_anything_is_said_about_the_body(as_actor):
    answer = as_actor("BRA", "auditor").post("/transfers", {"no": "such field"}, 403).json
    assert answer["detail"] == "“record transfers” is for these roles: licensing officer."
    assert answer["permission"] == "transfer:record"
    assert "errors" not in answer


def test_a_refusal_comes_before_anything_is_said_about_the_object(as_actor):
    path = "/transfers/0199f2c0-0000-7000-8000-000000000000/correct"
    as_actor("BRA", "auditor").post(path, {}, 403)
