"""The board of a border post from the command line."""

import json
import os
import signal
import subprocess
import sys

import pytest

from api.bare import bare_app
from api.schemas.seizures import SeizureRequest
from salsa_ext.db import db, transaction
from salsa_ext.policy.rules import operator
from salsa_ext.services import seizures
from tests import bodies
from tests.cli.conftest import ROOT

POST = "ciudad-del-este-foz-do-iguacu"
PLACE = {"country": "PRY", "name": "Hernandarias", "latitude": -25.4, "longitude": -54.6}


@pytest.fixture
def seized(registered_database):
    """A pistol that Paraguay seized at the post today."""
    with bare_app(registered_database).app_context():
        actor = operator("PRY")
        today = str(actor.now().date())
        with transaction(actor):
            said = bodies.seizure(place=PLACE, occurred_on=today, number="S-77")
            seizures.record(actor=actor, data=SeizureRequest().load(said))
        db.engine.dispose()


@pytest.mark.usefixtures("seized")
def test_a_board_is_shown_in_words_and_as_over_http(salsa):
    told = salsa("board", "show", "--state", "PRY", POST).stdout
    assert told.startswith("Ciudad del Este–Foz do Iguaçu, ")
    for part in ("late: 0", "due today: 0", "seizures near by: 1", "S-77", "12.2 km", "seized 1",
                 "PRY to BRA: left 0, entered 0"):  # fmt: skip
        assert part in told
    shown = json.loads(salsa("board", "show", "--state", "PRY", "--json", POST).stdout)
    assert shown["counts"]["seizures"] == 1 and shown["seizures"][0]["number"] == "S-77"
    assert salsa("board", "show", "--state", "BRA", "--json", POST).stdout.count("S-77") == 0


@pytest.mark.parametrize("state,post,said", [
    ("ARG", POST, "Your state is not a side of this post."), ("PRY", "atlantis", "atlantis"),
])  # fmt: skip
def test_a_post_that_is_not_the_states_is_refused(salsa, registered_database, state, post, said):
    refused = salsa("board", "show", "--state", state, post)
    assert (refused.returncode, said in refused.stderr) == (1, True)


def test_a_call_is_asked_listed_and_answered(salsa, registered_database):
    made = salsa("board", "call", "--state", "PRY", POST).stdout.strip()
    again = salsa("board", "call", "--state", "PRY", POST)
    assert again.returncode == 1 and "was asked to call at" in again.stderr
    listed = salsa("board", "calls", "--state", "BRA", POST).stdout
    assert made in listed and "PRY asks BRA" in listed and "waits" in listed
    assert "calls: 1" in salsa("board", "show", "--state", "BRA", POST).stdout
    assert salsa("board", "answer", "--state", "PRY", made).returncode == 1
    answered = salsa("board", "answer", "--state", "BRA", made)
    assert answered.stdout == "The call is marked as answered.\n"
    assert "answered" in salsa("board", "calls", "--state", "PRY", POST).stdout


def test_an_agency_is_placed_at_posts(salsa, registered_database):
    placed = salsa("agency", "place", "--state", "PRY", "PRY-POLICE", POST)
    assert placed.stdout == f"PRY-POLICE stands at {POST}.\n"
    assert POST in salsa("agency", "list", "--state", "PRY").stdout
    assert salsa("agency", "place", "--state", "BRA", "BRA-POLICE", "atlantis").returncode == 1
    assert salsa("agency", "place", "--state", "PRY", "PRY-POLICE").stdout.endswith("no post.\n")


@pytest.mark.usefixtures("registered_database")
def test_a_board_is_watched_until_somebody_presses_ctrl_c(settings, salsa):
    command = [sys.executable, "-m", "api.cli", "board", "show", "--watch", "--state", "BRA", POST]
    watching = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    try:
        lines = iter(watching.stdout.readline, "")
        assert any(line.startswith("weeks: ") for line in lines)
        next(line for line in lines if "entered" in line)
        salsa("board", "call", "--state", "PRY", POST)
        assert next(line for line in lines if "call" in line).split()[2:] == [
            "call",
            "PRY",
            "waiting",
        ]
        watching.send_signal(signal.SIGINT)
        rest, said = watching.communicate(timeout=60)
    finally:
        watching.kill()
        watching.communicate()
    assert (watching.returncode, said) == (0, "") and "Traceback" not in rest
