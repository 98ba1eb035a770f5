"""The asking state keeps a request from agencies, and so does the asked one: one ends without the other."""

import pytest

from tests.support import bodies

OFFICE, OTHER = "PRY-POLICE", "PRY-LICENSING"


@pytest.fixture
def asking(as_actor):
    return as_actor("BRA", "trace_analyst")


@pytest.fixture
def trace(as_actor, asking):
    """The path of a trace of Brazil that waits for Paraguay."""
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(visibility="pointer"))
    return f"/traces/{asking.post('/traces', bodies.trace()).json['id']}"


@pytest.fixture
def request_(trace, pry_analyst):
    """The path of what it asks of Paraguay."""
    return f"/requests/{pry_analyst.get('/requests').json['items'][0]['id']}"


@pytest.fixture
def office(as_actor):
    return as_actor("PRY", "trace_analyst", agency="POLICE")


@pytest.mark.parametrize("first", ["asking", "asked"])
def test_agencies_hidden_by_the_asking_state_stay_hidden_when_the_asked_one_lifts_its_own(
    asking, pry_analyst, trace, request_, office, first
):
    if first == "asked":
        pry_analyst.hide(request_, OFFICE)
    asking.hide(trace, OFFICE)
    pry_analyst.hide(request_, OFFICE)
    read = pry_analyst.hide(request_).json
    assert (read["hidden_from"], read["own_hidden_from"]) == ([OFFICE], [])
    assert asking.get(trace).json["hidden_from"] == [OFFICE]
    office.get(request_, 404)
    asking.hide(trace)
    office.get(request_)


@pytest.mark.parametrize("first", ["asking", "asked"])
def test_agencies_hidden_by_the_asked_state_stay_hidden_when_the_asking_one_lifts_its_own(
    asking, pry_analyst, trace, request_, office, first
):
    if first == "asking":
        asking.hide(trace, OFFICE)
    pry_analyst.hide(request_, OFFICE)
    asking.hide(trace, OFFICE)
    asking.hide(trace)
    office.get(request_, 404)
    read = pry_analyst.get(request_).json
    assert (read["hidden_from"], read["own_hidden_from"]) == ([OFFICE], [OFFICE])
    assert pry_analyst.hide(request_).json["hidden_from"] == []
    office.get(request_)


def test_each_has_a_list_of_its_own_and_both_keep_it(
    as_actor, asking, pry_analyst, trace, request_
):
    asking.hide(trace, OFFICE)
    read = pry_analyst.hide(request_, OTHER).json
    assert (read["hidden_from"], read["own_hidden_from"]) == ([OTHER, OFFICE], [OTHER])
    for agency in ("LICENSING", "POLICE"):
        as_actor("PRY", "trace_analyst", agency=agency).get(request_, 404)


def test_more_that_is_learned_of_the_gun_leaves_the_asked_states_choice(
    as_actor, asking, pry_analyst, office, examiner
):
    """The letter that asks again says the asking state's list anew, and no other."""
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(visibility="pointer"))
    item = bodies.firearm(serial="TKA5*", marking="altered", country_of_manufacture="PRY")
    seizure = as_actor("BRA", "police_officer").post("/seizures", bodies.seizure(items=[item])).json
    asking.post("/traces", bodies.trace_of(seizure["id"], hidden_from=[OTHER]))
    [request] = pry_analyst.get("/requests").json["items"]
    pry_analyst.hide(path := f"/requests/{request['id']}", OFFICE)
    mark = {
        "kind": "manufacture",
        "text": "TKA52385",
        "location": "frame",
        "method": "chemical",
        "reason": "Etched",
    }
    examiner.post(f"/seizures/{seizure['id']}/items/1/marks", mark)
    read = pry_analyst.get(path).json
    assert (read["hidden_from"], read["own_hidden_from"]) == ([OTHER, OFFICE], [OFFICE])
    office.get(path, 404)


def test_an_asked_state_names_agencies_of_its_own_and_leaves_one(
    as_actor, asking, pry_analyst, trace, request_
):
    asking.hide(trace, OFFICE)
    errors = pry_analyst.hide(request_, OTHER, "BRA-TEST", expect=422).json["errors"]
    assert list(errors) == ["hidden_from.1"]
    assert "BRA-TEST is an agency of Brazil" in errors["hidden_from.1"][0]
    other = as_actor("PRY", "trace_analyst", agency="LICENSING")
    assert other.hide(request_, "PRY-TEST").json["hidden_from"] == [OFFICE, "PRY-TEST"]
    errors = other.hide(request_, OTHER, "PRY-TEST", expect=422).json["errors"]
    assert "Leave an agency of PRY that sees it." in errors["hidden_from"]


@pytest.mark.parametrize("of", ["trace", "request_"])
def test_the_list_is_replaced_only_with_the_version_read(request, pry_analyst, asking, of):
    path = request.getfixturevalue(of)
    client = asking if of == "trace" else pry_analyst
    visible = client.get(path)
    client.post(f"{path}/restrict", {"hidden_from": [OTHER]}, 428)
    assert client.hide(path, OFFICE).json["version"] == visible.json["version"] + 1
    stale = {"If_Match": visible.headers["ETag"]}
    client.post(f"{path}/restrict", {"hidden_from": [OTHER]}, 412, **stale)
    assert client.get(path).json["hidden_from"] == [OFFICE]


@pytest.mark.between_writes
def test_what_the_asking_state_names_meanwhile_is_a_version_that_was_not_read(
    asking, pry_analyst, trace, request_
):
    visible = pry_analyst.get(request_).headers["ETag"]
    asking.hide(trace, OFFICE)
    pry_analyst.post(f"{request_}/restrict", {"hidden_from": []}, 412, If_Match=visible)
