"""Contents outside the database, sealed: in a folder, or in the store that `SALSA_STORE_URL` names."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from salsa_ext.core.actor import Vault
from salsa_ext.core.config import MIB, Config
from salsa_ext.core.errors import NotConfigured, Unavailable, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.private_files import sync_folder

log = logging.getLogger("salsa")
PART: Final = MIB
LENGTH: Final = 4
ANSWER_TIME: Final = timedelta(seconds=5)
CLIENT: Final[dict[str, Any]] = {
    "client_options": {
        "connect_timeout": ANSWER_TIME,
        "read_timeout": ANSWER_TIME,
        "timeout": timedelta(seconds=30),
        "allow_http": True,  # only where AWS_ENDPOINT_URL says http
    },
    "retry_config": {"max_retries": 2, "retry_timeout": 2 * ANSWER_TIME},
}
REST_SECONDS: Final = 30
"""For so long a store that let us wait is not asked again: others need the request's place."""


def require_whole(is_whole: bool) -> None:
    """Raise NotConfigured for a content that is not what was stored."""
    if not is_whole:
        raise NotConfigured(
            message(
                "A stored file is missing or was changed. Set SALSA_STORE_URL as before, or restore"
                " a backup of the store."
            )
        )


class ContentStore:
    """Contents in a folder of this machine, by names such as `imports/ID.sealed`.

    They are sealed in parts with the master key. The last part is shorter than PART, so nothing
    that was cut off is taken for whole.
    """

    def __init__(self, vault: Vault, root: Path) -> None:
        self._vault, self.root = vault, root

    def save(self, name: str, content: bytes) -> None:
        """Seal and store a content; raises OSError, Unavailable."""
        stored = bytearray()
        for start in range(0, len(content) + 1, PART):
            sealed = self._vault.seal(content[start : start + PART], f"{name}:{start}")
            stored += len(sealed).to_bytes(LENGTH, "big") + sealed
        self._write(name, stored)

    def load(self, name: str) -> Iterator[bytes]:
        """Yield the parts of a content; raises FileNotFoundError, Unavailable, NotConfigured."""
        stored, at, start, part = memoryview(self._read(name)), 0, 0, bytes(PART)
        while at < len(stored):
            begin = at + LENGTH
            at = begin + int.from_bytes(stored[at:begin], "big")
            part = self._vault.open(bytes(stored[begin:at]), f"{name}:{start}")
            start += PART
            yield part
        require_whole(len(part) < PART)

    def has(self, name: str) -> bool:
        """Return whether a content can be read now."""
        return (self.root / name).exists()

    def delete(self, name: str) -> None:
        """Delete a content, if there is one; raises Unavailable."""
        (self.root / name).unlink(missing_ok=True)

    def list(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """Yield the names of a folder, with the times of their writing; raises Unavailable."""
        for path in (self.root / folder).iterdir() if self.has(folder) else ():
            yield f"{folder}/{path.name}", datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def _write(self, name: str, sealed: bytearray) -> None:
        path = self.root / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(descriptor)
        Path(part).replace(path)
        sync_folder(path.parent)

    def _read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()


class ObjectStore(ContentStore):
    """Contents in a store such as S3; a process that has asked it must not fork into others that do."""

    def __init__(self, url: str, vault: Vault) -> None:
        """Raise NotConfigured for a URL of no store; asks nothing yet."""
        import obstore.exceptions  # 5 MiB that few installations need
        import obstore.store

        super().__init__(vault, Path())
        self._errors = (obstore.exceptions.BaseError, OSError)
        self._rests_until = 0.0
        try:
            if url.startswith("memory:"):  # of this process alone
                raise ValueError
            self._objects = obstore.store.from_url(url, **CLIENT)
        except (obstore.exceptions.BaseError, ValueError):
            raise NotConfigured(
                message(
                    "SALSA_STORE_URL names no store that can be used. Write it as s3://bucket/prefix."
                )
            ) from None

    def check(self) -> None:
        """Write, read and delete a probe; raises Unavailable with the cause."""
        name = f"probes/{new_id()}"
        self._write(name, bytearray(b"probe"))
        self._read(name)
        self.delete(name)

    def has(self, name: str) -> bool:
        """Return whether an object can be read now."""
        with suppress(FileNotFoundError, Unavailable), self._asking(FileNotFoundError):
            return bool(self._objects.head(name))
        return False

    def delete(self, name: str) -> None:
        """Delete an object, if there is one; raises Unavailable."""
        with suppress(FileNotFoundError), self._asking(FileNotFoundError):
            self._objects.delete(name)

    def list(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """Yield the objects of a folder; raises Unavailable."""
        with self._asking():
            for some in self._objects.list(folder):
                yield from ((each["path"], each["last_modified"]) for each in some)

    def _write(self, name: str, sealed: bytearray) -> None:
        with self._asking():  # whole: what breaks off leaves no parts in the bucket
            self._objects.put(name, sealed, use_multipart=False)

    def _read(self, name: str) -> bytes:
        with self._asking(FileNotFoundError):
            return bytes(self._objects.get(name).bytes())

    @contextmanager
    def _asking(self, *answers: type[Exception]) -> Iterator[None]:
        """Let errors but those that are `answers` be Unavailable."""
        text = message("The store of files does not answer. Try again shortly.")
        began = time.monotonic()
        if began < self._rests_until:
            raise Unavailable(text)
        try:
            yield
        except answers:
            raise
        except self._errors as error:
            cause = str(error).partition("\n")[0].partition(": <")[0]
            log.warning("the store of files failed: %s", cause)
            if time.monotonic() - began > ANSWER_TIME.total_seconds():
                self._rests_until = time.monotonic() + REST_SECONDS
            raise Unavailable(text) from OSError(cause.rpartition(" - ")[2])


def open_store(config: Config, vault: Vault) -> ObjectStore | None:
    """Return the store that the settings name, if any; raises NotConfigured."""
    return ObjectStore(config.store_url, vault) if config.store_url else None
