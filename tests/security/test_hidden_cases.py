"""What is kept from an agency goes by the trace, as its own state keeps it: no case number hides a thing."""

from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.core.actor import Purpose
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import transaction
from salsa_ext.exchange.envelopes import Envelope
from salsa_ext.tracing.traces import trace_results
from salsa_ext.tracing.traces.reports import read_locations
from tests.conftest import NOW
from tests.support import bodies, files, jobs

CASE, OFFICE = "KEPT-C-77", "POLICE"
DISCLOSED = "/audit?action=record:disclosed"
NAMING = {"Salsa_Purpose": "investigation", "Salsa_Case": CASE}
ELSEWHERE = NAMING | {"Salsa_Case": "ELSE"}
OTHER_GUN = bodies.firearm(serial="ZZZ98765")


@pytest.fixture
def record(pry):
    """A record of Paraguay that all may see."""
    return pry.post("/transfers", bodies.transfer()).json["firearm"]["record"]


def drafted(client, *agencies, **more):
    """Draft a trace of some other gun in the case hidden from agencies; returns its path."""
    wanted = {"case_number": CASE, "draft": True, "firearm": OTHER_GUN} | more
    made = client.post("/traces", bodies.trace(hidden_from=[*agencies], **wanted)).json
    return f"/traces/{made['id']}"


def cases(client, path=DISCLOSED):
    """Return the cases of what a caller lists, in order."""
    return [item["case_number"] for item in reversed(client.get(path).json["items"])]


def looked_up(client, record):
    for naming in (ELSEWHERE, NAMING):
        client.get(f"/records/{record}", **naming)
    return ["ELSE", CASE]


@pytest.mark.parametrize("then", [None, "withdraw", "send"])
def test_a_trace_of_which_a_state_was_not_told_takes_no_look_up_from_it(
    as_actor, record, then, police
):
    """Neither a draft, nor one that was withdrawn, nor one that asked others."""
    gun = OTHER_GUN | {"country_of_manufacture": "ARG"}
    trace = drafted(police, f"PRY-{OFFICE}", firearm=gun)
    if then:
        police.change(trace, then)
    assert as_actor("PRY", "trace_analyst").get("/requests").json["items"] == []
    result = looked_up(police, record)
    for agency in ("TEST", OFFICE):
        owner = as_actor("PRY", "supervisor", agency=agency)
        assert cases(owner) == cases(owner, f"/records/{record}/disclosures") == result


def test_a_draft_elsewhere_takes_no_consent_from_whoever_granted_it(as_actor, record):
    asking, decider = (
        as_actor("BRA", "trace_analyst"),
        as_actor("PRY", "trace_analyst", agency=OFFICE),
    )
    drafted(asking, f"PRY-{OFFICE}")
    consent = asking.post("/consents", bodies.consent(record, case_number=CASE)).json
    path = f"/consents/{consent['id']}"
    decider.change(path, "grant", {"expires_on": "2026-12-31"})
    drafted(asking, f"PRY-{OFFICE}", confirm_second=True)
    assert decider.change(path, "revoke", {"reason": "x"}).json["status"] == "revoked"


@pytest.mark.parametrize("role", ["supervisor", "auditor"])
@pytest.mark.parametrize("is_sent", [True, False])
def test_who_guesses_the_case_of_a_hidden_trace_learns_nothing_by_it(
    as_actor, record, role, is_sent
):
    drafted(as_actor("BRA", "trace_analyst"), f"BRA-{OFFICE}", draft=not is_sent)
    result = looked_up(as_actor("BRA", "police_officer", agency=OFFICE), record)
    assert cases(as_actor("BRA", role, agency=OFFICE)) == result


def test_no_officer_takes_his_look_ups_from_an_auditor_by_a_draft(as_actor, record):
    officer = as_actor("BRA", "police_officer", agency=OFFICE)
    drafted(officer, "BRA-LICENSING")
    result = looked_up(officer, record)
    assert cases(as_actor("BRA", "auditor", agency="LICENSING")) == result


def test_an_agency_reads_its_own_acts_in_the_audit_of_a_hidden_trace(as_actor, record):
    """Others of its state may keep from it the trace on which its officers worked, and not what they did."""
    officer, auditor = (
        as_actor("BRA", role, agency=OFFICE) for role in ("police_officer", "auditor")
    )
    trace = drafted(officer, draft=False)
    looked_up(officer, record)
    before = auditor.get("/audit").json["items"]
    as_actor("BRA", "trace_analyst").hide(trace, f"BRA-{OFFICE}")
    officer.get(trace, 404)
    own = [each for each in before if each["role"] == "police_officer"]
    after = auditor.get("/audit").json["items"]
    assert {"trace:requested", "record:disclosed"} <= {each["action"] for each in own}
    assert [each for each in after if each["id"] in {entry["id"] for entry in own}] == own
    assert "trace:hidden" not in [each["action"] for each in after]


def test_what_the_service_does_while_its_officer_acts_is_not_the_agencys(as_actor):
    """A mark that it adds renews a trace that it must not see: that is done for the state."""
    item = bodies.firearm(serial="TKA5*", marking="altered", country_of_manufacture="PRY")
    seizure = as_actor("BRA", "police_officer").post("/seizures", bodies.seizure(items=[item])).json
    asked = bodies.trace_of(seizure["id"], case_number=CASE, hidden_from=[f"BRA-{OFFICE}"])
    trace = as_actor("BRA", "trace_analyst").post("/traces", asked).json
    mark = {
        "kind": "manufacture",
        "text": "TKA52385",
        "location": "frame",
        "method": "chemical",
        "reason": "Etched",
    }
    examiner = as_actor("BRA", "forensic_examiner", agency=OFFICE)
    examiner.post(f"/seizures/{seizure['id']}/items/1/marks", mark)
    seeing, stored = (
        as_actor("BRA", "auditor", agency=name).get("/audit") for name in ("TEST", OFFICE)
    )
    assert "trace:reopened" in [each["action"] for each in seeing.json["items"]]
    assert "mark:added" in [each["action"] for each in stored.json["items"]]
    assert trace["id"] not in stored.get_data(as_text=True)


def test_that_a_state_is_asked_is_hidden_before_the_letter_has_come(as_actor):
    """Until it learns from whom to keep it, the word of the state that asks stands for its own trace."""
    early = partial(as_actor, background=False)
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(visibility="pointer"))
    asked = bodies.trace(case_number=CASE, hidden_from=[f"PRY-{OFFICE}"])
    as_actor("BRA", "trace_analyst").post("/traces", asked)
    assert early("PRY", "trace_analyst").get("/requests").json["items"] == []
    assert CASE in early("PRY", "auditor").get("/audit").get_data(as_text=True)
    assert CASE not in early("PRY", "auditor", agency=OFFICE).get("/audit").get_data(as_text=True)


@pytest.fixture
def joint(as_actor, examiner):
    """A photograph of Brazil's seizure that Paraguay made with it."""
    body = bodies.seizure(joint_with={"state": "PRY", "number": "P-9"})
    seizure = as_actor("BRA", "police_officer").post("/seizures", body).json
    made = files.attach(examiner, f"seizure:{seizure['id']}", files.photograph(), kind="photograph")
    return f"/attachments/{made.json['id']}"


def test_what_attachments_were_read_for_a_hidden_trace_is_hidden_from_both_agencies(
    as_actor, joint, pry_analyst
):
    gun = bodies.firearm(serial="ZZZ98765", country_of_manufacture="BRA")
    drafted(pry_analyst, f"PRY-{OFFICE}", f"BRA-{OFFICE}", draft=False, firearm=gun)
    for path in (joint, f"{joint}/content"):
        pry_analyst.get(path, **NAMING)
    for state in ("PRY", "BRA"):
        seeing, stored = (
            as_actor(state, "supervisor", agency=name).get("/audit?action=attachment:disclosed")
            for name in ("TEST", OFFICE)
        )
        assert [item["case_number"] for item in seeing.json["items"]] == [CASE, CASE], state
        assert stored.json["items"] == [], state


def test_what_is_attached_to_a_hidden_trace_is_in_no_audit_of_the_agency(as_actor, analyst):
    trace = drafted(analyst, f"BRA-{OFFICE}").removeprefix("/traces/")
    files.attach(analyst, f"trace:{trace}", files.photograph(), kind="photograph")
    seeing, stored = (
        as_actor("BRA", "auditor", agency=name).get("/audit") for name in ("TEST", OFFICE)
    )
    assert "attachment:added" in [item["action"] for item in seeing.json["items"]]
    assert trace not in stored.get_data(as_text=True)


def test_of_several_traces_in_a_case_each_hides_what_was_read_in_it(as_actor, record, analyst):
    for agency in (OFFICE, "LICENSING"):
        drafted(analyst, f"BRA-{agency}", draft=False, confirm_second=True)
    consent = analyst.post("/consents", bodies.consent(record, case_number=CASE)).json["id"]
    result = looked_up(analyst, record)
    for agency, visible in (("TEST", result), (OFFICE, ["ELSE"]), ("LICENSING", ["ELSE"])):
        reader = as_actor("BRA", "supervisor", agency=agency)
        assert cases(reader) == visible
        reader.get(f"/consents/{consent}", 200 if agency == "TEST" else 404)


def test_a_consent_stays_hidden_when_the_trace_gets_another_case(as_actor, record):
    analyst, stored = as_actor("BRA", "trace_analyst"), as_actor("BRA", "supervisor", agency=OFFICE)
    trace = drafted(analyst, f"BRA-{OFFICE}")
    consent = analyst.post("/consents", bodies.consent(record, case_number=CASE)).json["id"]
    analyst.change(trace, "amend", bodies.trace(case_number="C-2", firearm=OTHER_GUN))
    for path in ("/consents", "/notifications", "/audit"):
        assert consent not in stored.get(path).get_data(as_text=True), path
    analyst.hide(trace)
    assert cases(stored, "/consents") == [CASE]


def test_after_a_withdrawal_what_was_hidden_stays_so_and_nothing_new_is(as_actor, record):
    analyst, stored = as_actor("BRA", "trace_analyst"), as_actor("BRA", "supervisor", agency=OFFICE)
    trace = drafted(analyst, f"BRA-{OFFICE}", draft=False)
    first = analyst.post("/consents", bodies.consent(record, case_number=CASE)).json["id"]
    analyst.get(f"/records/{record}", **NAMING)
    analyst.change(trace, "withdraw")
    stored.get(trace, 404)
    stored.get(f"/consents/{first}", 404)
    assert cases(stored) == []
    wanted = bodies.consent(record, case_number=CASE, use="court")
    second = analyst.post("/consents", wanted).json["id"]
    analyst.get(f"/records/{record}", **NAMING)
    assert [item["id"] for item in stored.get("/consents").json["items"]] == [second]
    assert cases(stored) == [CASE]


@pytest.mark.parametrize("trace", ["{,", "", "01a216df-1912-7c5f-8d2f-8aaa2834dce4,", None, [7]])
def test_a_letter_that_was_refused_may_say_anything_of_what_it_is_about(trace):
    letter = Envelope(
        new_id(), "trace.closed", "C", "PRY", "BRA", 1, None, None, None, NOW, {"trace": trace}
    )
    assert letter.audit_data["about"] == []


def test_what_is_of_a_trace_lists_it_and_what_it_was_read_for(as_actor, actor):
    """An attachment of one trace that is read for another is kept with either."""
    first, other = str(new_id()), str(new_id())
    reader = actor().for_purpose(Purpose("investigation", "C", about=(other, first)))
    with transaction(reader):
        append(
            reader,
            AuditEvent(Action.ATTACHMENT_DISCLOSED, "attachment", "x", data={"about": [first]}),
        )
    [entry] = as_actor("BRA", "supervisor").get("/audit?action=attachment:disclosed").json["items"]
    assert entry["data"]["about"] == [first, other]


def test_where_something_happened_is_read_for_the_trace(as_actor, actor, analyst):
    place = {"country": "PRY", "name": "CDE", "latitude": -25.5, "longitude": -54.6}
    joint = bodies.seizure(
        number="P-1",
        agency="PRY-POLICE",
        place=place,
        visibility="open",
        joint_with={"state": "BRA", "number": "B-1"},
    )
    as_actor("PRY", "police_officer").post("/seizures", joint)
    trace = analyst.post("/traces", bodies.trace(case_number=CASE, found_on="2026-03-05")).json[
        "id"
    ]
    jobs.jobs_to_idle()
    reader = replace(actor(), role="trace_analyst")
    with transaction(reader):
        found = trace_results.read_result(actor=reader, trace_id=UUID(trace))
        assert read_locations(actor=reader, result=found)
    entries = as_actor("BRA", "supervisor").get(DISCLOSED).json["items"]
    places = [each for each in entries if each["data"]["groups"] == ["place"]]
    assert [each["data"]["about"] for each in places] == [[trace]]


def test_what_is_read_for_a_trace_names_it_to_its_own_state_alone(as_actor, record, analyst):
    """Nor does a correction of what was read: that too would tell a state of traces it was not asked in."""
    gun = OTHER_GUN | {"country_of_manufacture": "ARG"}
    traces = {
        drafted(analyst, draft=False, confirm_second=True, firearm=gun).removeprefix("/traces/")
        for _ in range(2)
    }
    analyst.get(f"/records/{record}", **NAMING)
    clerk, owner = (as_actor("PRY", role) for role in ("licensing_officer", "supervisor"))
    document = owner.get(f"/records/{record}").json["document"]
    body = bodies.transfer(reason="Read again", occurred_on="2024-05-07")
    clerk.post(f"/transfers/{document}/correct", body, 200, If_Match='"1"')
    [own] = as_actor("BRA", "supervisor").get(DISCLOSED).json["items"]
    assert {*own["data"]["about"]} == traces
    [other] = owner.get(DISCLOSED).json["items"]
    assert other["data"] | {"about": own["data"]["about"]} == own["data"]
    assert "about" not in other["data"]
    shown = [
        owner.get(path).get_data(as_text=True)
        for path in ("/audit", f"/audit?subject_id={record}", f"/records/{record}/disclosures")
    ]
    assert "record:corrected" in shown[0]
    assert not [trace for trace in traces for page in shown if trace in page]
