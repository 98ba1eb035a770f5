"""What is said of a trace before it is sent: from how such traces ended, and how many records fit."""

import pytest
from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.models import RollupDelta
from salsa_ext.services import rollups
from tests import bodies
from tests.conftest import NOW

LAST_YEAR = NOW.date().replace(year=2025)


@pytest.fixture
def analyst(as_actor):
    return as_actor("BRA", "trace_analyst")


def vague(*left_out, **changes):
    gun = bodies.firearm(**changes)
    for name in ("model", "country_of_manufacture", *left_out):
        gun.pop(name, None)
    return gun


def draft(client, *left_out, **changes):
    return client.post(
        "/traces", bodies.trace(firearm=vague(*left_out, **changes), draft=True)
    ).json


def ended(state, profile, outcome, amount, on=LAST_YEAR):
    cell = rollups.Cell("trace_profiles", state, f"{profile}:{outcome}", on)
    rollups.add({cell: amount})


def lack(said, field):
    [found] = [one for one in said["missing"] if one["field"] == field]
    return found


def test_a_draft_says_what_it_lacks_and_that_a_prior_speaks(analyst):
    said = draft(analyst, "make")["advice"]
    assert (said["basis"], said["traces"], said["fits"]) == ("prior", None, None)
    assert {one["field"] for one in said["missing"]} == {"make", "origin", "model"}
    assert lack(said, "make")["texts"][0] == "The trace has no make."
    assert said["next"] in ("make", "origin")


def test_a_trace_that_was_sent_has_no_advice_in_its_body(analyst):
    made = draft(analyst, "make")
    sent = analyst.post(f"/traces/{made['id']}/send", None, 200, If_Match='"1"').json
    assert made["advice"] and sent["advice"] is None


def test_traces_of_the_own_past_are_learned_from(as_actor, analyst):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    for _ in range(10):
        analyst.post("/traces", bodies.trace(firearm=vague()))
        analyst.post("/traces", bodies.trace(firearm=vague("make", serial="ZZZ987654")))
    said = draft(analyst, "make", serial="ZZZ987654")["advice"]
    found = lack(said, "make")
    assert (found["basis"], found["share_without"], found["share_with"]) == ("own", 0.0, 1.0)
    assert (said["next"], said["basis"], said["traces"], said["answered"]) == ("make", "own", 10, 0)
    assert found["texts"][1] == (
        "Of 10 traces of your state that lacked this too, 0 were answered; of 10 that had it,"
        " 10 were."
    )


def test_what_is_learned_of_a_gun_later_moves_its_trace_to_another_profile(as_actor):
    police = as_actor("BRA", "police_officer")
    item = bodies.firearm(serial="QQ*", marking="altered")
    seizure = police.post("/seizures", bodies.seizure(items=[item])).json
    police.post("/traces", bodies.trace_of(seizure["id"]))
    assert counted() == {"part:not_traced": 1}
    mark = {"kind": "manufacture", "text": "QQ123456", "location": "frame", "method": "chemical",
            "reason": "Etched"}  # fmt: skip
    as_actor("BRA", "forensic_examiner").post(f"/seizures/{seizure['id']}/items/1/marks", mark)
    assert counted() == {"complete:not_traced": 1}


def counted():
    found = {}
    for row in db.session.scalars(
        select(RollupDelta).where(RollupDelta.dataset == "trace_profiles")
    ):
        found[row.subject] = found.get(row.subject, 0) + row.amount
    return {subject: amount for subject, amount in found.items() if amount}


REGION = {"make-origin-model": (6, 30), "origin-model": (30, 9)}


def of_region(states, **changes):
    for profile, (answered, failed) in (REGION | changes).items():
        for place, state in enumerate(states):
            rest = len(states)
            ended(state, profile, "traced", answered // rest + (place < answered % rest))
            ended(state, profile, "not_traced", failed // rest + (place < failed % rest))


def test_where_the_own_are_few_those_of_several_other_states_tell(analyst):
    of_region(("PRY", "URY", "ARG"))
    found = lack(draft(analyst, "make")["advice"], "make")
    assert (found["basis"], found["share_without"]) == ("region", round(6 / 36, 3))
    assert "of other states" in found["texts"][1]


def test_traces_of_two_other_states_are_not_told(analyst):
    of_region(("PRY", "URY"))
    assert lack(draft(analyst, "make")["advice"], "make")["basis"] == "prior"


@pytest.mark.parametrize("few", [(4, 30), (30, 4)])
def test_a_few_answered_or_a_few_others_are_not_told(analyst, few):
    of_region(("PRY", "URY", "ARG"), **{"make-origin-model": few})
    assert lack(draft(analyst, "make")["advice"], "make")["basis"] == "prior"


def test_the_quarter_that_runs_is_not_told(analyst):
    for state in ("PRY", "URY", "ARG"):
        for profile in REGION:
            ended(state, profile, "traced", 10, on=NOW.date())
            ended(state, profile, "not_traced", 10, on=NOW.date())
    assert lack(draft(analyst, "make")["advice"], "make")["basis"] == "prior"


def test_the_search_says_how_many_records_fit_and_what_the_make_would_leave(as_actor, analyst):
    clerk = as_actor("PRY", "licensing_officer")
    for place in range(12):
        gun = bodies.firearm(serial="4711", make=("Taurus", "Rossi", "Colt")[place % 3],
                             calibre=("9x19", ".38 Special")[place % 2], model=None)  # fmt: skip
        del gun["model"]
        clerk.post("/transfers", bodies.transfer(firearm=gun, number=f"V-{place}"))
    made = draft(analyst, "make", "calibre", serial="4711")
    assert made["advice"]["fits"] is None  # the body of a draft is no search
    said = analyst.get(f"/traces/{made['id']}/advice").json
    assert said["fits"]["at_least"] == 10
    assert lack(said, "make")["left"] == 3
    assert lack(said, "calibre")["left"] == 5
    assert "With it, few of the records" in lack(said, "make")["texts"][2]


def test_fewer_than_five_records_are_not_told_of(as_actor, analyst):
    clerk = as_actor("PRY", "licensing_officer")
    for number in range(4):
        clerk.post("/transfers", bodies.transfer(number=f"V-{number}"))
    made = draft(analyst, "make")
    assert analyst.get(f"/traces/{made['id']}/advice").json["fits"] is None


def test_what_is_silent_is_not_counted(as_actor, analyst):
    clerk = as_actor("PRY", "licensing_officer")
    for number in range(6):
        clerk.post("/transfers", bodies.transfer(number=f"V-{number}", visibility="silent"))
    made = draft(analyst, "make")
    assert analyst.get(f"/traces/{made['id']}/advice").json["fits"] is None


def test_the_own_audit_keeps_that_advice_was_asked(as_actor, analyst):
    made = draft(analyst, "make")
    analyst.get(f"/traces/{made['id']}/advice")
    found = as_actor("BRA", "auditor").get("/audit?action=trace:advised").json["items"]
    assert [one["subject_id"] for one in found] == [made["id"]]


def test_advice_is_given_in_the_language_that_is_asked_for(analyst):
    made = draft(analyst, "make")
    said = analyst.get(f"/traces/{made['id']}/advice", Accept_Language="es").json
    assert lack(said, "make")["texts"][0] == "El rastreo no indica la marca."


def test_another_state_gets_no_advice(as_actor, analyst):
    made = draft(analyst, "make")
    as_actor("PRY", "trace_analyst").get(f"/traces/{made['id']}/advice", 404)


def test_a_draft_follows_the_seizure_that_is_corrected_by_what_it_lacked(as_actor, analyst):
    police = as_actor("BRA", "police_officer")
    seized = police.post("/seizures", bodies.seizure(items=[vague("make")])).json
    made = analyst.post("/traces", bodies.trace_of(seized["id"], draft=True)).json
    assert lack(made["advice"], "make")
    corrected = bodies.seizure(items=[vague()]) | {"reason": "The make was read"}
    tag = police.get(f"/seizures/{seized['id']}").headers["ETag"]
    police.post(f"/seizures/{seized['id']}/correct", corrected, 200, If_Match=tag)
    now = analyst.get(f"/traces/{made['id']}").json
    assert (now["firearm"]["make"], now["version"]) == ("taurus", made["version"] + 1)
    assert "make" not in [one["field"] for one in now["advice"]["missing"]]
