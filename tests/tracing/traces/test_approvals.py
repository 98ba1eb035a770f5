"""Second persons for traces: of the own state, or none with a notice."""

import pytest
from sqlalchemy import select

from salsa_ext.database.session import db
from salsa_ext.tracing.traces.models import Trace
from tests.support import bodies
from tests.support.papers import text_of


@pytest.fixture
def wants(of):
    def change(expect=200, state="BRA", **settings):
        admin = of(state, "state_administrator")
        tag = admin.get("/settings").headers["ETag"]
        return admin.post("/settings", settings, expect, If_Match=tag).json

    return change


def ask(of, **changes):
    return of("BRA").post("/traces", bodies.trace(**changes)).json


def move(client, trace, action, expect=200):
    tag = client.get(f"/traces/{trace['id']}").headers["ETag"]
    return client.post(f"/traces/{trace['id']}/{action}", None, expect, If_Match=tag).json


def codes(client):
    return [item["code"] for item in client.get("/notifications").json["items"]]


def test_a_state_that_wants_nothing_sends_at_once(of):
    made = ask(of)
    assert (made["status"], made["approval"]) == ("completed", None)


def test_where_a_second_person_is_wanted_the_trace_waits_for_one(of, wants):
    wants(trace_approval="own")
    supervisor, made = of("BRA", "supervisor"), ask(of)
    assert (made["status"], made["legs"], made["sent_at"]) == ("draft", [], None)
    assert made["approval"]["by"] is None
    assert codes(supervisor) == ["trace_to_approve"]
    assert move(supervisor, made, "approve")["approval"]["by"] == "own"
    assert codes(of("BRA")) == ["trace_approved"]
    assert move(of("BRA"), made, "send")["status"] == "completed"


def test_a_second_person_of_the_own_state_declines_and_says_why_and_is_asked_anew(of, wants):
    wants(trace_approval="own")
    made, supervisor = ask(of), of("BRA", "supervisor")
    path = f"/traces/{made['id']}/reject"
    tag = supervisor.get(f"/traces/{made['id']}").headers["ETag"]
    supervisor.post(path, {}, 422, If_Match=tag)
    declined = supervisor.post(path, {"text": "Which law?"}, 200, If_Match=tag).json
    assert (declined["status"], declined["approval"]) == ("draft", None)
    [answer] = of("BRA").get(f"/traces/{made['id']}").json["notes"]
    assert (answer["kind"], answer["text"]) == ("decline", "Which law?")
    assert "trace_declined" in codes(of("BRA"))
    [entry] = of("BRA", "auditor").get("/audit?action=trace:declined").json["items"]
    assert entry["data"] == {"by": "BRA"}
    assert move(of("BRA"), made, "send")["approval"]["asked_at"]
    assert codes(supervisor) == ["trace_to_approve"] * 2
    assert move(supervisor, made, "approve")["approval"]["by"] == "own"


def test_who_drafted_a_trace_does_not_decline_it_nor_one_that_was_sent(of, wants):
    made = ask(of)
    tag = of("BRA").get(f"/traces/{made['id']}").headers["ETag"]
    of("BRA").post(f"/traces/{made['id']}/reject", {"text": "No"}, 403, If_Match=tag)
    of("BRA", "supervisor").post(f"/traces/{made['id']}/reject", {"text": "No"}, 409, If_Match=tag)


def test_what_waits_already_is_not_asked_for_again(of, wants):
    wants(trace_approval="own")
    move(of("BRA"), ask(of), "send", 409)


def test_a_draft_that_is_sent_waits_too(of, wants):
    wants(trace_approval="own")
    made = ask(of, draft=True)
    assert made["approval"] is None
    sent = move(of("BRA"), made, "send")
    assert sent["status"] == "draft" and sent["approval"]["asked_at"]


def test_a_state_alone_sends_with_a_notice_that_stays(of, wants):
    wants(trace_approval="alone")
    made = ask(of)
    assert (made["status"], made["approval"]["by"]) == ("completed", "alone")
    assert of("BRA", "auditor").get("/audit?action=trace:unapproved").json["items"]
    report = of("BRA").get(f"/traces/{made['id']}/report")
    assert "without a second person" in " ".join(text_of(report.get_data()).split())


def test_a_state_with_three_persons_lets_one_of_them_approve(of, as_actor, wants):
    wants(trace_approval="alone")
    for _ in range(3):
        as_actor("BRA", "supervisor")
    made = ask(of)
    assert (made["status"], made["approval"]["by"]) == ("draft", None)
    assert "trace_approval" in wants(422, trace_approval="alone")["errors"]


def test_what_waits_is_sent_where_nobody_is_wanted_any_more(of, wants):
    wants(trace_approval="own")
    made = ask(of)
    wants(trace_approval="none")
    assert move(of("BRA"), made, "send")["status"] == "completed"


@pytest.mark.parametrize("kind", ["some", "partner"])
def test_what_cannot_be_wanted_is_refused(wants, kind):
    assert "trace_approval" in wants(422, trace_approval=kind)["errors"]


def test_of_a_draft_that_was_declined_nothing_is_kept_as_shown(of, wants, run):
    wants(trace_approval="own")
    made, supervisor = ask(of), of("BRA", "supervisor")
    supervisor.change(f"/traces/{made['id']}", "reject", {"text": "No legal basis"})
    shown = select(Trace.approval_snapshot).where(Trace.id == made["id"])
    assert run("BRA", lambda actor: db.session.scalar(shown)) is None
