"""Each state says for itself whether the records of a match are of one gun."""

import pytest

from tests.support import bodies
from tests.support.matches import act, correct, matches, sold


def test_a_match_is_confirmed_and_the_other_state_is_not_bound(as_actor, police, pry_police):
    sold(as_actor)
    police.post("/seizures", bodies.seizure())
    [match] = matches(police)
    result = act(police, match, "confirm", reason="Compared on the bench")
    assert (result["status"], result["version"], result["reason"]) == (
        "confirmed",
        2,
        "Compared on the bench",
    )
    assert result["decided_by"].startswith("police_officer-") and result["decided_at"]
    assert matches(pry_police)[0]["status"] == "proposed"


def test_a_decision_is_taken_back_by_the_other_one(as_actor, police):
    sold(as_actor)
    police.post("/seizures", bodies.seizure())
    [match] = matches(police)
    act(police, match, "reject", reason="Another importer's mark")
    assert act(police, match, "confirm")["status"] == "confirmed"
    result = act(police, match, "reject", reason="It is another gun after all")
    assert (result["status"], result["version"]) == ("rejected", 4)


def test_what_is_decided_is_not_decided_so_again(as_actor, police):
    sold(as_actor)
    police.post("/seizures", bodies.seizure())
    [match] = matches(police)
    act(police, match, "confirm")
    assert act(police, match, "confirm", 409)["code"] == "illegal_transition"


def test_many_matches_are_rejected_for_one_reason_and_not_proposed_again(as_actor, police):
    for kind in ("manufacture", "domestic_sale", "private_sale"):
        sold(as_actor, kind=kind)
    made = police.post("/seizures", bodies.seizure()).json
    first, *others = matches(police)
    ids = [each["id"] for each in others]
    act(police, first, "reject", reason="Seen", reason_code="neighbour", others=ids)
    assert {(each["status"], each["reason_code"]) for each in matches(police)} == {
        ("rejected", "neighbour")
    }
    correct(police, "seizures", made, bodies.seizure(reason="Day", occurred_on="2026-03-02"))
    assert {each["status"] for each in matches(police)} == {"rejected"}
    act(police, matches(police)[0], "confirm")
    assert matches(police, "?status=confirmed")[0]["reason_code"] is None
    left = police.get(f"/matches/{ids[0]}").json
    act(police, left, "reject", 409, reason="Again")


def test_several_sure_matches_are_confirmed_at_once_or_none(as_actor, police):
    for kind in ("manufacture", "domestic_sale", "private_sale"):
        sold(as_actor, kind=kind)
    police.post("/seizures", bodies.seizure())
    first, *others = matches(police)
    read = [{"id": each["id"], "version": each["version"]} for each in others]
    stale = [read[0], {**read[1], "version": 9}]
    act(police, first, "confirm", 412, others=stale)
    assert {each["status"] for each in matches(police)} == {"proposed"}
    act(police, first, "confirm", others=read, reason="Compared")
    assert {each["status"] for each in matches(police)} == {"confirmed"}


def test_a_rejection_says_why(as_actor, police):
    sold(as_actor)
    police.post("/seizures", bodies.seizure())
    [match] = matches(police)
    assert list(act(police, match, "reject", 422)["errors"]) == ["reason"]
    assert list(act(police, match, "reject", 422, reason_code="other")["errors"]) == ["reason"]
    assert act(police, match, "reject", reason_code="neighbour")["reason"] is None


@pytest.mark.parametrize("header,status", [({}, 428), ({"If_Match": '"7"'}, 412)])
def test_a_decision_names_the_version_that_was_read(as_actor, police, header, status):
    sold(as_actor)
    police.post("/seizures", bodies.seizure())
    [match] = matches(police)
    police.post(f"/matches/{match['id']}/confirm", {}, status, **header)


def test_a_decision_is_in_the_audit(as_actor, police):
    sold(as_actor)
    police.post("/seizures", bodies.seizure())
    [match] = matches(police)
    act(police, match, "confirm")
    for action in ("match:proposed", "match:confirmed"):
        [entry] = as_actor("BRA", "auditor").get(f"/audit?action={action}").json["items"]
        assert entry["subject_id"] == match["id"]


def test_the_officer_who_judged_is_named_next_to_the_account(as_actor, police):
    sold(as_actor)
    police.post("/seizures", bodies.seizure())
    [match] = matches(police)
    by = {"If_Match": '"1"', "Salsa_Officer": "PF-77"}
    answer = police.post(f"/matches/{match['id']}/confirm", {}, 200, **by).json
    account, _, officer = answer["decided_by"].partition(" ")
    assert account and officer == "PF-77"
    assert matches(police)[0]["decided_by"] == answer["decided_by"]
