"""Where a gun was made or imported, learned after its trace was sent: who follows from it is asked."""

import pytest

from tests.support import bodies

UNKNOWN = bodies.firearm(country_of_manufacture=None, make=None)
UNKNOWN = {name: value for name, value in UNKNOWN.items() if value is not None}


def legs(analyst, path):
    return {leg["state"]: leg for leg in analyst.get(path).json["legs"]}


@pytest.fixture
def trace(analyst):
    """The path of a sent trace of a gun of unknown origin, which Spain has answered."""
    path = f"/traces/{analyst.post('/traces', bodies.trace(firearm=UNKNOWN)).json['id']}"
    analyst.post(f"{path}/legs", {"state": "ESP", "reason": "A witness", "channel": "iarms"})
    reply = {"status": "no_record", "text": "Nothing"}
    analyst.post(f"{path}/legs/{legs(analyst, path)['ESP']['id']}/reply", reply)
    return path


def test_the_states_that_follow_are_asked_and_no_other_again(analyst, as_actor, trace):
    before = legs(analyst, trace)
    origin = {"country_of_manufacture": "AUT", "make": "Glock"}
    origin |= {"importer_mark": "GLOCK INC SMYRNA GA", "import_state": "USA"}
    made = analyst.post(f"{trace}/origin", origin, 200).json
    after = legs(analyst, trace)
    assert after.keys() - before.keys() == {"AUT", "USA"}
    assert {state: after[state] for state in before} == before
    assert after["AUT"]["reasons"] == ["The gun was made there."]
    assert after["USA"]["reasons"] == ["The import mark names United States."]
    gun = made["firearm"]
    assert (gun["make"], gun["country_of_manufacture"]) == ("glock", "AUT")
    assert [mark["state"] for mark in gun["marks"] if mark["kind"] == "import"] == ["USA"]
    asked = as_actor("BRA", "auditor").get("/audit?action=trace:asked").json["items"]
    assert {"asked": ["USA"], "to_send": ["AUT"]} in [entry["data"] for entry in asked]


def test_the_mark_of_an_american_importer_in_words_is_enough(analyst, trace):
    analyst.post(f"{trace}/origin", {"importer_mark": "Glock Inc., Smyrna, GA, USA"}, 200)
    assert "USA" in legs(analyst, trace)


@pytest.mark.parametrize(
    ("origin", "field"),
    [
        ({}, "country_of_manufacture"),
        ({"import_state": "USA"}, "importer_mark"),
        ({"country_of_manufacture": "DEU"}, "country_of_manufacture"),
    ],
)
def test_an_origin_that_says_nothing_new_is_refused(analyst, trace, origin, field):
    analyst.post(f"{trace}/origin", {"country_of_manufacture": "AUT"}, 200)
    assert list(analyst.post(f"{trace}/origin", origin, 422).json["errors"]) == [field]


def test_a_seized_gun_is_corrected_with_its_seizure_and_its_trace_asks_who_follows(analyst, police):
    seizure = police.post("/seizures", bodies.seizure(items=[UNKNOWN])).json
    path = f"/traces/{analyst.post('/traces', bodies.trace_of(seizure['id'])).json['id']}"
    analyst.post(f"{path}/origin", {"country_of_manufacture": "AUT"}, 422)
    assert "AUT" not in legs(analyst, path)
    known = UNKNOWN | {"country_of_manufacture": "AUT"}
    body = bodies.seizure(items=[known], reason="Read again")
    police.post(f"/seizures/{seizure['id']}/correct", body, 200, If_Match='"1"')
    assert legs(analyst, path)["AUT"]["status"] == "not_participating"
