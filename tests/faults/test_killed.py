"""kill -9 of the service and of its PostgreSQL amid writes: what was acknowledged is there."""

import http.client
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from salsa_ext.database.postgres.server import EmbeddedServer
from tests.faults.served import Service
from tests.support import bodies
from tests.support.sizes import sized

THREADS = 8
WRITES, KILLED_AT = sized((250, 60), (500, 150))


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


class Killed(Service):
    """One that is killed while it takes transfers."""

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

    def stored(self):
        """Return every transfer by its number, page by page."""
        found, path = {}, "/api/v1/transfers?limit=200"
        while path:
            _, page = self.request("GET", path)
            assert "items" in page, page
            found |= {transfer["number"]: transfer for transfer in page["items"]}
            path = page["next"]
        return found


def written(number):
    return bodies.transfer(number=f"K-{number}", firearm=bodies.firearm(serial=f"KILL{number:05}"))


@pytest.fixture
def service(home, embedded, key, application):
    """The service, not started; its database stands still until it starts it itself."""
    embedded.stop()
    made = Killed(home, key)
    yield made
    if made.process:
        made.stop()
    if (left := EmbeddedServer(home).status()).running:  # where the test itself failed
        os.kill(left.pid, signal.SIGKILL)
