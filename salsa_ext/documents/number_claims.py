"""Unique numbers of a state's transfers, reports and seizures."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Duplicate, Message, message
from salsa_ext.database.bulk import array_text
from salsa_ext.database.session import db, execute_raw
from salsa_ext.documents.models import DocumentNumber

NUMBER_USED: Final[Mapping[str, Message]] = {
    "transfer": message("Your state already has a transfer of the number {number}."),
    "report": message("Your state already has a report of the number {number}."),
    "seizure": message("Your state already has a seizure of the number {number}."),
}
CLAIM_SQL: Final = """
    INSERT INTO document_number (owner_state, kind, number, id)
    SELECT %s, %s, * FROM unnest(%s::text[], %s::uuid[])
    ON CONFLICT DO NOTHING RETURNING number
"""


def claim_numbers(kind: str, rows: Sequence[Mapping[str, Any]], old: Any = None) -> None:
    """Claim the numbers of a state's documents.

    `old` is the version that a correction follows; its number becomes free if changed. Raises
    Duplicate, which names the numbers in use. Numbers are claimed in order, so that two batches
    never deadlock.
    """
    before = old.number if old else None
    new = sorted(
        (row["number"], str(row["id"])) for row in rows if row["number"] not in (None, before)
    )
    if new:
        _insert_numbers(kind, rows[0]["owner_state"], new)
    if before is not None and before != rows[0]["number"]:
        freed = {"owner_state": old.owner_state, "kind": kind, "number": before, "id": old.id}
        db.session.execute(delete(DocumentNumber).filter_by(**freed))


def _insert_numbers(kind: str, owner: str, new: Sequence[tuple[str, str]]) -> None:
    numbers, ids = zip(*new, strict=True)
    claimed = execute_raw(CLAIM_SQL, (owner, kind, array_text(numbers), array_text(ids)))
    if claimed.rowcount < len(new):
        inserted = Counter(number for (number,) in claimed)
        duplicates = [*(Counter(numbers) - inserted).elements()]
        listed = ", ".join(_numbers_with_ids(kind, owner, duplicates[:10], set(ids)))
        raise Duplicate(Message(NUMBER_USED[kind].text, {"number": listed}), numbers=duplicates)


def find_used(kind: str) -> Callable[[Actor, Sequence[Any]], list[Duplicate | None]]:
    """Return what finds the documents of a batch whose number the own state uses."""

    def find(actor: Actor, batch: Sequence[Any]) -> list[Duplicate | None]:
        ids = _ids_by_number(
            kind, actor.own_state(), [data.number for data in batch if data.number]
        )
        return [
            Duplicate(Message(NUMBER_USED[kind].text, {"number": data.number}), existing=used)
            if (used := ids.get(data.number))
            else None
            for data in batch
        ]

    return find


def _ids_by_number(kind: str, owner: str, numbers: Sequence[str]) -> dict[str, UUID]:
    if not numbers:
        return {}
    query = select(DocumentNumber.number, DocumentNumber.id).filter_by(owner_state=owner, kind=kind)
    rows = db.session.execute(query.where(DocumentNumber.number.in_(numbers)))
    return dict(rows.all())


def _numbers_with_ids(kind: str, owner: str, used: Sequence[str], batch: set[str]) -> list[str]:
    """Return used numbers with their documents' ids, except those of the batch."""
    owners = _ids_by_number(kind, owner, used).items()
    ids = {number: row_id for number, row_id in owners if str(row_id) not in batch}
    return [f"{number} (id {ids[number]})" if number in ids else number for number in used]
