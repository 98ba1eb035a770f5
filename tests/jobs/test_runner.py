"""Jobs follow the changes of their kinds: each once, in order, as the service of the state."""

from datetime import timedelta

import pytest

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import execute_raw
from salsa_ext.jobs.runner import ChangeJob, DueJob, QueueJob, Runner
from tests.conftest import NOW
from tests.support import bodies, jobs


@pytest.fixture
def handled():
    """What the job of a test handled: state, kind, action and object of each change."""
    return []


@pytest.fixture
def follow(app, handled):
    """Run one job of some kinds to idle; it fails for the objects in `broken`."""

    def run(*kinds, code="test", broken=(), batch=100, **options):
        def handle(actor, changes):
            for change in changes:
                if change.object in broken:
                    raise ValueError("personal words")
                handled.append((actor.state, change.kind, str(change.action), change.object))

        return jobs.runner(app, [ChangeJob(code, kinds, handle, batch)], **options)

    return run


def recorded(client, *numbers):
    return [
        client.post(
            "/reports",
            bodies.report(number=number, firearm=bodies.firearm(serial=f"ABC12345{number}")),
        ).json["id"]
        for number in numbers
    ]


def test_a_job_gets_the_changes_of_its_kinds_in_order_and_once(pry, follow, handled, pry_police):
    first, second = recorded(pry_police, "1", "2")
    pry.post("/transfers", bodies.transfer())
    assert follow("report").run_to_idle() == {"test": 2}
    assert handled == [("PRY", "report", "report:recorded", each) for each in (first, second)]
    assert follow("report").run_to_idle() == {}
    recorded(pry_police, "3")
    assert follow("report").run_to_idle() == {"test": 1}


def test_a_round_begins_with_the_first_job_again_while_others_have_a_backlog(
    app, pry_police, monkeypatch
):
    monkeypatch.setattr("salsa_ext.jobs.runner.ROUND_SECONDS", 0)
    recorded(pry_police, "1", "2")
    order = []
    urgent, backlog = (
        ChangeJob(code, ("report",), lambda actor, _, code=code: order.append(code), 1)
        for code in ("urgent", "backlog")
    )
    runner = jobs.runner(app, [urgent, backlog])
    runner.run_round()
    assert order == ["urgent"]
    runner.run_to_idle()
    assert order == ["urgent", "urgent", "backlog", "backlog"]


def test_a_job_whose_kinds_did_not_change_is_not_run(pry_police, follow):
    recorded(pry_police, "1")
    assert follow("transfer", "consent").run_to_idle() == {}


def test_a_job_that_follows_some_of_its_changes_gets_the_others_next(app, pry_police):
    first, second, third = recorded(pry_police, "1", "2", "3")
    batches = []

    def follow_two(_, changes):
        batches.append([change.object for change in changes])
        return 2

    assert jobs.runner(app, [ChangeJob("test", ("report",), follow_two)]).run_to_idle() == {
        "test": 3
    }
    assert batches == [[first, second, third], [third]]


def test_each_job_has_a_cursor_of_its_own(pry_police, follow, handled):
    recorded(pry_police, "1")
    assert follow("report", code="first").run_to_idle() == {"first": 1}
    assert follow("report", code="second").run_to_idle() == {"second": 1}


def test_a_shared_row_is_a_change_of_each_state_concerned(bra, follow, handled):
    permit = bra.post("/permits", bodies.permit()).json
    follow("permit").run_to_idle()
    assert sorted(handled) == [
        (state, "permit", "permit:recorded", permit["id"]) for state in ("BRA", "PRY")
    ]


def test_a_state_that_does_not_participate_has_no_changes(bra, follow, handled):
    body = bodies.permit(importing_state="DEU", import_permit={"state": "DEU", "number": "I-1"})
    bra.post("/permits", body)
    follow("permit").run_to_idle()
    assert {state for state, *_ in handled} == {"BRA"}


def test_reading_changes_nothing(pry_police, follow):
    [report] = recorded(pry_police, "1")
    follow("report").run_to_idle()
    pry_police.get(f"/reports/{report}")
    assert follow("report", "record").run_to_idle() == {}


def test_a_change_that_always_fails_is_set_aside_and_holds_up_no_other(
    pry_police, police, follow, handled, as_actor
):
    first, broken, last = recorded(pry_police, "1", "2", "3")
    [other] = recorded(police, "4")
    follow("report", broken={broken}).run_to_idle()
    assert {each for *_, each in handled} == {first, last, other}
    assert failures() == [("test", "PRY", "ValueError")]
    [entry] = as_actor("PRY", "auditor").get("/audit?action=job:set_aside").json["items"]
    assert entry["subject_id"] == broken
    assert entry["data"]["job"] == "test"


def test_what_was_set_aside_can_be_tried_again(pry_police, follow, handled, as_actor):
    [broken] = recorded(pry_police, "1")
    follow("report", broken={broken}).run_to_idle()
    assert follow("report", broken={broken}).retry_set_aside() == (0, 1)
    assert failures() == [("test", "PRY", "ValueError")]
    assert follow("report").retry_set_aside() == (1, 0)
    assert failures() == []
    assert [each for *_, each in handled] == [broken]
    assert as_actor("PRY", "auditor").get("/audit?action=job:retried").json["items"]


def test_what_a_job_writes_names_its_cause_and_inherits_purpose_and_case(app, analyst, as_actor):
    trace = analyst.post("/traces", bodies.trace(draft=True)).json

    def write(actor, changes):
        for change in changes:
            append(
                change.follow_as(actor),
                AuditEvent(Action.TRACE_NOTED, "trace", change.object, concerned=["PRY"]),
            )

    jobs.runner(app, [ChangeJob("test", ("trace",), write)]).run_to_idle()
    auditor = as_actor("BRA", "auditor")
    [cause] = auditor.get("/audit?action=trace:requested").json["items"]
    [entry] = auditor.get("/audit?action=trace:noted").json["items"]
    assert entry["data"]["caused_by"] == cause["id"]
    assert entry["case_number"] == cause["case_number"] == trace["case_number"]
    [entry] = as_actor("PRY", "auditor").get("/audit?action=trace:noted").json["items"]
    assert "caused_by" not in entry["data"]


def test_a_due_job_runs_until_nothing_is_left_and_then_not_before_its_time(app, session):
    left, states = {"PRY": 2}, []

    def work(actor):
        states.append(actor.state)
        left[actor.state] = left.get(actor.state, 0) - 1
        return int(left[actor.state] >= 0)

    def run(minutes):
        clock = FixedClock(NOW + timedelta(minutes=minutes))
        job = DueJob("test", timedelta(minutes=5), work)
        return Runner([job], clock, transaction=jobs.as_worker).run_to_idle()

    assert run(0) == {"test": 2}
    assert states.count("PRY") == 3
    states.clear()
    run(4)
    assert states == []
    run(5)
    assert states.count("PRY") == states.count("BRA") == 1


def test_a_job_without_states_runs_once(app, session):
    states = []
    job = DueJob("test", timedelta(1), lambda actor: len(states.append(actor.state) or ()), False)
    jobs.runner(app, [job]).run_to_idle()
    assert states == [None]


def test_a_queue_is_emptied_for_the_states_that_have_work(app, session):
    left = {"PRY": 2}

    def work(actor):
        left[actor.state] -= 1
        return int(left[actor.state] >= 0)

    job = QueueJob("test", work, "SELECT 'PRY', 2, now()")
    assert jobs.runner(app, [job]).run_to_idle() == {"test": 2}


def test_no_step_begins_once_the_worker_is_stopped(app, session):
    steps = []
    job = QueueJob("test", lambda actor: steps.append(1) or 1, "SELECT 'PRY', 2, now()")
    clock, vault = app.config["CLOCK"], app.config["VAULT"]
    stopped = Runner(
        [job], clock, vault, transaction=jobs.as_worker, is_stopped=lambda: len(steps) > 2
    )
    stopped.run_to_idle()
    assert len(steps) == 3


def test_a_client_finds_the_work_done_or_not(app, pry_police, as_actor, monkeypatch):
    done = []
    job = ChangeJob("test", ("report",), lambda _, changes: done.extend(changes))
    monkeypatch.setattr(jobs, "JOBS", (job,))
    recorded(pry_police, "1")
    as_actor("PRY", "police_officer", background=False).get("/reports")
    assert done == []
    pry_police.get("/reports")
    assert len(done) == 1


def failures():
    execute_raw("SET LOCAL ROLE salsa_worker")
    found = execute_raw("SELECT job, state, reason FROM job_failure").fetchall()
    execute_raw("SET LOCAL ROLE salsa_service")
    return found
