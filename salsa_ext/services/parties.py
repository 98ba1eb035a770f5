"""Persons and firms of documents, collected and written in bulk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from salsa_ext.db import insert_many
from salsa_ext.models import Party as PartyRow
from salsa_ext.values.ids import new_id
from salsa_ext.values.parties import Party


class Parties:
    """Collects the parties of one batch; a firm that several documents name is written once."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.rows: dict[tuple[Party, tuple[str, ...]], dict[str, Any]] = {}

    def add(self, party: Party | None, concerned: Iterable[str]) -> UUID | None:
        """Return the id that the party will have, or None for nobody."""
        if party is None:
            return None
        seen_by = tuple(sorted({self.owner, *concerned}))
        row = self.rows.setdefault((party, seen_by), {})
        if not row:
            row.update(self._row(party, list(seen_by)))
        return UUID(str(row["id"]))

    def write(self) -> None:
        """Insert what was collected."""
        insert_many(PartyRow, list(self.rows.values()))

    def _row(self, party: Party, concerned: list[str]) -> dict[str, Any]:
        return {"id": new_id(), "owner_state": self.owner, "concerned": concerned} | vars(party)
