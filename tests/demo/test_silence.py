"""No route, page or report of the demo says `no record` of a register that was not searched."""

import re
from datetime import date
from types import SimpleNamespace

import pytest

from salsa_ext.demo.investigation import TRACING_STATES
from salsa_ext.reference.participation.rules import Declaration, reports_no_record
from salsa_ext.tracing.requests.values import SEARCHED_STATUSES
from tests.support.papers import text_of
from tests.web.pages import text
from tests.web.visitors import Visitor

WORDS = re.compile(r"No record(?!\s+(is\s+)?certainly)")


@pytest.fixture(scope="module")
def cases(small):
    """Every trace of the region that was sent, with its result, and who reads it."""
    found = []
    for state in TRACING_STATES:
        analyst = small.client(state, "trace_analyst")
        for trace in analyst.get("/traces?limit=100").json["items"]:
            if trace["legs"]:
                result = analyst.get(f"/traces/{trace['id']}/result").json
                found.append(SimpleNamespace(analyst=analyst, trace=trace, result=result))
    return found


def declared(row):
    return {
        each["register"]: Declaration(**each | {"since": date.fromisoformat(each["since"])})
        for each in row["registers"]
    }


def is_searched(case, row):
    """Return whether a person answered, or the service from registers that hold the gun."""
    [leg] = [leg for leg in case.trace["legs"] if leg["state"] == row["state"]]
    gun, registers = case.trace["firearm"], declared(row)
    if row["state"] == case.trace["state"]:
        return bool(registers)
    return not leg["automatic"] or reports_no_record(registers, gun.get("make"), gun.get("year"))


def test_a_state_has_no_record_only_where_its_registers_were_searched(cases):
    silent = [
        (case, row)
        for case in cases
        for row in case.result["searched"]
        if row["answer"] == "no_record"
    ]
    assert silent and all(is_searched(case, row) for case, row in silent)


def test_a_trace_ends_without_a_record_only_where_each_state_was_searched(cases):
    outcomes = {case.result["outcome"] for case in cases}
    assert "not_searched" in outcomes
    for case in cases:
        if case.result["outcome"] == "no_record":
            asked = {leg["state"] for leg in case.trace["legs"]}
            rows = [row for row in case.result["searched"] if row["state"] in asked]
            answers = {row["answer"] for row in rows}
            assert answers <= {*SEARCHED_STATUSES}, case.trace["case_number"]


def test_nowhere_is_a_state_without_a_declared_register_searched(cases):
    rows = [row for case in cases for row in case.result["searched"] if not row["registers"]]
    assert rows
    for row in rows:
        assert row["answer"] != "not_asked" and row["records_through"] is None, row["state"]


def test_no_check_counts_a_state_without_a_declared_register_as_searched(small):
    officer = small.client(TRACING_STATES[0], "police_officer")
    asked = {"serial": "ZZZ999888", "purpose": "investigation", "case_number": "1/26"}
    searched = [row["state"] for row in officer.post("/checks", asked).json["searched"]]
    assert searched
    for state in searched:
        declared = officer.get(f"/participation?state={state}").json["items"]
        assert any(row["in_force"] for row in declared), state


def test_no_reply_by_hand_with_a_reason_for_knowing_no_more_ends_without_a_record(cases):
    for case in cases:
        if any(leg["attempts"][-1]["failure_reason"] for leg in case.trace["legs"]):
            assert case.result["outcome"] != "no_record", case.trace["case_number"]


def test_neither_page_nor_report_says_it_where_nobody_was_searched(small, cases):
    quiet = [
        case
        for case in cases
        if "no_record" not in {leg["status"] for leg in case.trace["legs"]}
        and case.result["outcome"] != "no_record"
    ]
    assert quiet
    readers = {}
    for case in quiet:
        state, path = case.trace["state"], f"/traces/{case.trace['id']}"
        if state not in readers:
            readers[state] = Visitor(small.app.test_client())
            [account] = [
                each
                for each in small.made.accounts
                if (each.state, each.role) == (state, "trace_analyst")
            ]
            readers[state].sign_in(account.username, account.password)
        assert not WORDS.search(text(readers[state].open(path, Accept_Language="en")))
        if case.trace["sent_at"]:
            report = case.analyst.get(f"{path}/report", Accept_Language="en").data
            assert not WORDS.search(text_of(report))
