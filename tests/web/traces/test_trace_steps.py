"""Actions on the pages of a trace: approve, send, assign, hide from agencies, close."""

import re

import pytest

from tests.support import bodies
from tests.web.pages import text
from tests.web.tracing import step, typed


def test_a_draft_says_before_it_is_sent_why_it_may_fail(analyst, bra):
    gun = bodies.firearm()
    del gun["make"]
    draft = bra.post("/traces", bodies.trace(firearm=gun, draft=True)).json
    shown = text(analyst.open(f"/traces/{draft['id']}"))
    assert "The trace has no make." in shown and "What would help most" in shown
    assert shown.index("The trace has no make.") < shown.index("Send")


def test_a_trace_that_was_sent_is_advised_no_more(analyst, trace):
    assert "Before it is sent" not in text(analyst.open(f"/traces/{trace['id']}"))


def test_a_draft_is_approved_by_a_second_person_and_sent(analyst, signed_in):
    done = analyst.send("/traces/new", typed(draft="true"))
    page = analyst.open(done.location)
    trace = {"id": re.search(r"/traces/([0-9a-f-]{36})", done.location)[1]}
    assert "✓ The draft is saved." in text(page) and "Nobody was asked yet." in page
    supervisor = signed_in("BRA", "supervisor")
    shown = text(supervisor.open(step(supervisor, trace, "approve").location))
    assert "who leads traces was notified and sends it" in shown and "send it." not in shown
    assert "send it." in text(analyst.open(f"/traces/{trace['id']}"))
    assert "✓ Approved" in shown and "/send" not in supervisor.open(f"/traces/{trace['id']}")
    shown = text(analyst.open(step(analyst, trace, "send").location))
    assert "✓ The trace is sent." in shown


def test_who_drafted_a_trace_is_not_offered_to_approve_it(analyst, signed_in):
    page = analyst.open(analyst.send("/traces/new", typed(draft="true")).location)
    assert "/approve" not in page and "/decline" not in page


def test_who_drafted_a_trace_reads_why_it_was_declined(analyst, signed_in, bra):
    draft = bra.post("/traces", bodies.trace(draft=True)).json
    supervisor = signed_in("BRA", "supervisor")
    assert 'id="text-wrong"' in step(supervisor, draft, "decline", 422).text
    step(supervisor, draft, "decline", text="Name the law")
    shown = text(analyst.open(f"/traces/{draft['id']}"))
    assert "A second person did not approve Name the law" in shown and "bra.supervisor" in shown
    assert "A second person did not approve a trace of yours" in analyst.open("/notifications")


@pytest.mark.parametrize(
    ("name", "fields", "shown"),
    [
        ("close", {}, "■ Closed"),
        ("withdraw", {}, "✕ Withdrawn"),
        ("feedback", {"helped": "true", "text": "We found him"}, "It helped We found him"),
        ("notes", {"text": "Ask the bench"}, "Ask the bench"),
        ("assign", {"username": "bra.trace_analyst"}, "Assigned to bra.trace_analyst"),
    ],
)
def test_each_step_is_taken_and_shown(analyst, trace, name, fields, shown):
    assert shown in text(analyst.open(step(analyst, trace, name, **fields).location))


def test_the_state_of_the_maker_is_asked_by_one_button_and_an_unknown_origin_given(analyst, bra):
    gun = bodies.firearm(make="Glock")
    del gun["country_of_manufacture"]
    trace = bra.post("/traces", bodies.trace(firearm=gun)).json
    page = analyst.open(f"/traces/{trace['id']}")
    shown = text(page)
    assert "Not all that may know were asked" in shown and "Completed" not in shown
    assert f"/traces/{trace['id']}/origin" in analyst.open(f"/traces/{trace['id']}")
    names = ("state", "reason", "channel")
    fields = {name: re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in names}
    assert fields["state"] == "AUT" and "Ask Austria" in shown
    page = analyst.open(step(analyst, trace, "legs", **fields).location)
    assert "Ask Austria" not in text(page) and "to be sent by you: Austria" in text(page)


def test_a_supervisor_reads_a_trace_and_does_not_close_it(signed_in, trace):
    someone = signed_in("BRA", "supervisor")
    page = someone.open(f"/traces/{trace['id']}")
    assert "/close" not in page and "/traces/new" not in someone.open("/traces")
    someone.open(f"/traces/{trace['id']}/close", 403)


def test_work_is_assigned_to_one_of_those_who_may_do_it(analyst, trace, signed_in):
    signed_in("BRA", "supervisor")
    signed_in("BRA", "police_officer")
    signed_in("PRY", "trace_analyst")
    form = analyst.open(f"/traces/{trace['id']}/assign")
    assert re.findall(r'<option value="([a-z._]+)"', form) == [
        "bra.police_officer",
        "bra.trace_analyst",
    ]


def test_agencies_are_hidden_from_a_trace_before_anybody_is_asked(analyst, as_actor):
    done = analyst.send("/traces/new", typed(hidden_from="PRY-POLICE,"))
    trace_id = done.location.split("/")[-1].split("?")[0]
    assert as_actor("BRA", "trace_analyst").get(f"/traces/{trace_id}").json["hidden_from"] == [
        "PRY-POLICE"
    ]
    page = analyst.send("/traces/new", typed(case_number="C-2", hidden_from="PRY-NONE"), 422).text
    assert "There is no agency PRY-NONE." in page and 'id="hidden_from"' in page.replace("-", "_")


def test_a_trace_is_hidden_from_agencies_and_let_be_seen_again(analyst, trace):
    form = analyst.open(f"/traces/{trace['id']}/hide")
    assert '<option value="BRA-POLICE">' in form and "PRY-POLICE" not in form
    assert '<option value="BRA-TEST">' not in form  # his own
    done = step(analyst, trace, "hide", hidden_from="bra-police, PRY-POLICE URY-POLICE")
    shown = text(analyst.open(done.location))
    assert (
        "✓ Access is now restricted for BRA-POLICE; PRY-POLICE, Paraguay; URY-POLICE, Uruguay."
        in shown
    )
    form = analyst.open(f"/traces/{trace['id']}/hide")
    assert 'value="BRA-POLICE, PRY-POLICE, URY-POLICE"' in form
    done = analyst.open(step(analyst, trace, "hide").location)
    assert "Hidden from" not in text(
        done
    ) and "✓ Access is no longer restricted for any agency." in text(done)
