"""The pages of hits: an alert was met, and its state says whether it is true."""

import re

import pytest

from salsa_ext.services import telling_owners
from tests import bodies
from tests.grounds import beginning
from tests.web.pages import text

DUTY = {"agency": "PRY-POLICE", "kind": "duty_24h", "languages": ["es"], "hours": "24 h",
        "telephone": "+595 21 0000000"}  # fmt: skip
SEEN = re.compile(r'name="seen" value="([0-9]+)"')


@beginning
def path(as_actor):
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert())
    as_actor("BRA", "police_officer").post("/checks", bodies.check())
    [hit] = as_actor("PRY", "police_officer").get("/hits").json["items"]
    return f"/hits/{hit['id']}"


@pytest.fixture
def owner(signed_in):
    return signed_in("PRY", "police_officer")


@pytest.fixture
def finder(signed_in):
    return signed_in("BRA", "police_officer")


def answer(visitor, path, name, **fields):
    seen = SEEN.search(visitor.open(f"{path}/{name}"))[1]
    return visitor.open(visitor.send(f"{path}/{name}", {"seen": seen} | fields).location)


def test_the_state_of_an_alert_confirms_a_hit_and_the_other_reads_it(owner, finder, path):
    listed = owner.open("/hits")
    assert "Your alert" in text(listed) and path in listed
    assert f"{path}/confirm" in owner.open(path) and "/confirm" not in finder.open(path)
    assert "Confirmed" in text(answer(owner, path, "confirm", note="Compared with the file"))
    assert "Compared with the file" in text(finder.open(path))


def test_more_time_is_asked_for_with_a_reason(owner, finder, path):
    answer(owner, path, "extend", hours="3", note="File asked for")
    said = text(finder.open(path))
    assert "Extended" in said and "File asked for" in said and "in 3 hours" in said


def test_the_finder_reads_whom_to_call(finder, path, as_actor):
    admin = as_actor("PRY", "state_administrator")
    admin.post("/contacts", DUTY)
    assert "PRY-POLICE" in text(finder.open(path)) and 'href="tel:+595210000000"' in finder.open(
        path
    )


def test_it_is_judged_by_the_serial_the_gun_and_the_alert(owner, finder, path):
    for page in (text(owner.open(path)), text(owner.open("/hits"))):
        assert "ABC123456" in page and "Case number" in page
    assert "Gun of the alert" in text(owner.open(path)) and "/history" in owner.open(path)
    shown = text(finder.open(path))
    assert "Read on the gun ABC123456" in shown
    assert "Gun of the alert" not in shown and "Reason of the alert" not in shown
    assert "ABC123456" in text(owner.open("/notifications"))


def test_of_a_gun_that_is_let_pass_the_page_says_that_nobody_is_told(as_actor, owner, run):
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert(action="let_pass_and_inform"))
    as_actor("BRA", "police_officer").post("/checks", bodies.check())
    run("BRA", telling_owners.run)
    [hit] = as_actor("PRY", "police_officer").get("/hits").json["items"]
    path = f"/hits/{hit['id']}"
    assert (hit["told"], hit["reason"] is None) == (False, False)
    assert "a call would tell them" in text(owner.open(path))
    assert "Your state alone reads it" in text(owner.open(f"{path}/confirm"))
    assert "✓ The answer is kept. Nobody else is told" in text(answer(owner, path, "confirm"))
    assert as_actor("BRA", "police_officer").get("/hits").json["items"] == []
