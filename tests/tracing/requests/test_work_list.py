"""Who works on a request and by when, what stays in his state, and who else is asked."""

import pytest

from tests.support import bodies
from tests.support.requests import answer, notices

pytestmark = pytest.mark.between_writes


def test_feedback_reaches_who_answered_and_nobody_else(
    act, analyst, pry_analyst, trace, record, request_
):
    path = f"/traces/{trace['id']}/feedback"
    assert analyst.post(path, {"helped": True}, 409).json["code"] == "conflict"
    act("answer", answer(records=[record]))
    analyst.post(path, {"helped": True, "text": "It led to the dealer."})
    last = pry_analyst.get(f"/requests/{request_['id']}").json["messages"][-1]
    assert (last["kind"], last["helped"], last["text"]) == (
        "feedback",
        True,
        "It led to the dealer.",
    )


def test_notes_never_leave_their_state(analyst, pry_analyst, trace, request_):
    mine = analyst.post(f"/traces/{trace['id']}/notes", {"text": "Ask the judge"}, 200).json
    theirs = pry_analyst.post(f"/requests/{request_['id']}/notes", {"text": "Careful"}, 200).json
    assert [note["text"] for note in mine["notes"]] == ["Ask the judge"]
    assert theirs["messages"][-1]["text"] == "Careful"
    assert "Careful" not in str(analyst.get(f"/traces/{trace['id']}").json)
    assert "Ask the judge" not in str(pry_analyst.get(f"/requests/{request_['id']}").json)


def test_somebody_works_on_it_and_the_list_finds_him(
    as_actor, analyst, pry_analyst, trace, request_
):
    for state in ("BRA", "PRY"):
        body = {
            "username": f"{state.lower()}.ana",
            "role": "trace_analyst",
            "agency": f"{state}-POLICE",
        }
        as_actor(state, "state_administrator").post("/accounts", body)
    path, own = f"/requests/{request_['id']}/assign", f"/traces/{trace['id']}/assign"
    assert pry_analyst.post(path, {"username": "pry.ana"}, 200).json["assignee"] == "pry.ana"
    assert analyst.post(own, {"username": "bra.ana"}, 200).json["assignee"] == "bra.ana"
    assert len(pry_analyst.get("/requests?assignee=pry.ana").json["items"]) == 1
    assert pry_analyst.get("/requests?assignee=nobody").json["items"] == []
    assert list(analyst.post(own, {"username": "pry.ana"}, 422).json["errors"]) == ["username"]


@pytest.mark.parametrize(
    "state,kind,other", [("PRY", "request", "supervisor"), ("BRA", "trace", "police_officer")]
)
def test_the_assignee_is_notified_and_may_work_on_it(
    as_actor, pry_analyst, analyst, trace, request_, state, kind, other
):
    mine = {"request": (pry_analyst, request_), "trace": (analyst, trace)}[kind]
    path, clients = f"/{kind}s/{mine[1]['id']}/assign", [mine[0], as_actor(state, other)]
    clerk = as_actor(state, "licensing_officer")
    roles = {"trace_analyst": clients[0], other: clients[1], "licensing_officer": clerk}
    usernames = [f"{role}-{client.token[:8]}" for role, client in roles.items()]
    for username in usernames[:2]:
        mine[0].post(path, {"username": username}, 200)
    assert [len(notices(client, f"{kind}_assigned")) for client in clients] == [0, 1]
    assert mine[0].post(path, {"username": usernames[2]}, 422).json["errors"].keys() == {"username"}


@pytest.mark.parametrize(
    "setting,priority,until",
    [
        ({"flash_minutes": 5}, "flash", "2026-03-09T15:05:00+00:00"),
        ({"urgent_hours": 2}, "urgent", "2026-03-09T17:00:00+00:00"),
        ({"priority_days": 1}, "priority", "2026-03-10T15:00:00+00:00"),
        ({"closed_on": ["2026-03-10"]}, "priority", "2026-03-13T15:00:00+00:00"),
        ({"closed_on": ["2026-03-09"]}, "urgent", "2026-03-09T23:00:00+00:00"),
        ({"weekdays": [1, 2]}, "priority", "2026-03-17T15:00:00+00:00"),
        ({"routine_days": 20}, "routine", "2026-04-08T15:00:00+00:00"),
        ({"routine_days": 20, "open_on": ["2026-04-03"]}, "routine", "2026-04-07T15:00:00+00:00"),
    ],
)
def test_a_state_answers_by_its_own_targets_and_in_its_own_working_days(
    analyst, pry_analyst, record, setting, priority, until, pry_administrator
):
    """Holy Thursday and Good Friday of 2026, 2 and 3 April, are holidays of Paraguay."""
    pry_administrator.post("/settings", setting, 200, If_Match='"0"')
    analyst.post("/traces", bodies.trace(priority=priority, priority_reason="Held"))
    [found] = pry_analyst.get("/requests").json["items"]
    assert found["due_at"] == until


def test_what_is_due_is_found_by_its_term(pry_analyst, request_):
    assert len(pry_analyst.get("/requests?due_before=2026-03-19T00:00:00Z").json["items"]) == 1
    assert pry_analyst.get("/requests?due_before=2026-03-18T00:00:00Z").json["items"] == []


def test_an_action_wants_the_version_that_was_read(pry_analyst, request_):
    path = f"/requests/{request_['id']}/acknowledge"
    pry_analyst.post(path, {}, 428)
    pry_analyst.post(path, {}, 412, If_Match='"9"')


def test_a_request_sent_again_is_acknowledged_once(pry_analyst, request_):
    path = f"/requests/{request_['id']}/acknowledge"
    headers = {"Idempotency_Key": "a" * 16, "If_Match": f'"{request_["version"]}"'}
    first = pry_analyst.post(path, {}, 200, **headers).json
    assert pry_analyst.post(path, {}, 200, **headers).json == first


def test_one_more_state_is_asked_with_a_reason(analyst, trace, leg):
    path = f"/traces/{trace['id']}/legs"
    analyst.post(path, {"state": "URY", "reason": "A witness"})
    assert (leg("URY")["status"], leg("URY")["reasons"]) == ("no_record", ["A witness"])
    assert analyst.post(path, {"state": "URY", "reason": "Again"}, 409).json["code"] == "conflict"


def test_a_state_that_takes_no_part_is_asked_by_another_channel(analyst, trace, leg, result):
    path = f"/traces/{trace['id']}/legs"
    body = {"state": "AUT", "reason": "Made there"}
    [errors] = analyst.post(path, body, 422).json["errors"]["channel"]
    assert errors.startswith("This state does not participate: say by which channel it is asked: ")
    analyst.post(path, body | {"channel": "iarms", "reference": "E-77"})
    assert (leg("AUT")["channel"], leg("AUT")["reference"], leg("AUT")["status"]) == (
        "iarms",
        "E-77",
        "sent",
    )
    event = {"event": "manufacture", "occurred_on": "2019-01-02"}
    reply = {"status": "answered", "text": "By letter", "events": [event], "points_to": ["URY"]}
    analyst.post(f"{path}/{leg('AUT')['id']}/reply", reply)
    assert (leg("AUT")["status"], leg("URY")["status"]) == ("answered", "no_record")
    assert [event["event"] for event in result()["chain"]] == ["manufacture"]


def test_a_state_that_there_is_not_is_refused(analyst, trace):
    body = {"state": "XXX", "reason": "Why"}
    refused = analyst.post(f"/traces/{trace['id']}/legs", body, 422)
    assert [*refused.json["errors"]] == ["state"]


def test_nobody_answers_for_a_state_that_takes_part(analyst, trace, leg):
    path = f"/traces/{trace['id']}/legs/{leg()['id']}/reply"
    body = {"text": "It said", "status": "answered"}
    assert list(analyst.post(path, body, 422).json["errors"]) == ["status"]


def test_a_supervisor_gives_an_overdue_answer(request_, record, pry_supervisor):
    path = f"/requests/{request_['id']}"
    pry_supervisor.get(f"/records/{record}")
    tag = pry_supervisor.get(path).headers["ETag"]
    body = answer(records=[record])
    assert (
        pry_supervisor.post(f"{path}/answer", body, 200, If_Match=tag).json["status"] == "answered"
    )
