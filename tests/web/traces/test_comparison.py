"""The page that compares a record with the gun, in the state that has it and the one that asks."""

import pytest

from tests.support import bodies
from tests.web.pages import text
from tests.web.tracing import step

SOLD = bodies.firearm(serial="TKA52381")
FOUND = bodies.firearm(serial="TKA52991")


@pytest.fixture
def sale(as_actor):
    """A sale in Paraguay whose serial is near what Brazil read."""
    body = bodies.transfer(firearm=SOLD)
    return as_actor("PRY", "licensing_officer").post("/transfers", body).json["firearm"]["record"]


@pytest.fixture
def trace(as_actor, sale):
    return as_actor("BRA", "trace_analyst").post("/traces", bodies.trace(firearm=FOUND)).json


@pytest.fixture
def requested(as_actor, trace):
    """The request as Paraguay, which has no certain record, reads it."""
    [found] = as_actor("PRY", "trace_analyst").get("/requests").json["items"]
    return found


def test_a_possible_record_is_compared_then_given_then_refused(
    as_actor, signed_in, trace, requested, sale
):
    brazil, paraguay = signed_in("BRA", "trace_analyst"), signed_in("PRY", "trace_analyst")
    assert "No record" in text(brazil.open(f"/traces/{trace['id']}"))
    path = f"/requests/{requested['id']}"
    assert f'name="pick.{sale}" value="true" checked' not in paraguay.open(path)

    page = text(paraguay.open(f"{path}/compare?record={sale}"))
    assert "TKA52381" in page and "TKA52991" in page and "Both descriptions side by side" in page
    version = as_actor("PRY", "trace_analyst").get(path).json["version"]
    judged = {"record": sale, "judgement": "this_gun", "reason": "The 3 is a worn 9, the 8 too"}
    paraguay.send(f"{path}/compare", judged | {"expected_version": str(version)}, 303)
    assert "This gun" in text(paraguay.open(path))
    version = as_actor("PRY", "trace_analyst").get(path).json["version"]
    given = {"completeness": "full", "handling": "H1", f"pick.{sale}": "true"}
    paraguay.send(f"{path}/answer", given | {"expected_version": str(version)}, 303)
    assert "Last lawful point" in text(brazil.open(f"/traces/{trace['id']}"))

    refused = judged | {"judgement": "not_this_gun", "reason": "The frame is of another model"}
    step(brazil, trace, "compare", **refused)
    shown = text(brazil.open(f"/traces/{trace['id']}"))
    assert "Records that may be of this gun" in shown and "Last lawful point" not in shown
    assert "Not this gun" in shown and "The frame is of another model" in shown
    messages = text(paraguay.open(path))
    assert "A record that was given was compared with the gun" in messages
    assert "The frame is of another model" in messages


def test_a_record_that_the_state_does_not_have_is_refused(signed_in, trace, requested):
    paraguay = signed_in("PRY", "trace_analyst")
    page = paraguay.send(
        f"/requests/{requested['id']}/compare",
        {
            "expected_version": "1",
            "record": "01a24e3a-b16a-767d-9c3f-336e01075bf3",
            "judgement": "this_gun",
            "reason": "A guess",
        },
        422,
    )
    assert "Choose one of the list" in page.text
