"""The OpenAPI document: what a program of strangers needs to be written from it alone."""

import re
from itertools import chain

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.http.openapi import load_properties

OF_ANY_KIND = ("Problem", "BoardEventResponse", "BatchRowResponse", "BatchProblemResponse")
VERB_NOUN = re.compile(r"[a-z]+(_[a-z]+)*")


@pytest.fixture(scope="module")
def whole(app):
    return app.test_client().get("/api/v1/openapi.json").json


@pytest.fixture(scope="module")
def schemas(whole):
    return whole["components"]["schemas"]


@pytest.fixture(scope="module")
def operations(whole):
    return [
        operation
        for methods in whole["paths"].values()
        for method, operation in methods.items()
        if method in ("get", "post")
    ]


def properties(schemas):
    return [
        (name, field, schema)
        for name, parent in schemas.items()
        for field, schema in parent.get("properties", {}).items()
    ]


def listed(schema):
    """The closed list of a property or of its items."""
    values = schema.get("enum") or schema.get("items", {}).get("enum")
    return values and [value for value in values if value is not None]


def test_the_document_is_openapi_3_1(whole):
    assert whole["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(whole).iter_errors()) == []


def test_every_property_and_parameter_has_a_description(schemas, operations):
    silent = [
        f"{name}.{field}" for name, field, schema in properties(schemas) if not described(schema)
    ]
    silent += [
        f"{operation['operationId']}?{parameter['name']}"
        for operation in operations
        for parameter in operation.get("parameters", ())
        if parameter.get("in") == "query" and not described(parameter)
    ]
    assert silent == []


def described(part):
    return bool(part.get("description"))


def test_every_text_has_an_example_and_every_example_is_possible(schemas):
    wrong = []
    for name, field, schema in properties(schemas):
        kinds = schema.get("type", ())
        is_text = "string" in ([kinds] if isinstance(kinds, str) else kinds)
        examples = schema.get("examples", [])
        bare = {key: value for key, value in schema.items() if key != "$ref"}
        if (is_text and not examples) or not all(
            map(Draft202012Validator(bare).is_valid, examples)
        ):
            wrong.append(f"{name}.{field}")
    assert wrong == []


def test_a_closed_list_of_a_request_is_one_in_the_answer_too(schemas):
    wrong = []
    for name, field, schema in properties(schemas):
        answer = schemas.get(f"{name.removesuffix('Request')}Response", {})
        if name.endswith("Request") and listed(schema) and field in answer.get("properties", {}):
            possible = listed(answer["properties"][field]) or ()
            wrong += [f"{name}.{field}"] * (not set(listed(schema)).issubset(possible))
    assert wrong == []


@pytest.mark.parametrize("word", ["status", "event", "handling", "priority", "strength"])
def test_a_word_of_a_closed_list_is_one_wherever_it_stands(schemas, word):
    free = [
        name
        for name, field, schema in properties(schemas)
        if field == word and name not in OF_ANY_KIND and not listed(schema)
    ]
    assert free == []


def test_every_description_is_of_some_property(schemas, operations):
    names = {field for _, field, _ in properties(schemas)}
    names |= {
        parameter["name"]
        for operation in operations
        for parameter in operation.get("parameters", ())
        if "name" in parameter
    }
    described_names = {
        name for name, text in load_properties().items() if not isinstance(text, dict)
    }
    assert described_names <= names


def test_an_operation_is_a_verb_and_a_noun(operations):
    ids = [operation["operationId"] for operation in operations]
    assert [each for each in ids if not VERB_NOUN.fullmatch(each) or each.endswith("_one")] == []


def test_an_answer_names_the_headers_that_it_has(operations):
    heads = {
        operation["operationId"]: set(
            chain(*(each.get("headers", ()) for each in operation["responses"].values()))
        )
        for operation in operations
    }
    assert heads["get_trace"] == {"ETag"} and heads["list_traces"] == {"ETag", "Link"}
    assert heads["create_trace"] == {"ETag", "Location"} and heads["get_trace_report"] == set()


def test_the_document_names_server_and_subjects(whole, operations):
    assert [server["url"] for server in whole["servers"]] == ["/"]
    described_tags = {tag["name"] for tag in whole["tags"] if tag["description"]}
    assert {tag for operation in operations for tag in operation["tags"]} == described_tags
