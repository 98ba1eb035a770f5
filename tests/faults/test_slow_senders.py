"""Senders whose bodies never come keep nobody else out of the service."""

import socket
from contextlib import ExitStack

import pytest

from api.running import DATABASE
from api.serving import SENDERS
from salsa_ext.postgres import EmbeddedServer
from tests.faults.conftest import copied, key_of, made
from tests.faults.served import Service

MANY = 12
PERMITS, CHUNKS = "/api/v1/permits", "Transfer-Encoding: chunked"


@pytest.fixture(scope="module")
def service(installed):
    """One that works on a single request at a time."""
    yield from _started(installed)


@pytest.fixture(scope="module")
def hasty(installed):
    """One that waits a second for each part of a body."""
    yield from _started(installed, SALSA_BODY_PATIENCE="1")


def _started(installed, **settings):
    with copied(installed) as home, EmbeddedServer(home) as embedded:
        with made(home, embedded) as application:
            key = key_of(application)
        served = Service(home, key, SALSA_WORKERS="1", SALSA_THREADS="1",
                         SALSA_DATABASE_URL=embedded.url("service", DATABASE), **settings)  # fmt: skip
        served.start()
        yield served
        served.stop()


def _begin(service, path, *headers, length="Content-Length: 10000"):
    """Send the head of a request and a single byte of the ten thousand that it tells of."""
    line = socket.create_connection(("127.0.0.1", service.port), timeout=30)
    head = (f"POST {path} HTTP/1.1", "Host: 127.0.0.1", length, *headers, "", "{")
    line.sendall("\r\n".join(head).encode())
    return line


def _form(cookie):
    return ("Content-Type: application/x-www-form-urlencoded", f"Cookie: salsa_form={cookie}")


def test_others_are_answered_while_many_bodies_do_not_come(service):
    bearer = f"Authorization: {service.key['Authorization']}"
    with ExitStack() as lines:
        for number in range(MANY):
            lines.enter_context(_begin(service, "/sign-in", *_form("a" * 43)))
            for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
                sent = (bearer, f"Idempotency-Key: {number}", f"Content-Type: {kind}")
                lines.enter_context(_begin(service, "/api/v1/permits", *sent))
        assert service.request("GET", "/api/v1/permits")[0] == 200


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/sign-in", _form("none"), b"403"),
        ("/api/v1/permits", ("Content-Type: application/json",), b"401"),
        ("/nowhere", (), b"404"),
    ],
)
def test_who_may_not_send_anything_is_told_before_he_has_sent_it(service, path, headers, status):
    with _begin(service, path, *headers) as line:
        assert line.recv(100).split()[1] == status


@pytest.mark.parametrize("length", ["Content-Length: 70000", "Transfer-Encoding: chunked"])
def test_a_form_that_may_be_long_is_read_of_somebody_who_is_signed_in_alone(service, length):
    with _begin(service, "/verify", *_form("a" * 43), length=length) as line:
        assert line.recv(100).split()[1] == b"401"


def test_a_body_that_does_not_come_is_given_up_though_it_is_known_who_sends_it(hasty):
    """More than the bodies that may be on their way at once: those that are given up make room."""
    bearer = f"Authorization: {hasty.key['Authorization']}"
    kinds = ("application/json", "text/plain", "multipart/form-data; boundary=x")
    with ExitStack() as lines:
        begun = [
            lines.enter_context(_begin(hasty, PERMITS, bearer, f"Content-Type: {kind}", length=length))
            for length in ("Content-Length: 10000", "Content-Length: 70000", CHUNKS)
            for kind in kinds
            for _ in range(SENDERS // 8)
        ]  # fmt: skip
        assert len(begun) > SENDERS
        assert {line.recv(100).split()[1] for line in begun} == {b"408"}
        assert hasty.request("GET", "/api/v1/permits")[0] == 200
