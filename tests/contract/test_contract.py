"""The API keeps the contract of its OpenAPI document, whatever is sent to it.

Not checked: that all data which fit the document are taken. Rules that compare fields, such as
two states or a balance, cannot be said in it.
"""

from itertools import cycle, product
from urllib.parse import parse_qs

import pytest
from hypothesis import assume, given
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi import checks
from werkzeug.test import EnvironBuilder

from salsa_ext.access.rules import ROLE_PERMISSIONS
from tests.support.routes import ROUTES
from tests.support.sizes import drawn, sized

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
    checks.ignored_auth,
]
BOUNDED = drawn(2, 50)
OF_THE_STATE = ("/settings",)  # acts on what there is, though no id names it
BATCHES = tuple(f"/{noun}/batch" for noun in ("permits transfers seizures custody reports".split()))
"""Their rows are refused in the answer, each on its line."""
OF_SOMETHING = [route for route in ROUTES if "{" in route.path]
ON_NOTHING = [route for route in ROUTES if route not in OF_SOMETHING]
CASES = [
    (route, mode)
    for route, mode in sized(
        [*zip(ON_NOTHING, cycle(GenerationMode))], [*product(ROUTES, GenerationMode)]
    )
    if mode is GenerationMode.POSITIVE or not route.path.endswith(BATCHES)
]
BODIES = """
    correct shipments checkpoints receipt case cancel suspend reinstate amend reissue release
    hold resume incidents explain agree reopen assign acknowledge answer report-no-record
    refuse defer ask-questions forward notes revoke close renew marks withdraw confirm reject
    grant extend restrict
""".split()
BODILESS = ("/accounts", "/calls", "/contacts/{contact_id}/close", "/keys", "/traces", "/imports/")
WITH_A_BODY = [
    route
    for route in OF_SOMETHING
    if route.method == "POST"
    and route.path.rpartition("/")[2] in BODIES
    and not route.path.startswith(BODILESS)
]


@pytest.mark.parametrize(("route", "mode"), CASES, ids=str)
def test_an_operation_keeps_its_contract(served, document, route, mode):
    operation = document[f"/api/v1{route.path}"][route.method]

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def holds(case):
        headers = served.keys[role_for(route)]
        assume(mode is GenerationMode.POSITIVE or is_sent(case.query or {}))
        if route.path in OF_THE_STATE and route.method == "POST":
            assume(mode is GenerationMode.POSITIVE or is_wrong_in_its_body(case))
            headers = headers | served.seen(route)
        case.call_and_validate(headers=headers, checks=CHECKS)

    holds()


@pytest.mark.parametrize("route", OF_SOMETHING, ids=str)
def test_an_operation_on_what_there_is_keeps_its_contract(served, document, route):
    operation = document[f"/api/v1{route.path}"][route.method]

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def holds(case):
        case.path_parameters = {name: served.ids[name] for name in case.path_parameters}
        headers = served.keys[role_for(route)] | served.seen(route)
        case.call_and_validate(headers=headers, checks=CHECKS)

    holds()


@pytest.mark.parametrize("route", WITH_A_BODY, ids=str)
def test_a_wrong_body_is_refused_for_what_there_is(served, document, route):
    operation = document[f"/api/v1{route.path}"][route.method]

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def holds(case):
        assume(is_wrong_in_its_body(case))
        case.path_parameters = {name: served.ids[name] for name in case.path_parameters}
        headers = served.keys[role_for(route)] | served.seen(route)
        case.call_and_validate(headers=headers, checks=CHECKS)

    holds()


def is_sent(query):
    """Tell whether each parameter stands in the address: one that is null or an empty list does not."""
    address = EnvironBuilder(query_string=query).query_string
    return parse_qs(address, keep_blank_values=True).keys() >= set(map(str, query))


def is_wrong_in_its_body(case):
    body = case.meta.components.get(ParameterLocation.BODY)
    return body is not None and body.mode.is_negative


def role_for(route):
    return next(
        role for role in ROLE_PERMISSIONS if route.permission in {None, *ROLE_PERMISSIONS[role]}
    )
