"""The asked state answers a trace: by the service where it may, else by persons."""

import pytest

from tests.support import bodies
from tests.support.requests import answer, notices


def sent(analyst, **changes):
    """Send a trace; returns it with what was answered by the services."""
    trace = analyst.post("/traces", bodies.trace(**changes)).json
    return analyst.get(f"/traces/{trace['id']}").json


def test_what_is_open_is_answered_at_once_and_the_asked_state_reads_it(
    as_actor, analyst, pry_analyst
):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    trace = sent(analyst)
    [found] = pry_analyst.get("/requests").json["items"]
    assert (found["status"], found["automatic"], found["asking_state"]) == ("answered", True, "BRA")
    assert [each["kind"] for each in found["messages"]] == ["request", "answer"]
    assert trace["status"] == "completed"


@pytest.fixture
def half(as_actor, analyst, record):
    """A trace of a gun that Paraguay has an open sale of, besides the one that it is pointed to."""
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(number="T-0"))
    return sent(analyst)


def test_what_is_open_goes_at_once_and_the_rest_waits_for_a_person(analyst, pry_analyst, half):
    [leg] = [row for row in half["legs"] if row["state"] == "PRY"]
    assert (half["status"], leg["status"]) == ("in_progress", "acknowledged")
    body = leg["messages"][-1]
    assert (body["completeness"], body["restriction_reason"]) == ("restricted", "person_decides")
    result = analyst.get(f"/traces/{half['id']}/result").json
    assert (len(result["chain"]), bool(result["missing"])) == (1, True)
    [found] = pry_analyst.get("/requests?due_before=2027-01-01T00:00:00Z").json["items"]
    assert (found["status"], found["automatic"]) == ("sent", False)
    assert len(notices(pry_analyst, "request_received")) == 1


def test_what_was_given_at_once_stays_where_a_person_refuses_the_rest(analyst, pry_analyst, half):
    [found] = pry_analyst.get("/requests").json["items"]
    path = f"/requests/{found['id']}"
    why = {"reason": "national_security", "text": "No more"}
    tag = pry_analyst.get(path).headers["ETag"]
    pry_analyst.post(f"{path}/refuse", why, 200, If_Match=tag)
    result = analyst.get(f"/traces/{half['id']}/result").json
    missing = ["The answer of Paraguay, which refused."]
    assert (len(result["chain"]), result["missing"]) == (1, missing)


def test_an_own_alert_makes_no_answer_less_full(as_actor, analyst, pry_analyst):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert())
    trace = sent(analyst)
    [found] = pry_analyst.get("/requests").json["items"]
    assert (trace["status"], found["status"]) == ("completed", "answered")


def test_a_state_that_lets_no_service_answer_has_the_request_wait(
    as_actor, analyst, pry_analyst, pry_administrator
):
    pry_administrator.post("/settings", {"answers_automatically": False}, 200, If_Match='"0"')
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    trace = analyst.post("/traces", bodies.trace()).json
    [found] = pry_analyst.get("/requests?status=sent").json["items"]
    assert (trace["status"], len(found["candidates"])) == ("sent", 1)
    legs = analyst.get(f"/traces/{trace['id']}").json["legs"]
    assert {leg["state"]: leg["status"] for leg in legs}["PRY"] == "sent"  # a person acknowledges
    assert len(notices(pry_analyst, "request_received")) == 1


def test_a_state_that_holds_nothing_says_so_at_once(analyst, pry_analyst):
    mark = {"kind": "import", "text": "PRY 24", "state": "PRY"}
    analyst.post("/traces", bodies.trace(firearm=bodies.firearm(marks=[mark])))
    [found] = pry_analyst.get("/requests").json["items"]
    assert (found["status"], found["candidates"]) == ("no_record", [])
    assert notices(pry_analyst, "request_received") == []


@pytest.mark.parametrize("visibility", ["silent", None])
def test_a_silent_record_changes_no_word_of_a_request(as_actor, analyst, pry_analyst, visibility):
    if visibility:
        body = bodies.transfer(visibility=visibility)
        as_actor("PRY", "licensing_officer").post("/transfers", body)
    mark = {"kind": "import", "text": "PRY 24", "state": "PRY"}
    trace = sent(analyst, firearm=bodies.firearm(marks=[mark]))
    [found] = pry_analyst.get("/requests").json["items"]
    legs = {leg["state"]: leg["status"] for leg in trace["legs"]}
    assert (legs["PRY"], found["status"], found["candidates"]) == ("no_record", "no_record", [])


def test_a_request_has_what_the_tracing_instrument_asks(request_):
    body = bodies.trace()
    for name in ("priority", "legal_basis", "illicit_reason", "circumstances", "intended_use"):
        assert request_[name] == body[name]
    assert request_["firearm"]["serial"] == "ABC123456"
    assert request_["found_on"] == "2026-03-01"


def test_a_pointer_waits_for_a_person_who_answers_with_one_click(
    act, request_, record, leg, result
):
    assert [each["record"] for each in request_["candidates"]] == [record]
    assert (leg()["status"], request_["status"]) == ("acknowledged", "sent")
    [_, arrived] = leg()["messages"]
    assert (arrived["kind"], arrived["automatic"]) == ("acknowledge", True)
    done = act("answer", answer(records=[record]))
    assert (done["status"], leg()["status"], leg()["events"]) == ("answered", "answered", 1)
    assert (result()["outcome"], result()["time_to_crime_days"]) == ("traced", 664)


def test_the_asker_is_notified_that_a_person_answered(act, analyst, record, trace):
    act("answer", answer(records=[record]))
    [notice] = notices(analyst, "trace_answered")
    assert (notice["subject"]["id"], notice["data"]) == (trace["id"], {"by": "PRY"})


def test_a_record_that_a_person_gives_is_written_down_with_the_case(act, as_actor, record):
    act("answer", answer(records=[record]))
    [entry] = as_actor("PRY", "auditor").get("/audit?action=record:disclosed").json["items"]
    assert (entry["subject_id"], entry["data"]["to"]) == (record, "BRA")
    assert entry["case_number"] == "C-1"


def test_the_handling_of_an_answer_is_that_of_its_events(act, record, result):
    act("answer", answer(records=[record], handling="H2"))
    assert [event["handling"] for event in result()["chain"]] == ["H2"]


def test_an_answer_from_a_book_is_part_of_the_chain(act, result):
    event = {
        "event": "domestic_sale",
        "occurred_on": "2020-01-02",
        "document_number": "book 7",
        "to": {"kind": "individual", "country": "PRY"},
    }
    act("answer", answer(events=[event]))
    [texts] = result()["chain"]
    assert (texts["event"], texts["document_number"], texts["to"]["kind"]) == (
        "domestic_sale",
        "book 7",
        "individual",
    )


def test_a_second_answer_adds_to_the_first(act, record, result, pry):
    body = bodies.transfer(
        kind="registration", number="T-9", occurred_on="2024-06-01", visibility="pointer"
    )
    other = pry.post("/transfers", body).json["firearm"]["record"]
    act("answer", answer(records=[record]))
    act("answer", answer(records=[other]))
    assert [event["record"] for event in result()["chain"]] == [record, other]
    act("answer", answer(records=[other]))
    assert len(result()["chain"]) == 2


def test_a_restricted_answer_says_why_and_is_partial(act, record, leg):
    body = answer(completeness="restricted", records=[record])
    assert list(act("answer", body, 422)["errors"]) == ["restriction_reason"]
    act("answer", body | {"restriction_reason": "The buyer is under investigation."})
    assert leg()["status"] == "partial"
    assert leg()["messages"][-1]["restriction_reason"] == "The buyer is under investigation."


@pytest.mark.parametrize(
    "name,body",
    [
        ("report-no-record", {}),
        (
            "answer",
            answer(completeness="restricted", restriction_reason="No books", points_to=["URY"]),
        ),
    ],
)
def test_a_state_says_why_no_more_is_known(act, leg, result, name, body):
    act(name, body | {"failure_reason": "records_lost"})
    assert leg()["messages"][-1]["failure_reason"] == "records_lost"
    assert result()["failure_reason"] == "records_lost"


@pytest.mark.parametrize(
    "changes,field",
    [
        ({}, "records"),
        ({"points_to": ["URY"], "failure_reason": "too_old"}, "failure_reason"),
        ({"points_to": ["BRA"]}, "points_to.0"),
        ({"points_to": ["PRY"]}, "points_to.0"),
        ({"records": ["0199f2c0-0000-7000-8000-000000000000"]}, "records.0"),
        ({"events": [{"event": "loss", "occurred_on": "2026-05-01"}]}, "events.0.occurred_on"),
    ],
)
def test_an_answer_that_says_nothing_or_what_cannot_be_is_refused(act, leg, changes, field):
    assert list(act("answer", answer(**changes), 422)["errors"]) == [field]
    assert leg()["status"] == "acknowledged"


def test_another_state_s_record_is_not_given(act, as_actor):
    other = as_actor("BRA", "licensing_officer").post("/transfers", bodies.transfer(number="T-9"))
    body = answer(records=[other.json["firearm"]["record"]])
    assert list(act("answer", body, 422)["errors"]) == ["records.0"]
