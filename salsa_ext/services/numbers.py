"""Natural numbers of documents: each stands for one document of a state at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import delete, select, text

from salsa_ext.db import db
from salsa_ext.errors import Duplicate, Message, say
from salsa_ext.models import Permit, Shipment, StandingNumber

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
        shown = ", ".join(_shown(kind, owner, taken[:10], set(ids)))
        raise Duplicate(Message(TAKEN[kind].text, {"number": shown}), numbers=taken)


def _shown(kind: str, owner: str, taken: Sequence[str], batch: set[str]) -> list[str]:
    """Return numbers, each with the id of the document for which it stands but for one of the batch."""
    found = select(StandingNumber.number, StandingNumber.id).filter_by(owner_state=owner, kind=kind)
    rows = db.session.execute(found.where(StandingNumber.number.in_(taken)))
    ids = {number: row_id for number, row_id in rows if str(row_id) not in batch}
    return [f"{number} (id {ids[number]})" if number in ids else number for number in taken]


def require_free_permits(owner: str, wanted: Collection[tuple[str, str]]) -> None:
    """Raise Duplicate that names the permit of the own state which has one of the (kind, number)."""
    numbers = {number for _, number in wanted}
    found = select(Permit).where(Permit.owner_state == owner, Permit.number.in_(numbers))
    for permit in db.session.scalars(found.order_by(Permit.id)):
        if (permit.kind, permit.number) in wanted:
            raise Duplicate(say("Your state already has a permit of this kind and number: {number} of {day} (id"
                                " {id}).", number=permit.number, day=permit.issued_on,
                                id=permit.id))  # fmt: skip


def require_free_shipments(owner: str, wanted: Collection[str]) -> None:
    """Raise Duplicate that names the shipment of the own state which has one of the numbers."""
    found = select(Shipment).where(Shipment.owner_state == owner, Shipment.number.in_(wanted))
    if taken := db.session.scalars(found.order_by(Shipment.id).limit(1)).first():
        raise Duplicate(say("Your state already has a shipment of this number: {number} of {day} (id {id}).",
                            number=taken.number, day=taken.ships_on, id=taken.id))  # fmt: skip
