"""The pages of second persons: what waits to be approved, and what has changed of it."""

import re

import pytest

from tests.support import bodies
from tests.support.papers import text_of
from tests.web.pages import text

SEEN = re.compile(r'name="expected_version" value="([0-9]+)"')


@pytest.fixture
def wants(as_actor):
    def change(**settings):
        as_actor("BRA", "state_administrator").post("/settings", settings, 200, If_Match='"0"')

    return change


def decide(supervisor, path, name, **fields):
    visible = SEEN.search(supervisor.open(f"{path}/{name}"))[1]
    return supervisor.open(
        supervisor.send(f"{path}/{name}", {"expected_version": visible} | fields).location
    )


def test_a_trace_that_waits_is_not_called_sent_and_says_at_the_top_for_whom(
    signed_in, as_actor, wants
):
    wants(trace_approval="own")
    made = as_actor("BRA", "trace_analyst").post("/traces", bodies.trace()).json
    path = f"/traces/{made['id']}"
    analyst = signed_in("BRA", "trace_analyst")
    page = analyst.open(f"{path}?done=asked")
    shown = text(page)
    assert "The trace is sent" not in shown and "A second person is asked to approve it." in shown
    assert shown.index("Not sent yet: it waits for a second person. A supervisor of your state") < (
        shown.index("Before it is sent")
    )
    assert f'href="{path}/send"' not in page
    assert "A second person was asked already" in text(analyst.open(f"{path}/send", 409))
    supervisor = signed_in("BRA", "supervisor")
    for name in ("approve", "decline"):
        shown = text(supervisor.open(f"{path}/{name}"))
        assert "ABC123456" in shown, shown
        assert "Drafted by trace_analyst-" in shown, shown
        assert bodies.trace()["circumstances"] in shown
    decide(supervisor, path, "approve")
    page = analyst.open(path)
    assert "Approved, and not sent yet: send it." in text(page)
    assert f'class="button" href="{path}/send"' in page
    assert "✓ The trace is sent." in text(decide(analyst, path, "send"))


def test_a_second_person_of_the_own_state_reads_what_has_changed_since_it_was_asked(
    signed_in, as_actor, wants, police
):
    wants(trace_approval="own")
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
        words = text(supervisor.open(shown))
        assert "This has changed since" in words
        assert "Type When it was asked or approved Pistol Now Revolver" in words
        assert "Year of manufacture When it was asked or approved – Now 2019" in words
        assert "Import mark, Paraguay, 2025, frame" in words and "Now Craft-made" in words
        assert "Antique firearm When it was asked or approved – Now Yes" in words
    assert "Esto ha cambiado desde entonces" in supervisor.open(path, Accept_Language="es")


def test_the_list_of_a_supervisor_has_what_waits_of_the_own_state(signed_in, as_actor, wants):
    wants(trace_approval="own")
    made = as_actor("BRA", "trace_analyst").post("/traces", bodies.trace()).json
    supervisor = signed_in("BRA", "supervisor")
    page = supervisor.open("/approvals")
    assert f'href="/traces/{made["id"]}"' in page and "Nothing is waiting." not in text(page)
    assert "Draft waits for a second person" in text(supervisor.open("/traces"))
    decide(supervisor, f"/traces/{made['id']}", "approve")
    assert "Nothing is waiting." in text(supervisor.open("/approvals"))


def test_what_was_declined_is_sent_without_a_second_person_only_where_that_is_confirmed(
    signed_in, wants, analyst
):
    made = analyst.post("/traces", bodies.trace(draft=True)).json
    path = f"/traces/{made['id']}"
    decide(signed_in("BRA", "supervisor"), path, "decline", text="Which law?")
    tag = analyst.get(path).headers["ETag"]
    refused = analyst.post(f"{path}/send", None, 409, If_Match=tag).json
    assert refused["code"] == "rejected" and "Which law?" in refused["detail"]
    page, result = signed_in("BRA", "trace_analyst"), "declined it, and it was sent all the same"
    visible = SEEN.search(page.open(f"{path}/send"))[1]
    asked = page.send(f"{path}/send", {"expected_version": visible}, 409)
    assert 'name="confirm_rejected"' in asked.text
    shown = text(decide(page, path, "send", confirm_rejected="true"))
    assert result in shown and shown.index(result) < shown.index("Result")
    report = analyst.get(f"{path}/report").data
    assert result in text_of(report) and ": Which law?" in text_of(report)
