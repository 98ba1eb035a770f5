"""Marks that are found or restored on a seized gun: what they change, and who learns of it."""

from datetime import timedelta

import pytest

from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.support import bodies

PURPOSE = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}


def defaced(**changes):
    gun = {name: value for name, value in bodies.firearm().items() if name != "serial"}
    return gun | {"marking": "obliterated"} | changes


def restored(**changes):
    return {
        "kind": "manufacture",
        "text": "ABC123456",
        "location": "frame",
        "method": "chemical",
        "reason": "Etched with Fry's reagent",
    } | changes


@pytest.fixture
def seizure(police):
    return police.post("/seizures", bodies.seizure(items=[defaced()])).json


@pytest.fixture
def mark(examiner, seizure):
    def post(expect=201, line=1, by=examiner, of=seizure, headers=None, **changes):
        path = f"/seizures/{of['id']}/items/{line}/marks"
        return by.post(path, restored(**changes), expect, **headers or {}).json

    return post


def test_a_restored_serial_becomes_the_serial_of_the_gun(mark):
    [item] = mark()["items"]
    assert (item["serial"], item["marking"]) == ("ABC123456", "restored")


def test_a_restored_serial_is_matched_at_once(as_actor, mark):
    sold = as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer()).json
    [matches] = mark()["matches"]
    [candidate] = matches["candidates"]
    assert (matches["line"], candidate["record"]) == (1, sold["firearm"]["record"])
    assert candidate["strength"] == "strong"


def test_a_seizure_shows_how_a_mark_was_read_and_by_whom(mark, police, seizure):
    mark(headers={"Salsa_Officer": "LAB-7"})
    [item] = police.get(f"/seizures/{seizure['id']}").json["items"]
    [shown] = item["marks"]
    assert (shown["text"], shown["method"], shown["condition"]) == (
        "ABC123456",
        "chemical",
        "restored",
    )
    assert shown["reader"] == {
        "agency": "BRA-TEST",
        "officer": "LAB-7",
        "at": "2026-03-09T15:00:00+00:00",
    }


def test_another_state_sees_the_agency_and_not_the_officer(as_actor, police, mark):
    body = bodies.seizure(number="S-2", items=[defaced()])
    joint = police.post("/seizures", body | {"joint_with": {"state": "PRY", "number": "P"}}).json
    mark(of=joint, headers={"Salsa_Officer": "LAB-7"})
    reader = as_actor("PRY", "police_officer")
    [item] = reader.get(f"/seizures/{joint['id']}", **PURPOSE).json["items"]
    for firearm in (item, reader.get(f"/records/{item['record']}", **PURPOSE).json):
        recorder = firearm["marks"][0]["reader"]
        assert (recorder["agency"], recorder["officer"]) == ("BRA-TEST", None)


def test_a_mark_that_was_recorded_with_the_seizure_has_no_reader(police):
    [item] = police.post("/seizures", bodies.seizure()).json["items"]
    assert item["marks"][0]["reader"] is None


def test_another_mark_leaves_the_serial_and_its_marking(police, mark):
    made = police.post("/seizures", bodies.seizure(number="S-2")).json
    more = {"kind": "import", "text": "URY 24", "state": "URY", "year": 2024, "method": "visual"}
    [item] = mark(of=made, **more)["items"]
    assert (item["serial"], item["marking"]) == ("ABC123456", "intact")
    assert [each["text"] for each in item["marks"]] == ["ABC123456", "URY 24"]
    assert item["marks"][1]["condition"] is None


def test_a_serial_that_was_stamped_over_another_stays_among_the_marks(police, mark):
    gun = bodies.firearm(serial="FALSE1234", marking="altered")
    made = police.post("/seizures", bodies.seizure(number="S-2", items=[gun])).json
    [item] = mark(of=made)["items"]
    assert [(each["text"], each["condition"]) for each in item["marks"]] == [
        ("ABC123456", "restored"),
        ("FALSE1234", "altered"),
    ]


def test_a_serial_read_in_part_gives_way_to_the_restored_one(police, mark):
    gun = bodies.firearm(serial="ABC1?3456", marking="obliterated")
    made = police.post("/seizures", bodies.seizure(number="S-2", items=[gun])).json
    [item] = mark(of=made)["items"]
    assert [each["text"] for each in item["marks"]] == ["ABC123456"]


@pytest.mark.parametrize("marking", ["unknown", "intact", "restored", "altered"])
@pytest.mark.parametrize(
    "location,serial",
    [
        ("barrel", "ABC123456"),
        ("cano", "ABC123456"),
        ("frame", "XYZ999888"),
        ("cajón", "XYZ999888"),
        ("left side", "XYZ999888"),
        (None, "XYZ999888"),
    ],
)
def test_a_restored_mark_leaves_a_legible_serial_on_the_gun(
    as_actor, police, mark, marking, location, serial
):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    gun = bodies.firearm(marking=marking)
    made = police.post("/seizures", bodies.seizure(number="S-2", items=[gun])).json
    where = {"location": location} if location else {}
    body = {name: value for name, value in restored(text="XYZ999888").items() if name != "location"}
    path = f"/seizures/{made['id']}/items/1/marks"
    [item] = as_actor("BRA", "forensic_examiner").post(path, body | where).json["items"]
    assert item["serial"] == serial
    assert sorted(each["text"] for each in item["marks"]) == ["ABC123456", "XYZ999888"]
    assert len(police.get("/matches").json["items"]) == 1


def test_a_restored_mark_that_is_too_long_for_a_serial_is_refused(mark):
    assert list(mark(422, text="A1" * 33)["errors"]) == ["text"]
    assert mark(text="A1" * 32)["items"][0]["serial"] == "A1" * 32


def test_a_serial_found_where_none_was_is_the_serial_as_it_was_found(police, mark):
    made = police.post("/seizures", bodies.seizure(number="S-2", items=[defaced()])).json
    [item] = mark(of=made, method="visual", condition="intact")["items"]
    assert (item["serial"], item["marking"]) == ("ABC123456", "intact")


def test_the_record_and_its_seizure_get_a_version_with_the_reason(mark, police, seizure):
    answer = mark()
    assert (answer["version"], answer["reason"]) == (2, "Etched with Fry's reagent")
    assert answer["items"][0]["record"] == seizure["items"][0]["record"]
    record = police.get(f"/records/{seizure['items'][0]['record']}").json
    assert (record["version"], record["serial"]) == (2, "ABC123456")


def test_what_was_read_before_is_read_by_its_moment(app, mark, police, seizure, monkeypatch):
    monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + timedelta(hours=1)))
    mark()
    past = police.get(f"/seizures/{seizure['id']}?as_of=2026-03-09T15:30:00Z").json
    assert (past["items"][0]["serial"], past["items"][0]["marking"]) == (None, "obliterated")


def test_a_correction_that_was_begun_before_is_stale(mark, police, seizure):
    mark()
    body = bodies.seizure(reason="Place", items=[defaced()])
    police.post(f"/seizures/{seizure['id']}/correct", body, 412, If_Match='"1"')


def test_a_correction_keeps_who_read_a_mark(mark, police, seizure):
    mark(headers={"Salsa_Officer": "LAB-7"})
    stored = {
        "kind": "manufacture",
        "text": "ABC123456",
        "location": "frame",
        "method": "chemical",
        "condition": "restored",
    }
    gun = defaced(serial="ABC123456", marking="restored", marks=[stored])
    body = bodies.seizure(reason="Place", items=[gun])
    path = f"/seizures/{seizure['id']}/correct"
    [item] = police.post(path, body, 200, If_Match='"2"').json["items"]
    assert [each["reader"]["officer"] for each in item["marks"]] == ["LAB-7"]


def test_other_items_of_the_seizure_stay_as_they_are(police, mark):
    guns = [defaced(), bodies.firearm(line=2, serial="XYZ987654")]
    made = police.post("/seizures", bodies.seizure(number="S-2", items=guns)).json
    answer = mark(of=made)
    assert [item["serial"] for item in answer["items"]] == ["ABC123456", "XYZ987654"]
    assert [match["line"] for match in answer["matches"]] == [1]
    corrected = [bodies.firearm(line=1), bodies.firearm(line=2, serial="XYZ987655")]
    body = bodies.seizure(number="S-2", reason="Read again", items=corrected)
    again = police.post(f"/seizures/{made['id']}/correct", body, 200, If_Match='"2"').json
    assert [item["serial"] for item in again["items"]] == ["ABC123456", "XYZ987655"]


def test_a_check_finds_the_restored_serial_and_the_one_that_was_legible(police, mark, pry_police):
    gun = bodies.firearm(serial="WRONG98765", marking="unknown")
    made = police.post("/seizures", bodies.seizure(number="S-2", items=[gun])).json
    mark(of=made)
    [new] = pry_police.post("/checks", bodies.check()).json["candidates"]
    [old] = pry_police.post("/checks", bodies.check(serial="WRONG98765")).json["candidates"]
    assert (new["is_old_mark"], old["is_old_mark"]) == (False, False)
    assert new["record"] == old["record"] == made["items"][0]["record"]


def test_a_check_finds_what_a_correction_took_away_as_an_old_mark(police, pry_police):
    gun = bodies.firearm(serial="WRONG98765")
    made = police.post("/seizures", bodies.seizure(number="S-2", items=[gun])).json
    body = bodies.seizure(number="S-2", reason="Misread")
    police.post(f"/seizures/{made['id']}/correct", body, 200, If_Match='"1"')
    [old] = pry_police.post("/checks", bodies.check(serial="WRONG98765")).json["candidates"]
    assert old["is_old_mark"]


def test_a_state_that_received_the_gun_before_is_notified(as_actor, mark, seizure):
    record = seizure["items"][0]["record"]
    as_actor("PRY", "police_officer").get(f"/records/{record}", **PURPOSE)
    mark()
    audit = as_actor("PRY", "auditor").get("/audit?action=record:corrected").json
    assert [(item["subject_id"], item["data"]) for item in audit["items"]] == [
        (record, {"version": 2})
    ]


def test_a_state_that_received_nothing_is_not_notified(as_actor, mark):
    mark()
    assert as_actor("PRY", "auditor").get("/audit").json["items"] == []


def test_an_added_mark_is_written_down(as_actor, mark, seizure):
    mark()
    [entry] = as_actor("BRA", "auditor").get("/audit?action=mark:added").json["items"]
    assert entry["subject_id"] == seizure["id"]
    assert entry["data"] == {"line": 1, "kind": "manufacture", "method": "chemical", "version": 2}


def test_a_mark_sent_twice_with_one_key_is_added_once(mark, police, seizure):
    key = {"Idempotency_Key": "desk-1"}
    assert mark(headers=key) == mark(headers=key)
    assert police.get(f"/seizures/{seizure['id']}").json["version"] == 2


@pytest.mark.parametrize("role", ["border_officer", "trace_analyst", "licensing_officer"])
def test_only_police_and_examiners_add_marks(as_actor, mark, role):
    mark(403, by=as_actor("BRA", role))


def test_another_state_does_not_learn_that_there_is_such_a_seizure(as_actor, mark):
    mark(404, by=as_actor("PRY", "forensic_examiner"))


def test_a_state_of_a_joint_seizure_adds_no_mark_to_the_other_s(as_actor, police, mark):
    body = bodies.seizure(number="S-2", joint_with={"state": "PRY", "number": "P-9"})
    made = police.post("/seizures", body).json
    answer = mark(403, by=as_actor("PRY", "forensic_examiner"), of=made)
    assert answer["detail"] == "This belongs to BRA; only its authorities may change it."


def test_an_unknown_line_is_named(mark):
    assert mark(404, line=7)["detail"] == "There is no line 7 that you may see."


@pytest.mark.parametrize(
    "changes,field",
    [
        ({"text": "raspado"}, "text"),
        ({"text": "S/N"}, "text"),
        ({"method": "guess"}, "method"),
        ({"kind": "serial"}, "kind"),
        ({"reason": " "}, "reason"),
        ({"state": "XXX"}, "state"),
        ({"reader": "me"}, "reader"),
    ],
)
def test_what_is_no_mark_is_refused(mark, changes, field):
    assert list(mark(422, **changes)["errors"]) == [field]


@pytest.mark.parametrize("missing", ["method", "reason", "kind", "text"])
def test_a_mark_needs_its_method_and_reason(examiner, seizure, missing):
    body = {name: value for name, value in restored().items() if name != missing}
    path = f"/seizures/{seizure['id']}/items/1/marks"
    assert list(examiner.post(path, body, 422).json["errors"]) == [missing]


def test_goods_of_several_pieces_take_no_mark(police, mark):
    made = police.post("/seizures", bodies.seizure(number="S-2", items=[defaced(quantity=3)])).json
    assert list(mark(422, of=made)["errors"]) == ["line"]


def test_a_silent_seizure_tells_nobody_of_its_match(as_actor, police, mark):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    body = bodies.seizure(number="S-2", visibility="silent", items=[defaced()])
    assert len(mark(of=police.post("/seizures", body).json)["matches"][0]["candidates"]) == 1
    assert as_actor("PRY", "auditor").get("/audit").json["items"][1:] == []
