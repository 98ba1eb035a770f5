"""The asked state's side of a trace: answered by the service where it may, else by persons."""

import pytest

from tests import bodies


@pytest.fixture
def analyst(as_actor):
    return as_actor("BRA", "trace_analyst")


@pytest.fixture
def asked(as_actor):
    """The analyst of Paraguay, who is asked."""
    return as_actor("PRY", "trace_analyst")


@pytest.fixture
def record(as_actor):
    """A sale in Paraguay of which others learn only that it is there."""
    body = bodies.transfer(visibility="pointer")
    return as_actor("PRY", "licensing_officer").post("/transfers", body).json["firearm"]["record"]


@pytest.fixture
def trace(analyst, record):
    return analyst.post("/traces", bodies.trace()).json


@pytest.fixture
def request_(asked, trace):
    [found] = asked.get("/requests").json["items"]
    return found


@pytest.fixture
def act(asked, request_):
    """Let the asked state act on the request as it stands."""

    def post(action, body=None, expect=200):
        path = f"/requests/{request_['id']}"
        tag = asked.get(path).headers["ETag"]
        return asked.post(f"{path}/{action}", body or {}, expect, If_Match=tag).json

    return post


@pytest.fixture
def leg(analyst, trace):
    """Return the asking state's leg as it stands."""

    def read(state="PRY"):
        legs = analyst.get(f"/traces/{trace['id']}").json["legs"]
        return next((one for one in legs if one["state"] == state), None)

    return read


@pytest.fixture
def result(analyst, trace):
    return lambda: analyst.get(f"/traces/{trace['id']}/result").json


def answer(**changes):
    return {"completeness": "full", "handling": "H1"} | changes


def told(client, code):
    return client.get(f"/notifications?code={code}").json["items"]


def test_what_is_open_is_answered_at_once_and_the_asked_state_reads_it(as_actor, analyst, asked):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    trace = analyst.post("/traces", bodies.trace()).json
    [found] = asked.get("/requests").json["items"]
    assert (found["status"], found["automatic"], found["asking_state"]) == ("answered", True, "BRA")
    assert [one["kind"] for one in found["messages"]] == ["request", "answer"]
    assert trace["status"] == "answered"


@pytest.fixture
def half(as_actor, analyst, record):
    """A trace of a gun that Paraguay has an open sale of, beside the one that it is pointed to."""
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(number="T-0"))
    return analyst.post("/traces", bodies.trace()).json


def test_what_is_open_goes_at_once_and_the_rest_waits_for_a_person(analyst, asked, half):
    [leg] = [one for one in half["legs"] if one["state"] == "PRY"]
    assert (half["status"], leg["status"]) == ("in_progress", "sent")
    said = leg["messages"][-1]
    assert (said["completeness"], said["restriction_reason"]) == ("restricted", "person_decides")
    result = analyst.get(f"/traces/{half['id']}/result").json
    assert (len(result["chain"]), bool(result["missing"])) == (1, True)
    [found] = asked.get("/requests?due_before=2027-01-01T00:00:00Z").json["items"]
    assert (found["status"], found["automatic"]) == ("sent", False)
    assert len(told(asked, "request_received")) == 1


def test_what_was_given_at_once_stays_where_a_person_refuses_the_rest(analyst, asked, half):
    [found] = asked.get("/requests").json["items"]
    path = f"/requests/{found['id']}"
    why = {"reason": "national_security", "text": "No more"}
    tag = asked.get(path).headers["ETag"]
    asked.post(f"{path}/refuse", why, 200, If_Match=tag)
    result = analyst.get(f"/traces/{half['id']}/result").json
    missing = ["The answer of Paraguay, which refused."]
    assert (len(result["chain"]), result["missing"]) == (1, missing)


def test_an_own_alert_makes_no_answer_less_full(as_actor, analyst, asked):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert())
    trace = analyst.post("/traces", bodies.trace()).json
    [found] = asked.get("/requests").json["items"]
    assert (trace["status"], found["status"]) == ("answered", "answered")


def test_a_state_that_lets_no_service_answer_has_the_request_wait(as_actor, analyst, asked):
    administrator = as_actor("PRY", "state_administrator")
    changed = {"answers_automatically": False}
    administrator.post("/settings/change", changed, 200, If_Match='"0"')
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    trace = analyst.post("/traces", bodies.trace()).json
    [found] = asked.get("/requests?status=sent").json["items"]
    assert (trace["status"], len(found["candidates"])) == ("sent", 1)
    assert len(told(asked, "request_received")) == 1


def test_a_state_that_holds_nothing_says_so_at_once(analyst, asked):
    mark = {"kind": "import", "text": "PRY 24", "state": "PRY"}
    analyst.post("/traces", bodies.trace(firearm=bodies.firearm(marks=[mark])))
    [found] = asked.get("/requests").json["items"]
    assert (found["status"], found["candidates"]) == ("no_record", [])
    assert told(asked, "request_received") == []


@pytest.mark.parametrize("visibility", ["silent", None])
def test_a_silent_record_changes_no_word_of_a_request(as_actor, analyst, asked, visibility):
    if visibility:
        body = bodies.transfer(visibility=visibility)
        as_actor("PRY", "licensing_officer").post("/transfers", body)
    mark = {"kind": "import", "text": "PRY 24", "state": "PRY"}
    trace = analyst.post("/traces", bodies.trace(firearm=bodies.firearm(marks=[mark]))).json
    [found] = asked.get("/requests").json["items"]
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
    assert [one["record"] for one in request_["candidates"]] == [record]
    assert leg()["status"] == "sent"
    done = act("answer", answer(records=[record]))
    assert (done["status"], leg()["status"], leg()["events"]) == ("answered", "answered", 1)
    assert (result()["outcome"], result()["time_to_crime_days"]) == ("traced", 664)


def test_who_asked_is_told_that_a_person_answered(act, analyst, record, trace):
    act("answer", answer(records=[record]))
    [notice] = told(analyst, "trace_answered")
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
    event = {"event": "domestic_sale", "occurred_on": "2020-01-02", "document_number": "book 7",
             "to": {"kind": "individual", "country": "PRY"}}  # fmt: skip
    act("answer", answer(events=[event]))
    [told] = result()["chain"]
    assert (told["event"], told["document_number"], told["to"]["kind"]) == (
        "domestic_sale", "book 7", "individual",
    )  # fmt: skip


def test_a_second_answer_adds_to_the_first(as_actor, act, record, result):
    body = bodies.transfer(kind="registration", number="T-9", occurred_on="2024-06-01",
                           visibility="pointer")  # fmt: skip
    clerk = as_actor("PRY", "licensing_officer")
    other = clerk.post("/transfers", body).json["firearm"]["record"]
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


@pytest.mark.parametrize("name,body", [
    ("no_record", {}), ("answer", answer(completeness="restricted", restriction_reason="No books",
                                         points_to=["URY"])),
])  # fmt: skip
def test_a_state_says_why_no_more_is_known(act, leg, result, name, body):
    act(name, body | {"failure_reason": "records_lost"})
    assert leg()["messages"][-1]["failure_reason"] == "records_lost"
    assert result()["failure_reason"] == "records_lost"


@pytest.mark.parametrize("changes,field", [
    ({}, "records"), ({"points_to": ["URY"], "failure_reason": "too_old"}, "failure_reason"),
    ({"points_to": ["BRA"]}, "points_to.0"), ({"points_to": ["PRY"]}, "points_to.0"),
    ({"records": ["0199f2c0-0000-7000-8000-000000000000"]}, "records.0"),
    ({"events": [{"event": "loss", "occurred_on": "2026-05-01"}]}, "events.0.occurred_on"),
])  # fmt: skip
def test_an_answer_that_says_nothing_or_what_cannot_be_is_refused(act, leg, changes, field):
    assert list(act("answer", answer(**changes), 422)["errors"]) == [field]
    assert leg()["status"] == "sent"


def test_another_state_s_record_is_not_given(act, as_actor):
    other = as_actor("BRA", "licensing_officer").post("/transfers", bodies.transfer(number="T-9"))
    body = answer(records=[other.json["firearm"]["record"]])
    assert list(act("answer", body, 422)["errors"]) == ["records.0"]


def test_a_request_is_acknowledged(act, leg, analyst, trace):
    assert act("acknowledge")["status"] == "acknowledged"
    assert leg()["status"] == "acknowledged"
    assert analyst.get(f"/traces/{trace['id']}").json["status"] == "sent"


def test_several_requests_are_acknowledged_and_the_one_that_cannot_be_is_named(
    as_actor, analyst, asked, request_, act
):
    analyst.post("/traces", bodies.trace())
    new, old = [one["id"] for one in asked.get("/requests").json["items"]]
    assert old == request_["id"]
    act("refuse", {"reason": "national_security", "text": "No"})
    nobody = "0199f2c0-0000-7000-8000-000000000000"
    done = asked.post("/requests/acknowledge", {"requests": [old, new, nobody]}, 200).json
    assert done["acknowledged"] == [new]
    assert {one["id"]: one["code"] for one in done["left"]} == {
        nobody: "not_found", old: "illegal_transition",
    }  # fmt: skip
    assert all(one["detail"] for one in done["left"])
    assert asked.get(f"/requests/{new}").json["status"] == "acknowledged"
    assert asked.post("/requests/acknowledge", {"requests": []}, 422).json["errors"]


def test_a_refusal_gives_a_reason_of_the_instrument_and_ends_the_waiting(act, leg, analyst, trace):
    body = {"reason": "ongoing_investigation", "text": "A hearing is near."}
    assert act("refuse", body)["status"] == "refused"
    assert leg()["messages"][-1]["reason"] == "ongoing_investigation"
    assert analyst.get(f"/traces/{trace['id']}").json["status"] == "answered"


def test_a_refusal_can_turn_into_a_question_and_an_answer(act, leg, reply, record):
    act("refuse", {"reason": "confidentiality_not_guaranteed", "text": "Who will read it?"})
    act("ask", {"questions": ["Who will read it?"]})
    assert leg()["status"] == "clarification"
    reply("The unit alone.")
    act("answer", answer(records=[record]))
    assert leg()["status"] == "answered"


def test_a_refusal_of_which_clarification_is_sought_waits_again(act, leg, reply, asked, record):
    act("refuse", {"reason": "confidentiality_not_guaranteed", "text": "Who will read it?"})
    reply("The unit alone.")
    [found] = asked.get("/requests?due_before=2027-01-01T00:00:00Z").json["items"]
    assert (found["status"], leg()["status"]) == ("acknowledged", "acknowledged")
    assert len(told(asked, "request_replied")) == 1
    act("answer", answer(records=[record]))
    assert leg()["status"] == "answered"


def test_a_question_stops_the_clock_until_the_reply(act, asked, leg, reply, request_):
    assert request_["due_at"] == "2026-03-18T15:00:00+00:00"
    assert act("ask", {"questions": ["Which calibre?"]})["due_at"] is None
    assert leg()["messages"][-1]["questions"] == ["Which calibre?"]
    assert asked.get("/requests?due_before=2027-01-01T00:00:00Z").json["items"] == []
    reply("9x19")
    again = asked.get(f"/requests/{request_['id']}").json
    assert (again["status"], again["due_at"]) == ("acknowledged", request_["due_at"])
    assert again["messages"][-1]["text"] == "9x19"
    assert len(told(asked, "request_replied")) == 1


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
    assert "Paraguay" in leg("URY")["why"][0]


def test_to_forward_to_who_was_asked_already_makes_no_second_leg(act, analyst, leg, trace):
    more = {"state": "URY", "reason": "A witness"}
    analyst.post(f"/traces/{trace['id']}/legs", more)
    before = leg("URY")["id"]
    act("forward", {"state": "URY", "reason": "It was sold on."})
    assert leg("URY")["id"] == before
    legs = analyst.get(f"/traces/{trace['id']}").json["legs"]
    assert sorted(one["state"] for one in legs) == ["BRA", "PRY", "URY"]


@pytest.mark.parametrize("state", ["BRA", "PRY"])
def test_a_request_is_not_forwarded_in_a_circle(act, state):
    body = {"state": state, "reason": "Ask there"}
    assert list(act("forward", body, 422)["errors"]) == ["state"]


def test_an_answer_that_points_to_a_state_makes_the_next_leg(act, leg, record, as_actor):
    act("answer", answer(records=[record], points_to=["URY"]))
    assert leg("URY")["status"] == "no_record"
    assert leg("URY")["why"] == ["The answer of Paraguay points to this state."]


def test_a_state_that_said_it_has_nothing_may_find_something_later(act, leg, record):
    act("no_record", {"text": "Not in the register."})
    act("answer", answer(records=[record]))
    assert leg()["status"] == "answered"


@pytest.mark.parametrize("action,body", [
    ("acknowledge", {}), ("defer", {"until": "2026-04-01", "reason": "No"}),
    ("refuse", {"reason": "national_security", "text": "No"}), ("ask", {"questions": ["Why?"]}),
    ("forward", {"state": "URY", "reason": "No"}), ("no_record", {}),
])  # fmt: skip
def test_what_was_answered_is_neither_refused_nor_put_off(act, record, leg, action, body):
    act("answer", answer(records=[record]))
    assert act(action, body, 409)["code"] == "illegal_transition"
    assert leg()["status"] == "answered"


def test_a_withdrawn_trace_withdraws_the_request(analyst, asked, trace, request_, leg, act, record):
    tag = analyst.get(f"/traces/{trace['id']}").headers["ETag"]
    analyst.post(f"/traces/{trace['id']}/withdraw", None, 200, If_Match=tag)
    assert asked.get(f"/requests/{request_['id']}").json["status"] == "withdrawn"
    assert leg()["status"] == "withdrawn"
    assert len(told(asked, "request_withdrawn")) == 1
    assert act("answer", answer(records=[record]), 409)["code"] == "illegal_transition"


def test_feedback_reaches_who_answered_and_nobody_else(
    act, analyst, asked, trace, record, request_
):
    path = f"/traces/{trace['id']}/feedback"
    assert analyst.post(path, {"helped": True}, 409).json["code"] == "conflict"
    act("answer", answer(records=[record]))
    analyst.post(path, {"helped": True, "text": "It led to the dealer."})
    last = asked.get(f"/requests/{request_['id']}").json["messages"][-1]
    assert (last["kind"], last["helped"], last["text"]) == (
        "feedback", True, "It led to the dealer.",
    )  # fmt: skip


def test_notes_never_leave_their_state(analyst, asked, trace, request_):
    mine = analyst.post(f"/traces/{trace['id']}/notes", {"text": "Ask the judge"}, 200).json
    theirs = asked.post(f"/requests/{request_['id']}/notes", {"text": "Careful"}, 200).json
    assert [note["text"] for note in mine["notes"]] == ["Ask the judge"]
    assert theirs["messages"][-1]["text"] == "Careful"
    assert "Careful" not in str(analyst.get(f"/traces/{trace['id']}").json)
    assert "Ask the judge" not in str(asked.get(f"/requests/{request_['id']}").json)


def test_somebody_works_on_it_and_the_list_finds_him(as_actor, analyst, asked, trace, request_):
    for state in ("BRA", "PRY"):
        body = {"username": f"{state.lower()}.ana", "role": "trace_analyst",
                "agency": f"{state}-POLICE"}  # fmt: skip
        as_actor(state, "state_administrator").post("/accounts", body)
    path, own = f"/requests/{request_['id']}/assign", f"/traces/{trace['id']}/assign"
    assert asked.post(path, {"username": "pry.ana"}, 200).json["assignee"] == "pry.ana"
    assert analyst.post(own, {"username": "bra.ana"}, 200).json["assignee"] == "bra.ana"
    assert len(asked.get("/requests?assignee=pry.ana").json["items"]) == 1
    assert asked.get("/requests?assignee=nobody").json["items"] == []
    assert list(analyst.post(own, {"username": "pry.ana"}, 422).json["errors"]) == ["username"]


@pytest.mark.parametrize("state,kind,other", [
    ("PRY", "request", "supervisor"), ("BRA", "trace", "police_officer"),
])  # fmt: skip
def test_who_is_to_work_on_it_is_told_and_may_do_it(
    as_actor, asked, analyst, trace, request_, state, kind, other
):
    mine = {"request": (asked, request_), "trace": (analyst, trace)}[kind]
    path, clients = f"/{kind}s/{mine[1]['id']}/assign", [mine[0], as_actor(state, other)]
    clerk = as_actor(state, "licensing_officer")
    roles = {"trace_analyst": clients[0], other: clients[1], "licensing_officer": clerk}
    usernames = [f"{role}-{client.token[:8]}" for role, client in roles.items()]
    for username in usernames[:2]:
        mine[0].post(path, {"username": username}, 200)
    assert [len(told(client, f"{kind}_assigned")) for client in clients] == [0, 1]
    refused = mine[0].post(path, {"username": usernames[2]}, 422).json
    assert refused["errors"].keys() == {"username"}


@pytest.mark.parametrize("setting,priority,until", [
    ({"flash_minutes": 5}, "flash", "2026-03-09T15:05:00+00:00"),
    ({"urgent_hours": 2}, "urgent", "2026-03-09T17:00:00+00:00"),
    ({"priority_days": 1}, "priority", "2026-03-10T15:00:00+00:00"),
    ({"closed_on": ["2026-03-10"]}, "priority", "2026-03-13T15:00:00+00:00"),
    ({"closed_on": ["2026-03-09"]}, "urgent", "2026-03-09T23:00:00+00:00"),
    ({"weekdays": [1, 2]}, "priority", "2026-03-17T15:00:00+00:00"),
    ({"routine_days": 20}, "routine", "2026-04-08T15:00:00+00:00"),
    ({"routine_days": 20, "open_on": ["2026-04-03"]}, "routine", "2026-04-07T15:00:00+00:00"),
])  # fmt: skip
def test_a_state_answers_by_its_own_targets_and_in_its_own_working_days(
    as_actor, analyst, asked, record, setting, priority, until
):
    """Holy Thursday and Good Friday of 2026, 2 and 3 April, are holidays of Paraguay."""
    head = as_actor("PRY", "state_administrator")
    head.post("/settings/change", setting, 200, If_Match='"0"')
    analyst.post("/traces", bodies.trace(priority=priority, priority_reason="Held"))
    [found] = asked.get("/requests").json["items"]
    assert found["due_at"] == until


def test_what_is_due_is_found_by_its_term(asked, request_):
    assert len(asked.get("/requests?due_before=2026-03-19T00:00:00Z").json["items"]) == 1
    assert asked.get("/requests?due_before=2026-03-18T00:00:00Z").json["items"] == []


def test_a_request_is_not_there_for_another_state(as_actor, request_):
    for state in ("BRA", "URY"):
        other = as_actor(state, "trace_analyst")
        assert other.get("/requests").json["items"] == []
        other.get(f"/requests/{request_['id']}", 404)


def test_an_action_wants_the_version_that_was_read(asked, request_):
    path = f"/requests/{request_['id']}/acknowledge"
    asked.post(path, {}, 428)
    asked.post(path, {}, 412, If_Match='"9"')


def test_a_request_sent_again_is_acknowledged_once(asked, request_):
    path = f"/requests/{request_['id']}/acknowledge"
    headers = {"Idempotency_Key": "a" * 16, "If_Match": f'"{request_["version"]}"'}
    first = asked.post(path, {}, 200, **headers).json
    assert asked.post(path, {}, 200, **headers).json == first


def test_one_more_state_is_asked_with_a_reason(analyst, trace, leg):
    path = f"/traces/{trace['id']}/legs"
    analyst.post(path, {"state": "URY", "reason": "A witness"})
    assert (leg("URY")["status"], leg("URY")["why"]) == ("no_record", ["A witness"])
    assert analyst.post(path, {"state": "URY", "reason": "Again"}, 409).json["code"] == "conflict"


def test_a_state_that_takes_no_part_is_asked_by_another_channel(analyst, trace, leg, result):
    path = f"/traces/{trace['id']}/legs"
    body = {"state": "AUT", "reason": "Made there", "channel": "etrace", "reference": "E-77"}
    analyst.post(path, body)
    assert (leg("AUT")["channel"], leg("AUT")["reference"], leg("AUT")["status"]) == (
        "etrace", "E-77", "sent",
    )  # fmt: skip
    event = {"event": "manufacture", "occurred_on": "2019-01-02"}
    reply = {"status": "answered", "text": "By letter", "events": [event], "points_to": ["URY"]}
    analyst.post(f"{path}/{leg('AUT')['id']}/reply", reply)
    assert (leg("AUT")["status"], leg("URY")["status"]) == ("answered", "no_record")
    assert [event["event"] for event in result()["chain"]] == ["manufacture"]


@pytest.mark.parametrize("body,field", [
    ({"state": "URY", "reason": "Why", "channel": "post"}, "channel"),
    ({"state": "XXX", "reason": "Why"}, "state"),
])  # fmt: skip
def test_a_state_is_asked_as_it_can_be(analyst, trace, body, field):
    errors = analyst.post(f"/traces/{trace['id']}/legs", body, 422).json["errors"]
    assert list(errors) == [field]


def test_nobody_answers_for_a_state_that_takes_part(analyst, trace, leg):
    path = f"/traces/{trace['id']}/legs/{leg()['id']}/reply"
    body = {"text": "It said", "status": "answered"}
    assert list(analyst.post(path, body, 422).json["errors"]) == ["status"]


@pytest.fixture
def reply(analyst, trace, leg):
    def post(text, expect=201):
        path = f"/traces/{trace['id']}/legs/{leg()['id']}/reply"
        return analyst.post(path, {"text": text}, expect).json

    return post


def test_a_supervisor_who_is_told_that_an_answer_is_overdue_gives_it(as_actor, request_, record):
    supervisor = as_actor("PRY", "supervisor")
    path = f"/requests/{request_['id']}"
    supervisor.get(f"/records/{record}")
    tag = supervisor.get(path).headers["ETag"]
    body = answer(records=[record])
    assert supervisor.post(f"{path}/answer", body, 200, If_Match=tag).json["status"] == "answered"
