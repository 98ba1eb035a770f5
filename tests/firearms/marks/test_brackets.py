"""A bracket of a mark says what one of its glyphs may be; one without its partner is refused."""

import pytest

from salsa_ext.firearms.marks.cell_reading import find_stray_bracket
from salsa_ext.firearms.records import validation
from tests.support import bodies

STRAY = "ABC1234[8"
SAID = (
    "The bracket at character 8 has no partner: write [8B] for a character that may be 8 or B,"
    " and ? for one that cannot be read."
)


@pytest.mark.parametrize(
    "cell,place",
    [
        ("ABC[8", 4),
        ("ABC8]1", 5),
        ("[ABC123456", 1),
        ("48[[8B]13", 3),
        ("48[8B]]13", 7),
        ("ABC［8", 4),
        ("XY]Z998877", 3),
        ("XY] Z998877", 3),
        ("[]KLM445566", 2),
        ("Z998877] XY", 8),
        ("AB C] 123", 5),
        ("㈱AB[C123", 4),
        ("ABC123456[restored", 10),
    ],
)
def test_a_bracket_without_its_partner_is_named_by_its_place(cell, place):
    assert find_stray_bracket(cell) == place


@pytest.mark.parametrize(
    "cell",
    [
        "ABC[8B]12",
        "ABC[8B][0O]",
        "48(8 or B]13",
        "SN: 1234 [foto 2]",
        "[ilegible",
        "ABC123456 [restored",
        "raspado [ver peritaje",
        "ABC-123 456/7",
        "{ABC",
        "SN] 12345",
        "cañon] ABC123456",
        "ABC12345 []",
        "[]",
        "ABC123456 restaurado]",
    ],
)
def test_pairs_and_words_are_no_stray_brackets(cell):
    assert find_stray_bracket(cell) is None


def test_text_before_a_bracket_is_not_dropped_without_a_remark(as_actor):
    gun = bodies.firearm(serial="XY]Z998877")
    body = as_actor("BRA", "police_officer").post("/reports", bodies.report(firearm=gun), 422).json
    assert body["errors"] == {
        "firearm.serial": [SAID.replace("character 8 has", "character 3 has")]
    }


def test_an_alert_on_a_record_that_was_taken_before_says_it_of_the_record(monkeypatch, police):
    with monkeypatch.context() as before:
        before.setattr(validation, "bracket_problem", lambda text: None)
        made = police.post("/reports", bodies.report(firearm=firearm())).json
    body = bodies.alert(record=made["firearm"]["record"])
    del body["firearm"]
    errors = police.post("/alerts", body, 422).json["errors"]
    assert errors == {"record": [SAID, "Correct what this record says, or describe the gun."]}


def firearm(**changes):
    return bodies.firearm(serial=STRAY, **changes)


@pytest.mark.parametrize(
    "role,path,body,field",
    [
        ("police_officer", "/reports", bodies.report(firearm=firearm()), "firearm.serial"),
        ("police_officer", "/seizures", bodies.seizure(items=[firearm()]), "items.0.serial"),
        ("police_officer", "/alerts", bodies.alert(firearm=firearm()), "firearm.serial"),
        ("police_officer", "/checks", bodies.check(serial=STRAY), "serial"),
        ("licensing_officer", "/transfers", bodies.transfer(firearm=firearm()), "firearm.serial"),
        ("trace_analyst", "/traces", bodies.trace(firearm=firearm()), "firearm.serial"),
    ],
)
def test_wherever_a_serial_is_given_it_is_refused(as_actor, role, path, body, field):
    assert as_actor("BRA", role).post(path, body, 422).json["errors"][field] == [SAID]


def test_a_further_mark_is_refused_by_its_number_and_a_proof_mark_is_as_it_is(police):
    marks = [{"kind": "proof", "text": "[BNP"}, {"kind": "manufacture", "text": STRAY}]
    body = bodies.report(firearm=bodies.firearm(marks=marks))
    assert police.post("/reports", body, 422).json["errors"] == {"firearm.marks.1.text": [SAID]}
    police.post("/reports", bodies.report(firearm=bodies.firearm(marks=marks[:1])))


def test_a_mark_that_a_laboratory_restores_is_refused(as_actor):
    made = as_actor("BRA", "police_officer").post("/seizures", bodies.seizure()).json
    mark = {"kind": "manufacture", "text": STRAY, "method": "chemical", "reason": "Etched"}
    path = f"/seizures/{made['id']}/items/1/marks"
    refused = as_actor("BRA", "forensic_examiner").post(path, mark, 422).json
    assert refused["errors"]["text"] == [SAID]


def test_of_a_batch_the_line_alone_is_refused(as_actor):
    body = {
        "purpose": "seizure",
        "case_number": "C-1",
        "checks": [{"serial": STRAY}, {"serial": "ABC123456"}],
    }
    data = as_actor("BRA", "police_officer").post("/checks/batch", body, 200).get_data(as_text=True)
    assert SAID in data and "no_hit" in data
