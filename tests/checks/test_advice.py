"""What a check tells to do: what is reported of the gun, and whom to call."""

import pytest

from tests.support import bodies

SAME = bodies.firearm()


def office(as_actor, state):
    body = {
        "agency": f"{state}-POLICE",
        "kind": "duty_24h",
        "languages": ["es"],
        "hours": "24 h",
        "telephone": "+595 21 0000000",
    }
    as_actor(state, "state_administrator").post("/contacts", body)


@pytest.fixture(autouse=True)
def offices(as_actor):
    for state in ("BRA", "PRY", "URY"):
        office(as_actor, state)


@pytest.fixture
def manufactured(as_actor):
    body = bodies.transfer(kind="manufacture", occurred_on="2020-01-02", firearm=SAME)
    as_actor("BRA", "licensing_officer").post("/transfers", body)


@pytest.fixture
def report(as_actor):
    def post(state="PRY", **changes):
        body = bodies.report(firearm=SAME, **changes)
        if body["kind"] != "theft":
            del body["stolen_from"]
        as_actor(state, "police_officer").post("/reports", body)

    return post


@pytest.fixture
def ask(as_actor):
    def post(state="BRA", language="en", **changes):
        body = bodies.check(**changes)
        police = as_actor(state, "police_officer")
        return police.post("/checks", body, Accept_Language=language).json

    return post


def called(answer):
    return [contact["agency"] for contact in answer["next"]["contacts"]]


def test_a_theft_comes_before_older_records_that_agree_as_well(manufactured, report, ask):
    report()
    answer = ask()
    assert [each["event"] for each in answer["candidates"]] == ["theft", "manufacture"]
    assert [each["score"] for each in answer["candidates"]] == [31.0, 31.0]


@pytest.mark.parametrize("asker", ["BRA", "URY"])
def test_the_state_that_misses_the_gun_is_called_first_whoever_asks(
    manufactured, report, ask, asker
):
    report()
    answer = ask(asker)
    assert called(answer) == ["PRY-POLICE", "BRA-POLICE"]
    assert answer["next"]["contact"] == answer["next"]["contacts"][0]


def test_ones_own_office_is_never_named_alone(manufactured, ask):
    result = ask("BRA")["next"]
    assert (result["contact"], result["contacts"], result["action"]) == (None, [], "compare")
    assert result["text"] == "Compare the gun with the record, which your own state holds."
    assert called(ask("URY")) == ["BRA-POLICE"]


def test_a_gun_of_another_state_that_is_only_near_sends_nobody_there(manufactured, as_actor, ask):
    near = bodies.transfer(firearm=bodies.firearm(serial="ABC123465"))
    as_actor("PRY", "licensing_officer").post("/transfers", near)
    answer = ask("BRA", near=True)
    strengths = [(each["state"], each["strength"]) for each in answer["candidates"]]
    assert strengths == [("BRA", "strong"), ("PRY", "moderate")]
    result = answer["next"]
    assert (result["contact"], result["contacts"], result["action"]) == (None, [], "compare")
    assert result["text"] == "Compare the gun with the record, which your own state holds."
    assert called(ask("URY", near=True)) == ["BRA-POLICE", "PRY-POLICE"]


@pytest.mark.parametrize(
    "kind,body", [("theft", "Reported stolen by Paraguay."), ("loss", "Reported lost by Paraguay.")]
)
def test_a_missing_gun_is_marked_as_missing(manufactured, report, ask, kind, body):
    report(kind=kind)
    data = ask()["next"]
    assert (data["reported"], data["reported_by"], data["action"]) == (kind, "PRY", "call_owner")
    assert data["text"].startswith(body)


def test_a_gun_without_a_report_is_not_marked_as_missing(manufactured, ask):
    result = ask("URY")["next"]
    assert (result["reported"], result["reported_by"]) == (None, None)
    assert result["text"].startswith("Compare the gun")


def test_a_gun_that_was_recovered_since_is_missed_no_more(report, ask):
    report()
    report(kind="recovery", number="R-2", occurred_on="2025-04-01")
    assert ask()["next"]["reported"] == "recovery"


def test_a_theft_that_may_be_later_than_the_recovery_is_not_hidden_by_it(report, ask):
    report(occurred_on="2025")
    report(kind="recovery", number="R-2", occurred_on="2025-04-01")
    assert ask()["next"]["reported"] == "theft"


@pytest.mark.parametrize(
    "other", [{"serial": "ABC123457"}, {"make": "Glock", "model": "17"}, {"type": "revolver"}]
)
def test_that_another_gun_was_recovered_hides_no_theft(as_actor, report, other):
    report()
    back = bodies.report(
        kind="recovery", number="R-2", occurred_on="2025-04-01", firearm=bodies.firearm(**other)
    )
    del back["stolen_from"]
    as_actor("PRY", "police_officer").post("/reports", back)
    asked = bodies.check(serial="ABC12345?" if "serial" in other else "ABC123456")
    del asked["make"], asked["calibre"]
    answer = as_actor("BRA", "police_officer").post("/checks", asked).json
    assert len(answer["candidates"]) == 2
    assert answer["next"]["reported"] == "theft"


def test_a_gun_that_was_stolen_again_is_missed(report, ask):
    report(kind="recovery", occurred_on="2024-04-01")
    report(number="R-2")
    assert ask()["next"]["reported"] == "theft"


def test_a_seized_gun_is_marked_as_seized(ask, pry_police):
    pry_police.post("/seizures", bodies.seizure(place=bodies.FOZ | {"country": "PRY"}))
    result = ask()["next"]
    assert (result["reported"], result["reported_by"]) == ("seized", "PRY")
    assert result["text"].startswith("Seized before: ")


@pytest.mark.parametrize(
    "kind,body",
    [
        ("destruction", "Recorded as destroyed by Paraguay"),
        ("deactivation", "Recorded as deactivated by Paraguay"),
    ],
)
def test_a_destroyed_or_deactivated_gun_is_marked_as_such(manufactured, as_actor, ask, kind, body):
    gone = bodies.transfer(kind=kind, firearm=SAME)
    as_actor("PRY", "licensing_officer").post("/transfers", gone)
    data = ask()["next"]
    assert (data["reported"], data["reported_by"], data["action"]) == (kind, "PRY", "call_owner")
    assert data["text"].startswith(body)


def test_a_surrendered_gun_is_marked_as_surrendered(report, ask):
    report(kind="surrender")
    result = ask()["next"]
    assert (result["reported"], result["reported_by"]) == ("surrender", "PRY")
    assert result["text"].startswith("Reported surrendered by Paraguay.")


def test_a_theft_whose_mark_is_only_near_is_not_said_of_a_gun_that_is_a_hit(
    manufactured, as_actor, ask
):
    near = bodies.report(firearm=bodies.firearm(serial="ABC123465"))
    as_actor("PRY", "police_officer").post("/reports", near)
    answer = ask("URY", near=True)
    assert (answer["verdict"], len(answer["candidates"])) == ("hit", 2)
    assert answer["next"]["reported"] is None


@pytest.mark.parametrize(
    "language,expected",
    [
        ("es", "Denunciada como robada por: "),
        ("fr", "Déclarée volée par "),
        ("pt", "Comunicada como furtada ou roubada pel"),
    ],
)
def test_it_is_said_in_the_language_of_the_officer(report, ask, language, expected):
    report()
    assert ask(language=language)["next"]["text"].startswith(expected)


@pytest.mark.parametrize("visibility", ["pointer", "silent"])
def test_of_a_theft_that_may_not_be_read_nothing_is_told(manufactured, report, ask, visibility):
    report(visibility=visibility)
    answer = ask("URY")
    assert answer["next"]["reported"] is None
    assert answer["candidates"][0]["event"] == "manufacture"


def test_with_a_pointer_alone_no_record_is_to_be_compared(report, ask):
    report(visibility="pointer")
    result = ask()["next"]
    assert result["action"] == "call_owner" and called({"next": result}) == ["PRY-POLICE"]
    assert "with the record" not in result["text"] and "call it" in result["text"]


def test_with_a_pointer_that_is_only_near_its_office_is_asked_first(report, ask):
    report(visibility="pointer")
    answer = ask(serial="ABC123496")
    assert answer["verdict"] == "possible"
    assert "ask it before you act" in answer["next"]["text"]


FAINT = {"serial": "ABC123496", "make": "Glock", "calibre": ".380 ACP"}
"""One character differs, and so do make and calibre."""


def test_what_is_below_a_possible_hit_is_neither_shown_nor_called(manufactured, ask):
    answer = ask("URY", **FAINT, country="AUT")
    assert (answer["verdict"], answer["candidates"]) == ("no_hit", [])
    assert (answer["next"]["contact"], answer["next"]["contacts"]) == (None, [])


def test_what_is_below_a_possible_hit_is_not_shown_to_a_seizure(manufactured, as_actor):
    gun = bodies.firearm(**FAINT, country_of_manufacture="AUT", type="revolver")
    seized = bodies.seizure(place=bodies.FOZ | {"country": "URY"}, items=[gun])
    answer = as_actor("URY", "police_officer").post("/seizures", seized).json
    assert answer["matches"] == [{"line": 1, "candidates": [], "complete": False, "more": 0}]
