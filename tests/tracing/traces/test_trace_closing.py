"""The end of a trace: what still waits is withdrawn, and each state that helped learns what came of it."""

import pytest

from tests.support import bodies

MARK = {"kind": "import", "text": "URY 24", "state": "URY"}


@pytest.fixture
def trace(of):
    """A trace that Paraguay answers from its records, Uruguay with nothing, and Argentina not yet."""
    of("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    pointer = bodies.transfer(number="A-1", firearm=bodies.firearm(), visibility="pointer")
    of("ARG", "licensing_officer").post("/transfers", pointer)
    return of("BRA").post("/traces", bodies.trace(firearm=bodies.firearm(marks=[MARK]))).json


def end(of, trace, action):
    tag = of("BRA").get(f"/traces/{trace['id']}").headers["ETag"]
    return of("BRA").post(f"/traces/{trace['id']}/{action}", None, 200, If_Match=tag).json


def request_of(of, state):
    return of(state).get("/requests").json["items"][0]


def heard(of, state):
    return [each for each in request_of(of, state)["messages"] if each["kind"] == "feedback"]


def test_the_result_is_reported_to_the_state_that_helped(of, trace):
    end(of, trace, "close")
    [result] = heard(of, "PRY")
    assert (result["helped"], result["outcome"]) == (True, "traced")
    assert "request_feedback" in [
        item["code"] for item in of("PRY").get("/notifications").json["items"]
    ]
    assert heard(of, "URY") == heard(of, "ARG") == []
    [entry] = of("BRA", "auditor").get("/audit?action=trace:closed").json["items"]
    assert entry["data"] == {"notified": ["PRY"]}


def test_an_answer_that_is_in_no_chain_did_not_help(of):
    later = bodies.transfer(occurred_on="2026-03-05")
    of("PRY", "licensing_officer").post("/transfers", later)
    end(of, of("BRA").post("/traces", bodies.trace()).json, "close")
    [result] = heard(of, "PRY")
    assert (result["helped"], result["outcome"]) == (False, "no_record")


@pytest.mark.between_writes
def test_a_state_notified_by_a_person_is_notified_once(of, trace):
    body = {"helped": True, "text": "Thank you"}
    of("BRA").post(f"/traces/{trace['id']}/feedback", body)
    end(of, trace, "close")
    [result] = heard(of, "PRY")
    assert (result["text"], result["outcome"]) == ("Thank you", "traced")


@pytest.mark.between_writes
def test_a_state_is_notified_once_whether_each_answer_helped(of, trace):
    feedback = f"/traces/{trace['id']}/feedback"
    of("BRA").post(feedback, {"helped": True})
    assert "was already informed" in of("BRA").post(feedback, {"helped": False}, 409).json["detail"]
    end(of, trace, "close")
    of("BRA").post(feedback, {"helped": False}, 409)
    assert [each["helped"] for each in heard(of, "PRY")] == [True]


@pytest.mark.parametrize("action", ["close", "withdraw"])
def test_no_request_stays_open_with_anybody(of, trace, action):
    assert request_of(of, "ARG")["status"] == "sent"
    ended = end(of, trace, action)
    assert {leg["state"]: leg["status"] for leg in ended["legs"]} == {
        "BRA": "no_record",
        "PRY": "answered",
        "URY": "no_record",
        "ARG": "withdrawn",
    }
    assert request_of(of, "ARG")["status"] == "withdrawn"
    assert "request_withdrawn" in [
        item["code"] for item in of("ARG").get("/notifications").json["items"]
    ]


@pytest.mark.parametrize("state", ["PRY", "URY"])
def test_a_withdrawn_trace_takes_no_answer_of_who_answered_before(of, trace, state):
    end(of, trace, "withdraw")
    asked = request_of(of, state)
    assert asked["status"] == "withdrawn"
    event = {"event": "domestic_sale", "occurred_on": "2020-01-02"}
    body = {"completeness": "full", "handling": "H1", "events": [event]}
    tag = of(state).get(f"/requests/{asked['id']}").headers["ETag"]
    answer = of(state).post(f"/requests/{asked['id']}/answer", body, 409, If_Match=tag).json
    assert answer["detail"] == (
        "“answer” is not possible: this request is withdrawn. Brazil withdrew it on 2026-03-09 and"
        " no longer waits for an answer."
    )
    legs = of("BRA").get(f"/traces/{trace['id']}").json["legs"]
    assert {leg["state"]: leg["events"] for leg in legs}["PRY"] == 1  # what it had said stays


@pytest.mark.parametrize(
    "content,body",
    [
        ("refuse", {"reason": "national_security", "text": "No"}),
        ("forward", {"state": "CHL", "reason": "Sold on"}),
    ],
)
def test_who_refused_or_named_another_can_say_nothing_more(of, trace, content, body):
    asked = request_of(of, "ARG")
    path = f"/requests/{asked['id']}"
    tag = of("ARG").get(path).headers["ETag"]
    of("ARG").post(f"{path}/{content}", body, 200, If_Match=tag)
    end(of, trace, "withdraw")
    assert request_of(of, "ARG")["status"] == "withdrawn"


@pytest.mark.parametrize("action", ["close", "withdraw"])
def test_to_end_a_trace_concludes_nothing_of_a_state_that_had_not_answered(of, action):
    """Brazil shipped it to Paraguay, where a person is to answer: whether it came is not known."""
    late = bodies.transfer(visibility="pointer", occurred_on="2026-02-20")
    of("PRY", "licensing_officer").post("/transfers", late)
    admin = of("PRY", "state_administrator")
    admin.post("/settings", {"answers_automatically": False}, 200, If_Match='"0"')
    exporter = of("BRA", "licensing_officer")
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    due = [{"stage": "entry", "at": "2026-02-02T10:00:00Z"}]
    exporter.post(f"/permits/{permit}/shipments", bodies.shipment(expected=due))
    path = f"/traces/{of('ARG').post('/traces', bodies.trace()).json['id']}"
    tag = of("ARG").get(path).headers["ETag"]
    of("ARG").post(f"{path}/{action}", None, 200, If_Match=tag)
    found = of("ARG").get(f"{path}/result").json
    assert (found["outcome"], found["point_of_diversion"]) == ("partly", None)
    assert found["missing"] == [
        "The answer of Paraguay: it had given none when the request was withdrawn."
    ]
    assert [row["outcome"] for row in heard(of, "BRA")] == (["partly"] if action == "close" else [])
