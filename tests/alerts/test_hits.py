"""Hits: a check hits an alert, and both states learn of it."""

from datetime import datetime, timedelta

import pytest

from tests.conftest import NOW
from tests.support import bodies
from tests.support.hits import answer, enter, hits, notices


@pytest.mark.parametrize(
    "action,words",
    [
        ("seize", "Hold the gun and call Paraguay, which asks to seize it."),
        ("hold_and_call", "Hold the gun and call Paraguay"),
        ("inform_only", "Paraguay asks to be notified"),
    ],
)
def test_a_check_says_what_an_alert_asks_for_and_that_a_hit_alone_is_no_ground(
    pry_police, police, action, words
):
    enter(pry_police, action=action)
    answered = police.post("/checks", bodies.check()).json
    assert answered["verdict"] == "hit" and answered["next"]["action"] == action
    assert answered["next"]["text"].startswith(words)
    assert "hit alone is no ground" in answered["next"]["text"]
    [hit] = answered["hits"]
    assert (hit["state"], hit["action"], hit["possible"]) == ("PRY", action, False)


def test_it_says_so_in_the_readers_language(pry_police, police):
    enter(pry_police)
    body = police.post("/checks", bodies.check(), Accept_Language="es").json["next"]["text"]
    assert body.startswith("Retenga el arma y llame a Paraguay")


def test_both_states_have_the_hit_by_one_id(pry_police, police):
    made = enter(pry_police)
    check = police.post("/checks", bodies.check()).json
    [theirs], [mine] = hits(pry_police), hits(police)
    assert theirs["id"] == mine["id"] == check["hits"][0]["id"]
    for hit in (mine, theirs):
        assert (hit["alert"], hit["status"]) == (made["id"], "open")
        assert (hit["cause"], hit["cause_id"]) == ("check", check["id"])
        assert (hit["alert_state"], hit["asking_state"]) == ("PRY", "BRA")
    assert hits(pry_police, "?status=confirmed") == []
    assert [hit["data"]["state"] for hit in notices(pry_police, "hit_made")] == ["BRA"]
    assert notices(police, "hit_made") == []  # it waits for the answer


@pytest.mark.parametrize("priority,minutes", [("urgent", 10), ("routine", 60)])
def test_an_answer_is_due_by_the_priority_of_the_alert(pry_police, police, priority, minutes):
    enter(pry_police, priority=priority)
    [hit] = police.post("/checks", bodies.check()).json["hits"]
    assert datetime.fromisoformat(hit["due_at"]) == NOW + timedelta(minutes=minutes)


def test_a_gun_that_may_be_another_one_is_a_possible_hit(pry_police, police):
    enter(pry_police, firearm=bodies.firearm(serial="ABC123457"))
    answered = police.post("/checks", bodies.check()).json
    [hit] = answered["hits"]
    assert hit["possible"] and hit["strength"] == "moderate"
    assert answered["next"]["action"] == "compare"
    assert "compare marks, make, model and calibre" in answered["next"]["text"]


def test_a_gun_of_another_make_and_calibre_is_a_possible_hit_by_the_very_serial_alone(
    pry_police, police
):
    enter(pry_police)
    other = {"make": "Glock", "calibre": ".45 ACP"}
    [hit] = police.post("/checks", bodies.check(**other)).json["hits"]
    assert hit["possible"]
    assert police.post("/checks", bodies.check(serial="ABC123457", **other)).json["hits"] == []


def test_what_binds_most_comes_first(pry_police, police):
    for action in ("inform_only", "seize", "hold_and_call"):
        enter(pry_police, action=action)
    answered = police.post("/checks", bodies.check()).json
    assert [hit["action"] for hit in answered["hits"]] == ["seize", "hold_and_call", "inform_only"]
    assert answered["next"]["action"] == "seize"


def test_each_check_of_a_batch_has_its_own_hits(pry_police, police):
    enter(pry_police)
    guns = [{"serial": "QWK77120"}, {"serial": "ABC123456", "make": "Taurus"}]
    body = {"purpose": "investigation", "case_number": "C-1", "checks": guns}
    lines = police.post("/checks/batch", body, 200).get_data(as_text=True).splitlines()
    assert ['"hits":[]' in line for line in lines[:2]] == [True, False]


def test_a_hit_of_others_is_not_known_to_a_third_state(as_actor, pry_police, police):
    enter(pry_police)
    police.post("/checks", bodies.check())
    [hit] = hits(pry_police)
    as_actor("ARG", "police_officer").get(f"/hits/{hit['id']}", 404)


def test_a_border_officer_sees_the_hits_of_his_own_agency(pry_police, as_actor, police, bra_border):
    enter(pry_police)
    made = bra_border.post("/checks", bodies.check()).json["hits"][0]["id"]
    assert [hit["id"] for hit in hits(bra_border)] == [made]
    assert bra_border.get(f"/hits/{made}").json["status"] == "open"
    bra_border.post(f"/hits/{made}/confirm", {}, 403, If_Match='"1"')
    as_actor("BRA", "forensic_examiner").get("/hits", 403)


def test_border_officers_are_notified_of_what_their_own_agency_met_alone(pry_police, as_actor):
    enter(pry_police)
    here, elsewhere = (
        as_actor("BRA", "border_officer", agency=name) for name in ("TEST", "POLICE")
    )
    here.post("/checks", bodies.check())
    [hit] = hits(pry_police)
    answer(pry_police, hit, "confirm")
    assert [each["number"] for each in notices(here, "hit_confirmed")] == ["ABC123456"]
    assert notices(elsewhere, "hit_confirmed") == []
    elsewhere.get(f"/hits/{hit['id']}", 404)


def test_both_read_by_which_serial_it_was_met_and_the_own_state_which_alert(pry_police, police):
    enter(pry_police, reason_text="Taken from a dealer")
    police.post("/checks", bodies.check(serial="ABC123466"))
    [theirs], [mine] = hits(pry_police), hits(police)
    assert theirs["read_as"] == mine["read_as"] == "ABC123466"
    assert (theirs["firearm"]["serial"], theirs["reason"]) == ("ABC123456", "stolen")
    assert (theirs["case_number"], theirs["reason_text"]) == ("A-1", "Taken from a dealer")
    names = ("firearm", "reason", "reason_text", "case_number")
    assert [mine[name] for name in names] == [None] * 4
    assert theirs["notified"] and mine["notified"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            "A gun that matches an alert of Paraguay was found: Paraguay has to confirm the hit",
        ),
        (
            "es",
            "Se halló un arma con alerta de Paraguay: Paraguay debe confirmar la respuesta positiva",
        ),
        ("fr", "la réponse positive doit être confirmée par le Paraguay"),
        (
            "pt",
            "Foi encontrada uma arma com alerta do Paraguai: o Paraguai deve confirmar a resposta positiva",
        ),
    ],
)
def test_both_states_read_by_name_whose_turn_it_is(pry_police, police, language, words):
    police.post("/seizures", bodies.seizure())
    enter(pry_police)
    for client in (pry_police, police):
        notes = client.get("/notifications", Accept_Language=language).json["items"]
        [note] = [each for each in notes if each["code"] == "hit_made"]
        assert words in note["text"]
