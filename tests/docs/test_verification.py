"""The program in docs/verification.md checks a paper, with cryptography alone."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from salsa_ext.access import paper_tokens
from tests.cli.test_papers import KID, TOKEN, written
from tests.support.source import ROOT

TEXT = (ROOT / "docs/verification.md").read_text()
[PROGRAM] = re.findall(r"```python\n(.*?)```", TEXT, re.S)


@pytest.fixture
def ran(tmp_path):
    program = tmp_path / "check.py"
    program.write_text(PROGRAM)

    def run(token, **changes):
        command = [sys.executable, "-I", program, written(tmp_path, **changes), token]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    return run


def test_the_example_takes_a_good_token_and_says_what_it_says(ran):
    done = ran(TOKEN)
    assert (done.returncode, json.loads(done.stdout)["n"]) == (0, "DIMABEL/Ñ-1")


@pytest.mark.parametrize("place", [0, 8, 40, 200, len(TOKEN) - 40, len(TOKEN) - 1])
def test_the_example_refuses_a_changed_letter(ran, place):
    other = "B" if TOKEN[place] != "B" else "C"
    assert ran(TOKEN[:place] + other + TOKEN[place + 1 :]).returncode == 1


def test_the_example_refuses_what_a_stolen_key_signed(ran):
    assert ran(TOKEN, compromised_at=datetime(2026, 3, 1, tzinfo=UTC)).returncode == 1


def test_the_example_uses_nothing_of_this_service():
    imported = re.findall(r"^(?:import|from) (.+?)(?: import|$)", PROGRAM, re.M)
    assert {name.split(".")[0].split(",")[0] for name in imported} == {"base64", "cryptography"}
    assert paper_tokens.read_key_set({"keys": []}) == {} and KID in TOKEN


def test_every_verdict_is_explained():
    from api.schemas.papers import VERDICTS

    assert set(re.findall(r"^\| `(\w+)` \| [a-z]", TEXT, re.M)) >= set(VERDICTS)
