"""Process of the server (postmaster): start, detection, shutdown."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from salsa_ext.core.errors import PostgresUnavailable, message
from salsa_ext.database.postgres.cluster import OsUser, server_environment
from salsa_ext.database.postgres.files import ServerLog
from salsa_ext.database.postgres.location import PORT, Location

START_TIMEOUT = 300.0
ORPHANS_TIMEOUT = 20.0
ORPHANS = "pre-existing shared memory block"

DEFAULT_SETTINGS: Mapping[str, str] = {
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


class ServerProcess(subprocess.Popen[bytes]):
    """Process of the server; may outlive its parent."""

    def __del__(self) -> None:
        """Reap the process if it ended, without Popen's warning otherwise."""
        self.poll()


def wait_for_running(data: Path) -> Postmaster | None:
    """Return a running server when ready; None if none, or it ends.

    Raises PostgresUnavailable after START_TIMEOUT.
    """
    deadline = time.monotonic() + START_TIMEOUT
    while (found := find_running(data)) is not None:
        if found.status == "ready":
            return found
        if time.monotonic() > deadline:
            raise _too_slow_error(found.pid, found.status)
        time.sleep(POLL_INTERVAL)
    return None


def launch(
    programs: Path, location: Location, account: OsUser, settings: Mapping[str, str], log: ServerLog
) -> ServerProcess:
    """Start a server and wait until ready; raises PostgresUnavailable with its log.

    Waits for backends of a killed server to release its shared memory.
    """
    remove_stale_files(location.data, location.sockets)
    deadline = time.monotonic() + ORPHANS_TIMEOUT
    while True:
        offset = log.size()
        child = _spawn(_server_command(programs, location, settings), account, log)
        if _becomes_ready(child, location.data):
            return child
        said = log.since(offset)
        if ORPHANS not in said or time.monotonic() > deadline:
            raise _start_error(location, child.returncode, said, log)
        time.sleep(0.25)


def _server_command(programs: Path, location: Location, settings: Mapping[str, str]) -> list[str]:
    command = [str(programs / "postgres"), "-D", str(location.data)]
    sockets = {"unix_socket_directories": f'"{location.sockets}"'}
    for name, value in {**DEFAULT_SETTINGS, **sockets, **settings}.items():
        command += ["-c", f"{name}={value}"]
    return command


def _spawn(command: list[str], account: OsUser, log: ServerLog) -> ServerProcess:
    output = log.open()
    try:
        # A session of its own: Ctrl-C in the terminal must not end the server before its users.
        return ServerProcess(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            user=account.uid,
            group=account.gid,
            extra_groups=account.groups,
            cwd="/",
            env=server_environment(),
            start_new_session=True,
        )
    finally:
        os.close(output)


def _becomes_ready(child: ServerProcess, data: Path) -> bool:
    try:
        return _wait_until_ready(child, data)
    except BaseException:
        # Interrupted before anybody knows of the server: do not leave it behind.
        child.send_signal(signal.SIGINT)
        child.wait()
        raise


def _wait_until_ready(child: ServerProcess, data: Path) -> bool:
    deadline = time.monotonic() + START_TIMEOUT
    while child.poll() is None:
        found = read_pid_file(data)
        # The file of a server that was killed says "ready" too.
        if found is not None and found.pid == child.pid and found.status == "ready":
            return True
        if time.monotonic() > deadline:
            raise _too_slow_error(child.pid, found.status if found else "starting")
        time.sleep(POLL_INTERVAL)
    return False


def _too_slow_error(pid: int, status: str) -> PostgresUnavailable:
    return PostgresUnavailable(
        message(
            "The database server (process {pid}) is still {status} after {minutes} minutes.",
            pid=pid,
            status=status,
            minutes=int(START_TIMEOUT // 60),
        )
    )


def _start_error(
    location: Location, code: int | None, said: str, log: ServerLog
) -> PostgresUnavailable:
    if ORPHANS in said:
        return PostgresUnavailable(
            message(
                "Processes of an earlier server still hold the database in {data} after {seconds} "
                "seconds. End them, then start again:\n{said}",
                data=location.data,
                seconds=int(ORPHANS_TIMEOUT),
                said=said,
            )
        )
    return PostgresUnavailable(
        message(
            "The database server ended at its start (code {code}); its log {log} says:\n{said}",
            code=code,
            log=log.path,
            said=said,
        )
    )


PID_FILE = "postmaster.pid"
POLL_INTERVAL = 0.02
# A fast shutdown writes a checkpoint; an immediate one leaves that to the next start.
SHUTDOWNS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0))


@dataclass(frozen=True)
class Postmaster:
    """Content of `postmaster.pid`: process, socket folder, status."""

    pid: int
    sockets: Path
    status: str


def read_pid_file(data: Path) -> Postmaster | None:
    """Return the pid file's content; the process may be dead."""
    try:
        lines = (data / PID_FILE).read_bytes().split(b"\n")
        return Postmaster(int(lines[0]), Path(os.fsdecode(lines[4])), lines[7].decode().strip())
    except (FileNotFoundError, IndexError, ValueError):
        return None


def find_running(data: Path) -> Postmaster | None:
    """Return the live postmaster of this data folder, ready or not."""
    found = read_pid_file(data)
    return found if found is not None and is_postmaster(found.pid, data) else None


def is_postmaster(pid: int, data: Path) -> bool:
    """True if the process is alive and serves this data folder."""
    mark = b"\0-D\0" + os.fsencode(data).replace(b" ", b"\0") + b"\0"
    return mark in _command_line(pid).replace(b" ", b"\0") or _works_in(pid, data)


def shut_down(data: Path, child: subprocess.Popen[bytes] | None) -> None:
    """End the server, regardless of its parent, and wait; raises PostgresUnavailable."""
    found = find_running(data)
    if found is None:
        return
    for number, patience in SHUTDOWNS:
        with contextlib.suppress(ProcessLookupError):
            os.kill(found.pid, number)
        if _wait_until_gone(found.pid, data, child, patience):
            return
    raise PostgresUnavailable(
        message("The database server (process {pid}) does not end.", pid=found.pid)
    )


def remove_stale_files(data: Path, sockets: Path) -> None:
    """Remove files of a dead postmaster that would block a new one.

    PostgreSQL refuses to start if the old process id belongs to another process of the same user,
    or to a zombie, as in containers. Surviving backends are still detected by their shared memory.
    """
    left = read_pid_file(data)
    if left is not None and _exists(left.pid):
        (data / PID_FILE).unlink()
    for path in sockets.glob(".s.PGSQL.*"):
        path.unlink()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _command_line(pid: int) -> bytes:
    """Return the NUL-terminated command line; empty for dead or zombie processes."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return b""
    shown = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, check=False
    )
    return shown.stdout.strip() + b"\0" if shown.stdout.strip() else b""


def _works_in(pid: int, data: Path) -> bool:
    """True if the process works in the folder, even after a rename."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data)
    except OSError:  # a zombie, or a container that hides this even from root
        return False


def _wait_until_gone(
    pid: int, data: Path, child: subprocess.Popen[bytes] | None, patience: float
) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if child is not None:
            child.poll()  # or it would stay as a zombie
        if not is_postmaster(pid, data):
            return True
        time.sleep(POLL_INTERVAL)
    return False
