"""kill -9 of the service and of its PostgreSQL amid writes: what was acknowledged is there."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from salsa_ext.postgres import EmbeddedServer
from tests import bodies
from tests.source import ROOT

WRITES, THREADS, KILLED_AT = 500, 8, 150


def test_every_acknowledged_write_survives_a_kill_of_service_and_database(service):
    service.start()
    acknowledged = service.write_until_killed()
    assert KILLED_AT <= len(acknowledged) < WRITES
    service.start()
    stored = service.stored()
    assert acknowledged - stored.keys() == set()
    assert all(transfer["firearm"]["serial"] for transfer in stored.values())


def test_a_service_that_is_told_to_end_leaves_nothing_running(service, home):
    service.start()
    assert service.request("GET", "/readyz")[0] == 200
    service.stop()
    assert not EmbeddedServer(home).status().running


class Service:
    """The service as a process of its own, with the PostgreSQL that it starts itself."""

    def __init__(self, home, key):
        self.home, self.key, self.process = home, key, None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def start(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SALSA_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve", "--port", str(self.port)],
            cwd=ROOT, env=kept | {"SALSA_HOME": str(self.home)}, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
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

    def write_until_killed(self):
        """Write from many threads, kill everything in the middle; returns the numbers taken."""
        acknowledged, numbers, enough = set(), count(), threading.Event()

        def write():
            while (number := next(numbers)) < WRITES:
                try:
                    status, _ = self.request("POST", "/api/v1/transfers", written(number))
                except (OSError, http.client.HTTPException, ValueError):
                    return
                if status == 201:
                    acknowledged.add(f"K-{number}")
                if len(acknowledged) >= KILLED_AT:
                    enough.set()

        with ThreadPoolExecutor(THREADS) as pool:
            for _ in range(THREADS):
                pool.submit(write)
            assert enough.wait(60)
            self.kill()
        return acknowledged

    def kill(self):
        postgres = EmbeddedServer(self.home).status().pid
        os.killpg(self.process.pid, signal.SIGKILL)
        os.kill(postgres, signal.SIGKILL)
        self.process.wait(30)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def stored(self):
        """Return every transfer by its number, page by page."""
        found, path = {}, "/api/v1/transfers?limit=200"
        while path:
            _, page = self.request("GET", path)
            found |= {transfer["number"]: transfer for transfer in page["items"]}
            path = page["next"]
        return found


def written(number):
    return bodies.transfer(number=f"K-{number}", firearm=bodies.firearm(serial=f"KILL{number:05}"))


@pytest.fixture
def service(home, embedded, key, application):
    """The service, not started; its database stands still until it starts it itself."""
    embedded.stop()
    made = Service(home, key)
    yield made
    if made.process:
        made.stop()
    if (left := EmbeddedServer(home).status()).running:  # where the test itself failed
        os.kill(left.pid, signal.SIGKILL)
