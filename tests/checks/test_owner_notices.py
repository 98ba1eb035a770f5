"""Owners are notified by a job of who searched, whatever becomes of a record meanwhile."""

import pytest

from tests.support import bodies

SERIALS = ("TKA52381", "QWK77120", "ZZE90417")


@pytest.fixture
def silent(pry):
    """Records that Paraguay keeps silent, by their serials."""
    return {
        serial: pry.post(
            "/transfers",
            bodies.transfer(
                number=f"T-{serial}", visibility="silent", firearm=bodies.firearm(serial=serial)
            ),
        ).json
        for serial in SERIALS
    }


@pytest.fixture
def ask(as_actor):
    def post(serial, state="BRA"):
        police = as_actor(state, "police_officer")
        return police.post("/checks", bodies.check(serial=serial)).json["id"]

    return post


@pytest.fixture
def entries(as_actor):
    def read(state="PRY", action="record:matched"):
        return as_actor(state, "auditor").get(f"/audit?action={action}").json["items"]

    return read


@pytest.fixture
def correct(as_actor):
    """Correct a record before the job searched for what was asked."""

    def to(made, visibility):
        body = bodies.transfer(
            reason="Operation",
            visibility=visibility,
            number=made["number"],
            firearm=bodies.firearm(serial=made["firearm"]["serial"]),
        )
        clerk = as_actor("PRY", "licensing_officer", background=False)
        clerk.post(f"/transfers/{made['id']}/correct", body, 200, If_Match='"1"')

    return to


@pytest.mark.parametrize("visibility", ["open", "pointer"])
def test_the_owner_is_notified_of_a_record_that_is_no_longer_silent(
    silent, ask, entries, correct, visibility
):
    asked = ask(SERIALS[0])
    correct(silent[SERIALS[0]], visibility)
    [entry] = entries()
    assert entry["subject_id"] == asked
    assert entry["data"] == {"records": [silent[SERIALS[0]]["firearm"]["record"]]}
    assert entries("BRA") == []


@pytest.mark.parametrize("visibility", ["open", "pointer"])
@pytest.mark.parametrize("becomes", ["open", "pointer", "silent"])
def test_a_state_notified_at_once_is_not_notified_again(
    as_actor, ask, entries, correct, visibility, becomes
):
    body = bodies.transfer(
        visibility=visibility, number="T-1", firearm=bodies.firearm(serial=SERIALS[0])
    )
    made = as_actor("PRY", "licensing_officer").post("/transfers", body).json
    asked = ask(SERIALS[0])
    correct(made, becomes)
    assert [entry["subject_id"] for entry in entries()] == [asked]


@pytest.fixture
def post(as_actor):
    """Return the id of a seizure or a trace of a gun."""

    def of(kind, serial, **changes):
        gun = bodies.firearm(serial=serial)
        body = bodies.seizure(items=[gun]) if kind == "seizure" else bodies.trace(firearm=gun)
        return as_actor("BRA", "police_officer").post(f"/{kind}s", body | changes).json["id"]

    return of


KINDS = pytest.mark.parametrize("kind", ["seizure", "trace"])


@KINDS
def test_the_owner_is_notified_later_of_a_seizure_and_a_trace_and_by_whom(
    silent, post, entries, kind
):
    asked = post(kind, SERIALS[0])
    [entry] = entries()
    assert (entry["subject_kind"], entry["subject_id"]) == (kind, asked)
    assert (entry["state"], entry["role"]) == ("BRA", "police_officer")
    assert entry["data"] == {"records": [silent[SERIALS[0]]["firearm"]["record"]]}
    assert entries("BRA") == []


@KINDS
@pytest.mark.parametrize("visibility", ["open", "pointer"])
def test_the_owner_is_notified_of_one_that_was_silent_when_it_was_asked_for(
    silent, post, entries, correct, kind, visibility
):
    asked = post(kind, SERIALS[0])
    correct(silent[SERIALS[0]], visibility)
    assert [entry["subject_id"] for entry in entries()] == [asked]


def test_a_silent_seizure_tells_no_owner(silent, post, entries):
    post("seizure", SERIALS[0], visibility="silent")
    assert entries() == []


@pytest.mark.parametrize("visibility", ["silent", "open"])
def test_of_one_that_is_only_near_beside_an_exact_one_nobody_is_told(
    as_actor, ask, entries, visibility
):
    clerk = as_actor("URY", "licensing_officer")
    clerk.post("/transfers", bodies.transfer(firearm=bodies.firearm(serial=SERIALS[0])))
    near = bodies.transfer(visibility=visibility, firearm=bodies.firearm(serial="TKA52331"))
    as_actor("PRY", "licensing_officer").post("/transfers", near)
    ask(SERIALS[0])
    assert entries() == []
