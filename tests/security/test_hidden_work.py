"""A trace hidden from an agency is neither worked on nor read there."""

import pytest

from salsa_ext.core.errors import Invalid
from salsa_ext.exchange import processing
from tests.support import bodies
from tests.support.grounds import beginning

CASE, OFFICE = "KEPT-C-77", "POLICE"


def name_of(as_actor, state):
    accounts = as_actor(state, "state_administrator").get("/accounts").json["items"]
    [name] = [each["username"] for each in accounts if each["agency"] == f"{state}-{OFFICE}"]
    return name


def codes(client):
    return [item["code"] for item in client.get("/notifications").json["items"]]


@beginning
def waiting(as_actor):
    """A trace of Brazil that waits for a person of Paraguay."""
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(visibility="pointer"))
    for state in ("BRA", "PRY"):
        as_actor(state, "trace_analyst", agency=OFFICE)
    return f"/traces/{as_actor('BRA', 'trace_analyst').post('/traces', bodies.trace()).json['id']}"


def test_an_officer_from_whom_a_trace_is_hidden_loses_the_work_and_others_are_notified(
    as_actor, waiting, analyst
):
    analyst.post(f"{waiting}/assign", {"username": name_of(as_actor, "BRA")}, 200)
    analyst.hide(waiting, "PRY-LICENSING")
    assert analyst.get(waiting).json["assignee"] and "trace_unassigned" not in codes(analyst)
    analyst.hide(waiting, f"BRA-{OFFICE}")
    assert analyst.get(waiting).json["assignee"] is None
    assert codes(analyst)[0] == "trace_unassigned"
    entries = as_actor("BRA", "auditor").get("/audit?action=trace:assigned").json["items"]
    assert entries[0]["data"] == {"account": None}


@pytest.mark.parametrize("by", ["BRA", "PRY"])
def test_nor_on_a_request_whichever_state_keeps_it_from_him(as_actor, waiting, by, pry_analyst):
    [request] = pry_analyst.get("/requests").json["items"]
    path = f"/requests/{request['id']}"
    pry_analyst.post(f"{path}/assign", {"username": name_of(as_actor, "PRY")}, 200)
    if by == "PRY":
        pry_analyst.hide(path, f"PRY-{OFFICE}")
    else:
        as_actor("BRA", "trace_analyst").hide(waiting, f"PRY-{OFFICE}")
    assert pry_analyst.get(path).json["assignee"] is None
    assert codes(pry_analyst)[0] == "request_unassigned"


def test_of_a_letter_that_is_set_aside_the_agency_that_it_names_reads_no_case(
    as_actor, monkeypatch, analyst
):
    def refuse(actor, envelope):
        raise Invalid({})

    monkeypatch.setitem(processing.HANDLERS, "trace.request", refuse)
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(visibility="pointer"))
    stored = {"hidden_from": [f"BRA-{OFFICE}", f"PRY-{OFFICE}"], "case_number": CASE}
    analyst.post("/traces", bodies.trace(**stored))
    assert "trace_not_taken" in codes(analyst)
    for state in ("BRA", "PRY"):
        read = as_actor(state, "auditor", agency=OFFICE).get("/audit?limit=200")
        assert CASE not in read.get_data(as_text=True)


def test_that_a_key_was_made_is_about_no_trace_though_one_was_the_first_to_be_signed(as_actor):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    stored = {"hidden_from": [f"BRA-{OFFICE}", f"PRY-{OFFICE}"], "case_number": CASE}
    as_actor("BRA", "trace_analyst").post("/traces", bodies.trace(**stored))
    for state in ("BRA", "PRY"):
        auditor = as_actor(state, "auditor", agency=OFFICE)
        [made] = auditor.get("/audit?action=signing_key:made").json["items"]
        assert (made["case_number"], made["purpose"]) == (None, None)
        assert "about" not in made["data"]
