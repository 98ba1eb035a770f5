"""The pages of traces: asking for one, the list, one with its chain and legs, and what is done to it."""

import re

import pytest

from tests import bodies
from tests.grounds import beginning
from tests.web.pages import text

SEEN = re.compile(r'name="seen" value="([0-9]+)"')
WORDS = {
    "en": ("Traces", "Trace C-1", "Last lawful point", "Ask for a trace"),
    "es": ("Rastreos", "Rastreo C-1", "Último punto lícito", "Pedir un rastreo"),
    "fr": ("Traçages", "Traçage C-1", "Dernier point licite", "Demander un traçage"),
    "pt": ("Rastreamentos", "Rastreamento C-1", "Último ponto lícito", "Pedir um rastreamento"),
}


@pytest.fixture
def bra(as_actor):
    return as_actor("BRA", "trace_analyst")


@pytest.fixture
def pry(as_actor):
    return as_actor("PRY", "trace_analyst")


@pytest.fixture
def analyst(signed_in):
    return signed_in("BRA", "trace_analyst")


@beginning
def trace(as_actor, bra):
    """A trace of a gun that was made in Brazil and sold in Paraguay, which answers at once."""
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    return bra.post("/traces", bodies.trace()).json


def typed(**changes):
    told = {"firearm.serial": "ABC123456", "firearm.type": "pistol", "firearm.make": "Taurus",
            "firearm.calibre": "9x19", "found_on": "2026-03-01", "case_number": "C-9",
            "priority": "routine", "legal_basis": "Law 1", "illicit_reason": "used_in_crime",
            "circumstances": "Found in a vehicle", "intended_use": "intelligence"}  # fmt: skip
    return told | {name.replace("__", "."): text for name, text in changes.items()}


def step(analyst, trace, name, expect=303, seen=None, **fields):
    path = f"/traces/{trace['id']}/{name}"
    shown = SEEN.search(analyst.open(path))[1]
    return analyst.send(path, {"seen": seen or shown} | fields, expect)


def test_a_trace_is_asked_for_and_what_is_open_is_there_at_once(analyst, as_actor):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    done = analyst.send("/traces/new", typed())
    said = text(analyst.open(done.location))
    assert "✓ The trace is sent." in said and "Trace C-9" in said
    assert "✓ Traced" in said and "First buyer" in said


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


@pytest.mark.parametrize(("changes", "field"), [
    ({"case_number": ""}, "case_number"), ({"legal_basis": ""}, "legal_basis"),
    ({"illicit_reason": ""}, "illicit_reason"), ({"circumstances": ""}, "circumstances"),
    ({"priority": "flash"}, "priority_reason"), ({"found_on": "2026-05-01"}, "found_on"),
    ({"seizure": "S-404"}, "seizure"), ({"firearm__year": "old"}, "firearm-year"),
])  # fmt: skip
def test_what_is_missing_or_wrong_is_told_at_its_field(analyst, changes, field):
    page = analyst.send("/traces/new", typed(**changes), 422).text
    assert f'id="{field}-wrong"' in page


def test_the_list_shows_gun_states_and_status_and_is_filtered(analyst, trace):
    said = text(analyst.open("/traces"))
    assert "C-1" in said and "ABC123456" in said and "Paraguay" in said and "✓ Answered" in said
    assert "still awaited: 0" in said
    assert trace["id"] in analyst.open("/traces?status=answered&priority=routine&case_number=C-1")
    assert trace["id"] not in analyst.open("/traces?status=draft")
    assert 'id="status-wrong"' in analyst.open("/traces?status=maybe")


def test_a_second_trace_of_a_gun_is_confirmed_on_its_page(analyst):
    first = analyst.send("/traces/new", typed()).location.split("?")[0]
    again = analyst.send("/traces/new", typed(), 409).text
    assert "confirm with “A second trace of this gun is wanted”" in text(again)
    assert f'<a href="{first}">Trace C-9</a>. Go on with that one' in again
    analyst.send("/traces/new", typed(confirm_second="true"))


def test_a_trace_shows_its_chain_with_source_confidence_and_handling(analyst, trace):
    said = text(analyst.open(f"/traces/{trace['id']}"))
    assert "Domestic sale Last lawful point May 6, 2024 · Paraguay" in said
    assert "From whom: Armas del Sur, Paraguay" in said
    assert "Ana Ejemplo" not in said and "To whom: Individual, Paraguay" in said
    assert "● Strong evidence" in said and "Source: transfer" in said
    assert "H1: not in court without the owner's permission" in said.replace("&#39;", "'")
    assert "From the first sale to the find 664 days" in said
    assert said.index("Domestic sale Last") < said.index("Found Mar 1, 2026 · Brazil")


@pytest.mark.parametrize(("language", "days"), [
    ("en", "664 days"), ("es", "664 días"), ("fr", "664 jours"), ("pt", "664 dias"),
])  # fmt: skip
def test_days_are_counted_in_the_readers_language(analyst, trace, language, days):
    page = analyst.open(f"/traces/{trace['id']}", Accept_Language=language)
    assert days in text(page).replace("\xa0", " ")


def test_a_trace_shows_what_each_state_said_why_and_how_far_its_records_reach(analyst, trace):
    said = text(analyst.open(f"/traces/{trace['id']}"))
    assert "Paraguay ✓ Answered by the service, at once" in said
    assert "Why it was asked" in said and "Its records reach through" in said


def test_a_theft_is_the_point_of_diversion(analyst, as_actor, bra):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    as_actor("PRY", "police_officer").post("/reports", bodies.report())
    trace = bra.post("/traces", bodies.trace()).json
    said = text(analyst.open(f"/traces/{trace['id']}"))
    assert "▲ Point of diversion: Theft from a private person" in said
    assert said.index("▲ Here it left the lawful world") < said.index("Theft Feb 3, 2025")


def test_what_happened_after_the_find_stands_apart(analyst, as_actor, bra):
    late = bodies.transfer(occurred_on="2026-03-05")
    as_actor("PRY", "licensing_officer").post("/transfers", late)
    trace = bra.post("/traces", bodies.trace()).json
    said = text(analyst.open(f"/traces/{trace['id']}"))
    assert "What contradicts the chain" in said
    assert said.index("Found Mar 1, 2026") < said.index("Domestic sale Mar 5, 2026")


def test_a_draft_is_approved_by_a_second_person_and_sent(analyst, signed_in):
    done = analyst.send("/traces/new", typed(draft="true"))
    page = analyst.open(done.location)
    trace = {"id": re.search(r"/traces/([0-9a-f-]{36})", done.location)[1]}
    assert "✓ The draft is kept." in text(page) and "Nobody was asked yet." in page
    supervisor = signed_in("BRA", "supervisor")
    said = text(supervisor.open(step(supervisor, trace, "approve").location))
    assert "✓ Approved" in said and "/send" not in supervisor.open(f"/traces/{trace['id']}")
    said = text(analyst.open(step(analyst, trace, "send").location))
    assert "✓ The trace is sent." in said


def test_who_drafted_a_trace_is_not_offered_to_approve_it(analyst, signed_in):
    path = analyst.send("/traces/new", typed(draft="true")).location
    page = analyst.open(path)
    assert "/approve" not in page and "/decline" not in page


def test_who_drafted_a_trace_reads_why_it_was_declined(analyst, signed_in, bra):
    draft = bra.post("/traces", bodies.trace(draft=True)).json
    supervisor = signed_in("BRA", "supervisor")
    assert 'id="text-wrong"' in step(supervisor, draft, "decline", 422).text
    step(supervisor, draft, "decline", text="Name the law")
    said = text(analyst.open(f"/traces/{draft['id']}"))
    assert "A second person did not approve Name the law" in said and "bra.supervisor" in said
    assert "A second person did not approve a trace of yours" in analyst.open("/notifications")


def test_a_question_is_replied_to(analyst, as_actor, bra, pry):
    body = bodies.transfer(visibility="pointer")
    as_actor("PRY", "licensing_officer").post("/transfers", body)
    trace = bra.post("/traces", bodies.trace()).json
    [asked] = pry.get("/requests").json["items"]
    pry.post(f"/requests/{asked['id']}/ask", {"questions": ["Which side?"]}, 200, If_Match='"1"')
    page = analyst.open(f"/traces/{trace['id']}")
    assert "Which side?" in page
    path = re.search(r'href="(/traces/[^"]+/reply)"', page)[1]
    assert "Which side?" in text(analyst.open(path))
    assert 'id="text-wrong"' in analyst.send(path, {}, 422).text
    said = text(analyst.open(analyst.send(path, {"text": "The left side"}).location))
    assert "✓ The reply is kept." in said and "The left side" in said


def test_clarification_of_a_refusal_is_sought_on_the_page(analyst, as_actor, bra, pry):
    body = bodies.transfer(visibility="pointer")
    as_actor("PRY", "licensing_officer").post("/transfers", body)
    trace = bra.post("/traces", bodies.trace()).json
    [asked] = pry.get("/requests").json["items"]
    no = {"reason": "national_security", "text": "No"}
    pry.post(f"/requests/{asked['id']}/refuse", no, 200, If_Match='"1"')
    page = analyst.open(f"/traces/{trace['id']}")
    analyst.send(re.search(r'href="(/traces/[^"]+/reply)"', page)[1], {"text": "For whom?"})
    assert pry.get(f"/requests/{asked['id']}").json["status"] == "acknowledged"


def test_a_state_that_takes_no_part_is_asked_by_another_channel_and_its_answer_written_down(
    analyst, trace
):
    fields = {"state": "ESP", "reason": "Import mark", "channel": "etrace", "reference": "T-7"}
    assert 'id="state-wrong"' in step(analyst, trace, "legs", 422).text
    silent = step(analyst, trace, "legs", 422, state="ESP", reason="Import mark").text
    assert 'id="channel-wrong"' in silent and "This state takes no part: say by which" in silent
    page = analyst.open(step(analyst, trace, "legs", **fields).location)
    assert "eTrace T-7" in text(page)
    path = re.search(r'href="(/traces/[^"]+/reply)"', page)[1]
    came = {"text": "Sold in 2020", "status": "answered", "events.0.event": "domestic_sale",
            "events.0.occurred_on": "2020-01-02"}  # fmt: skip
    page = analyst.open(analyst.send(path, came).location)
    assert "Domestic sale" in text(page) and "Jan 2, 2020 · Spain" in text(page)
    assert path in page  # more may come back


def test_a_leg_by_another_channel_has_its_form_to_send_and_a_trace_its_report(
    analyst, signed_in, trace
):
    fields = {"state": "ESP", "reason": "Import mark", "channel": "etrace"}
    page = analyst.open(step(analyst, trace, "legs", **fields).location)
    [form] = re.findall(r'href="([^"]+/form\.pdf)"', page)
    assert analyst.client.get(form).data.startswith(b"%PDF")
    table = analyst.open(form.replace(".pdf", ".csv"))
    assert "ABC123456" in table
    assert analyst.client.get(f"/traces/{trace['id']}/report.pdf").data.startswith(b"%PDF")
    supervisor = signed_in("BRA", "supervisor")
    assert form not in supervisor.open(f"/traces/{trace['id']}")
    supervisor.open(form, 403)
    signed_in("PRY", "trace_analyst").open(form, 404)


@pytest.mark.parametrize(("name", "fields", "shown"), [
    ("close", {}, "■ Closed"), ("withdraw", {}, "✕ Withdrawn"),
    ("feedback", {"helped": "true", "text": "We found him"}, "It helped We found him"),
    ("notes", {"text": "Ask the bench"}, "Ask the bench"),
    ("assign", {"username": "bra.trace_analyst"}, "Assigned to bra.trace_analyst"),
])  # fmt: skip
def test_each_step_is_taken_and_shown(analyst, trace, name, fields, shown):
    assert shown in text(analyst.open(step(analyst, trace, name, **fields).location))


def test_what_changed_meanwhile_is_not_closed_over(analyst, trace):
    assert "This was changed since" in step(analyst, trace, "close", 412, seen="99").text


def test_another_states_trace_is_not_found(signed_in, trace):
    stranger = signed_in("PRY", "trace_analyst")
    for path in ("", "/close"):
        assert "<h1>Not found</h1>" in stranger.open(f"/traces/{trace['id']}{path}", 404)
    stranger.send(f"/traces/{trace['id']}/close", {"seen": "1"}, 404)
    leg = trace["legs"][-1]["id"]
    stranger.send(f"/traces/{trace['id']}/legs/{leg}/reply", {"text": "x"}, 404)


@pytest.mark.parametrize("role", ["licensing_officer", "border_officer", "auditor"])
def test_who_may_not_read_traces_is_refused_and_has_no_link(signed_in, trace, role):
    somebody = signed_in("BRA", role)
    assert 'href="/traces"' not in somebody.open("/")
    for path in ("/traces", "/traces/new", f"/traces/{trace['id']}"):
        somebody.open(path, 403)
    somebody.send("/traces/new", typed(), 403)


def test_a_supervisor_reads_a_trace_and_does_not_close_it(signed_in, trace):
    somebody = signed_in("BRA", "supervisor")
    page = somebody.open(f"/traces/{trace['id']}")
    assert "/close" not in page and "/traces/new" not in somebody.open("/traces")
    somebody.open(f"/traces/{trace['id']}/close", 403)


def test_a_notification_leads_to_its_trace(analyst, as_actor, bra, pry):
    body = bodies.transfer(visibility="pointer")
    as_actor("PRY", "licensing_officer").post("/transfers", body)
    trace = bra.post("/traces", bodies.trace()).json
    [asked] = pry.get("/requests").json["items"]
    pry.post(f"/requests/{asked['id']}/no_record", {}, 200, If_Match='"1"')
    assert f'href="/traces/{trace["id"]}"' in analyst.open("/notifications")


@pytest.mark.parametrize("language", WORDS)
def test_the_pages_of_traces_speak_the_readers_language(analyst, trace, language):
    title, one, point, ask = WORDS[language]
    headers = {"Accept_Language": language}
    page = analyst.open("/traces", **headers)
    assert f"<h1>{title}</h1>" in page and ask in page
    page = analyst.open(f"/traces/{trace['id']}", **headers)
    assert f"<h1>{one}</h1>" in page and point in page
    assert f"<h1>{ask}</h1>" in analyst.open("/traces/new", **headers)
    form = analyst.open(f"/traces/{trace['id']}/feedback", **headers)
    assert f'<html lang="{language}">' in form


def test_a_draft_says_before_it_is_sent_why_it_may_fail(analyst, bra):
    gun = bodies.firearm()
    del gun["make"]
    draft = bra.post("/traces", bodies.trace(firearm=gun, draft=True)).json
    page = analyst.open(f"/traces/{draft['id']}")
    said = text(page)
    assert "The trace has no make." in said and "What would help most" in said
    assert said.index("The trace has no make.") < said.index("Send")


def test_a_trace_that_was_sent_is_advised_no_more(analyst, trace):
    assert "Before it is sent" not in text(analyst.open(f"/traces/{trace['id']}"))


def test_a_trace_is_kept_from_agencies_and_let_be_seen_again(analyst, trace):
    form = analyst.open(f"/traces/{trace['id']}/hide")
    assert opened(form)[:3] == [("Brazil", True), ("Paraguay", True), ("Antigua & Barbuda", False)]
    boxes = {code: name for name, code in
             re.findall(r'name="(hidden_from[^"]+)" value="([A-Z-]+)"', form)}  # fmt: skip
    assert "BRA-TEST" not in boxes and len({*boxes.values()}) == len(boxes)  # the first is his own
    kept = ["BRA-POLICE", "PRY-POLICE", "URY-POLICE"]
    done = step(analyst, trace, "hide", **{boxes[code]: code for code in kept})
    said = text(analyst.open(done.location))
    assert "✓ It is kept from BRA-POLICE; PRY-POLICE, Paraguay; URY-POLICE, Uruguay by now." in said
    form = analyst.open(f"/traces/{trace['id']}/hide")
    assert re.findall(r'value="([A-Z-]+)" checked', form) == kept
    assert [state for state, is_open in opened(form) if is_open] == [
        "Brazil",
        "Paraguay",
        "Uruguay",
    ]
    done = analyst.open(step(analyst, trace, "hide").location)
    assert "Kept from" not in text(done) and "✓ It is kept from no agency by now." in text(done)


def opened(form):
    """Return the states whose agencies a form offers, and whether they are shown at once."""
    found = re.findall(r'<details class="group"( open)?>\s*<summary>([^<]+)</summary>', form)
    return [(state.replace("&amp;", "&"), bool(is_open)) for is_open, state in found]


def test_the_fields_of_the_american_form_are_offered_where_it_is_used(analyst, trace, bra):
    for state, channel in (("DEU", "etrace"), ("ITA", "iarms")):
        more = {"state": state, "reason": "Import mark", "channel": channel}
        bra.post(f"/traces/{trace['id']}/legs", more)
    said = text(analyst.open(f"/traces/{trace['id']}"))
    assert said.count("Form to send (PDF)") == 2
    assert re.findall(r"Fields of ATF F 3312.1 \(CSV\) : (\w+)", said) == ["Germany"]


def test_by_which_channel_a_state_is_asked_that_takes_no_part_is_asked_for_on_top(analyst, bra):
    made = bra.post(
        "/traces", bodies.trace(firearm=bodies.firearm(country_of_manufacture="DEU"))
    ).json
    [leg] = [one["id"] for one in made["legs"] if one["state"] == "DEU"]
    address, path = f"/traces/{made['id']}", f"/traces/{made['id']}/legs/{leg}/channel"
    page = analyst.open(address)
    said = text(page)
    asks = "Germany takes no part: it learns of nothing until you send it the form."
    assert said.index(asks) < said.index("Result so far")
    assert "By INTERPOL iARMS, unless you choose another channel." in said
    assert said.count("To be sent by you") == 2 and said.count("Sent") == 2  # of the trace
    assert page.count(f'href="{path}"') == 2
    assert 'value="iarms" selected' in analyst.open(path)
    assert 'id="channel-wrong"' in analyst.send(path, {"channel": ""}, 422).text
    left = "Sent ■ Forms still to be sent by you: Germany"
    assert left in said and left in text(analyst.open("/traces"))
    other = text(analyst.open(analyst.send(path, {"channel": "post"}).location))
    assert asks in other and "To be sent by you" in other
    sent = text(analyst.open(analyst.send(path, {"channel": "post", "sent": "true"}).location))
    assert asks not in sent and "To be sent by you" not in sent and "The form went out" in sent
    page = analyst.open(analyst.send(path, {"channel": "mla"}).location)
    assert asks in text(page)  # by this one nothing went out
    page = analyst.open(analyst.send(path, {"channel": "mla", "reference": "M-1"}).location)
    said = text(page)
    assert "✓ The channel is kept." in said and "Mutual legal assistance M-1" in said
    assert asks not in said and "Forms still to be sent" not in said
    former = analyst.send(path, {"channel": "iarms", "reference": "M-1"})  # as the form was opened
    said = text(analyst.open(former.location))
    assert "M-1" not in said and left in said
    again = {"channel": "iarms", "reference": "I-7"}
    assert "INTERPOL iARMS I-7" in text(analyst.open(analyst.send(path, again).location))
    assert "INTERPOL iARMS I-7" in text(analyst.open(analyst.send(path, again).location))
    reply = f"/traces/{made['id']}/legs/{leg}/reply"
    page = analyst.open(reply)
    assert "<title>Write down what came back" in page
    assert "it takes no part, and reads nothing of this" in text(page)
    assert '<button class="button">Write down what came back</button>' in page
    analyst.send(reply, {"status": "no_record", "text": "None"})
    assert path not in analyst.open(address)


def test_a_state_that_was_never_sent_its_form_is_shown_so_when_the_trace_has_ended(analyst, bra):
    gun = bodies.firearm(serial="ZZZ98765", country_of_manufacture="DEU")
    path = f"/traces/{bra.post('/traces', bodies.trace(firearm=gun)).json['id']}"
    bra.change(path, "close")
    said = text(analyst.open(path))
    assert said.count("Never sent") == 2 and "To be sent by you" not in said
    assert "The answer of Germany: its form was not sent before the trace ended." in said


def test_agencies_are_kept_from_a_trace_before_anybody_is_asked(analyst, as_actor):
    done = analyst.send("/traces/new", typed(hidden_from="PRY-POLICE\n"))
    trace_id = done.location.split("/")[-1].split("?")[0]
    assert as_actor("BRA", "trace_analyst").get(f"/traces/{trace_id}").json["hidden_from"] == [
        "PRY-POLICE"
    ]
    page = analyst.send("/traces/new", typed(case_number="C-2", hidden_from="PRY-NONE"), 422).text
    assert "There is no agency PRY-NONE." in page and 'id="hidden_from"' in page.replace("-", "_")


def test_work_is_assigned_to_one_of_those_who_may_do_it(analyst, trace, signed_in):
    signed_in("BRA", "supervisor")
    signed_in("BRA", "police_officer")
    signed_in("PRY", "trace_analyst")
    form = analyst.open(f"/traces/{trace['id']}/assign")
    assert re.findall(r'<option value="([a-z._]+)"', form) == [
        "bra.police_officer", "bra.trace_analyst",
    ]  # fmt: skip


def test_states_stand_in_sentences_by_their_names(analyst, as_actor, bra):
    as_actor("BRA", "licensing_officer").post("/transfers", bodies.transfer(kind="registration"))
    as_actor("ARG", "licensing_officer").post("/transfers", bodies.transfer(number="T-9"))
    trace = bra.post("/traces", bodies.trace(case_number="C-9")).json
    said = text(analyst.open(f"/traces/{trace['id']}", Accept_Language="es"))
    assert "Argentina registró el arma cuando estaba en otro Estado (Brasil)" in said


def test_a_state_that_answered_gets_no_form_of_a_reply(analyst, as_actor, bra):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    trace = bra.post("/traces", bodies.trace(case_number="C-9")).json
    [leg] = [one["id"] for one in trace["legs"] if one["state"] == "PRY"]
    page = analyst.open(f"/traces/{trace['id']}/legs/{leg}/reply", 409)
    assert "This is not possible now" in page and '<form class="form"' not in page
    analyst.open(f"/traces/{trace['id']}/legs/{trace['id']}/reply", 404)
