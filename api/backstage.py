"""The background's work beside those that answer: a process of its own, for as long as they do.

It is no thread of the serving process: that forks those that answer, and whoever is forked amid the
work of a thread has locks that nobody opens.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger("salsa.worker")
COMMAND = [sys.executable, "-m", "api.cli", "worker"]
PAUSE = 5.0
"""Seconds after which one that ended by itself is started anew."""
PATIENCE = 10
"""Seconds that one may take to end what it has begun."""


@contextmanager
def working() -> Iterator[None]:
    """Let the background's work be done while the block runs."""
    stop = threading.Event()
    keeper = threading.Thread(target=_keep, args=(stop,), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join(2 * PATIENCE)


def _keep(stop: threading.Event) -> None:
    """Start a process, and another one where it ends, until `stop` is set.

    With `close_fds=False` it is spawned without a pipe, on which this thread would wait for as long as a
    process that is forked at the same moment has it too. Descriptors are not inherited all the same.
    """
    while not stop.is_set():
        with subprocess.Popen(COMMAND, close_fds=False) as process:  # noqa: S603 - this very program
            while process.poll() is None and not stop.wait(0.2):
                pass
            if not stop.is_set():
                log.warning("The background's work ended (%s); it begins anew.", process.returncode)
            _end(process)
        stop.wait(PAUSE)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
