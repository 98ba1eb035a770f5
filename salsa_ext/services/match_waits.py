"""Records that wait to be matched by the worker, written with them: so many stand in one row.

What tells of a crime goes before trade, however long that has waited: behind a file of a hundred
thousand sales a seizure would wait for an hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from salsa_ext.db import insert_many
from salsa_ext.models import MatchWait
from salsa_ext.values.ids import new_id
from salsa_ext.values.manifests import chunks

TOGETHER: Final = 200


def add(
    owner: str, record_ids: Iterable[UUID], together: int = TOGETHER, *, is_of_crime: bool = False
) -> None:
    """Let records of a state wait; the worker takes one row at a time, of so many `together`."""
    insert_many(MatchWait, rows(owner, record_ids, together, is_of_crime=is_of_crime))


def rows(
    owner: str, record_ids: Iterable[UUID], together: int = TOGETHER, *, is_of_crime: bool = False
) -> list[dict[str, Any]]:
    """Return the rows of records that wait, to be inserted with the records."""
    return [
        {"id": new_id(), "owner_state": owner, "is_of_crime": is_of_crime, "record_ids": some}
        for some in chunks(record_ids, together)
    ]
