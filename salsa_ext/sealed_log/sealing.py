"""Seal what the states' audits got: a place for each entry, a signed root for all of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from salsa_ext.access.rules import service
from salsa_ext.access.signing import current_private_key
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotConfigured
from salsa_ext.core.log_verifier import HASH_SIZE, add_leaf, root_of, write_note
from salsa_ext.database.bulk import TableRows, insert_into_tables
from salsa_ext.database.session import NO_STATE, acting_as, execute_raw
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
