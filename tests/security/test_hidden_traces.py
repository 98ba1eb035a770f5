"""To an agency that must not see a trace there is no such trace, request or consent, whoever of it reads."""

import re

import pytest

from tests.security.test_readers import OF_STATES, read_all, text_of
from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.routes import ID, ROUTES

pytestmark = pytest.mark.between_writes

CASE = "KEPT-C-77"
GUN = {"serial": "KPT481516"}
OFFICE = "POLICE"
ACTING = [route for route in ROUTES if re.search(r"\{(trace|request|consent)_id\}", route.path)]
BODIES = {
    "legs": {"state": "URY", "reason": "x"},
    "reply": {"text": "x"},
    "channel": {"channel": "mla"},
    "attempts": {"channel": "mla"},
    "etrace-data": {"crime_code": "x"},
    "origin": {"country_of_manufacture": "AUT"},
    "feedback": {"helped": True},
    "assign": {"username": "x"},
    "notes": {"text": "x"},
    "compare": {"record": ID, "judgement": "cannot_tell", "reason": "x"},
    "restrict": {"hidden_from": []},
    "verify": {"sha256": "0" * 64},
    "acknowledge": {},
    "report-no-record": {},
    "ask-questions": {"questions": ["x"]},
    "refuse": {"reason": "national_security", "text": "x"},
    "reject": {"text": "x"},
    "amend": bodies.trace(),
    "answer": {"completeness": "full", "handling": "H1", "points_to": ["URY"]},
    "grant": {"expires_on": "2026-12-31"},
    "revoke": {"reason": "x"},
    "defer": {"until": "2026-04-01", "reason": "x"},
    "forward": {"state": "URY", "reason": "x"},
}


@beginning
def restricted(as_actor):
    """A trace of Brazil that waits for Paraguay, hidden from one office of each; returns its ids."""
    sale = bodies.transfer(firearm=bodies.firearm(**GUN), visibility="pointer")
    clerk = as_actor("PRY", "licensing_officer")
    made = clerk.post("/transfers", sale).json
    asked = bodies.trace(
        firearm=bodies.firearm(**GUN),
        case_number=CASE,
        hidden_from=[f"BRA-{OFFICE}", f"PRY-{OFFICE}"],
    )
    analyst = as_actor("BRA", "trace_analyst")
    trace = analyst.post("/traces", asked).json
    analyst.post(f"/traces/{trace['id']}/notes", {"text": CASE}, 200)
    partner = as_actor("PRY", "trace_analyst")
    [request] = partner.get("/requests").json["items"]
    record = clerk.post("/transfers", bodies.transfer(number="N-2")).json["firearm"]["record"]
    consent = analyst.post("/consents", bodies.consent(record, case_number=CASE)).json
    partner.post(
        f"/consents/{consent['id']}/grant", {"expires_on": "2026-12-31"}, 200, If_Match='"1"'
    )
    return {
        "consent_id": [consent["id"]],
        "trace_id": [trace["id"]],
        "request_id": [request["id"]],
        "record_id": [made["firearm"]["record"], record],
        "leg_id": [leg["id"] for leg in trace["legs"]],
    }


def found_by(client, restricted):
    """Return where a caller finds anything of the trace, whatever he reads."""
    ids = {name: some for name, some in restricted.items() if name != "leg_id"}
    shown = ("trace_id", "request_id", "leg_id", "consent_id")
    words = re.compile("|".join([CASE, *(each for name in shown for each in restricted[name])]))
    return {
        path
        for path, answer in read_all(client, ids)
        if answer.status_code == 200 and words.search(text_of(answer))
    }


@pytest.mark.parametrize("state", ["BRA", "PRY"])
def test_no_role_of_the_agency_finds_anything_of_it_in_any_answer(as_actor, restricted, state):
    for role in OF_STATES:
        assert found_by(as_actor(state, role, agency=OFFICE), restricted) == set(), role


def test_all_others_find_it(as_actor, restricted):
    [trace], [request] = restricted["trace_id"], restricted["request_id"]
    of_trace = found_by(as_actor("BRA", "trace_analyst"), restricted)
    assert {"/traces", f"/traces/{trace}", f"/traces/{trace}/result"} <= of_trace
    of_request = found_by(as_actor("PRY", "trace_analyst"), restricted)
    assert {"/requests", f"/requests/{request}", "/notifications"} <= of_request
    for state, path in (("BRA", of_trace), ("PRY", of_request)):
        assert {"/consents", f"/consents/{restricted['consent_id'][0]}"} <= path, state
    assert "/audit" in found_by(as_actor("BRA", "auditor"), restricted)
    assert "/audit" in found_by(as_actor("PRY", "auditor"), restricted)


@pytest.mark.parametrize("route", ACTING, ids=str)
def test_every_route_answers_as_of_what_does_not_exist(as_actor, restricted, asked, route):
    state = "BRA" if "{trace_id}" in route.path else "PRY"
    role = "supervisor" if route.path.endswith(("/approve", "/reject")) else "trace_analyst"
    client = as_actor(state, role, agency=OFFICE)
    ids = {name: some[0] for name, some in restricted.items()}
    nothing, result = ids | {"trace_id": ID, "request_id": ID, "consent_id": ID}, []
    for wanted in (nothing, nothing, ids):  # the first fills what is kept in memory
        asked.clear()
        result.append((_answer(client, route, wanted), _shapes(asked)))
    _, (unknown, others), (hidden, statements) = result
    assert hidden == unknown
    assert hidden[0] == 404
    assert statements == others


def _answer(client, route, ids):
    """Return the status of an answer, and what it says but for ids."""
    path = f"/api/v1{route.path}".format_map({"leg_id": ID} | ids)
    sent = {"Authorization": f"Bearer {client.token}", "If-Match": '"1"'}
    body = BODIES.get(path.rpartition("/")[2])
    if path.startswith("/api/v1/consents") and path.endswith("refuse"):
        body = BODIES["revoke"]
    answer = client.client.open(path, method=route.method, headers=sent, json=body)
    result = text_of(answer)
    shown = (ids[name] for name in ("trace_id", "request_id", "consent_id"))
    for name in (answer.json["request_id"], *shown):
        result = result.replace(name, "-")
    return answer.status_code, result


def _shapes(asked):
    """Return the statements that were run, without what they were asked for."""
    return [re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "-", value) for value in asked]


def test_agencies_hidden_from_it_are_not_notified_of_later_events(as_actor, restricted):
    [request], [trace] = restricted["request_id"], restricted["trace_id"]
    analyst = as_actor("PRY", "trace_analyst")
    tag = analyst.get(f"/requests/{request}").headers["ETag"]
    body = {"completeness": "full", "handling": "H1", "records": restricted["record_id"][:1]}
    analyst.post(f"/requests/{request}/answer", body, 200, If_Match=tag)
    found = as_actor("BRA", "trace_analyst").get("/notifications").json["items"]
    assert "trace_answered" in [each["code"] for each in found]
    hidden = as_actor("BRA", "trace_analyst", agency=OFFICE)
    assert hidden.get("/notifications").json["items"] == []
    assert CASE not in hidden.get("/audit", 403).get_data(as_text=True)
    given = f"/records/{restricted['record_id'][0]}/disclosures"
    assert as_actor("PRY", "trace_analyst").get(given).json["items"]
    assert as_actor("PRY", "trace_analyst", agency=OFFICE).get(given).json["items"] == []
    assert as_actor("BRA", "trace_analyst").get(f"/traces/{trace}").json["status"] == "completed"


NAMING = {"Salsa_Purpose": "investigation", "Salsa_Case": CASE}


def test_names_are_released_to_who_may_see_the_trace_of_their_consent_alone(as_actor, restricted):
    [_, record], [consent] = restricted["record_id"], restricted["consent_id"]
    person = {"kind": "individual", "country": "PRY"}
    for role in ("trace_analyst", "police_officer", "supervisor"):
        seeing, hidden = as_actor("BRA", role), as_actor("BRA", role, agency=OFFICE)
        assert seeing.get(f"/records/{record}", **NAMING).json["to"]["name"] == "Ana Ejemplo"
        shown = hidden.get(f"/records/{record}", **NAMING).json
        assert shown["to"] == person
        unknown = NAMING | {"Salsa_Case": "ELSE"}
        assert shown == hidden.get(f"/records/{record}", **unknown).json
    path, partner = f"/consents/{consent}", as_actor("PRY", "trace_analyst")
    partner.post(f"{path}/revoke", {"reason": "x"}, 200, If_Match=partner.get(path).headers["ETag"])
    notices = as_actor("BRA", "police_officer", agency=OFFICE).get("/notifications").json["items"]
    assert notices == []


def test_records_read_in_its_case_are_hidden_from_them_too(as_actor, restricted):
    [_, record] = restricted["record_id"]
    as_actor("BRA", "trace_analyst").get(f"/records/{record}", **NAMING)
    given = f"/records/{record}/disclosures"
    assert CASE in as_actor("PRY", "trace_analyst").get(given).get_data(as_text=True)
    assert CASE not in as_actor("PRY", "trace_analyst", agency=OFFICE).get(given).get_data(
        as_text=True
    )
    assert CASE not in as_actor("BRA", "auditor", agency=OFFICE).get("/audit").get_data(
        as_text=True
    )


def test_a_check_in_its_case_is_listed_to_those_alone_who_may_see_it(as_actor, restricted):
    [_, record] = restricted["record_id"]
    police, given = as_actor("BRA", "police_officer"), f"/records/{record}/disclosures"
    owner, hidden = (as_actor("PRY", "trace_analyst", agency=row) for row in ("TEST", OFFICE))
    serial = owner.get(f"/records/{record}").json["serial"]
    for case in (CASE, "ELSE"):
        police.post("/checks", bodies.check(serial=serial, case_number=case))
    checks = [
        [row["case_number"] for row in client.get(given).json["items"] if row["through"] == "check"]
        for client in (owner, hidden)
    ]
    assert checks == [["ELSE", CASE], ["ELSE"]]


def test_a_consent_that_the_agency_asks_itself_tells_it_of_no_trace(as_actor, restricted):
    """Nor does it hold for it what others asked: it stands as in any case of its own."""
    [_, record] = restricted["record_id"]
    officer = as_actor("BRA", "trace_analyst", agency=OFFICE)
    asked = officer.post("/consents", bodies.consent(record, case_number=CASE)).json
    assert officer.get("/consents").json["items"] == [asked]
    assert as_actor("PRY", "supervisor", agency=OFFICE).get("/consents").json["items"] == [asked]


def test_a_consent_is_hidden_from_an_agency_later_and_shown_to_it_again(as_actor, analyst):
    sale = bodies.transfer(firearm=bodies.firearm(**GUN))
    record = as_actor("PRY", "licensing_officer").post("/transfers", sale).json["firearm"]["record"]
    trace = analyst.post("/traces", bodies.trace(firearm=bodies.firearm(**GUN))).json
    path = f"/consents/{analyst.post('/consents', bodies.consent(record)).json['id']}"
    others = (
        as_actor("BRA", "supervisor", agency=OFFICE),
        as_actor("PRY", "supervisor", agency=OFFICE),
    )
    for hidden, found in (([f"BRA-{OFFICE}", f"PRY-{OFFICE}"], 404), ([], 200)):
        analyst.hide(f"/traces/{trace['id']}", *hidden)
        for other in others:
            other.get(path, found)


def test_a_letter_that_comes_while_the_agency_acts_is_applied_all_the_same(
    as_actor, restricted, analyst
):
    """What its officer does delivers to both states, for the states and not for him."""
    officer = as_actor("PRY", "trace_analyst", agency=OFFICE)
    own = bodies.trace(firearm=bodies.firearm(serial="OWN902211"), case_number="P-1")
    officer.post("/traces", own)
    [trace] = restricted["trace_id"]
    tag = analyst.get(f"/traces/{trace}").headers["ETag"]
    analyst.post(f"/traces/{trace}/withdraw", None, 200, If_Match=tag)
    [request] = restricted["request_id"]
    read = as_actor("PRY", "trace_analyst").get(f"/requests/{request}").json
    assert read["status"] == "withdrawn"


def test_a_mark_that_the_agency_adds_renews_the_trace_that_it_does_not_see(as_actor, analyst):
    examiner = as_actor("BRA", "forensic_examiner", agency=OFFICE)
    item = bodies.firearm(serial="KP*", marking="altered")
    seizure = as_actor("BRA", "police_officer").post("/seizures", bodies.seizure(items=[item])).json
    asked = bodies.trace_of(seizure["id"], hidden_from=[f"BRA-{OFFICE}"])
    trace = analyst.post("/traces", asked).json
    mark = {
        "kind": "manufacture",
        "text": GUN["serial"],
        "location": "frame",
        "method": "chemical",
        "reason": "Etched",
    }
    examiner.post(f"/seizures/{seizure['id']}/items/1/marks", mark)
    read = analyst.get(f"/traces/{trace['id']}").json
    assert (read["firearm"]["serial"], read["version"] > trace["version"]) == (GUN["serial"], True)
    assert as_actor("BRA", "trace_analyst", agency=OFFICE).get("/traces").json["items"] == []


def test_an_agency_is_hidden_from_it_later_and_let_see_it_again(as_actor):
    analyst, other = (as_actor("BRA", "trace_analyst", agency=name) for name in ("TEST", OFFICE))
    trace = analyst.post("/traces", bodies.trace()).json
    path = f"/traces/{trace['id']}"
    other.get(path)
    assert analyst.hide(path, f"BRA-{OFFICE}").json["hidden_from"] == [f"BRA-{OFFICE}"]
    other.get(path, 404)
    analyst.hide(path)
    other.get(path)


def test_an_asked_state_is_notified_later_of_its_agency(as_actor, analyst):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(visibility="pointer"))
    trace = analyst.post("/traces", bodies.trace()).json
    office = as_actor("PRY", "trace_analyst", agency=OFFICE)
    [request] = office.get("/requests").json["items"]
    analyst.hide(f"/traces/{trace['id']}", f"PRY-{OFFICE}")
    assert office.get("/requests").json["items"] == []
    office.get(f"/requests/{request['id']}", 404)


def test_it_is_assigned_to_nobody_who_must_not_see_it(as_actor, restricted, analyst):
    [trace], admin = restricted["trace_id"], as_actor("BRA", "state_administrator")
    named = {"username": "bra.kept", "role": "trace_analyst", "agency": f"BRA-{OFFICE}"}
    admin.post("/accounts", named)
    body = analyst.post(f"/traces/{trace}/assign", {"username": "bra.kept"}, 422).json["errors"]
    assert body == {"username": [f"Access is restricted for BRA-{OFFICE}, the agency of bra.kept."]}


@pytest.mark.parametrize("agency", ["BRA-TEST", "BRA-NOBODY", "SECRETARIAT"])
def test_what_cannot_be_hidden_from_an_agency_is_named(as_actor, agency):
    asked = bodies.trace(hidden_from=["PRY-TEST", agency])
    answer = as_actor("BRA", "trace_analyst").post("/traces", asked, 422).json
    assert list(answer["errors"]) == ["hidden_from.1"]


def test_some_agency_of_each_state_is_left_to_act_on_it(as_actor):
    asked = bodies.trace(hidden_from=["PRY-LICENSING", "PRY-POLICE", "PRY-TEST"])
    answer = as_actor("BRA", "trace_analyst").post("/traces", asked, 422).json
    assert answer["errors"] == {"hidden_from": ["Leave an agency of PRY that sees it."]}


def test_supervisors_are_notified_where_no_analyst_may_see_a_request(as_actor, pry_supervisor):
    sale = bodies.transfer(firearm=bodies.firearm(**GUN), visibility="pointer")
    as_actor("PRY", "licensing_officer").post("/transfers", sale)
    as_actor("PRY", "trace_analyst", agency=OFFICE)
    asked = bodies.trace(firearm=bodies.firearm(**GUN), hidden_from=[f"PRY-{OFFICE}"])
    trace = as_actor("BRA", "trace_analyst").post("/traces", asked).json
    [notices] = pry_supervisor.get("/notifications").json["items"]
    assert notices["code"] == "request_received"
    assert trace["remarks"] == [
        "No office of Paraguay that may see this trace is in the register of contacts: make sure that"
        " someone there can answer."
    ]


def test_supervisors_are_notified_once_the_last_analyst_is_hidden_from_a_request(
    as_actor, pry_supervisor, analyst
):
    sale = bodies.transfer(firearm=bodies.firearm(**GUN), visibility="pointer")
    as_actor("PRY", "licensing_officer").post("/transfers", sale)
    for office in ("TEST", OFFICE):
        as_actor("PRY", "trace_analyst", agency=office)
    trace = analyst.post("/traces", bodies.trace(firearm=bodies.firearm(**GUN))).json
    path = f"/traces/{trace['id']}"
    analyst.hide(path, f"PRY-{OFFICE}")
    assert pry_supervisor.get("/notifications").json["items"] == []
    as_supervisor = as_actor("PRY", "supervisor", agency="LICENSING")
    analyst.hide(path, f"PRY-{OFFICE}", "PRY-TEST")
    [notices] = as_supervisor.get("/notifications").json["items"]
    assert notices["code"] == "request_received"
