"""Where a state stands with each sender: what came without a gap, and what of it is settled."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.db import db
from salsa_ext.models import InboxPair


@dataclass(frozen=True)
class Standing:
    """Where a state stands with a sender; see `models.envelopes.InboxPair`."""

    received_through: int = 0
    hash: str | None = None
    settled_through: int = 0


def standing(state: str, sender: str) -> Standing:
    """Return where a state stands with a sender; at the beginning, where nothing came yet."""
    mine = (InboxPair.owner_state == state, InboxPair.sender == sender)
    columns = (InboxPair.received_through, InboxPair.hash, InboxPair.settled_through)
    row = db.session.execute(select(*columns).where(*mine)).first()
    return Standing(*row) if row else Standing()


def keep_standing(state: str, sender: str, reached: Standing) -> None:
    """Keep where a state stands with a sender."""
    values = {"received_through": reached.received_through, "hash": reached.hash,
              "settled_through": reached.settled_through}  # fmt: skip
    made = insert(InboxPair).values(owner_state=state, sender=sender, **values)
    key = [InboxPair.owner_state, InboxPair.sender]
    db.session.execute(made.on_conflict_do_update(index_elements=key, set_=values))
