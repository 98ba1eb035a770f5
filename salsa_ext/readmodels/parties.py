"""Parties by id, for whoever may see them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.models import Party

Parties = dict[UUID, Party]


def parties_of(ids: Iterable[UUID | None]) -> Parties:
    """Return the parties that the state may see, by id, in one query."""
    wanted = {party_id for party_id in ids if party_id}
    if not wanted:
        return {}
    return {
        party.id: party for party in db.session.scalars(select(Party).where(Party.id.in_(wanted)))
    }
