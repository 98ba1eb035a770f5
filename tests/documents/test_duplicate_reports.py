"""The same gun traced, watched for or reported twice: refused, unless both are wanted."""

import pytest

from tests.support import bodies

ONCE = {"confirm_second": False}


def test_a_second_trace_of_a_serial_in_a_case_names_the_first(analyst, as_actor):
    first = analyst.post("/traces", bodies.trace(**ONCE)).json
    again = bodies.trace(firearm=bodies.firearm(serial="abc 123456"), **ONCE)
    detail = analyst.post("/traces", again, 409).json["detail"]
    assert first["id"] in detail and "confirm_second" in detail
    analyst.post("/traces", again | {"case_number": "C-2"})
    analyst.post("/traces", again | {"confirm_second": True})
    as_actor("ARG", "trace_analyst").post("/traces", again)


def test_a_second_trace_of_a_line_of_a_seizure_names_the_first(analyst, as_actor):
    gone = {"line": 1, "category": "firearm", "type": "pistol", "marking": "obliterated"}
    items = [gone, bodies.firearm(line=2)]
    seizure = as_actor("BRA", "police_officer").post("/seizures", bodies.seizure(items=items)).json
    asked = bodies.trace_of(seizure["id"], case_number="C-7", **ONCE)
    first = analyst.post("/traces", asked | {"draft": True}).json
    detail = analyst.post("/traces", asked | {"case_number": "C-8"}, 409).json["detail"]
    assert f"in the case C-7: {first['id']}" in detail
    analyst.post("/traces", asked | {"item": 2})


def test_an_ended_trace_does_not_block_another(analyst):
    first = analyst.post("/traces", bodies.trace(**ONCE)).json
    tag = analyst.get(f"/traces/{first['id']}").headers["ETag"]
    analyst.post(f"/traces/{first['id']}/withdraw", None, 200, If_Match=tag)
    analyst.post("/traces", bodies.trace(**ONCE))


def test_a_trace_hidden_from_an_agency_is_reported_to_none_of_its_officers(as_actor, analyst):
    analyst.post("/traces", bodies.trace(hidden_from=["BRA-POLICE"], **ONCE))
    as_actor("BRA", "trace_analyst", agency="POLICE").post("/traces", bodies.trace(**ONCE))


def test_a_second_alert_on_a_serial_in_a_case_names_the_first(pry_police):
    first = pry_police.post("/alerts", bodies.alert(**ONCE)).json
    detail = pry_police.post("/alerts", bodies.alert(**ONCE), 409).json["detail"]
    assert first["id"] in detail and "confirm_second" in detail
    pry_police.post("/alerts", bodies.alert(case_number="A-2", **ONCE))
    pry_police.post("/alerts", bodies.alert(confirm_second=True))


def test_a_second_report_of_a_gun_of_one_kind_and_day_names_the_first(as_actor, pry_police):
    first = pry_police.post("/reports", bodies.report()).json
    again = bodies.report(number="R-2", firearm=bodies.firearm(serial="abc 123456"))
    detail = pry_police.post("/reports", again, 409).json["detail"]
    assert first["id"] in detail and "confirm_second" in detail
    assert [item["number"] for item in pry_police.get("/reports").json["items"]] == ["R-1"]
    pry_police.post("/reports", again | {"confirm_second": True})
    as_actor("BRA", "police_officer").post("/reports", again)


@pytest.mark.parametrize(
    "other",
    [
        {"occurred_on": "2025-02-04"},
        {"kind": "recovery"},
        {"firearm": bodies.firearm(serial="ABC123457")},
        {"firearm": {"type": "pistol", "line": 1}},
    ],
)
def test_another_day_kind_or_gun_is_another_report(other, pry_police):
    result = {name: value for name, value in bodies.report().items() if name != "stolen_from"}
    pry_police.post("/reports", result)
    pry_police.post("/reports", result | {"number": "R-2"} | other)


def test_a_gun_of_which_a_glyph_cannot_be_read_is_reported_once_too(pry_police):
    gun = bodies.firearm(serial="ABC12?456")
    pry_police.post("/reports", bodies.report(firearm=gun))
    pry_police.post("/reports", bodies.report(number="R-2", firearm=gun), 409)


def test_a_withdrawn_or_corrected_report_does_not_block_another(pry_police):
    first = pry_police.post("/reports", bodies.report()).json
    body = bodies.report(reason="Read again", stolen_from="dealer")
    pry_police.post(f"/reports/{first['id']}/correct", body, 200, If_Match='"1"')
    why = {"reason": "Entered in error"}
    pry_police.post(f"/reports/{first['id']}/withdraw", why, 200, If_Match='"2"')
    pry_police.post("/reports", bodies.report(number="R-2"))
