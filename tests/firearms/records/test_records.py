"""Another state's record is read for a purpose and a case, each given in its header."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning


@beginning
def record(as_actor):
    made = as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer()).json
    return f"/records/{made['firearm']['record']}"


@pytest.mark.parametrize(
    "headers,missing",
    [
        ({}, "Salsa-Purpose"),
        ({"Salsa_Case": "C-1"}, "Salsa-Purpose"),
        ({"Salsa_Purpose": "investigation"}, "Salsa-Case"),
        ({"Salsa_Purpose": "street"}, "Salsa-Case"),
    ],
)
def test_the_header_that_is_missing_is_named(as_actor, record, headers, missing):
    answer = as_actor("BRA", "police_officer").get(record, 422, **headers).json
    assert answer["errors"] == {
        missing: ["Another state's record is read for a purpose and a case."]
    }


@pytest.mark.parametrize("visibility", ["open", "pointer", "silent"])
def test_an_own_record_is_not_there_before_it_was_recorded(as_actor, visibility, pry):
    made = pry.post("/transfers", bodies.transfer(visibility=visibility)).json
    path = f"/records/{made['firearm']['record']}?as_of=2026-03-01T00:00:00Z"
    as_actor("PRY", "police_officer").get(path, 404)
    purpose = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
    as_actor("PRY", "police_officer").get(path, 404, **purpose)


def test_an_own_record_is_read_without(as_actor, record):
    as_actor("PRY", "police_officer").get(record)
