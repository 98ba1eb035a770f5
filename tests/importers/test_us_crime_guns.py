"""Test us crime guns."""

import csv
from dataclasses import replace
from datetime import date
from hashlib import sha256

import pytest
from sqlalchemy import func, select

from importers.pipeline import run_import
from importers.rows import RawRow, UnusableRow
from importers.us_crime_guns import COLUMNS, IMPORTER, interpret_row
from salsa_ext.core.errors import ImportRejected
from salsa_ext.core.occurrence import Place
from salsa_ext.database.models import ImportRun
from salsa_ext.database.session import db
from salsa_ext.documents.models import Seizure, Transfer
from salsa_ext.firearms.marks.values import SeizedItem
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.parties import Party

LOOKUPS = replace(IMPORTER.lookups, least=1)
DEALER = {"dealer_name": "Corner Guns", "dealer_city": "Springton", "dealer_state": "DE"}
GUN = {"manufacturer_name": "GLOCK", "firearm_serial": "XYZ123", "firearm_caliber": "9mm"}
PLACE = {"jurisdiction_city": "Springton", "jurisdiction_state": "DE"}
DATES = {"sale_date": "2020-01-31", "crime_date": "2021-03-01"}


def cells(**changes):
    empty = dict.fromkeys(COLUMNS, "")
    own = {"source_dataset": "TEST", "source_row": "2"}
    return empty | own | DEALER | GUN | PLACE | DATES | changes


def import_file(path, actor, lookups=LOOKUPS, **options):
    return run_import(replace(IMPORTER, lookups=lookups), path, actor, **options)


def row(**changes):
    return RawRow(2, cells(**changes))


def test_a_row_gives_its_sale_and_its_seizure_under_the_number_of_the_row():
    sale, seizure = interpret_row(row(), LOOKUPS).documents
    assert (sale.number, sale.kind, sale.occurred_on) == (
        "TEST/2",
        "domestic_sale",
        date(2020, 1, 31),
    )
    assert (seizure.number, seizure.kind, seizure.occurred_on) == (
        "TEST/2",
        "seized",
        date(2021, 3, 1),
    )
    assert seizure.agency == "USA-POLICE"
    assert seizure.items == (SeizedItem.from_firearm(sale.firearm),)


def test_a_row_without_a_crime_gives_the_sale_alone():
    [sale] = interpret_row(row(crime_date=""), LOOKUPS).documents
    assert sale.kind == "domestic_sale"


def test_a_row_without_a_sale_gives_the_seizure_alone():
    [seizure] = interpret_row(row(sale_date=""), LOOKUPS).documents
    assert seizure.kind == "seized"


def test_the_dealer_is_named_with_licence_and_town():
    [sale, _] = interpret_row(row(dealer_ffl="9-99-00001"), LOOKUPS).documents
    assert sale.giver == Party(
        "Corner Guns", "dealer", "USA", address="Springton, DE", licence="9-99-00001"
    )


def test_a_sale_by_nobody_known_is_still_a_sale():
    [sale, _] = interpret_row(row(dealer_name=""), LOOKUPS).documents
    assert sale.giver is None


def test_the_place_of_the_crime_counts_before_the_seat_of_the_jurisdiction():
    row_of_elsewhere = row(crime_location_state="PA", crime_location_city="Milltown")
    assert interpret_row(row(), LOOKUPS).documents[1].place == Place("USA", "Springton", "DE")
    assert interpret_row(row_of_elsewhere, LOOKUPS).documents[1].place == Place(
        "USA", "Milltown", "PA"
    )


@pytest.mark.parametrize(
    ("text", "serial", "marking"),
    [
        ("XYZ123", "XYZ123", "intact"),
        ("NA", "NA", "intact"),
        ("", None, "unknown"),
        ("Unknown", None, "unknown"),
        ("OBLITERATED", None, "obliterated"),
        ("No serial", None, "unmarked"),
    ],
)
def test_a_placeholder_says_how_the_mark_is_and_is_no_serial(text, serial, marking):
    gun = interpret_row(row(firearm_serial=text), LOOKUPS).documents[0].firearm
    assert (gun.serial, gun.marking) == (serial, marking)


@pytest.mark.parametrize(
    ("text", "make"),
    [("Glock", "Glock"), ("Berreta", "BERETTA"), ("S & W", "SMITH & WESSON"), ("UNKNOWN", None)],
)
def test_a_make_is_kept_as_written_unless_it_is_known_to_be_misspelt(text, make):
    assert interpret_row(row(manufacturer_name=text), LOOKUPS).documents[0].firearm.make == make


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sale_date": "2020-13-01"}, "sale_date is no date that can be read: 2020-13-01"),
        ({"crime_date": "3/1/21"}, "crime_date is no date that can be read: 3/1/21"),
        (
            {"sale_date": "", "purchase_date": "1/31/202"},
            "purchase_date is no date that can be read: 1/31/202",
        ),
        ({"sale_date": "2021-03-02"}, "sold on 2021-03-02, after the crime on 2021-03-01"),
        ({"sale_date": "", "crime_date": ""}, "neither the sale nor the crime has a date"),
        (
            {"firearm_serial": "unk", "manufacturer_name": "", "firearm_caliber": ""},
            "the row describes no gun: no serial, no make and no calibre",
        ),
        (
            {"source_row": ""},
            "the row has no number of its own, so a second run would take it twice",
        ),
        ({"dealer_name": "Corner\0Guns"}, "dealer_name holds a zero byte"),
        ({"colour": "blue"}, "nobody knows what to do with colour"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(changes, reason):
    with pytest.raises(UnusableRow) as raised:
        interpret_row(row(**changes), LOOKUPS)
    assert str(raised.value) == reason


def test_a_row_that_ends_early_says_where():
    with pytest.raises(UnusableRow, match="the row ends before the column source_row"):
        interpret_row(RawRow(2, {"source_dataset": "TEST"}), LOOKUPS)


@pytest.mark.parametrize("serial", ["00123", "1E5", "NA", "NULL", "1.0"])
def test_a_serial_is_read_as_it_stands(written, serial):
    [read] = IMPORTER.read(written(cells(firearm_serial=serial)))
    assert read.pop("firearm_serial") == serial


def test_rows_are_numbered_as_spreadsheets_do(written):
    path = written(cells(case_status="two\nlines"), cells())
    assert [read.number for read in IMPORTER.read(path)] == [2, 3]


def test_what_can_be_used_is_taken_and_the_rest_is_reported(actor, written):
    path = written(
        cells(), cells(source_row="3", crime_date=""), cells(source_row="4", sale_date="soon")
    )
    report = import_file(path, actor("USA"))
    assert (report.rows_read, report.rows_imported) == (3, 2)
    assert report.imported == {"transfers": 2, "seizures": 1}
    assert report.rejects == [(4, "sale_date is no date that can be read: soon")]


def test_every_record_names_the_run_and_the_row_that_it_comes_from(actor, written):
    path = written(cells(), cells(source_row="3", crime_date=""))
    report = import_file(path, actor("USA"))
    records = db.session.execute(select(Record.import_id, Record.import_row)).all()
    assert sorted(records) == [(report.import_id, line) for line in (2, 2, 3)]
    run = db.session.get(ImportRun, report.import_id)
    assert (run.file_name, run.rows_read, run.rows_imported) == ("events.csv", 2, 2)
    assert run.file_digest == sha256(path.read_bytes()).digest()


def test_makes_get_their_codes_and_keep_what_was_written(actor, written):
    import_file(written(cells(manufacturer_name="HI-POINT")), actor("USA"))
    makes = db.session.execute(select(Record.make, Record.make_text).distinct()).all()
    assert makes == [("hi-point", "HI-POINT")]


def test_a_second_run_of_the_same_file_adds_nothing(actor, written):
    path = written(cells(), cells(source_row="3", crime_date=""))
    import_file(path, actor("USA"))
    again = import_file(path, actor("USA"))
    assert (again.rows_imported, again.imported) == (0, {})
    assert again.known == {"transfers": 2, "seizures": 1}
    assert (count(Transfer), count(Seizure), count(Record)) == (2, 1, 3)


def test_a_dry_run_reports_the_same_and_takes_nothing(actor, written):
    report = import_file(written(cells()), actor("USA"), dry_run=True)
    assert report.imported == {"transfers": 1, "seizures": 1}
    assert (count(Transfer), count(Seizure), count(ImportRun)) == (0, 0, 0)


def test_a_file_with_too_few_usable_rows_is_refused_as_a_whole(actor, written):
    path = written(cells(), cells(source_row="3", sale_date="soon"))
    with pytest.raises(ImportRejected, match="1 of 2 rows can be used") as raised:
        import_file(path, actor("USA"), lookups=replace(LOOKUPS, least=2))
    assert [reject.row for reject in raised.value.details["rejects"]] == [3]
    assert (count(Transfer), count(ImportRun)) == (0, 0)


def test_a_file_with_far_too_many_rows_is_another_file(actor, written):
    path = written(cells(), cells(source_row="3"))
    with pytest.raises(ImportRejected, match="this source gives 1 to 1"):
        import_file(path, actor("USA"), lookups=replace(LOOKUPS, most=1))


def test_a_number_that_stands_twice_is_taken_once(actor, written):
    report = import_file(written(cells(), cells()), actor("USA"))
    assert report.rejects == [(3, "the number TEST/2 stands in row 2 already")]
    assert count(Transfer) == 1


def test_what_a_command_would_refuse_is_found_before_anything_is_written(actor, written):
    path = written(cells(), cells(source_row="3", crime_date="2031-01-01"))
    report = import_file(path, actor("USA"))
    assert report.rejects == [
        (3, "seizures: occurred_on: This date lies in the future; today is 2026-03-09.")
    ]


def test_another_state_cannot_take_seizures_of_the_united_states(actor, written):
    with pytest.raises(ImportRejected, match="0 of 1 rows can be used"):
        import_file(written(cells()), actor("MEX"))


def test_a_row_that_is_cut_short_is_rejected_and_no_more(actor, written):
    path = written(cells())
    path.write_text(f"{path.read_text()}TEST,sheet,3\n")
    report = import_file(path, actor("USA"))
    assert report.rejects[0].row == 3
    assert report.rows_imported == 1


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda text: text.replace("firearm_serial", "serial_no"), "the columns serial_no"),
        (lambda text: text.replace(",is_interstate", "", 1), "more cells than the header"),
        (
            lambda text: text.replace("\n", ",extra\n").replace(",extra\n", ",colour\n", 1),
            "the columns colour",
        ),
        (lambda text: text + "," * len(COLUMNS) + "\n", "is no table"),
        (lambda text: ",".join(COLUMNS[:-1]) + "\n", "columns is_interstate are missing"),
        (lambda text: "", "is empty"),
    ],
)
def test_a_file_of_another_form_is_refused_with_what_is_wrong(actor, written, damage, reason):
    path = written(cells())
    path.write_text(damage(path.read_text()))
    with pytest.raises(ImportRejected, match=reason):
        import_file(path, actor("USA"))


def test_a_file_in_another_encoding_is_refused(actor, written):
    path = written(cells(dealer_name="Peña"))
    path.write_bytes(path.read_text().encode("latin-1"))
    with pytest.raises(ImportRejected, match="not in UTF-8"):
        import_file(path, actor("USA"))


def test_progress_is_told_in_rows(actor, written):
    told = []
    path = written(cells(), cells(source_row="3"))
    import_file(path, actor("USA"), progress=lambda *said: told.append(said))
    assert told == [(2, 2)]


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


@pytest.fixture
def written(tmp_path):
    """Write rows to a file as the publisher does."""

    def write(*rows):
        path = tmp_path / "events.csv"
        with path.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.DictWriter(opened, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write
