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
    assert list(client.get(f"/states?participant={value}", 422).json["errors"]) == ["participant"]


def test_a_post_has_two_sides_with_their_zones(client):
    [post] = [p for p in items(client, "/posts?state=URY&limit=200") if "artigas" in p["code"]]
    assert [(side["state"], side["time_zone"]) for side in post["sides"]] == [
        ("URY", "America/Montevideo"),
        ("BRA", "America/Sao_Paulo"),
    ]


@pytest.mark.parametrize("asked", ["Forjas Taurus", "taurus", "TAURUS ", "Taur"])
def test_a_make_is_found_as_people_write_it(client, asked):
    assert "taurus" in [make["code"] for make in items(client, f"/makes?q={asked}")]


@pytest.mark.parametrize("asked", ["9 mm Luger", "9x19", "9 Parabellum"])
def test_a_calibre_is_found_as_people_write_it(client, asked):
    assert "9x19" in [calibre["code"] for calibre in items(client, f"/calibres?q={asked}")]


def test_a_typed_make_is_answered_with_how_sure_it_is(client):
    first, *_ = items(client, "/makes?q=tauros")
    assert [first[name] for name in ("code", "certainty", "matched_by", "is_certain")] == [
        "taurus",
        1.0,
        "name",
        True,
    ]
    first, *_ = items(client, "/makes?q=Andreson%20Manufacturing")
    assert (first["code"], first["matched_by"], first["is_certain"]) == ("anderson", "typo", False)


def test_a_number_that_means_several_calibres_is_answered_with_all_the_surest_first(client):
    found = [item for item in items(client, "/calibres?q=7,62") if item["certainty"]]
    assert {"7.62x39", "7.62x51", "7.62x25"} <= {item["code"] for item in found}
    assert [item["certainty"] for item in found] == sorted(
        (item["certainty"] for item in found), reverse=True
    )
    assert not any(item["is_certain"] for item in found)


def test_what_begins_as_the_text_does_comes_after_what_it_may_mean(client):
    hows = [item["matched_by"] for item in items(client, "/makes?q=smith")]
    assert "begins" in hows and "begins" not in hows[: hows.index("begins")]
    assert set(hows[hows.index("begins") :]) == {"begins"}


def test_a_typed_type_is_found_in_any_language(client):
    for typed in ("pistolet", "Pistolas", "PI", "pistola semiautomática"):
        assert items(client, f"/types?q={typed}")[0]["code"] == "pistol"


def test_an_importer_is_shown_as_one(client):
    [first, *_] = items(client, "/makes?q=Interarms")
    assert (first["kind"], first["matched_by"], first["is_certain"]) == (
        "importer",
        "importer",
        False,
    )


def test_related_calibres_name_each_other(client):
    [first, *_] = items(client, "/calibres?q=5.56x45")
    assert (first["family"], first["related"]) == ("5.56x45", "223-rem")


def test_what_was_found_has_pages_too(client):
    first = client.get("/makes?q=s&limit=3").json
    second = client.get(first["next"].removeprefix("/api/v1")).json
    codes = [item["code"] for item in items(client, "/makes?q=s&limit=6")]
    assert [item["code"] for item in first["items"] + second["items"]] == codes


def test_without_a_text_no_certainty_is_given(client):
    first, *_ = items(client, "/makes")
    assert (first["certainty"], first["matched_by"], first["is_certain"]) == (None, None, None)


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
