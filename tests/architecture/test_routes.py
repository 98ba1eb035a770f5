"""Every route is authenticated or public by name, documented, and permitted by the one map."""

import re

import pytest

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import ROLE_PERMISSIONS
from tests.support.routes import ROUTES

PUBLIC = {
    "/healthz": "asked by what watches the process",
    "/readyz": "asked by what watches the process",
    "/metrics": "read by Prometheus; counts by route, no state and no person",
    "/api/v1/openapi.json": "the description of the API",
    "/api/v1/signing-keys": "public keys, by which anybody checks a paper",
    "/api/v1/sdmx/3.0/structure/<path:query>": "what figures there are, by which codes",
    "/api/v1/sdmx/3.0/data/<path:query>": "published releases; datasets need a key",
    "/docs": "the description of the API, to be read",
    "/static/<path:filename>": "style sheets, scripts, fonts",
}
PAGE_BLUEPRINTS = {"account", "border", "investigation", "licensing", "tracing"}
# Signed in by a cookie; tests of pages look at each.


@pytest.fixture(scope="module")
def documented(app):
    """The operations of the document, by method and path."""
    paths = app.test_client().get("/api/v1/openapi.json").json["paths"]
    return {
        (method.upper(), path): operation
        for path, operations in paths.items()
        for method, operation in operations.items()
        if method in ("get", "post") and path not in map(as_path, PUBLIC)
    }


def as_path(rule):
    return re.sub(r"<\w+:(\w+)>", r"{\1}", rule)


def routed(app):
    return {
        (method, as_path(rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods & {"GET", "POST"}
        if rule.rule.startswith("/api/v1/") and rule.rule not in PUBLIC
    }


def test_a_route_answers_nobody_who_sends_no_key(app):
    for route in ROUTES:
        response = app.test_client().open(f"/api/v1{route.url}", method=route.method)
        assert response.status_code == 401, route
        assert response.headers["WWW-Authenticate"] == "Bearer", route


def test_every_route_that_takes_no_key_is_on_the_list(app):
    others = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if not rule.rule.startswith("/api/v1/")
        and rule.endpoint.partition(".")[0] not in PAGE_BLUEPRINTS
    }
    assert others <= PUBLIC.keys()


def test_a_route_that_takes_no_key_is_documented_so(app):
    document = app.test_client().get("/api/v1/openapi.json").json
    assert document["paths"]["/api/v1/signing-keys"]["get"]["security"] == [{}, {"key": []}]
    assert app.test_client().get("/api/v1/signing-keys").json == {"keys": []}


def test_the_table_of_routes_is_the_map_of_the_application(app):
    assert {(route.method, f"/api/v1{route.path}") for route in ROUTES} == routed(app)


def test_every_route_is_in_the_document_and_the_reverse(app, documented):
    assert documented.keys() == routed(app)


def test_every_operation_says_which_permission_it_needs(documented):
    result = {key: operation["x-permission"] for key, operation in documented.items()}
    assert result == {(route.method, f"/api/v1{route.path}"): route.permission for route in ROUTES}


def test_every_operation_says_in_words_what_it_does(documented):
    assert [key for key, operation in documented.items() if "summary" not in operation] == []


def test_every_operation_has_an_id_of_its_own(documented):
    ids = [operation["operationId"] for operation in documented.values()]
    assert len(set(ids)) == len(ids)


def test_the_description_of_an_operation_names_its_permission(documented):
    for route in ROUTES[1:]:
        operation = documented[route.method, f"/api/v1{route.path}"]
        assert operation["description"] == f"Needs the permission `{route.permission}`."


def test_a_permission_is_given_to_some_role():
    assert set(Permission) == set().union(*ROLE_PERMISSIONS.values())


def test_the_roles_of_the_map_are_those_of_the_contract():
    assert set(ROLE_PERMISSIONS) == {
        "licensing_officer",
        "police_officer",
        "forensic_examiner",
        "trace_analyst",
        "border_officer",
        "supervisor",
        "state_administrator",
        "auditor",
        "secretariat",
        "display",
    }


def test_the_secretariat_reads_figures_and_lists_of_codes_alone_and_publishes():
    read = {"key:issue", "reference:read", "statistics:read"}
    expected = read | {"release:create", "annual_report:write"}
    assert ROLE_PERMISSIONS["secretariat"] == expected
