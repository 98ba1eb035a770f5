"""WSGI limits: requests worked on at once, bodies received per sender.

There are more threads than database connections; a thread waiting for bytes gives up its slot.
Reads of the server cannot be interrupted, so each sender gets few threads for bodies.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

from flask import Flask
from werkzeug.exceptions import TooManyRequests
from werkzeug.http import parse_cookie

from api.http.auth import SESSION_COOKIE

MAX_BODIES_PER_SENDER: Final = 16
"""So many bodies of one sender may be on their way at once, in each process: a quarter of all."""
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class RequestLimiter:
    """WSGI application limited to a number of concurrent requests."""

    def __init__(self, application: Application, most: int) -> None:
        self._application, self._free = application, threading.BoundedSemaphore(most)
        self._senders = SenderLimiter()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request when a slot is free."""
        sending = self._senders.of(environ)
        environ["wsgi.input"] = LimitedBody(environ["wsgi.input"], self._free, sending)
        with self._free:
            return LimitedResponse(self._application(environ, start), self._free)


class SenderLimiter:
    """Limit of concurrent bodies by key, session or address."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()

    def of(self, environ: dict[str, Any]) -> Callable[[], AbstractContextManager[None]]:
        """Return a context manager that counts the body of a request."""
        if not (
            environ.get("CONTENT_LENGTH", "0").strip("0") or "HTTP_TRANSFER_ENCODING" in environ
        ):
            return nullcontext  # it has none
        session = parse_cookie(environ.get("HTTP_COOKIE")).get(SESSION_COOKIE)
        sender = environ.get("HTTP_AUTHORIZATION") or session or environ.get("REMOTE_ADDR", "")
        return lambda: self._counted(str(sender))

    @contextmanager
    def _counted(self, sender: str) -> Iterator[None]:
        """Raise TooManyRequests where as many are on their way as may be."""
        with self._counting:
            if self._counts[sender] >= MAX_BODIES_PER_SENDER:
                raise TooManyRequests
            self._counts[sender] += 1
        try:
            yield
        finally:
            with self._counting:
                self._counts[sender] -= 1
                if not self._counts[sender]:
                    del self._counts[sender]


class LimitedBody:
    """Request body that frees its slot while reading."""

    def __init__(
        self,
        given: Any,
        turns: threading.BoundedSemaphore,
        sending: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._given, self._turns, self._sending = given, turns, sending

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        with self._sending():
            self._turns.release()
            try:
                yield
            finally:
                self._turns.acquire()

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


def register(app: Flask, limit: int) -> None:
    """Limit concurrent requests in each process."""
    app.wsgi_app = RequestLimiter(app.wsgi_app, limit)  # type: ignore[assignment,method-assign]
