"""Uploaded files: sealed in a store until their run ends, opened into memory alone."""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO, Final
from uuid import UUID

from salsa_ext.administration.content_store import ContentStore

FOLDER: Final = "imports"
SAMPLE: Final = ".sample"


@contextmanager
def sealed_file(store: ContentStore, run_id: UUID, content: bytes) -> Iterator[None]:
    """Store a file for the run that the block begins; if that fails, nothing of it stays."""
    store.save(file_name(run_id), content)
    try:
        yield
    except BaseException:
        delete_file(store, run_id)
        raise


def open_file(store: ContentStore, run_id: UUID) -> BinaryIO:
    """Return the file as it was uploaded, in memory; raises FileNotFoundError, Unavailable."""
    plain = os.fdopen(os.memfd_create("import", os.MFD_CLOEXEC), "r+b")
    plain.writelines(store.load(file_name(run_id)))
    plain.seek(0)
    return plain


def read_sample(store: ContentStore, run_id: UUID) -> bytes:
    """Return the first rows of a run's file, as stored by those who read it; empty for none."""
    try:
        return b"".join(store.load(file_name(run_id, SAMPLE)))
    except FileNotFoundError:
        return b""


def delete_file(store: ContentStore, run_id: UUID) -> None:
    """Delete the file of a run that ended, and its sample."""
    for suffix in (".sealed", SAMPLE):
        store.delete(file_name(run_id, suffix))


def delete_orphans(store: ContentStore, known: Collection[UUID], before: datetime) -> int:
    """Delete files last written before, of no known run; return how many."""
    names = {f"{FOLDER}/{run_id}" for run_id in known}
    orphans = [
        name
        for name, written in store.list(FOLDER)
        if name.partition(".")[0] not in names and written < before
    ]
    for name in orphans:
        store.delete(name)
    return len(orphans)


def file_name(run_id: UUID, suffix: str = ".sealed") -> str:
    """Return the name of a run's file in the store."""
    return f"{FOLDER}/{run_id}{suffix}"
