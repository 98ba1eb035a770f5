"""Reference data: states with four flags, posts with two sides, and what guns are called."""

import pytest


@pytest.fixture
def client(as_actor):
    return as_actor("BRA", "auditor")


def items(client, path):
    return client.get(path).json["items"]


def test_states_of_the_past_are_there_with_their_last_day(client):
    former = {state["code"]: state for state in items(client, "/states?limit=200&cursor=WWW")}
    assert former["YUG"]["valid_to"]
    assert former["YUG"]["successors"]


def test_a_state_has_four_flags_apart(client):
    [state] = [state for state in items(client, "/states?limit=200") if state["code"] == "CAN"]
    flags = ("is_oas_member", "is_cifta_party", "is_cifta_signatory_only")
    assert [state[flag] for flag in flags] == [True, False, True]


def test_participants_are_found(client):
    found = items(client, "/states?participant=true&limit=200")
    assert {"ARG", "BRA", "PRY", "USA"} <= {state["code"] for state in found}
    assert all(state["is_participant"] for state in found)


@pytest.mark.parametrize("value", ["yes", "1", "True", ""])
def test_a_flag_is_true_or_false(client, value):
    answer = client.get(f"/states?participant={value}", 422).json
    assert list(answer["errors"]) == ["participant"]


def test_a_post_has_two_sides_with_their_zones(client):
    [post] = [p for p in items(client, "/posts?state=URY&limit=200") if "artigas" in p["code"]]
    assert [(side["state"], side["time_zone"]) for side in post["sides"]] == [
        ("URY", "America/Montevideo"), ("BRA", "America/Sao_Paulo"),
    ]  # fmt: skip


@pytest.mark.parametrize("asked", ["Forjas Taurus", "taurus", "TAURUS ", "Taur"])
def test_a_make_is_found_as_people_write_it(client, asked):
    assert "taurus" in [make["code"] for make in items(client, f"/makes?q={asked}")]


@pytest.mark.parametrize("asked", ["9 mm Luger", "9x19", "9 Parabellum"])
def test_a_calibre_is_found_as_people_write_it(client, asked):
    assert "9x19" in [calibre["code"] for calibre in items(client, f"/calibres?q={asked}")]


@pytest.mark.parametrize("asked", ["%25", "_", "zzzz", "'"])
def test_what_no_name_begins_with_finds_nothing(client, asked):
    assert items(client, f"/makes?q={asked}") == []


def test_offences_are_found_by_their_list(client):
    found = items(client, "/offences?kind=illicit_reason")
    assert "used_in_crime" in [offence["code"] for offence in found]
    assert {offence["kind"] for offence in found} == {"illicit_reason"}


@pytest.mark.parametrize("language", ["en", "es", "fr", "pt"])
@pytest.mark.parametrize("path", ["/types", "/offences"])
def test_every_code_has_a_name_in_every_language(client, path, language):
    answer = client.get(f"{path}?limit=200", Accept_Language=language).json
    assert [item["code"] for item in answer["items"] if item["name"] == item["code"]] == []
