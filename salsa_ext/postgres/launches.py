"""Starting the server, or waiting for one that somebody else has started."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from salsa_ext.errors import say
from salsa_ext.postgres.accounts import Account, environment
from salsa_ext.postgres.errors import PostgresUnavailable
from salsa_ext.postgres.location import PORT, Location
from salsa_ext.postgres.logs import Log
from salsa_ext.postgres.processes import POLL, Postmaster, remove_stale_files, running, written

PATIENCE = 300.0
ORPHANS_PATIENCE = 20.0
ORPHANS = "pre-existing shared memory block"

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


class Child(subprocess.Popen[bytes]):
    """The server's process, which may well outlive the one that started it."""

    def __del__(self) -> None:
        """Reap it if it has ended, without Popen's warning if it has not."""
        self.poll()


def adopt(data: Path) -> Postmaster | None:
    """A server that runs already, once it is ready; None if there is none, or it ends.

    Raises PostgresUnavailable if it becomes neither ready nor ends.
    """
    deadline = time.monotonic() + PATIENCE
    while (found := running(data)) is not None:
        if found.status == "ready":
            return found
        if time.monotonic() > deadline:
            raise _too_slow(found.pid, found.status)
        time.sleep(POLL)
    return None


def launch(
    programs: Path, location: Location, account: Account, settings: Mapping[str, str], log: Log
) -> Child:
    """Start a server and wait until it is ready; raises PostgresUnavailable with its last words.

    Backends that outlived a killed server keep its shared memory for a moment: that is waited
    for.
    """
    remove_stale_files(location.data, location.sockets)
    deadline = time.monotonic() + ORPHANS_PATIENCE
    while True:
        offset = log.size()
        child = _spawn(_command(programs, location, settings), account, log)
        if _becomes_ready(child, location.data):
            return child
        said = log.since(offset)
        if ORPHANS not in said or time.monotonic() > deadline:
            raise _failed(location, child.returncode, said, log)
        time.sleep(0.25)


def _command(programs: Path, location: Location, settings: Mapping[str, str]) -> list[str]:
    command = [str(programs / "postgres"), "-D", str(location.data)]
    sockets = {"unix_socket_directories": f'"{location.sockets}"'}
    for name, value in {**SETTINGS, **sockets, **settings}.items():
        command += ["-c", f"{name}={value}"]
    return command


def _spawn(command: list[str], account: Account, log: Log) -> Child:
    output = log.open()
    try:
        # A session of its own: Ctrl-C in the terminal must not end the server before its users.
        return Child(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            user=account.uid,
            group=account.gid,
            extra_groups=account.groups,
            cwd="/",
            env=environment(),
            start_new_session=True,
        )
    finally:
        os.close(output)


def _becomes_ready(child: Child, data: Path) -> bool:
    try:
        return _wait(child, data)
    except BaseException:
        # Interrupted before anybody knows of the server: do not leave it behind.
        child.send_signal(signal.SIGINT)
        child.wait()
        raise


def _wait(child: Child, data: Path) -> bool:
    deadline = time.monotonic() + PATIENCE
    while child.poll() is None:
        found = written(data)
        # The file of a server that was killed says "ready" too.
        if found is not None and found.pid == child.pid and found.status == "ready":
            return True
        if time.monotonic() > deadline:
            raise _too_slow(child.pid, found.status if found else "starting")
        time.sleep(POLL)
    return False


def _too_slow(pid: int, status: str) -> PostgresUnavailable:
    return PostgresUnavailable(
        say(
            "The database server (process {pid}) is still {status} after {minutes} minutes.",
            pid=pid,
            status=status,
            minutes=int(PATIENCE // 60),
        )
    )


def _failed(location: Location, code: int | None, said: str, log: Log) -> PostgresUnavailable:
    if ORPHANS in said:
        return PostgresUnavailable(
            say(
                "Processes of an earlier server still hold the database in {data} after {seconds} "
                "seconds. End them, then start again:\n{said}",
                data=location.data,
                seconds=int(ORPHANS_PATIENCE),
                said=said,
            )
        )
    return PostgresUnavailable(
        say(
            "The database server ended at its start (code {code}); its log {log} says:\n{said}",
            code=code,
            log=log.path,
            said=said,
        )
    )
