"""Turns: so many requests are worked on at once, and whoever's body or answer is on its way has none.

A WSGI server gives a request a thread while its body comes. Were there as many threads as connections
to the database, as many slow senders could keep everybody else out. So there are many threads, and
few turns: who waits for bytes gives his turn to another. Nor does anybody wait for ever: a body of which
nothing comes in time is given up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from flask import Flask
from werkzeug.exceptions import RequestTimeout

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Turns:
    """An application of which `most` requests are worked on at once; the others wait.

    What is read of a body at once, 64 KiB at most, has to come within `patience` seconds.
    """

    def __init__(self, application: Application, most: int, patience: float) -> None:
        self._application, self._free = application, threading.BoundedSemaphore(most)
        self._patience = patience

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request when it is its turn."""
        environ["wsgi.input"] = Body(environ["wsgi.input"], self._free, self._patience)
        with self._free:
            return Answer(self._application(environ, start), self._free)


class Body:
    """A request's body: who reads it gives his turn away until something came.

    Raises RequestTimeout where it does not come in time.
    """

    def __init__(self, given: Any, turns: threading.BoundedSemaphore, patience: float) -> None:
        self._given, self._turns, self._patience = given, turns, patience

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        self._turns.release()
        try:
            yield
        finally:
            self._turns.acquire()

    def _taken(self, read: Callable[..., Any], *size: int) -> Any:
        """Return what is read; the server's read cannot be broken off, so a thread of its own waits in it.

        One that is given up ends with the connection, of which there are no more than the server lets in.
        """
        coming: Future[Any] = Future()

        def run() -> None:
            try:
                coming.set_result(read(*size))
            except Exception as error:  # it is raised where it was asked for
                coming.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        with self._waiting():
            try:
                return coming.result(self._patience)
            except TimeoutError:
                if coming.done():
                    raise  # the read's own
                raise RequestTimeout from None

    def read(self, *size: int) -> bytes:
        """Return so many bytes, or all."""
        return bytes(self._taken(self._given.read, *size))

    def readline(self, *size: int) -> bytes:
        """Return a line, or so many bytes of it."""
        return bytes(self._taken(self._given.readline, *size))

    def readlines(self, hint: int = -1) -> list[bytes]:
        """Return the lines that are left."""
        return list(self._taken(self._given.readlines, hint))

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


def register(app: Flask, most: int, patience: float) -> None:
    """Let the application work on `most` requests at once, in each process, and wait so long for bodies."""
    app.wsgi_app = Turns(app.wsgi_app, most, patience)  # type: ignore[method-assign]
