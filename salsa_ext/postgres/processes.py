"""Finding the server's main process (the postmaster) and ending it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from salsa_ext.errors import say
from salsa_ext.postgres.errors import PostgresUnavailable

PID_FILE = "postmaster.pid"
POLL = 0.02
# A fast shutdown writes a checkpoint; an immediate one leaves that to the next start.
SHUTDOWNS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0))


@dataclass(frozen=True)
class Postmaster:
    """What `postmaster.pid` says: the process, its socket's folder, and how far it is."""

    pid: int
    sockets: Path
    status: str


def written(data: Path) -> Postmaster | None:
    """What the file in the data folder says, which may be about a process long dead."""
    try:
        lines = (data / PID_FILE).read_bytes().split(b"\n")
        return Postmaster(int(lines[0]), Path(os.fsdecode(lines[4])), lines[7].decode().strip())
    except (FileNotFoundError, IndexError, ValueError):
        return None


def running(data: Path) -> Postmaster | None:
    """The living postmaster of this data folder, ready or not."""
    found = written(data)
    return found if found is not None and is_postmaster(found.pid, data) else None


def is_postmaster(pid: int, data: Path) -> bool:
    """Whether the process lives and serves this very folder: a number alone may be reused."""
    mark = b"\0-D\0" + os.fsencode(data).replace(b" ", b"\0") + b"\0"
    return mark in _command(pid).replace(b" ", b"\0") or _works_in(pid, data)


def shut_down(data: Path, child: subprocess.Popen[bytes] | None) -> None:
    """End the server, whoever started it, and wait; raises PostgresUnavailable if it stays."""
    found = running(data)
    if found is None:
        return
    for number, patience in SHUTDOWNS:
        with contextlib.suppress(ProcessLookupError):
            os.kill(found.pid, number)
        if _is_gone(found.pid, data, child, patience):
            return
    raise PostgresUnavailable(
        say("The database server (process {pid}) does not end.", pid=found.pid)
    )


def remove_stale_files(data: Path, sockets: Path) -> None:
    """Remove what a dead postmaster left and a new one would take for a living one.

    PostgreSQL copes with a number that is free. It refuses if the number went to another process
    of the same user, or to a zombie, as happens in containers. Backends that survived are still
    found without the file, by their shared memory.
    """
    left = written(data)
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


def _command(pid: int) -> bytes:
    """The words of a process's command, each ended by NUL; empty if it is dead or a zombie."""
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
    """Whether the process stands in the folder: true also after the folder was renamed."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data)
    except OSError:  # a zombie, or a container that hides this even from root
        return False


def _is_gone(pid: int, data: Path, child: subprocess.Popen[bytes] | None, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if child is not None:
            child.poll()  # or it would stay as a zombie
        if not is_postmaster(pid, data):
            return True
        time.sleep(POLL)
    return False
