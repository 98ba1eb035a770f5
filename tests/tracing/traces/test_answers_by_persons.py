"""What a person releases in an answer: handled as its record is, and of the gun that is asked for."""

import pytest

from tests.support import bodies

OTHER = {"serial": "ABC128456"}
"""One glyph from what is asked for: a slip of the pen, or another gun."""


@pytest.fixture
def sell(as_actor):
    """Record a sale in Paraguay, and return its record."""

    def record(number="T-1", **changes):
        body = bodies.transfer(number=number, visibility="pointer") | changes
        made = as_actor("PRY", "licensing_officer").post("/transfers", body)
        return made.json["firearm"]["record"]

    return record


@pytest.fixture
def answer(pry_analyst):
    """Answer the request that waits, at its newest version."""

    def post(*records, expect=200, **changes):
        [found] = pry_analyst.get("/requests").json["items"]
        path = f"/requests/{found['id']}"
        body = {"completeness": "full", "handling": "H1", "records": records} | changes
        body = {name: value for name, value in body.items() if value is not None}
        tag = pry_analyst.get(path).headers["ETag"]
        return pry_analyst.post(f"{path}/answer", body, expect, If_Match=tag).json

    return post


def result_of(analyst, trace):
    return analyst.get(f"/traces/{trace['id']}/result").json


@pytest.mark.parametrize("handling", ["H0", "H1", "H2"])
def test_an_answer_does_not_loosen_how_a_record_is_handled(analyst, sell, answer, handling):
    record = sell(handling="H3")
    trace = analyst.post("/traces", bodies.trace()).json
    errors = answer(record, handling=handling, expect=422)["errors"]
    assert list(errors) == ["handling"] and "is handled as H3" in errors["handling"][0]
    answer(record, handling="H3")
    [event] = result_of(analyst, trace)["chain"]
    assert event["handling"] == "H3"


def test_an_answer_may_be_stricter_than_its_records(analyst, sell, answer):
    record = sell(handling="H0")
    trace = analyst.post("/traces", bodies.trace()).json
    answer(record, handling="H2")
    assert [event["handling"] for event in result_of(analyst, trace)["chain"]] == ["H2"]


def test_a_second_answer_keeps_the_handling_of_the_first_by_default(
    as_actor, analyst, sell, answer
):
    record = sell(handling="H0")
    trace = analyst.post("/traces", bodies.trace()).json
    how = []
    for value in ("H2", None, "H1", None):
        answer(record, handling=value)
        how += [event["handling"] for event in result_of(analyst, trace)["chain"]]
    assert how == ["H2", "H2", "H1", "H1"]
    given = as_actor("PRY", "auditor").get("/audit?action=record:disclosed").json["items"]
    answered = [each["data"] for each in reversed(given) if each["data"].get("through") == "answer"]
    assert [each["handling"] for each in answered] == how  # as each was given then


def test_what_nobody_says_the_handling_of_is_handled_as_its_strictest_record(analyst, sell, answer):
    strict = sell("T-2", handling="H3", kind="registration", occurred_on="2024-06-01")
    trace = analyst.post("/traces", bodies.trace()).json
    answer(strict, sell(handling="H0"), handling=None)
    assert [event["handling"] for event in result_of(analyst, trace)["chain"]] == ["H3", "H3"]


def test_a_corrected_record_is_told_again_as_it_was_handled(as_actor, analyst, sell, answer, pry):
    record = sell(handling="H0")
    analyst.post("/traces", bodies.trace())
    answer(record, handling="H2")
    path = f"/transfers/{pry.get(f'/records/{record}').json['document']}"
    pry.change(
        path,
        "correct",
        bodies.transfer(
            visibility="pointer", handling="H0", occurred_on="2024-05-07", reason="A slip"
        ),
    )
    given = as_actor("PRY", "auditor").get("/audit?action=record:disclosed").json["items"]
    assert [each["data"]["handling"] for each in given] == ["H2", "H2"]


def test_a_record_of_another_gun_is_refused_with_what_it_bears(analyst, sell, answer):
    record, other = sell(), sell("T-2", firearm=bodies.firearm(**OTHER))
    analyst.post("/traces", bodies.trace())
    errors = answer(record, other, expect=422)["errors"]
    assert list(errors) == ["records.1"]
    for words in ("This record bears ABC128456; asked for is ABC123456", "confirm_other_marks"):
        assert words in errors["records.1"][0]


def test_what_a_person_says_of_other_marks_is_no_evidence_by_a_mark(analyst, sell, answer):
    record, other = sell(), sell("T-2", firearm=bodies.firearm(**OTHER))
    trace = analyst.post("/traces", bodies.trace()).json
    answer(record, other, confirm_other_marks=True)
    result = result_of(analyst, trace)
    sure = {event["record"]: (event["confidence"], event["score"]) for event in result["chain"]}
    assert sure[other] == (None, 0.0) and sure[record][0] == "strong"
    assert (result["ambiguous"], result["several_marks"]) == (True, True)


def test_a_record_of_the_same_mark_needs_no_confirming(analyst, sell, answer):
    sell()
    analyst.post("/traces", bodies.trace())
    answer(sell("T-2", firearm=bodies.firearm(serial="ABC-123456")))


def test_one_serial_that_was_sold_twice_is_of_guns_that_bear_the_same(analyst, sell, answer):
    records = sell(), sell("T-2", occurred_on="2025-01-07")
    trace = analyst.post("/traces", bodies.trace()).json
    answer(*records)
    result = result_of(analyst, trace)
    assert (result["ambiguous"], result["several_marks"]) == (True, False)


def test_what_is_missing_follows_a_deferral_and_a_state_that_was_named(analyst, pry_analyst, sell):
    sell()
    trace = analyst.post("/traces", bodies.trace()).json

    def say(action, body):
        [found] = pry_analyst.get("/requests").json["items"]
        path = f"/requests/{found['id']}"
        tag = pry_analyst.get(path).headers["ETag"]
        pry_analyst.post(f"{path}/{action}", body, 200, If_Match=tag)
        return result_of(analyst, trace)["missing"]

    later = say("defer", {"until": "2026-03-20", "reason": "The books are elsewhere"})
    assert later == ["The answer of Paraguay, put off to 20 Mar 2026."]
    assert say("forward", {"state": "CHL", "reason": "It went there"}) == [
        "The answer of Paraguay, which named Chile: that has no record."
    ]


def test_two_states_that_name_each_other_are_both_missed(as_actor, analyst, sell):
    sell()
    other = bodies.transfer(visibility="pointer")
    as_actor("ARG", "licensing_officer").post("/transfers", other)
    trace = analyst.post("/traces", bodies.trace()).json
    for state, named in (("PRY", "ARG"), ("ARG", "PRY")):
        person = as_actor(state, "trace_analyst")
        [found] = person.get("/requests").json["items"]
        result = {"state": named, "reason": "Sold there", "confirm_other_guns": True}
        person.change(f"/requests/{found['id']}", "forward", result)
    assert sorted(result_of(analyst, trace)["missing"]) == [
        "The answer of Argentina, which named Paraguay: that leads back to Argentina.",
        "The answer of Paraguay, which named Argentina: that leads back to Paraguay.",
    ]


@pytest.mark.parametrize(
    "action,body,status",
    [
        ("report-no-record", {}, "no_record"),
        ("forward", {"state": "CHL", "reason": "Sold on"}, "forwarded"),
    ],
)
def test_nothing_is_said_to_be_there_beside_an_open_record_without_a_question(
    analyst, pry_analyst, sell, action, body, status, pry_administrator
):
    pry_administrator.post("/settings", {"answers_automatically": False}, 200, If_Match='"0"')
    sell(visibility="open")
    analyst.post("/traces", bodies.trace())
    [found] = pry_analyst.get("/requests").json["items"]
    path, tag = f"/requests/{found['id']}/{action}", f'"{found["version"]}"'
    detail = pry_analyst.post(path, body, 409, If_Match=tag).json["detail"]
    assert "strong matches of this gun (1)" in detail and "confirm_other_guns" in detail
    done = pry_analyst.post(path, body | {"confirm_other_guns": True}, 200, If_Match=tag)
    assert done.json["status"] == status


def test_a_late_action_is_refused_with_what_is_possible_instead(analyst, pry_analyst, sell, answer):
    record = sell()
    trace = analyst.post("/traces", bodies.trace()).json
    answer(record)
    [found] = pry_analyst.get("/requests").json["items"]
    late = pry_analyst.post(
        f"/requests/{found['id']}/report-no-record", {}, 409, If_Match=f'"{found["version"]}"'
    )
    assert late.json["detail"] == (
        "“say that there is no record” is not possible: this request is answered."
        " Possible now: answer."
    )
    for expect in (200, 409):
        tag = analyst.get(f"/traces/{trace['id']}").headers["ETag"]
        closed = analyst.post(f"/traces/{trace['id']}/close", None, expect, If_Match=tag)
    assert "ask for a new trace" in closed.json["detail"]
