"""Seal what the states' audits got; checkpoints, proofs and bundles of it for auditors."""

import json
import logging
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import IO, Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import stored_text
from salsa_ext.access.models import AuditEntry
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require, service
from salsa_ext.access.signing import current_private_key
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotConfigured, NotFound
from salsa_ext.core.log_verifier import HASH_SIZE, add_leaf, hash_node, root_of, write_note
from salsa_ext.database.bulk import TableRows, insert_into_tables
from salsa_ext.database.session import NO_STATE, acting_as, db, execute_raw
from salsa_ext.jobs.runner import DueJob
from salsa_ext.sealed_log.models import LogCheckpoint, SealedLeaf, Subtree

log = logging.getLogger("salsa.worker")
BATCH: Final = 5_000
SUBTREE_HEIGHT: Final = 8
"""Each subtree of 256 leaves or subtrees has its root stored, so that a proof reads little."""
_REMOVE_FIRST: Final = """
WITH first AS (SELECT id FROM log_new WHERE state = %s ORDER BY id LIMIT %s)
DELETE FROM log_new AS n USING first WHERE n.id = first.id RETURNING n.id, n.entry_id, n.leaf
"""
_LAST: Final = "SELECT size, peaks FROM log_checkpoint WHERE state = %s ORDER BY size DESC LIMIT 1"
_WAITING: Final = "SELECT DISTINCT state FROM log_new"


def seal(*, actor: Actor) -> int:
    """Give waiting entries of all states their places, and sign the new roots; return how many."""
    sealed = 0
    for (state,) in execute_raw(_WAITING).fetchall():
        with acting_as(actor, state):
            own = None if state == NO_STATE else state
            sealed += _seal_state(service(own, actor.clock, actor.vault), state)
    return sealed


def _seal_state(actor: Actor, state: str) -> int:
    try:
        kid, key = current_private_key(actor, state)
    except NotConfigured as error:  # the others are sealed, and `salsa doctor` shows what waits
        log.error("log not sealed", extra={"state": state, "error": str(error)})
        return 0
    entries = sorted(execute_raw(_REMOVE_FIRST, (state, BATCH)))
    before, packed = execute_raw(_LAST, (state,)).fetchone() or (0, b"")
    rows, size, peaks = _grow(state, before, packed, entries)
    public = key.public_key().public_bytes_raw()
    note = write_note(state, size, root_of(peaks), kid, public, key.sign)
    checkpoint = {"state": state, "size": size, "peaks": b"".join(peaks), "note": note}
    insert_into_tables({**rows, LogCheckpoint: [checkpoint]})
    return len(entries)


def _grow(
    state: str, size: int, packed: bytes, entries: Sequence[Any]
) -> tuple[TableRows, int, list[bytes]]:
    """Return the rows of new leaves and whole subtrees, the new size, and its peaks."""
    peaks = split_hashes(packed)
    leaves: list[dict[str, Any]] = []
    subtrees: list[dict[str, Any]] = []

    def store(height: int, root: bytes) -> None:
        if height % SUBTREE_HEIGHT == 0:
            level, number = height // SUBTREE_HEIGHT, (size >> height)
            subtrees.append({"state": state, "level": level, "number": number, "hash": root})

    for _, entry_id, leaf in entries:
        leaves.append({"state": state, "position": size, "entry_id": entry_id, "leaf": bytes(leaf)})
        size = add_leaf(peaks, size, bytes(leaf), store)
    return {SealedLeaf: leaves, Subtree: subtrees}, size, peaks


def split_hashes(packed: bytes) -> list[bytes]:
    """Return the hashes of a text of hashes."""
    ends = range(0, len(packed) + 1, HASH_SIZE)
    return [bytes(packed[start:end]) for start, end in pairwise(ends)]


JOBS: Final = (DueJob("sealing", timedelta(seconds=1), seal, by_state=False),)


EXPORT_STEP: Final = 2_000
_LEAVES: Final = (
    "SELECT leaf FROM log_leaf WHERE state = %s AND position >= %s AND position < %s"
    " ORDER BY position"
)
_SUBTREES: Final = (
    "SELECT hash FROM log_subtree WHERE state = %s AND level = %s AND number >= %s AND number < %s"
    " ORDER BY number"
)


@dataclass(frozen=True)
class Proof:
    """Shows that an entry is at a position of the log of a checkpoint (RFC 9162)."""

    entry_id: UUID
    position: int
    leaf: bytes
    hashes: list[bytes]
    checkpoint: str


def get_checkpoint(actor: Actor) -> LogCheckpoint:
    """Return the latest checkpoint of the own state; raises NotFound before the first."""
    require(actor, Permission.AUDIT_READ)
    return _latest(actor)


def _latest(actor: Actor) -> LogCheckpoint:
    of_state = select(LogCheckpoint).where(LogCheckpoint.state == (actor.state or NO_STATE))
    latest = db.session.scalar(of_state.order_by(LogCheckpoint.size.desc()).limit(1))
    if latest is None:
        raise NotFound("sealed_log", actor.state or NO_STATE)
    return latest


def prove_entry(actor: Actor, entry_id: UUID) -> Proof:
    """Return the inclusion proof of an audit entry; raises NotFound until it is sealed."""
    require(actor, Permission.AUDIT_READ)
    latest = _latest(actor)
    of_entry = select(SealedLeaf).where(SealedLeaf.entry_id == entry_id)
    leaf = db.session.scalar(of_entry)
    if leaf is None or leaf.position >= latest.size:
        raise NotFound("audit_entry", entry_id)
    hashes = list(_path(latest.state, leaf.position, 0, latest.size))
    return Proof(entry_id, leaf.position, leaf.leaf, hashes, latest.note)


def _path(state: str, position: int, start: int, end: int) -> Iterator[bytes]:
    """Yield the sibling roots on the path from a leaf to the root."""
    if end - start == 1:
        return
    middle = start + _left_size(end - start)
    if position < middle:
        yield from _path(state, position, start, middle)
        yield _root(state, middle, end)
    else:
        yield from _path(state, position, middle, end)
        yield _root(state, start, middle)


def _left_size(size: int) -> int:
    """Return the largest power of two that is less than `size`."""
    return 1 << (size - 1).bit_length() - 1


def _root(state: str, start: int, end: int) -> bytes:
    """Return the root of the leaves from `start` to before `end`."""
    size = end - start
    if size & (size - 1):
        middle = start + _left_size(size)
        return hash_node(_root(state, start, middle), _root(state, middle, end))
    level = (size.bit_length() - 1) // SUBTREE_HEIGHT
    unit = 1 << level * SUBTREE_HEIGHT
    first, after = start // unit, end // unit
    rows = (
        execute_raw(_SUBTREES, (state, level, first, after))
        if level
        else execute_raw(_LEAVES, (state, first, after))
    )
    hashes = [bytes(root) for (root,) in rows]
    while len(hashes) > 1:
        hashes = list(map(hash_node, hashes[::2], hashes[1::2]))
    return hashes[0]


def write_bundle(actor: Actor, file: IO[bytes]) -> int:
    """Write the whole log of the own state as a bundle; return its number of entries."""
    require(actor, Permission.AUDIT_READ)
    latest = _latest(actor)
    steps = range(0, latest.size, EXPORT_STEP)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        bundle.writestr("checkpoint", latest.note)
        with bundle.open("leaves", "w", force_zip64=True) as leaves:
            for start in steps:
                end = min(start + EXPORT_STEP, latest.size)
                rows = execute_raw(_LEAVES, (latest.state, start, end))
                leaves.write(b"".join(bytes(leaf) for (leaf,) in rows))
        with bundle.open("entries.jsonl", "w", force_zip64=True) as lines:
            for start in steps:
                for entry in _entries(latest.state, start, min(start + EXPORT_STEP, latest.size)):
                    lines.write(json.dumps(entry).encode() + b"\n")
    return latest.size


def _entries(state: str, start: int, end: int) -> Iterator[dict[str, str] | None]:
    entries = AuditEntry.__table__
    query = (
        select(entries)
        .select_from(SealedLeaf)
        .outerjoin(entries, entries.c.id == SealedLeaf.entry_id)
        .where(SealedLeaf.state == state)
        .where(SealedLeaf.position >= start, SealedLeaf.position < end)
        .order_by(SealedLeaf.position)
    )
    for entry in db.session.execute(query):
        yield (
            None if entry.salt is None else {"salt": entry.salt.hex(), "text": stored_text(entry)}
        )
