"""Corrections add versions; old versions stay readable, and states that received the old value are notified."""

from datetime import timedelta

import pytest

from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.support import bodies

PURPOSE = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
BEFORE = "2026-03-09T14:59:59Z"


@pytest.fixture
def seizure(police):
    return police.post("/seizures", bodies.seizure()).json


@pytest.fixture
def later(app):
    """Let time go on from one request to the next."""

    def move(hours):
        app.config["CLOCK"] = FixedClock(NOW + timedelta(hours=hours))

    yield move
    app.config["CLOCK"] = FixedClock(NOW)


def correct(client, seizure, expect=200, version=1, **changes):
    body = bodies.seizure(reason="Read again") | changes
    return client.post(f"/seizures/{seizure['id']}/correct", body, expect, If_Match=f'"{version}"')


def test_a_correction_is_a_new_version_of_the_same_id(police, seizure):
    answer = correct(police, seizure, occurred_on="2026-02-28").json
    assert (answer["id"], answer["version"]) == (seizure["id"], 2)
    assert (answer["occurred_on"], answer["reason"]) == ("2026-02-28", "Read again")


def test_a_correction_gives_its_reason(police, seizure):
    body = bodies.seizure()
    answer = police.post(f"/seizures/{seizure['id']}/correct", body, 422, If_Match='"1"').json
    assert answer["errors"] == {"reason": ["This field is required."]}


def test_the_past_version_is_read_by_its_moment(police, seizure, later):
    later(1)
    correct(police, seizure, occurred_on="2026-02-28", items=[bodies.firearm(serial="NEW123456")])
    path = f"/seizures/{seizure['id']}"
    past = police.get(f"{path}?as_of=2026-03-09T15:30:00Z").json
    assert (past["version"], past["occurred_on"]) == (1, "2026-03-01")
    assert past["items"][0]["serial"] == "ABC123456"
    assert police.get(path).json["items"][0]["serial"] == "NEW123456"


def test_nothing_is_there_before_it_was_recorded(police, seizure):
    police.get(f"/seizures/{seizure['id']}?as_of={BEFORE}", 404)


@pytest.mark.parametrize("moment", ["yesterday", "2026-03-09", "2026-03-09T15:00:00"])
def test_a_moment_without_an_offset_is_refused(police, seizure, moment):
    answer = police.get(f"/seizures/{seizure['id']}?as_of={moment}", 422).json
    assert list(answer["errors"]) == ["as_of"]


def test_the_record_of_an_item_stays_the_same(police, seizure):
    answer = correct(police, seizure, items=[bodies.firearm(model="G3C")]).json
    assert answer["items"][0]["record"] == seizure["items"][0]["record"]
    assert answer["items"][0]["model"] == "G3C"


def test_a_recorded_line_cannot_be_left_out(police, seizure):
    answer = correct(police, seizure, 422, items=[bodies.firearm(line=2)]).json
    assert answer["errors"] == {"items": ["Line 1 is recorded and cannot be left out."]}


@pytest.mark.parametrize(
    "path,role,body",
    [
        ("/transfers", "licensing_officer", bodies.transfer),
        ("/reports", "police_officer", bodies.report),
    ],
)
def test_the_one_line_of_a_document_keeps_its_number(as_actor, path, role, body):
    client = as_actor("BRA", role)
    made = client.post(path, body()).json
    corrected = body(firearm=bodies.firearm(line=2), reason="Read again")
    answer = client.post(f"{path}/{made['id']}/correct", corrected, 422, If_Match='"1"').json
    assert answer["errors"] == {"firearm.line": ["Line 1 is recorded and cannot be left out."]}


def test_a_line_is_added_by_a_correction(police, seizure):
    items = [bodies.firearm(), bodies.firearm(line=2, serial="XYZ111222")]
    assert len(correct(police, seizure, items=items).json["items"]) == 2


def test_an_added_line_is_corrected_again(police, seizure):
    items = [bodies.firearm(), bodies.firearm(line=2, serial="XYZ111222")]
    correct(police, seizure, items=items)
    items[1] = bodies.firearm(line=2, serial="XYZ111223")
    answer = correct(police, seizure, version=2, items=items).json
    assert [item["serial"] for item in answer["items"]] == ["ABC123456", "XYZ111223"]


def test_a_list_shows_the_current_version_alone(police, seizure):
    correct(police, seizure)
    assert [item["version"] for item in police.get("/seizures").json["items"]] == [2]


def test_a_search_that_hits_the_old_mark_says_so(police, seizure, pry_police):
    correct(police, seizure, items=[bodies.firearm(serial="NEW123456")])
    [old] = pry_police.post("/checks", bodies.check()).json["candidates"]
    [new] = pry_police.post("/checks", bodies.check(serial="NEW123456")).json["candidates"]
    assert (old["is_old_mark"], new["is_old_mark"]) == (True, False)
    assert old["record"] == new["record"]


def test_a_record_found_by_its_old_mark_is_shown_as_corrected(as_actor, police, seizure):
    correct(police, seizure, items=[bodies.firearm(serial="NEW123456")])
    record = f"/records/{seizure['items'][0]['record']}"
    assert as_actor("PRY", "police_officer").get(record, **PURPOSE).json["serial"] == "NEW123456"


def test_a_state_that_received_the_old_value_is_notified(as_actor, police, seizure):
    record = seizure["items"][0]["record"]
    as_actor("PRY", "police_officer").get(f"/records/{record}", **PURPOSE)
    correct(police, seizure, items=[bodies.firearm(serial="NEW123456")])
    audit = as_actor("PRY", "auditor").get("/audit?action=record:corrected").json
    assert [(item["subject_id"], item["data"]) for item in audit["items"]] == [
        (record, {"version": 2})
    ]


def test_a_state_that_received_nothing_is_not_notified(as_actor, police, seizure):
    correct(police, seizure)
    assert as_actor("PRY", "auditor").get("/audit?action=record:corrected").json["items"] == []


def test_a_state_that_joins_by_a_correction_sees_how_the_record_is_handled(as_actor, police):
    made = police.post("/seizures", bodies.seizure(handling="H2")).json
    correct(police, made, joint_with={"state": "PRY", "number": "P-1"})
    record = f"/records/{made['items'][0]['record']}"
    visible = as_actor("PRY", "police_officer").get(record, **PURPOSE).json
    assert (visible["version"], visible["handling"]) == (2, "H2")


def test_a_number_that_another_document_has_is_refused(police, seizure):
    other = police.post("/seizures", bodies.seizure(number="S-2")).json
    answer = correct(police, seizure, 409, number="S-2").json
    assert answer["detail"] == (
        f"Your state already has a seizure of the number S-2 (id {other['id']})."
    )


def test_a_transfer_is_corrected(pry):
    made = pry.post("/transfers", bodies.transfer()).json
    body = bodies.transfer(occurred_on="2024-05-07", reason="Day")
    answer = pry.post(f"/transfers/{made['id']}/correct", body, 200, If_Match='"1"').json
    assert (answer["version"], answer["occurred_on"]) == (2, "2024-05-07")


def test_a_report_is_corrected(police):
    made = police.post("/reports", bodies.report()).json
    body = bodies.report(kind="loss", reason="No theft")
    del body["stolen_from"]
    answer = police.post(f"/reports/{made['id']}/correct", body, 200, If_Match='"1"').json
    assert (answer["version"], answer["kind"]) == (2, "loss")
