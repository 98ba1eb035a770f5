"""Budgets of look-ups: what uses them, when they are used up, and which case is known."""

import json
import re
from datetime import timedelta

import pytest

from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.core.errors import TooManyLookups
from salsa_ext.lookups import budgets
from salsa_ext.lookups.budgets import Budget
from tests.support import bodies

CASE = "CASE-7"
CHECK = bodies.check(case_number=CASE)


@pytest.fixture
def few(monkeypatch):
    """Two look-ups an officer and three an agency for an unknown case, four for a known one."""
    unknown = Budget(2, 1)
    monkeypatch.setattr(budgets, "OFFICERS_OF_AGENCY", 1.5)
    monkeypatch.setattr(
        budgets,
        "BUDGETS",
        {"known": Budget(4, 1), "unknown": unknown, "street": unknown, "trace": unknown},
    )


def audited(auditor, action):
    return auditor.get(f"/audit?action={action}&limit=50").json["items"]


def test_an_officer_who_used_the_budget_waits_until_some_came_back(few, as_actor):
    officer = as_actor("BRA", "police_officer")
    for _ in range(2):
        officer.post("/checks", CHECK)
    refused = officer.post("/checks", CHECK, 429)
    assert refused.json["code"] == "too_many_lookups"
    assert 3500 < refused.json["retry_after"] == int(refused.headers["Retry-After"]) <= 3600


def test_an_answer_tells_what_is_left_of_the_budgets(few, as_actor):
    officer, left = as_actor("BRA", "police_officer"), []
    for expect in (201, 201, 429):
        headers = officer.post("/checks", CHECK, expect).headers
        left.append(re.findall(r"r=(\d+)", headers["RateLimit"]))
        assert headers["RateLimit-Policy"].startswith('"officer";q=2;w=7200, "agency";q=3')
    assert left == [["1", "2"], ["0", "1"], ["0", "1"]]
    assert "RateLimit" not in officer.get("/seizures").headers


def test_a_refusal_is_audited_once_in_ten_minutes(few, as_actor):
    officer, auditor = as_actor("BRA", "police_officer"), as_actor("BRA", "auditor")
    for expect in (201, 201, 429, 429):
        officer.post("/checks", CHECK, expect)
    [entry] = audited(auditor, "lookup:refused")
    assert entry["data"]["budget"] == "unknown" and entry["case_number"] == CASE


def test_the_officers_of_an_agency_have_a_budget_together(few, as_actor):
    for expect in (201, 201, 201, 429):
        as_actor("BRA", "police_officer").post("/checks", CHECK, expect)
    as_actor("BRA", "police_officer", agency="POLICE").post("/checks", CHECK)


def test_each_kind_of_purpose_has_a_budget_of_its_own(few, as_actor):
    officer = as_actor("BRA", "police_officer")
    for _ in range(2):
        officer.post("/checks", CHECK)
    street = bodies.check(purpose="street", incident="I-1", case_number=None)
    officer.post("/checks", {key: value for key, value in street.items() if value})
    officer.post("/checks", CHECK, 429)


@pytest.mark.parametrize(
    "record",
    [
        lambda officer: officer.post("/seizures", bodies.seizure(number=CASE)),
        lambda officer: officer.post("/reports", bodies.report(number=CASE)),
        lambda officer: officer.post("/traces", bodies.trace(case_number=CASE)),
    ],
    ids=["seizure", "report", "trace"],
)
def test_a_case_is_known_once_an_own_document_or_trace_bears_it(few, as_actor, record):
    officer, auditor = as_actor("BRA", "police_officer"), as_actor("BRA", "auditor")
    officer.post("/checks", CHECK)
    record(officer)
    for expect in (201, 201, 201):
        officer.post("/checks", CHECK, expect)
    flags = [entry["data"].get("case_unknown") for entry in audited(auditor, "check:made")]
    assert sorted(flags, key=bool) == [None, None, None, True]


def test_a_case_of_today_has_the_budget_of_an_unknown_one(few, app, as_actor, monkeypatch):
    officer = as_actor("BRA", "police_officer", lasts=timedelta(days=36_500))
    monkeypatch.setitem(app.config, "CLOCK", SYSTEM_CLOCK)
    officer.post("/reports", bodies.report(number=CASE))
    for expect in (201, 201, 429):
        officer.post("/checks", CHECK, expect)
    monkeypatch.undo()
    flags = [entry["data"] for entry in audited(as_actor("BRA", "auditor"), "check:made")]
    assert not [data for data in flags if "case_unknown" in data]


def test_a_draft_makes_no_case_known(few, as_actor):
    officer = as_actor("BRA", "police_officer")
    officer.post("/traces", bodies.trace(case_number=CASE, draft=True))
    for expect in (201, 201, 429):
        officer.post("/checks", CHECK, expect)


def test_a_case_of_another_state_is_unknown(few, as_actor):
    as_actor("PRY", "police_officer").post("/reports", bodies.report(number=CASE))
    officer = as_actor("BRA", "police_officer")
    for expect in (201, 201, 429):
        officer.post("/checks", CHECK, expect)


def test_records_of_others_use_the_budget(few, as_actor):
    report = as_actor("PRY", "police_officer").post("/reports", bodies.report(visibility="open"))
    record = report.json["firearm"]["record"]
    officer = as_actor("BRA", "police_officer")
    purpose = {"Salsa_Purpose": "investigation", "Salsa_Case": CASE}
    own = officer.post("/reports", bodies.report()).json["firearm"]["record"]
    for _ in range(3):
        officer.get(f"/records/{own}", **purpose)
    for expect in (200, 200, 429):
        officer.get(f"/records/{record}", expect, **purpose)


def test_traces_have_a_budget_of_their_own(few, as_actor):
    officer = as_actor("BRA", "trace_analyst")
    for number, expect in enumerate((201, 201, 429)):
        officer.post("/traces", bodies.trace(case_number=f"CASE-{number}"), expect)
    assert len(officer.get("/traces").json["items"]) == 2


def test_a_state_sets_more_or_less(as_actor, monkeypatch):
    monkeypatch.setitem(budgets.BUDGETS, "unknown", Budget(20, 1))
    administrator, officer = (
        as_actor("BRA", "state_administrator"),
        as_actor("BRA", "police_officer"),
    )
    administrator.post("/settings", {"lookup_percent": 10}, 200, If_Match='"0"')
    for expect in (201, 201, 429):
        officer.post("/checks", CHECK, expect)
    administrator.post("/settings", {"lookup_percent": 20}, 200, If_Match='"1"')
    for expect in (201, 201, 429):
        officer.post("/checks", CHECK, expect)


def test_a_batch_is_answered_as_far_as_the_budget_goes(few, as_actor):
    officer = as_actor("BRA", "police_officer")
    guns = [{"serial": f"ABC12345{n}"} for n in range(8)]
    batch = {"purpose": "investigation", "case_number": CASE, "checks": guns}
    lines = officer.post("/checks/batch", batch, 200).get_data(as_text=True).splitlines()
    statuses = [json.loads(line).get("status", 201) for line in lines[:-1]]
    assert statuses == [201] * 2 + [429] * 6
    assert len(audited(as_actor("BRA", "auditor"), "check:made")) == 2
    officer.post("/checks/batch", batch, 429)


@pytest.mark.parametrize("kind", ["seizures", "reports"])
def test_guns_of_own_silent_documents_use_a_budget(few, as_actor, monkeypatch, kind):
    """Before: invented silent seizures found the open records of others without any budget."""
    monkeypatch.setitem(budgets.BUDGETS, "silent", Budget(2, 1))
    officer = as_actor("BRA", "police_officer")
    make = {
        "seizures": lambda gun, **rest: bodies.seizure(items=[gun], **rest),
        "reports": lambda gun, **rest: bodies.report(firearm=gun, **rest),
    }[kind]
    for number, expect in enumerate((201, 201, 429)):
        gun = bodies.firearm(serial=f"TKA5238{number}")
        officer.post(f"/{kind}", make(gun, number=f"S-{number}", visibility="silent"), expect)
    officer.post(f"/{kind}", make(bodies.firearm(), number="S-4", visibility="open"))
    assert len(officer.get(f"/{kind}").json["items"]) == 3


def test_a_document_of_more_guns_than_the_budget_needs_a_full_one(few, as_actor, monkeypatch):
    monkeypatch.setitem(budgets.BUDGETS, "silent", Budget(2, 1))
    officer = as_actor("BRA", "police_officer")
    items = [bodies.firearm(line=line, serial=f"TKA5238{line}") for line in (1, 2, 3)]
    for number, expect in enumerate((201, 429)):
        body = bodies.seizure(number=f"S-{number}", visibility="silent", items=items)
        officer.post("/seizures", body, expect)


def test_the_service_and_the_command_line_have_no_budget(few, actor):
    for _ in range(3):
        assert budgets.open_lookups(actor("BRA"), 1).count.text == ""


def test_what_came_back_is_free_again(few, as_actor, app):
    officer = as_actor("BRA", "police_officer")
    for expect in (201, 201, 429):
        officer.post("/checks", CHECK, expect)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(budgets, "BUDGETS", {**budgets.BUDGETS, "unknown": Budget(2, 3_600_000)})
        officer.post("/checks", CHECK)


def test_a_refusal_names_its_seconds():
    error = TooManyLookups("Wait.", retry_after=7)
    assert error.details == {"retry_after": 7}
