"""Locks between processes that the system lets go of, even when their holder is killed.

Python opens files as not inheritable, so the server never holds one of these; a forked worker
shares the lock of its parent.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from salsa_ext.errors import say
from salsa_ext.postgres.errors import PostgresUnavailable

PATIENCE = 420.0


class SharedLock:
    """Held by every process that uses the server; the last of them can have it alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def share(self) -> None:
        """Take the lock together with others; raises OSError."""
        if self._descriptor is not None:
            # Inherited from a parent, whose lock an explicit unlock here would end.
            os.close(self._descriptor)
        self._descriptor = _open(self._path)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def become_sole_holder(self) -> bool:
        """True if nobody else holds the lock; otherwise this holder has lost it."""
        return self._descriptor is not None and _try(self._descriptor, fcntl.LOCK_EX)

    def release(self) -> None:
        """Let go of the lock, also on behalf of workers forked from this process."""
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Keep other processes out of the block; raises PostgresUnavailable after minutes."""
    descriptor = _open(path)
    try:
        _wait_for(descriptor, path)
        yield
    finally:
        # A fork during the block would keep the lock if it were only closed.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _try(descriptor: int, operation: int) -> bool:
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_for(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not _try(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            raise PostgresUnavailable(
                say(
                    "Another process has been starting or stopping the database for {minutes} "
                    "minutes; it holds {path}.",
                    minutes=int(PATIENCE // 60),
                    path=path,
                )
            )
        time.sleep(0.02)
