"""One state, empty, where nobody declared anything: a trace claims nothing, and says whom to ask how."""

import pytest

from api.app import create_app
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.codes import REGISTERS
from salsa_ext.database.session import db
from tests.conftest import NOW
from tests.support import actors, bodies
from tests.support.papers import text_of

AMERICAN = bodies.firearm(make="Glock", country_of_manufacture="USA")
AUSTRIAN = bodies.firearm(make="Glock", country_of_manufacture="AUT")
SOLD = {"event": "domestic_sale", "occurred_on": "2024-05-02", "serial": AMERICAN["serial"]}


@pytest.fixture
def client(fresh_database):
    """Return a client of an officer of Paraguay on that installation."""
    made = create_app(fresh_database, FixedClock(NOW))
    with made.app_context():
        clients = actors.of(made)
        yield lambda role: clients("PRY", role)
        db.engine.dispose()


def traced(client, firearm):
    """Return the analyst of a trace, and its address."""
    analyst = client("trace_analyst")
    return analyst, f"/traces/{analyst.post('/traces', bodies.trace(firearm=firearm)).json['id']}"


@pytest.fixture
def trace(client):
    """A trace of an American pistol, and how its analyst reads it and its result."""
    return traced(client, AMERICAN)


def legs(analyst, path):
    return {leg["state"]: leg for leg in analyst.get(path).json["legs"]}


def test_nobody_was_searched_and_nothing_looks_like_an_answer(trace):
    analyst, path = trace
    result = analyst.get(f"{path}/result").json
    assert (result["status"], result["outcome"]) == ("sent", "not_searched")
    assert {row["state"]: (row["registers"], row["answer"]) for row in result["searched"]} == {
        "PRY": ([], "not_participating"),
        "USA": ([], "not_participating"),
    }
    report = text_of(analyst.get(f"{path}/report").data)
    assert "No state was searched" in report
    own, other = result["missing"][:2]
    assert own.startswith(
        "The registers of Paraguay: it takes part with none, so none was searched."
    )
    assert other.startswith("The answer of United States, which does not use this service")


def test_the_united_states_are_asked_by_etrace_and_its_reply_makes_the_chain(trace):
    analyst, path = trace
    leg = legs(analyst, path)["USA"]
    assert (leg["channel"], leg["unsent"]) == ("etrace", True)
    form = analyst.get(f"{path}/legs/{leg['id']}/form/fields").json
    assert AMERICAN["serial"] in [field["value"] for field in form["fields"]]
    assert form["missing"] == ["NCIC crime code", "ORI number"]
    sent = {"channel": "etrace", "reference": "T20260001", "confirm_incomplete": True}
    analyst.post(f"{path}/legs/{leg['id']}/channel", sent, 200)
    assert analyst.get(path).json["status"] == "sent"
    reply = {"reply_class": "purchaser_identified", "text": "By ATF", "events": [SOLD]}
    analyst.post(f"{path}/legs/{leg['id']}/reply", reply)
    result = analyst.get(f"{path}/result").json
    assert [event["event"] for event in result["chain"]] == ["domestic_sale"]
    assert (result["status"], result["outcome"]) == ("completed", "traced")


def test_an_austrian_pistol_is_asked_about_by_iarms_and_the_reply_makes_the_chain(client):
    analyst, path = traced(client, AUSTRIAN)
    assert analyst.get(f"{path}/result").json["outcome"] == "not_searched"
    leg = legs(analyst, path)["AUT"]
    assert (leg["channel"], leg["unsent"]) == ("iarms", True)
    assert analyst.get(f"{path}/legs/{leg['id']}/form").data.startswith(b"%PDF")
    sent = {"channel": "iarms", "reference": "I-1", "sent": True}
    analyst.post(f"{path}/legs/{leg['id']}/channel", sent, 200)
    exported = {"event": "export", "occurred_on": "2021-03-04", "counterpart_state": "PRY"}
    made = {"event": "manufacture", "occurred_on": "2020-11-02"}
    reply = {"status": "answered", "text": "From Vienna", "events": [made, exported]}
    analyst.post(f"{path}/legs/{leg['id']}/reply", reply)
    result = analyst.get(f"{path}/result").json
    assert [event["event"] for event in result["chain"]] == ["manufacture", "export"]
    assert (result["status"], result["outcome"]) == ("completed", "partly")
    assert all("Austria" in event["manual_entry"] for event in result["chain"])


def test_an_own_register_that_is_declared_makes_the_own_search_one(client):
    administrator = client("state_administrator")
    for register in REGISTERS:
        body = {"register": register, "mode": "service", "since": "2026-01-01", "complete": True}
        administrator.post("/participation", body, 201)
    analyst = client("trace_analyst")
    made = analyst.post("/traces", bodies.trace()).json
    assert {leg["state"]: leg["status"] for leg in made["legs"]}["PRY"] == "no_record"
