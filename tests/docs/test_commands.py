"""The commands that documents show are there, and on the demo region they do what the text says."""

import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.docs.conftest import assert_known
from tests.support.source import ROOT

DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WRITTEN = re.compile(
    r"`((?:\.venv/bin/)?salsa [^`<]+)`|^(?: {4}|\$ )?((?:\.venv/bin/)?salsa (?:[^\n]*\\\n)*[^\n]*)",
    re.M,
)
LATER = (datetime.now(UTC) + timedelta(days=200)).date()
TRACE = """salsa trace create --as bra.trace_analyst --draft --seizure BRA-Z-0001 --item 1 --case-number C-9
  --priority routine --legal-basis Law --illicit-reason used_in_crime --circumstances "In a car"
  --intended-use evidence --only id""".replace("\n", " ")


def written(path):
    """Return the commands that a document shows, each on one line, without what is no part of them."""
    text = re.sub(r"\$\([^\n]*\+%F\)", str(LATER), path.read_text())
    commands = (inline or line for inline, line in WRITTEN.findall(text))
    lines = (
        re.sub(r"\s+", " ", each.replace("\\\n", " ")).removeprefix(".venv/bin/")
        for each in commands
    )
    return [re.split(r" #| > | \| |\)$", line)[0].strip() for line in lines]


def documented_commands(name, ids=()):
    """Return the commands of one document that name an account, with these ids where it says ID."""
    left = iter(ids)
    lines = [line for line in written(ROOT / "docs" / name) if "--as" in line]
    lines = [re.sub(r"\bID\b", lambda _: next(left), line) for line in lines]
    return [re.sub(r"20\d\d-\d\d-\d\d", str(LATER), line) for line in lines]


def first_word(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[0]


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_each_command_of_a_document_and_its_options_are_there(path):
    for line in written(path):
        assert_known(shlex.split(line)[1:])


def test_alerts_are_entered_and_hits_answered_as_their_document_shows(shell):
    enter, *_ = documented_commands("alerts.md", ["-"] * 9)
    alert = first_word(shell(f"{enter} --only id"))
    check = "salsa check create --as bra.police_officer --purpose street --case-number C-1 --make Taurus"
    assert shell("\n".join([f"{check} --calibre 9x19 --serial ABC12345"] * 3)).returncode == 0
    mine = "salsa hit list --as pry.police_officer --status open --only asking_state,id"
    hits = shell(f"{mine} | grep BRA | cut -d ' ' -f 3").stdout.split()
    _, active, show, verify, cancel, listed, *answers = documented_commands(
        "alerts.md", [alert, alert, alert, *hits[:3]]
    )
    assert alert in shell(active).stdout
    assert shell(f"{show} --only second_check").stdout == "waiting\n"
    assert shell(f"{verify} --only second_check").stdout == "done\n"
    assert {*hits} <= set(shell(listed).stdout.split())
    assert [shell(f"{answer} --only status").stdout.strip() for answer in answers] == [
        "confirmed",
        "denied",
        "extended",
    ]
    assert shell(f"{cancel} --only status").stdout == "cancelled\n"


def test_a_trace_is_advised_hidden_and_reported_as_the_document_of_requests_shows(shell):
    trace = first_word(shell(TRACE))
    user = "--as bra.trace_analyst"
    ask = f"salsa trace create-leg {user} --state USA --reason Made {trace}"
    advise, hide, read, report, verify = (
        line.replace("CODE", "BRA-LICENSING")
        for line in documented_commands("requests.md", [trace] * 9)
    )
    forms = documented_commands("channels.md", [trace] * 9)
    assert "of 100" in shell(advise).stdout
    assert shell(f"{hide} --only status").stdout == "draft\n"
    assert shell(f"salsa trace send {user} {trace}\n{ask}").returncode == 0
    legs = shell(f"salsa trace get {user} {trace} --only legs.state,legs.id | grep ^USA").stdout
    leg = legs.split()[-1]
    attempt = f"salsa trace create-attempt {user} --channel etrace {trace} {leg}"
    assert shell(attempt).returncode == 0
    assert shell(report).returncode == 0
    digest = first_word(shell("sha256sum trace.pdf"))
    for line in (read, *forms, verify):
        done = shell(line.replace("HASH", digest).replace("LEG", leg))
        assert (done.returncode, done.stderr) == (0, ""), line


def test_an_envelope_is_exported_and_verified_as_its_document_shows(shell, tmp_path):
    asked = TRACE.replace("--draft", "--no-draft").replace("--only id", "--wait")
    assert shell(asked).returncode == 0
    envelope = first_word(shell("salsa envelope list --state PRY --in"))
    text = (ROOT / "docs" / "envelopes.md").read_text()
    lines = re.search(r"^    salsa signing-key.*\n(?:    .*\n)+", text, re.M)[0]
    done = shell(re.sub(r"0199\S+", envelope, lines))
    assert (done.returncode, done.stderr) == (0, "")
    [program] = re.findall(r"```python\n(.*?)```", text, re.S)
    command = [sys.executable, "-c", program, "keys.json", "envelope.json"]
    checked = subprocess.run(command, cwd=tmp_path / "shell", capture_output=True, text=True)
    digest, kind = checked.stdout.split()
    assert digest in done.stdout and kind.startswith("trace.")
