"""Limits of a process: requests worked on at once, bodies received per sender, requests that wait.

There are more threads than database connections; a thread waiting for bytes gives up its slot.
Each sender gets few threads for bodies, senders without a key or session get half of all. One key or
session has half of the slots at most, so that slow requests of one officer let others work.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any, Final

from flask import Flask, Response, after_this_request, current_app, g, request
from werkzeug.exceptions import TooManyRequests
from werkzeug.http import parse_cookie
from werkzeug.middleware.proxy_fix import ProxyFix

from api.http.auth import SENDER, SESSION_COOKIE
from api.http.context import transaction, with_turn, without_turn
from salsa_ext.core.ip_addresses import network
from salsa_ext.database.session import release_connection
from salsa_ext.jobs.wake import Waiters

THREADS: Final = 64
"""Of each worker process."""
MAX_BODIES: Final = 56
"""Bodies waited for at once in each process: some threads are left for requests without."""
MAX_UNKNOWN_BODIES: Final = 32
"""Of these, so many of senders without a key or a session."""
MAX_BODIES_PER_SENDER: Final = 16
MAX_REQUESTS_PER_SENDER: Final = THREADS // 2
"""Requests of one key or session that are worked on or wait for a turn; others get 429."""
REFUSED: Final = "salsa.refused"
"""Set in a request that is too much of its sender."""
MAX_WAIT_SECONDS: Final = 30
MAX_WAITERS: Final = 32
"""Requests that wait in a process: half of its threads are left for others."""
RETRY_AFTER: Final = "2"
_FREE_WAITERS: Final = threading.BoundedSemaphore(MAX_WAITERS)
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Turns:
    """Requests worked on at once, of which one key or session has half at most."""

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)
        self._half = (most + 1) // 2
        self._own: dict[str, threading.BoundedSemaphore] = {}
        self._counts: Counter[str] = Counter()
        self._changing = threading.Lock()

    @contextmanager
    def counted(self, credential: str) -> Iterator[Turn]:
        """Count a request of a key or session, '' for none; raises TooManyRequests."""
        with self._changing:
            if credential and self._counts[credential] >= MAX_REQUESTS_PER_SENDER:
                raise TooManyRequests
            self._counts[credential] += 1
            own = self._own.setdefault(credential, threading.BoundedSemaphore(self._half))
        try:
            yield Turn(self._free, own if credential else None)
        finally:
            with self._changing:
                self._counts[credential] -= 1
                if not self._counts[credential]:
                    del self._counts[credential], self._own[credential]


class Turn:
    """The turn of a request, first among those of its sender."""

    def __init__(
        self, free: threading.BoundedSemaphore, own: threading.BoundedSemaphore | None
    ) -> None:
        self._semaphores = [own, free] if own else [free]

    def __enter__(self) -> None:
        """Wait for a turn."""
        for semaphore in self._semaphores:
            semaphore.acquire()

    def __exit__(self, *_: object) -> None:
        """Give the turn to another request."""
        for semaphore in reversed(self._semaphores):
            semaphore.release()


class RequestLimiter:
    """WSGI application limited to a number of concurrent requests."""

    def __init__(self, application: Application, most: int) -> None:
        self._application, self._turns = application, Turns(most)
        self._senders = SenderLimiter()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request when a slot is free."""
        with ExitStack() as counting:
            try:
                turn = counting.enter_context(self._turns.counted(_credential(environ)))
            except TooManyRequests:
                environ[REFUSED] = True
                turn = counting.enter_context(self._turns.counted(""))
            environ["wsgi.input"] = LimitedBody(environ, turn, self._senders)
            with turn:
                return LimitedResponse(self._application(environ, start), turn)


def _credential(environ: Mapping[str, Any]) -> str:
    """Return the key or session that a request names, unchecked; '' without."""
    if header := str(environ.get("HTTP_AUTHORIZATION", "")):
        return header.partition(" ")[2]
    cookies = parse_cookie(environ.get("HTTP_COOKIE"))
    return cookies.get(SESSION_COOKIE) or cookies.get(f"__Host-{SESSION_COOKIE}") or ""


class SenderLimiter:
    """Limits of bodies waited for: by sender, of unknown senders, and in all.

    A read ends with the body or with its connection, which the server does not name: a body that
    stops coming keeps its thread, so few threads of each sender are given away like that.
    """

    def __init__(self) -> None:
        self._bodies: list[LimitedBody] = []
        self._changing = threading.Lock()

    @contextmanager
    def counted(self, body: LimitedBody) -> Iterator[None]:
        """Count a body that is waited for; raises TooManyRequests."""
        with self._changing:
            if (
                sum(other.sender == body.sender for other in self._bodies) >= MAX_BODIES_PER_SENDER
                or len(self._bodies) >= MAX_BODIES
                or (
                    not body.account
                    and sum(not other.account for other in self._bodies) >= MAX_UNKNOWN_BODIES
                )
            ):
                raise TooManyRequests
            self._bodies.append(body)
        try:
            yield
        finally:
            with self._changing:
                self._bodies.remove(body)


class LimitedBody:
    """Request body that frees its slot while reading."""

    def __init__(self, environ: dict[str, Any], turn: Turn, senders: SenderLimiter) -> None:
        self._given, self._environ = environ["wsgi.input"], environ
        self._turn, self._senders = turn, senders
        length = environ.get("CONTENT_LENGTH") or ""
        self._is_empty = not (length.strip("0") or "HTTP_TRANSFER_ENCODING" in environ)

    @property
    def account(self) -> str | None:
        """Return the account that sends this, if it is known yet."""
        return self._environ.get(SENDER)

    @property
    def sender(self) -> str:
        """Return the account, or the network of the address."""
        return self.account or network(str(self._environ.get("REMOTE_ADDR", "")))

    @contextmanager
    def without_turn(self) -> Iterator[None]:
        """Free the slot of the request within the block."""
        self._turn.__exit__()
        try:
            yield
        finally:
            self._turn.__enter__()

    @contextmanager
    def with_turn(self) -> Iterator[None]:
        """Hold a slot within the block."""
        with self._turn:
            yield

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

    def __init__(self, parts: Iterable[bytes], turn: Turn) -> None:
        self._parts, self._made, self._turn = parts, iter(parts), turn

    def __iter__(self) -> Iterator[bytes]:
        """Return the parts."""
        return self

    def __next__(self) -> bytes:
        """Produce the next part when a slot is free."""
        with self._turn:
            return next(self._made)

    def close(self) -> None:
        """Close the wrapped response."""
        if close := getattr(self._parts, "close", None):
            close()


def register(app: Flask, limit: int, proxies: int = 0) -> None:
    """Limit concurrent requests in each process, by the addresses that so many proxies name."""
    limited = RequestLimiter(app.wsgi_app, limit)
    app.wsgi_app = ProxyFix(limited, x_for=proxies, x_proto=0)  # type: ignore[method-assign]


def wait_for(is_done: Callable[..., bool]) -> None:
    """Wait until `is_done(actor, **path)`, for up to the `wait` seconds of the query.

    Each look is a transaction of its own. Where too many requests wait already, this one does not,
    and its answer has Retry-After.
    """
    seconds = request.args.get("wait", 0, type=int)  # the query's schema refuses other values
    if not 0 < seconds <= MAX_WAIT_SECONDS:
        return
    actor, ids = g.actor, request.view_args or {}
    release_connection()

    def is_over() -> bool:
        with with_turn(), transaction(actor):
            return is_done(actor, **ids)

    if not _FREE_WAITERS.acquire(blocking=False):
        after_this_request(_with_retry_after)
        return
    try:
        with without_turn():
            _waiters().wait_until(actor.own_state(), is_over, seconds)
    finally:
        _FREE_WAITERS.release()


def _with_retry_after(response: Response) -> Response:
    response.headers["Retry-After"] = RETRY_AFTER
    return response


def _waiters() -> Waiters:
    """Return what wakes the requests of this process; it listens from the first use on."""
    extensions: dict[str, Any] = current_app.extensions
    if "waiters" not in extensions:
        extensions["waiters"] = Waiters(current_app.config["LISTEN_URL"])
    waiters: Waiters = extensions["waiters"]
    return waiters
