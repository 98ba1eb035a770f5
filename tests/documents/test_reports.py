"""Reports: what their guns match, the alerts entered from them, corrections, and what was made in error."""

import pytest

from tests.support import bodies
from tests.support.matches import act, correct, matches, sold

FOR_A_CASE = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
WHY = {"reason": "The gun was in the safe"}
ASUNCION = {"country": "PRY", "name": "Asunción"}


def recovered(client, **changes):
    body = bodies.report(kind="recovery", number="R-2", occurred_on="2026-03-05") | changes
    del body["stolen_from"]
    return client.post("/reports", body).json


def enter(client, record, **changes):
    body = bodies.alert(record=record) | changes
    del body["firearm"]
    return client.post("/alerts", body).json


def read(client, report, **headers):
    return client.get(f"/reports/{report['id']}", **headers).json


def withdraw(client, report, expect=200, version=1, **changes):
    path = f"/reports/{report['id']}/withdraw"
    return client.post(path, WHY | changes, expect, If_Match=f'"{version}"').json


def others(report):
    return {match["other"]["state"] for match in report["matches"]}


def test_a_recovery_shows_what_it_matches_and_whom_to_ask(as_actor, police, pry_police):
    duty = {
        "agency": "BRA-POLICE",
        "kind": "duty_24h",
        "hours": "24h",
        "languages": ["pt"],
        "telephone": "+55 61 0000 0000",
    }
    as_actor("BRA", "state_administrator").post("/contacts", duty)
    pry_police.post("/seizures", bodies.seizure(place=ASUNCION))
    sold(as_actor, "BRA")
    made = read(pry_police, recovered(pry_police))
    assert others(made) == {"PRY", "BRA"}
    offices = {match["other"]["state"]: match["other"]["contact"] for match in made["matches"]}
    assert offices["BRA"]["telephone"] == "+55 61 0000 0000" and offices["PRY"] is None
    listed = matches(pry_police, f"?record={made['firearm']['record']}")
    assert {match["id"] for match in listed} == {match["id"] for match in made["matches"]}


def test_of_a_record_that_is_only_pointed_to_a_report_tells_the_state_alone(as_actor, pry_police):
    sold(as_actor, "BRA", visibility="pointer")
    [match] = read(pry_police, recovered(pry_police))["matches"]
    assert match["other"]["state"] == "BRA" and match["other"]["record"] is None


def test_a_record_that_is_kept_silent_shows_at_no_report(as_actor, pry_police):
    sold(as_actor, "BRA", visibility="silent")
    made = recovered(pry_police)
    assert read(pry_police, made)["matches"] == []


@pytest.mark.parametrize("role", ["supervisor", "trace_analyst"])
def test_who_reads_a_report_reads_its_matches_and_its_alerts(as_actor, police, pry_police, role):
    police.post("/seizures", bodies.seizure())
    made = pry_police.post("/reports", bodies.report()).json
    enter(pry_police, made["firearm"]["record"])
    result = read(as_actor("PRY", role), made)
    assert len(result["matches"]) == len(result["alerts"]) == 1


def test_a_report_shows_the_alerts_entered_from_it(pry_police):
    made = pry_police.post("/reports", bodies.report()).json
    assert made["alerts"] == []
    entered = enter(pry_police, made["firearm"]["record"])
    pry_police.post("/alerts", bodies.alert())  # of the same serial, and of no record
    [body] = read(pry_police, made)["alerts"]
    assert (body["id"], body["status"], body["serial"]) == (entered["id"], "active", "ABC123456")
    path = f"/alerts/{entered['id']}/cancel"
    pry_police.post(path, {"reason": "Found"}, 200, If_Match=f'"{entered["version"]}"')
    assert [row["status"] for row in read(pry_police, made)["alerts"]] == ["cancelled"]


def test_an_alert_that_lets_its_gun_pass_stands_beside_no_report(pry_police):
    made = pry_police.post("/reports", bodies.report()).json
    enter(pry_police, made["firearm"]["record"], action="let_pass_and_inform")
    assert read(pry_police, made)["alerts"] == []


def test_the_list_of_reports_asks_as_often_of_many_as_of_few(police, pry_police, asked):
    def count():
        asked.clear()
        assert all("matches" not in item for item in pry_police.get("/reports").json["items"])
        return len(asked)

    police.post("/seizures", bodies.seizure())
    pry_police.post("/reports", bodies.report())
    few = count()
    for number in range(2, 6):
        pry_police.post("/reports", bodies.report(number=f"R-{number}", confirm_second=True))
    assert count() == few


def test_a_report_with_another_serial_is_matched_anew(as_actor, police, pry_police):
    sold(as_actor, "BRA", firearm=bodies.firearm(serial="XYZ987654"))
    police.post("/seizures", bodies.seizure())
    made = pry_police.post("/reports", bodies.report()).json
    enter(pry_police, made["firearm"]["record"])
    [before] = read(pry_police, made)["matches"]
    body = bodies.report(reason="Read again", firearm=bodies.firearm(serial="XYZ987654"))
    result = correct(pry_police, "reports", made, body)
    assert (result["version"], result["firearm"]["serial"]) == (2, "XYZ987654")
    [after] = read(pry_police, made)["matches"]
    assert after["id"] != before["id"]
    assert not pry_police.get(f"/matches/{before['id']}").json["current"]
    assert [each["serial"] for each in result["alerts"]] == ["ABC123456"]  # what it was entered for


def test_a_report_made_in_error_is_withdrawn_with_the_reason_and_stays_readable(pry_police):
    made = pry_police.post("/reports", bodies.report()).json
    body = withdraw(pry_police, made)
    assert (body["status"], body["version"], body["reason"]) == ("withdrawn", 2, WHY["reason"])
    assert body["firearm"]["serial"] == "ABC123456" and body["stolen_from"] == "private"
    assert [row["id"] for row in pry_police.get("/reports?status=withdrawn").json["items"]] == [
        made["id"]
    ]
    assert pry_police.get("/reports?status=standing").json["items"] == []
    assert read(pry_police, made) == body


def test_what_was_withdrawn_is_found_by_no_check_and_matches_nothing(police, pry_police):
    police.post("/seizures", bodies.seizure())
    made = pry_police.post(
        "/reports",
        bodies.report(
            firearm=bodies.firearm(marks=[{"kind": "import", "text": "IMP 19", "state": "PRY"}])
        ),
    ).json
    [mine], [theirs] = matches(pry_police), matches(police)
    act(police, theirs, "confirm")
    withdraw(pry_police, made)
    assert matches(pry_police) == matches(police) == []
    assert not pry_police.get(f"/matches/{mine['id']}").json["current"]
    [notice] = police.get("/notifications?code=match_withdrawn").json["items"]
    assert notice["subject"]["id"] == theirs["id"]
    found = police.post("/checks", bodies.check()).json["candidates"]
    assert made["firearm"]["record"] not in [each["record"] for each in found]


def test_a_record_of_what_was_withdrawn_says_so_and_as_of_before_it_does_not(
    as_actor, pry_police, police
):
    made = pry_police.post("/reports", bodies.report()).json
    record = f"/records/{made['firearm']['record']}"
    assert not police.get(record, **FOR_A_CASE).json["withdrawn"]
    withdraw(pry_police, made)
    answer = police.get(record, **FOR_A_CASE).json
    assert answer["withdrawn"] and answer["version"] == 2
    [audited] = as_actor("BRA", "auditor").get("/audit?action=record:corrected").json["items"]
    assert audited["subject_id"] == made["firearm"]["record"] and audited["data"]["version"] == 2


def test_what_was_withdrawn_counts_in_no_coverage(pry_police, police):
    withdraw(pry_police, pry_police.post("/reports", bodies.report()).json)
    searched = police.post("/checks", bodies.check()).json["searched"]
    assert [each["records"] for each in searched if each["state"] == "PRY"] == [0]


def test_a_withdrawn_theft_is_removed_from_the_trace_that_named_it(pry_police, analyst):
    made = pry_police.post("/reports", bodies.report()).json
    trace = analyst.post("/traces", bodies.trace()).json

    def told():
        legs = analyst.get(f"/traces/{trace['id']}").json["legs"]
        [leg] = [leg for leg in legs if leg["state"] == "PRY"]
        return leg["events"]

    assert told() == 1
    withdraw(pry_police, made)
    assert told() == 0


def test_an_alert_stands_when_its_report_is_withdrawn(pry_police):
    made = pry_police.post("/reports", bodies.report()).json
    enter(pry_police, made["firearm"]["record"])
    assert [each["status"] for each in withdraw(pry_police, made)["alerts"]] == ["active"]


def test_no_alert_is_entered_from_what_was_withdrawn(pry_police):
    made = pry_police.post("/reports", bodies.report()).json
    withdraw(pry_police, made)
    body = bodies.alert(record=made["firearm"]["record"])
    del body["firearm"]
    assert list(pry_police.post("/alerts", body, 422).json["errors"]) == ["record"]


@pytest.mark.parametrize("action", ["correct", "withdraw"])
def test_what_was_withdrawn_is_withdrawn_for_good(pry_police, action):
    made = pry_police.post("/reports", bodies.report()).json
    withdraw(pry_police, made)
    body = WHY if action == "withdraw" else bodies.report(**WHY)
    answer = pry_police.post(f"/reports/{made['id']}/{action}", body, 409, If_Match='"2"').json
    assert answer["code"] == "illegal_transition"
    assert answer["detail"].endswith(
        "this report is withdrawn. This is final. Report the firearm again, under another number."
    )


def test_a_withdrawal_says_which_version_was_read_and_why(pry_police):
    made = pry_police.post("/reports", bodies.report()).json
    correct(pry_police, "reports", made, bodies.report(reason="Read again"))
    path = f"/reports/{made['id']}/withdraw"
    pry_police.post(path, WHY, 428)
    pry_police.post(path, WHY, 412, If_Match='"1"')
    assert pry_police.post(path, {}, 422, If_Match='"2"').json["errors"] == {
        "reason": ["This field is required."]
    }


def test_a_withdrawal_is_in_the_audit_and_for_its_owner_alone(as_actor, pry_police, police):
    made = pry_police.post("/reports", bodies.report()).json
    police.post(f"/reports/{made['id']}/withdraw", WHY, 404, If_Match='"1"')
    as_actor("PRY", "trace_analyst").post(f"/reports/{made['id']}/withdraw", WHY, 403)
    withdraw(pry_police, made)
    [entry] = as_actor("PRY", "auditor").get("/audit?action=report:withdrawn").json["items"]
    assert entry["subject_id"] == made["id"] and entry["data"] == {"kind": "theft", "version": 2}
