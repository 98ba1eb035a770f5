"""The pages of second persons: what another state asks to be approved, and what is said of it."""

import re

import pytest

from tests import bodies
from tests.web.pages import text

SEEN = re.compile(r'name="seen" value="([0-9]+)"')


@pytest.fixture
def trace(as_actor):
    as_actor("PRY", "supervisor")
    admin = as_actor("BRA", "state_administrator")
    wanted = {"trace_approval": "partner", "trace_approver": "PRY"}
    admin.post("/settings/change", wanted, 200, If_Match='"0"')
    return as_actor("BRA", "trace_analyst").post("/traces", bodies.trace()).json


@pytest.fixture
def supervisor(signed_in):
    return signed_in("PRY", "supervisor")


@pytest.fixture
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


@pytest.mark.parametrize(("name", "fields", "shown"), [
    ("grant", {}, "The asking state is told that you approved."),
    ("decline", {"text": "No legal basis"}, "No legal basis"),
])  # fmt: skip
def test_it_is_approved_or_declined(supervisor, path, name, fields, shown):
    assert shown in text(decide(supervisor, path, name, **fields))


def test_the_asking_state_reads_who_is_waited_for_and_who_approved(
    signed_in, supervisor, trace, path
):
    analyst = signed_in("BRA", "trace_analyst")
    assert "Waited for: Paraguay" in text(analyst.open(f"/traces/{trace['id']}"))
    decide(supervisor, path, "grant")
    said = text(analyst.open(f"/traces/{trace['id']}"))
    assert "Approved by a second person of a partner state (Paraguay)" in said
