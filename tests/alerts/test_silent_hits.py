"""Hits of alerts that are hidden from everybody at the finder, or from the finder's state."""

from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from salsa_ext.core.ids import pseudonym
from salsa_ext.database.session import db
from salsa_ext.firearms.records import frequencies
from tests.support import bodies
from tests.support.hits import answer, enter, hits, notices, watch
from tests.support.jobs import jobs_to_idle

DUTY = {
    "agency": "BRA-POLICE",
    "kind": "duty_24h",
    "languages": ["pt"],
    "hours": "24 h",
    "telephone": "+55 21 0000000",
}


@pytest.fixture
def bra(as_actor):
    return as_actor("BRA", "police_officer")


@pytest.mark.parametrize("state", ["BRA", "PRY"])
def test_an_alert_that_lets_pass_shows_nothing_where_it_is_met(pry_police, as_actor, state):
    enter(pry_police, action="let_pass_and_inform")
    police = as_actor(state, "police_officer")
    answered = police.post("/checks", bodies.check()).json
    assert (answered["verdict"], answered["candidates"], answered["hits"]) == ("no_hit", [], [])
    assert answered["next"]["action"] == "none"
    assert (
        police.post(
            "/seizures",
            bodies.seizure(agency=f"{state}-POLICE", place=bodies.FOZ | {"country": state}),
        ).json["matches"][0]["candidates"]
        == []
    )


@pytest.mark.parametrize("state", ["BRA", "PRY"])
def test_its_state_learns_of_it_and_who_met_it_never(as_actor, pry_police, state):
    enter(pry_police, action="let_pass_and_inform")
    border = as_actor(state, "border_officer")
    check = border.post("/checks", bodies.check()).json
    [hit] = hits(pry_police)
    assert (hit["action"], hit["asking_state"]) == ("let_pass_and_inform", state)
    assert (hit["cause_id"], hit["agency"]) == (check["id"], f"{state}-TEST")
    assert hit["strength"] == "strong" and notices(pry_police, "hit_made") == []
    [note] = notices(pry_police, "hit_silent")
    assert "Nobody there is notified, and nobody acts" in note["text"] and not note["urgent"]
    assert hits(border) == [] and notices(border, "hit_made") == []
    border.get(f"/hits/{hit['id']}", 404)
    own = as_actor(state, "auditor").get("/audit?action=hit:made").json["items"]
    assert len(own) == (state == "PRY")


def test_an_answer_to_it_reaches_nobody_else(pry_police, bra):
    enter(pry_police, action="let_pass_and_inform")
    bra.post("/checks", bodies.check())
    [hit] = hits(pry_police)
    watch("PRY", hours=2)
    assert answer(pry_police, hit, "confirm")["status"] == "confirmed"
    assert hits(bra) == []
    assert bra.get("/notifications").json["items"] == []


@pytest.mark.parametrize("shows", [{"action": "let_pass_and_inform"}, {"visible_to": ["ARG"]}])
def test_of_a_hit_for_which_nobody_waits_no_more_time_is_asked(pry_police, bra, shows):
    enter(pry_police, **shows)
    bra.post("/checks", bodies.check())
    [hit] = hits(pry_police)
    refused = answer(pry_police, hit, "extend", 409, hours=3, note="File asked for")
    assert "Nobody waits for this answer" in refused["detail"]
    assert hits(pry_police) == [hit]
    assert answer(pry_police, hit, "reject", note="Another gun")["status"] == "denied"


def test_a_seizure_that_hits_the_alert_is_reported_too(pry_police, bra):
    enter(pry_police, action="let_pass_and_inform")
    bra.post("/seizures", bodies.seizure())
    assert [hit["cause"] for hit in hits(pry_police)] == ["seizure"]
    assert hits(bra) == [] and notices(bra, "hit_made") == []


def test_an_alert_shows_to_the_states_that_it_names_alone(pry_police, bra, arg_police):
    enter(pry_police, visible_to=["BRA"])
    assert len(bra.post("/checks", bodies.check()).json["hits"]) == 1
    answered = arg_police.post("/checks", bodies.check()).json
    assert (answered["verdict"], answered["candidates"], answered["hits"]) == ("no_hit", [], [])
    assert sorted(hit["asking_state"] for hit in hits(pry_police)) == ["ARG", "BRA"]
    assert [note["data"]["state"] for note in notices(pry_police, "hit_silent")] == ["ARG"]
    assert [note["data"]["state"] for note in notices(pry_police, "hit_made")] == ["BRA"]
    assert hits(arg_police) == []


def test_a_hit_on_an_alert_that_does_not_show_is_weighed_as_one_that_does(
    as_actor, pry_police, bra, monkeypatch
):
    rare = {("make", "taurus"): 0.001, ("calibre_family", "9x19"): 0.001}
    monkeypatch.setattr(frequencies, "shares", lambda: rare)
    enter(pry_police, visible_to=["BRA"])
    for police in (bra, as_actor("ARG", "police_officer")):
        police.post("/checks", bodies.check(serial="ABC123459"))
    found = {hit["asking_state"]: hit["strength"] for hit in hits(pry_police)}
    assert found == {"ARG": "strong", "BRA": "strong"}


def test_the_record_of_an_alert_is_read_by_whom_it_shows_to(pry_police, as_actor, bra):
    record = enter(pry_police, visible_to=["BRA"])["firearm"]["record"]
    why = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
    assert bra.get(f"/records/{record}", **why).json["event"] == "alert"
    as_actor("ARG", "police_officer").get(f"/records/{record}", 404, **why)


@pytest.mark.parametrize("changes", [{"action": "let_pass_and_inform"}, {"visible_to": ["CHL"]}])
def test_nobody_is_alarmed_that_it_is_not_answered_and_nobody_is_to_be_called(
    as_actor, pry_police, bra, changes
):
    as_actor("BRA", "state_administrator").post("/contacts", DUTY)
    enter(pry_police, priority="urgent", **changes)
    bra.post("/checks", bodies.check())
    assert watch("PRY", hours=2) == 0
    for role in ("police_officer", "trace_analyst", "supervisor"):
        assert notices(as_actor("PRY", role), "hit_overdue") == []
    [hit] = hits(pry_police)
    assert (hit["contact"], hit["reminded_at"]) == (None, None)
    assert pry_police.get(f"/hits/{hit['id']}").json["contact"] is None


def test_of_a_hit_that_shows_the_office_is_named(as_actor, pry_police, bra):
    as_actor("BRA", "state_administrator").post("/contacts", DUTY)
    enter(pry_police)
    bra.post("/checks", bodies.check())
    assert hits(pry_police)[0]["contact"]["telephone"] == "+55 21 0000000"


def test_hits_are_reported_to_the_worker_of_the_own_state_alone(pry_police, bra, session):
    enter(pry_police, action="let_pass_and_inform")
    seized = bra.post("/seizures", bodies.seizure()).json
    jobs_to_idle()
    keys = [pseudonym(UUID(seized["items"][0]["record"]))]
    db.session.execute(text("SET LOCAL ROLE salsa_worker"))  # a request may not ask
    for state, found in (("BRA", ["PRY"]), ("PRY", []), ("ARG", []), ("", [])):
        db.session.execute(text(f"SET LOCAL salsa.state = '{state}'"))
        assert db.session.scalars(select(func.salsa_hit_alert_states(keys))).all() == found
