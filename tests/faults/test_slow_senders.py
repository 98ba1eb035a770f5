"""Senders whose bodies never come keep nobody else out of the service."""

import select
import time
from contextlib import ExitStack

import pytest

from api.http.request_limits import MAX_BODIES_PER_SENDER, THREADS
from benchmarks.attacks import open_request
from benchmarks.harness import Service, database_urls
from salsa_ext.database.postgres.server import EmbeddedServer
from tests.faults.conftest import copied, key_of, make_app

MANY = 12


@pytest.fixture(scope="module")
def service(installed):
    """One that works on a single request at a time."""
    yield from _started(installed)


def _started(installed, **settings):
    with copied(installed) as home, EmbeddedServer(home) as embedded:
        with make_app(home, embedded) as application:
            key = key_of(application)
        served = Service(
            home, key, SALSA_WORKERS="1", SALSA_THREADS="1", **database_urls(embedded), **settings
        )
        served.start()
        yield served
        served.stop()


def _form(cookie):
    return ("Content-Type: application/x-www-form-urlencoded", f"Cookie: salsa_form={cookie}")


def test_others_are_answered_while_many_bodies_do_not_come(service):
    bearer = f"Authorization: {service.key['Authorization']}"
    with ExitStack() as lines:
        for number in range(MANY):
            lines.enter_context(open_request(service, "/sign-in", *_form("a" * 43)))
            for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
                sent = (bearer, f"Idempotency-Key: {number}", f"Content-Type: {kind}")
                lines.enter_context(open_request(service, "/api/v1/permits", *sent))
        assert service.request("GET", "/api/v1/permits")[0] == 200


def test_one_sender_keeps_nobody_out_however_many_bodies_of_his_do_not_come(service):
    """More than the service takes of all senders together: of one it takes a few, and says so at once."""
    bearer = f"Authorization: {service.key['Authorization']}"
    sent = ("/api/v1/permits", bearer, "Content-Type: application/json")
    with ExitStack() as lines:
        begun = [lines.enter_context(open_request(service, *sent)) for _ in range(THREADS + MANY)]
        answers = _answers(begun, THREADS + MANY - MAX_BODIES_PER_SENDER)
        assert {answer.split()[1] for answer in answers} == {b"429"}
        assert all(b"retry-after: 2" in answer.lower() for answer in answers)
        assert _first_other_than_429(service, "GET") == 200  # once those refused are counted off
        with open_request(service, "/sign-in", *_form("a" * 43)) as other:
            # another one's body is read
            assert not select.select([other], [], [], 0.5)[0]
    # those that were broken off make room
    assert _first_other_than_429(service, "POST", {"number": ""}) == 422


def _first_other_than_429(service, method, body=None):
    until = time.monotonic() + 30
    while (status := service.request(method, "/api/v1/permits", body)[0]) == 429:
        assert time.monotonic() < until
    return status


def _answers(lines, count):
    """Return so many answers as come, on whichever lines they do."""
    waiting, result = set(lines), []
    while len(result) < count:
        ready, _, _ = select.select([*waiting], [], [], 30)
        assert ready
        result += [line.recv(1000) for line in ready]
        waiting -= {*ready}
    return result


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/sign-in", _form("none"), b"403"),
        ("/api/v1/permits", ("Content-Type: application/json",), b"401"),
        ("/nowhere", (), b"404"),
    ],
)
def test_a_sender_without_permission_is_refused_before_the_body(service, path, headers, status):
    with open_request(service, path, *headers) as line:
        assert line.recv(100).split()[1] == status


@pytest.mark.parametrize("length", ["Content-Length: 70000", "Transfer-Encoding: chunked"])
def test_a_form_that_may_be_long_is_read_of_somebody_who_is_signed_in_alone(service, length):
    with open_request(service, "/verify", *_form("a" * 43), length=length) as line:
        assert line.recv(100).split()[1] == b"401"
