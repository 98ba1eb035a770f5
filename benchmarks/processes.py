"""Processes of a benchmark: started, ended, and what processor time they used."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks import measure
from salsa_ext.db import db

Used = dict[int, float]
"""Processor seconds by process."""


@contextmanager
def served(
    environment: dict[str, str], module: Callable[[int], list[str]]
) -> Iterator[tuple[int, int]]:
    """Run a module of this program, told its port; gives the port and the process once it listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-m", *module(port)], env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.2)
        time.sleep(4)  # until each worker is ready
        yield port, process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _tree(pid: int) -> list[int]:
    """Return a process and all that it began."""
    try:
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in told for one in _tree(int(child)))]


def used(root: int) -> Used:
    """Return the processor seconds of a process and of all that it began and that are still there."""
    found = {}
    for pid in _tree(root):
        with suppress(FileNotFoundError, ProcessLookupError):
            found[pid] = measure.used([pid])
    return found


def database() -> int:
    """Return the process that all of the database's were begun by."""
    pid = int(db.session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar() or 0)
    db.session.remove()
    parent = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]
    return int(parent)
