"""The background's work has a process of its own, which comes back and goes with the service."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from benchmarks.harness import Service, database_urls


@pytest.fixture
def service(home, embedded, key, application):
    urls = database_urls(embedded)
    made = Service(home, key, SALSA_WORKERS="1", **urls)
    made.start()
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.wait(30)


def _backstage(service):
    """The ids of the processes that do the background's work."""
    found = subprocess.run(
        ["pgrep", "-P", str(service.process.pid), "-f", "api.cli worker"],
        capture_output=True,
        text=True,
    )
    return [int(line) for line in found.stdout.split()]


def _until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def _is_alive(process):
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_one_that_is_killed_is_started_anew(service):
    _until(lambda: len(_backstage(service)) == 1)
    first = _backstage(service)[0]
    os.kill(first, signal.SIGKILL)
    _until(lambda: _backstage(service) not in ([], [first]))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_the_service_whatever_ends_that(service, number):
    _until(lambda: len(_backstage(service)) == 1)
    backstage = _backstage(service)[0]
    os.kill(service.process.pid, number)
    _until(lambda: not _is_alive(backstage))
    service.process.wait(30)
