"""Each state says for itself whether the records of a match are of one gun."""

import pytest

from tests.support import bodies
from tests.support.matches import act, matches, sold


def test_a_match_is_confirmed_and_the_other_state_is_not_bound(as_actor, bra, pry):
    sold(as_actor)
    bra.post("/seizures", bodies.seizure())
    [match] = matches(bra)
    said = act(bra, match, "confirm", reason="Compared on the bench")
    assert (said["status"], said["version"], said["reason"]) == (
        "confirmed",
        2,
        "Compared on the bench",
    )
    assert said["decided_by"].startswith("police_officer-") and said["decided_at"]
    assert matches(pry)[0]["status"] == "proposed"


def test_a_decision_is_taken_back_by_the_other_one(as_actor, bra):
    sold(as_actor)
    bra.post("/seizures", bodies.seizure())
    [match] = matches(bra)
    act(bra, match, "reject", reason="Another importer's mark")
    assert act(bra, match, "confirm")["status"] == "confirmed"
    said = act(bra, match, "reject", reason="It is another gun after all")
    assert (said["status"], said["version"]) == ("rejected", 4)


def test_what_is_decided_is_not_decided_so_again(as_actor, bra):
    sold(as_actor)
    bra.post("/seizures", bodies.seizure())
    [match] = matches(bra)
    act(bra, match, "confirm")
    assert act(bra, match, "confirm", 409)["code"] == "illegal_transition"


def test_a_rejection_says_why(as_actor, bra):
    sold(as_actor)
    bra.post("/seizures", bodies.seizure())
    [match] = matches(bra)
    assert list(act(bra, match, "reject", 422)["errors"]) == ["reason"]


@pytest.mark.parametrize("header,status", [({}, 428), ({"If_Match": '"7"'}, 412)])
def test_a_decision_names_the_version_that_was_read(as_actor, bra, header, status):
    sold(as_actor)
    bra.post("/seizures", bodies.seizure())
    [match] = matches(bra)
    bra.post(f"/matches/{match['id']}/confirm", {}, status, **header)


def test_a_decision_stands_in_the_audit(as_actor, bra):
    sold(as_actor)
    bra.post("/seizures", bodies.seizure())
    [match] = matches(bra)
    act(bra, match, "confirm")
    for action in ("match:proposed", "match:confirmed"):
        [entry] = as_actor("BRA", "auditor").get(f"/audit?action={action}").json["items"]
        assert entry["subject_id"] == match["id"]


def test_the_officer_who_judged_is_named_beside_the_account(as_actor, bra):
    sold(as_actor)
    bra.post("/seizures", bodies.seizure())
    [match] = matches(bra)
    by = {"If_Match": '"1"', "Salsa_Officer": "PF-77"}
    said = bra.post(f"/matches/{match['id']}/confirm", {}, 200, **by).json
    account, _, officer = said["decided_by"].partition(" ")
    assert account and officer == "PF-77"
    assert matches(bra)[0]["decided_by"] == said["decided_by"]
