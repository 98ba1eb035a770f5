"""What a schema accepts is read by the quick reader as the schema reads it, and nothing else."""

import copy
from decimal import Decimal

import pytest
from marshmallow import ValidationError

from api.http.fields.declared import quick_reader, request_schema
from importers.subjects import SUBJECTS
from salsa_ext.documents.values import ReportData, SeizureData, TransferData
from tests.support import bodies

REFUSED = "refused"
TEXTS = (
    " ; Glock ;2020;2020-02-30;2020-02-03;2020-02-03T10:00:00;2020-02-03T10:00:00Z;BRA;bra;XXX;theft"
    ";domestic_sale;firearm;America/Asuncion;Mars"
).split(";")
NUMBERS = (0, 1, -1, 3, 2**31, 2**70, 0.5, 1e300, Decimal(1))
LISTS = ([], [None], ["BRA"], ["unknown"], [{}], {}, {"line": 1}, {"x": 1})
VALUES = (None, True, False, "", "a\x00b", "x" * 70, "x" * 3000, *TEXTS, *NUMBERS, *LISTS)
KINDS = {SeizureData: bodies.seizure, TransferData: bodies.transfer, ReportData: bodies.report}


@pytest.fixture(params=KINDS, ids=lambda cls: cls.__name__)
def kind(request, app):
    """Give the schema of a kind of document, its quick reader, and a body."""
    schema = request_schema(request.param)()
    with app.app_context():
        yield schema, quick_reader(schema), KINDS[request.param]()


def attempt(read, body):
    try:
        return read(copy.deepcopy(body))
    except (ValidationError, TypeError):
        return REFUSED


def places(body):
    """Yield each object and list inside a body, with each of its keys."""
    for key in [*body] if isinstance(body, dict) else range(len(body)):
        yield body, key
        if isinstance(body[key], dict | list):
            yield from places(body[key])


def test_each_value_at_each_place_is_read_alike(kind):
    schema, read, body = kind
    right = schema.load(body)
    assert read(body) == right
    for inner, key in [*places(body)]:
        before = inner[key]
        for value in VALUES:
            inner[key] = value
            assert attempt(read, body) == attempt(schema.load, body), (key, value)
        inner[key] = before


def test_each_field_alone_is_read_alike(kind):
    schema, read, body = kind
    for name, field in schema.load_fields.items():
        for value in VALUES:
            changed = body | {field.data_key or name: value}
            assert attempt(read, changed) == attempt(schema.load, changed), (name, value)


def test_what_is_missing_or_unknown_is_refused_alike(kind):
    schema, read, body = kind
    for inner, key in [*places(body)]:
        if isinstance(inner, dict):
            right = inner.pop(key)
            assert attempt(read, body) == attempt(schema.load, body), key
            inner[key] = right
    for wrong in (body | {"colour": "red"}, [body], None):
        assert attempt(read, wrong) == attempt(schema.load, wrong) == REFUSED


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_schemas_do_nothing_that_the_reader_leaves_out(subject):
    hooks = request_schema(SUBJECTS[subject].value)()._hooks.values()
    assert {name for each in hooks for name, *_ in each} == {
        "_drop_unknown",
        "_build",
        "_check_rules",
    }
