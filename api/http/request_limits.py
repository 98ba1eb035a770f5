"""WSGI limits: requests worked on at once, bodies received per sender.

There are more threads than database connections; a thread waiting for bytes gives up its slot.
Each sender gets few threads for bodies, senders without a key or session get half of all.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final

from flask import Flask
from werkzeug.exceptions import TooManyRequests
from werkzeug.middleware.proxy_fix import ProxyFix

from api.http.auth import SENDER
from api.http.files import MAX_BODY

THREADS: Final = 64
"""Of each worker process."""
MAX_BODIES: Final = 56
"""Bodies waited for at once in each process: some threads are left for requests without."""
MAX_UNKNOWN_BODIES: Final = 32
"""Of these, so many of senders without a key or a session."""
MAX_BODIES_PER_SENDER: Final = 16
BODY_SECONDS: Final = 15
"""Within these a body has to come; one of a known account has time for its length besides."""
SLOWEST: Final = 4096
"""Bytes a second."""
WATCH_SECONDS: Final = 1
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class RequestLimiter:
    """WSGI application limited to a number of concurrent requests."""

    def __init__(self, application: Application, most: int) -> None:
        self._application, self._free = application, threading.BoundedSemaphore(most)
        self._senders = SenderLimiter()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request when a slot is free."""
        environ["wsgi.input"] = LimitedBody(environ, self._free, self._senders)
        with self._free:
            return LimitedResponse(self._application(environ, start), self._free)


class SenderLimiter:
    """Limits of bodies on their way: by account, by address, in all, and in time.

    A read of the server ends with the body or with its connection. So a watching thread shuts the
    connections of an address from which a body is overdue: those that nothing was answered over
    since it began and that bring less than `SLOWEST` (Linux counts both for each socket).
    """

    def __init__(self) -> None:
        self._begun: dict[LimitedBody, float] = {}
        self._received: dict[int, tuple[float, int]] = {}
        self._changing = threading.Lock()
        self._is_watching = False

    @contextmanager
    def counted(self, body: LimitedBody) -> Iterator[None]:
        """Count a body that is waited for; raises TooManyRequests."""
        with self._changing:
            others = self._begun.keys()
            if (
                sum(other.sender == body.sender for other in others) >= MAX_BODIES_PER_SENDER
                or len(others) >= MAX_BODIES
                or (
                    not body.account
                    and sum(not other.account for other in others) >= MAX_UNKNOWN_BODIES
                )
            ):
                raise TooManyRequests
            self._begun[body] = body.begun
            if not self._is_watching:
                self._is_watching = True
                threading.Thread(target=self._watch, daemon=True).start()
        try:
            yield
        finally:
            with self._changing:
                del self._begun[body]

    def _watch(self) -> None:
        while True:
            time.sleep(WATCH_SECONDS)
            with self._changing:
                begun, now = self._begun.copy(), time.monotonic()
            if not begun:
                self._received.clear()
                continue
            overdue = {
                body.peer: now - since for body, since in begun.items() if now > body.deadline
            }
            for number, connection in _connections({body.peer for body in begun}):
                with connection, suppress(OSError):
                    silent, count = _traffic(connection)
                    since, before = self._received.setdefault(number, (now, count))
                    is_slow = count - before < SLOWEST * (now - since)
                    age = overdue.get(connection.getpeername()[0])
                    if age is not None and silent > age - WATCH_SECONDS and is_slow:
                        connection.shutdown(socket.SHUT_RDWR)


def _connections(peers: Collection[str]) -> Iterator[tuple[int, socket.socket]]:
    """Yield copies of this process's connections with some addresses, by inode."""
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if path.is_socket():
                copy = socket.socket(fileno=os.dup(int(path.name)))
                if copy.family != socket.AF_UNIX and copy.getpeername()[0] in peers:
                    yield os.fstat(copy.fileno()).st_ino, copy
                else:
                    copy.close()


def _traffic(connection: socket.socket) -> tuple[float, int]:
    """Return for how many seconds nothing was sent, and how many bytes were received (tcp_info)."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 136)
    return struct.unpack_from("I", info, 44)[0] / 1000, struct.unpack_from("Q", info, 128)[0]


class LimitedBody:
    """Request body that frees its slot while reading."""

    def __init__(
        self, environ: dict[str, Any], turns: threading.BoundedSemaphore, senders: SenderLimiter
    ) -> None:
        self._given, self._environ = environ["wsgi.input"], environ
        self._turns, self._senders = turns, senders
        self.begun = time.monotonic()
        self.peer = str(environ.get("werkzeug.proxy_fix.orig", environ).get("REMOTE_ADDR", ""))
        length = environ.get("CONTENT_LENGTH") or ""
        self._is_empty = not (length.strip("0") or "HTTP_TRANSFER_ENCODING" in environ)
        self._length = int(length) if length.isdigit() else MAX_BODY

    @property
    def account(self) -> str | None:
        """Return the account that sends this, if it is known yet."""
        return self._environ.get(SENDER)

    @property
    def sender(self) -> str:
        """Return the account, or the address."""
        return self.account or str(self._environ.get("REMOTE_ADDR", ""))

    @property
    def deadline(self) -> float:
        """Return when the whole body has to have come."""
        more = self._length / SLOWEST if self.account else 0
        return self.begun + BODY_SECONDS + more

    @contextmanager
    def without_turn(self) -> Iterator[None]:
        """Free the slot of the request within the block."""
        self._turns.release()
        try:
            yield
        finally:
            self._turns.acquire()

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        counted = nullcontext() if self._is_empty else self._senders.counted(self)
        with counted, self.without_turn():
            yield

    def read(self, *size: int) -> bytes:
        """Return so many bytes, or all."""
        with self._waiting():
            return bytes(self._given.read(*size))

    def readline(self, *size: int) -> bytes:
        """Return a line, or so many bytes of it."""
        with self._waiting():
            return bytes(self._given.readline(*size))

    def readlines(self, hint: int = -1) -> list[bytes]:
        """Return the remaining lines."""
        with self._waiting():
            return list(self._given.readlines(hint))

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the remaining lines."""
        return iter(self.readline, b"")


class LimitedResponse:
    """Response iterator that takes a slot to produce each part."""

    def __init__(self, parts: Iterable[bytes], turns: threading.BoundedSemaphore) -> None:
        self._parts, self._made, self._turns = parts, iter(parts), turns

    def __iter__(self) -> Iterator[bytes]:
        """Return the parts."""
        return self

    def __next__(self) -> bytes:
        """Produce the next part when a slot is free."""
        with self._turns:
            return next(self._made)

    def close(self) -> None:
        """Close the wrapped response."""
        if close := getattr(self._parts, "close", None):
            close()


def register(app: Flask, limit: int, proxies: int = 0) -> None:
    """Limit concurrent requests in each process, by the addresses that so many proxies name."""
    limited = RequestLimiter(app.wsgi_app, limit)
    app.wsgi_app = ProxyFix(limited, x_for=proxies, x_proto=0)  # type: ignore[method-assign]
