"""The worker and other child processes; no thread, whose locks a fork of the server would copy."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger("salsa.worker")
WORKER_COMMAND = [sys.executable, "-m", "api.cli", "worker"]
RESTART_SECONDS = 5.0
"""Seconds after which one that ended by itself is started again."""
STOP_SECONDS = 10
"""Seconds that one may take to end what it has begun."""


@contextmanager
def run_worker_process(worker_url: str | None) -> Iterator[None]:
    """Run the worker process within the block; no other process learns of its role."""
    stop = threading.Event()
    keeper = threading.Thread(target=_supervise, args=(stop, worker_url), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join(2 * STOP_SECONDS)


def _supervise(stop: threading.Event, worker_url: str | None) -> None:
    """Restart the worker process until `stop` is set.

    `close_fds=False` spawns without a pipe that a fork at the same moment would inherit.
    """
    env = {**os.environ, "SALSA_WORKER_URL": worker_url or ""}
    while not stop.is_set():
        with subprocess.Popen(WORKER_COMMAND, close_fds=False, env=env) as process:  # noqa: S603 - this very program
            while process.poll() is None and not stop.wait(0.2):
                pass
            if not stop.is_set():
                log.warning(
                    "The background's work ended (%s); it starts again.", process.returncode
                )
            _stop(process)
        stop.wait(RESTART_SECONDS)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


PARENT_VARIABLE = "SALSA_SERVED_BY"
"""Names the serving process to those that it starts, by its number."""


def end_with_parent() -> None:
    """End this process with the server process that started it, also if that is killed."""
    if PARENT_VARIABLE not in os.environ:
        return
    os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != int(os.environ[PARENT_VARIABLE]):  # it ended before the signal was set
        os.kill(os.getpid(), signal.SIGKILL)
