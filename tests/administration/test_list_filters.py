"""A filter that names a code that there is not is refused, with those that there are."""

import ast

import pytest

from api.http.fields.scalars import Text
from api.http.pagination import ListQuery
from salsa_ext.access.audit_actions import SUBJECT_KINDS
from tests.support import source

UNKNOWN = [
    ("auditor", "/audit?action=record:seen", "action", "record:disclosed"),
    ("auditor", "/audit?subject_kind=gun", "subject_kind", "seizure"),
    ("police_officer", "/statistics/seizures?state=BRA&type=foo", "type", "pistol"),
    ("police_officer", "/statistics/licit_trade?state=BRA&type=traced", "type", "unknown"),
    ("police_officer", "/statistics/traces?state=BRA&outcome=pistol", "outcome", "no_record"),
    ("police_officer", "/statistics/traces?state=XXX", "state", "XXX"),
    ("police_officer", "/statistics/licit_trade?partner=XXX", "partner", "XXX"),
    ("police_officer", "/seizures?kind=taken", "kind", "seized"),
    ("police_officer", "/seizures?post=nowhere", "post", "/posts"),
    ("police_officer", "/reports?kind=lost", "kind", "theft"),
    ("trace_analyst", "/leads?kind=shared", "kind", "shared_dealer"),
    ("police_officer", "/traces?status=open", "status", "completed"),
    ("police_officer", "/traces?priority=high", "priority", "urgent"),
    ("licensing_officer", "/transfers?kind=sale", "kind", "domestic_sale"),
    ("licensing_officer", "/permits?status=valid", "status", "issued"),
    ("licensing_officer", "/permits?importing_state=XXX", "importing_state", "XXX"),
    ("licensing_officer", "/shipments?status=gone", "status", "in_transit"),
    ("auditor", "/contacts?kind=x", "kind", "duty_24h"),
    ("auditor", "/agencies?kind=x", "kind", "police"),
    ("auditor", "/posts?state=XXX", "state", "XXX"),
    ("auditor", "/offences?kind=x", "kind", "crime_context"),
    ("state_administrator", "/accounts?role=x", "role", "auditor"),
]
FREE = {  # what people write, which is no code
    "profile",
    "cursor",
    "heading",
    "external_id",
    "number",
    "document",
    "plate",
    "case_number",
    "q",
    "subject_id",
    "serial",
    "subject_number",
    "assignee",
    "dealer",
    "make",
    "place",
    "admin1",
    "about_number",
    "agency",
    "name",
    "username",
}


@pytest.mark.parametrize("role,path,field,right", UNKNOWN, ids=[each[1] for each in UNKNOWN])
def test_an_unknown_code_is_refused_with_what_would_be_right(as_actor, role, path, field, right):
    errors = as_actor("BRA", role).get(path, 422).json["errors"]
    assert list(errors) == [field]
    assert right in errors[field][0]


@pytest.mark.parametrize(
    "path", ["/audit?action=party:disclosed&subject_kind=trace", "/audit?action=check:made"]
)
def test_a_known_code_of_the_audit_is_accepted(as_actor, path):
    as_actor("BRA", "auditor").get(path)


@pytest.mark.parametrize(
    "path",
    ["/statistics/seizures?state=BRA&type=unknown", "/statistics/traces?state=BRA&outcome=pending"],
)
def test_a_known_subject_is_accepted(as_actor, path):
    as_actor("BRA", "auditor").get(path, 200)


def test_no_filter_of_a_list_takes_any_text_for_a_code(app):
    queries = [query for query in _queries() if query.__module__.startswith("api.schemas")]
    assert len(queries) > 8
    free = {
        name for query in queries for name, field in query().fields.items() if type(field) is Text
    }
    assert free <= FREE


def test_every_kind_of_subject_is_one_of_the_audits():
    named = {
        argument.value
        for path in source.files("salsa_ext")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "AuditEvent"
        for argument in node.args[1:2]
        if isinstance(argument, ast.Constant)
    }
    assert named <= set(SUBJECT_KINDS)
    assert len(named) > 8


def _queries():

    found, todo = [], [ListQuery]
    while todo:
        single = todo.pop()
        found.append(single)
        todo += single.__subclasses__()
    return found
