"""The pages of traces: asking for one, the list, and one with its chain; who may see them."""

import re

import pytest

from tests.support import bodies
from tests.web.pages import text
from tests.web.tracing import typed


def test_a_trace_is_asked_for_and_what_is_open_is_there_at_once(analyst, as_actor):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    shown = text(analyst.open(analyst.send("/traces/new", typed()).location))
    assert "✓ The trace is sent." in shown and "Trace C-9" in shown
    assert "✓ Traced" in shown and "First buyer" in shown


def test_a_gun_of_a_seizure_is_traced_by_the_number_of_the_seizure(analyst, as_actor):
    seizure = as_actor("BRA", "police_officer").post("/seizures", bodies.seizure()).json
    page = analyst.open(f"/traces/new?seizure={seizure['id']}&item=1")
    assert 'name="seizure" type="text" value="S-1"' in page
    without = {name: text for name, text in typed().items() if not name.startswith("firearm")}
    del without["found_on"]
    done = analyst.send("/traces/new", without | {"seizure": "S-1", "item": "1"})
    assert "ABC123456" in analyst.open(done.location)


def test_a_match_of_a_seizure_leads_to_its_trace(analyst, as_actor):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    seizure = as_actor("BRA", "police_officer").post("/seizures", bodies.seizure()).json
    [match] = as_actor("BRA", "police_officer").get("/matches").json["items"]
    page = analyst.open(f"/matches/{match['id']}")
    assert f"/traces/new?seizure={seizure['id']}&amp;item=1" in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"case_number": ""}, "case_number"),
        ({"legal_basis": ""}, "legal_basis"),
        ({"illicit_reason": ""}, "illicit_reason"),
        ({"circumstances": ""}, "circumstances"),
        ({"priority": "flash"}, "priority_reason"),
        ({"found_on": "2026-05-01"}, "found_on"),
        ({"seizure": "S-404"}, "seizure"),
        ({"firearm__year": "old"}, "firearm-year"),
    ],
)
def test_errors_are_reported_at_their_fields(analyst, changes, field):
    page = analyst.send("/traces/new", typed(**changes), 422).text
    assert f'id="{field}-wrong"' in page


def test_the_list_shows_gun_states_and_status_and_is_filtered(analyst, trace):
    body = text(analyst.open("/traces"))
    assert "C-1" in body and "ABC123456" in body and "Paraguay" in body and "● Completed" in body
    assert "still awaited: 0" in body
    assert trace["id"] in analyst.open("/traces?status=completed&priority=routine&case_number=C-1")
    assert trace["id"] not in analyst.open("/traces?status=draft")
    assert 'id="status-wrong"' in analyst.open("/traces?status=maybe")


def test_a_second_trace_of_a_gun_is_confirmed_on_its_page(analyst):
    first = analyst.send("/traces/new", typed()).location.split("?")[0]
    again = analyst.send("/traces/new", typed(), 409).text
    assert "confirm with “A second trace of this gun is wanted”" in text(again)
    assert f'<a href="{first}">Trace C-9</a>. Go on with that one' in again
    analyst.send("/traces/new", typed(confirm_second="true"))


def test_a_trace_shows_its_chain_with_source_confidence_and_handling(analyst, trace):
    shown = text(analyst.open(f"/traces/{trace['id']}"))
    assert "Domestic sale Last lawful point 6 May 2024 · Paraguay" in shown
    assert "From whom: Armas del Sur, Paraguay" in shown
    assert "Ana Ejemplo" not in shown and "To whom: Individual, Paraguay" in shown
    assert "● Strong evidence" in shown and "Source: transfer" in shown
    assert "H1: not in court without the owner's permission" in shown.replace("&#39;", "'")
    assert "From the first sale to the find 664 days" in shown
    assert shown.index("Domestic sale Last") < shown.index("Found 1 Mar 2026 · Brazil")


@pytest.mark.parametrize(
    ("language", "days"),
    [("en", "664 days"), ("es", "664 días"), ("fr", "664 jours"), ("pt", "664 dias")],
)
def test_days_are_counted_in_the_readers_language(analyst, trace, language, days):
    page = analyst.open(f"/traces/{trace['id']}", Accept_Language=language)
    assert days in text(page).replace("\xa0", " ")


def test_a_theft_is_the_point_of_diversion(analyst, as_actor, bra):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    as_actor("PRY", "police_officer").post("/reports", bodies.report())
    trace = bra.post("/traces", bodies.trace()).json
    shown = text(analyst.open(f"/traces/{trace['id']}"))
    assert "▲ Point of diversion: Theft from a private person" in shown
    assert shown.index("▲ Here it left the lawful world") < shown.index("Theft 3 Feb 2025")


def test_events_after_the_find_are_listed_apart(analyst, as_actor, bra):
    late = bodies.transfer(occurred_on="2026-03-05")
    as_actor("PRY", "licensing_officer").post("/transfers", late)
    trace = bra.post("/traces", bodies.trace()).json
    shown = text(analyst.open(f"/traces/{trace['id']}"))
    assert "What contradicts the chain" in shown
    assert shown.index("Found 1 Mar 2026") < shown.index("Domestic sale 5 Mar 2026")


def test_another_states_trace_is_not_found(signed_in, trace):
    stranger = signed_in("PRY", "trace_analyst")
    for path in ("", "/close"):
        assert "<h1>Not found</h1>" in stranger.open(f"/traces/{trace['id']}{path}", 404)
    stranger.send(f"/traces/{trace['id']}/close", {"expected_version": "1"}, 404)
    leg = trace["legs"][-1]["id"]
    stranger.send(f"/traces/{trace['id']}/legs/{leg}/reply", {"text": "x"}, 404)


def test_a_notification_leads_to_its_trace(analyst, as_actor, bra, pry_analyst):
    body = bodies.transfer(visibility="pointer")
    as_actor("PRY", "licensing_officer").post("/transfers", body)
    trace = bra.post("/traces", bodies.trace()).json
    [asked] = pry_analyst.get("/requests").json["items"]
    pry_analyst.post(f"/requests/{asked['id']}/report-no-record", {}, 200, If_Match='"1"')
    assert f'href="/traces/{trace["id"]}"' in analyst.open("/notifications")


def test_states_are_in_sentences_by_their_names(analyst, as_actor, bra):
    as_actor("BRA", "licensing_officer").post("/transfers", bodies.transfer(kind="registration"))
    as_actor("ARG", "licensing_officer").post("/transfers", bodies.transfer(number="T-9"))
    trace = bra.post("/traces", bodies.trace(case_number="C-9")).json
    shown = text(analyst.open(f"/traces/{trace['id']}", Accept_Language="es"))
    assert "Argentina registró el arma cuando estaba en otro Estado (Brasil)" in shown


def test_a_page_learns_that_it_has_to_show_something_new(analyst, bra, trace):
    shown = bra.get(f"/traces/{trace['id']}").headers["ETag"].split(".")[0].strip('"')
    live = f"/traces/{trace['id']}/live"
    assert f'data-version="{shown}"' in analyst.open(f"/traces/{trace['id']}")
    assert analyst.open(f"{live}?version={shown}", expect=204) == ""
    bra.change(f"/traces/{trace['id']}", "close")
    analyst.open(f"{live}?version={shown}")


def test_who_is_signed_out_learns_nothing(visitor, trace):
    visitor.open(f"/traces/{trace['id']}/live?version=1", expect=401)


def test_what_a_described_gun_needs_is_marked_and_its_country_chosen_from_the_list(analyst):
    form = analyst.open("/traces/new")
    assert re.search(r'id="found_on" required', form)
    assert re.search(r'<select id="firearm-country_of_manufacture"[^>]*>', form)
    assert '<option value="YUG">' in form
