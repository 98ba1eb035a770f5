"""A state that is asked and holds a silent record answers as one that holds nothing."""

import pytest

from salsa_ext.tracing.traces import routing
from tests.support import bodies

MARK = {"kind": "import", "text": "PRY 24", "state": "PRY"}
OF_ITS_OWN = ("id", "created_at", "sent_at", "asked_at", "answered_at", "at", "envelope")


def without_ids(said):
    """Return an answer without its own ids and times."""
    if isinstance(said, dict):
        return {key: without_ids(value) for key, value in said.items() if key not in OF_ITS_OWN}
    return [without_ids(each) for each in said] if isinstance(said, list) else said


@pytest.fixture
def ask(asked, monkeypatch, analyst):
    """Let Brazil trace a gun that an import mark ties to Paraguay; returns what is said and asked."""
    monkeypatch.setattr(
        routing, "log_matched_records", lambda *_: None
    )  # owners are told by another way

    def post(serial):
        firearm = bodies.firearm(serial=serial, marks=[MARK])
        asked.clear()
        return without_ids(analyst.post("/traces", bodies.trace(firearm=firearm)).json), list(asked)

    return post


@pytest.fixture
def hidden(as_actor):
    body = bodies.transfer(visibility="silent", firearm=bodies.firearm(serial="QXW731902"))
    as_actor("PRY", "licensing_officer").post("/transfers", body)
    return "QXW731902"


def test_neither_the_answer_nor_the_statements_tell_of_a_silent_record(ask, hidden):
    ask("TTH555018")  # warms what is read once
    free, asked_free = ask("RVK640217")
    silent, asked_silent = ask(hidden)
    free["firearm"]["serial"] = silent["firearm"]["serial"]
    free["firearm"]["marks"] = silent["firearm"]["marks"]
    assert silent == free
    assert asked_silent == asked_free


def test_the_request_itself_does_not_tell_of_a_silent_record(as_actor, ask, hidden):
    ask("RVK640217")
    ask(hidden)
    silent, free = as_actor("PRY", "trace_analyst").get("/requests").json["items"]
    assert (silent["status"], silent["candidates"]) == (free["status"], free["candidates"])
