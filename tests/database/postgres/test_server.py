"""What a first start makes, and who starts, joins and stops a server."""

import json
import os
import signal
import stat
import time
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy

from salsa_ext.core.errors import PostgresUnavailable
from salsa_ext.database.postgres import programs
from salsa_ext.database.postgres.server import EmbeddedServer
from tests.database.postgres.servers import Begin, Serve, ask, pid_of, with_proc


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
    assert sorted(content) == ["owner", "service", "superuser", "worker"]
    assert len(set(content.values())) == 4


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
        assert status.version == programs.program_version(programs.find_programs())


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
    hold = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    assert [path for path in hold if path.endswith(".lock")] == []
    assert os.getsid(pid) == pid


def test_starting_twice_is_starting_once(home: Path, serve: Serve) -> None:
    server = serve(home).start().start()
    server.stop()
    server.stop()
    assert server.status().running is False


def test_a_running_server_is_found_after_its_folder_was_renamed(folder: Path, serve: Serve) -> None:
    pid = pid_of(serve(folder / "old").start())
    (folder / "old").rename(folder / "new")
    second = serve(folder / "new").start()
    assert (pid_of(second), ask(second, "SELECT 1")) == (pid, 1)
    second.stop()
    (folder / "new").rename(folder / "old")
