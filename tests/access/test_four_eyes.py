"""One officer is one person, by whichever accounts, keys and commands he acts."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from salsa_ext.alerts import alerts
from salsa_ext.core.errors import Conflict, Forbidden
from salsa_ext.database.session import transaction
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.tracing.traces import commands as trace_commands
from salsa_ext.tracing.traces.values import TraceData
from tests.support import bodies
from tests.support.grounds import beginning

KEY, COMMAND = "a key", "a command"


@beginning
def second_approver(as_actor):
    """Brazil wants a second person, and has three accounts."""
    admin = as_actor("BRA", "state_administrator")
    admin.post("/settings", {"trace_approval": "own"}, 200, If_Match='"0"')
    as_actor("BRA", "auditor"), as_actor("BRA", "supervisor")


@pytest.fixture
def command(actor, app):
    """Give a command of Brazil by an officer's number, at the command line."""

    def give(done, officer, **arguments):
        who = replace(actor("BRA"), officer=officer)
        with transaction(who):
            return done(actor=who, **arguments)

    return give


@pytest.fixture
def draft(as_actor, command, app):
    def make(by, officer):
        if by == KEY:
            named = {"Salsa_Officer": officer} if officer else {}
            made = as_actor("BRA", "trace_analyst").post("/traces", bodies.trace(), **named)
            return UUID(made.json["id"])
        asked = TraceData(
            "C-1",
            "routine",
            "Law 1",
            "used_in_crime",
            "Found",
            "evidence",
            confirm_second=True,
            firearm=Firearm(serial="ABC123456"),
            found_on=date(2026, 3, 1),
        )
        return command(trace_commands.create_trace, officer, data=asked)

    return make


@pytest.fixture
def approve(as_actor, command, app):
    """Approve as a supervisor with a key, or by a command; tells whether that was taken."""

    def by(how, officer, trace):
        if how == KEY:
            second, path = as_actor("BRA", "supervisor"), f"/traces/{trace}"
            sent = {
                "Authorization": f"Bearer {second.token}",
                "If-Match": second.get(path).headers["ETag"],
            }
            named = {"Salsa-Officer": officer} if officer else {}
            answer = second.client.post(f"/api/v1{path}/approve", headers=sent | named)
            return {200: True, 403: False}[answer.status_code]
        try:
            command(trace_commands.approve_draft, officer, trace_id=trace, expected_version=None)
        except Forbidden:
            return False
        return True

    return by


@pytest.fixture
def amend(as_actor, command, app):
    """Change a draft as an analyst with a key, or by a command."""

    def by(how, officer, trace):
        if how == KEY:
            path, named = f"/traces/{trace}", {"Salsa_Officer": officer} if officer else {}
            analyst = as_actor("BRA", "trace_analyst")
            tag = analyst.get(path).headers["ETag"]
            result = bodies.trace(legal_basis="Law 2")
            analyst.post(f"{path}/amend", result, 200, If_Match=tag, **named)
        else:
            result = TraceData(
                "C-2",
                "routine",
                "Law 2",
                "used_in_crime",
                "Found",
                "evidence",
                firearm=Firearm(serial="ABC123456"),
                found_on=date(2026, 3, 1),
            )
            command(
                trace_commands.amend_draft,
                officer,
                trace_id=trace,
                expected_version=None,
                data=result,
            )

    return by


@pytest.mark.parametrize(
    ("changed", "second", "is_another"),
    [
        ((KEY, "P-7"), (KEY, "P-7"), False),
        ((KEY, "P-7"), (KEY, "P-8"), True),
        ((KEY, "P-7"), (COMMAND, "P-7"), False),
        ((KEY, None), (KEY, None), True),
        ((COMMAND, "P-7"), (KEY, "P-7"), False),
        ((COMMAND, "P-7"), (COMMAND, "P-8"), True),
        ((COMMAND, None), (COMMAND, "P-8"), False),
        ((COMMAND, None), (KEY, "P-8"), True),
    ],
)
def test_nor_is_who_changed_what_somebody_else_drafted(
    second_approver, draft, amend, approve, changed, second, is_another
):
    trace = draft(KEY, "P-1")
    amend(*changed, trace)
    assert approve(*second, trace) is is_another


def test_who_drafted_it_is_no_second_person_of_what_somebody_else_changed(
    second_approver, draft, amend, approve
):
    trace = draft(KEY, "P-1")
    amend(KEY, "P-7", trace)
    assert not approve(KEY, "P-1", trace)


def by_correction(police, seizure, **named):
    body = bodies.seizure(items=[bodies.firearm(model="G3")], reason="Read again")
    police.post(f"/seizures/{seizure}/correct", body, 200, If_Match='"1"', **named)


def by_mark(police, seizure, **named):
    mark = {"kind": "import", "text": "BR 25", "reason": "Seen under light", "method": "visual"}
    police.post(f"/seizures/{seizure}/items/1/marks", mark, **named)


@pytest.fixture
def of_seizure(as_actor, second_approver):
    """Draft a trace of a seized gun as officer P-1; returns the seizure and the trace."""
    made = as_actor("BRA", "police_officer").post(
        "/seizures", bodies.seizure(), Salsa_Officer="P-7"
    )
    asked, analyst = bodies.trace_of(made.json["id"]), as_actor("BRA", "trace_analyst")
    return made.json["id"], UUID(analyst.post("/traces", asked, Salsa_Officer="P-1").json["id"])


@pytest.mark.parametrize("change", [by_correction, by_mark])
@pytest.mark.parametrize(
    "second,is_another",
    [
        ((KEY, "P-7"), False),
        ((COMMAND, "P-7"), False),
        ((KEY, "P-8"), True),
        ((COMMAND, "P-8"), True),
    ],
)
def test_nor_is_who_changed_a_draft_by_its_seizure(
    as_actor, of_seizure, approve, change, second, is_another
):
    seizure, trace = of_seizure
    change(as_actor("BRA", "police_officer"), seizure, Salsa_Officer="P-7")
    assert approve(*second, trace) is is_another


def test_who_seized_a_gun_or_corrected_what_is_not_of_it_approves_its_trace(
    as_actor, of_seizure, approve
):
    seizure, trace = of_seizure
    body = bodies.seizure(reason="Weighed again", crime_context=["robbery"])
    path, police = f"/seizures/{seizure}/correct", as_actor("BRA", "police_officer")
    police.post(path, body, 200, If_Match='"1"', Salsa_Officer="P-7")
    assert approve(KEY, "P-7", trace)


def test_the_audit_tells_what_of_a_draft_its_seizure_changed(as_actor, of_seizure):
    by_correction(as_actor("BRA", "police_officer"), of_seizure[0])
    [answer] = as_actor("BRA", "auditor").get("/audit?action=trace:amended").json["items"]
    assert (answer["subject_id"], answer["data"]["changed"]) == (str(of_seizure[1]), ["firearm"])


@pytest.mark.parametrize(
    ("first", "second", "is_another"),
    [
        ((KEY, "P-7"), (KEY, "P-7"), False),
        ((KEY, "P-7"), (KEY, "P-8"), True),
        ((KEY, "P-7"), (KEY, None), True),
        ((KEY, None), (KEY, None), True),
        ((KEY, "P-7"), (COMMAND, "P-7"), False),
        ((KEY, "P-7"), (COMMAND, "P-8"), True),
        ((KEY, "P-7"), (COMMAND, None), False),
        ((KEY, None), (COMMAND, None), False),
        ((KEY, None), (COMMAND, "P-8"), True),
        ((COMMAND, "P-7"), (KEY, "P-7"), False),
        ((COMMAND, "P-7"), (KEY, None), True),
        ((COMMAND, None), (KEY, None), True),
        ((COMMAND, "P-7"), (COMMAND, "P-7"), False),
        ((COMMAND, "P-7"), (COMMAND, "P-8"), True),
        ((COMMAND, None), (COMMAND, "P-8"), False),
        ((COMMAND, "P-7"), (COMMAND, None), False),
    ],
)
def test_who_drafted_a_trace_is_not_its_second_person_by_another_key_or_a_command(
    second_approver, draft, approve, first, second, is_another
):
    assert approve(*second, draft(*first)) is is_another


def test_an_account_is_one_person_whichever_number_it_gives(second_approver, police):
    alert = police.post("/alerts", bodies.alert(), Salsa_Officer="P-7").json
    tag = police.get(f"/alerts/{alert['id']}").headers["ETag"]
    police.post(f"/alerts/{alert['id']}/validate", None, 409, If_Match=tag, Salsa_Officer="P-8")


def test_who_entered_an_alert_does_not_check_it_by_another_key_or_a_command(
    second_approver, as_actor, command
):
    police, other = as_actor("BRA", "police_officer"), as_actor("BRA", "police_officer")
    alert = police.post("/alerts", bodies.alert(), Salsa_Officer="P-7").json
    path, tag = f"/alerts/{alert['id']}", police.get(f"/alerts/{alert['id']}").headers["ETag"]
    other.post(f"{path}/validate", None, 409, If_Match=tag, Salsa_Officer="P-7")
    for officer in ("P-7", None):
        with pytest.raises(Conflict):
            command(alerts.verify, officer, alert_id=UUID(alert["id"]), expected_version=None)
    checked = other.post(f"{path}/validate", None, 200, If_Match=tag, Salsa_Officer="P-8").json
    assert checked["second_check"] == "done"
