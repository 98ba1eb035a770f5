"""The pages by which a draft is completed: its own form, and the correction of a gun of its seizure."""

import re

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.web.pages import text

SEEN = re.compile(r'name="expected_version" value="([0-9]+)"')
POOR = {
    "serial": "ABC123456",
    "type": "pistol",
    "lot": "L-7",
    "marks": [{"kind": "proof", "text": "NP", "location": "barrel"}],
}


@pytest.fixture
def bra(as_actor):
    return as_actor("BRA", "trace_analyst")


@pytest.fixture
def analyst(signed_in):
    return signed_in("BRA", "trace_analyst")


@pytest.fixture
def officer(signed_in):
    return signed_in("BRA", "police_officer")


@beginning
def draft(bra):
    return bra.post("/traces", bodies.trace(draft=True, firearm=POOR)).json


@beginning
def seized(as_actor, bra):
    """A draft of the second gun of a seizure, which has no make."""
    gun = bodies.firearm(line=2, serial="XYZ987654", marks=POOR["marks"])
    del gun["make"]
    body = bodies.seizure(items=[bodies.firearm(), gun])
    seizure = as_actor("BRA", "police_officer").post("/seizures", body).json
    return bra.post("/traces", bodies.trace_of(seizure["id"], item=2, draft=True)).json


def filled(page):
    """Return the values in the fields of a form."""
    typed = dict(
        re.findall(r'<input id="[^"]*"[^>]*name="([^"]+)" type="[a-z]+" value="([^"]*)"', page)
    )
    typed |= dict(re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>([^<]*)<', page))
    for name, options in re.findall(r'<select [^>]*name="([^"]+)">(.*?)</select>', page, re.S):
        typed |= dict.fromkeys([name], *re.findall('value="([^"]*)" selected', options))
    return typed | {"expected_version": SEEN.search(page)[1]}


def test_each_line_of_the_advice_leads_to_its_field_on_the_form_of_the_draft(analyst, draft):
    page = analyst.open(f"/traces/{draft['id']}")
    for field in ("make", "calibre", "country_of_manufacture", "model"):
        assert f'href="/traces/{draft["id"]}/amend#firearm-{field}"' in page
        assert f'id="firearm-{field}"' in analyst.open(f"/traces/{draft['id']}/amend")


def test_a_draft_is_completed_and_keeps_what_has_no_field(analyst, bra, draft):
    path = f"/traces/{draft['id']}/amend"
    typed = filled(analyst.open(path)) | {"firearm.make": "Taurus", "legal_basis": "Law 2"}
    page = analyst.open(analyst.send(path, typed).location)
    assert "✓ The draft is changed." in text(page) and "The trace has no make." not in text(page)
    read = bra.get(f"/traces/{draft['id']}").json
    assert (read["firearm"]["make"], read["legal_basis"]) == ("taurus", "Law 2")
    assert read["firearm"]["lot"] == "L-7"
    assert [mark["text"] for mark in read["firearm"]["marks"]] == ["NP"]
    assert read["circumstances"] == draft["circumstances"]


def test_errors_of_a_changed_draft_are_reported_at_its_fields(analyst, draft):
    path = f"/traces/{draft['id']}/amend"
    typed = filled(analyst.open(path)) | {"legal_basis": "", "priority": "flash", "found_on": ""}
    page = analyst.send(path, typed, 422).text
    for field in ("legal_basis", "priority_reason", "found_on"):
        assert f'id="{field}-wrong"' in page


def test_a_draft_that_was_sent_meanwhile_has_no_form_any_more(analyst, bra, draft):
    tag = bra.get(f"/traces/{draft['id']}").headers["ETag"]
    bra.post(f"/traces/{draft['id']}/send", None, 200, If_Match=tag)
    for name in ("amend", "send"):
        page = analyst.open(f"/traces/{draft['id']}/{name}", 409)
        assert "This is not possible now" in page and '<form class="form"' not in page
    shown = text(analyst.open(f"/traces/{draft['id']}/send", 409, Accept_Language="es"))
    assert "No se puede enviar: rastreo en la situación «concluid" in shown


def test_the_advice_on_a_seized_gun_leads_to_the_correction_of_its_seizure(
    analyst, officer, signed_in, seized
):
    form = f"/seizures/{seized['seizure']}/items/2/correct"
    shown = analyst.open(f"/traces/{seized['id']}")
    assert f'href="/seizures/{seized["seizure"]}"' in shown and form not in shown
    assert "which BRA-POLICE recorded: ask it to correct the description" in text(shown)
    page = officer.open(f"/traces/{seized['id']}")
    assert f'href="{form}#firearm-make"' in page and form in officer.open(
        form.partition("/items")[0]
    )
    typed = filled(officer.open(form))
    assert (typed["firearm.serial"], typed["firearm.type"]) == ("XYZ987654", "pistol")
    assert 'id="reason-wrong"' in officer.send(form, typed | {"firearm.make": "Taurus"}, 422).text
    done = officer.send(form, typed | {"firearm.make": "Taurus", "reason": "Read again"})
    corrected = text(officer.open(done.location))
    assert "XYZ987654" in corrected and "✓ The description of the firearm is corrected" in corrected
    words = text(officer.open(f"/traces/{seized['id']}"))
    assert "The trace has no make." not in words and "Taurus" in words
    officer.send(form, typed | {"reason": "Again"}, 412)
    analyst.open(form, 403)
    signed_in("PRY", "police_officer").open(form, 404)


def test_no_agency_is_recommended_from_which_a_trace_is_hidden(analyst, bra, seized):
    bra.hide(f"/traces/{seized['id']}", "BRA-POLICE")
    for path in (f"/traces/{seized['id']}", f"/traces/{seized['id']}/amend"):
        shown = text(analyst.open(path))
        assert "restricted for the agency that recorded it. Ask police or border officers" in shown
        assert "which BRA-POLICE recorded" not in shown


def test_a_correction_on_the_page_leaves_all_else_of_a_seizure_as_it_stood(officer, seized, police):
    path = f"/seizures/{seized['seizure']}"
    before = police.get(path).json
    form = f"{path}/items/2/correct"
    typed = filled(officer.open(form)) | {"firearm.calibre": ".38 Special", "reason": "Measured"}
    officer.send(form, typed)
    after = police.get(path).json
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"version", "reason", "items"}
    assert after["items"][0] == before["items"][0]
    result = {
        name for name in before["items"][1] if before["items"][1][name] != after["items"][1][name]
    }
    assert result == {"calibre", "calibre_text"}


def test_what_is_corrected_on_the_page_is_matched_by_its_new_marks(as_actor, officer, seized):
    body = bodies.transfer(firearm=bodies.firearm(serial="KLM7612999"))
    as_actor("PRY", "licensing_officer").post("/transfers", body)
    form = f"/seizures/{seized['seizure']}/items/2/correct"
    typed = filled(officer.open(form)) | {"firearm.serial": "KLM7612999", "reason": "Read again"}
    assert "Match with Paraguay" in text(officer.open(officer.send(form, typed).location))


def test_an_empty_form_tells_all_that_is_missing_at_once(analyst):
    page = analyst.send("/traces/new", {"priority": "flash"}, 422).text
    for field in (
        "seizure",
        "case_number",
        "legal_basis",
        "illicit_reason",
        "circumstances",
        "intended_use",
        "priority_reason",
    ):
        assert f'id="{field}-wrong"' in page
    page = analyst.send("/traces/new", {"priority": "flash", "seizure": "S-404"}, 422).text
    assert 'id="seizure-wrong"' in page and 'id="priority_reason-wrong"' in page
    assert "There is no such seizure." in page


def test_what_came_back_by_another_channel_is_asked_for_whole(analyst, bra):
    trace = bra.post("/traces", bodies.trace()).json
    asking = {"state": "ESP", "reason": "Import mark", "channel": "mail"}
    leg = bra.post(f"/traces/{trace['id']}/legs", asking).json
    [spain] = [each["id"] for each in leg["legs"] if each["state"] == "ESP"]
    path = f"/traces/{trace['id']}/legs/{spain}/reply"
    assert 'id="text-wrong"' in analyst.send(path, {}, 422).text
    assert 'id="status-wrong"' in analyst.send(path, {"text": "Nothing"}, 422).text
    assert set(bra.post(path, {}, 422).json["errors"]) == {"text", "status"}
