"""Answers to hits: the state of the alert decides, and the finder is notified."""

from datetime import datetime, timedelta

from tests.conftest import NOW
from tests.support import bodies
from tests.support.hits import answer, enter, hits, notices, watch


def test_the_state_of_the_alert_confirms_and_the_finder_is_notified(pry_police, police):
    enter(pry_police)
    police.post("/checks", bodies.check())
    [hit] = hits(pry_police)
    confirmed = answer(pry_police, hit, "confirm", note="Compared with the file")
    assert (confirmed["status"], confirmed["version"]) == ("confirmed", 2)
    assert confirmed["answered_by"]
    [mine] = hits(police)
    assert (mine["status"], mine["note"]) == ("confirmed", "Compared with the file")
    assert mine["answered_by"] is None  # who it was is known in his own state alone
    assert [note["subject"]["id"] for note in notices(police, "hit_confirmed")] == [hit["id"]]
    assert answer(pry_police, hit, "reject", 409, note="No")["code"] == "illegal_transition"


def test_a_hit_that_is_denied_says_why(pry_police, police):
    enter(pry_police)
    police.post("/checks", bodies.check())
    [hit] = hits(pry_police)
    answer(pry_police, hit, "reject", 422)
    assert answer(pry_police, hit, "reject", note="Another model")["status"] == "denied"
    assert hits(police)[0]["note"] == "Another model" and len(notices(police, "hit_denied")) == 1


def test_a_state_may_need_more_hours(pry_police, police):
    enter(pry_police)
    police.post("/checks", bodies.check())
    [hit] = hits(pry_police)
    assert answer(pry_police, hit, "extend", hours=3, note="File asked for")["status"] == "extended"
    assert datetime.fromisoformat(hits(police)[0]["due_at"]) == NOW + timedelta(hours=3)
    assert len(notices(police, "hit_extended")) == 1
    assert answer(pry_police, hit, "confirm")["status"] == "confirmed"


def test_the_finder_does_not_decide_for_the_state_of_the_alert(pry_police, police):
    enter(pry_police)
    police.post("/checks", bodies.check())
    [hit] = hits(police)
    assert answer(police, hit, "confirm", 403)["code"] == "forbidden"


def test_an_answer_to_a_hit_that_changed_is_stale(pry_police, police):
    enter(pry_police)
    police.post("/checks", bodies.check())
    [hit] = hits(pry_police)
    answer(pry_police, hit, "extend", hours=1, note="Wait")
    pry_police.post(f"/hits/{hit['id']}/confirm", {}, 412, If_Match='"1"')
    pry_police.post(f"/hits/{hit['id']}/confirm", {}, 428)


def test_the_second_contact_is_reminded_once_of_what_is_late(pry_police, police, pry_analyst):
    enter(pry_police, priority="urgent")
    police.post("/checks", bodies.check())
    assert [watch("PRY", minutes=m) for m in (9, 11, 12)] == [0, 1, 0]
    assert len(notices(pry_analyst, "hit_overdue")) == 1
    assert notices(pry_police, "hit_overdue") == []  # the first was told when it was made
    assert len(notices(police, "hit_unanswered")) == 1
    assert watch("BRA", minutes=12) == 0  # it does not owe the answer


def test_nobody_waits_for_an_answer_for_ever(pry_police, police):
    enter(pry_police)
    police.post("/checks", bodies.check())
    assert watch("PRY", days=8) == 1
    assert [hit["status"] for hit in (*hits(pry_police), *hits(police))] == ["expired", "expired"]
    assert len(notices(police, "hit_expired")) == 1
