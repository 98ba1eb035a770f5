"""The pages of the audit and of disclosures, for auditors and supervisors."""

import re
from datetime import timedelta

import pytest

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import SUBJECT_KINDS, Action
from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.database.session import transaction
from salsa_ext.reference.names import labels
from tests.conftest import NOW
from tests.support import bodies
from tests.support.matches import sold
from tests.support.movements import tick
from tests.web.pages import text


@pytest.fixture
def auditor(signed_in):
    return signed_in("PRY", "auditor")


@pytest.fixture
def record(as_actor):
    """A record of Paraguay that Brazil read in a case."""
    sold = as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer()).json
    record = sold["firearm"]["record"]
    for_a_case = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-7"}
    as_actor("BRA", "police_officer").get(f"/records/{record}", **for_a_case)
    return record


def test_the_audit_says_in_words_who_did_what_for_what(auditor, record):
    shown = text(auditor.open("/audit"))
    assert "Record · disclosure" in shown and "Transfer · recording" in shown
    assert "By Brazil Police officer Purpose of use Investigation, C-7" in shown


def test_what_the_service_does_is_nobodys_act(auditor, as_actor):
    """Upon what a person did, and for the state that answers at once."""
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert())
    as_actor("PRY", "police_officer").post("/checks", bodies.check())
    made = text(auditor.open("/audit?action=hit:made"))
    assert "By Paraguay The service, upon an act of: Police officer" in made
    sold(as_actor)
    as_actor("BRA", "trace_analyst").post("/traces", bodies.trace())
    answered = text(auditor.open("/audit?action=request:answered"))
    assert "By Paraguay The service, automatically Purpose of use" in answered
    assert "Operator of the server" not in made + answered
    client = as_actor("PRY", "auditor")
    for action, is_automatic in (("request:answered", True), ("check:made", False)):
        [entry] = client.get(f"/audit?action={action}").json["items"]
        assert entry["automatic"] is is_automatic and "automatic" not in entry["data"]


def test_a_late_entry_is_listed_at_its_time_of_recording_with_the_zone(auditor, as_actor):
    as_actor("PRY", "police_officer").post("/checks", bodies.check())
    late = operator("PRY", clock=FixedClock(NOW - timedelta(days=90)))
    with transaction(late):
        append(late, AuditEvent(Action.SIGNED_IN, "account", "late"))
    page = auditor.open("/audit")
    assert "Acts that concern your state, newest first" in page
    assert page.index("9 Dec 2025, 15:00 (UTC+00:00)") < page.index("9 Mar 2026, 15:00 (UTC+00:00)")


def test_it_is_filtered_and_leads_to_whom_a_record_was_given(auditor, record):
    given = re.search(r'href="(/audit\?action=record(?::|%3A)disclosed)"', auditor.open("/audit"))
    page = auditor.open(given[1])
    table = page[page.index("<tbody") :]
    assert "Record · disclosure" in table and "Transfer · recording" not in table
    assert f'href="/disclosures?record={record}"' in table
    shown = text(auditor.open(f"/disclosures?record={record}"))
    assert "Brazil Police officer" in shown and "Purpose of use Investigation, C-7" in shown
    none = auditor.open(f"/disclosures?record={record}&state=ARG")
    assert "It was given to no state" in none


def test_a_person_and_days_are_found_in_the_audit(auditor, as_actor, record):
    as_actor("PRY", "police_officer").post("/checks", bodies.check())
    client = as_actor("PRY", "auditor")
    [entry] = client.get("/audit?action=check:made").json["items"]
    who = f"/audit?username={entry['username']}"
    assert {row["username"] for row in client.get(who).json["items"]} == {entry["username"]}
    assert client.get(f"{who}&from_day=2026-03-09&to_day=2026-03-09").json["items"]
    assert client.get(f"{who}&from_day=2026-03-10").json["items"] == []
    assert client.get(f"{who}&to_day=2026-03-08").json["items"] == []
    assert entry["username"] in auditor.open(f"{who}&from_day=2026-03-09")
    foreign = client.get("/audit?action=record:disclosed").json["items"]
    assert [row["username"] for row in foreign] == [None]


def test_look_ups_without_a_case_and_out_of_hours_are_found_and_counted(auditor, as_actor, app):
    police, client = as_actor("PRY", "police_officer"), as_actor("PRY", "auditor")
    seizure = bodies.seizure(number="C-8", agency="PRY-POLICE", place={"country": "PRY"})
    police.post("/seizures", seizure)
    police.post("/checks", bodies.check(case_number="C-8"))
    police.post("/checks", bodies.check(case_number="C-9"))
    try:
        app.config["CLOCK"] = FixedClock(NOW - timedelta(hours=10))  # at night
        police.post("/checks", bodies.check(case_number="C-8"))
    finally:
        app.config["CLOCK"] = FixedClock(NOW)
    found = client.get("/audit?without_case=true").json["items"]
    assert [(row["action"], row["case_number"]) for row in found] == [("check:made", "C-9")]
    late = client.get("/audit?out_of_hours=true&action=check:made").json["items"]
    assert [row["case_number"] for row in late] == ["C-8"]
    page = auditor.open("/audit?action=check:made")
    assert "Acts by week" in page and '<a href="/audit?action=check%3Amade&amp;username=' in page
    assert '<rect class="series-0"' in page and "Number, case, serial or id" in page
    rows = auditor.open("/audit?action=check:made&format=csv").splitlines()
    assert len(rows) == 4 and "check:made" in rows[1]


def test_acts_on_another_states_shipment_are_found_by_its_number(as_actor, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    shipment = bra.post(f"/permits/{permit}/shipments", bodies.shipment(number="A-7")).json
    tick(as_actor("PRY", "border_officer"), shipment, "entry")
    entries = as_actor("PRY", "auditor").get("/audit?subject_id=A-7").json["items"]
    acts = {(each["state"], each["subject_id"]) for each in entries}
    assert ("PRY", shipment["id"]) in acts


def test_who_opened_an_own_document_is_found_once_a_day_by_its_number(
    auditor, as_actor, signed_in, app, record
):
    abroad = as_actor("BRA", "auditor").get("/audit?action=document:read").json["items"]
    assert abroad == []  # what Brazil read is no document of its own
    police, client = as_actor("PRY", "police_officer"), as_actor("PRY", "auditor")
    body = bodies.seizure(number="R-1", agency="PRY-POLICE", place={"country": "PRY"})
    made = police.post("/seizures", body).json
    seizure, gun = made["id"], made["items"][0]["record"]
    police.get("/seizures?number=R-1")
    path = "/audit?subject_id=R-1&action=document:read"
    assert client.get(path).json["items"] == []
    officer = signed_in("PRY", "police_officer")
    for _ in range(2):
        officer.open(f"/seizures/{seizure}")
        officer.open(f"/guns/{gun}")
    officer.open(f"/seizures/{gun}", 404)
    for headers in ({}, {"If_None_Match": police.get(f"/seizures/{seizure}").headers["ETag"]}):
        police.get(f"/seizures/{seizure}", 304 if headers else 200, **headers)
    entries = client.get(path).json["items"]
    assert sorted(entry["subject_id"] for entry in entries) == sorted([seizure, seizure, gun])
    assert all(entry["state"] == "PRY" and entry["username"] for entry in entries)
    try:
        app.config["CLOCK"] = FixedClock(NOW + timedelta(hours=10))
        police.get(f"/seizures/{seizure}")
        assert len(client.get(path).json["items"]) == 4
    finally:
        app.config["CLOCK"] = FixedClock(NOW)
    police.post("/checks", bodies.check(case_number="R-1"))
    page = auditor.open("/audit?subject_id=R-1")
    assert "Opened the record" in page and "Check · " in page
    assert page.count("username=") >= 2


def test_a_list_taken_as_a_file_is_in_the_audit_with_its_rows_and_filters(
    auditor, as_actor, signed_in, record
):
    path, entries = (
        "/desk/transfers?from_day=2024-01-01&number=T-1&format=csv",
        "/audit?action=list:exported",
    )
    signed_in("PRY", "licensing_officer").open(path)
    as_actor("PRY", "licensing_officer").get("/transfers?format=csv")
    as_actor("PRY", "licensing_officer").get("/makes?format=csv")
    as_actor("PRY", "trace_analyst").get("/traces?format=csv")
    auditor.open("/audit?username=ana&format=csv")
    found = as_actor("PRY", "auditor", agency="LICENSING").get(entries).json["items"]
    assert [(each["subject_kind"], each["subject_id"], each["data"]) for each in found] == [
        ("list", "log", {"format": "csv", "rows": 0, "filters": {"username": None}}),
        ("list", "trace", {"format": "csv", "rows": 0, "filters": {}}),
        ("list", "transfer", {"format": "csv", "rows": 1, "filters": {}}),
        (
            "list",
            "transfer",
            {"format": "csv", "rows": 0, "filters": {"from_day": "2024-01-01", "number": None}},
        ),
    ]
    page = text(auditor.open(entries))
    assert "List · export" in page and "Rows: 1" in page and "from_day = 2024-01-01" in page


def test_who_opened_a_shipment_to_the_own_state_is_in_its_audit(as_actor, bra, signed_in):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    shipment = bra.post(f"/permits/{permit}/shipments", bodies.shipment(number="A-7")).json["id"]
    signed_in("PRY", "licensing_officer").open(f"/desk/shipments/{shipment}")
    entries = as_actor("PRY", "auditor").get("/audit?action=document:read").json["items"]
    assert [each["subject_id"] for each in entries] == [shipment]


def test_what_an_answer_gave_is_named_with_the_state_that_received_it(auditor, as_actor, record):
    as_actor("BRA", "trace_analyst").post("/traces", bodies.trace(case_number="C-9"))
    shown = text(auditor.open(f"/disclosures?record={record}&case_number=C-9"))
    rows = shown.partition("Given, newest first")[2]
    assert "Brazil" in rows and "Paraguay" not in rows


@pytest.mark.parametrize("typed", ["nothing", "0199f2c0-0000-7000-8000-000000000000"])
def test_an_unknown_record_is_reported_at_its_field(auditor, typed):
    assert 'id="record-wrong"' in auditor.open(f"/disclosures?record={typed}")


def test_an_unknown_act_is_explained_in_words(auditor):
    page = auditor.open("/audit?action=foo&subject_kind=bar", Accept_Language="pt")
    assert "“foo” não está na lista" in page and "“bar” não está na lista" in page


def test_an_analyst_comes_to_the_disclosures_of_an_own_record_from_its_history(signed_in, record):
    analyst = signed_in("PRY", "trace_analyst")
    address = f"/disclosures?record={record}"
    assert f'href="{address}"' in analyst.open(f"/guns/{record}")
    assert "/audit" not in analyst.open(address)
    analyst.open("/audit", 403)
    signed_in("PRY", "police_officer").open(address, 403)


def test_home_leads_the_auditor_to_pages_and_not_to_programs(auditor):
    home = auditor.open("/")
    assert 'href="/audit"' in home and 'href="/disclosures"' in home and 'href="/consents"' in home


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_act_and_what_it_was_done_to_has_a_name_in_every_language(session, language):
    subjects, acts = zip(*(str(each).split(":") for each in Action), strict=True)
    assert {*acts} == labels("act", language).keys()
    assert {*subjects, *SUBJECT_KINDS} <= labels("object", language).keys()
