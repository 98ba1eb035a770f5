"""Commands that are generated from the packaged document, against a service that is really served."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from api.cli import COMMANDS, SHARED, main
from api.cli.openapi_operations import (
    DOCUMENT,
    group_operations,
    list_operations,
    parse_value,
    singular,
)
from api.docs import commands
from tests.conftest import standing_on
from tests.support import bodies, files
from tests.support.serving import open_accounts, served
from tests.support.source import ROOT

ROLES = ["police_officer", "trace_analyst", "licensing_officer", "state_administrator"]
USERS = (*(f"bra.{role}" for role in ROLES), "pry.police_officer")
POLICE = ("--as", "bra.police_officer")
SEIZURE = (
    *("seizure", "create", *POLICE, "--kind", "seized", "--agency", "BRA-POLICE"),
    *("--occurred-on", "2026-03-01", "--place.country", "bra", "--place.name", "Foz do Iguaçu"),
    *("--legal-grounds", "possession", "--crime-context", "gang"),
    *("--crime-context", "drug_trafficking", "--number", "S-1"),
)
GUN = 'serial=ABC123456 make="Taurus" type=pistol calibre=9x19'
TRACE = (
    *("--case-number", "C-1", "--priority", "routine", "--legal-basis", "Law"),
    *("--illicit-reason", "used_in_crime", "--circumstances", "In a car"),
    *("--intended-use", "evidence"),
)


# The document


def test_the_packaged_document_is_that_of_the_application(app):
    assert DOCUMENT.read_text() == commands(app), "run make docs"


def test_every_operation_of_the_application_has_exactly_one_command(app):
    paths = app.test_client().get("/api/v1/openapi.json").json["paths"]
    wanted = {
        (path, method) for path, item in paths.items() for method in item if method != "parameters"
    }
    found = [each for group in group_operations().values() for each in group.values()]
    assert len(found) == len(wanted) == len(list_operations())
    assert {(each.path, each.method) for each in found} == wanted


def test_no_noun_of_the_api_is_hidden_by_a_command_of_this_machine():
    assert set(COMMANDS).intersection(group_operations()) == set(SHARED)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("get /seizures", "seizure list"),
        ("post /seizures", "seizure create"),
        ("get /seizures/{seizure_id}", "seizure get"),
        ("post /seizures/{seizure_id}/correct", "seizure correct"),
        ("post /seizures/{seizure_id}/items/{line}/marks", "seizure add-mark"),
        ("post /permits/{permit_id}/shipments", "permit create-shipment"),
        ("get /permits/{permit_id}/shipments", "permit list-shipments"),
        ("get /permits/{permit_id}/paper", "permit get-paper"),
        ("post /shipments/{shipment_id}/receipt/correct", "shipment correct-receipt"),
        ("get /traces/{trace_id}/legs/{leg_id}/form", "trace get-leg-form"),
        ("post /requests/{request_id}/report-no-record", "request report-no-record"),
        ("post /requests/acknowledge", "request acknowledge-many"),
        ("post /requests/{request_id}/acknowledge", "request acknowledge"),
        ("get /discrepancies", "discrepancy list"),
        ("get /agencies", "agency list"),
        ("get /matches", "match list"),
        ("get /settings", "setting get"),
        ("get /me", "me get"),
        ("post /settings", "setting update"),
        ("post /signing-keys/rotate", "signing-key rotate"),
        ("get /statistics", "statistics list-datasets"),
        ("get /statistics/{dataset}", "statistics get-dataset"),
    ],
)
def test_a_command_is_named_by_its_path_and_operation(path, name):
    names = {
        f"{each.method} {each.path.removeprefix('/api/v1')}": f"{each.noun} {each.verb}"
        for each in list_operations()
    }
    assert names[path] == name


def test_every_command_is_made_with_options_of_different_names():
    context = click.Context(main)
    for noun, group in group_operations().items():
        for verb in group:
            command = main.get_command(context, noun).get_remote(verb)
            flags = [flag for each in command.params for flag in each.opts]
            assert len(flags) == len(set(flags)), f"{noun} {verb}"
            assert f"salsa {noun} {verb}" in command.help


def test_singulars_are_words():
    words = ("discrepancies", "matches", "licensees", "statistics", "me", "traces")
    assert [*map(singular, words)] == [
        "discrepancy",
        "match",
        "licensee",
        "statistics",
        "me",
        "trace",
    ]


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        ("12", {"type": "integer"}, 12),
        ("1.5", {"type": "number"}, 1.5),
        ("true", {"type": "boolean"}, True),
        ("pry", {"type": "string", "pattern": "^[A-Z]{3}$"}, "PRY"),
        ('{"line": 2}', {"$ref": "#/components/schemas/SeizedItemRequest"}, {"line": 2}),
        (
            'make="Smith & Wesson" year=2019',
            {"$ref": "#/components/schemas/SeizedItemRequest"},
            {"make": "Smith & Wesson", "year": 2019},
        ),
        ("a,b", {"type": "array", "items": {"type": "string"}}, ["a", "b"]),
    ],
)
def test_a_text_becomes_what_its_schema_wants(text, schema, value):
    assert parse_value(text, schema) == value


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("1.5", {"type": "integer"}),
        ("x", {"type": "number"}),
        ("yes", {"type": "boolean"}),
        ("colour=red", {"$ref": "#/components/schemas/SeizedItemRequest"}),
        ("Taurus", {"$ref": "#/components/schemas/SeizedItemRequest"}),
    ],
)
def test_a_text_of_another_type_is_refused(text, schema):
    with pytest.raises(ValueError, match="is n"):
        parse_value(text, schema)


def test_a_command_starts_without_the_service(tmp_path):
    """It enters few files of ours, and none of what serves or of the database."""
    look = (
        "import sys; from click.testing import CliRunner; from api.cli import main;"
        "done = CliRunner().invoke(main, ['trace', 'get-result', '--key', 'k', 'ID',"
        " '--url', 'http://127.0.0.1:9/api/v1']);"
        "assert 'No service answers' in done.output, done.output;"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split()
    own = [name for name in loaded if name.partition(".")[0] in ("api", "salsa_ext", "importers")]
    assert len(own) <= 20
    heavy = {"flask", "sqlalchemy", "alembic", "marshmallow", "psycopg2", "pandas", "salsa_ext"}
    assert heavy.isdisjoint(loaded)


# The service


@pytest.fixture
def service(server, registered, standing, tmp_path, monkeypatch) -> Iterator[str]:
    """A service of its own for a test, with accounts as `salsa demo` writes them down."""
    with standing_on(server, registered, standing) as app, served(app) as url:
        open_accounts(app, tmp_path, url, USERS)
        monkeypatch.setenv("SALSA_HOME", str(tmp_path))
        monkeypatch.setenv("COLUMNS", "120")
        for name in ("SALSA_URL", "SALSA_KEY", "LC_ALL", "LC_MESSAGES", "LANG"):
            monkeypatch.delenv(name, raising=False)
        yield url


def salsa(*words: str, code: int = 0, text: str | None = None, **env: str) -> click.testing.Result:
    """Run a command; asserts how it ends."""
    done = CliRunner().invoke(main, words, env=env, input=text, prog_name="salsa")
    assert done.exit_code == code, done.output + repr(done.exception)
    return done


def read(*words: str) -> dict:
    return json.loads(salsa(*words, "--json").stdout)


@pytest.fixture
def seizure(service) -> dict:
    return json.loads(salsa(*SEIZURE, "--items", GUN, "--json").stdout)


def test_a_seizure_is_recorded_from_options(service):
    made = json.loads(
        salsa(*SEIZURE, "--items", GUN, "--items", "serial=X9 antique=true", "--json").stdout
    )
    assert (made["place"]["country"], made["crime_context"]) == (
        "BRA",
        ["gang", "drug_trafficking"],
    )
    assert [(each["line"], each["serial"]) for each in made["items"]] == [
        (1, "ABC123456"),
        (2, "X9"),
    ]
    shown = salsa("seizure", "get", *POLICE, "S-1").stdout
    assert "number         S-1\n" in shown and "items: 2\n" in shown


def test_a_seizure_is_recorded_from_a_file_to_which_options_are_added(service, tmp_path):
    path = tmp_path / "body.json"
    path.write_text(json.dumps(bodies.seizure()))
    made = read("seizure", "create", *POLICE, "--file", str(path), "--concealment", "Spare tyre")
    assert (made["number"], made["concealment"]) == ("S-1", "Spare tyre")
    text = json.dumps(bodies.seizure(number="S-2"))
    salsa("seizure", "create", *POLICE, "--file", "-", text=text)
    assert salsa("seizure", "list", *POLICE, "--only", "number").stdout == "S-2\nS-1\n"


def test_a_list_is_filtered_and_followed_page_by_page(service):
    for number in ("S-1", "S-2", "S-3"):
        salsa(*SEIZURE[:-1], number, "--items", GUN)
    salsa(*SEIZURE[:-1], "S-4", "--items", GUN, "--kind", "found")
    found = salsa("seizure", "list", *POLICE, "--kind", "found").stdout.splitlines()
    assert found[0].split()[:2] == ["id", "version"] and len(found) == 2
    first = salsa("seizure", "list", *POLICE, "--limit", "3", "--only", "number")
    assert (first.stdout, first.stderr) == (
        "S-4\nS-3\nS-2\n",
        "There are more. Add --all for all pages.\n",
    )
    every = salsa("seizure", "list", *POLICE, "--limit", "3", "--all", "--only", "number,kind")
    assert every.stdout == "S-4  found\nS-3  seized\nS-2  seized\nS-1  seized\n"


def test_a_list_is_written_to_a_file_of_its_ending(seizure, tmp_path):
    path = tmp_path / "seizures.csv"
    salsa("seizure", "list", *POLICE, "--output", str(path))
    assert "S-1" in path.read_text()
    salsa("seizure", "list", *POLICE, "-o", str(tmp_path / "seizures.xlsx"))
    assert (tmp_path / "seizures.xlsx").read_bytes()[:2] == b"PK"
    assert "S-1" in salsa("seizure", "list", *POLICE, "--format", "csv").stdout


def test_a_correction_of_an_old_version_is_refused(seizure, tmp_path):
    path = tmp_path / "body.json"
    path.write_text(json.dumps(bodies.seizure(reason="Other place")))
    correct = ("seizure", "correct", *POLICE, "--file", str(path), "S-1")
    assert read(*correct)["version"] == 2
    refused = salsa(*correct, "--version", "1", code=1)
    assert refused.stderr == "Error: This was changed since you read it; read it again.\n"
    assert read(*correct, "--version", "2")["version"] == 3


def test_a_mark_is_added_to_a_line(seizure):
    mark = (
        "--kind",
        "import",
        "--text",
        "PY 25",
        "--method",
        "visual",
        "--reason",
        "Seen under a lens",
        "--officer",
        "LAB-7",
    )
    made = read("seizure", "add-mark", *POLICE, *mark, "S-1", "1")
    assert made["items"][0]["marks"][-1]["text"] == "PY 25"


def test_a_photograph_is_attached_and_saved(seizure, tmp_path):
    path, out = tmp_path / "IMG_1.jpg", tmp_path / "out.jpg"
    path.write_bytes(files.photograph())
    add = (
        "attachment",
        "create",
        *POLICE,
        "--subject",
        f"seizure:{seizure['id']}",
        "--kind",
        "photograph",
        "--upload",
        str(path),
        "--only",
        "id",
    )
    number = salsa(*add).stdout.strip()
    assert salsa("attachment", "get-content", *POLICE, number, "-o", str(out)).stdout.startswith(
        f"{out}: "
    )
    assert out.read_bytes()[:2] == b"\xff\xd8" and files.PLANTED.encode() not in out.read_bytes()
    assert read("attachment", "withdraw", *POLICE, "--reason", "Twice", number)["withdrawn_at"]


def test_a_paper_is_saved_as_a_pdf(service, tmp_path):
    licensing = ("--as", "bra.licensing_officer")
    salsa("permit", "create", *licensing, "--file", "-", text=json.dumps(bodies.permit()))
    number = bodies.permit()["number"]
    out = tmp_path / "permit.pdf"
    salsa("permit", "get-paper", *licensing, number, "--output", str(out))
    assert out.read_bytes()[:5] == b"%PDF-"


def test_the_keys_of_papers_are_read_without_a_key(service):
    assert read("signing-key", "get", "--url", service) == {"keys": []}


def test_a_trace_is_requested_and_its_result_waited_for(seizure):
    analyst = ("--as", "bra.trace_analyst")
    result = read("trace", "create", *analyst, "--seizure", "S-1", *TRACE, "--wait")
    assert (result["status"], result["outcome"]) == ("completed", "no_record")
    assert read("trace", "get-result", *analyst, result["trace"], "--wait", "1") == result


def test_a_setting_is_changed_and_its_list_emptied(service):
    admin = ("--as", "bra.state_administrator")
    changed = read(
        "setting", "update", *admin, "--closed-on", "2026-12-24", "--no-answers-automatically"
    )
    assert (changed["closed_on"], changed["answers_automatically"]) == (["2026-12-24"], False)
    assert read("setting", "update", *admin, "--empty", "closed-on")["closed_on"] == []


def test_a_noun_of_both_kinds_asks_the_service_where_a_key_is_given(service):
    listed = salsa("account", "list", "--as", "bra.state_administrator", "--only", "role").stdout
    assert {*listed.split()} == {user[4:] for user in USERS if user.startswith("bra")}


def test_a_problem_is_shown_by_field_in_the_language_of_the_reader(service):
    wrong = ("seizure", "create", *POLICE, "--kind", "seized", "--occurred-on", "ayer")
    refused = salsa(*wrong, code=1, LANG="es_PY.UTF-8")
    assert refused.stdout == ""
    assert "Error: Algunos campos" in refused.stderr
    assert "  number: Este campo es obligatorio.\n" in refused.stderr
    assert "  occurred_on: Una fecha se escribe AAAA-MM-DD" in refused.stderr
    portuguese = salsa(*wrong, "--language", "pt", code=1)
    assert "  number: Este campo é obrigatório.\n" in portuguese.stderr


def test_what_another_role_may_do_is_refused_with_the_permission(service):
    assert "  permission: account:confirm\n" in salsa("account", "list", *POLICE, code=1).stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("seizure", "get", *POLICE, "S-9"), "Nothing has the number S-9."),
        (
            ("seizure", "list", "--as", "bra.king"),
            "There is no demo account bra.king. There are bra.p",
        ),
        (
            ("seizure", "list", "--key", "k", "--url", "http://127.0.0.1:9/api/v1"),
            "No service answers at",
        ),
        (("seizure", "create", *POLICE, "--file", "-"), " is no JSON: "),
    ],
)
def test_an_impossible_command_is_explained(service, words, expected):
    assert expected in salsa(*words, code=1, text="{").stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("seizure", "list"), "A key is missing."),
        (("seizure", "list", "--key", "k", "--url", "ftp://x"), "is no address"),
        (("seizure", "list", *POLICE, "--kind", "lost"), "Invalid value for '--kind'"),
        (("seizure", "create", *POLICE, "--items", "colour=red"), "colour=red is no name=value"),
    ],
)
def test_wrong_usage_exits_with_2(service, words, expected):
    assert expected in salsa(*words, code=2).stderr


def test_the_key_of_the_environment_is_accepted(service):
    token = json.loads((Path(os.environ["SALSA_HOME"]) / "demo" / "credentials.json").read_text())
    key = token["accounts"][0]["token"]
    assert "police_officer" in salsa("me", "get", SALSA_KEY=key, SALSA_URL=service).stdout
    host = service.removesuffix("/api/v1")
    assert "police_officer" in salsa("me", "get", SALSA_KEY=key, SALSA_URL=host).stdout
