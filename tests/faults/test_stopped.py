"""A service that is stopped ends within seconds, whatever its workers are at."""

import os
import select
import signal
import socket
import time

import pytest

from benchmarks.harness import Service
from salsa_ext.database.postgres.server import EmbeddedServer


@pytest.fixture
def service(home, embedded, key, application):
    """The service, not started; its database is stopped until it starts it itself."""
    embedded.stop()
    made = Service(home, key)
    yield made
    if made.process and made.process.poll() is None:
        os.killpg(made.process.pid, signal.SIGKILL)
        made.process.wait(30)


def interrupted(service):
    """Press Ctrl-C, which reaches every process of the terminal; returns the seconds to the end."""
    began = time.monotonic()
    os.killpg(service.process.pid, signal.SIGINT)
    service.process.wait(60)
    return time.monotonic() - began


def is_listening(service):
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", service.port)) == 0


def test_workers_that_are_still_loading_end_too(service):
    service.launch()
    until = time.monotonic() + 60
    while not is_listening(service):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert interrupted(service) < 10


def test_connections_that_are_left_open_keep_nobody_waiting(service):
    service.start()
    address = ("127.0.0.1", service.port)
    with socket.create_connection(address), socket.create_connection(address, 30) as caller:
        caller.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert caller.recv(100).startswith(b"HTTP/1.1 200 ")
        assert interrupted(service) < 10


def test_a_request_is_finished_when_workers_are_stopped_twice(service, home):
    service.start()
    lines = [
        "POST /api/v1/checks HTTP/1.1",
        "Host: x",
        "Content-Type: application/json",
        "Content-Length: 2",
    ]
    head = "\r\n".join(
        [*lines, *(f"{name}: {value}" for name, value in service.key.items()), "", "{"]
    )
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as caller:
        caller.sendall(head.encode())
        time.sleep(0.5)
        service.process.terminate()
        time.sleep(3.5)
        assert select.select([caller], [], [], 0)[0] == []
        caller.sendall(b"}")
        assert caller.recv(100).startswith(b"HTTP/1.1 422 ")
    service.process.wait(30)
    assert not EmbeddedServer(home).status().running
