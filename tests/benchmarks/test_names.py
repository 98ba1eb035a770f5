"""How well names are read is measured, and does not fall."""

import csv

import pytest

from benchmarks import names

HEAD = "Dealer Name,Application Number,Make,Model,Model Number,Caliber,Finish,Length,Date"


@pytest.fixture
def folder(tmp_path):
    def write(raw, cleaned):
        for name, rows in ((names.RAW, raw), (names.CLEANED, cleaned)):
            (tmp_path / name).write_text("\ufeff" + "\n".join([HEAD, *rows]), "utf-8")
        return tmp_path

    return write


def sale(make, calibre, model="A1", application="2017000001", length="4"):
    return f"D,{application},{make},{model},{model},{calibre},Blue,{length},1/6/17"


def test_rows_of_one_application_are_paired_by_their_gun_whatever_their_order(folder):
    found = names.read_pairs(
        folder(
            [sale("tauros", "9mm", "G2"), sale("glok", "40", "22")],
            [sale("Glock", "40", "22", length="4.00"), sale("Taurus", "9", "G2")],
        )
    )
    makes = [(raw[names.MAKE], cleaned[names.MAKE]) for raw, cleaned in found.rows]
    assert (makes, found.unpaired) == ([("tauros", "Taurus"), ("glok", "Glock")], 0)


def test_a_shifted_row_and_one_without_a_twin_are_counted_and_left_out(folder):
    shifted = "10405,357,6.5,,,,,,Blue"
    found = names.read_pairs(folder([shifted, sale("Colt", "45", application="2017000002")], []))
    assert (found.rows, found.shifted, found.unpaired) == ([], 1, 1)


def test_each_class_of_miss_is_shown_with_an_example(folder, session, capsys):
    names.run(folder([sale("tauros", "9mm")], [sale("Taurus", "9")]), 2)
    shown = capsys.readouterr().out
    assert "1  certain: right: tauros → taurus, right: taurus" in shown
    assert "certain: wrong: " in shown and "resolve, in memory" in shown


@pytest.mark.parametrize("kind,precision,recall", [("make", 0.99, 0.83), ("calibre", 0.97, 0.77)])
def test_the_sample_that_was_checked_by_hand_is_read_as_well_as_ever(
    session, kind, precision, recall
):
    tally = names.Tally()
    for row in csv.DictReader(names.SAMPLE_FILE.read_text("utf-8").splitlines()):
        if text := row[f"{kind}_text"]:
            tally.add(kind, text, row[kind] or None)
    right, wrong = (tally.classes[f"certain: {value}"] for value in ("right", "wrong"))
    named = sum(n for name, n in tally.classes.items() if not name.startswith(("none", "importer")))
    assert right / (right + wrong) >= precision
    assert right / named >= recall
