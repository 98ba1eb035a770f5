"""Test import command."""

import csv
from dataclasses import replace

import pytest
from click.testing import CliRunner

from api.app import create_app
from api.cli import main
from importers.pipeline import run_import
from importers.us_crime_guns import COLUMNS, IMPORTER
from salsa_ext.access.rules import operator
from salsa_ext.administration import installation
from salsa_ext.database.session import db, transaction

ROW = dict.fromkeys(COLUMNS, "") | {
    "source_dataset": "TEST",
    "source_row": "2",
    "manufacturer_name": "GLOCK",
    "firearm_serial": "XYZ123",
    "firearm_caliber": "9mm",
    "sale_date": "2020-01-31",
    "crime_date": "2020-03-01",
    "time_to_crime": "30.0",
}


def test_the_command_shows_what_was_taken_and_what_was_not(salsa, events):
    result = salsa("import", "us-crime-guns", events(ROW, ROW | {"source_row": ""}))
    assert result.exit_code == 0, result.output
    assert "rows read             2" in result.output
    assert "transfers             1 taken" in result.output
    assert "row 3       the row has no number of its own" in result.output


def test_the_comparison_shows_how_many_traces_agree(salsa, events):
    result = salsa("import", "us-crime-guns", events(ROW), "--compare")
    assert result.exit_code == 0, result.output
    assert "1  agrees" in result.output


def test_all_rejects_are_written_to_a_file(salsa, events, tmp_path):
    rejects = tmp_path / "rejects.csv"
    path = events(ROW, ROW | {"source_row": ""})
    salsa("import", "us-crime-guns", path, "--dry-run", "--rejects", str(rejects))
    assert rejects.read_text("utf-8-sig").splitlines() == [
        "row,reason",
        '3,"the row has no number of its own, so a second run would take it twice"',
    ]


def test_a_file_for_rejects_that_cannot_be_written_is_refused_before_the_first_row(
    salsa, events, tmp_path, monkeypatch
):
    monkeypatch.setattr("api.cli.imports.run_import", lambda *_: pytest.fail("rows read"))
    nowhere = tmp_path / "nowhere" / "rejects.csv"
    refused = salsa("import", "us-crime-guns", events(ROW), "--rejects", str(nowhere))
    assert refused.exit_code == 2
    assert "cannot be written: No such file or directory" in refused.output


def test_a_file_that_cannot_be_taken_ends_with_1_and_shows_why(salsa, events):
    result = salsa("import", "us-crime-guns", events(ROW | {"sale_date": "soon"}))
    assert result.exit_code == 1
    assert "sale_date is no date that can be read: soon" in result.output
    assert "0 of 1 rows can be used" in result.output


def test_a_state_that_takes_no_part_has_no_records(salsa, events):
    refused = salsa("import", "us-crime-guns", events(ROW), "--state", "xyz")
    assert refused.exit_code == 1
    assert "XYZ is not a participating state" in refused.output


@pytest.mark.parametrize("options,declared", [([], "real"), (["--dry-run"], None)])
def test_what_is_taken_declares_the_installation_real(
    salsa, events, fresh_database, options, declared
):
    salsa("import", "us-crime-guns", events(ROW), *options)
    with create_app(fresh_database).app_context():
        with transaction(operator(None)):
            standing = installation.get_installation()
            kind = standing.kind if standing else None
        db.engine.dispose()
    assert kind == declared


@pytest.mark.parametrize(
    "options", [["--state", "Utopia"], ["--dry-run", "--compare"], ["--unheard-of"]]
)
def test_wrong_usage_ends_with_2(salsa, events, options):
    assert salsa("import", "us-crime-guns", events(ROW), *options).exit_code == 2


@pytest.fixture
def salsa(fresh_database, monkeypatch):
    """Run the program on a database of the test's own, with volumes for a few rows."""
    few = replace(IMPORTER, lookups=replace(IMPORTER.lookups, least=1))
    monkeypatch.setattr("api.cli.imports.run_import", lambda _, *more: run_import(few, *more))
    monkeypatch.setenv("SALSA_HOME", str(fresh_database.home))
    monkeypatch.setenv("SALSA_DATABASE_URL", fresh_database.database_url)

    def run(*arguments):
        return CliRunner().invoke(main, arguments)

    return run


@pytest.fixture
def events(tmp_path):
    """Write rows to a file as the publisher does, and return its path."""

    def write(*rows):
        path = tmp_path / "events.csv"
        with path.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.DictWriter(opened, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        return str(path)

    return write
