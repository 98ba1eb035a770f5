"""Private and atomic files, and locks between processes."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


def read_json(path: Path) -> dict[str, Any]:
    """Return the file's content, empty without a file; raises PostgresUnavailable if invalid."""
    try:
        return dict(json.loads(path.read_text()))
    except FileNotFoundError:
        return {}
    except ValueError as cause:
        raise PostgresUnavailable(
            message("{path} is damaged: {cause}.", path=path, cause=str(cause))
        ) from cause


def sync_folder(folder: Path) -> None:
    """Flush renames inside a folder to disk; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Exclude other processes from the block; every holder has a time limit of its own."""
    descriptor = _open_lock_file(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        # A fork during the block would keep the lock if it were only closed.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


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
        if self._descriptor is None:
            return False
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Release the lock, also for workers forked from this process."""
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None


def _open_lock_file(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
