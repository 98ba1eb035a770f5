"""Marks and attachments from the command line, as a laboratory adds them."""

import json

import pytest
from click.testing import CliRunner

from api.app import create_app
from api.cli import main
from salsa_ext.db import db
from tests import actors, agencies, bodies, files

OWN, ID = ("--state", "BRA"), "0199f2c0-0000-7000-8000-000000000000"
BY = ("--agency", "BRA-POLICE", "--officer", "LAB-7")
MARK = ("seizure", "mark", *OWN, *BY, "--line", "1", "--kind", "manufacture",
        "--method", "chemical", "--location", "frame", "--reason", "Report L-12/2026")  # fmt: skip


@pytest.fixture(scope="module")
def filled(server, template, tmp_path_factory):
    """A database with a seizure of a gun without a serial, which was sold in another state."""
    gun = {name: value for name, value in bodies.firearm().items() if name != "serial"}
    defaced = bodies.seizure(items=[gun | {"marking": "obliterated"}])
    with server.copied(template, tmp_path_factory.mktemp("filled")) as config:
        agencies.register(config.migration_url)
        app = create_app(config)
        with app.app_context():
            as_actor = actors.of(app)
            as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
            made = as_actor("BRA", "police_officer").post("/seizures", defaced).json
            db.engine.dispose()
        yield config, made


@pytest.fixture
def fresh_database(server, filled, tmp_path):
    with server.copied(filled[0], tmp_path) as config:
        yield config


@pytest.fixture
def seizure(filled):
    return filled[1]


@pytest.fixture
def photograph(tmp_path):
    path = tmp_path / "IMG_0001.JPG"
    path.write_bytes(files.photograph())
    return str(path)


def test_a_mark_is_added_shown_and_matched(salsa, seizure):
    said = salsa(*MARK, "S-1", "ABC123456").stdout
    assert "line 1: Taurus G2C 9x19, marking restored" in said
    assert "ABC123456  manufacture  frame  restored  chemical  BRA-POLICE LAB-7" in said
    assert "matches: 1\n  PRY  " in said
    assert "BRA-POLICE LAB-7" in salsa("seizure", "show", *OWN, "S-1").stdout
    listed = salsa("seizure", "list", *OWN).stdout.split()
    assert listed == [seizure["id"], "S-1", "seized", "2026-03-01", "BRA-POLICE", "1"]


def test_a_mark_is_answered_as_over_http(salsa, seizure):
    said = json.loads(salsa(*MARK, "--json", "S-1", "ABC123456").stdout)
    assert said["items"][0]["marks"][0]["method"] == "chemical"
    assert said["matches"][0]["candidates"][0]["state"] == "PRY"
    shown = json.loads(salsa("seizure", "show", *OWN, "--json", "S-1").stdout)
    assert shown["version"] == 2


@pytest.mark.parametrize("words,said", [
    (("S-9", "ABC123456"), "There is no seizure S-9 that you may see."),
    (("S-1", "raspado"), "is no mark"),
])  # fmt: skip
def test_a_mark_that_cannot_be_is_refused_in_words(salsa, seizure, words, said):
    refused = salsa(*MARK, *words)
    assert (refused.returncode, said in refused.stderr) == (1, True)


def test_an_agency_of_the_state_reads_a_mark(salsa, seizure):
    refused = salsa(*MARK, "--agency", "PRY-POLICE", "S-1", "ABC123456")
    assert refused.returncode == 1
    assert "agency: PRY-POLICE is not registered" in refused.stderr


def test_a_photograph_is_attached_listed_saved_and_withdrawn(salsa, seizure, photograph, tmp_path):
    to = ("--to", f"seizure:{seizure['id']}")
    added = salsa("attach", "add", *OWN, *BY, *to, "--kind", "photograph", photograph).stdout
    assert "kept as           image/jpeg" in added
    assert "40 x 60 pixels" in added
    [row] = json.loads(salsa("attach", "list", *OWN, *to, "--json").stdout)
    out = tmp_path / "out.jpg"
    saved = salsa("attach", "save", *OWN, "-o", str(out), row["id"]).stdout
    assert saved == f"{out}: image/jpeg, SHA-256 {row['kept_sha256']}\n"
    assert files.PLANTED.encode() not in out.read_bytes()
    gone = salsa("attach", "withdraw", *OWN, "--reason", "Double", row["id"])
    assert gone.stdout == f"{row['id']} is withdrawn.\n"
    assert "withdrawn" in salsa("attach", "list", *OWN, *to).stdout
    refused = salsa("attach", "save", *OWN, "-o", str(out), row["id"])
    assert (refused.returncode, "was withdrawn: Double" in refused.stderr) == (1, True)


def test_a_file_that_is_not_taken_is_refused_in_words(salsa, seizure, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("Notes")
    to = ("--to", f"seizure:{seizure['id']}", "--kind", "document")
    refused = salsa("attach", "add", *OWN, *BY, *to, str(path))
    assert refused.returncode == 1
    assert "A file is a photograph (JPEG, PNG or WebP) or a PDF." in refused.stderr


def test_what_cannot_be_asked_is_wrong_usage(tmp_path):
    (tmp_path / "a").touch()
    wrong = [
        ["attach", "list", *OWN, "--to", "gun:1"], ["attach", "save", *OWN, "-o", "x", "7"],
        [*MARK, "--method", "guess", "S-1", "A"], [*MARK, "--officer", "a b", "S-1", "A"],
        ["attach", "add", *OWN, *BY, "--to", f"seizure:{ID}", "--kind", "video", str(tmp_path / "a")],
    ]  # fmt: skip
    assert {CliRunner().invoke(main, words).exit_code for words in wrong} == {2}
