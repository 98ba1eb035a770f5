"""The desk and the board of a post, where one side asks the other to call, or both seize together."""

import re

import pytest

from tests.web.pages import text
from tests.web.scenes import POST

BOARD, DESK = f"/posts/{POST}/board", f"/posts/{POST}/desk"
DUTY = {
    "agency": "PRY-TEST",
    "kind": "border_post",
    "languages": ["es"],
    "hours": "24 h",
    "telephone": "+595 61 0000",
}
SAID = {
    "en": ("Paraguay asks you to call, 12:00.", "You asked Brazil to call, 12:00."),
    "es": ("Paraguay le pide que llame, 12:00.", "Usted pidió a Brasil que llame, 12:00."),
    "fr": (
        "Appel demandé par le Paraguay, 12:00.",
        "Vous avez demandé au Brésil d’appeler, 12:00.",
    ),
    "pt": ("Ligação pedida pelo Paraguai, 12:00.", "Você pediu ao Brasil uma ligação, 12:00."),
}


@pytest.fixture
def paraguay(signed_in):
    return signed_in("PRY", "border_officer")


@pytest.fixture
def brazil(signed_in):
    return signed_in("BRA", "border_officer")


@pytest.mark.parametrize("language", SAID)
def test_a_call_is_on_the_board_and_desk_of_both_sides(paraguay, brazil, language):
    paraguay.send(f"{DESK}/call", {"which": ""})
    for officer, value in zip((brazil, paraguay), SAID[language], strict=True):
        officer.client.set_cookie("salsa_language", language)
        for page in (BOARD, DESK, f"{DESK}/call"):
            assert value in text(officer.open(page))


def test_waiting_calls_are_on_every_page_of_the_desk(paraguay, brazil):
    paraguay.send(f"{DESK}/call", {"which": ""})
    for page in ("find", "check", "seizure", "tick"):
        assert "Paraguay asks you to call" in text(brazil.open(f"{DESK}/{page}"))
        assert "You asked Brazil" not in text(paraguay.open(f"{DESK}/{page}"))


def test_who_is_asked_sees_the_telephone_and_marks_the_call_as_answered(as_actor, paraguay, brazil):
    as_actor("PRY", "state_administrator").post("/contacts", DUTY)
    assert 'id="calls" class="calls" hidden' in brazil.open(DESK)
    paraguay.send(f"{DESK}/call", {"which": ""})
    page = brazil.open(BOARD)
    assert 'href="tel:+595610000"' in page
    [made] = re.findall(r'form="answering" name="call" value="([^"]+)"', page)
    assert made not in re.findall(r'value="([^"]+)"', paraguay.open(BOARD))
    urgent = as_actor("BRA", "border_officer").get("/notifications?urgent=true").json["items"]
    assert [each["code"] for each in urgent] == ["post_called"]
    assert "Not answered yet." in text(paraguay.open(DESK))
    assert brazil.send(f"{DESK}/answer", {"call": made, "next": BOARD}).location == BOARD
    for officer in (paraguay, brazil):
        assert "Answered at 12:00." in text(officer.open(DESK))
        assert 'form="answering"' not in officer.open(BOARD)


def test_what_is_no_call_is_not_answered(brazil):
    for wrong in ("", "x", "0199f2c0-0000-7000-8000-000000000000"):
        brazil.send(f"{DESK}/answer", {"call": wrong}, 404)


def test_a_repeated_question_shows_since_when_it_waits(paraguay):
    paraguay.send(f"{DESK}/call", {"which": ""})
    page = paraguay.send(f"{DESK}/call", {"which": ""}, 409).get_data(as_text=True)
    assert "The other side was asked to call at 12:00 already" in text(page)
    sent = {"Accept": "application/json"}
    answer = paraguay.send(f"{DESK}/call", {"which": ""}, 409, **sent).json
    assert "was asked to call at 12:00 already" in answer["messages"][0]


def test_the_notification_leads_to_the_desk(paraguay, brazil):
    paraguay.send(f"{DESK}/call", {"which": ""})
    assert f'href="{DESK}/call"' in brazil.open("/notifications")


def test_what_the_desk_asks_for_holds_nothing_of_a_session(paraguay, brazil):
    paraguay.send(f"{DESK}/call", {"which": ""})
    answer = brazil.client.get(f"{DESK}/live", headers={"Accept": "application/json"})
    assert set(answer.json["parts"]) == {"calls", "asked", "joint"}
    assert "Paraguay asks you to call" in answer.json["parts"]["calls"]
    assert "csrf_token" not in answer.text and answer.headers["Salsa-Build"]


def test_who_recorded_first_names_the_other_side_s_by_one_button(paraguay, brazil, as_actor):
    first = paraguay.send(f"{DESK}/seizure", {"items.0.serial": "XYZ123", "number": "P-1"})
    brazil.send(
        f"{DESK}/seizure", {"items.0.serial": "XYZ123", "number": "B-7", "joint_with.number": "P-1"}
    )
    page = paraguay.open(DESK)
    assert "Which of yours is it? Join it with seizure P-1" in text(page) and "B-7" not in page
    button = re.search(r'<button[^>]*name="other" value="([^"]+)" formaction="([^"]+)"', page)
    joined = text(paraguay.open(paraguay.send(button[2], {"other": button[1]}).location))
    assert "Joined with Brazil B-7" in joined and button[2] == f"{first.location}/joint?version=1"
    assert "Joined with Paraguay P-1" in text(brazil.open(DESK))
    [read] = as_actor("BRA", "supervisor").get("/audit?action=record:disclosed").json["items"]
    assert (read["state"], read["purpose"], read["case_number"]) == ("PRY", "seizure", "P-1")
    [row] = as_actor("PRY", "border_officer").get("/seizures").json["items"]
    assert (row["version"], row["reason"]) == (2, "Joint with Brazil B-7.")
    second = brazil.send(
        f"{DESK}/seizure", {"items.0.serial": "XYZ999", "number": "B-8", "joint_with.number": "P-1"}
    )
    assert 'name="other"' not in paraguay.open(DESK)  # what is joined is parted by no button
    paraguay.send(
        button[2], {"other": second.location.rpartition("/")[2]}, 412
    )  # nor by a stale one


def test_the_other_side_s_number_is_added_to_a_seizure_that_stands(paraguay, brazil):
    own = paraguay.send(f"{DESK}/seizure", {"items.0.serial": "XYZ123", "number": "P-1"}).location
    brazil.send(
        f"{DESK}/seizure", {"items.0.serial": "XYZ123", "number": "B-7", "joint_with.number": "P-1"}
    )
    paraguay.send(f"{own}/joint", {"number": "", "expected_version": "1"}, 422)
    paraguay.send(f"{own}/joint", {"number": "B-9", "expected_version": "1"})
    assert "not yet found with the other side" in text(paraguay.open(own))
    paraguay.send(f"{own}/joint", {"number": "B-7", "expected_version": "2"})
    assert "Joined with Brazil B-7" in text(paraguay.open(own))


def test_who_records_no_seizures_is_not_asked_to_join_one(paraguay, signed_in):
    paraguay.send(f"{DESK}/seizure", {"items.0.serial": "XYZ123", "joint_with.number": "B-7"})
    page = text(signed_in("BRA", "supervisor").open(DESK))
    assert "Record yours" not in page and "when an officer of your side names it" in page


def test_the_desks_and_boards_of_both_sides_say_what_waits_and_what_is_joined(paraguay, brazil):
    paraguay.send(
        f"{DESK}/seizure", {"items.0.serial": "XYZ123", "number": "P-1", "joint_with.number": "B-7"}
    )
    assert "not yet found with the other side" in text(paraguay.open(DESK))
    waits = text(brazil.open(DESK))
    assert "Paraguay recorded a seizure jointly with your side, 12:00." in waits
    assert "P-1" not in waits  # it is read for a purpose, which is written down for its owner
    brazil.send(
        f"{DESK}/seizure", {"items.0.serial": "XYZ124", "number": "B-7", "joint_with.number": "P-1"}
    )
    body = "Joined with Brazil B-7, recorded 9 Mar 2026, 12:00."
    assert body in text(paraguay.open(DESK)) and body in text(paraguay.open(f"/posts/{POST}/board"))
    assert "Joined with Paraguay P-1" in text(brazil.open(DESK))
    assert "jointly with your side" not in text(brazil.open(DESK))


def test_a_call_about_a_shipment_is_reported_with_who_asks_and_at_which_post(
    paraguay, brazil, truck
):
    paraguay.send(f"{DESK}/call", {"which": truck["id"]})
    notices = text(brazil.open("/notifications"))
    assert "Shipment A-1 · Paraguay · " in notices and "Foz do Iguaçu" in notices


def test_a_call_may_carry_words_which_the_other_side_reads(paraguay, brazil, as_actor):
    paraguay.send(f"{DESK}/call", {"which": "", "words": "The seals of truck 4."})
    assert "The seals of truck 4." in text(brazil.open(DESK))
    [call] = as_actor("BRA", "border_officer").get(f"/posts/{POST}/calls").json["items"]
    assert call["words"] == "The seals of truck 4."
