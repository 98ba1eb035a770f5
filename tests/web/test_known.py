"""Records are named by what people know them by: the number of their document, or the serial of the gun."""

import re

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.web.pages import text

SERIAL = "NCX77123"
GUN = bodies.firearm(serial=SERIAL)
ALERT = {
    "action": "seize",
    "priority": "routine",
    "reason": "stolen",
    "case_number": "C-1",
    "expires_on": "2027-03-01",
}


@beginning
def theft(as_actor):
    """A theft of Paraguay, which Brazil found by a check; returns its record."""
    police = as_actor("PRY", "police_officer")
    made = police.post("/reports", bodies.report(number="NC-R1", firearm=GUN)).json
    as_actor("BRA", "police_officer").post("/checks", bodies.check(serial=SERIAL))
    return made["firearm"]["record"]


@beginning
def two(as_actor):
    """A seizure of Paraguay of two guns; returns their records."""
    items = [bodies.firearm(line=1, serial="QWK52381"), bodies.firearm(line=2, serial="HUV25486")]
    place = {"country": "PRY"}
    body = bodies.seizure(number="NC-S2", items=items, place=place)
    made = as_actor("PRY", "police_officer").post("/seizures", body).json
    return [item["record"] for item in made["items"]]


def sent(visitor, path, fields, expect=303):
    """Send a form, and return the page to which it leads, or which says what is wrong."""
    answer = visitor.send(path, fields, expect)
    return visitor.open(answer.location) if expect == 303 else answer.text


@pytest.fixture
def auditor(signed_in):
    return signed_in("PRY", "auditor")


@pytest.mark.parametrize("typed", ["NC-R1", "nc-r1", SERIAL, "ncx-77123"])
def test_whom_a_record_was_given_to_is_asked_by_number_and_by_serial(auditor, theft, typed):
    page = auditor.open(f"/disclosures?record={typed}")
    shown = text(page)
    assert f"NC-R1 · {SERIAL}" in shown and theft not in shown
    assert "Brazil Police officer Channel Check of a serial" in shown


def test_where_several_are_meant_each_leads_to_its_own_list(auditor, two):
    page = auditor.open("/disclosures?record=NC-S2&state=BRA")
    led = re.findall(r'href="(/disclosures\?[^"]*record=[^"]*)"', page)
    assert len(led) == 2 and all(any(each in to for to in led) for each in two)
    assert all("state=BRA" in to for to in led)
    assert "HUV25486" in text(auditor.open(led[0].replace("&amp;", "&")))


def test_no_number_of_another_state_is_found(signed_in, theft):
    page = signed_in("BRA", "auditor").open("/disclosures?record=NC-R1")
    assert 'id="record-wrong"' in page and SERIAL not in page


def test_the_audit_names_document_and_gun_next_to_the_id_and_is_searched_by_them(auditor, theft):
    shown = text(auditor.open("/audit?action=record:matched"))
    assert f"NC-R1 · {SERIAL}" in shown
    page = auditor.open("/audit?subject_id=NC-R1")
    table = text("<main>" + page[page.index("<tbody") :])
    assert "Report · recording" in table and "NC-R1" in table
    assert "Nothing matches these filters" in text(auditor.open("/audit?subject_id=NC-R9"))


def test_the_audit_finds_what_was_done_in_a_case_and_names_it_next_to_the_id(
    as_actor, auditor, signed_in
):
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert(case_number="2026/700"))
    as_actor("BRA", "police_officer").post("/checks", bodies.check())
    as_actor("PRY", "trace_analyst").post("/traces", bodies.trace(case_number="2026/700"))
    as_actor("BRA", "trace_analyst").post("/traces", bodies.trace(case_number="2026/701"))
    page = auditor.open("/audit?subject_id=2026/700")
    rows = [text("<main>" + row) for row in page.split("<tr")[2:]]
    for what in ("Trace · ", "Alert · recording", "Hit · "):
        assert any(what in row and "2026/700" in row.partition("Object")[2] for row in rows), what
    assert "2026/701" not in page and "2026/701" in text(
        auditor.open("/audit?subject_kind=request")
    )
    theirs = signed_in("BRA", "auditor").open("/audit?subject_id=2026/700")
    theirs = text("<main>" + theirs[theirs.index("<tbody") :])
    assert "Request · " in theirs and "Alert · " not in theirs and "Hit · " not in theirs


@pytest.mark.parametrize(
    ("typed", "abroad"), [("NC-R1", []), (SERIAL, ["record:matched", "check:made"])]
)
def test_programs_find_acts_by_number_and_serial_too_and_are_given_ids_alone(
    as_actor, theft, typed, abroad
):
    found = as_actor("PRY", "auditor").get(f"/audit?subject_id={typed}")
    actions = [item["action"] for item in found.json["items"]]
    assert actions == ["record:matched", "report:recorded"]
    assert typed not in found.get_data(as_text=True).replace(f"={typed}", "")
    theirs = as_actor("BRA", "auditor").get(f"/audit?subject_id={typed}").json["items"]
    assert [entry["action"] for entry in theirs] == abroad


def test_of_a_document_of_many_guns_the_audit_finds_every_act(as_actor):
    items = [bodies.firearm(line=line, serial=f"QWK{52380 + line}") for line in range(1, 61)]
    joint = {"joint_with": {"state": "PRY", "number": "P-9"}}
    made = as_actor("BRA", "police_officer").post("/seizures", bodies.seizure(items=items, **joint))
    for_a_case = {"Salsa_Purpose": "seizure", "Salsa_Case": "C-7"}
    as_actor("PRY", "police_officer").get(f"/seizures/{made.json['id']}", **for_a_case)
    path = "/audit?subject_id=S-1&action=record:disclosed&limit=200"
    found = as_actor("BRA", "auditor").get(path).json["items"]
    assert len({each["subject_id"] for each in found}) == 60


def test_more_records_than_are_listed_are_said_to_be_more(as_actor, auditor, signed_in):
    items = [bodies.firearm(line=line, serial=f"QWK{52380 + line}") for line in range(1, 52)]
    body = bodies.seizure(items=items, number="NC-S9", place={"country": "PRY"})
    as_actor("PRY", "police_officer").post("/seizures", body)
    more = "More records are meant by this than can be listed: choose one of the newest 50"
    page = auditor.open("/disclosures?record=NC-S9")
    assert more in text(page) and page.count("· Seized ·") == 50
    typed = ALERT | {"record": "NC-S9"}
    assert more in sent(signed_in("PRY", "police_officer"), "/alerts/new", typed, 422)


@pytest.mark.parametrize("rows", [1, 12])
def test_a_page_of_the_audit_asks_once_for_all_that_it_names(as_actor, auditor, theft, asked, rows):
    for at in range(rows):
        body = bodies.check(serial=SERIAL, case_number=f"C-{at}")
        as_actor("BRA", "police_officer").post("/checks", body)
    asked.clear()
    auditor.open("/audit?action=record:matched")
    assert sum("record.serial" in value for value in asked) == 1


def test_an_alert_is_entered_on_the_gun_of_a_report_by_its_number(signed_in, theft):
    officer = signed_in("PRY", "police_officer")
    page = sent(officer, "/alerts/new", ALERT | {"record": "NC-R1"})
    assert SERIAL in page and "The alert remains valid." in page


def test_where_several_guns_are_meant_the_form_lets_choose_and_keeps_what_was_typed(signed_in, two):
    officer = signed_in("PRY", "police_officer")
    page = sent(officer, "/alerts/new", ALERT | {"record": "NC-S2"}, 422)
    assert "Several records are meant by this: choose one." in page and 'value="C-1"' in page
    assert all(f'<option value="{each}"' in page for each in two)
    assert all(f'href="/guns/{each}"' in page for each in two)
    assert "HUV25486" in sent(officer, "/alerts/new", ALERT | {"record": two[1]})


def test_consent_is_asked_for_what_answered_the_trace_of_the_case_by_its_number(
    as_actor, signed_in
):
    sold = bodies.transfer(number="NC-T1", firearm=GUN)
    as_actor("PRY", "licensing_officer").post("/transfers", sold)
    as_actor("BRA", "trace_analyst").post("/traces", bodies.trace(case_number="C-1", firearm=GUN))
    analyst = signed_in("BRA", "trace_analyst")
    body = {"record": "NC-T1", "use": "names", "case_number": "C-1", "reason": "Last holder"}
    elsewhere = sent(analyst, "/consents/new", body | {"case_number": "C-2"}, 422)
    assert "No record of this number or serial was given" in elsewhere
    assert "The state is asked." in sent(analyst, "/consents/new", body)


@pytest.mark.parametrize("typed", ["%00", "NC-R1%00", "%00ABC123456"])
def test_what_no_text_of_the_database_can_hold_finds_what_is_left_of_it(auditor, theft, typed):
    page = auditor.open(f"/disclosures?record={typed}")
    assert ("NC-R1" in text(page)) is ("NC-R1" in typed)
