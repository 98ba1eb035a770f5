"""Whom a trace searched: as far as the records reached when it was sent, and every state asked."""

from dataclasses import asdict

import pytest

from salsa_ext.core import codes
from salsa_ext.tracing.traces.attempts import Attempt
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.queries import TraceView
from tests.support import bodies

pytestmark = pytest.mark.boards


def result(client, **changes):
    made = client.post("/traces", bodies.trace(**changes)).json
    return made["id"], client.get(f"/traces/{made['id']}/result").json


def test_what_was_recorded_later_was_not_searched(as_actor, analyst, pry):
    pry.post("/transfers", bodies.transfer())
    trace, before = result(analyst)
    pry.post("/transfers", bodies.transfer(firearm=bodies.firearm(serial="NEW777777")))
    as_actor("URY", "licensing_officer").post("/transfers", bodies.transfer())
    after = analyst.get(f"/traces/{trace}/result").json
    assert after["searched"] == before["searched"]
    [paraguay] = [row for row in after["searched"] if row["state"] == "PRY"]
    assert (paraguay["records_through"], paraguay["answer"]) == ("2026-03-09", "answered")


def test_the_registers_of_a_state_are_those_that_it_took_part_with_when_it_was_asked(
    analyst, pry, pry_administrator
):
    pry.post("/transfers", bodies.transfer())
    limited = {"register": "import", "mode": "person", "since": "2026-01-01"}
    limited |= {"complete": True, "makes": ["glock"], "year_from": 1990}
    pry_administrator.post("/participation", limited, 201)
    _, found = result(analyst)
    [paraguay] = [row for row in found["searched"] if row["state"] == "PRY"]
    assert [each["register"] for each in paraguay["registers"]] == [*codes.REGISTERS]
    declared = {each["register"]: each for each in paraguay["registers"]}
    assert declared["import"] == limited | {"year_to": None}
    assert declared["export"]["complete"] and declared["export"]["mode"] == "service"


def test_a_state_that_was_asked_and_holds_no_records_is_named(analyst):
    gun = bodies.firearm(country_of_manufacture="AUT")
    mark = {"kind": "import", "text": "URY 24", "state": "URY"}
    _, found = result(analyst, firearm=gun | {"marks": [mark]})
    texts = {
        row["state"]: (len(row["registers"]), row["records_through"], row["answer"])
        for row in found["searched"]
    }
    assert texts == {
        "BRA": (8, None, "no_record"),
        "URY": (8, None, "no_record"),
        "AUT": (0, None, "not_participating"),
    }


def test_a_state_that_was_not_asked_has_no_answer(as_actor, analyst):
    other = bodies.transfer(firearm=bodies.firearm(serial="NEW777777"))
    as_actor("PRY", "licensing_officer").post("/transfers", other)
    _, found = result(analyst)
    assert {row["state"]: row["answer"] for row in found["searched"]} == {
        "BRA": "no_record",
        "PRY": "not_asked",
    }


def test_a_state_that_declared_no_register_takes_no_part_whatever_it_recorded(
    as_actor, analyst, pry_administrator
):
    other = bodies.transfer(firearm=bodies.firearm(serial="NEW777777"))
    as_actor("PRY", "licensing_officer").post("/transfers", other)
    for register in codes.REGISTERS:
        ended = {"register": register, "mode": "person", "complete": False}
        days = {"since": "2026-01-01", "until": "2026-01-31"}
        pry_administrator.post("/participation", ended | days, 201)
    _, found = result(analyst)
    [paraguay] = [row for row in found["searched"] if row["state"] == "PRY"]
    texts = paraguay["registers"], paraguay["records_through"], paraguay["answer"]
    assert texts == ([], None, "not_participating")


def test_a_draft_has_searched_nobody(as_actor, analyst):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    assert result(analyst, draft=True)[1]["searched"] == []


def test_a_maker_state_that_takes_no_part_is_no_reason_while_its_form_is_to_be_sent(analyst):
    trace, found = result(analyst, firearm=bodies.firearm(country_of_manufacture="AUT"))
    assert (found["status"], found["outcome"]) == ("sent", "not_searched")
    assert found["failure_reason"] is None
    analyst.change(f"/traces/{trace}", "close")
    assert analyst.get(f"/traces/{trace}/result").json["failure_reason"] == "not_participating"


@pytest.mark.parametrize(
    ("answers", "shown"),
    [
        ([("no_record", None), ("partial", "too_old")], "too_old"),
        ([("no_record", "too_old"), ("no_record", "records_lost")], "not_searched"),
        ([("no_record", "too_old"), ("not_participating", None)], "not_searched"),
        ([("not_participating", None)], "none_searched"),
        ([("no_record", None), ("answered", None)], "not_all_asked"),
    ],
)
def test_the_outcome_is_shown_with_why_not_all_states_were_searched(answers, shown):
    legs = [
        TraceLeg(channel="mail", status=status, failure_reason=reason, attempts=[])
        for status, reason in answers
    ]
    view = TraceView(Trace(outcome="not_searched"), legs, {}, None, (), (), None)
    assert view.shown_outcome == shown


def test_a_state_that_refused_and_answered_by_another_channel_has_answered():
    answered = asdict(Attempt("etrace", "answered"))
    leg = TraceLeg(channel="service", status="refused", failure_reason=None, attempts=[answered])
    view = TraceView(Trace(status="completed"), [leg], {}, None, (), (), None)
    assert not view.is_answered_in_part


FOREIGN = bodies.firearm(make="Glock", country_of_manufacture=None)
FOREIGN = {name: value for name, value in FOREIGN.items() if value is not None}


def test_a_state_of_the_maker_that_was_not_asked_leaves_no_trace_without_a_record(analyst):
    trace, found = result(analyst, firearm=FOREIGN)
    assert (found["status"], found["outcome"]) == ("completed", "not_searched")
    assert "The answer of Austria, where the make is at home: ask it." in found["missing"]
    answers = {row["state"]: row["answer"] for row in found["searched"]}
    assert answers == {"BRA": "no_record", "AUT": "not_participating"}
    asked = {"state": "AUT", "reason": "The maker", "channel": "iarms"}
    leg = analyst.post(f"/traces/{trace}/legs", asked).json["legs"][-1]["id"]
    reply = {"status": "no_record", "text": "Nothing"}
    analyst.post(f"/traces/{trace}/legs/{leg}/reply", reply)
    found = analyst.get(f"/traces/{trace}/result").json
    assert found["outcome"] == "no_record" and not any(
        "Austria" in text for text in found["missing"]
    )


def test_a_state_of_the_maker_that_the_service_searched_was_searched(analyst):
    _, found = result(analyst, firearm=FOREIGN | {"make": "Bersa"})
    assert found["outcome"] == "no_record" and not any(
        "at home" in text for text in found["missing"]
    )


def test_a_maker_answered_for_by_a_person_is_yet_to_ask(analyst, as_actor):
    by_person = {"register": "import", "mode": "person", "since": "2026-01-01", "complete": True}
    as_actor("ARG", "state_administrator").post("/participation", by_person, 201)
    _, found = result(analyst, firearm=FOREIGN | {"make": "Bersa"})
    answers = {row["state"]: row["answer"] for row in found["searched"]}
    assert (found["outcome"], answers["ARG"]) == ("not_searched", "to_ask")
