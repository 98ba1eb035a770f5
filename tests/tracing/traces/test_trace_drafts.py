"""Drafts of traces: changed whole, judged as new ones are, with who was asked about them asked anew."""

import pytest

from tests.support import bodies


def drafted(analyst, **changes):
    return analyst.post("/traces", bodies.trace(draft=True, **changes)).json


def amend(analyst, trace, expect=200, tag=None, **changes):
    tag = tag or analyst.get(f"/traces/{trace['id']}").headers["ETag"]
    body = {name: value for name, value in bodies.trace(**changes).items() if value is not None}
    return analyst.post(f"/traces/{trace['id']}/amend", body, expect, If_Match=tag).json


def test_what_was_missing_of_a_described_gun_is_completed_and_the_advice_follows(analyst):
    trace = drafted(analyst, firearm={"serial": "ABC123456", "type": "pistol"})
    assert "make" in [lack["field"] for lack in trace["advice"]["missing"]]
    changed = amend(analyst, trace, circumstances="Found in a lorry")
    assert (changed["firearm"]["make"], changed["circumstances"]) == ("taurus", "Found in a lorry")
    assert changed["advice"]["missing"] == [] and changed["version"] == trace["version"] + 1


def test_a_value_left_out_of_a_changed_draft_is_removed(analyst):
    trace = drafted(analyst, priority="urgent", priority_reason="A hearing", needed_by="2026-04-01")
    changed = amend(analyst, trace)
    assert (changed["priority"], changed["priority_reason"]) == ("routine", None)
    assert changed["needed_by"] is None


def test_the_audit_names_what_was_changed(as_actor, analyst):
    amend(analyst, drafted(analyst), legal_basis="Law 2", case_number="C-2")
    [entry] = as_actor("BRA", "auditor").get("/audit?action=trace:amended").json["items"]
    assert entry["data"] == {"changed": ["case_number", "legal_basis"]}


def test_a_draft_is_judged_as_a_new_trace_is(analyst):
    trace = drafted(analyst)
    result = amend(analyst, trace, 422, priority="flash", found_on=None, needed_by="2020-01-01")
    assert set(result["errors"]) == {"priority_reason", "found_on", "needed_by"}
    result = amend(analyst, trace, 422, needed_by="2020-01-01", found_on="2026-05-01")
    assert set(result["errors"]) == {"needed_by", "found_on"}
    assert amend(analyst, trace, 422, firearm=None, found_on=None)["errors"] == {
        "firearm": ["Describe the gun."]
    }


def test_a_draft_that_becomes_the_second_trace_of_a_gun_wants_a_word(analyst):
    other = analyst.post("/traces", bodies.trace()).json
    trace = drafted(analyst, case_number="C-2")
    assert other["id"] in amend(analyst, trace, 409, confirm_second=False)["detail"]
    assert amend(analyst, trace, confirm_second=False, case_number="C-2")["case_number"] == "C-2"
    assert amend(analyst, trace)["case_number"] == "C-1"


def test_only_a_draft_is_changed_by_who_read_it(as_actor, analyst):
    trace = drafted(analyst)
    amend(analyst, trace, 412, '"99"')
    tag = analyst.get(f"/traces/{trace['id']}").headers["ETag"]
    as_actor("BRA", "supervisor").post(f"/traces/{trace['id']}/approve", None, 200, If_Match=tag)
    body = amend(analyst, trace, 409)["detail"]
    assert body == "“change” is not possible: this trace is approved. Possible now: send, withdraw."
    as_actor("PRY", "trace_analyst").post(
        f"/traces/{trace['id']}/amend", bodies.trace(), 404, If_Match=tag
    )


def test_the_gun_of_a_seizure_is_as_its_seizure_says(analyst, police):
    items = [bodies.firearm(serial="OTHER1"), bodies.firearm(line=2)]
    seizure = police.post("/seizures", bodies.seizure(items=items)).json["id"]
    trace = analyst.post("/traces", bodies.trace_of(seizure, item=2, draft=True)).json
    errors = amend(analyst, trace, 422)["errors"]
    assert list(errors) == ["firearm"] and "correct that" in errors["firearm"][0]
    changed = amend(analyst, trace, firearm=None, found_on=None, legal_basis="Law 2")
    assert (changed["firearm"], changed["legal_basis"]) == (trace["firearm"], "Law 2")


def test_who_was_asked_to_approve_a_draft_is_asked_anew_about_what_it_says_now(as_actor, analyst):
    second, wanted = as_actor("BRA", "supervisor"), {"trace_approval": "own"}
    as_actor("BRA", "state_administrator").post("/settings", wanted, 200, If_Match='"0"')
    changed = amend(analyst, analyst.post("/traces", bodies.trace()).json, legal_basis="Law 2")
    assert (changed["status"], bool(changed["approval"]["asked_at"])) == ("draft", True)
    notices = [item["code"] for item in second.get("/notifications").json["items"]]
    assert notices == ["trace_to_approve"] * 2


def test_what_was_not_sent_follows_its_seizure_and_is_approved_anew(
    as_actor, analyst, police, supervisor
):
    as_actor("BRA", "state_administrator").post(
        "/settings", {"trace_approval": "own"}, 200, If_Match='"0"'
    )
    seizure = police.post("/seizures", bodies.seizure(items=[bodies.firearm(model="G2")])).json
    path = f"/seizures/{seizure['id']}/correct"
    trace = analyst.post("/traces", bodies.trace_of(seizure["id"])).json
    address = f"/traces/{trace['id']}"
    visible = supervisor.get(address).headers["ETag"]
    police.post(path, bodies.seizure(reason="Read again"), 200, If_Match='"1"')
    waiting = analyst.get(address).json
    assert (waiting["firearm"]["model"], bool(waiting["approval"]["asked_at"])) == ("G2C", True)
    supervisor.post(f"{address}/approve", None, 412, If_Match=visible)
    visible = supervisor.get(address).headers["ETag"]
    supervisor.post(f"{address}/approve", None, 200, If_Match=visible)
    more = bodies.seizure(items=[bodies.firearm(model="G3")], reason="The light was bad")
    police.post(path, more, 200, If_Match='"2"')
    anew = analyst.get(address).json
    assert (anew["status"], anew["firearm"]["model"]) == ("draft", "G3")
    assert (anew["approval"]["by"], bool(anew["approval"]["asked_at"])) == (None, True)
    assert len(supervisor.get("/notifications?code=trace_to_approve").json["items"]) == 2


@pytest.fixture
def corrected(police):
    """Correct the gun of a seizure of Brazil, one change after the other."""
    made = police.post("/seizures", bodies.seizure()).json

    def correct(**changes):
        path, gun = f"/seizures/{made['id']}", bodies.firearm(**changes)
        gun = {name: value for name, value in gun.items() if value is not None}
        tag = police.get(path).headers["ETag"]
        body = bodies.seizure(items=[gun], reason="Read again")
        police.post(f"{path}/correct", body, 200, If_Match=tag)

    correct.seizure = made["id"]
    return correct


def want(as_actor, **settings):
    as_actor("BRA", "state_administrator").post("/settings", settings, 200, If_Match='"0"')


def codes(client):
    return [item["code"] for item in client.get("/notifications").json["items"]]


def decide(client, path, action):
    tag = client.get(path).headers["ETag"]
    return client.post(f"{path}/{action}", None, 200, If_Match=tag)


def test_the_asked_state_reads_the_changes_and_its_analyst_is_notified(
    as_actor, analyst, corrected, supervisor
):
    want(as_actor, trace_approval="own")
    path = f"/traces/{analyst.post('/traces', bodies.trace_of(corrected.seizure)).json['id']}"
    assert supervisor.get(path).json["approval"]["changed"] == []
    corrected(calibre=".40 S&W", marks=[{"kind": "import", "text": "PY 25"}])
    changed = {each["field"]: each for each in supervisor.get(path).json["approval"]["changed"]}
    assert set(changed) == {"calibre", "marks"}
    assert (changed["calibre"]["before"], changed["calibre"]["after"]) == ("9x19", ".40 S&W")
    assert "trace_changed" in codes(analyst) and "trace_changed" in codes(supervisor)
    decide(supervisor, path, "approve")
    assert supervisor.get(path).json["approval"]["changed"] == []
    assert "approval_lapsed" not in codes(analyst)
    corrected(calibre=".45 ACP")
    assert "approval_lapsed" in codes(analyst)
    anew = supervisor.get(path).json
    assert (anew["status"], anew["approval"]["by"]) == ("draft", None)
    [change] = [each for each in anew["approval"]["changed"] if each["field"] == "calibre"]
    assert change["before"] == ".40 S&W"


MARK = {"kind": "import", "text": "IMP 25", "state": "PRY", "year": 2025, "location": "frame"}


@pytest.mark.parametrize(
    "field,before,after,expected",
    [
        ("marks", [MARK], [MARK | {"state": "URY"}], None),
        ("marks", [MARK], [MARK | {"year": 2024}], None),
        ("marks", [MARK], [MARK | {"location": "barrel"}], None),
        ("origin_kind", "industrial", "craft", ("industrial", "craft")),
        ("quantity", 2, 3, (2, 3)),
        ("category", "firearm", "part", ("firearm", "part")),
    ],
)
def test_what_a_letter_says_of_a_gun_is_approved_anew_and_shown_to_who_does_it(
    as_actor, analyst, corrected, field, before, after, expected, supervisor
):
    want(as_actor, trace_approval="own")
    rest = {"quantity": {"serial": None}, "category": {"type": None}}.get(field, {})
    corrected(**rest, **{field: before})
    path = f"/traces/{analyst.post('/traces', bodies.trace_of(corrected.seizure)).json['id']}"
    decide(supervisor, path, "approve")
    corrected(**rest, **{field: after})
    anew = supervisor.get(path).json
    assert (anew["status"], anew["approval"]["by"]) == ("draft", None)
    [change] = anew["approval"]["changed"]
    assert change["field"] == field and change["before"] != change["after"]
    assert expected is None or (change["before"], change["after"]) == expected


def test_the_same_in_other_words_is_approved_already(as_actor, analyst, corrected, supervisor):
    want(as_actor, trace_approval="own")
    corrected(type="pistol")
    path = f"/traces/{analyst.post('/traces', bodies.trace_of(corrected.seizure)).json['id']}"
    decide(supervisor, path, "approve")
    corrected(type="Pistola")
    read = analyst.get(path).json
    assert (read["status"], read["approval"]["changed"]) == ("approved", [])
    assert read["firearm"]["type_text"] == "Pistola" and "approval_lapsed" not in codes(analyst)


def test_who_was_asked_reads_what_of_a_changed_draft_is_another(as_actor, analyst):
    want(as_actor, trace_approval="own")
    trace = analyst.post("/traces", bodies.trace()).json
    amend(analyst, trace, circumstances="Found in a lorry")
    changed = amend(analyst, trace, circumstances="Found in a lorry", legal_basis="Law 2")
    assert {each["field"]: each["before"] for each in changed["approval"]["changed"]} == {
        "circumstances": bodies.trace()["circumstances"],
        "legal_basis": "Law 1",
    }


def test_a_draft_follows_the_day_of_its_seizure_without_a_notice(analyst, corrected, police):
    trace = analyst.post("/traces", bodies.trace_of(corrected.seizure, draft=True)).json
    body = bodies.seizure(occurred_on="2026-02-28", reason="The day before")
    police.post(f"/seizures/{corrected.seizure}/correct", body, 200, If_Match='"1"')
    assert analyst.get(f"/traces/{trace['id']}").json["found_on"] == "2026-02-28"
    assert "trace_changed" not in codes(analyst)


def test_all_missing_fields_of_a_trace_are_reported_at_once(analyst):
    errors = set(analyst.post("/traces", {}, 422).json["errors"])
    assert errors == {
        "seizure",
        "case_number",
        "priority",
        "legal_basis",
        "illicit_reason",
        "circumstances",
        "intended_use",
    }
    unknown = bodies.trace_of(
        "0199f2c0-0000-7000-8000-000000000000",
        priority="flash",
        needed_by="2020-01-01",
        hidden_from=["BRA-TEST"],
    )
    errors = analyst.post("/traces", unknown, 422).json["errors"]
    assert set(errors) == {"seizure", "priority_reason", "needed_by", "hidden_from.0"}


@pytest.mark.parametrize("is_approved", [False, True])
def test_what_was_not_sent_follows_the_day_of_its_seizure_and_is_approved_anew(
    analyst, is_approved, police, supervisor, administrator
):
    administrator.post("/settings", {"trace_approval": "own"}, 200, If_Match='"0"')
    seizure = police.post("/seizures", bodies.seizure()).json
    path = f"/traces/{analyst.post('/traces', bodies.trace_of(seizure['id'])).json['id']}"
    visible = supervisor.get(path).headers["ETag"]
    if is_approved:
        supervisor.post(f"{path}/approve", None, 200, If_Match=visible)
    body = bodies.seizure(occurred_on="2026-02-01", reason="Another day")
    police.post(f"/seizures/{seizure['id']}/correct", body, 200, If_Match='"1"')
    now = analyst.get(path).json
    assert (now["found_on"], now["status"], now["approval"]["by"]) == ("2026-02-01", "draft", None)
    assert now["approval"]["asked_at"] is not None
    supervisor.post(f"{path}/approve", None, 412, If_Match=visible)
