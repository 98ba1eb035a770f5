"""Advice on a trace before it is sent: what it lacks, and what would help."""

from tests.support import bodies


def vague(*left_out, **changes):
    gun = bodies.firearm(**changes)
    for name in ("model", "country_of_manufacture", *left_out):
        gun.pop(name, None)
    return gun


def draft(client, *left_out, **changes):
    return client.post(
        "/traces", bodies.trace(firearm=vague(*left_out, **changes), draft=True)
    ).json


def lack(said, field):
    [found] = [each for each in said["missing"] if each["field"] == field]
    return found


def test_a_draft_says_what_it_lacks_and_that_this_is_an_assumption(analyst):
    result = draft(analyst, "make")["advice"]
    assert "not a measurement" in result["text"]
    assert {each["field"] for each in result["missing"]} == {"make", "origin", "model"}
    assert lack(result, "make")["texts"][0] == "The trace has no make."
    assert result["next"] == "make"


def test_a_trace_that_was_sent_has_no_advice_in_its_body(analyst):
    made = draft(analyst, "make")
    sent = analyst.post(f"/traces/{made['id']}/send", None, 200, If_Match='"1"').json
    assert made["advice"] and sent["advice"] is None


def test_advice_is_given_in_the_language_that_is_asked_for(analyst):
    made = draft(analyst, "make")
    answer = analyst.get(f"/traces/{made['id']}/advice", Accept_Language="es").json
    assert lack(answer, "make")["texts"][0] == "El rastreo no indica el fabricante."


def test_a_draft_follows_the_seizure_that_is_corrected_by_what_it_lacked(analyst, police):
    seized = police.post("/seizures", bodies.seizure(items=[vague("make")])).json
    made = analyst.post("/traces", bodies.trace_of(seized["id"], draft=True)).json
    assert lack(made["advice"], "make")
    corrected = bodies.seizure(items=[vague()]) | {"reason": "The make was read"}
    tag = police.get(f"/seizures/{seized['id']}").headers["ETag"]
    police.post(f"/seizures/{seized['id']}/correct", corrected, 200, If_Match=tag)
    now = analyst.get(f"/traces/{made['id']}").json
    assert (now["firearm"]["make"], now["version"]) == ("taurus", made["version"] + 1)
    assert "make" not in [each["field"] for each in now["advice"]["missing"]]
