"""What tests ask of servers, and do to them."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from salsa_ext.database.postgres.server import EmbeddedServer

Serve = Callable[..., EmbeddedServer]
Begin = Callable[[Path], "subprocess.Popen[str]"]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as another user")
with_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no /proc")


def ask(server: EmbeddedServer, question: str, database: str = "postgres") -> Any:
    """Return the one value that a server answers, None for what answers nothing."""
    with closing(server.admin(database)) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        return next(iter(cursor))[0] if cursor.description else None


def pid_of(server: EmbeddedServer) -> int:
    """Return the process of a server that runs."""
    pid = server.status().pid
    assert pid is not None
    return pid


def kill(server: EmbeddedServer) -> int:
    """Kill a server, and wait until it is gone; returns its process."""
    pid = pid_of(server)
    os.kill(pid, signal.SIGKILL)
    while server.status().running:
        time.sleep(0.01)
    return pid


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
