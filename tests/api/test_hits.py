"""Hits: an alert is met, both states learn of it, and the alert's state says whether it is true."""

from datetime import datetime, timedelta

import pytest

from salsa_ext.clock import FixedClock
from salsa_ext.db import transaction
from salsa_ext.policy.rules import operator
from salsa_ext.readmodels import frequencies
from salsa_ext.services import alert_watch, telling_owners
from tests import bodies
from tests.conftest import NOW
from tests.matches import look, sold


@pytest.fixture
def pry(as_actor):
    return as_actor("PRY", "police_officer")


@pytest.fixture
def bra(as_actor):
    return as_actor("BRA", "police_officer")


@pytest.fixture
def watch(session):
    def at(state, **later):
        actor = operator(state, clock=FixedClock(NOW + timedelta(**later)))
        with transaction(actor):
            return alert_watch.run(actor=actor)

    return at


@pytest.fixture
def alert(pry):
    def enter(**changes):
        return pry.post("/alerts", bodies.alert(**changes)).json

    return enter


def hits(client, query=""):
    return client.get(f"/hits{query}").json["items"]


def answer(client, hit, action, expect=200, **body):
    etag = client.get(f"/hits/{hit['id']}").headers["ETag"]
    return client.post(f"/hits/{hit['id']}/{action}", body, expect, If_Match=etag).json


def told(client, code):
    items = client.get("/notifications").json["items"]
    return [item for item in items if item["code"] == code]


@pytest.mark.parametrize("action,words", [
    ("seize", "Hold the gun and call Paraguay, which asks to seize it."),
    ("hold_and_call", "Hold the gun and call Paraguay"), ("inform_only", "Paraguay asks to be told"),
])  # fmt: skip
def test_a_check_says_what_an_alert_asks_for_and_that_a_hit_alone_is_no_ground(
    alert, bra, action, words
):
    alert(action=action)
    answered = bra.post("/checks", bodies.check()).json
    assert answered["verdict"] == "hit" and answered["next"]["action"] == action
    assert answered["next"]["text"].startswith(words)
    assert "hit alone is no ground" in answered["next"]["text"]
    [hit] = answered["hits"]
    assert (hit["state"], hit["action"], hit["possible"]) == ("PRY", action, False)


def test_it_says_so_in_the_readers_language(alert, bra):
    alert()
    said = bra.post("/checks", bodies.check(), Accept_Language="es").json["next"]["text"]
    assert said.startswith("Retenga el arma y llame a Paraguay")


def test_both_states_have_the_hit_by_one_id(alert, pry, bra):
    made = alert()
    check = bra.post("/checks", bodies.check()).json
    [theirs], [mine] = hits(pry), hits(bra)
    assert theirs["id"] == mine["id"] == check["hits"][0]["id"]
    for hit in (mine, theirs):
        assert (hit["alert"], hit["status"]) == (made["id"], "open")
        assert (hit["cause"], hit["cause_id"]) == ("check", check["id"])
        assert (hit["alert_state"], hit["asking_state"]) == ("PRY", "BRA")
    assert hits(pry, "?status=confirmed") == []
    assert [hit["data"]["state"] for hit in told(pry, "hit_made")] == ["BRA"]
    assert told(bra, "hit_made") == []  # it waits for the answer


@pytest.mark.parametrize("priority,minutes", [("urgent", 10), ("routine", 60)])
def test_an_answer_is_due_by_the_priority_of_the_alert(alert, bra, priority, minutes):
    alert(priority=priority)
    [hit] = bra.post("/checks", bodies.check()).json["hits"]
    assert datetime.fromisoformat(hit["due_at"]) == NOW + timedelta(minutes=minutes)


def test_a_gun_that_may_be_another_one_is_a_possible_hit(alert, bra):
    alert(firearm=bodies.firearm(serial="ABC123457"))
    answered = bra.post("/checks", bodies.check()).json
    [hit] = answered["hits"]
    assert hit["possible"] and hit["strength"] == "moderate"
    assert answered["next"]["action"] == "compare"
    assert "compare marks, make, model and calibre" in answered["next"]["text"]


def test_a_gun_of_another_make_and_calibre_is_a_possible_hit_by_the_very_serial_alone(alert, bra):
    alert()
    other = {"make": "Glock", "calibre": ".45 ACP"}
    [hit] = bra.post("/checks", bodies.check(**other)).json["hits"]
    assert hit["possible"]
    assert bra.post("/checks", bodies.check(serial="ABC123457", **other)).json["hits"] == []


def test_what_binds_most_comes_first(alert, bra):
    for action in ("inform_only", "seize", "hold_and_call"):
        alert(action=action)
    answered = bra.post("/checks", bodies.check()).json
    assert [hit["action"] for hit in answered["hits"]] == ["seize", "hold_and_call", "inform_only"]
    assert answered["next"]["action"] == "seize"


def test_each_check_of_a_batch_has_its_own_hits(alert, bra):
    alert()
    guns = [{"serial": "QWK77120"}, {"serial": "ABC123456", "make": "Taurus"}]
    body = {"purpose": "investigation", "case_number": "C-1", "checks": guns}
    lines = bra.post("/checks/batch", body, 200).get_data(as_text=True).splitlines()
    assert ['"hits":[]' in line for line in lines[:2]] == [True, False]


def test_the_alerts_state_confirms_and_who_waits_is_told(alert, pry, bra):
    alert()
    bra.post("/checks", bodies.check())
    [hit] = hits(pry)
    confirmed = answer(pry, hit, "confirm", note="Compared with the file")
    assert (confirmed["status"], confirmed["version"]) == ("confirmed", 2)
    assert confirmed["answered_by"]
    [mine] = hits(bra)
    assert (mine["status"], mine["note"]) == ("confirmed", "Compared with the file")
    assert mine["answered_by"] is None  # who it was is known in his own state alone
    assert [note["subject"]["id"] for note in told(bra, "hit_confirmed")] == [hit["id"]]
    assert answer(pry, hit, "deny", 409, note="No")["code"] == "illegal_transition"


def test_a_hit_that_is_denied_says_why(alert, pry, bra):
    alert()
    bra.post("/checks", bodies.check())
    [hit] = hits(pry)
    answer(pry, hit, "deny", 422)
    assert answer(pry, hit, "deny", note="Another model")["status"] == "denied"
    assert hits(bra)[0]["note"] == "Another model" and len(told(bra, "hit_denied")) == 1


def test_a_state_may_need_more_hours(alert, pry, bra):
    alert()
    bra.post("/checks", bodies.check())
    [hit] = hits(pry)
    extended = answer(pry, hit, "extend", hours=3, note="File asked for")
    assert extended["status"] == "extended"
    assert datetime.fromisoformat(hits(bra)[0]["due_at"]) == NOW + timedelta(hours=3)
    assert len(told(bra, "hit_extended")) == 1
    assert answer(pry, hit, "confirm")["status"] == "confirmed"


def test_who_met_an_alert_does_not_answer_for_its_state(alert, bra):
    alert()
    bra.post("/checks", bodies.check())
    [hit] = hits(bra)
    assert answer(bra, hit, "confirm", 403)["code"] == "forbidden"


def test_an_answer_to_a_hit_that_changed_is_stale(alert, pry, bra):
    alert()
    bra.post("/checks", bodies.check())
    [hit] = hits(pry)
    answer(pry, hit, "extend", hours=1, note="Wait")
    pry.post(f"/hits/{hit['id']}/confirm", {}, 412, If_Match='"1"')
    pry.post(f"/hits/{hit['id']}/confirm", {}, 428)


def test_a_hit_of_others_is_not_known_to_a_third_state(alert, as_actor, pry, bra):
    alert()
    bra.post("/checks", bodies.check())
    [hit] = hits(pry)
    as_actor("ARG", "police_officer").get(f"/hits/{hit['id']}", 404)


def test_the_second_contact_is_reminded_once_of_what_is_late(alert, as_actor, pry, bra, watch):
    alert(priority="urgent")
    bra.post("/checks", bodies.check())
    assert [watch("PRY", minutes=m) for m in (9, 11, 12)] == [0, 1, 0]
    analyst = as_actor("PRY", "trace_analyst")
    assert len(told(analyst, "hit_overdue")) == 1
    assert told(pry, "hit_overdue") == []  # the first was told when it was made
    assert len(told(bra, "hit_unanswered")) == 1
    assert watch("BRA", minutes=12) == 0  # it does not owe the answer


def test_nobody_waits_for_an_answer_for_ever(alert, pry, bra, watch):
    alert()
    bra.post("/checks", bodies.check())
    assert watch("PRY", days=8) == 1
    assert [hit["status"] for hit in (*hits(pry), *hits(bra))] == ["expired", "expired"]
    assert len(told(bra, "hit_expired")) == 1


def test_a_hit_ends_with_its_alert(alert, pry, bra):
    made = alert()
    bra.post("/checks", bodies.check())
    pry.post(f"/alerts/{made['id']}/cancel", {"reason": "Gun found"}, 200, If_Match='"1"')
    for hit in (*hits(pry), *hits(bra)):
        assert (hit["status"], hit["answered_at"]) == ("expired", None)
        assert hit["alert_ended"]["status"] == "cancelled"
    assert len(told(bra, "hit_alert_cancelled")) == 1 and told(bra, "hit_expired") == []


@pytest.mark.parametrize("how", ["cancelled", "expired"])
def test_who_holds_a_gun_is_told_that_its_alert_ended_though_the_hit_was_confirmed(
    alert, pry, bra, watch, how
):
    made = alert(expires_on="2026-03-20")
    bra.post("/checks", bodies.check())
    [hit] = hits(pry)
    before = answer(pry, hit, "confirm")["version"]
    assert hits(bra)[0]["alert_ended"] is None
    if how == "cancelled":
        pry.post(f"/alerts/{made['id']}/cancel", {"reason": "Found"}, 200, If_Match='"1"')
    else:
        watch("PRY", days=30)
    [mine] = hits(bra)
    assert (mine["status"], mine["alert_ended"]["status"]) == ("confirmed", how)
    assert mine["alert_ended"]["ended_at"] and mine["version"] > before
    [note] = told(bra, f"hit_alert_{how}")
    assert (note["subject"]["id"], note["data"]) == (hit["id"], {"state": "PRY"})
    assert told(pry, f"hit_alert_{how}") == []


def test_a_hit_that_was_denied_ends_with_no_alert(alert, pry, bra):
    made = alert()
    bra.post("/checks", bodies.check())
    answer(pry, hits(pry)[0], "deny", note="Another model")
    pry.post(f"/alerts/{made['id']}/cancel", {"reason": "Found"}, 200, If_Match='"1"')
    assert hits(bra)[0]["alert_ended"] is None and told(bra, "hit_alert_cancelled") == []


def test_nobody_learns_that_an_alert_ended_which_let_its_gun_pass(alert, pry, bra, run):
    made = alert(action="let_pass_and_inform")
    bra.post("/checks", bodies.check())
    run("BRA", telling_owners.run)
    answer(pry, hits(pry)[0], "confirm")
    pry.post(f"/alerts/{made['id']}/cancel", {"reason": "Found"}, 200, If_Match='"1"')
    assert hits(pry)[0]["alert_ended"]["status"] == "cancelled"
    assert hits(bra) == [] and bra.get("/notifications").json["items"] == []


def test_a_seizure_meets_an_alert_at_once_and_once(alert, pry, bra, run):
    alert()
    seized = bra.post("/seizures", bodies.seizure()).json
    [hit] = hits(pry)
    assert (hit["cause"], hit["cause_id"]) == ("seizure", seized["items"][0]["record"])
    look(run)
    assert hits(pry) == [hit] and len(hits(bra)) == 1


def test_a_sale_and_a_shipped_gun_meet_an_alert(alert, as_actor, pry, run):
    alert()
    sold(as_actor, "BRA")
    exporter = as_actor("BRA", "licensing_officer")
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    gun = bodies.shipment()["items"][0] | {"serial": "ABC123456"}
    exporter.post(f"/permits/{permit}/shipments", bodies.shipment(items=[gun]))
    look(run)
    assert sorted(hit["cause"] for hit in hits(pry)) == ["shipment", "transfer"]


def test_a_shipped_gun_of_the_next_serial_meets_no_alert(alert, as_actor, pry, run):
    alert()
    sold(as_actor, "BRA", firearm=bodies.firearm(serial="ABC123457"))
    look(run)
    assert hits(pry) == []


def test_what_is_told_of_a_gun_before_its_alert_is_no_hit(alert, as_actor, pry, run):
    sold(as_actor, "BRA")
    alert()
    look(run)
    assert hits(pry) == []


def test_a_gun_that_was_seized_before_is_told_when_it_is_sought(alert, pry, bra, run):
    seized = bra.post("/seizures", bodies.seizure()).json["items"][0]["record"]
    alert()
    look(run)
    [hit] = hits(pry)
    assert (hit["cause"], hit["cause_id"], hit["asking_state"]) == ("seizure", seized, "BRA")
    assert len(told(bra, "hit_made")) == 1


def test_the_report_that_a_gun_is_missed_does_not_meet_its_alert(alert, pry, run):
    alert()
    pry.post("/reports", bodies.report())
    look(run)
    assert hits(pry) == []


def test_a_seizure_that_its_state_keeps_silent_tells_nobody(alert, pry, bra, run):
    alert()
    bra.post("/seizures", bodies.seizure(visibility="silent"))
    look(run)
    assert hits(pry) == []


def test_of_a_record_that_is_only_pointed_to_the_other_state_learns_no_id(alert, pry, bra):
    alert()
    seized = bra.post("/seizures", bodies.seizure(visibility="pointer")).json
    [theirs], [mine] = hits(pry), hits(bra)
    assert theirs["cause_id"] is None
    assert mine["cause_id"] == seized["items"][0]["record"]


@pytest.mark.parametrize("state", ["BRA", "PRY"])
def test_an_alert_that_lets_pass_shows_nothing_where_it_is_met(alert, as_actor, state):
    alert(action="let_pass_and_inform")
    police = as_actor(state, "police_officer")
    answered = police.post("/checks", bodies.check()).json
    assert (answered["verdict"], answered["candidates"], answered["hits"]) == ("no_hit", [], [])
    assert answered["next"]["action"] == "none"
    assert police.post("/seizures", bodies.seizure(
        agency=f"{state}-POLICE", place=bodies.FOZ | {"country": state},
    )).json["matches"][0]["candidates"] == []  # fmt: skip


@pytest.mark.parametrize("state", ["BRA", "PRY"])
def test_its_state_learns_of_it_later_and_who_met_it_never(alert, as_actor, pry, run, state):
    alert(action="let_pass_and_inform")
    border = as_actor(state, "border_officer")
    check = border.post("/checks", bodies.check()).json
    assert hits(pry) == []
    run(state, telling_owners.run)
    [hit] = hits(pry)
    assert (hit["action"], hit["asking_state"]) == ("let_pass_and_inform", state)
    assert (hit["cause_id"], hit["agency"]) == (check["id"], f"{state}-TEST")
    assert hit["strength"] == "strong" and told(pry, "hit_made") == []
    [note] = told(pry, "hit_silent")
    assert "nobody there is told, and nobody acts" in note["text"] and note["urgent"]
    assert hits(border) == [] and told(border, "hit_made") == []
    border.get(f"/hits/{hit['id']}", 404)
    own = as_actor(state, "auditor").get("/audit?action=hit:made").json["items"]
    assert len(own) == (state == "PRY")


def test_an_answer_to_it_reaches_nobody_else(alert, pry, bra, run, watch):
    alert(action="let_pass_and_inform")
    bra.post("/checks", bodies.check())
    run("BRA", telling_owners.run)
    [hit] = hits(pry)
    watch("PRY", hours=2)
    assert answer(pry, hit, "confirm")["status"] == "confirmed"
    assert hits(bra) == []
    assert bra.get("/notifications").json["items"] == []


def test_a_seizure_that_meets_it_is_told_later_too(alert, pry, bra, run):
    alert(action="let_pass_and_inform")
    bra.post("/seizures", bodies.seizure())
    assert hits(pry) == []
    look(run)
    assert [hit["cause"] for hit in hits(pry)] == ["seizure"]
    assert hits(bra) == [] and told(bra, "hit_made") == []


def test_an_alert_shows_to_the_states_that_it_names_alone(alert, as_actor, pry, bra, run):
    alert(visible_to=["BRA"])
    assert len(bra.post("/checks", bodies.check()).json["hits"]) == 1
    argentine = as_actor("ARG", "police_officer")
    answered = argentine.post("/checks", bodies.check()).json
    assert (answered["verdict"], answered["candidates"], answered["hits"]) == ("no_hit", [], [])
    run("ARG", telling_owners.run)
    assert sorted(hit["asking_state"] for hit in hits(pry)) == ["ARG", "BRA"]
    assert [note["data"]["state"] for note in told(pry, "hit_silent")] == ["ARG"]
    assert [note["data"]["state"] for note in told(pry, "hit_made")] == ["BRA"]
    assert hits(argentine) == []


def test_a_hit_on_an_alert_that_does_not_show_is_weighed_as_one_that_does(
    alert, as_actor, pry, bra, run, monkeypatch
):
    rare = {("make", "taurus"): 0.001, ("calibre_family", "9x19"): 0.001}
    monkeypatch.setattr(frequencies, "shares", lambda: rare)
    alert(visible_to=["BRA"])
    for police in (bra, as_actor("ARG", "police_officer")):
        police.post("/checks", bodies.check(serial="ABC123459"))
    run("ARG", telling_owners.run)
    found = {hit["asking_state"]: hit["strength"] for hit in hits(pry)}
    assert found == {"ARG": "strong", "BRA": "strong"}


def test_the_record_of_an_alert_is_read_by_whom_it_shows_to(alert, as_actor, bra):
    record = alert(visible_to=["BRA"])["firearm"]["record"]
    why = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
    assert bra.get(f"/records/{record}", **why).json["event"] == "alert"
    as_actor("ARG", "police_officer").get(f"/records/{record}", 404, **why)


def test_a_border_officer_sees_what_his_own_agency_met(alert, as_actor, bra):
    alert()
    border = as_actor("BRA", "border_officer")
    made = border.post("/checks", bodies.check()).json["hits"][0]["id"]
    assert [hit["id"] for hit in hits(border)] == [made]
    assert border.get(f"/hits/{made}").json["status"] == "open"
    border.post(f"/hits/{made}/confirm", {}, 403, If_Match='"1"')
    as_actor("BRA", "forensic_examiner").get("/hits", 403)


def test_border_officers_are_told_of_what_their_own_agency_met_alone(alert, pry, as_actor):
    alert()
    here, elsewhere = (
        as_actor("BRA", "border_officer", agency=name) for name in ("TEST", "POLICE")
    )
    here.post("/checks", bodies.check())
    [hit] = hits(pry)
    answer(pry, hit, "confirm")
    assert [one["number"] for one in told(here, "hit_confirmed")] == ["ABC123456"]
    assert told(elsewhere, "hit_confirmed") == []
    elsewhere.get(f"/hits/{hit['id']}", 404)


def test_both_read_by_which_serial_it_was_met_and_the_own_state_which_alert(alert, pry, bra):
    alert(reason_text="Taken from a dealer")
    bra.post("/checks", bodies.check(serial="ABC123466"))
    [theirs], [mine] = hits(pry), hits(bra)
    assert theirs["read_as"] == mine["read_as"] == "ABC123466"
    assert (theirs["firearm"]["serial"], theirs["reason"]) == ("ABC123456", "stolen")
    assert (theirs["case_number"], theirs["reason_text"]) == ("A-1", "Taken from a dealer")
    names = ("firearm", "reason", "reason_text", "case_number")
    assert [mine[name] for name in names] == [None] * 4
    assert theirs["told"] and mine["told"]


def test_an_alert_ends_with_as_many_statements_however_many_hits_it_has(pry, bra, asked):
    def statements(hits):
        gun = bodies.firearm(serial=f"MET{hits}12345")
        made = pry.post("/alerts", bodies.alert(firearm=gun)).json["id"]
        for number in range(hits):
            bra.post("/checks", bodies.check(serial=gun["serial"], case_number=f"C-{number}"))
        tag = pry.get(f"/alerts/{made}").headers["ETag"]
        asked.clear()
        pry.post(f"/alerts/{made}/cancel", {"reason": "found"}, 200, If_Match=tag)
        return len(asked)

    statements(1)  # what is asked once for a process
    assert statements(1) == statements(6)


def test_that_a_confirmed_hit_lost_its_alert_is_not_written_down_as_its_expiry(
    alert, as_actor, pry, bra
):
    path = f"/alerts/{alert()['id']}"
    bra.post("/checks", bodies.check())
    bra.post("/checks", bodies.check(case_number="C-2"))
    answer(pry, hits(pry)[0], "confirm", note="Missed")
    pry.change(path, "cancel", {"reason": "found"})
    for state in ("PRY", "BRA"):
        auditor = as_actor(state, "auditor")
        for action, status in (("hit:expired", "expired"), ("hit:alert_ended", "confirmed")):
            [entry] = auditor.get(f"/audit?action={action}").json["items"]
            assert entry["data"] == {"status": status, "alert": "cancelled"}
