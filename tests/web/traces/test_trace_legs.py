"""Answers of the states of a trace, on its page: questions, refusals, and states that do not participate."""

import re

import pytest

from tests.support import bodies
from tests.web.pages import text
from tests.web.tracing import step


def test_a_trace_shows_what_each_state_said_why_and_how_far_its_records_reach(analyst, trace):
    shown = text(analyst.open(f"/traces/{trace['id']}"))
    assert "Paraguay ✓ Answered by the service, at once" in shown
    assert "Why it was asked" in shown and "Its records reach through" in shown


def test_a_question_is_replied_to(analyst, as_actor, bra, pry_analyst):
    body = bodies.transfer(visibility="pointer")
    as_actor("PRY", "licensing_officer").post("/transfers", body)
    trace = bra.post("/traces", bodies.trace()).json
    [asked] = pry_analyst.get("/requests").json["items"]
    pry_analyst.post(
        f"/requests/{asked['id']}/ask-questions",
        {"questions": ["Which side?"]},
        200,
        If_Match='"1"',
    )
    page = analyst.open(f"/traces/{trace['id']}")
    assert "Which side?" in page
    path = re.search(r'href="(/traces/[^"]+/reply)"', page)[1]
    assert "Which side?" in text(analyst.open(path))
    assert 'id="text-wrong"' in analyst.send(path, {}, 422).text
    shown = text(analyst.open(analyst.send(path, {"text": "The left side"}).location))
    assert "✓ The reply is saved." in shown and "The left side" in shown


def test_clarification_of_a_refusal_is_sought_on_the_page(analyst, as_actor, bra, pry_analyst):
    body = bodies.transfer(visibility="pointer")
    as_actor("PRY", "licensing_officer").post("/transfers", body)
    trace = bra.post("/traces", bodies.trace()).json
    [asked] = pry_analyst.get("/requests").json["items"]
    no = {"reason": "national_security", "text": "No"}
    pry_analyst.post(f"/requests/{asked['id']}/refuse", no, 200, If_Match='"1"')
    page = analyst.open(f"/traces/{trace['id']}")
    analyst.send(re.search(r'href="(/traces/[^"]+/reply)"', page)[1], {"text": "For whom?"})
    assert pry_analyst.get(f"/requests/{asked['id']}").json["status"] == "acknowledged"


def test_a_state_that_answered_gets_no_form_of_a_reply(analyst, as_actor, bra):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    trace = bra.post("/traces", bodies.trace(case_number="C-9")).json
    [leg] = [each["id"] for each in trace["legs"] if each["state"] == "PRY"]
    page = analyst.open(f"/traces/{trace['id']}/legs/{leg}/reply", 409)
    assert "This is not possible now" in page and '<form class="form"' not in page
    analyst.open(f"/traces/{trace['id']}/legs/{trace['id']}/reply", 404)


def test_a_state_that_takes_no_part_is_asked_by_another_channel_and_its_answer_written_down(
    analyst, trace
):
    fields = {"state": "ESP", "reason": "Import mark", "channel": "iarms", "reference": "T-7"}
    assert 'id="state-wrong"' in step(analyst, trace, "legs", 422).text
    silent = step(analyst, trace, "legs", 422, state="ESP", reason="Import mark").text
    assert (
        'id="channel-wrong"' in silent and "This state does not participate: say by which" in silent
    )
    page = analyst.open(step(analyst, trace, "legs", **fields).location)
    assert "INTERPOL iARMS T-7" in text(page)
    path = re.search(r'href="(/traces/[^"]+/reply)"', page)[1]
    came = {
        "text": "Sold in 2020",
        "status": "answered",
        "events.0.event": "domestic_sale",
        "events.0.occurred_on": "2020-01-02",
    }
    page = analyst.open(analyst.send(path, came).location)
    assert "Domestic sale" in text(page) and "2 Jan 2020 · Spain" in text(page)
    assert path in page  # more may come back
    assert "Without an event nothing joins the chain." in text(analyst.open(path))
    assert 'id="additional-wrong"' in analyst.send(path, came, 422).text
    bought = came | {"events.0.occurred_on": "2021-03-04", "reply_class": "purchaser_identified"}
    page = text(analyst.open(analyst.send(path, bought | {"additional": "true"}).location))
    assert "2 Jan 2020 · Spain" in page and "4 Mar 2021 · Spain" in page
    assert "As the tracing center classed it Purchaser identified" in page
    page = text(analyst.open(analyst.send(path, bought | {"additional": "false"}).location))
    assert "2 Jan 2020 · Spain" not in page and "4 Mar 2021 · Spain" in page


def test_a_leg_by_another_channel_has_its_form_to_send_and_a_trace_its_report(
    analyst, signed_in, trace
):
    fields = {"state": "ESP", "reason": "Import mark", "channel": "iarms"}
    page = analyst.open(step(analyst, trace, "legs", **fields).location)
    [form] = re.findall(r'href="([^"]+/form\.pdf)\?channel=iarms"', page)
    assert analyst.client.get(form).data.startswith(b"%PDF")
    assert analyst.client.get(f"/traces/{trace['id']}/report.pdf").data.startswith(b"%PDF")
    supervisor = signed_in("BRA", "supervisor")
    assert form not in supervisor.open(f"/traces/{trace['id']}")
    supervisor.open(form, 403)
    signed_in("PRY", "trace_analyst").open(form, 404)


def test_the_fields_of_the_american_form_are_offered_where_it_is_used(analyst, trace, bra):
    path = f"/traces/{trace['id']}/legs"
    bra.post(path, {"state": "ITA", "reason": "Import mark", "channel": "iarms"})
    legs = bra.post(path, {"state": "USA", "reason": "Import mark"}).json["legs"]
    [leg] = [leg["id"] for leg in legs if leg["state"] == "USA"]
    page = analyst.open(f"/traces/{trace['id']}")
    assert "Ask by another channel too : United States" in text(page)
    asked = analyst.send(f"{path}/{leg}/attempt", {"channel": "etrace"})
    page = analyst.open(asked.location)
    shown = text(page)
    assert "✓ The channel is saved." in shown and "To be sent by you eTrace" in shown
    assert shown.count("Form to send (PDF)") == 2
    assert re.findall(r"Fields of ATF F 3312.1 \(CSV\) : (\w+)", shown) == ["United"]
    assert "ABC123456" in analyst.open(f"{path}/{leg}/form.csv")
    number = {"channel": "etrace", "reference": "T1"}
    refused = analyst.send(f"{path}/{leg}/attempt", number, 422).text
    assert "ORI number" in text(refused) and 'href="/agencies?state=BRA"' in refused
    [fill_in] = re.findall(r'href="([^"]+)">Fill in for eTrace', refused)
    assert "NCIC crime code" in analyst.open(fill_in)
    assert 'name="confirm_incomplete"' in refused
    analyst.send(f"{path}/{leg}/attempt", number | {"confirm_incomplete": "true"})
    reply = f"{path}/{leg}/attempt_reply"
    assert 'value="etrace" selected' in analyst.open(f"{reply}?channel=etrace")
    came = {"channel": "etrace", "reply_class": "dealer_out_of_business", "text": "Closed in 2001"}
    shown = text(analyst.open(analyst.send(reply, came).location))
    assert "Dealer out of business" in shown and "Closed in 2001" in shown


def test_by_which_channel_a_state_is_asked_that_takes_no_part_is_asked_for_on_top(analyst, bra):
    made = bra.post(
        "/traces", bodies.trace(firearm=bodies.firearm(country_of_manufacture="DEU"))
    ).json
    [leg] = [each["id"] for each in made["legs"] if each["state"] == "DEU"]
    shown = text(analyst.open(f"/traces/{made['id']}?done=asked"))
    assert "✓ The trace is sent. Send the form to: Germany." in shown
    address, path = f"/traces/{made['id']}", f"/traces/{made['id']}/legs/{leg}/channel"
    page = analyst.open(address)
    words = text(page)
    asks = "Germany does not participate: it learns of nothing until you send it the form."
    assert words.index(asks) < words.index("Result so far")
    assert "By INTERPOL iARMS, unless you choose another channel." in words
    assert words.count("Takes no part; not asked yet") == 2  # at its leg, and who was searched
    assert page.count(f'href="{path}"') == 2
    assert 'value="iarms" selected' in analyst.open(path)
    assert 'id="channel-wrong"' in analyst.send(path, {"channel": ""}, 422).text
    left = "Sent ■ Forms still to be sent by you: Germany"
    assert left in words and left in text(analyst.open("/traces"))
    other = text(analyst.open(analyst.send(path, {"channel": "mail"}).location))
    assert asks in other and "Takes no part; not asked yet" in other
    sent = text(analyst.open(analyst.send(path, {"channel": "mail", "sent": "true"}).location))
    assert asks not in sent and "Takes no part" not in sent and "The form went out" in sent
    page = analyst.open(analyst.send(path, {"channel": "mla"}).location)
    assert asks in text(page)  # by this one nothing went out
    page = analyst.open(analyst.send(path, {"channel": "mla", "reference": "M-1"}).location)
    words = text(page)
    assert "✓ The channel is saved." in words and "Mutual legal assistance M-1" in words
    assert asks not in words and "Forms still to be sent" not in words
    former = analyst.send(path, {"channel": "iarms", "reference": "M-1"})  # as the form was opened
    words = text(analyst.open(former.location))
    assert "M-1" not in words and "To be sent by you" in words
    again = {"channel": "iarms", "reference": "I-7"}
    assert "INTERPOL iARMS I-7" in text(analyst.open(analyst.send(path, again).location))
    assert "INTERPOL iARMS I-7" in text(analyst.open(analyst.send(path, again).location))
    reply = f"/traces/{made['id']}/legs/{leg}/reply"
    page = analyst.open(reply)
    assert "<title>Write down what came back" in page
    assert "it does not participate, and reads nothing of this" in text(page)
    assert '<button class="button">Write down what came back</button>' in page
    analyst.send(reply, {"status": "no_record", "text": "None"})
    assert path not in analyst.open(address)


def test_a_state_that_was_never_sent_its_form_is_shown_so_when_the_trace_has_ended(analyst, bra):
    gun = bodies.firearm(serial="ZZZ98765", country_of_manufacture="DEU")
    path = f"/traces/{bra.post('/traces', bodies.trace(firearm=gun)).json['id']}"
    bra.change(path, "close")
    shown = text(analyst.open(path))
    assert shown.count("Never sent") == 2 and "To be sent by you" not in shown
    assert "The answer of Germany: its form was not sent before the trace ended." in shown


def test_an_answer_from_outside_is_shown_as_the_word_of_who_wrote_it_down(analyst, trace, bra):
    path = f"/traces/{trace['id']}"
    bra.post(f"{path}/legs", {"state": "ESP", "reason": "Import mark", "channel": "mail"})
    [leg] = [each["id"] for each in bra.get(path).json["legs"] if each["state"] == "ESP"]
    reply = f"{path}/legs/{leg}/reply"
    form = text(analyst.open(reply))
    assert "Day of the answer" in form and "Day on which the form went out" in form
    came = {
        "text": "By letter",
        "status": "answered",
        "events.0.event": "domestic_sale",
        "events.0.occurred_on": "2020-01-02",
        "answered_on": "2026-03-04",
    }
    early = analyst.send(reply, came | {"sent_on": "2026-03-05"}, 422).text
    assert 'id="answered_on-wrong"' in early
    shown = text(analyst.open(analyst.send(reply, came | {"sent_on": "2026-03-02"}).location))
    assert "The form went out 2 Mar 2026 Answered 4 Mar 2026 Written down 9 Mar 2026" in shown
    whose = "Written down by an officer of Brazil: Spain answered it by another channel"
    assert f"{whose} on 4 Mar 2026." in shown
    assert "As a person of that state says" not in shown


def test_of_days_that_nobody_wrote_down_the_page_says_so(analyst, trace, bra):
    path = f"/traces/{trace['id']}"
    bra.post(f"{path}/legs", {"state": "ESP", "reason": "Import mark", "channel": "mail"})
    [leg] = [each["id"] for each in bra.get(path).json["legs"] if each["state"] == "ESP"]
    bra.post(f"{path}/legs/{leg}/reply", {"text": "None", "status": "no_record"})
    shown = text(analyst.open(path))
    assert shown.count("on a day that nobody wrote down") == 2 and "Asked 9 Mar 2026" in shown


@pytest.mark.parametrize("action", [None, "close"])
def test_the_refusing_state_is_next_to_the_status_and_at_its_leg(
    analyst, as_actor, bra, pry_analyst, action
):
    sold = bodies.transfer(visibility="pointer")
    as_actor("PRY", "licensing_officer").post("/transfers", sold)
    path = f"/traces/{bra.post('/traces', bodies.trace()).json['id']}"
    [asked] = pry_analyst.get("/requests").json["items"]
    no = {"reason": "national_security", "text": "No"}
    pry_analyst.change(f"/requests/{asked['id']}", "refuse", no)
    if action:
        bra.change(path, action)
    page = text(analyst.open(path))
    assert ("✕ All that were asked refused" in page) is (action is None)
    assert "✕ Refused by: Paraguay" in page and "Paraguay ✕ Refused" in page
    assert "✕ Refused by: Paraguay" in text(analyst.open("/traces"))


def test_what_the_form_of_etrace_lacks_is_named_with_where_it_is_given(analyst, bra):
    gun = bodies.firearm()
    del gun["country_of_manufacture"]
    trace = bra.post("/traces", bodies.trace(firearm=gun)).json
    asked = {"state": "USA", "reason": "A witness", "channel": "etrace"}
    path = f"/traces/{trace['id']}"
    bra.post(f"{path}/legs", asked)
    page = analyst.open(path)
    links = dict(re.findall(r'<a href="([^"]+)">(\w+ [^<]+)</a>', page))
    assert links[f"{path}/etrace_data#crime_code"] == "2a NCIC crime code"
    assert links["/agencies"] == "4a ORI number"
    assert links[f"{path}/origin"] == "5g Country of origin"
    form = analyst.open(f"{path}/etrace_data")
    assert "4a ORI number" in form and re.search(r'id="crime_code" required', form)


def test_an_answer_of_the_own_register_is_written_down_in_words_of_its_own(analyst, trace):
    [leg] = [each["id"] for each in trace["legs"] if each["state"] == "BRA"]
    shown = text(analyst.open(f"/traces/{trace['id']}/legs/{leg}/attempt_reply?channel=mail"))
    assert "Write down what your own register answered" in shown
    assert "tracing center" not in shown and "reads nothing" not in shown
