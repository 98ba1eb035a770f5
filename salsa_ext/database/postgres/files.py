"""Crash-safe files: atomic writes, locks between processes, the server log."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from salsa_ext.core.errors import PostgresUnavailable, message


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a private file atomically; raises OSError."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    write_private(fresh, json.dumps(content, indent=2))
    fresh.replace(path)
    sync_folder(path.parent)


def write_private(path: Path, text: str) -> None:
    """Create a file readable only by the calling user; raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the file's content, or None; raises PostgresUnavailable if invalid."""
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except ValueError as cause:
        raise PostgresUnavailable(
            message("{path} is damaged: {cause}.", path=path, cause=str(cause))
        ) from cause
    return dict(content)


def sync_folder(folder: Path) -> None:
    """Flush renames inside a folder to disk; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


LOCK_TIMEOUT = 420.0


class SharedLock:
    """Lock shared by all users of the server, owned by the last.

    The system releases it when its holder is killed. Python opens files as not inheritable, so the
    server never holds it; a forked worker shares its parent's lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def share(self) -> None:
        """Acquire the lock in shared mode; raises OSError."""
        if self._descriptor is not None:
            # Inherited from a parent, whose lock an explicit unlock here would end.
            os.close(self._descriptor)
        self._descriptor = _open_lock_file(self._path)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def become_sole_holder(self) -> bool:
        """Return True for the only holder; otherwise the lock is lost."""
        return self._descriptor is not None and _try_lock(self._descriptor, fcntl.LOCK_EX)

    def release(self) -> None:
        """Release the lock, also for workers forked from this process."""
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Exclude other processes from the block; raises PostgresUnavailable after LOCK_TIMEOUT."""
    descriptor = _open_lock_file(path)
    try:
        _wait_for(descriptor, path)
        yield
    finally:
        # A fork during the block would keep the lock if it were only closed.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _open_lock_file(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _try_lock(descriptor: int, operation: int) -> bool:
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_for(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + LOCK_TIMEOUT
    while not _try_lock(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            raise PostgresUnavailable(
                message(
                    "Another process has been starting or stopping the database for {minutes} "
                    "minutes; it holds {path}.",
                    minutes=int(LOCK_TIMEOUT // 60),
                    path=path,
                )
            )
        time.sleep(0.02)


MAX_LOG_SIZE = 50 * 1024 * 1024
TAIL_SIZE = 16 * 1024


@dataclass(frozen=True)
class ServerLog:
    """Log file of the server."""

    path: Path

    def rotate(self) -> None:
        """Rename a log above the limit, replacing the previous one."""
        if self.size() > MAX_LOG_SIZE:
            self.path.replace(self.path.with_name(self.path.name + ".1"))

    def open(self) -> int:
        """Return a descriptor for appending; raises OSError."""
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def size(self) -> int:
        """Return the size in bytes, 0 without a file."""
        return self.path.stat().st_size if self.path.exists() else 0

    def since(self, offset: int) -> str:
        """Return the last lines written after `offset`."""
        with self.path.open("rb") as file:
            file.seek(max(offset, self.size() - TAIL_SIZE))
            return last_lines(file.read().decode(errors="replace"))


def last_lines(text: str, count: int = 12) -> str:
    """Return the end of a program's output, for an error message."""
    return "\n".join(text.strip().splitlines()[-count:])
