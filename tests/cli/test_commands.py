"""Test commands."""

import os
import secrets
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli import COMMANDS, main
from api.docs import permissions_table
from api.http.context import core_app
from salsa_ext.access.rules import operator
from salsa_ext.administration import migrations
from salsa_ext.database.session import db, transaction
from tests.support import agencies
from tests.support.folders import open_folder
from tests.support.routes import POST

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", [*COMMANDS])
def test_every_command_explains_itself_with_an_example(name):
    command = main.get_command(None, name)
    leaves = list(command.commands.values()) if hasattr(command, "commands") else [command]
    assert [leaf.name for leaf in leaves if "Example" not in (leaf.help or "")] == []


def test_an_installation_is_begun_with_two_administrators(salsa):
    begun = salsa("init", "--state", "PRY")
    assert begun.returncode == 0
    assert "pry.administrator.1" in begun.stdout
    assert "pry.administrator.2" in begun.stdout


def test_an_unknown_state_cannot_begin(salsa):
    refused = salsa("init", "--state", "XYZ")
    assert refused.returncode == 1
    assert "XYZ is not a participating state." in refused.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["account", "list"],
        ["account", "close", "eva"],
        ["account", "create", "--role", "auditor", "--agency", "XYZ-AUDIT", "eva"],
        ["key", "create", "eva"],
        ["key", "revoke", "0199f2c0-0000-7000-8000-000000000000"],
    ],
)
def test_a_state_that_takes_no_part_is_refused_in_a_sentence(salsa, command):
    refused = salsa(*command[:2], "--state", "XYZ", *command[2:])
    assert refused.returncode == 1
    assert "XYZ is not a participating state. These are: ARG, " in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("command", [["init"], ["account", "list"], ["key", "create", "eva"]])
def test_what_cannot_be_a_states_code_is_wrong_usage(salsa, command):
    refused = salsa(*command, "--state", "Utopia")
    assert refused.returncode == 2
    assert "three letters of ISO 3166-1, such as PRY" in refused.stderr


def test_a_state_may_be_written_in_lower_case(salsa):
    assert salsa("init", "--state", "pry").returncode == 0
    assert "pry.administrator.1" in salsa("account", "list", "--state", "pry").stdout


def test_an_account_declares_the_installation_real(eva, fresh_database):
    with core_app(fresh_database).app_context():
        with transaction(operator(None)):
            assert migrations.get_installation().kind == "real"
        db.engine.dispose()


def test_real_records_keep_the_demo_region_away(salsa):
    salsa("init", "--state", "PRY")
    refused = salsa("demo", "--no-serve")
    assert refused.returncode == 1
    assert "This database is for real records" in refused.stderr


def test_a_key_of_an_account_is_shown_once_and_revoked(salsa, eva):
    key_id, token = salsa("key", "create", "--state", "PRY", eva).stdout.split()
    assert token.startswith("salsa_")
    assert key_id in salsa("key", "list", "--state", "PRY").stdout
    assert token not in salsa("key", "list", "--state", "PRY").stdout
    assert salsa("key", "revoke", "--state", "PRY", key_id).returncode == 0
    assert "revoked 20" in salsa("key", "list", "--state", "PRY").stdout
    assert salsa("key", "revoke", "--state", "PRY", key_id).returncode == 1


def test_a_closed_account_is_listed_as_closed(salsa, eva):
    assert salsa("account", "close", "--state", "PRY", eva).returncode == 0
    assert "closed" in salsa("account", "list", "--state", "PRY").stdout


def test_a_new_password_is_shown_and_ends_the_keys_of_the_account(salsa, eva):
    key_id, _ = salsa("key", "create", "--state", "PRY", eva).stdout.split()
    assert len(salsa("account", "reset-password", "--state", "PRY", eva).stdout.strip()) >= 20
    assert salsa("key", "revoke", "--state", "PRY", key_id).returncode == 1


def test_an_account_of_another_state_is_not_found(salsa, eva):
    refused = salsa("account", "close", "--state", "BRA", eva)
    assert refused.returncode == 1
    assert f"There is no account {eva}" in refused.stderr


def test_a_state_is_begun_once(salsa):
    salsa("init", "--state", "PRY")
    refused = salsa("init", "--state", "PRY")
    assert refused.returncode == 1
    assert "PRY is begun already" in refused.stderr


def test_a_port_in_use_is_reported_first(salsa):
    with socket.create_server(("127.0.0.1", 0)) as accepted:
        refused = salsa("serve", "--port", str(accepted.getsockname()[1]))
    assert refused.returncode == 1
    assert "Nobody can listen on port" in refused.stderr
    assert "Listening" not in refused.stdout


def test_an_empty_database_is_explained_in_a_sentence(server, tmp_path, salsa):
    name = f"salsa_{secrets.token_hex(6)}"
    server.make(name)
    empty = server.url("service", name).replace("+psycopg2", "")
    refused = salsa("account", "list", "--state", "PRY", SALSA_DATABASE_URL=empty)
    server.drop(name)
    assert refused.returncode == 1
    assert "SALSA_DATABASE_URL names is empty: begin with salsa init" in refused.stderr


def test_a_folder_without_an_installation_is_named(salsa):
    with open_folder() as empty:
        refused = salsa(
            "account", "list", "--state", "PRY", SALSA_DATABASE_URL="", SALSA_HOME=str(empty)
        )
    assert refused.returncode == 1
    assert f"There is no installation in {empty} (SALSA_HOME" in refused.stderr


def test_the_doctor_says_that_a_folder_cannot_be_written(salsa):
    found = salsa("doctor", SALSA_HOME="/proc/nowhere")
    assert found.returncode == 1
    assert "let SALSA_HOME name a folder that you may write." in found.stdout


def test_wrong_usage_exits_with_2(program):
    assert program("account", "create", "--role", "king", "--agency", "X", "eva").returncode == 2


def test_the_doctor_finds_nothing_wrong_with_a_database_at_this_version(salsa):
    found = salsa("doctor")
    assert found.returncode == 0
    assert "background work, nothing waits" in found.stdout
    assert "Nothing is wrong." in found.stdout


def test_the_doctor_does_without_the_role_that_owns_the_tables(salsa):
    found = salsa("doctor", SALSA_MIGRATION_URL="")
    assert (found.returncode, "compared only where" in found.stdout) == (0, True)


def test_the_doctor_says_which_setting_is_wrong(salsa):
    found = salsa("doctor", SALSA_WORKERS="many")
    assert found.returncode == 1
    assert "SALSA_WORKERS must be a whole number above zero." in found.stdout


def test_the_doctor_names_the_remedy_for_a_database_that_cannot_be_reached(salsa):
    gone = "postgresql://salsa_service@127.0.0.1:9/none"
    found = salsa("doctor", SALSA_DATABASE_URL=gone, SALSA_MIGRATION_URL=gone)
    assert found.returncode == 1
    assert "what to do:" in found.stdout


GONE = "postgresql://salsa_owner@127.0.0.1:9/none"
NO_PORT = "postgresql://salsa_owner@127.0.0.1:many/none"


@pytest.mark.parametrize("command", [["init", "--state", "PRY"], ["db", "upgrade"], ["demo"]])
def test_a_database_that_cannot_be_reached_is_explained_in_a_sentence(salsa, command):
    refused = salsa(*command, SALSA_DATABASE_URL=GONE, SALSA_MIGRATION_URL=GONE)
    assert refused.returncode == 1
    assert "The database cannot be reached at " in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("command", [["doctor"], ["init", "--state", "PRY"], ["db", "status"]])
def test_a_port_that_is_no_number_is_explained(salsa, command):
    refused = salsa(*command, SALSA_DATABASE_URL=NO_PORT, SALSA_MIGRATION_URL=NO_PORT)
    assert refused.returncode == 1
    assert "SALSA_DATABASE_URL is no address of a database" in refused.stdout + refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_worker_ends_where_nothing_waits(salsa):
    assert salsa("worker", "--once").stdout == "Nothing was waiting.\n"


def test_what_was_set_aside_is_tried_again_on_demand(salsa):
    assert salsa("worker", "--retry").stdout == "0 tried again, 0 failed again.\n"


def test_the_worker_needs_a_role_of_its_own(salsa):
    refused = salsa("worker", "--once", SALSA_WORKER_URL="")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "SALSA_WORKER_URL names the role" in refused.stderr


def test_the_schema_is_of_this_version(salsa):
    assert salsa("db", "status").returncode == 0


def test_the_table_of_permissions_in_the_documents_is_that_of_the_code(app):
    assert (ROOT / "docs/permissions.md").read_text() == permissions_table(app)


def test_agencies_are_registered_placed_and_listed(salsa):
    zone = ("--zone", "America/Asuncion")
    police = (
        "agency",
        "create",
        "--state",
        "pry",
        "--kind",
        "police",
        *zone,
        "PRY-POLICE",
        "Policía",
    )
    assert salsa(*police).returncode == 0
    refused = salsa(*police)
    assert (refused.returncode, "already exists" in refused.stderr) == (1, True)
    placed = salsa("agency", "set-posts", "--state", "PRY", "PRY-POLICE", POST)
    assert placed.stdout == f"PRY-POLICE serves {POST}.\n"
    listed = salsa("agency", "list", "--state", "PRY").stdout
    assert "PRY-POLICE" in listed and POST in listed


def test_what_is_recorded_stays_where_nobody_reads_the_output(salsa, settings):
    reading, writing = os.pipe()
    os.close(reading)  # as `head` does once it has read enough
    create = ("agency", "create", "--state", "PRY", "--kind", "police", "--zone", "UTC")
    program = [sys.executable, "-m", "api.cli", *create, "PRY-POLICE", "P"]
    subprocess.run(program, cwd=ROOT, env=os.environ | settings, stdout=writing, check=False)
    os.close(writing)
    assert "PRY-POLICE" in salsa("agency", "list", "--state", "PRY").stdout


@pytest.mark.parametrize("option", ["--marks", "--rounds"])
def test_nothing_is_measured_of_nothing(option):
    refused = CliRunner().invoke(main, ["bench", "checks", option, "0"])
    assert (refused.exit_code, "0 is not in the range x>=1" in refused.output) == (2, True)


def test_the_help_says_that_a_scope_is_given_several_times():
    shown = CliRunner().invoke(main, ["key", "create", "--help"]).output
    assert "give the option once for each" in " ".join(shown.split())


ACCOUNT = ["account", "create", "--role", "auditor", "--agency", "PRY-TEST"]
AGENCY = ["agency", "create", "--kind", "police", "--zone", "UTC"]
CONTROL = "Control characters cannot be part of a text."
EMPTY = "This text is empty; leave it out instead."
NEEDED = "Write something here, of {most} characters at most: it cannot be empty."


@pytest.mark.parametrize(
    "command,expected",
    [
        ([*ACCOUNT, "pry.ana\nb"], CONTROL),
        ([*ACCOUNT, "pry.\udcff"], CONTROL),
        ([*ACCOUNT, "pry." + "x" * 300], "At most 100 characters."),
        ([*AGENCY, "PRY-POLICE", ""], NEEDED.format(most=200)),
        ([*AGENCY, "PRY-POLICE", "A\x1b[31m"], CONTROL),
        ([*AGENCY, "PRY-" + "X" * 5000, "Police"], "At most 60 characters."),
        (["key", "create", "--name", "", "pry.ana"], EMPTY),
    ],
)
def test_a_text_is_held_to_the_same_rules_as_over_http(salsa, command, expected):
    refused = salsa(*command, "--state", "PRY")
    assert (refused.returncode, expected in refused.stderr) == (2, True), refused.stderr


@pytest.fixture
def eva(salsa, fresh_database):
    """An auditor's account, by its user name."""
    agencies.register(fresh_database.migration_url)
    opened = ("account", "create", "--state", "PRY", "--role", "auditor", "--agency", "PRY-TEST")
    assert salsa(*opened, "pry.eva").returncode == 0
    return "pry.eva"


def test_the_key_of_personal_values_rotates_and_is_the_second_line_of_its_file(salsa, settings):
    for lines in (2, 3, 3):
        rotated = salsa("db", "rotate-key")
        assert (rotated.returncode, rotated.stderr) == (0, "")
        assert "Copy the file of the master key now." in rotated.stdout
        text = (Path(settings["SALSA_HOME"]) / "master.key").read_text()
        assert len(text.splitlines()) == lines


def test_records_are_counted_again(salsa):
    salsa("init", "--state", "PRY")
    lines = salsa("recount").stdout.splitlines()
    assert {"seizures: 0 figures corrected.", "traces: 0 figures corrected."} <= {*lines}
