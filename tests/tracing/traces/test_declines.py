"""A second person's decline counts of what was declined: until it is approved, or asks something else."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning

MARK = {
    "kind": "manufacture",
    "text": "TKA52385",
    "location": "frame",
    "method": "chemical",
    "reason": "Etched",
}


@pytest.fixture
def wants(as_actor):
    def change(**settings):
        admin = as_actor("BRA", "state_administrator")
        admin.post("/settings", settings, 200, If_Match=admin.get("/settings").headers["ETag"])

    return change


@beginning
def declined(as_actor):
    """A draft that a supervisor declined; nobody has to approve it."""
    made = as_actor("BRA", "trace_analyst").post("/traces", bodies.trace(draft=True)).json
    path = f"/traces/{made['id']}"
    as_actor("BRA", "supervisor").change(path, "reject", {"text": "Which law?"})
    return path


def amend(analyst, path, **changes):
    analyst.change(path, "amend", bodies.trace(**changes))


def sent(as_actor):
    [entry] = as_actor("BRA", "auditor").get("/audit?action=trace:sent").json["items"]
    return entry["data"]


def test_what_was_declined_is_sent_where_that_is_confirmed_and_the_audit_says_so(
    as_actor, analyst, declined
):
    assert "or change it first" in analyst.change(declined, "send", {}, 409).json["detail"]
    analyst.change(declined, "send", {"confirm_rejected": True})
    assert sent(as_actor)["overruled"] is True


def test_what_asks_something_else_by_now_was_not_declined(as_actor, analyst, declined):
    amend(analyst, declined, legal_basis="Law 2, article 7")
    assert analyst.change(declined, "send").json["status"] == "completed"
    assert "overruled" not in sent(as_actor)


def test_what_asks_again_as_it_was_declined_is_declined(analyst, declined):
    amend(analyst, declined, legal_basis="Law 2, article 7")
    amend(analyst, declined)
    analyst.change(declined, "send", {}, 409)


def test_what_was_approved_since_is_not_declined_though_it_waits_anew(
    as_actor, analyst, wants, police, supervisor
):
    gun = bodies.firearm(serial="TKA5*", marking="altered")
    seizure = police.post("/seizures", bodies.seizure(items=[gun])).json["id"]
    path = f"/traces/{analyst.post('/traces', bodies.trace_of(seizure, draft=True)).json['id']}"
    supervisor.change(path, "reject", {"text": "Which law?"})
    wants(trace_approval="own")
    analyst.change(path, "send")
    supervisor.change(path, "approve")
    as_actor("BRA", "forensic_examiner").post(f"/seizures/{seizure}/items/1/marks", MARK)
    assert analyst.get(path).json["status"] == "draft"
    wants(trace_approval="none")
    assert analyst.change(path, "send").json["status"] != "draft"
