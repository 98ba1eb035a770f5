"""Messages of both sides of a request besides its answer: questions, terms, refusals."""

import pytest

from tests.support import bodies
from tests.support.requests import answer, notices


def test_a_request_is_acknowledged(act, leg, analyst, trace):
    assert act("acknowledge")["status"] == "acknowledged"
    assert leg()["status"] == "acknowledged"
    assert analyst.get(f"/traces/{trace['id']}").json["status"] == "sent"


def test_several_requests_are_acknowledged_and_the_one_that_cannot_be_is_named(
    as_actor, analyst, pry_analyst, request_, act
):
    analyst.post("/traces", bodies.trace())
    new, old = [item["id"] for item in pry_analyst.get("/requests").json["items"]]
    assert old == request_["id"]
    act("refuse", {"reason": "national_security", "text": "No"})
    nobody = "0199f2c0-0000-7000-8000-000000000000"
    done = pry_analyst.post("/requests/acknowledge", {"requests": [old, new, nobody]}, 200).json
    assert done["acknowledged"] == [new]
    assert {item["id"]: item["code"] for item in done["not_acknowledged"]} == {
        nobody: "not_found",
        old: "illegal_transition",
    }
    assert all(item["detail"] for item in done["not_acknowledged"])
    assert pry_analyst.get(f"/requests/{new}").json["status"] == "acknowledged"
    assert pry_analyst.post("/requests/acknowledge", {"requests": []}, 422).json["errors"]


def test_a_refusal_gives_a_reason_of_the_instrument_and_ends_the_waiting(act, leg, analyst, trace):
    body = {"reason": "ongoing_investigation", "text": "A hearing is near."}
    assert act("refuse", body)["status"] == "refused"
    assert leg()["messages"][-1]["reason"] == "ongoing_investigation"
    assert analyst.get(f"/traces/{trace['id']}").json["status"] == "completed"


def test_a_refusal_can_turn_into_a_question_and_an_answer(act, leg, reply, record):
    act("refuse", {"reason": "confidentiality_not_guaranteed", "text": "Who will read it?"})
    act("ask-questions", {"questions": ["Who will read it?"]})
    assert leg()["status"] == "clarification"
    reply("The unit alone.")
    act("answer", answer(records=[record]))
    assert leg()["status"] == "answered"


def test_a_refusal_of_which_clarification_is_sought_waits_again(
    act, leg, reply, pry_analyst, record
):
    act("refuse", {"reason": "confidentiality_not_guaranteed", "text": "Who will read it?"})
    reply("The unit alone.")
    [found] = pry_analyst.get("/requests?due_before=2027-01-01T00:00:00Z").json["items"]
    assert (found["status"], leg()["status"]) == ("acknowledged", "acknowledged")
    assert len(notices(pry_analyst, "request_replied")) == 1
    act("answer", answer(records=[record]))
    assert leg()["status"] == "answered"


def test_a_question_stops_the_clock_until_the_reply(act, pry_analyst, leg, reply, request_):
    assert request_["due_at"] == "2026-03-18T15:00:00+00:00"
    assert act("ask-questions", {"questions": ["Which calibre?"]})["due_at"] is None
    assert leg()["messages"][-1]["questions"] == ["Which calibre?"]
    assert pry_analyst.get("/requests?due_before=2027-01-01T00:00:00Z").json["items"] == []
    reply("9x19")
    again = pry_analyst.get(f"/requests/{request_['id']}").json
    assert (again["status"], again["due_at"]) == ("acknowledged", request_["due_at"])
    assert again["messages"][-1]["text"] == "9x19"
    assert len(notices(pry_analyst, "request_replied")) == 1


def test_nobody_replies_where_nothing_was_asked(analyst, trace, leg, reply):
    assert reply("Here", 409)["code"] == "illegal_transition"


def test_what_is_deferred_has_a_new_term_and_is_acknowledged_later(act, leg):
    assert list(act("defer", {"until": "2026-03-09", "reason": "Holidays"}, 422)["errors"]) == [
        "until"
    ]
    deferred = act("defer", {"until": "2026-04-01", "reason": "Holidays"})
    assert (deferred["status"], deferred["due_at"]) == ("deferred", "2026-04-02T00:00:00+00:00")
    assert leg()["messages"][-1]["until"] == "2026-04-01"
    act("acknowledge")
    assert leg()["status"] == "acknowledged"


def test_a_request_that_is_forwarded_makes_the_leg_of_the_other_state(act, leg, as_actor):
    act("forward", {"state": "URY", "reason": "It was sold on."})
    assert (leg()["status"], leg("URY")["status"]) == ("forwarded", "no_record")
    [found] = as_actor("URY", "trace_analyst").get("/requests").json["items"]
    assert found["asking_state"] == "BRA"
    assert "Paraguay" in leg("URY")["reasons"][0]


def test_to_forward_to_who_was_asked_already_makes_no_second_leg(act, analyst, leg, trace):
    more = {"state": "URY", "reason": "A witness"}
    analyst.post(f"/traces/{trace['id']}/legs", more)
    before = leg("URY")["id"]
    act("forward", {"state": "URY", "reason": "It was sold on."})
    assert leg("URY")["id"] == before
    legs = analyst.get(f"/traces/{trace['id']}").json["legs"]
    assert sorted(each["state"] for each in legs) == ["BRA", "PRY", "URY"]


@pytest.mark.parametrize("state", ["BRA", "PRY"])
def test_a_request_is_not_forwarded_in_a_circle(act, state):
    assert list(act("forward", {"state": state, "reason": "Ask there"}, 422)["errors"]) == ["state"]


def test_an_answer_that_points_to_a_state_makes_the_next_leg(act, leg, record, as_actor):
    act("answer", answer(records=[record], points_to=["URY"]))
    assert leg("URY")["status"] == "no_record"
    assert leg("URY")["reasons"] == ["The answer of Paraguay points to this state."]


def test_a_state_that_said_it_has_nothing_may_find_something_later(act, leg, record):
    act("report-no-record", {"text": "Not in the register."})
    act("answer", answer(records=[record]))
    assert leg()["status"] == "answered"


@pytest.mark.parametrize(
    "action,body",
    [
        ("acknowledge", {}),
        ("defer", {"until": "2026-04-01", "reason": "No"}),
        ("refuse", {"reason": "national_security", "text": "No"}),
        ("ask-questions", {"questions": ["Why?"]}),
        ("forward", {"state": "URY", "reason": "No"}),
        ("report-no-record", {}),
    ],
)
def test_what_was_answered_is_neither_refused_nor_put_off(act, record, leg, action, body):
    act("answer", answer(records=[record]))
    assert act(action, body, 409)["code"] == "illegal_transition"
    assert leg()["status"] == "answered"


def test_a_withdrawn_trace_withdraws_the_request(
    analyst, pry_analyst, trace, request_, leg, act, record
):
    tag = analyst.get(f"/traces/{trace['id']}").headers["ETag"]
    analyst.post(f"/traces/{trace['id']}/withdraw", None, 200, If_Match=tag)
    assert pry_analyst.get(f"/requests/{request_['id']}").json["status"] == "withdrawn"
    assert leg()["status"] == "withdrawn"
    assert len(notices(pry_analyst, "request_withdrawn")) == 1
    assert act("answer", answer(records=[record]), 409)["code"] == "illegal_transition"
