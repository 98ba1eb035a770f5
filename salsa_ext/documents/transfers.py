"""Record and correct domestic transfers."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select, true, tuple_

from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.dates import last_day
from salsa_ext.core.errors import Invalid, message
from salsa_ext.core.field_checks import Problems, check_date, check_declared
from salsa_ext.custody.models import CustodyEntry
from salsa_ext.custody.values import EVENTS_BY_DISPOSITION, FINAL_DISPOSITIONS
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.documents import single_gun
from salsa_ext.documents.queries import TRANSFERS
from salsa_ext.documents.values import TransferData
from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.records.event_kinds import SEIZED
from salsa_ext.firearms.records.models import MarkKey, Record
from salsa_ext.firearms.records.record_writing import PartyCollector
from salsa_ext.firearms.records.validation import check_firearms, check_identified
from salsa_ext.reference import names


def record(*, actor: Actor, data: TransferData) -> UUID:
    """Record one transfer; raises Invalid or Duplicate."""
    return record_many(actor=actor, batch=[data])[0]


def record_many(
    *, actor: Actor, batch: Sequence[TransferData], is_checked: bool = False
) -> list[UUID]:
    """Record transfers in one transaction; return their ids in order.

    `is_checked`: `check` passed for each. Raises Invalid or Duplicate; then none is recorded.
    """
    require(actor, Permission.TRANSFER_RECORD)
    _check_not_in_custody(
        actor.own_state(),
        [data for data in batch if data.kind in CUSTODY_KINDS or _is_sale_by_state(data)],
    )
    return single_gun.record_many(TRANSFER_KIND, actor, batch, is_checked=is_checked)


def correct(
    *,
    actor: Actor,
    transfer_id: UUID,
    expected_version: int | None,
    data: TransferData,
    reason: str,
) -> UUID:
    """Add a corrected version; raises NotFound, StaleVersion, Invalid, Duplicate."""
    require(actor, Permission.TRANSFER_RECORD)
    single_gun.correct(TRANSFER_KIND, actor, transfer_id, expected_version, data, reason)
    return transfer_id


STATE_PARTIES: Final = ("police", "military", "government")
CUSTODY_KINDS: Final = frozenset(EVENTS_BY_DISPOSITION.values())
"""Transfers by which a gun leaves the custody of the state."""


def _is_sale_by_state(data: TransferData) -> bool:
    """Return whether the state sells a gun, which it may not if it seized it (CIFTA VII)."""
    is_sale = data.kind in ("domestic_sale", "private_sale")
    return is_sale and data.giver is not None and data.giver.kind in STATE_PARTIES


def _check_not_in_custody(owner: str, batch: Sequence[TransferData]) -> None:
    """Raise Invalid for a gun in custody: its disposition makes the record."""
    whole = [(data, keys.whole_key(data.firearm.serial or "")) for data in batch]
    marked = [(data, key) for data, key in whole if key]
    if not marked:
        return
    seized = select(MarkKey.key, MarkKey.serial_norm, MarkKey.record_id).where(
        tuple_(MarkKey.key, MarkKey.serial_norm).in_({(key.value, key.norm) for _, key in marked}),
        MarkKey.state == owner,
        MarkKey.event.in_(SEIZED),
        ~MarkKey.is_void,
        ~MarkKey.is_superseded,
    )
    records: dict[tuple[int, str], list[UUID]] = {}
    for value, norm, record_id in db.session.execute(seized):
        records.setdefault((value, norm), []).append(record_id)
    for data, key in marked:
        if bearing := records.get((key.value, key.norm)):
            _check_ended(data, bearing)


def _check_ended(data: TransferData, bearing: Sequence[UUID]) -> None:
    """Raise Invalid unless the custody ended of the seized records that bear a gun's serial."""
    make = names.resolve("make", data.firearm.make)
    query = select_current(Record).where(
        Record.id.in_(bearing),
        Record.occurred_on <= last_day(data.occurred_on),
        or_(Record.make.is_(None), Record.make == make) if make else true(),
    )
    records = db.session.scalars(query).all()
    ended = select_current(CustodyEntry).where(
        CustodyEntry.seizure_id.in_({each.document_id for each in records}),
        CustodyEntry.status == "standing",
        CustodyEntry.details["kind"].astext.in_(FINAL_DISPOSITIONS),
    )
    rows = db.session.execute(ended.with_only_columns(CustodyEntry.seizure_id, CustodyEntry.line))
    lines = {tuple(row) for row in rows}
    in_custody = (each for each in records if (each.document_id, each.line) not in lines)
    if (seized := next(in_custody, None)) is not None:
        text = message(
            "It is in custody by a seizure of {on}. Enter its disposition there: POST"
            " /api/v1/seizures/{seizure}/dispositions.",
            on=seized.occurred_on,
            seizure=seized.document_id,
        )
        raise Invalid({"firearm": [text]})


def check(data: TransferData, day: date) -> None:
    """Raise Invalid if a transfer contradicts itself or describes no gun."""
    problems = Problems()
    check_date(problems, "occurred_on", data.occurred_on, day)
    check_declared(problems, data)
    check_firearms(problems, "firearm", [data.firearm])
    check_identified(problems, "firearm", data.firearm)
    problems.raise_any()


def _columns(data: TransferData, parties: PartyCollector) -> dict[str, Any]:
    return {"receiver_id": parties.add(data.receiver, ())}


TRANSFER_KIND: Final = single_gun.SingleGunKind(
    TRANSFERS,
    Permission.TRANSFER_RECORD,
    Action.TRANSFER_RECORDED,
    Action.TRANSFER_CORRECTED,
    check,
    _columns,
)
