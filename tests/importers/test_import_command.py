"""The command that imports files."""

import re

import pytest
from click.testing import CliRunner

from api.app import create_app
from api.cli import main
from importers.profiles import from_toml, to_toml
from salsa_ext.access.rules import operator
from salsa_ext.administration import agencies, migrations
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.database.session import db, transaction
from tests.support.imported import seizure_profile, write_csv

HEADER = ["case", "day", "serial", "make", "calibre", "type", "town"]
GOOD = ["C-1", "1/2/2020", "TKA52390", "Taurus", "9mm", "pistol", "Santos"]
BAD = ["C-2", "soon", "TKA52391", "Xyzzy Arms", "9mm", "pistol", "Santos"]


def test_a_dry_run_shows_what_would_become_of_the_rows(load):
    result = load(GOOD, BAD, options=["--dry-run"])
    assert result.exit_code == 0, result.output
    assert re.search(r"rows read +2\ncreated +1\n", result.output)
    assert "1  day: This is no date that can be read: soon. (soon)" in result.output
    assert "1  unknown make: Xyzzy Arms" in result.output
    assert "1  serial: TKA52390 = TKA52390 unknown" in result.output
    assert "1  day: 1/2/2020 = 2020-02-01" in result.output
    assert re.search(r"created +1\n", load(GOOD, BAD).output)


def test_refused_rows_are_written_in_their_own_columns(load, tmp_path):
    rejects = tmp_path / "rejects.csv"
    result = load(GOOD, BAD, options=["--rejects", str(rejects)])
    assert result.exit_code == 0, result.output
    header, row = rejects.read_text("utf-8-sig").splitlines()
    assert header == ",".join([*HEADER, "row", "reason"])
    assert row == ",".join([*BAD, "3", "day: This is no date that can be read: soon."])


def test_a_run_is_undone_by_its_id(salsa, load):
    run_id = re.search(r"run +([0-9a-f-]{36})", load(GOOD).output)[1]
    result = salsa("import", "--undo", run_id, "--state", "bra")
    assert result.output.endswith("1 documents withdrawn\n"), result.output


def test_a_profile_that_was_stored_is_found_by_its_name(salsa, load, tmp_path):
    load(GOOD, options=["--dry-run"])
    stored = salsa(
        "import", "profile", "armoury", "--state", "BRA", "--store", str(tmp_path / "armoury.toml")
    )
    assert stored.exit_code == 0, stored.output
    assert "armoury" in salsa("import", "profiles", "--state", "BRA").output
    printed = salsa("import", "profile", "armoury", "--state", "BRA").output
    assert from_toml(printed) == seizure_profile()


def test_texts_without_a_code_are_explained_in_a_file(salsa, load, tmp_path):
    unknown = tmp_path / "unknown.csv"
    options = ["--dry-run", "--unknown", str(unknown)]
    load(["C-1", "1/2/2020", "TKA52390", *BAD[3:]], options=options)
    assert unknown.read_text("utf-8-sig").splitlines() == [
        "kind,text,rows,means",
        "make,Xyzzy Arms,1,",
    ]
    unknown.write_text("kind,text,rows,means\nmake,Xyzzy Arms,1,Taurus\n")
    given = ["import", "values", str(unknown), "--state", "BRA", "--profile"]
    printed = salsa(*given, str(tmp_path / "armoury.toml"))
    assert printed.exit_code == 0, printed.output
    assert '"Xyzzy Arms" = "Taurus"' in printed.output
    path = tmp_path / "armoury.toml"
    salsa("import", "profile", "armoury", "--state", "BRA", "--store", str(path))
    salsa(*given, "armoury")
    assert "Taurus" in salsa("import", "profile", "armoury", "--state", "BRA").output


def test_the_fields_that_columns_can_fill_are_listed(salsa):
    lines = salsa("import", "fields", "seizures").output.splitlines()
    assert any(re.fullmatch(r"\* number +Number", line) for line in lines)
    assert any(
        re.fullmatch(r"  items.serial +What was seized › Serial number", line) for line in lines
    )


def test_a_draft_is_printed_as_a_file_that_can_be_stored(salsa, tmp_path):
    path = write_csv(tmp_path / "Guns 2020.csv", [HEADER, GOOD])
    result = salsa("import", str(path), "--guess", "--state", "BRA", "--subject", "seizures")
    assert result.exit_code == 0, result.output
    assert "# serial: items.serial (96%): TKA52390" in result.output
    assert "# needed still: agency" in result.output
    assert from_toml(result.output).name == "guns-2020"


@pytest.mark.parametrize("options,declared", [([], "real"), (["--dry-run"], None)])
def test_what_is_loaded_declares_the_installation_real(load, fresh_database, options, declared):
    load(GOOD, options=options)
    with create_app(fresh_database).app_context():
        with transaction(operator(None)):
            current = migrations.get_installation()
            kind = current.kind if current else None
        db.engine.dispose()
    assert kind == declared


def test_an_unknown_profile_is_answered_with_the_known_ones(salsa, tmp_path):
    path = write_csv(tmp_path / "guns.csv", [HEADER, GOOD])
    refused = salsa("import", str(path), "--profile", "nobody", "--state", "BRA")
    assert refused.exit_code == 1
    assert "There is no profile nobody. There are: ec-illicit-arms" in refused.output


@pytest.mark.parametrize("options", [["--state", "Utopia"], ["--unheard-of"], ["--profile"]])
def test_wrong_usage_ends_with_2(salsa, tmp_path, options):
    path = write_csv(tmp_path / "guns.csv", [HEADER, GOOD])
    assert salsa("import", str(path), *options).exit_code == 2


def test_a_file_for_rejects_that_cannot_be_written_is_refused_before_the_first_row(load, tmp_path):
    refused = load(GOOD, options=["--rejects", str(tmp_path / "nowhere" / "rejects.csv")])
    assert refused.exit_code == 2
    assert "cannot be written: No such file or directory" in refused.output


@pytest.fixture
def salsa(fresh_database, monkeypatch):
    """Run the program on a database of the test's own."""
    monkeypatch.setenv("SALSA_HOME", str(fresh_database.home))
    monkeypatch.setenv("SALSA_DATABASE_URL", fresh_database.database_url)
    bra = operator("BRA")
    with create_app(fresh_database).app_context():
        with transaction(bra):
            police = AgencyData("BRA-POLICE", "police", "Polícia", "America/Sao_Paulo")
            agencies.register_missing(actor=bra, batch=[police])
        db.engine.dispose()

    def run(*arguments):
        return CliRunner().invoke(main, arguments)

    return run


@pytest.fixture
def load(salsa, tmp_path):
    """Import rows of Brazil's profile; return the result of the command."""

    def call(*rows, options=()):
        path = write_csv(tmp_path / "guns.csv", [HEADER, *rows])
        profile = tmp_path / "armoury.toml"
        profile.write_text(to_toml(seizure_profile()), "utf-8")
        return salsa("import", str(path), "--profile", str(profile), "--state", "BRA", *options)

    return call
