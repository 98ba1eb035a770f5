"""The service as a process of its own, with the PostgreSQL that it starts itself."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time

from tests.support.source import ROOT


def database_urls(embedded):
    """The settings that name the database of an embedded server."""
    return {
        "SALSA_DATABASE_URL": embedded.url("service", "salsa"),
        "SALSA_WORKER_URL": embedded.url("worker", "salsa"),
    }


class Service:
    """One that is started and stopped; `settings` are variables of its environment."""

    def __init__(self, home, key, **settings):
        self.home, self.key, self.settings, self.process = home, key, settings, None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def launch(self):
        """Start it without waiting until it is ready."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SALSA_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve", "--port", str(self.port)],
            cwd=ROOT,
            env=kept | {"SALSA_HOME": str(self.home)} | self.settings,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def start(self):
        self.launch()
        until = time.monotonic() + 60
        while not self.is_ready():
            assert time.monotonic() < until
            assert self.process.poll() is None
            time.sleep(0.1)

    def is_ready(self):
        try:
            return self.request("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = self.key | {"Content-Type": "application/json"}
            connection.request(method, path, body and json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or "null")
        finally:
            connection.close()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
