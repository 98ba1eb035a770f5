"""Checks from the command line: one serial with its reasons, and a file of guns."""

import csv
import json

import pytest

from api.app import create_app
from salsa_ext.db import db
from tests import actors, agencies, bodies

ASK = ("check", "--state", "BRA", "--case", "C-1")
GUN = ("--make", "Taurus", "--calibre", "9x19", "ABC123456")


@pytest.fixture(scope="module")
def filled(server, template, tmp_path_factory):
    """A database with a gun that a dealer in Paraguay sold, and the record of it."""
    with server.copied(template, tmp_path_factory.mktemp("filled")) as config:
        agencies.register(config.migration_url)
        app = create_app(config)
        with app.app_context():
            dealer = actors.of(app)("PRY", "licensing_officer")
            made = dealer.post("/transfers", bodies.transfer()).json
            db.engine.dispose()
        yield config, made["firearm"]["record"]


@pytest.fixture
def fresh_database(server, filled, tmp_path):
    with server.copied(filled[0], tmp_path) as config:
        yield config


@pytest.fixture
def sold(filled):
    return filled[1]


@pytest.fixture
def stolen(salsa, fresh_database):
    """The same gun, reported stolen by Uruguay; both states have an office that can be called."""
    application = create_app(fresh_database)
    posted = [("URY", "police_officer", "/reports", bodies.report())]
    for state, telephone in (("PRY", "+595 21 0000"), ("URY", "+598 2 0000")):
        office = {"agency": f"{state}-POLICE", "kind": "duty_24h", "languages": ["es"],
                  "hours": "24 h", "telephone": telephone}  # fmt: skip
        posted.append((state, "state_administrator", "/contacts", office))
    with application.app_context():
        as_actor = actors.of(application)
        for state, role, path, body in posted:
            as_actor(state, role).post(path, body)
        db.engine.dispose()


@pytest.fixture
def guns(tmp_path):
    path = tmp_path / "guns.csv"
    path.write_text("serial,make\nABC123456,Taurus\nZZZ999888,\n???,\nABC123457,Taurus\n")
    return str(path)


def test_a_serial_is_checked_with_the_reasons_of_its_score(salsa, sold):
    said = salsa(*ASK, *GUN)
    assert said.stdout.startswith("hit: Compare the gun with the record"), said.stderr
    assert f"domestic_sale of 2024-05-06, record {sold}\n" in said.stdout
    assert "serial_same   The serial is the same.\n" in said.stdout
    assert "PRY  1  records through" in said.stdout


def test_a_stolen_gun_is_said_to_be_with_whom_to_call(salsa, stolen, guns, tmp_path):
    said = salsa(*ASK, *GUN).stdout.splitlines()
    assert said[0].startswith("hit: Reported stolen by URY. Compare the gun")
    assert said[1:3] == ["  call URY-POLICE, +598 2 0000", "  call PRY-POLICE, +595 21 0000"]
    written = tmp_path / "answers.csv"
    salsa(*ASK, "--file", guns, "--answers", str(written))
    rows = list(csv.DictReader(written.read_text("utf-8-sig").splitlines()))
    assert [row["reported"] for row in rows] == ["theft", "", "", "theft"]


def test_a_make_that_did_not_count_is_said_of_one_and_of_a_file(salsa, tmp_path):
    noted = "make: “taruus” is no make that is known here, and did not count. Did you mean Taurus?"
    said = salsa(*ASK, "--make", "taruus", "ABC123456").stdout
    assert said.splitlines()[1] == f"  {noted}"
    path, written = tmp_path / "guns.csv", tmp_path / "answers.csv"
    path.write_text("serial,make\nABC123456,Taurus\nABC123456,taruus\n")
    said = salsa(*ASK, "--file", str(path), "--answers", str(written))
    assert f"line 3, {noted}" in said.stderr and "line 2," not in said.stderr
    rows = list(csv.DictReader(written.read_text("utf-8-sig").splitlines()))
    assert [row["remarks"] for row in rows] == ["", noted]


def test_a_check_is_given_as_over_http_too(salsa, sold):
    said = json.loads(salsa(*ASK, "--json", *GUN).stdout)
    assert (said["verdict"], said["candidates"][0]["record"]) == ("hit", sold)


def test_the_state_may_be_set_once_for_all(salsa):
    assert salsa("check", "--case", "C-1", *GUN, SALSA_STATE="BRA").stdout.startswith("hit:")


def test_a_file_is_checked_into_a_table_and_a_csv(salsa, guns, sold, tmp_path):
    written = tmp_path / "answers.csv"
    said = salsa(*ASK, "--file", guns, "--answers", str(written))
    assert said.returncode == 0, said.stderr
    assert "not searched" in said.stdout and sold in said.stdout
    assert "ZZZ999888" not in said.stdout
    assert said.stdout.endswith("4 checked: 1 hit, 1 no_hit, 1 not searched, 1 possible.\n")
    rows = list(csv.DictReader(written.read_text("utf-8-sig").splitlines()))
    assert [(row["line"], row["verdict"]) for row in rows] == [
        ("2", "hit"), ("3", "no_hit"), ("4", ""), ("5", "possible"),
    ]  # fmt: skip
    assert rows[0]["record"] == sold and rows[0]["reasons"].startswith("serial_same+")
    assert rows[2]["wrong"].startswith("serial: None of this serial can be read")
    assert rows[3]["reasons"].startswith("serial_one")


@pytest.mark.parametrize("command,said,code", [
    ([*ASK, "??"], "None of this serial can be read: give 3 characters", 1),
    ([*ASK, "A1"], "its make and calibre beside it", 1),
    ([*ASK, "--country", "XX", "ABC123456"], "country: ", 1),
    (["check", "--state", "BRA", "ABC123456"], "needs a case number", 1),
    (["check", "--case", "C-1", "ABC123456"], "--state", 2),
    ([*ASK], "Give a serial", 2), ([*ASK, "--file", "guns.csv"], "does not exist", 2),
])  # fmt: skip
def test_what_cannot_be_checked_is_refused_in_a_sentence(salsa, command, said, code):
    refused = salsa(*command)
    assert (refused.returncode, said in refused.stderr) == (code, True), refused.stderr


def test_a_folder_that_is_not_there_is_told_for_the_answers(salsa, guns, tmp_path):
    refused = salsa(*ASK, "--file", guns, "--answers", str(tmp_path / "none" / "a.csv"))
    assert (refused.returncode, "No such file" in refused.stderr) == (1, True)


def test_a_file_and_a_serial_exclude_each_other(salsa, guns):
    assert salsa(*ASK, "--file", guns, "ABC123456").returncode == 2
