"""HTTP server: granian with fixed sizes, timeouts and limits."""

import logging
import math
import os
import resource
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.mp import WorkerProcess

from api.http.request_limits import THREADS
from api.server import worker_process
from salsa_ext.core.config import Config
from salsa_ext.core.errors import NotConfigured, message

ROOT = Path(__file__).parents[2]
MAX_CONNECTIONS = 4096
"""Of each worker; an idle kept-alive connection counts, too."""
HEADER_MS = 10_000
"""Within these the head of a request has to come, and a new connection's first one."""
GRACE_SECONDS = 30
PAUSE_SECONDS = 5.0
"""Between two starts of workers that ended by themselves."""


class _GranianServer(Granian):  # type: ignore[misc,valid-type]  # a variable, by platform
    """Granian server that outlives workers which end, and signals slow ones a second time.

    A signal to a worker that is just getting ready may be lost. Only once: granian's channel holds
    one.
    """

    def _respawn_workers(self, *args: Any, **options: Any) -> None:
        """Start workers again, after a pause unless the last start was long ago.

        Granian itself ends the service if a worker ends twice within seconds.
        """
        if time.monotonic() - getattr(self, "_respawned_at", -math.inf) < PAUSE_SECONDS:
            self.main_loop_interrupt.wait(PAUSE_SECONDS)  # a signal ends the pause
        self._respawned_at = time.monotonic()
        super()._respawn_workers(*args, **options)
        self.respawned_wrks.clear()

    def _stop_workers(self) -> None:
        again = threading.Timer(2, self._terminate_again)
        again.start()
        super()._stop_workers()
        again.cancel()

    def _terminate_again(self) -> None:
        for worker in filter(WorkerProcess.is_alive, self.wrks.copy()):
            worker.terminate()


def serve(config: Config, host: str, port: int, grace_seconds: int = GRACE_SECONDS) -> None:
    """Serve requests until the process is ended, then finish open requests.

    Open requests are cut off after `grace_seconds` and rolled back. Each worker runs `threads`
    requests at once (`http.request_limits`) and accepts `MAX_CONNECTIONS` connections.
    """
    require_free_port(host, port)
    _set_environment(config)
    _allow_connections()
    os.register_at_fork(after_in_child=_allow_early_end)
    server = _GranianServer(
        "wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=config.workers,
        blocking_threads=THREADS,
        backpressure=MAX_CONNECTIONS,
        backlog=1024,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MS),
        respawn_failed_workers=True,
        workers_kill_timeout=grace_seconds,
        websockets=False,
        working_dir=ROOT,
    )
    # granian advises against so many threads, which `turns` holds back
    logging.getLogger("_granian").addFilter(
        lambda record: "Python threads" not in record.getMessage()
    )
    with worker_process.run_worker_process(config.worker_url):
        server.serve()


def _allow_connections() -> None:
    """Raise the limit of open files to what the connections need, as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = MAX_CONNECTIONS + 1024
    if soft < needed:
        most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _allow_early_end() -> None:
    """Use default signals in a worker until granian's handlers are set.

    The parent's handlers would only note the signal; SIGINT is left to the parent.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def page_address(host: str, port: int) -> str:
    """Return the address at which to open the pages; passkeys allow no IP address."""
    return f"http://{'localhost' if host == '127.0.0.1' else host}:{port}/"


def require_free_port(host: str, port: int) -> None:
    """Raise NotConfigured if the port is in use; granian would share it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise NotConfigured(
                message(
                    "Nobody can listen on port {port} of {host} ({cause}); choose"
                    " another with --port.",
                    port=port,
                    host=host,
                    cause=error.strerror or "",
                )
            ) from error


def _set_environment(config: Config) -> None:
    """Pass database URL, metrics folder and secrets to the workers."""
    counts = config.home / "metrics"
    shutil.rmtree(counts, ignore_errors=True)
    counts.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(counts)
    os.environ["SALSA_DATABASE_URL"] = config.database_url or ""
    os.environ[worker_process.PARENT_VARIABLE] = str(os.getpid())


NOT_READY = b"The service is being made ready; come back in some minutes.\n"


class _NotReadyHandler(BaseHTTPRequestHandler):
    """Answers 503 while the service is being prepared."""

    def do_GET(self) -> None:
        self.send_response(503)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(NOT_READY)))
        self.send_header("Retry-After", "60")
        self.end_headers()
        self.wfile.write(NOT_READY)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - names of the base

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class _PlaceholderServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _NotReadyHandler)


@contextmanager
def reserve_port(host: str, port: int) -> Iterator[None]:
    """Occupy a port within the block; raises NotConfigured if it is used."""
    require_free_port(host, port)
    with _PlaceholderServer(host, port) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        serving.start()
        try:
            yield
        finally:
            server.shutdown()
            serving.join()
