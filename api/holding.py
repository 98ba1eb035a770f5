"""A port that is held while what it will serve is made, so that nobody begins the same work beside it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from api.serving import require_free

SAID = b"The service is being made ready; come back in some minutes.\n"


class _Answer(BaseHTTPRequestHandler):
    """Says to whoever asks already that it is too early."""

    def do_GET(self) -> None:
        self.send_response(503)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(SAID)))
        self.send_header("Retry-After", "60")
        self.end_headers()
        self.wfile.write(SAID)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Answer)


@contextmanager
def held(host: str, port: int) -> Iterator[None]:
    """Hold a port during the block; raises NotConfigured where somebody listens there."""
    require_free(host, port)
    with _Server(host, port) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        serving.start()
        try:
            yield
        finally:
            server.shutdown()
            serving.join()
