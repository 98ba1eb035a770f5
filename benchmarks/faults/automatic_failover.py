"""A primary that is killed under load behind pg_auto_failover, which promotes its standby by itself.

The monitor and both servers are on one machine, each on an address and in a folder of its own. Who was
killed comes back as the standby, and is the next to be promoted.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from random import Random
from typing import Final

import psycopg2
from flask import Flask

from benchmarks.faults.acts import ACTS, PATIENCE, Keys, Load, open_permit
from benchmarks.faults.failover import either_url, kill
from benchmarks.faults.seeds import CLIENTS, Installation, broken_promises, wait_until_idle
from benchmarks.harness import DATABASE
from salsa_ext.core.config import Config
from salsa_ext.database.postgres import folders, programs
from salsa_ext.database.postgres.server import EmbeddedServer
from salsa_ext.database.session import db

PROGRAM: Final = "pg_autoctl"
MONITOR, FIRST, SECOND = "127.0.0.10", "127.0.0.11", "127.0.0.12"
STATES: Final = "SELECT nodehost, reportedstate FROM pgautofailover.node"
MONITOR_SETTINGS: Final = """
pgautofailover.health_check_period = 1000
pgautofailover.health_check_retry_delay = 500
pgautofailover.node_considered_unhealthy_timeout = 5000
pgautofailover.primary_demote_timeout = 5000
"""
"""Milliseconds; by default 5 s, 2 s, 20 s and 30 s, for networks that fail for seconds."""
HBA: Final = "local all all trust\nhost all,replication all 127.0.0.0/8 trust\n"
ROUNDS: Final = 6


class Node:
    """A server that pg_autoctl runs, in the folders of an embedded one."""

    def __init__(self, home: Path, address: str) -> None:
        self.home, self.address = home, address
        place = home / "postgres"
        self.account = programs.choose_os_user(folders.recorded_folder(place) / "data")
        if not place.exists():
            place.mkdir(mode=0o755)
        self.folder = folders.prepare_folder(place, self.account, None)
        self.account.own(self.folder)  # a base backup is first written next to the data
        self.log = home / f"{address}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def server(self) -> EmbeddedServer:
        """Return the server, to ask it."""
        return EmbeddedServer(self.home)

    def create(self, kind: str, *options: str) -> None:
        """Make the server, or prepare the one that is there."""
        pg_ctl = programs.find_programs() / "pg_ctl"
        settled = ["--pgctl", str(pg_ctl), "--pgport", str(folders.PORT)]
        settled += ["--hostname", self.address, "--skip-pg-hba", "--no-ssl"]
        self.autoctl("create", kind, *settled, *options)

    def autoctl(self, *words: str) -> None:
        """Run a command of pg_autoctl to its end."""
        process = self._launch(*words)
        assert process.wait(PATIENCE) == 0, self.log.read_text()[-2_000:]

    def run(self) -> None:
        """Let pg_autoctl run the server."""
        self._process = self._launch("run")

    def kill(self) -> None:
        """End pg_autoctl and all processes of the server at once."""
        assert self._process
        kill(self._process.pid)
        self._process.wait()

    def stop(self) -> None:
        """End both in order."""
        if self._process:
            self._process.terminate()
            self._process.wait(PATIENCE)

    def _launch(self, *words: str) -> subprocess.Popen[bytes]:
        own = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        run = str(self.folder / "run")
        own |= {"HOME": str(self.folder), "XDG_RUNTIME_DIR": run}
        own |= {"PGHOST": run, "PG_REGRESS_SOCK_DIR": run}
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603
                [shutil.which(PROGRAM) or PROGRAM, *words, "--pgdata", str(self.folder / "data")],
                user=self.account.uid,
                group=self.account.gid,
                extra_groups=self.account.groups,
                cwd="/",
                env=own,
                start_new_session=True,
                stdout=log,
                stderr=log,
            )


class Formation:
    """A monitor, and two servers of which it lets one take writes."""

    def __init__(self, monitor: Node, nodes: list[Node]) -> None:
        self.monitor, self.nodes = monitor, nodes

    def states(self) -> dict[str, str]:
        """Return what each server last reported, by its address."""
        with (
            closing(
                psycopg2.connect(host=MONITOR, user="autoctl_node", dbname="pg_auto_failover")
            ) as opened,
            opened.cursor() as cursor,
        ):
            cursor.execute(STATES)
            return dict(cursor.fetchall())

    def wait_for_pair(self) -> tuple[Node, Node]:
        """Return the primary and its synchronous standby, once there are both."""
        until = time.monotonic() + PATIENCE
        while sorted((states := self.states()).values()) != ["primary", "secondary"]:
            assert time.monotonic() < until, f"no standby follows: {states}"
            time.sleep(0.1)
        first, second = self.nodes
        return (first, second) if states[first.address] == "primary" else (second, first)


@contextmanager
def managed_pair(home: Path, other: Path, third: Path) -> Iterator[Formation]:
    """Let pg_auto_failover run the database of `home` and a standby in `other`; the monitor in `third`."""
    for folder in (other, third):
        folder.chmod(0o755)
    secrets = (home / "postgres/secrets.json").read_bytes()
    monitor, first, second = Node(third, MONITOR), Node(home, FIRST), Node(other, SECOND)
    (other / "postgres/secrets.json").write_bytes(secrets)
    address = f"postgresql://autoctl_node@{MONITOR}/pg_auto_failover?sslmode=prefer"
    with ExitStack() as stack:
        monitor.create("monitor")
        monitor.autoctl("config", "set", "postgresql.listen_addresses", MONITOR)
        with (monitor.folder / "data/postgresql.conf").open("a") as settings:
            settings.write(MONITOR_SETTINGS)
        for node in (monitor, first):
            (node.folder / "data/pg_hba.conf").write_text(HBA)
        monitor.run()
        stack.callback(monitor.stop)
        for node in (first, second):
            options = ["--dbname", DATABASE, "--listen", node.address, "--monitor", address]
            node.create("postgres", *options)
            node.run()
            stack.callback(node.stop)
        yield Formation(monitor, [first, second])


def run(
    folders_of_three: tuple[Path, Path, Path],
    keys: Keys,
    count: int,
    create_app: Callable[[Config], Flask],
) -> list[str]:
    """Serve an installation, kill its primary so often, and return the broken promises.

    The first folder is that of the installation, the others are empty.
    """
    home, other, third = folders_of_three
    if (master_key := home / "master.key").exists():
        shutil.copy(master_key, other)
    broken: list[str] = []
    with managed_pair(home, other, third) as formation:
        primary, standby = formation.wait_for_pair()
        urls = {
            f"SALSA_{name}_URL": either_url(role, primary.server, standby.server)
            for name, role in (("DATABASE", "service"), ("WORKER", "worker"))
        }
        service = Installation(other, {}, SALSA_WORKERS="2", **urls)
        app = create_app(Config(home=other, database_url=urls["SALSA_WORKER_URL"]))
        try:
            service.ensure_running()
            for number in range(count):
                load = Load(service, keys, Random(number))
                broken += _fail_over(app, formation, load, number)
        finally:
            service.stop()
            with app.app_context():
                db.engine.dispose()
    return broken


def _fail_over(app: Flask, formation: Formation, load: Load, number: int) -> list[str]:
    primary, standby = formation.wait_for_pair()
    open_permit(load, f"A{number}")
    least = load.random.randint(3, 4 * ROUNDS)
    with ThreadPoolExecutor(CLIENTS) as pool:
        acts = [pool.submit(ACTS[at % len(ACTS)], load, f"A{number}-{at}") for at in range(ROUNDS)]
        while len(load.acknowledged) < least:
            time.sleep(0.01)
        before = len(load.acknowledged)
        primary.kill()
        seconds = _longest_pause(load, acts)
    primary.run()
    broken = [str(act.exception()) for act in acts if act.exception()]
    load.service.home = standby.home
    wait_until_idle(load.service)
    broken += broken_promises(app, load.service, load)
    print(
        f"automatic failover {number:>2}  {before} of {len(load.acknowledged)} writes acknowledged"
        f" before, then none for {seconds:.1f} s, {len(broken)} promises broken"
    )
    return [f"automatic failover {number}: {each}" for each in broken]


def _longest_pause(load: Load, acts: Sequence[Future[None]]) -> float:
    """Return the seconds without a write until all is done; some may still be answered at first."""
    count, last, longest = len(load.acknowledged), time.monotonic(), 0.0
    while not all(act.done() for act in acts):
        time.sleep(0.01)
        if len(load.acknowledged) != count:
            now = time.monotonic()
            count, last, longest = len(load.acknowledged), now, max(longest, now - last)
    return longest
