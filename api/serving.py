"""Serve the application with granian: sizes, waits and limits are set, never left to chance."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import socket
import threading
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.mp import WorkerProcess

from api import backstage, live, running
from salsa_ext.config import Config
from salsa_ext.errors import NotConfigured, say

ROOT = Path(__file__).parents[1]
CONNECTIONS = 1024
"""Of each worker: a connection that is kept counts, whether something is asked over it or not."""
SENDERS = 64
"""Of each worker: so many bodies may be on their way at once; who waits for one has no turn."""
PATIENCE = 30


class _Server(Granian):  # type: ignore[misc]  # granian has no types
    """Tells a worker that did not end within two seconds to do so once more.

    What reaches a worker just as it gets ready may wake nobody there, and is acted on with the next.
    Once, since granian's own channel for it holds one: a third would hold up what is under way.
    """

    def _stop_workers(self) -> None:
        again = threading.Timer(2, self._tell_again)
        again.start()
        super()._stop_workers()
        again.cancel()

    def _tell_again(self) -> None:
        for worker in filter(WorkerProcess.is_alive, self.wrks.copy()):
            worker.terminate()


def serve(config: Config, host: str, port: int, patience: int = PATIENCE) -> None:
    """Answer requests until the process is told to end; requests under way are finished then.

    What is not finished `patience` seconds later is cut off, and its transaction undone.

    Each worker works on `threads` requests at once and lets others wait (`turns`). More than 1,024
    connections get none until one is closed, so that an overload shows at the door and not in the
    memory. Every browser keeps one, and a page that shows what changes asks over it each second.
    """
    require_free(host, port)
    _share(config)
    os.register_at_fork(after_in_child=_end_while_loading)
    server = _Server(
        "wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=config.workers,
        blocking_threads=SENDERS,
        backpressure=CONNECTIONS,
        backlog=1024,
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
        respawn_failed_workers=True,
        workers_kill_timeout=patience,
        websockets=False,
        working_dir=ROOT,
    )
    # granian advises against so many threads, which `turns` holds back
    logging.getLogger("_granian").addFilter(lambda said: "Python threads" not in said.getMessage())
    with backstage.working():
        server.serve()


def _end_while_loading() -> None:
    """Let a worker that is told to end before it is ready do so, until granian's own handlers stand.

    It has those of its parent till then, which only make a note: it would get ready, never end, and
    be killed. Ctrl-C in a terminal reaches it too; that is left to the parent, which tells it.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def require_free(host: str, port: int) -> None:
    """Raise NotConfigured where somebody listens: granian would share the port without a word."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise NotConfigured(say("Nobody can listen on port {port} of {host} ({cause}); choose"
                                    " another with --port.", port=port, host=host,
                                    cause=error.strerror or "")) from error  # fmt: skip


def _share(config: Config) -> None:
    """Tell the workers, which are new processes, where the database and their counts are."""
    counts = config.home / "metrics"
    shutil.rmtree(counts, ignore_errors=True)
    counts.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(counts)
    os.environ["SALSA_DATABASE_URL"] = config.database_url or ""
    os.environ[live.SECRET] = secrets.token_hex(32)
    os.environ[running.BELONGS] = str(os.getpid())
