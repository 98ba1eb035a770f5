"""What a state declares of its registers decides what the service answers to a trace, and what waits."""

import pytest

from tests.support import bodies
from tests.support.requests import notices


@pytest.fixture
def declare(pry_administrator):
    """Let Paraguay declare a register anew."""

    def post(register, **changes):
        body = {"register": register, "mode": "service", "since": "2026-01-01"} | changes
        pry_administrator.post("/participation", body, 201)

    return post


@pytest.fixture
def asked(analyst):
    """Ask Paraguay of a gun by an import mark, and return its leg."""

    def ask(**gun):
        mark = {"kind": "import", "text": "PY 24", "state": "PRY"}
        trace = analyst.post("/traces", bodies.trace(firearm=bodies.firearm(marks=[mark], **gun)))
        legs = analyst.get(f"/traces/{trace.json['id']}").json["legs"]
        return next(leg for leg in legs if leg["state"] == "PRY")

    return ask


def test_complete_registers_let_the_service_say_that_there_is_no_record(asked):
    assert (asked()["status"], asked(serial="ZZZ98765")["automatic"]) == ("no_record", True)


@pytest.mark.parametrize(
    "changes",
    [{"mode": "person", "complete": True}, {}, {"complete": True, "year_from": 1990}],
    ids=["answered by a person", "not complete", "unknown year"],
)
def test_a_register_that_the_service_cannot_vouch_for_has_a_person_answer(
    asked, declare, pry_analyst, changes
):
    declare("sale_holding", **changes)
    leg = asked()
    assert leg["status"] == "acknowledged"
    assert len(notices(pry_analyst, "request_received")) == 1
    [request] = pry_analyst.get("/requests").json["items"]
    pry_analyst.change(f"/requests/{request['id']}", "report-no-record", {})


def test_a_record_is_given_by_the_mode_of_its_own_register(asked, declare, pry):
    pry.post("/transfers", bodies.transfer())
    declare("import")
    assert asked()["status"] == "answered"
    declare("sale_holding", mode="person")
    leg = asked(model="G2C")
    assert (leg["status"], leg["events"]) == ("acknowledged", 0)


def test_a_silent_record_changes_nothing_and_its_owner_may_still_answer_with_it(
    asked, analyst, pry, pry_analyst
):
    sold = pry.post("/transfers", bodies.transfer(visibility="silent")).json["firearm"]["record"]
    leg = asked()
    assert (leg["status"], leg["automatic"]) == ("no_record", True)
    [request] = pry_analyst.get("/requests").json["items"]
    body = {"completeness": "full", "records": [sold]}
    pry_analyst.change(f"/requests/{request['id']}", "answer", body)
    [trace] = analyst.get("/traces").json["items"]
    assert [each["status"] for each in trace["legs"] if each["state"] == "PRY"] == ["answered"]


def test_a_state_whose_declarations_ended_is_asked_by_another_channel(asked, pry_administrator):
    for register in pry_administrator.get("/participation?state=PRY").json["items"]:
        ended = {"since": "2026-01-01", "until": "2026-03-08", "mode": "service"}
        body = ended | {"register": register["register"]}
        pry_administrator.post("/participation", body, 201)
    leg = asked()
    assert (leg["channel"], leg["unsent"]) == ("iarms", True)
