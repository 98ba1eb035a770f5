"""Where a state stands with each sender: what came without a gap, and what of it is settled."""

from __future__ import annotations

from dataclasses import dataclass

from salsa_ext.db import Statement, ask

STANDING = (
    "SELECT received_through, hash, settled_through, EXISTS (SELECT 1 FROM inbox"
    " WHERE inbox.owner_state = inbox_pair.owner_state AND inbox.sender = inbox_pair.sender"
    " AND sequence > received_through) FROM inbox_pair WHERE owner_state = %s AND sender = %s"
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


def standing(state: str, sender: str) -> Standing:
    """Return where a state stands with a sender; at the beginning, where nothing came yet."""
    row = ask(STANDING, (state, sender)).fetchone()
    return Standing(*row) if row else Standing()


def keeping(state: str, sender: str, reached: Standing) -> Statement:
    """Return what keeps where a state stands with a sender."""
    kept = (reached.received_through, reached.hash, reached.settled_through)
    return Statement(_KEEP, (state, sender, *kept))
