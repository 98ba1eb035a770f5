"""Bodies that never come, of senders whom nobody knows, lock nobody out.

Before: 160 half-sent bodies with invented keys, and every other request waited for as long as they lasted.
"""

import select
import socket
from contextlib import ExitStack

import pytest

from api.http.request_limits import MAX_BODIES_PER_SENDER, MAX_UNKNOWN_BODIES
from benchmarks.attacks import FORM, open_request
from benchmarks.harness import Service, database_urls
from salsa_ext.core.ip_addresses import network
from salsa_ext.database.postgres.server import EmbeddedServer
from tests.faults.conftest import copied, key_of, make_app

HALF_SENT = 160
IDLE = 2_100


@pytest.fixture(scope="module")
def service(installed):
    """The service as `salsa serve` starts it, with one process and no proxy."""
    with copied(installed) as home, EmbeddedServer(home) as embedded:
        with make_app(home, embedded) as application:
            key = key_of(application)
        urls = database_urls(embedded)
        served = Service(home, key, SALSA_WORKERS="1", SALSA_PROXIES="1", **urls)
        served.start()
        yield served
        served.stop()


def _status(line):
    return line.recv(100).split()[1]


def test_bodies_with_invented_keys_are_refused_before_they_come(service):
    with ExitStack() as lines:
        for number in range(HALF_SENT):
            sent = (f"Authorization: Bearer b{number}", "Content-Type: application/json")
            line = lines.enter_context(open_request(service, "/api/v1/checks", *sent))
            assert _status(line) == b"401"
        assert service.request("GET", "/api/v1/permits")[0] == 200


def test_unknown_senders_of_many_addresses_leave_room_for_the_known(service):
    with ExitStack() as lines:
        for number in range(HALF_SENT):
            cookie = f"; salsa_session=s{number}"
            address = f"X-Forwarded-For: 203.0.113.{number}"
            lines.enter_context(
                open_request(service, "/sign-in", FORM[0], FORM[1] + cookie, address)
            )
        assert service.request("GET", "/api/v1/permits")[0] == 200
        assert service.request("POST", "/api/v1/permits", {"number": ""})[0] == 422


@pytest.mark.parametrize("address", ["203.0.113.1", "2001:db8:0:1::{:x}"])
def test_one_address_takes_half_of_the_room_of_the_unknown(service, address):
    """Of IPv6 one subscriber has a /64, and all its addresses count as one."""
    assert 2 * MAX_BODIES_PER_SENDER <= MAX_UNKNOWN_BODIES
    with ExitStack() as lines:
        begun = [
            lines.enter_context(
                open_request(
                    service, "/sign-in", *FORM, f"X-Forwarded-For: {address.format(number)}"
                )
            )
            for number in range(2 * MAX_BODIES_PER_SENDER)
        ]
        refused: list[socket.socket] = []
        while len(refused) < MAX_BODIES_PER_SENDER:  # the others are waited for
            ready, _, _ = select.select([line for line in begun if line not in refused], [], [], 30)
            assert {_status(line) for line in ready} == {b"429"}
            refused += ready
        with open_request(service, "/sign-in", *FORM, "X-Forwarded-For: 203.0.113.2") as other:
            other.sendall(b"x" * 999)
            assert _status(other) == b"403"  # it was read, and is no form of ours


def test_a_subscriber_of_ipv6_is_one_network():
    assert (
        network("2001:db8:0:1::5") == network("2001:db8:0:1:ffff::") != network("2001:db8:0:2::5")
    )
    assert network("::ffff:203.0.113.1") == network("203.0.113.1") == "203.0.113.1"


def test_idle_connections_keep_no_new_one_out(service):
    """Before: 2,100 of them, and others waited for 3 s or failed."""
    with ExitStack() as lines:
        for _ in range(IDLE):
            lines.enter_context(socket.create_connection(("127.0.0.1", service.port), timeout=30))
        assert service.request("GET", "/api/v1/permits")[0] == 200
