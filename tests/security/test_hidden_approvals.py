"""What a second person is asked is kept from agencies too, and never waits for who must not see it."""

import pytest

from tests import bodies

CASE, OFFICE = "KEPT-C-77", "POLICE"
KEPT_HERE, KEPT_THERE = [f"BRA-{OFFICE}"], [f"PRY-{OFFICE}"]


def move(client, path, action, body=None):
    tag = client.get(path).headers["ETag"]
    return client.post(f"{path}/{action}", body, 200, If_Match=tag).json


@pytest.fixture
def wants(as_actor):
    admin = as_actor("BRA", "state_administrator")

    def change(**settings):
        tag = admin.get("/settings").headers["ETag"]
        admin.post("/settings/change", settings, 200, If_Match=tag)

    return change


@pytest.fixture
def analyst(as_actor):
    return as_actor("BRA", "trace_analyst")


@pytest.fixture
def second(as_actor):
    """Paraguay's supervisor who may see it all."""
    return as_actor("PRY", "supervisor")


@pytest.fixture
def kept(as_actor):
    """Paraguay's supervisor of the agency that must not see it in the end."""
    return as_actor("PRY", "supervisor", agency=OFFICE)


@pytest.fixture
def trace(analyst, wants, second, kept):
    """A trace that waits for Paraguay, and which all of Paraguay may see so far."""
    wants(trace_approval="partner", trace_approver="PRY")
    return f"/traces/{analyst.post('/traces', bodies.trace(case_number=CASE)).json['id']}"


def ids(client):
    return [one["id"] for one in client.get("/approvals").json["items"]]


def finds_nothing(client):
    paths = ("/approvals", "/notifications", "/audit")
    return all(CASE not in client.get(path).get_data(as_text=True) for path in paths)


def codes(client):
    return [one["code"] for one in client.get("/notifications").json["items"]]


@pytest.fixture
def decided(as_actor, second, trace, wants):
    def decide(how):
        if how == "declined":
            move(second, f"/approvals/{ids(second)[0]}", "decline", {"text": "Which law?"})
        if how == "approved at home":
            move(as_actor("BRA", "supervisor"), trace, "approve")
        if how == "asked elsewhere":
            as_actor("URY", "supervisor")
            wants(trace_approver="URY")
            move(as_actor("BRA", "trace_analyst"), trace, "send")

    return decide


@pytest.mark.parametrize("how", ["declined", "approved at home", "asked elsewhere"])
def test_who_was_ever_asked_learns_later_of_its_agency(analyst, second, kept, trace, decided, how):
    decided(how)
    assert not finds_nothing(kept)
    move(analyst, trace, "hide", {"hidden_from": KEPT_THERE})
    assert finds_nothing(kept) and not finds_nothing(second)
    move(analyst, trace, "hide", {"hidden_from": []})
    assert not finds_nothing(kept)


def test_who_is_asked_anew_keeps_all_that_was_asked_of_the_trace(analyst, second, kept, trace):
    move(second, f"/approvals/{ids(second)[0]}", "decline", {"text": "Which law?"})
    move(analyst, trace, "hide", {"hidden_from": KEPT_THERE})
    move(analyst, trace, "send")
    assert (len(ids(second)), ids(kept)) == (2, [])


def test_what_the_partner_keeps_of_the_request_it_keeps_of_what_it_approved(
    as_actor, analyst, second, kept, trace
):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(visibility="pointer"))
    move(second, f"/approvals/{ids(second)[0]}", "grant", {})
    move(analyst, trace, "send")
    partner = as_actor("PRY", "trace_analyst")
    [request] = partner.get("/requests").json["items"]
    move(partner, f"/requests/{request['id']}", "hide", {"hidden_from": KEPT_THERE})
    assert (len(ids(second)), ids(kept)) == (1, [])


OWN_LOST = "Nobody is left in your state who may approve this trace"
THERE_LOST = "Nobody is left in Paraguay who may approve this trace"


def test_where_nobody_of_the_own_state_may_see_it_who_asks_reads_so_at_once(
    as_actor, analyst, wants
):
    wants(trace_approval="own")
    as_actor("BRA", "supervisor", agency=OFFICE)
    made = analyst.post("/traces", bodies.trace(hidden_from=KEPT_HERE)).json
    assert made["status"] == "draft" and made["remarks"][0].startswith(OWN_LOST)
    assert codes(analyst) == ["trace_unapprovable"]
    as_actor("BRA", "supervisor")
    assert analyst.get(f"/traces/{made['id']}").json["remarks"] == []


def test_who_asks_is_told_once_the_last_who_may_approve_is_kept_from_it(as_actor, analyst, wants):
    wants(trace_approval="own")
    as_actor("BRA", "supervisor", agency=OFFICE)
    path = f"/traces/{analyst.post('/traces', bodies.trace()).json['id']}"
    assert codes(analyst) == []
    hidden = move(analyst, path, "hide", {"hidden_from": KEPT_HERE})
    assert [one[: len(OWN_LOST)] for one in hidden["remarks"]] == [OWN_LOST]
    assert codes(analyst) == ["trace_unapprovable"]


def test_a_partner_of_whom_nobody_may_see_it_says_so_at_once(as_actor, analyst, wants, kept):
    wants(trace_approval="partner", trace_approver="PRY")
    made = analyst.post("/traces", bodies.trace(hidden_from=KEPT_THERE)).json
    assert (made["status"], made["approval"]) == ("draft", None)
    assert made["remarks"][-1].startswith(THERE_LOST)
    assert (codes(analyst), ids(kept)) == (["trace_unapprovable"], [])
    path = f"/traces/{made['id']}"
    move(analyst, path, "hide", {"hidden_from": []})
    assert move(analyst, path, "send")["approval"]["state"] == "PRY"
    hidden = move(analyst, path, "hide", {"hidden_from": KEPT_THERE})
    assert hidden["approval"] is None and hidden["remarks"][-1].startswith(THERE_LOST)
    [said, _] = as_actor("PRY", "supervisor").get("/approvals").json["items"]
    assert (said["status"], said["reason"]) == ("declined", None)


@pytest.mark.parametrize("kind", ["alone", "partner"])
def test_nobody_does_without_a_second_person_by_hiding_it_from_those_of_the_own_state(
    as_actor, analyst, second, wants, kind
):
    wants(trace_approval=kind, trace_approver="PRY")
    for _ in range(3):
        as_actor("BRA", "supervisor", agency=OFFICE)
    made = analyst.post("/traces", bodies.trace(hidden_from=KEPT_HERE)).json
    assert (made["status"], made["approval"]["state"], ids(second)) == ("draft", "BRA", [])
    assert made["remarks"][0].startswith(OWN_LOST) and codes(analyst) == ["trace_unapprovable"]
    as_actor("BRA", "supervisor")
    path = f"/traces/{made['id']}"
    assert analyst.get(path).json["remarks"] == []
    tag = analyst.get(path).headers["ETag"]
    analyst.post(f"{path}/send", None, 409, If_Match=tag)


def test_a_draft_that_waits_stays_so_whoever_it_is_then_kept_from(as_actor, analyst, wants):
    wants(trace_approval="alone")
    for agency in (OFFICE, OFFICE, "TEST"):
        as_actor("BRA", "supervisor", agency=agency)
    made = analyst.post("/traces", bodies.trace()).json
    hidden = move(analyst, f"/traces/{made['id']}", "hide", {"hidden_from": KEPT_HERE})
    assert (hidden["approval"]["state"], bool(hidden["approval"]["asked_at"])) == ("BRA", True)


def test_who_leads_a_draft_is_told_where_it_waits_no_more_once_it_is_kept_from_others(
    analyst, second, trace, wants
):
    wants(trace_approval="none")
    assert move(analyst, trace, "hide", {"hidden_from": KEPT_HERE})["approval"] is None
    assert codes(analyst) == ["approval_lapsed"]
    assert second.get("/approvals").json["items"][0]["status"] == "withdrawn"
