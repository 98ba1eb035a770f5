"""Commands that confirm receipts and returns, and request receipts.

Two movements end in `returned`, both by the exporting state's own receipt:

- Goods refused (stage `refused`, or incident `refused_entry`) and not passed since. They
  arrived nowhere: the quantity received back is restored to the export certificate, and the
  export records are found by no search. What did not come back stays exported, and is short.
- A temporary movement (regime `temporary`). If it was received abroad, the export and its drawn
  quantity stay, and each returned gun gets an import record linked to that of its export. If it
  turned back before, it counts as refused. It may also return under a new export certificate of
  the other state, regime `return`, as an ordinary shipment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import Action, AuditEvent, append, append_many, audit_event
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import (
    Article,
    CodeLabel,
    Conflict,
    Forbidden,
    IllegalTransition,
    Invalid,
    NotFound,
    RuleBroken,
    message,
)
from salsa_ext.core.ids import new_id
from salsa_ext.core.time import EventTime
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db
from salsa_ext.firearms.marks.values import Mark
from salsa_ext.firearms.records import commands as record_commands
from salsa_ext.firearms.records import queries as record_queries
from salsa_ext.firearms.records.queries import stream_with_marks
from salsa_ext.notifications.commands import notify, notify_many, notify_others
from salsa_ext.notifications.values import Notice
from salsa_ext.reference import settings
from salsa_ext.reference.calendars import today
from salsa_ext.trade.events import NewEvent, add_events
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.receipts import reconciliation
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.receipts.reconciliation import ReceiptComparison
from salsa_ext.trade.receipts.values import ReceiptData
from salsa_ext.trade.shipments import fact_queries, planning, refresh
from salsa_ext.trade.shipments.facts import ShipmentFacts
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.trade.shipments.progress import is_refused


def receipt_row(found: ReceiptComparison, state: str, now: datetime) -> dict[str, Any]:
    """Return the row of a receipt's first version.

    A correction replaces id and version.
    """
    mark = found.data.import_mark
    return {
        "id": new_id(),
        "version": 1,
        "reason": found.data.reason,
        "owner_state": state,
        "concerned": list(found.shipment.concerned),
        "shipment_state": found.shipment.owner_state,
        "shipment_id": found.shipment.id,
        "received_on": found.data.received_on,
        "item_count": found.item_count,
        "missing": [{"line": gun.line, "serial": gun.serial} for gun in found.missing],
        "unexpected": list(found.unexpected),
        "bulk": [vars(part) for part in found.data.bulk],
        "recorded_at": now,
        "import_mark": vars(mark) if mark else None,
        "miskeyed": [
            {"line": gun.line, "shipped": gun.serial, "received": read}
            for gun, read in found.miskeyed
        ],
        "differences": [
            {"line": line, "quantity": f"{amount.normalize():f}"}
            for line, amount in sorted(found.differences.items())
        ],
    }


def import_entries(
    found: ReceiptComparison, receipt: dict[str, Any]
) -> Iterator[record_commands.RecordEntry]:
    """Yield import records of the guns received, linked to the export."""
    read = found.serials_read
    for gun, marks in stream_with_marks(found.shipment.id):
        if gun.id not in found.absent:
            yield import_entry(found.shipment, receipt, gun, marks, read.get(gun.id))


def import_entry(
    shipment: Shipment,
    receipt: Mapping[str, Any],
    gun: Any,
    marks: Iterable[Any],
    serial_read: str | None,
) -> record_commands.RecordEntry:
    """Return the import record of a gun received.

    `serial_read` is set if it was mis-keyed.
    """
    state = receipt["owner_state"]
    other = (
        shipment.exporting_state if state == shipment.importing_state else shipment.importing_state
    )
    return record_commands.RecordEntry(
        firearm=record_queries.copy_firearm(gun, marks, serial_read, _import_marks(receipt)),
        event="import",
        when=EventTime(receipt["received_on"]),
        document_kind="receipt",
        document_id=receipt["id"],
        owner=state,
        concerned=receipt["concerned"],
        counterpart_state=other,
        linked=(gun.owner_state, gun.id),
    )


def _import_marks(receipt: Mapping[str, Any]) -> tuple[Mark, ...]:
    """Return the import mark of the receiving state (CIFTA VI.1 b)."""
    mark = receipt["import_mark"]
    return (Mark("import", mark["text"], receipt["owner_state"], mark["year"]),) if mark else ()


def confirm(*, actor: Actor, shipment_id: UUID, data: ReceiptData) -> None:
    """Confirm a receipt (CIFTA IX.4); for the exporting state, a return.

    Raises NotFound, Forbidden, Invalid, Conflict for a second receipt, or IllegalTransition.
    """
    require(actor, Permission.RECEIPT_RECORD)
    shipment = db.session.get(Shipment, shipment_id)
    if shipment is not None and shipment.exporting_state == actor.state:
        confirm_return(actor=actor, shipment_id=shipment_id, data=data)
    else:
        confirm_many(actor=actor, batch=[(shipment_id, data)])


def confirm_many(*, actor: Actor, batch: Sequence[tuple[UUID, ReceiptData]]) -> list[UUID]:
    """Confirm receipts of the importing state; all or none.

    Each gun received becomes an import record. Returns the ids of the receipts.
    """
    require(actor, Permission.RECEIPT_RECORD)
    state, now, on = actor.own_state(), actor.now(), today(actor)
    shipments = _find_shipments([shipment_id for shipment_id, _ in batch])
    found = []
    for shipment_id, data in batch:
        _check_receivable(state, shipments[shipment_id])
        reconciliation.check_receipt(shipments[shipment_id], data, on)
        found.append(reconciliation.compare_receipt(shipments[shipment_id], data))
    rows = [receipt_row(each, state, now) for each in found]
    # the long work comes before the locks, for which others wait
    record_commands.write_records(chain.from_iterable(map(import_entries, found, rows)), now)
    for shipment in refresh.lock_shipments(actor, shipments).values():
        _check_receivable(state, shipment)  # as it is now, whatever it was before
    insert_many(Receipt, rows)
    refresh.update_shipments(actor, shipments.values())
    notify_many(actor, [_receipt_notice(each) for each in found])
    append_many(actor, [_audit_confirmed(each) for each in found])
    return [row["id"] for row in rows]


def _find_shipments(wanted: Sequence[UUID]) -> dict[UUID, Shipment]:
    """Return the current shipments, unlocked; raises NotFound."""
    query = select(Shipment).where(Shipment.id.in_(wanted))
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    found = {shipment.id: shipment for shipment in rows}
    for shipment_id in wanted:
        if shipment_id not in found:
            raise NotFound("shipment", shipment_id)
    return found


def _check_receivable(state: str, shipment: Shipment) -> None:
    if shipment.importing_state != state:
        raise Forbidden(message("The importing state confirms the receipt."))
    if shipment.status in ("received", "received_short", "received_over"):
        raise Conflict(message("The receipt of this shipment is confirmed already."))
    if shipment.status in ("cancelled", "returned"):
        raise IllegalTransition("shipment", shipment.status, "receipt")


def _receipt_notice(found: ReceiptComparison) -> Notice:
    shipment = found.shipment
    data = {"status": shipment.status}
    return Notice(shipment.exporting_state, "receipt_confirmed", shipment, data)


def _audit_confirmed(found: ReceiptComparison) -> AuditEvent:
    shipment = found.shipment
    return audit_event(
        Action.RECEIPT_CONFIRMED, shipment, status=shipment.status, missing=len(found.missing)
    )


def confirm_return(*, actor: Actor, shipment_id: UUID, data: ReceiptData) -> None:
    """Confirm goods returned to the exporting state.

    Raises NotFound, Forbidden for a shipment that was not sent back, Invalid, or Conflict for a
    second confirmation.
    """
    require(actor, Permission.RECEIPT_RECORD)
    shipment = planning.find_own_shipment(actor, shipment_id, Permission.RECEIPT_RECORD)
    reconciliation.check_receipt(shipment, data, today(actor))
    if data.import_mark:
        raise Invalid({"import_mark": [message("What comes back is not marked as imported.")]})
    found = reconciliation.compare_receipt(shipment, data)
    was_received = shipment.status.startswith("received")
    goods = [{"line": line, "quantity": amount} for line, amount in found.goods.items()]
    drawn = {} if was_received else planning.restore_quotas(actor, shipment, found.absent, goods)
    shipment = refresh.lock_shipment(actor, shipment_id, shipment.version)
    if not was_received:
        planning.void_records(actor, shipment, found.absent, drawn)
    facts = fact_queries.load_facts(actor, [shipment])[shipment_id]
    _check_returnable(facts, db.session.get_one(Permit, shipment.permit_id))
    row = receipt_row(found, actor.own_state(), actor.now())
    insert_many(Receipt, [row])
    if was_received:
        record_commands.write_records(import_entries(found, row), actor.now())
    refresh.update_shipments(actor, [shipment])
    notify_others(actor, "shipment_returned", [shipment])
    append(actor, audit_event(Action.SHIPMENT_RETURNED, shipment, missing=len(found.missing)))


def _check_returnable(facts: ShipmentFacts, permit: Permit) -> None:
    if facts.return_receipt:
        raise Conflict(message("The receipt of this shipment is confirmed already."))
    turned_round = permit.regime == "temporary" and facts.has_left
    if not (turned_round or (is_refused(facts) and facts.receipt is None)):
        raise Forbidden(message("The importing state confirms the receipt."))


RECEIPT_OWED_STATUSES: Final = ("in_transit", "arrived", "held", "lost")


def request_receipt(*, actor: Actor, shipment_id: UUID) -> None:
    """Request the importing state's receipt (9.7, CIFTA IX.4); repeatable.

    Due after the requesting state's `counterpart_days`. Raises NotFound, Forbidden, or RuleBroken
    if no receipt is owed: nothing has left, or it is confirmed.
    """
    require(actor, Permission.RECEIPT_ASK)
    shipment = refresh.lock_shipment(actor, shipment_id, None)
    require(actor, Permission.RECEIPT_ASK, shipment.owner_state)
    if shipment.status not in RECEIPT_OWED_STATUSES:
        raise RuleBroken(
            Article.RECEIPT,
            message(
                "This shipment is {status}: no receipt of it is owed. One can be asked for after the exit,"
                " until it is confirmed (CIFTA IX.4).",
                status=CodeLabel("shipment_status", shipment.status),
            ),
        )
    patience = settings.settings_by_state([actor.own_state()])[actor.own_state()]
    due_on = (today(actor) + timedelta(days=patience.counterpart_days)).isoformat()
    add_events(actor, [NewEvent(shipment, "receipt_asked", data={"due_on": due_on})])
    notify(actor, shipment.importing_state, "receipt_asked", shipment, due_on=due_on)
    append(actor, audit_event(Action.RECEIPT_ASKED, shipment, due_on=due_on))
