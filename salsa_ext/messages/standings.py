"""Where a state stands with each sender: what came without a gap, and what of it is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from salsa_ext.db import Statement, ask

STANDING = (
    "SELECT pair.received_through, pair.hash, pair.settled_through, EXISTS (SELECT 1 FROM inbox"
    " WHERE inbox.owner_state = pair.owner_state AND inbox.sender = pair.sender"
    " AND sequence > received_through),"
    " said.id, said.hash, said.received_at, said.sender, said.sequence"
    " FROM (SELECT 1) asked LEFT JOIN inbox_pair pair"
    " ON pair.owner_state = %(state)s AND pair.sender = %(sender)s"
    " LEFT JOIN inbox said ON said.owner_state = %(state)s AND (said.id = ANY(%(ids)s::uuid[])"
    " OR (said.sender = %(sender)s AND said.sequence = ANY(%(numbers)s::bigint[])))"
)
_KEEP = (
    "INSERT INTO inbox_pair (owner_state, sender, received_through, hash, settled_through)"
    " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (owner_state, sender) DO UPDATE SET received_through"
    " = excluded.received_through, hash = excluded.hash, settled_through = excluded.settled_through"
)
SETTLE = "UPDATE inbox_pair SET settled_through = %s WHERE owner_state = %s AND sender = %s"
"""Keeps up to which number of a sender all is settled; something came of it before."""


@dataclass(frozen=True)
class Standing:
    """Where a state stands with a sender; see `models.envelopes.InboxPair`.

    `has_later` tells that some came already which wait for their predecessor.
    """

    received_through: int = 0
    hash: str | None = None
    settled_through: int = 0
    has_later: bool = True


def standing(
    state: str, sender: str, ids: Sequence[UUID] = (), numbers: Sequence[int] = ()
) -> tuple[Standing, list[Any]]:
    """Return where a state stands with a sender, and what came before of what is named.

    It stands at the beginning where nothing came yet. Of each that came: its id, hash and moment of
    receipt, the sender and the number.
    """
    asked = {"state": state, "sender": sender, "ids": list(ids), "numbers": list(numbers)}
    rows = ask(STANDING, asked).fetchall()
    reached, came = rows[0][:4], [row[4:] for row in rows if row[4] is not None]
    return (Standing() if reached[0] is None else Standing(*reached)), came


def keeping(state: str, sender: str, reached: Standing) -> Statement:
    """Return what keeps where a state stands with a sender."""
    kept = (reached.received_through, reached.hash, reached.settled_through)
    return Statement(_KEEP, (state, sender, *kept))
