"""What an officer notices of attackers: how long requests take, idle and amid attacks, in turns."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from statistics import median, quantiles
from threading import Event, Thread
from typing import Final

from benchmarks.faults.acts import Keys
from benchmarks.harness import Service

HALF_SENT, SENDERS, FIELDS = 200, 4, 1_000_000
LINE: Final = 125_000_000
"""Bytes a second that all senders have together: 1 Gbit/s."""
REQUESTS: Final = 50
"""Of each kind in a turn."""
MOST: Final = 2.0
"""Times the idle 95th percentile that an attack may cost others."""
FORM: Final = ("Content-Type: application/x-www-form-urlencoded", f"Cookie: salsa_form={'a' * 43}")


def open_request(
    service: Service, path: str, *headers: str, length: str = "Content-Length: 1000"
) -> socket.socket:
    """Send the head of a POST and one byte of its body."""
    line = socket.create_connection(("127.0.0.1", service.port), timeout=30)
    head = (f"POST {path} HTTP/1.1", "Host: 127.0.0.1", length, *headers, "", "{")
    line.sendall("\r\n".join(head).encode())
    return line


@contextmanager
def half_sent(service: Service, keys: Keys) -> Iterator[None]:
    """Hold bodies that never come: forms of many addresses, and invented keys."""
    with ExitStack() as lines:
        for number in range(HALF_SENT):
            address = f"X-Forwarded-For: 203.0.113.{number}"
            invented = ("Content-Type: application/json", f"Authorization: Bearer b{number}")
            path, headers = (("/api/v1/checks", invented), ("/sign-in", FORM))[number % 2]
            lines.enter_context(open_request(service, path, *headers, address))
        yield


@contextmanager
def many_fields(service: Service, keys: Keys) -> Iterator[None]:
    """Let senders post a million unknown fields, as often as their line brings them."""
    body = b",".join(b'"k%d":1' % number for number in range(FIELDS)) + b"}"
    length, ended = f"Content-Length: {len(body) + 1}", Event()

    def send(officer: str) -> None:
        token = keys[officer]["Authorization"]
        headers = ("Content-Type: application/json", f"Authorization: {token}")
        while not ended.is_set():
            for path in ("/api/v1/checks", "/api/v1/seizures"):
                with (
                    suppress(OSError),
                    open_request(service, path, *headers, length=length) as line,
                ):
                    with suppress(OSError):  # refused before it came
                        line.sendall(body)
                    line.recv(1000)
                ended.wait(SENDERS * len(body) / LINE)

    officers = [f"{state}.police_officer" for state in ("BRA", "PRY")]
    threads = [Thread(target=send, args=(officers[n % 2],)) for n in range(SENDERS)]
    for thread in threads:
        thread.start()
    yield
    ended.set()
    for thread in threads:
        thread.join()


Attack = Callable[[Service, Keys], AbstractContextManager[None]]
WAYS: Final[dict[str, Attack]] = {
    "idle": lambda *_: nullcontext(),
    f"{HALF_SENT} half-sent bodies": half_sent,
    f"{SENDERS} senders of {FIELDS:,} fields": many_fields,
}


def run(service: Service, keys: Keys, rounds: int) -> list[str]:
    """Measure each way in each round, print percentiles; returns the attacks that cost too much."""
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    officer = keys["PRY.licensing_officer"]
    for _ in range(rounds):
        for name, attack in WAYS.items():
            with attack(service, keys):
                for _ in range(REQUESTS):
                    for method, body, status in (("GET", None, 200), ("POST", {"number": ""}, 422)):
                        began = time.perf_counter()
                        answer = service.request(method, "/api/v1/permits", body, **officer)
                        seconds[name].append(time.perf_counter() - began)
                        assert answer.status == status, answer
    print(f"{'':<32}{'p50 ms':>8}{'p95 ms':>8}{'ratio':>7}")
    costly, idle = [], 0.0
    for name, times in seconds.items():
        p95 = quantiles(times, n=20)[-1]
        idle = idle or p95
        print(f"{name:<32}{median(times) * 1e3:>8.1f}{p95 * 1e3:>8.1f}{p95 / idle:>7.2f}")
        if p95 > MOST * idle:
            costly.append(f"{name}: others' 95th percentile is {p95 / idle:.1f} times that of idle")
    return costly
