"""The demo region that the documents speak of, made once for all of them, and a shell to try them in."""

import json
import os
import re
import shlex
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from api import jobs
from api.app import create_app
from api.cli import main
from api.cli.commands import Generated
from api.http.context import core_app, current_vault
from salsa_ext.core.config import Config
from salsa_ext.database.session import db
from salsa_ext.demo import accounts, creation
from tests.conftest import FillOnce, Server, cheap_passwords
from tests.support.jobs import jobs_to_idle
from tests.support.serving import served

SHIM = """#!{python} -IS
import json, socket, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect({address!r})
    connection.sendall(json.dumps(sys.argv[1:]).encode() + b"\\n")
    reply = json.loads(connection.makefile().read())
sys.stdout.write(reply["out"])
sys.stderr.write(reply["err"])
sys.exit(reply["code"])
"""
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
VARYING = (
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ids"),
    (r"\b[0-9a-f]{64}\b", "hashes"),
    (r"\d{4}-\d\d-\d\d|\b[A-Z][a-z]{2} \d{1,2}, \d{4}|\b\d{1,2} [A-Z][a-z]{2} \d{4}", "days"),
    (r"\b\d\d:\d\d\b", "hours"),
    ("…", "what is cut"),
)


def _fill(config: Config) -> None:
    """Make a small demo region of today as `make demo` makes it, and do its jobs."""
    path = config.home / "demo" / "credentials.json"
    app, worker = core_app(config), jobs.worker_app(config)
    with worker.app_context(), cheap_passwords():
        creation.create_region(
            current_vault(),
            seed=7,
            anchor=datetime.now(UTC).date(),
            scale=0.02,
            progress=lambda *_: None,
            run_jobs=partial(jobs.run_to_idle, worker),
            store_accounts=lambda opened: accounts.write_credentials(path, "", opened),
        )
        db.engine.dispose()
    with app.app_context():
        jobs_to_idle(app)
        db.engine.dispose()


@pytest.fixture
def demo(server: Server, fill_once: FillOnce, tmp_path: Path) -> Iterator[Config]:
    """A copy of that region, of the test's own."""
    with server.copied(fill_once("demo", _fill)[0], tmp_path / "home") as config:
        yield config


class CommandRunner(socketserver.StreamRequestHandler):
    """Runs a command of the program in this process: it need not load everything each time."""

    def handle(self) -> None:
        words = json.loads(self.rfile.readline())
        done = CliRunner().invoke(main, words, prog_name="salsa")
        reply = {"out": done.stdout, "err": done.stderr, "code": done.exit_code}
        self.wfile.write(json.dumps(reply).encode())


@pytest.fixture
def shell(
    demo: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], subprocess.CompletedProcess[str]]]:
    """Run lines in bash, where `salsa` is the program and the demo region is served."""
    folder, address = tmp_path / "shell", str(tmp_path / "salsa.sock")
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name, value in (
        ("HOME", demo.home),
        ("DATABASE_URL", demo.database_url),
        ("WORKER_URL", demo.worker_url),
        ("MIGRATION_URL", demo.migration_url),
    ):
        monkeypatch.setenv(f"SALSA_{name}", str(value).replace("+psycopg2", "", 1))
    program = tmp_path / "bin" / "salsa"
    program.parent.mkdir()
    program.write_text(SHIM.format(python=sys.executable, address=address))
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    app = create_app(demo)
    with served(app) as url, socketserver.UnixStreamServer(address, CommandRunner) as service:
        monkeypatch.setenv("SALSA_URL", url)
        serving = threading.Thread(target=service.serve_forever, args=(0.01,))
        serving.start()
        yield lambda lines: subprocess.run(
            ["bash", "-c", lines],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={"PATH": path},
            timeout=120,
        )
        service.shutdown()
        serving.join()
    with app.app_context():
        db.engine.dispose()


def blocks(text: str) -> list[tuple[str, str]]:
    """Return what a document lets a reader type, each with the output that it shows."""
    return re.findall(r"```sh\n(.*?)```(?:\n+```\n(.*?)```)?", text, re.S)


def assert_shown(output: str, shown: str) -> None:
    """Check an output against what a document shows of it: ids, hashes, days and hours are others."""
    for pattern, name in VARYING:
        output, shown = (re.sub(pattern, f"<{name}>", text) for text in (output, shown))
    expected = re.escape(shown).replace(re.escape("<what is cut>"), ".*")
    assert re.fullmatch(expected, output), f"{output}\n\nis not\n\n{shown}"


def assert_session(session: str, ids: dict[str, str] | None = None) -> None:
    """Run the commands of a session, and check their outputs; `ids` are the real ones of those written."""
    real = dict(ids or {})
    for block in session.split("$ salsa ")[1:]:
        command, _, shown = block.partition("\n")
        ran = CliRunner().invoke(main, [real.get(word, word) for word in shlex.split(command)])
        assert ran.exit_code == 0, ran.output
        output = ran.stdout
        real |= dict(zip(UUID.findall(shown), UUID.findall(output), strict=True))
        for written, actual in real.items():
            output = output.replace(actual, written)
        assert output == shown


def assert_known(words: list[str]) -> None:
    """Check that there is a command of these words, and that it has the options among them."""
    context = click.Context(main)
    command: click.Command | None = main
    for word in words[:2]:
        if isinstance(command, click.Group):
            is_remote = {"--as", "--key"}.intersection(words) and isinstance(command, Generated)
            command = command.get_remote(word) if is_remote else command.get_command(context, word)
    assert command is not None, words
    known = {
        option
        for parameter in command.params
        for option in parameter.opts + parameter.secondary_opts
    }
    assert {word for word in words if re.match("--?[a-z]", word)} <= known | {"--help"}, words
