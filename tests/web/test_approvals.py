"""The pages of second persons: what another state asks to be approved, and what is said of it."""

import re

import pytest

from tests import bodies
from tests.grounds import beginning
from tests.papers import text_of
from tests.web.pages import text

SEEN = re.compile(r'name="seen" value="([0-9]+)"')


@pytest.fixture
def wants(as_actor):
    def change(**settings):
        admin = as_actor("BRA", "state_administrator")
        admin.post("/settings/change", settings, 200, If_Match='"0"')

    return change


@beginning
def trace(as_actor, wants):
    as_actor("PRY", "supervisor")
    wants(trace_approval="partner", trace_approver="PRY")
    return as_actor("BRA", "trace_analyst").post("/traces", bodies.trace()).json


@pytest.fixture
def supervisor(signed_in):
    return signed_in("PRY", "supervisor")


@beginning
def path(as_actor, trace):
    [asked] = as_actor("PRY", "supervisor").get("/approvals").json["items"]
    return f"/approvals/{asked['id']}"


def decide(supervisor, path, name, **fields):
    seen = SEEN.search(supervisor.open(f"{path}/{name}"))[1]
    return supervisor.open(supervisor.send(f"{path}/{name}", {"seen": seen} | fields).location)


def test_a_second_person_sees_why_it_is_asked_and_not_the_gun(supervisor, path):
    assert "Brazil, C-1" in text(supervisor.open("/approvals"))
    page = supervisor.open(path)
    assert "Law 1" in text(page) and "Pistol" in text(page)
    assert not [one for one in ("ABC123456", "Taurus", "road block") if one in page]


def test_why_it_cannot_wait_is_free_text_that_the_partner_does_not_read(
    supervisor, as_actor, trace
):
    why = {"priority": "urgent", "priority_reason": "Suspect in custody"}
    as_actor("BRA", "trace_analyst").post("/traces", bodies.trace(**why))
    newest, older = as_actor("PRY", "supervisor").get("/approvals").json["items"]
    for name in ("", "/grant", "/decline"):
        said = text(supervisor.open(f"/approvals/{newest['id']}{name}"))
        assert "Says why it cannot wait Yes; the words are not shown to you" in said
        assert "custody" not in said
    said = text(supervisor.open(f"/approvals/{older['id']}"))
    assert "Says why it cannot wait It does not say so" in said


def test_who_asks_reads_on_the_form_what_the_partner_will(signed_in, trace):
    analyst = signed_in("BRA", "trace_analyst")
    for page in ("/traces/new", f"/traces/{trace['id']}/amend"):
        said = text(analyst.open(page))
        assert "Before it is sent a supervisor of Paraguay approves it. He reads of it" in said
    other = text(signed_in("PRY", "trace_analyst").open("/traces/new"))
    assert "Before it is sent a supervisor" not in other


@pytest.mark.parametrize(("name", "fields", "shown"), [
    ("grant", {}, "The asking state is told that you approved."),
    ("decline", {"text": "No legal basis"}, "No legal basis"),
])  # fmt: skip
def test_it_is_approved_or_declined(supervisor, path, name, fields, shown):
    assert shown in text(decide(supervisor, path, name, **fields))


def test_a_trace_that_waits_is_not_called_sent_and_says_at_the_top_for_whom(
    signed_in, as_actor, wants
):
    wants(trace_approval="own")
    made = as_actor("BRA", "trace_analyst").post("/traces", bodies.trace()).json
    path = f"/traces/{made['id']}"
    analyst = signed_in("BRA", "trace_analyst")
    page = analyst.open(f"{path}?done=asked")
    said = text(page)
    assert "The trace is sent" not in said and "A second person is asked to approve it." in said
    assert said.index("Not sent yet: it waits for a second person. A supervisor of your state") < (
        said.index("Before it is sent")
    )
    assert f'href="{path}/send"' not in page
    assert "A second person was asked already" in text(analyst.open(f"{path}/send", 409))
    supervisor = signed_in("BRA", "supervisor")
    for name in ("approve", "decline"):
        said = text(supervisor.open(f"{path}/{name}"))
        assert "ABC123456" in said, said
        assert "Drafted by trace_analyst-" in said, said
        assert bodies.trace()["circumstances"] in said
    decide(supervisor, path, "approve")
    page = analyst.open(path)
    assert "Approved, and not sent yet: send it." in text(page)
    assert f'class="button" href="{path}/send"' in page
    assert "✓ The trace is sent." in text(decide(analyst, path, "send"))


def test_the_asking_state_reads_who_is_waited_for_and_who_approved(
    signed_in, supervisor, trace, path
):
    analyst = signed_in("BRA", "trace_analyst")
    assert "Waited for: Paraguay" in text(analyst.open(f"/traces/{trace['id']}"))
    decide(supervisor, path, "grant")
    said = text(analyst.open(f"/traces/{trace['id']}"))
    assert "Approved by a second person of a partner state (Paraguay)" in said


def test_a_second_person_of_the_own_state_reads_what_has_changed_since_it_was_asked(
    signed_in, as_actor, wants
):
    wants(trace_approval="own")
    police = as_actor("BRA", "police_officer")
    seizure = police.post("/seizures", bodies.seizure()).json["id"]
    made = as_actor("BRA", "trace_analyst").post("/traces", bodies.trace_of(seizure)).json
    supervisor, path = signed_in("BRA", "supervisor"), f"/traces/{made['id']}"
    assert "This has changed since" not in text(supervisor.open(f"{path}/approve"))
    mark = {"kind": "import", "text": "IMP 25", "state": "PRY", "year": 2025, "location": "frame"}
    gun = bodies.firearm(
        type="revolver", year=2019, antique=True, origin_kind="craft", marks=[mark]
    )
    body = bodies.seizure(items=[gun], reason="Read again")
    police.post(f"/seizures/{seizure}/correct", body, 200, If_Match='"1"')
    for shown in (path, f"{path}/approve", f"{path}/decline"):
        said = text(supervisor.open(shown))
        assert "This has changed since" in said
        assert "Type When it was asked or approved Pistol Now Revolver" in said
        assert "Year of manufacture When it was asked or approved – Now 2019" in said
        assert "Import mark, Paraguay, 2025, frame" in said and "Now Craft-made" in said
        assert "Antique firearm When it was asked or approved – Now Yes" in said
    assert "Esto ha cambiado desde entonces" in supervisor.open(path, Accept_Language="es")


def test_a_partner_reads_what_it_decides_where_it_decides(supervisor, path):
    for name in ("grant", "decline"):
        page = supervisor.open(f"{path}/{name}")
        assert "Law 1" in text(page) and "Pistol" in text(page)
        assert not [one for one in ("ABC123456", "Taurus", "road block") if one in page]


def test_the_list_of_a_supervisor_has_what_waits_of_the_own_state(signed_in, as_actor, wants):
    wants(trace_approval="own")
    made = as_actor("BRA", "trace_analyst").post("/traces", bodies.trace()).json
    supervisor = signed_in("BRA", "supervisor")
    page = supervisor.open("/approvals")
    assert f'href="/traces/{made["id"]}"' in page and "Nothing waits here." not in text(page)
    assert "Draft waits for a second person" in text(supervisor.open("/traces"))
    decide(supervisor, f"/traces/{made['id']}", "approve")
    assert "Nothing waits here." in text(supervisor.open("/approvals"))


def test_who_is_asked_by_another_state_is_told_by_which_and_led_to_it(supervisor, path):
    page = supervisor.open("/notifications")
    assert f'href="{path}"' in page
    assert "Approval C-1 · Brazil" in text(page)


def test_what_was_declined_is_sent_without_a_second_person_only_where_that_is_confirmed(
    signed_in, as_actor, wants
):
    analyst = as_actor("BRA", "trace_analyst")
    made = analyst.post("/traces", bodies.trace(draft=True)).json
    path = f"/traces/{made['id']}"
    decide(signed_in("BRA", "supervisor"), path, "decline", text="Which law?")
    tag = analyst.get(path).headers["ETag"]
    refused = analyst.post(f"{path}/send", None, 409, If_Match=tag).json
    assert refused["code"] == "declined" and "Which law?" in refused["detail"]
    page, said = signed_in("BRA", "trace_analyst"), "declined it, and it was sent all the same"
    seen = SEEN.search(page.open(f"{path}/send"))[1]
    asked = page.send(f"{path}/send", {"seen": seen}, 409)
    assert 'name="confirm_declined"' in asked.text
    shown = text(decide(page, path, "send", confirm_declined="true"))
    assert said in shown and shown.index(said) < shown.index("Result")
    report = analyst.get(f"{path}/report").data
    assert said in text_of(report) and ": Which law?" in text_of(report)
