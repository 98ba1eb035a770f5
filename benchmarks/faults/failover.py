"""A primary that is killed under load, and its synchronous standby promoted: nothing is lost."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, Final

from flask import Flask
from sqlalchemy import make_url

from benchmarks.faults.acts import ACTS, PATIENCE, Keys, Load, open_permit
from benchmarks.faults.seeds import CLIENTS, Installation, broken_promises, wait_until_idle
from benchmarks.harness import DATABASE, process_tree
from salsa_ext.core.config import Config
from salsa_ext.database.postgres import folders, programs
from salsa_ext.database.postgres.server import EmbeddedServer
from salsa_ext.database.session import db

STANDBY: Final = "standby"
ROUNDS: Final = 6


@contextmanager
def synchronous_pair(home: Path, other: Path) -> Iterator[tuple[EmbeddedServer, EmbeddedServer]]:
    """Run the database of `home`, and a standby of it in `other` that has each commit first."""
    with EmbeddedServer(home, settings={"synchronous_standby_names": STANDBY}) as primary:
        folder = folders.recorded_folder(home / "postgres")
        account = programs.choose_os_user(folder / "data")
        binaries = programs.runnable_programs(programs.find_programs(), account, folder)
        (other / "postgres").mkdir(mode=0o755)
        other.chmod(0o755)
        copy = folders.prepare_folder(other / "postgres", account, None)
        folders.make_private(copy / "data", account)
        secrets = (home / "postgres" / "secrets.json").read_bytes()
        (other / "postgres" / "secrets.json").write_bytes(secrets)
        url = make_url(primary.url("superuser", "postgres"))
        dsn = f"host={folder / 'run'} user=postgres password={url.password} application_name={STANDBY}"
        command = ["pg_basebackup", "-d", dsn, "-D", copy / "data", "-X", "stream", "-c", "fast"]
        done = account.run(binaries / command[0], *command[1:], "-R", "-C", "-S", STANDBY)
        assert done.returncode == 0, done.stdout
        with EmbeddedServer(other) as standby:
            until = time.monotonic() + PATIENCE
            while not _ask(primary, "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"):
                assert time.monotonic() < until, "the standby does not follow"
                time.sleep(0.05)
            yield primary, standby


def either_url(role: Any, primary: EmbeddedServer, standby: EmbeddedServer) -> str:
    """Return a URL that leads to that of the two which takes writes."""
    url = make_url(primary.url(role, DATABASE))
    hosts = ",".join(str(server.status().sockets) for server in (primary, standby))
    query = {"host": hosts, "port": f"{folders.PORT},{folders.PORT}"}
    both = url.set(query=query | {"target_session_attrs": "read-write"})
    return both.render_as_string(hide_password=False)


def _ask(server: EmbeddedServer, query: str) -> list[Any]:
    with closing(server.admin(DATABASE)) as admin, admin.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def kill(root: int | None) -> None:
    """End a process and what it started at once, as a loss of power does."""
    assert root
    for pid in process_tree(root):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def run(
    home: Path, other: Path, keys: Keys, seed: int, create_app: Callable[[Config], Flask]
) -> list[str]:
    """Serve an installation, kill its primary amid writes, and return the broken promises."""
    random, master_key = Random(seed), home / "master.key"
    if master_key.exists():
        shutil.copy(master_key, other)
    with synchronous_pair(home, other) as (primary, standby):
        settings = {
            "SALSA_DATABASE_URL": either_url("service", primary, standby),
            "SALSA_WORKER_URL": either_url("worker", primary, standby),
        }
        service = Installation(other, {}, SALSA_WORKERS="2", **settings)
        app = create_app(Config(home=other, database_url=settings["SALSA_WORKER_URL"]))
        try:
            service.ensure_running()
            return _fail_over(app, service, primary, standby, Load(service, keys, random), seed)
        finally:
            service.stop()
            with app.app_context():
                db.engine.dispose()


def _fail_over(
    app: Flask,
    service: Installation,
    primary: EmbeddedServer,
    standby: EmbeddedServer,
    load: Load,
    seed: int,
) -> list[str]:
    open_permit(load, f"F{seed}")
    least = load.random.randint(3, 4 * ROUNDS)
    with ThreadPoolExecutor(CLIENTS) as pool:
        acts = [
            pool.submit(ACTS[number % len(ACTS)], load, f"F{seed}-{number}")
            for number in range(ROUNDS)
        ]
        while len(load.acknowledged) < least:
            time.sleep(0.01)
        before = len(load.acknowledged)
        kill(primary.status().pid)
        killed = time.monotonic()
        _ask(standby, "SELECT pg_promote(true, 60)")
        while len(load.acknowledged) == before:
            assert time.monotonic() < killed + PATIENCE, "nothing is written after the failover"
            time.sleep(0.01)
        seconds = time.monotonic() - killed
    broken = [str(act.exception()) for act in acts if act.exception()]
    wait_until_idle(service)
    broken += broken_promises(app, service, load)
    print(
        f"failover {seed:>2}  {before} of {len(load.acknowledged)} writes acknowledged before, written"
        f" again after {seconds:.1f} s, {len(broken)} promises broken"
    )
    return [f"failover {seed}: {each}" for each in broken]
