"""`salsa serve` as a process of its own, and requests to it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from salsa_ext.database.postgres.server import EmbeddedServer

ROOT: Final = Path(__file__).parents[1]
DATABASE: Final = "salsa"
READY_SECONDS: Final = 120.0


def database_urls(embedded: EmbeddedServer) -> dict[str, str]:
    """Return the settings that name the database of an embedded server."""
    return {
        "SALSA_DATABASE_URL": embedded.url("service", DATABASE),
        "SALSA_WORKER_URL": embedded.url("worker", DATABASE),
    }


class Answer(NamedTuple):
    """Answer of the service."""

    status: int
    body: Any
    etag: str


class Service:
    """`salsa serve` as a process of its own; `settings` are variables of its environment."""

    def __init__(self, home: Path, key: dict[str, str], **settings: str) -> None:
        self.home, self.key, self.settings = home, key, settings
        self.process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    def launch(self) -> None:
        """Start it without waiting until it is ready."""
        self.process = self.spawn("serve", "--port", str(self.port))

    def spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command of the installation."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("SALSA_")}
        with (self.home / "serve.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-m", "api.cli", *arguments],
                cwd=ROOT,
                env=own | {"SALSA_HOME": str(self.home)} | self.settings,
                start_new_session=True,
                stdout=log,
                stderr=log,
            )

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        self.launch()
        until = time.monotonic() + READY_SECONDS
        while not self.is_ready():
            assert time.monotonic() < until, "The service is not ready."
            assert self.is_running(), "The service ended."
            time.sleep(0.05)

    def ensure_running(self) -> None:
        """Start it again if it ended."""
        if not self.is_running():
            self.start()

    def is_running(self) -> bool:
        """Return whether the serving process is there."""
        return self.process is not None and self.process.poll() is None

    def is_ready(self) -> bool:
        """Return whether the service answers that it is ready."""
        with suppress(OSError, http.client.HTTPException, ValueError):
            return self.request("GET", "/readyz").status == 200
        return False

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send one request; header names are written with underscores."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            sent = self.key | {"Content-Type": "application/json"} | sent
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            content = json.loads(answer.read() or "null")
            return Answer(answer.status, content, answer.headers.get("ETag", ""))
        finally:
            connection.close()

    def stop(self) -> None:
        """End it in order, and wait."""
        if self.process is not None and self.is_running():
            self.process.terminate()
            self.process.wait(READY_SECONDS)
