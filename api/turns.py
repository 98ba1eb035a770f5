"""Turns: so many requests are worked on at once, and whoever's body or answer is on its way has none.

A WSGI server gives a request a thread while its body comes. Were there as many threads as connections
to the database, as many slow senders could keep everybody else out. So there are many threads, and
few turns: who waits for bytes gives his turn to another. Of the threads nobody gets more than a few for
bodies that are on their way: a read of the server's cannot be broken off, however slowly a body comes.
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

from api.auth import COOKIE

OF_ONE: Final = 16
"""So many bodies of one sender may be on their way at once, in each process: a quarter of all."""
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Turns:
    """An application of which `most` requests are worked on at once; the others wait."""

    def __init__(self, application: Application, most: int) -> None:
        self._application, self._free = application, threading.BoundedSemaphore(most)
        self._senders = Senders()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request when it is its turn."""
        sending = self._senders.of(environ)
        environ["wsgi.input"] = Body(environ["wsgi.input"], self._free, sending)
        with self._free:
            return Answer(self._application(environ, start), self._free)


class Senders:
    """Whose bodies are on their way: of each key, each session, and each address without either, a few."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()

    def of(self, environ: dict[str, Any]) -> Callable[[], AbstractContextManager[None]]:
        """Return what counts a body of a request for as long as it is waited for."""
        if not (
            environ.get("CONTENT_LENGTH", "0").strip("0") or "HTTP_TRANSFER_ENCODING" in environ
        ):
            return nullcontext  # it has none
        session = parse_cookie(environ.get("HTTP_COOKIE")).get(COOKIE)
        sender = environ.get("HTTP_AUTHORIZATION") or session or environ.get("REMOTE_ADDR", "")
        return lambda: self._counted(str(sender))

    @contextmanager
    def _counted(self, sender: str) -> Iterator[None]:
        """Raise TooManyRequests where as many are on their way as may be."""
        with self._counting:
            if self._counts[sender] >= OF_ONE:
                raise TooManyRequests
            self._counts[sender] += 1
        try:
            yield
        finally:
            with self._counting:
                self._counts[sender] -= 1
                if not self._counts[sender]:
                    del self._counts[sender]


class Body:
    """A request's body: who reads it gives his turn away until something came."""

    def __init__(
        self, given: Any, turns: threading.BoundedSemaphore,
        sending: Callable[[], AbstractContextManager[None]],
    ) -> None:  # fmt: skip
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
        """Return the lines that are left."""
        with self._waiting():
            return list(self._given.readlines(hint))

    def __iter__(self) -> Iterator[bytes]:
        """Return the lines that are left, one after the other."""
        return iter(self.readline, b"")


class Answer:
    """An answer's parts: each is made in a turn, and sent in none."""

    def __init__(self, parts: Iterable[bytes], turns: threading.BoundedSemaphore) -> None:
        self._parts, self._made, self._turns = parts, iter(parts), turns

    def __iter__(self) -> Iterator[bytes]:
        """Return the parts."""
        return self

    def __next__(self) -> bytes:
        """Make the next part when it is its turn."""
        with self._turns:
            return next(self._made)

    def close(self) -> None:
        """Let go of what the answer holds."""
        if close := getattr(self._parts, "close", None):
            close()


def register(app: Flask, most: int) -> None:
    """Let the application work on `most` requests at once, in each process."""
    app.wsgi_app = Turns(app.wsgi_app, most)  # type: ignore[method-assign]
