"""Second persons for traces: of the own state, of a partner that sees the least, or none with a notice."""

import pytest
from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.models import Outbox, Trace
from salsa_ext.readmodels.approvals import as_asked
from tests import bodies
from tests.papers import text_of


@pytest.fixture
def wants(of):
    def change(expect=200, state="BRA", **settings):
        admin = of(state, "state_administrator")
        tag = admin.get("/settings").headers["ETag"]
        return admin.post("/settings/change", settings, expect, If_Match=tag).json

    return change


def ask(of, **changes):
    return of("BRA").post("/traces", bodies.trace(**changes)).json


def move(client, trace, action, expect=200):
    tag = client.get(f"/traces/{trace['id']}").headers["ETag"]
    return client.post(f"/traces/{trace['id']}/{action}", None, expect, If_Match=tag).json


def decide(of, action, body=None, expect=200, state="PRY"):
    supervisor = of(state, "supervisor")
    [asked] = supervisor.get("/approvals?status=asked").json["items"]
    tag = supervisor.get(f"/approvals/{asked['id']}").headers["ETag"]
    path = f"/approvals/{asked['id']}/{action}"
    return supervisor.post(path, body or {}, expect, If_Match=tag).json


def codes(client):
    return [one["code"] for one in client.get("/notifications").json["items"]]


def test_a_state_that_wants_nothing_sends_at_once(of):
    made = ask(of)
    assert (made["status"], made["approval"]) == ("answered", None)


def test_where_a_second_person_is_wanted_the_trace_waits_for_one(of, wants):
    wants(trace_approval="own")
    supervisor, made = of("BRA", "supervisor"), ask(of)
    assert (made["status"], made["legs"], made["sent_at"]) == ("draft", [], None)
    assert (made["approval"]["by"], made["approval"]["state"]) == (None, "BRA")
    assert codes(supervisor) == ["trace_to_approve"]
    assert move(supervisor, made, "approve")["approval"]["by"] == "own"
    assert codes(of("BRA")) == ["trace_approved"]
    assert move(of("BRA"), made, "send")["status"] == "answered"


def test_a_second_person_of_the_own_state_declines_and_says_why_and_is_asked_anew(of, wants):
    wants(trace_approval="own")
    made, supervisor = ask(of), of("BRA", "supervisor")
    path = f"/traces/{made['id']}/decline"
    tag = supervisor.get(f"/traces/{made['id']}").headers["ETag"]
    supervisor.post(path, {}, 422, If_Match=tag)
    declined = supervisor.post(path, {"text": "Which law?"}, 200, If_Match=tag).json
    assert (declined["status"], declined["approval"]) == ("draft", None)
    [said] = of("BRA").get(f"/traces/{made['id']}").json["notes"]
    assert (said["kind"], said["text"]) == ("decline", "Which law?")
    assert "trace_declined" in codes(of("BRA"))
    [entry] = of("BRA", "auditor").get("/audit?action=trace:declined").json["items"]
    assert entry["data"] == {"by": "BRA"}
    assert move(of("BRA"), made, "send")["approval"]["asked_at"]
    assert codes(supervisor) == ["trace_to_approve"] * 2
    assert move(supervisor, made, "approve")["approval"]["by"] == "own"


def test_what_the_own_state_declines_a_partner_has_not_to_approve_any_more(of, asked):
    supervisor = of("BRA", "supervisor")
    tag = supervisor.get(f"/traces/{asked['id']}").headers["ETag"]
    supervisor.post(f"/traces/{asked['id']}/decline", {"text": "No"}, 200, If_Match=tag)
    assert of("PRY", "supervisor").get("/approvals").json["items"][0]["status"] == "withdrawn"
    assert move(of("BRA"), asked, "send")["approval"]["state"] == "PRY"


def test_who_drafted_a_trace_does_not_decline_it_nor_one_that_was_sent(of, wants):
    made = ask(of)
    tag = of("BRA").get(f"/traces/{made['id']}").headers["ETag"]
    of("BRA").post(f"/traces/{made['id']}/decline", {"text": "No"}, 403, If_Match=tag)
    supervisor = of("BRA", "supervisor")
    supervisor.post(f"/traces/{made['id']}/decline", {"text": "No"}, 409, If_Match=tag)


def test_what_waits_already_is_not_asked_for_again(of, wants):
    wants(trace_approval="own")
    move(of("BRA"), ask(of), "send", 409)


def test_a_draft_that_is_sent_waits_too(of, wants):
    wants(trace_approval="own")
    made = ask(of, draft=True)
    assert made["approval"] is None
    sent = move(of("BRA"), made, "send")
    assert sent["status"] == "draft" and sent["approval"]["asked_at"]


@pytest.fixture
def asked(of, wants):
    of("PRY", "supervisor")
    wants(trace_approval="partner", trace_approver="PRY")
    return ask(of)


def test_a_partner_approves_for_a_state_with_too_few_persons(of, asked):
    assert (asked["status"], asked["approval"]["state"]) == ("draft", "PRY")
    assert codes(of("PRY", "supervisor")) == ["approval_asked"]
    assert decide(of, "grant", {"text": "In order"})["status"] == "granted"
    read = of("BRA").get(f"/traces/{asked['id']}").json
    assert (read["status"], read["approval"]["by"], read["approval"]["state"]) == (
        "approved", "partner", "PRY",
    )  # fmt: skip
    assert "trace_approved" in codes(of("BRA"))
    assert move(of("BRA"), asked, "send")["status"] == "answered"


def test_the_partner_sees_neither_the_gun_nor_how_it_was_found(of, asked):
    supervisor = of("PRY", "supervisor")
    [seen] = supervisor.get("/approvals").json["items"]
    assert set(seen) == {
        "id", "version", "state", "asking_state", "case_number", "status", "type", "priority",
        "urgency_justified", "legal_basis", "illicit_reason", "intended_use", "needed_by",
        "confidentiality_requested", "asked_at", "decided_at", "reason", "changed",
    }  # fmt: skip
    told = supervisor.get(f"/approvals/{seen['id']}").get_data(as_text=True)
    for hidden in ("ABC123456", "Taurus", "9x19", "road block"):
        assert hidden not in told
    supervisor.get(f"/traces/{asked['id']}", 404)


@pytest.mark.parametrize("words", ["Suspect in custody", None])
def test_of_why_it_cannot_wait_the_partner_reads_that_it_is_said_and_no_word(of, wants, run, words):
    supervisor = of("PRY", "supervisor")
    wants(trace_approval="partner", trace_approver="PRY")
    urgent = {"priority": "urgent", "priority_reason": words} if words else {}
    ask(of, **urgent)
    [seen] = supervisor.get("/approvals").json["items"]
    assert seen["urgency_justified"] is bool(words) and "custody" not in str(seen)
    sent = run("BRA", lambda actor: db.session.scalars(select(Outbox.raw)).all())
    assert not any(b"custody" in bytes(raw) for raw in sent)
    [entry] = of("BRA", "auditor").get("/audit?action=trace:approval_asked").json["items"]
    assert "urgency_justified" in entry["data"]["shown"]
    assert "priority_reason" not in entry["data"]["shown"]


def test_the_words_of_an_older_version_are_shown_to_nobody():
    changed = [{"field": "priority_reason", "before": None, "after": "In custody"}]
    older = {"priority": "urgent", "priority_reason": "In custody", "changed": changed}
    shown = {"priority": "urgent", "urgency_justified": True, "changed": []}
    assert as_asked(older) == as_asked(shown) == shown


def test_what_the_partner_was_shown_is_written_down(of, asked):
    auditor = of("BRA", "auditor")
    [entry] = auditor.get("/audit?action=trace:approval_asked").json["items"]
    assert entry["data"]["to"] == "PRY" and "legal_basis" in entry["data"]["shown"]
    assert not {"serial", "circumstances", "firearm"} & set(entry["data"]["shown"])
    decide(of, "grant")
    for state, action in (("PRY", "approval:granted"), ("BRA", "trace:approved")):
        assert of(state, "auditor").get(f"/audit?action={action}").json["items"]


def test_a_partner_declines_and_says_why_and_may_be_asked_again(of, asked):
    decide(of, "decline", {}, 422)
    decide(of, "decline", {"text": "No legal basis"})
    read = of("BRA").get(f"/traces/{asked['id']}").json
    assert (read["status"], read["approval"]) == ("draft", None)
    assert read["notes"][-1]["text"] == "No legal basis"
    assert "trace_declined" in codes(of("BRA"))
    assert move(of("BRA"), asked, "send")["approval"]["state"] == "PRY"
    decide(of, "grant")
    assert of("BRA").get(f"/traces/{asked['id']}").json["status"] == "approved"


def test_of_a_draft_that_was_declined_nothing_is_kept_as_shown(of, asked, run):
    decide(of, "decline", {"text": "No legal basis"})
    shown = select(Trace.approval_shown).where(Trace.id == asked["id"])
    assert run("BRA", lambda actor: db.session.scalar(shown)) is None


def test_a_trace_that_is_withdrawn_has_nothing_to_be_approved(of, asked):
    move(of("BRA"), asked, "withdraw")
    supervisor = of("PRY", "supervisor")
    [seen] = supervisor.get("/approvals").json["items"]
    assert seen["status"] == "withdrawn"
    path = f"/approvals/{seen['id']}"
    tag = supervisor.get(path).headers["ETag"]
    supervisor.post(f"{path}/grant", {}, 409, If_Match=tag)


def test_a_second_person_of_the_own_state_is_enough(of, asked):
    assert move(of("BRA", "supervisor"), asked, "approve")["approval"]["by"] == "own"
    assert of("PRY", "supervisor").get("/approvals").json["items"][0]["status"] == "withdrawn"


def test_only_a_partner_that_was_asked_approves(of, asked):
    assert of("URY", "supervisor").get("/approvals").json["items"] == []
    [seen] = of("PRY", "supervisor").get("/approvals").json["items"]
    of("URY", "supervisor").get(f"/approvals/{seen['id']}", 404)
    of("PRY", "trace_analyst").get("/approvals", 403)


def test_a_state_alone_sends_with_a_notice_that_stays(of, wants):
    wants(trace_approval="alone")
    made = ask(of)
    assert (made["status"], made["approval"]["by"]) == ("answered", "alone")
    assert of("BRA", "auditor").get("/audit?action=trace:unapproved").json["items"]
    report = of("BRA").get(f"/traces/{made['id']}/report")
    assert "without a second person" in " ".join(text_of(report.get_data()).split())


@pytest.mark.parametrize("kind", ["partner", "alone"])
def test_a_state_with_three_persons_lets_one_of_them_approve(of, as_actor, wants, kind):
    of("PRY", "supervisor")
    wants(trace_approval=kind, trace_approver="PRY")
    for _ in range(3):
        as_actor("BRA", "supervisor")
    made = ask(of)
    assert (made["status"], made["approval"]["state"]) == ("draft", "BRA")
    assert "trace_approval" in wants(422, trace_approval=kind)["errors"]


@pytest.mark.parametrize("change,field", [
    ({"trace_approval": "partner"}, "trace_approver"),
    ({"trace_approver": "BRA"}, "trace_approver"),
    ({"trace_approver": "AUT"}, "trace_approver"),
    ({"trace_approval": "some"}, "trace_approval"),
])  # fmt: skip
def test_what_cannot_be_wanted_is_refused(wants, change, field):
    assert field in wants(422, **change)["errors"]


def test_a_partner_of_which_nobody_may_approve_is_refused(of, wants):
    said = wants(422, trace_approval="partner", trace_approver="URY")["errors"]
    assert (
        list(said) == ["trace_approver"]
        and "Nobody of URY may approve" in said["trace_approver"][0]
    )
    of("URY", "supervisor")
    wants(trace_approval="partner", trace_approver="URY")


def test_what_waits_for_a_partner_that_is_named_no_more_is_sent_anew(of, asked, wants):
    of("URY", "supervisor")
    wants(trace_approver="URY")
    assert move(of("BRA"), asked, "send")["approval"]["state"] == "URY"
    [withdrawn] = of("PRY", "supervisor").get("/approvals").json["items"]
    assert withdrawn["status"] == "withdrawn"
    move(of("BRA"), asked, "send", 409)
    wants(trace_approval="own")
    assert move(of("BRA"), asked, "send")["approval"]["state"] == "BRA"
    wants(trace_approval="none")
    assert move(of("BRA"), asked, "send")["status"] == "answered"


@pytest.mark.parametrize("action", ["grant", "decline"])
def test_what_a_partner_says_that_is_named_no_more_is_set_aside_and_who_is_named_is_asked(
    of, asked, wants, action
):
    supervisor = of("BRA", "supervisor")
    wants(trace_approval="own")
    told = decide(of, action, {"text": "In order"})
    assert told["status"] == ("withdrawn" if action == "grant" else "declined")
    read = of("BRA").get(f"/traces/{asked['id']}").json
    assert (read["status"], read["approval"]["by"], read["approval"]["state"]) == (
        "draft", None, "BRA",
    )  # fmt: skip
    said = next(one for one in read["notes"] if one["kind"] == "approval_set_aside")
    assert (said["text"], said["code"]) == ("In order", "not_wanted")
    withdrawn = [one for one in read["notes"] if one["kind"] == "approval_withdraw"]
    assert len(withdrawn) == (action == "grant")
    assert (codes(of("BRA")), codes(supervisor)) == (["approval_lapsed"], ["trace_to_approve"])
    assert move(supervisor, asked, "approve")["approval"]["by"] == "own"


def test_where_nobody_is_wanted_any_more_what_a_partner_says_is_told_who_sends_it(of, asked, wants):
    wants(trace_approval="none")
    decide(of, "grant")
    assert codes(of("BRA")) == ["approval_lapsed"]
    assert move(of("BRA"), asked, "send")["status"] == "answered"
