"""The pages of requests: the queue by the clock, one request, and what a state says to it."""

import re
from datetime import timedelta

import pytest

from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.support import bodies
from tests.support.grounds import beginning
from tests.web.pages import text

SEEN = re.compile(r'name="expected_version" value="([0-9]+)"')


@pytest.fixture
def asking(as_actor):
    return as_actor("BRA", "trace_analyst")


@pytest.fixture
def analyst(signed_in):
    return signed_in("PRY", "trace_analyst")


@beginning
def record(as_actor):
    """A sale in Paraguay of which others learn only that it is there."""
    body = bodies.transfer(visibility="pointer")
    return as_actor("PRY", "licensing_officer").post("/transfers", body).json["firearm"]["record"]


@beginning
def trace(asking, record):
    return asking.post("/traces", bodies.trace()).json


@beginning
def received(as_actor, trace):
    """The request of Brazil as Paraguay reads it."""
    [found] = as_actor("PRY", "trace_analyst").get("/requests").json["items"]
    return found


def submit(analyst, received, name, expect=303, expected_version=None, **fields):
    path = f"/requests/{received['id']}"
    shown = SEEN.search(analyst.open(path if name == "answer" else f"{path}/{name}"))[1]
    return analyst.send(
        f"{path}/{name}", {"expected_version": expected_version or shown} | fields, expect
    )


def answer(analyst, received, *records, expect=303, **fields):
    picked = {f"pick.{each}": "true" for each in records}
    result = {"completeness": "full", "handling": "H1"} | picked | fields
    return submit(analyst, received, "answer", expect, **result)


def test_the_queue_says_who_asks_for_what_and_how_long_is_left(analyst, received):
    shown = text(analyst.open("/requests"))
    assert "Brazil, C-1" in shown and re.search(
        r"◔ in \d+ days", shown
    )  # seven, and those not worked
    assert "ABC123456 Pistol · Taurus · G2C · 9x19" in shown
    assert "○ Routine" in shown and "▷ Sent" in shown
    assert "own records to answer with: 1" in shown


TERM = {
    "en": (
        "Your state's answer is due",
        "by the terms that it set itself",
        "Brazil needs it by 1 Apr 2026",
    ),
    "es": (
        "Plazo de respuesta de su Estado",
        "según los plazos que él mismo fijó",
        "Brasil la necesita para el 1 abr 2026",
    ),
    "fr": (
        "Échéance de la réponse de votre État",
        "dans les délais qu’il a lui-même fixés",
        "le Brésil en a besoin pour le 1 avr. 2026",
    ),
    "pt": (
        "Prazo de resposta do seu Estado",
        "nos prazos que ele mesmo fixou",
        "o Brasil precisa dela até 1 de abr. de 2026",
    ),
}


@pytest.mark.parametrize("language", TERM)
def test_the_own_term_and_that_of_the_other_state_are_shown_apart(
    analyst, asking, record, language
):
    made = asking.post("/traces", bodies.trace(needed_by="2026-04-01")).json
    whose, how, needed = TERM[language]
    shown = text(analyst.open("/requests", Accept_Language=language)).replace("&#39;", "'")
    assert whose in shown and how in shown and needed in shown, (made, shown)


def test_what_was_answered_or_refused_says_when_instead_of_a_term(analyst, received, as_actor):
    pry, path = as_actor("PRY", "trace_analyst"), f"/requests/{received['id']}"
    pry.change(path, "defer", {"until": "2026-03-20", "reason": "Holidays"})
    assert "as your state put it off" in text(analyst.open("/requests"))
    pry.change(path, "refuse", {"reason": "national_security", "text": "No"})
    for page in ("/requests?show=all", path):
        shown = text(analyst.open(page))
        assert "Refused on 9 Mar 2026" in shown and "in 11 days" not in shown
    pry.change(
        path,
        "answer",
        {
            "completeness": "full",
            "handling": "H1",
            "events": [{"event": "domestic_sale", "occurred_on": "2020-01-02"}],
        },
    )
    assert "Answered on 9 Mar 2026" in text(analyst.open(path))


def test_a_request_that_was_withdrawn_owes_no_answer(analyst, received, asking, trace):
    asking.change(f"/traces/{trace['id']}", "withdraw")
    assert "An answer is no longer due" in text(analyst.open(f"/requests/{received['id']}"))


def test_a_request_that_was_answered_says_that_it_was_withdrawn_and_offers_no_answer(
    analyst, received, asking, trace, record
):
    answer(analyst, received, record)
    assert "Answer once more" in text(analyst.open(f"/requests/{received['id']}"))
    asking.change(f"/traces/{trace['id']}", "withdraw")
    shown = text(analyst.open(f"/requests/{received['id']}"))
    assert "Brazil withdrew it on 9 Mar 2026" in shown and "Answer once more" not in shown


def test_the_form_to_answer_once_more_opens_as_the_first_answer_was_handled(
    analyst, received, record
):
    answer(analyst, received, record, handling="H2")
    assert re.search(
        r'<option value="H2"[^>]* selected', analyst.open(f"/requests/{received['id']}")
    )


def test_tasks_are_in_order_of_their_deadlines_and_late_ones_are_marked(
    analyst, asking, record, app, monkeypatch
):
    for case, priority in (("C-1", "routine"), ("C-2", "flash"), ("C-3", "priority")):
        asking.post(
            "/traces", bodies.trace(case_number=case, priority=priority, priority_reason="x")
        )
    assert re.findall(r"Brazil, (C-[0-9])<", analyst.open("/requests")) == ["C-2", "C-3", "C-1"]
    monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + timedelta(hours=1)))
    assert "▲ 50 minutes late" in text(analyst.open("/requests"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=sent", True),
        ("status=answered", False),
        ("priority=flash", False),
        ("from=BRA", True),
        ("from=ARG", False),
        ("case_number=C-1", True),
        ("assignee=nobody", False),
        ("show=all", True),
    ],
)
def test_the_queue_is_filtered(analyst, received, query, found):
    assert (received["id"] in analyst.open(f"/requests?{query}")) is found


def test_a_request_shows_what_the_tracing_instrument_asks(analyst, received):
    words = text(analyst.open(f"/requests/{received['id']}"))
    for shown in (
        "Used in a crime",
        "Found in a vehicle at a road block",
        "Law 1",
        "For intelligence",
    ):
        assert shown in words
    assert "Domestic sale, 6 May 2024" in words and "● Strong evidence" in words
    assert "Pointer: shows only which office to contact" in words


def test_candidates_answer_with_one_click(analyst, received, record, asking, trace):
    page = analyst.open(f"/requests/{received['id']}")
    assert re.search(rf'name="pick.{record}" value="true" checked', page)
    done = answer(analyst, received, record, note="Sold by a dealer")
    assert done.location == f"/requests/{received['id']}?done=answer"
    body = text(analyst.open(done.location))
    assert "✓ The answer is sent." in body and "✓ Answered" in body and "Sold by a dealer" in body
    [leg] = [
        leg for leg in asking.get(f"/traces/{trace['id']}").json["legs"] if leg["state"] == "PRY"
    ]
    assert (leg["status"], leg["events"]) == ("answered", 1)
    assert received["id"] not in analyst.open("/requests")
    assert received["id"] in analyst.open("/requests?show=all")


def test_that_nothing_is_found_is_confirmed_despite_an_open_record(
    analyst, as_actor, asking, record, pry_administrator
):
    pry_administrator.post("/settings", {"answers_automatically": False}, 200, If_Match='"0"')
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(number="V-2"))
    asking.post("/traces", bodies.trace())
    [received] = as_actor("PRY", "trace_analyst").get("/requests").json["items"]
    page = submit(analyst, received, "no_record", 409).text
    assert "confirm with “The records that match are of other guns”" in text(page)
    done = submit(analyst, received, "no_record", confirm_other_guns="true")
    assert "✓ The requesting state is informed." in text(analyst.open(done.location))


def test_a_request_says_whom_to_call_of_the_asking_state(
    analyst, as_actor, asking, record, administrator
):
    for office, telephone in (("TEST", "+55 11 1"), ("POLICE", "+55 11 2")):
        administrator.post(
            "/contacts",
            {
                "kind": "liaison_authority",
                "agency": f"BRA-{office}",
                "languages": ["pt"],
                "hours": "9-17",
                "telephone": telephone,
            },
        )
    trace = asking.post("/traces", bodies.trace()).json
    [received] = as_actor("PRY", "trace_analyst").get("/requests").json["items"]
    assert (received["office"]["agency"], received["office"]["telephone"]) == (
        "BRA-TEST",
        "+55 11 1",
    )
    page = analyst.open(f"/requests/{received['id']}")
    assert "Who asks BRA-TEST +55 11 1" in text(page) and 'href="tel:+55111"' in page
    other = as_actor("BRA", "trace_analyst", agency="LICENSING")
    other.hide(f"/traces/{trace['id']}", "BRA-TEST", "BRA-POLICE")
    assert "Who asks BRA-LICENSING" in text(analyst.open(f"/requests/{received['id']}"))


def test_a_request_is_hidden_from_agencies_that_are_named(analyst, signed_in, received):
    form = analyst.open(f"/requests/{received['id']}/hide")
    assert "PRY-TEST" not in form.partition("<main")[2]  # his own
    page = analyst.open(submit(analyst, received, "hide", hidden_from="PRY-POLICE").location)
    assert "✓ Access is now restricted for PRY-POLICE." in text(
        page
    ) and "Hidden from PRY-POLICE" in text(page)
    assert re.search(
        r'name="hidden_from" value="PRY-POLICE"', analyst.open(f"/requests/{received['id']}/hide")
    )
    page = analyst.open(submit(analyst, received, "hide").location)
    assert "✓ Access is no longer restricted for any agency." in text(
        page
    ) and "Hidden from" not in text(page)


def test_agencies_hidden_by_the_asking_state_are_shown_apart_from_the_field(
    analyst, asking, received
):
    [trace] = asking.get("/traces").json["items"]
    stale = analyst.open(f"/requests/{received['id']}/hide")
    asking.hide(f"/traces/{trace['id']}", "PRY-POLICE")
    page, form = (analyst.open(f"/requests/{received['id']}{way}") for way in ("", "/hide"))
    assert "Hidden from, as the asking state wants PRY-POLICE" in text(page)
    assert 'name="hidden_from" value=""' in form
    [visible] = re.findall(r'name="expected_version" value="([0-9]+)"', stale)
    answer = analyst.send(f"/requests/{received['id']}/hide", {"expected_version": visible}, 412)
    assert "This was changed since you read it" in text(answer.text)


def test_several_are_acknowledged_on_the_list_and_what_cannot_be_is_named(
    analyst, asking, received
):
    asking.post("/traces", bodies.trace(case_number="C-2"))
    submit(analyst, received, "refuse", reason="national_security", text="No")
    [other] = re.findall(r'name="pick\.([0-9a-f-]{36})"', analyst.open("/requests"))
    picked = {f"pick.{each}": "true" for each in (other, received["id"])}
    shown = analyst.open(analyst.send("/requests/acknowledge", picked).location)
    assert "✓ Acknowledged: 1" in text(shown) and "◔ Acknowledged" in text(shown)
    assert f'href="/requests/{received["id"]}"' in shown
    assert "✓ Acknowledged: 0" not in text(shown) and "pick." not in shown


def test_nothing_that_is_ticked_is_said_above_the_list(analyst, received):
    page = analyst.send("/requests/acknowledge", {}, 422).text
    assert "Name at least one request." in page and received["id"] in page


def test_an_answer_of_nothing_is_refused_at_its_field(analyst, received):
    page = answer(analyst, received, expect=422).text
    assert 'href="#records"' in page and 'id="records-wrong"' in page
    assert "say so by “Say that there is no record”." in page


def test_a_restricted_answer_says_why(analyst, received, record):
    page = answer(analyst, received, record, expect=422, completeness="restricted").text
    assert 'id="restriction_reason-wrong"' in page and "checked" in page
    fields = {"completeness": "restricted", "restriction_reason": "Under seal"}
    shown = text(analyst.open(answer(analyst, received, record, **fields).location))
    assert "◐ Answered in part" in shown and "Under seal" in shown


def test_what_the_books_say_is_an_answer(analyst, received):
    fields = {
        "events.0.event": "domestic_sale",
        "events.0.occurred_on": "2020-01-02",
        "events.0.to.kind": "individual",
        "events.0.to.country": "Paraguay",
    }
    answer(analyst, received, expect=303, points_to="Argentina", **fields)
    shown = text(analyst.open(f"/requests/{received['id']}"))
    assert "Full answer: records and entries: 1" in shown and "To ask: Argentina" in shown


@pytest.mark.parametrize(
    ("name", "fields", "field", "shown"),
    [
        ("acknowledge", {"text": "Looking"}, None, "◔ Acknowledged"),
        ("no_record", {}, None, "∅ No record"),
        (
            "refuse",
            {"reason": "national_security", "text": "Sealed"},
            "reason",
            "National security",
        ),
        ("defer", {"until": "2026-03-20", "reason": "Archive"}, "until", "Until 20 Mar 2026"),
        (
            "ask",
            {"questions": "Which side?\nWhich year?"},
            "questions",
            "The deadline is suspended",
        ),
        ("forward", {"state": "ARG", "reason": "Made there"}, "state", "To ask: Argentina"),
        ("notes", {"text": "Call the archive"}, "text", "Call the archive"),
        ("assign", {"username": "pry.trace_analyst"}, "username", "Assigned to pry.trace_analyst"),
    ],
)
def test_each_other_word_is_said_and_shown(analyst, received, name, fields, field, shown):
    if field:
        page = submit(analyst, received, name, 422).text
        assert f'id="{field}-wrong"' in page
    assert shown in text(analyst.open(submit(analyst, received, name, **fields).location))


def test_a_supervisor_is_offered_what_an_analyst_is(signed_in, received):
    someone = signed_in("PRY", "supervisor")
    assert 'href="/requests"' in someone.open("/")
    page = someone.open(f"/requests/{received['id']}")
    assert "/acknowledge" in page and 'name="completeness"' in page
    someone.open(f"/requests/{received['id']}/acknowledge")


def test_who_may_answer_nothing_acknowledges_nothing(signed_in, received):
    someone = signed_in("PRY", "police_officer")
    someone.send("/requests/acknowledge", {f"pick.{received['id']}": "true"}, 403)


def test_a_notification_leads_to_its_request(analyst, received):
    assert f'href="/requests/{received["id"]}"' in analyst.open("/notifications")


def test_an_answer_is_preset_to_how_the_strictest_record_is_handled(analyst, as_actor, asking):
    sale = bodies.transfer(visibility="pointer", handling="H3")
    made = as_actor("PRY", "licensing_officer").post("/transfers", sale).json
    asking.post("/traces", bodies.trace())
    [received] = as_actor("PRY", "trace_analyst").get("/requests").json["items"]
    page = analyst.open(f"/requests/{received['id']}")
    assert re.search(r'<option value="H3" selected', page)
    assert text(page).count("H3: other restrictions as written") == 2  # the choice, and the record
    refused = answer(analyst, received, made["firearm"]["record"], handling="H0", expect=422)
    assert "A record of this answer is handled as H3" in text(refused.text)


def test_a_record_of_other_marks_is_confirmed_on_the_page(analyst, received, as_actor):
    other = bodies.transfer(number="T-2", firearm=bodies.firearm(serial="XYZ777888"))
    made = as_actor("PRY", "licensing_officer").post("/transfers", other).json
    typed = {"records": made["firearm"]["record"]}
    refused = text(answer(analyst, received, expect=422, **typed).text)
    assert "This record bears XYZ777888; asked for is ABC123456" in refused
    assert "confirm it with “They are of this gun, though they bear other marks”" in refused
    answer(analyst, received, **typed, confirm_other_marks="true")


def test_other_records_are_named_by_number_or_serial(analyst, received, asking, trace, pry):
    for number, serial in (("T-2", "XYZ777888"), ("T-3", "QRS555666"), ("T-4", "QRS555666")):
        gun = bodies.firearm(serial=serial)
        pry.post("/transfers", bodies.transfer(number=number, firearm=gun))
    shown = text(answer(analyst, received, expect=422, records="T-9").text)
    assert "Your state has no record that is known by “T-9”." in shown
    shown = text(answer(analyst, received, expect=422, records="QRS 555666").text)
    assert "2 records are known by “QRS 555666”" in shown and "T-3 · QRS555666" in shown
    answer(analyst, received, records="t-2\r\nT-3", confirm_other_marks="true")
    legs = asking.get(f"/traces/{trace['id']}").json["legs"]
    assert [leg["events"] for leg in legs if leg["state"] == "PRY"] == [2]
