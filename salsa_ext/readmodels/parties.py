"""Parties by id, for whoever may see them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.models import Party
from salsa_ext.readmodels.arrays import among_given

Parties = dict[UUID, Party]
_PARTIES: Final = select(Party).where(among_given(Party.id))


def parties_of(ids: Iterable[UUID | None]) -> Parties:
    """Return the parties that the state may see, by id, in one query."""
    wanted = {party_id for party_id in ids if party_id}
    if not wanted:
        return {}
    return {party.id: party for party in db.session.scalars(_PARTIES, {"ids": [*wanted]})}
