"""Who owes an answer is reminded, each step once; the secretariat reads a count and no case."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from flask import current_app

from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.reference import agencies
from salsa_ext.tracing.requests import jobs as request_jobs
from tests.conftest import NOW
from tests.support import actors, bodies, jobs


def remind(minutes=0, state="PRY", most=200):
    actor = operator(state, clock=FixedClock(NOW + timedelta(minutes=minutes)))
    with jobs.as_worker(actor):
        return request_jobs.send_reminders(actor=actor, limit=most)


def run_all(app):
    clock = FixedClock(NOW + timedelta(minutes=10))
    return jobs.run_due(app, "request_reminders", clock=clock)


def ask(as_actor, priority="flash", serials=("ABC123456",)):
    """Let Brazil ask Paraguay for guns that it may only be pointed to."""
    for number, serial in enumerate(serials):
        gun = bodies.firearm(serial=serial)
        sale = bodies.transfer(number=f"T-{number}", visibility="pointer", firearm=gun)
        as_actor("PRY", "licensing_officer").post("/transfers", sale)
        body = bodies.trace(priority=priority, priority_reason="Held", firearm=gun)
        asking = as_actor("BRA", "trace_analyst")
        asking.post("/traces", body)
    jobs.finish_waiting(asking.client.application)


def notes(real_client, code="request_due"):
    """Return what was told under a code, the oldest first."""
    items = real_client.get(f"/notifications?code={code}").json["items"]
    return [item["data"] for item in reversed(items)]


def percents(real_client):
    return [data["percent"] for data in notes(real_client)]


def test_analysts_are_reminded_at_each_step_once(as_actor, pry_analyst):
    ask(as_actor)
    assert [remind(minute) for minute in (4, 5, 6, 8, 9, 10, 11)] == [0, 1, 0, 1, 0, 1, 0]
    assert notes(pry_analyst) == [
        {"by": "BRA", "priority": "flash", "percent": percent} for percent in (50, 80, 100)
    ]
    assert (
        percents(as_actor("PRY", "supervisor")) == percents(as_actor("BRA", "trace_analyst")) == []
    )


def test_an_unanswered_request_counts_as_overdue_from_its_term_on(as_actor, pry_analyst):
    ask(as_actor)

    def count_answers():
        query = "/statistics/requests?state=PRY&by=answer&grain=year"
        cells = pry_analyst.get(query).json["cells"]
        return [(cell["values"]["answer"], cell["amount"]) for cell in cells]

    assert remind(9) and count_answers() == [("waiting", 1)]
    assert remind(10) and count_answers() == [("overdue", 1)]


def test_of_steps_that_passed_unseen_the_last_alone_is_told(as_actor, pry_analyst):
    ask(as_actor)
    assert [remind(9), remind(9)] == [1, 0]
    assert percents(pry_analyst) == [80]


def test_the_assignee_alone_is_notified_first(as_actor, pry_analyst):
    ask(as_actor)
    accounts = as_actor("PRY", "state_administrator").get("/accounts").json["items"]
    [username] = [each["username"] for each in accounts if each["role"] == "trace_analyst"]
    [request] = pry_analyst.get("/requests").json["items"]
    pry_analyst.post(f"/requests/{request['id']}/assign", {"username": username}, 200)
    other = as_actor("PRY", "trace_analyst")
    remind(5)
    assert (percents(pry_analyst), percents(other)) == ([50], [])
    remind(8)
    assert (percents(pry_analyst), percents(other)) == ([50, 80], [80])


def hide(real_client, path):
    tag = real_client.get(path).headers["ETag"]
    real_client.post(f"{path}/restrict", {"hidden_from": ["PRY-POLICE"]}, 200, If_Match=tag)


def test_who_must_not_see_it_is_passed_over_though_he_works_on_it(as_actor, pry_analyst):
    ask(as_actor)
    office = as_actor("PRY", "trace_analyst", agency="POLICE")
    accounts = as_actor("PRY", "state_administrator").get("/accounts").json["items"]
    [username] = [each["username"] for each in accounts if each["agency"] == "PRY-POLICE"]
    [request] = pry_analyst.get("/requests").json["items"]
    path = f"/requests/{request['id']}"
    pry_analyst.post(f"{path}/assign", {"username": username}, 200)
    hide(pry_analyst, path)
    remind(5)
    assert (percents(pry_analyst), percents(office)) == ([50], [])


def test_where_no_analyst_may_see_it_a_supervisor_who_may_is_reminded(as_actor):
    ask(as_actor)
    as_actor("PRY", "trace_analyst", agency="POLICE")
    stored, acting, other = (
        as_actor("PRY", "supervisor", agency=name) for name in ("POLICE", "TEST", "LICENSING")
    )
    [request] = acting.get("/requests").json["items"]
    hide(acting, f"/requests/{request['id']}")
    assert len(notes(other, "request_received")) == 1
    hide(acting, f"/requests/{request['id']}")  # which changes nothing
    for minute in (5, 8, 10):
        remind(minute)
    assert (percents(other), percents(stored)) == ([50, 80], [])
    assert [len(notes(each, "request_overdue")) for each in (other, stored)] == [1, 0]
    assert len(notes(other, "request_received")) == 1


def test_past_the_term_the_supervisors_have_the_second_office_to_call(as_actor, pry_administrator):
    for kind in ("duty_24h", "national_point_of_contact"):
        body = {
            "agency": "PRY-POLICE",
            "kind": kind,
            "languages": ["es"],
            "hours": "24/7",
            "telephone": "+595 21 000000",
        }
        pry_administrator.post("/contacts", body)
    ask(as_actor)
    remind(10)
    assert notes(as_actor("PRY", "supervisor"), "request_overdue") == [
        {
            "by": "BRA",
            "priority": "flash",
            "agency": "PRY-POLICE",
            "contact": "national_point_of_contact",
        }
    ]


def test_the_second_office_is_looked_up_once_for_all(as_actor, monkeypatch):
    ask(as_actor, serials=("ABC123451", "DEF987652"))
    asked = []
    monkeypatch.setattr(agencies, "find_second_contact", asked.append)
    assert remind(10) == 2
    assert asked == ["PRY"]


def test_the_secretariat_reads_a_count_at_twice_the_term_and_nobody_else(as_actor, pry_analyst):
    ask(as_actor)
    secretariat = as_actor(None, "secretariat")
    remind(19)
    assert secretariat.get("/statistics/overdue").json["cells"] == []
    assert [remind(20), remind(21)] == [1, 0]
    table = secretariat.get("/statistics/overdue").json
    assert table["cells"] == [
        {
            "state": "PRY",
            "partner": None,
            "values": {"priority": "flash"},
            "period": "2026-Q1",
            "amount": 1,
        }
    ]
    assert (table["total"], table["before"]) == (1, "2026-03-10")
    assert "overdue" in [item["code"] for item in secretariat.get("/statistics").json["items"]]
    pry_analyst.get("/statistics/overdue", 404)
    assert "overdue" not in str(pry_analyst.get("/statistics").json)


def test_an_answer_ends_the_reminders(as_actor, pry_analyst):
    ask(as_actor)
    [request] = pry_analyst.get("/requests").json["items"]
    tag = pry_analyst.get(f"/requests/{request['id']}").headers["ETag"]
    pry_analyst.post(f"/requests/{request['id']}/report-no-record", {}, 200, If_Match=tag)
    assert remind(30) == 0


def test_a_question_stops_the_reminders(as_actor, pry_analyst):
    ask(as_actor)
    [request] = pry_analyst.get("/requests").json["items"]
    tag = pry_analyst.get(f"/requests/{request['id']}").headers["ETag"]
    pry_analyst.post(
        f"/requests/{request['id']}/ask-questions", {"questions": ["Which?"]}, 200, If_Match=tag
    )
    assert remind(30) == 0


def test_working_days_count_where_the_term_does(as_actor, pry_analyst):
    """From Monday at three, half of seven working days is Friday at three in the morning."""
    ask(as_actor, "routine")
    day = 24 * 60
    assert [remind(3.5 * day - 1), remind(3.5 * day)] == [0, 1]
    assert [remind(7.5 * day), remind(7.6 * day), remind(9 * day)] == [0, 1, 1]


def test_each_state_is_reminded_of_its_own(as_actor):
    ask(as_actor)
    assert remind(10, "BRA") == 0


def test_a_state_for_which_it_fails_keeps_no_other_from_its_turn(as_actor, monkeypatch):
    ask(as_actor)
    [job] = request_jobs.JOBS

    def fail_first(*, actor):
        if actor.state < "PRY":
            raise ValueError
        return job.run(actor=actor)

    monkeypatch.setattr(jobs, "JOBS", (replace(job, run=fail_first),))
    assert run_all(current_app) == 1


def test_batches_are_bounded_and_the_worker_takes_them_all(as_actor):
    ask(as_actor, serials=("ABC123451", "DEF987652", "GHI555553"))
    assert remind(10, most=2) == 2
    assert run_all(current_app) == 1


def test_watches_at_once_remind_once(real_app):
    def as_actor(state, role):
        with real_app.app_context():
            token = actors.token(state, role, NOW, None, timedelta(days=1))
        return actors.Client(real_app.test_client(), token)

    def look(_):
        return run_all(real_app)

    ask(as_actor, serials=("ABC123451", "DEF987652", "GHI555553"))
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(look, range(4))) == 3
    assert percents(as_actor("PRY", "trace_analyst")) == [100] * 3
