"""Natural numbers of documents that are corrected: each stands for one document at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import delete, text

from salsa_ext.db import db
from salsa_ext.errors import Duplicate, Message, say
from salsa_ext.models import StandingNumber

TAKEN: Final[Mapping[str, Message]] = {
    "transfer": say("Your state already has a transfer of the number {number}."),
    "report": say("Your state already has a report of the number {number}."),
    "seizure": say("Your state already has a seizure of the number {number}."),
}
CLAIM = text("""
    INSERT INTO standing_number (owner_state, kind, number, id)
    SELECT :owner, :kind, * FROM unnest(CAST(:numbers AS text[]), CAST(:ids AS uuid[]))
    ON CONFLICT DO NOTHING RETURNING id
""")


def claim(kind: str, rows: Sequence[Mapping[str, Any]], old: Any = None) -> None:
    """Let the numbers of a state's documents stand; `old` is the version that a correction follows.

    Raises Duplicate, which names the numbers that stand for other documents. A claim of the same
    number at the same moment is waited for; numbers are claimed in order, so that two batches
    never wait for each other.
    """
    before = old.number if old else None
    new = sorted(
        (row["number"], str(row["id"])) for row in rows if row["number"] not in (None, before)
    )
    if new:
        _insert(kind, rows[0]["owner_state"], new)
    if before is not None and before != rows[0]["number"]:
        freed = {"owner_state": old.owner_state, "kind": kind, "number": before, "id": old.id}
        db.session.execute(delete(StandingNumber).filter_by(**freed))


def _insert(kind: str, owner: str, new: Sequence[tuple[str, str]]) -> None:
    numbers, ids = zip(*new, strict=True)
    values = {"kind": kind, "owner": owner, "numbers": list(numbers), "ids": list(ids)}
    standing = {str(row_id) for row_id in db.session.scalars(CLAIM, values)}
    if taken := [number for number, row_id in new if row_id not in standing]:
        shown = ", ".join(taken[:10])
        raise Duplicate(Message(TAKEN[kind].text, {"number": shown}), numbers=taken)
