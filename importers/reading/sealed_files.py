"""Uploaded files: sealed on disk until their run ends, opened into memory alone."""

import fcntl
import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from salsa_ext.core.actor import Vault
from salsa_ext.core.config import MIB
from salsa_ext.database.private_files import sync_folder

PART: Final = MIB
LENGTH: Final = 4
SAMPLE: Final = ".sample"


def seal_file(
    folder: Path, run_id: UUID, content: bytes, vault: Vault, suffix: str = ".sealed"
) -> None:
    """Write a file for a run, sealed in parts; raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _path(folder, run_id, suffix)
    descriptor, part = tempfile.mkstemp(dir=folder, prefix=f"{run_id}.")
    with os.fdopen(descriptor, "wb") as file:
        for start in range(0, len(content), PART):
            sealed = vault.seal(content[start : start + PART], f"import:{path.name}:{start}")
            file.write(len(sealed).to_bytes(LENGTH, "big") + sealed)
        file.flush()
        os.fsync(descriptor)
    Path(part).replace(path)
    sync_folder(folder)


@contextmanager
def sealed_file(folder: Path, run_id: UUID, content: bytes, vault: Vault) -> Iterator[None]:
    """Seal a file for the run that the block begins; if that fails, nothing of it stays."""
    seal_file(folder, run_id, content, vault)
    try:
        yield
    except BaseException:
        delete_file(folder, run_id)
        raise


def seal_sample(folder: Path, run_id: UUID, content: bytes, vault: Vault) -> None:
    """Write the first rows of a run's file, so that the file is not read again to show them."""
    seal_file(folder, run_id, content, vault, SAMPLE)


def read_sample(folder: Path, run_id: UUID, vault: Vault) -> bytes:
    """Return what `seal_sample` wrote, empty where it wrote nothing."""
    path = _path(folder, run_id, SAMPLE)
    if not path.exists():
        return b""
    with path.open("rb") as sealed:
        return b"".join(_unsealed(sealed, path.name, vault))


def touch_file(folder: Path, run_id: UUID) -> None:
    """Make an empty file where there is none, so that a run without one is claimed, too."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _path(folder, run_id).touch(mode=0o600)


def delete_file(folder: Path, run_id: UUID) -> None:
    """Delete the file of a run that ended, and its sample."""
    for suffix in (".sealed", SAMPLE):
        _path(folder, run_id, suffix).unlink(missing_ok=True)


def delete_orphans(folder: Path, known: Collection[UUID], before: datetime) -> int:
    """Delete files last written before, of no known run; return how many."""
    names = {str(run_id) for run_id in known}
    orphans = [
        path
        for path in (folder.iterdir() if folder.exists() else ())
        if path.name.partition(".")[0] not in names and path.stat().st_mtime < before.timestamp()
    ]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)


class SealedFile:
    """The file of a run, claimed by this process; raises FileNotFoundError, BlockingIOError.

    Another process that runs imports does not get it until it is closed.
    """

    def __init__(self, folder: Path, run_id: UUID, vault: Vault) -> None:
        self._path, self._vault = _path(folder, run_id), vault
        self._file = self._path.open("rb")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def open(self) -> BinaryIO:
        """Return the file as it was uploaded, in memory, from its start."""
        plain = os.fdopen(os.memfd_create("import", os.MFD_CLOEXEC), "r+b")
        self._file.seek(0)
        for part in _unsealed(self._file, self._path.name, self._vault):
            plain.write(part)
        plain.seek(0)
        return plain

    def close(self) -> None:
        """Let others have the file."""
        self._file.close()


def _unsealed(file: BinaryIO, name: str, vault: Vault) -> Iterator[bytes]:
    start = 0
    while length := file.read(LENGTH):
        sealed = file.read(int.from_bytes(length, "big"))
        yield vault.open(sealed, f"import:{name}:{start}")
        start += PART


def _path(folder: Path, run_id: UUID, suffix: str = ".sealed") -> Path:
    return folder / f"{run_id}{suffix}"
