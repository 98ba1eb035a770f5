"""Approvals are hidden from agencies too, and never wait for those who must not see them."""

import pytest

from tests.support import bodies

OFFICE = "POLICE"
KEPT_HERE = [f"BRA-{OFFICE}"]


def move(client, path, action, body=None):
    tag = client.get(path).headers["ETag"]
    return client.post(f"{path}/{action}", body, 200, If_Match=tag).json


@pytest.fixture
def wants(administrator):

    def change(**settings):
        tag = administrator.get("/settings").headers["ETag"]
        administrator.post("/settings", settings, 200, If_Match=tag)

    return change


def codes(client):
    return [item["code"] for item in client.get("/notifications").json["items"]]


OWN_LOST = "Nobody in your state may approve this trace"


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


def test_the_asker_is_notified_when_no_approver_is_left(as_actor, analyst, wants):
    wants(trace_approval="own")
    as_actor("BRA", "supervisor", agency=OFFICE)
    path = f"/traces/{analyst.post('/traces', bodies.trace()).json['id']}"
    assert codes(analyst) == []
    hidden = move(analyst, path, "restrict", {"hidden_from": KEPT_HERE})
    assert [each[: len(OWN_LOST)] for each in hidden["remarks"]] == [OWN_LOST]
    assert codes(analyst) == ["trace_unapprovable"]


def test_nobody_does_without_a_second_person_by_hiding_it_from_those_of_the_own_state(
    as_actor, analyst, wants
):
    wants(trace_approval="alone")
    for _ in range(3):
        as_actor("BRA", "supervisor", agency=OFFICE)
    made = analyst.post("/traces", bodies.trace(hidden_from=KEPT_HERE)).json
    assert (made["status"], made["approval"]["by"]) == ("draft", None)
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
    hidden = move(analyst, f"/traces/{made['id']}", "restrict", {"hidden_from": KEPT_HERE})
    assert hidden["approval"]["asked_at"]


def test_the_author_of_a_hidden_draft_sees_where_it_no_longer_waits(as_actor, analyst, wants):
    as_actor("BRA", "supervisor")
    wants(trace_approval="own")
    path = f"/traces/{analyst.post('/traces', bodies.trace()).json['id']}"
    wants(trace_approval="none")
    assert move(analyst, path, "restrict", {"hidden_from": KEPT_HERE})["approval"] is None
    assert codes(analyst) == ["approval_lapsed"]
