"""Uploaded files: sealed on disk until their run ends, opened into memory alone."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from salsa_ext.core.actor import Vault
from salsa_ext.core.config import MIB
from salsa_ext.database.private_files import sync_folder

PART: Final = MIB
LENGTH: Final = 4


def seal_file(folder: Path, run_id: UUID, content: bytes, vault: Vault) -> None:
    """Write a file for a run, sealed in parts; raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(_path(folder, run_id), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for start in range(0, len(content), PART):
            sealed = vault.seal(content[start : start + PART], f"import:{run_id}:{start}")
            file.write(len(sealed).to_bytes(LENGTH, "big") + sealed)
        file.flush()
        os.fsync(descriptor)
    sync_folder(folder)


def touch_file(folder: Path, run_id: UUID) -> None:
    """Make an empty file where there is none, so that a run without one is claimed, too."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _path(folder, run_id).touch(mode=0o600)


def delete_file(folder: Path, run_id: UUID) -> None:
    """Delete the file of a run that ended."""
    _path(folder, run_id).unlink(missing_ok=True)


class SealedFile:
    """The file of a run, claimed by this process; raises FileNotFoundError, BlockingIOError.

    Another process that runs imports does not get it until it is closed.
    """

    def __init__(self, folder: Path, run_id: UUID, vault: Vault) -> None:
        self._run_id, self._vault = run_id, vault
        self._file = _path(folder, run_id).open("rb")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def open(self) -> BinaryIO:
        """Return the file as it was uploaded, in memory, from its start."""
        plain = os.fdopen(os.memfd_create("import", os.MFD_CLOEXEC), "r+b")
        self._file.seek(0)
        start = 0
        while length := self._file.read(LENGTH):
            sealed = self._file.read(int.from_bytes(length, "big"))
            plain.write(self._vault.open(sealed, f"import:{self._run_id}:{start}"))
            start += PART
        plain.seek(0)
        return plain

    def close(self) -> None:
        """Let others have the file."""
        self._file.close()


def _path(folder: Path, run_id: UUID) -> Path:
    return folder / f"{run_id}.sealed"
