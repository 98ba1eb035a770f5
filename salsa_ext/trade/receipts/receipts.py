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

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import append, append_many, audit_event
from salsa_ext.access.audit_actions import Action
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
from salsa_ext.core.occurrence import EventTime
from salsa_ext.core.rows import to_row
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db
from salsa_ext.firearms.marks.values import Mark
from salsa_ext.firearms.records import queries as record_queries
from salsa_ext.firearms.records import record_writing
from salsa_ext.firearms.records.queries import stream_with_marks
from salsa_ext.reference import state_settings
from salsa_ext.reference.calendars import today
from salsa_ext.trade.event_log import NewEvent, add_events
from salsa_ext.trade.permits.families import licensing_states
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.receipts import reconciliation
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.receipts.reconciliation import ReceiptComparison
from salsa_ext.trade.receipts.values import ReceiptData
from salsa_ext.trade.shipments import fact_queries, planning, refresh
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.trade.shipments.progress import is_refused, shipment_status


def receipt_row(
    comparison: ReceiptComparison, state: str, now: datetime, is_return: bool = False
) -> dict[str, Any]:
    """Return the row of a receipt's first version. A correction replaces id and version."""
    shipment, data = comparison.shipment, comparison.data
    return to_row(data) | {
        "id": new_id(),
        "version": 1,
        "reason": data.reason,
        "owner_state": state,
        "concerned": list(shipment.concerned),
        "shipment_state": shipment.owner_state,
        "shipment_id": shipment.id,
        "item_count": comparison.item_count,
        "missing": [{"line": gun.line, "serial": gun.serial} for gun in comparison.missing],
        "unexpected": list(comparison.unexpected),
        "recorded_at": now,
        "is_return": is_return,
        "miskeyed": [
            {"line": gun.line, "shipped": gun.serial, "received": serial}
            for gun, serial in comparison.miskeyed
        ],
        "differences": [
            {"line": line, "quantity": f"{amount.normalize():f}"}
            for line, amount in sorted(comparison.differences.items())
        ],
    }


def import_entries(
    comparison: ReceiptComparison, receipt: dict[str, Any]
) -> Iterator[record_writing.RecordEntry]:
    """Yield import records of the guns received, linked to the export."""
    if receipt["delivery_verification"]:
        return
    serials = comparison.serials_read
    for gun, marks in stream_with_marks(comparison.shipment.id):
        if gun.id not in comparison.absent:
            yield import_entry(comparison.shipment, receipt, gun, marks, serials.get(gun.id))


def import_entry(
    shipment: Shipment,
    receipt: Mapping[str, Any],
    gun: Any,
    marks: Iterable[Any],
    serial_read: str | None,
) -> record_writing.RecordEntry:
    """Return the import record of a gun received, with the import mark (CIFTA VI.1 b)."""
    state, mark = receipt["owner_state"], receipt["import_mark"]
    import_marks = (Mark("import", mark["text"], state, mark["year"]),) if mark else ()
    is_import = state == shipment.importing_state
    return record_writing.RecordEntry(
        firearm=record_queries.copy_firearm(gun, marks, serial_read, import_marks),
        event="import",
        when=EventTime(receipt["received_on"]),
        document_kind="receipt",
        document_id=receipt["id"],
        owner=state,
        concerned=receipt["concerned"],
        counterpart_state=shipment.exporting_state if is_import else shipment.importing_state,
        linked=(gun.owner_state, gun.id),
    )


def confirm(*, actor: Actor, shipment_id: UUID, data: ReceiptData) -> UUID:
    """Confirm a receipt (CIFTA IX.4); for the exporting state, a return. Returns its id.

    Or, by its delivery verification, the receipt of a state that licenses on paper. Raises NotFound,
    Forbidden, Invalid, Conflict for a second receipt, or IllegalTransition.
    """
    require(actor, Permission.RECEIPT_RECORD)
    if _is_return(actor, db.session.get(Shipment, shipment_id), data):
        return confirm_return(actor=actor, shipment_id=shipment_id, data=data)
    return confirm_many(actor=actor, batch=[(shipment_id, data)])[0]


def _is_return(actor: Actor, shipment: Shipment | None, data: ReceiptData) -> bool:
    is_own = shipment is not None and shipment.exporting_state == actor.state
    return is_own and not data.delivery_verification


def check(*, actor: Actor, shipment_id: UUID, data: ReceiptData) -> None:
    """Raise what confirming a receipt would as things are now, but whether goods were sent back."""
    require(actor, Permission.RECEIPT_RECORD)
    shipment = _find_shipments([shipment_id])[shipment_id]
    if _is_return(actor, shipment, data):
        reconciliation.check_receipt(shipment, data, today(actor))
    else:
        _compare(actor, shipment, data)


def confirm_many(*, actor: Actor, batch: Sequence[tuple[UUID, ReceiptData]]) -> list[UUID]:
    """Confirm receipts of the importing state; all or none."""
    require(actor, Permission.RECEIPT_RECORD)
    state, now = actor.own_state(), actor.now()
    shipments = _find_shipments([shipment_id for shipment_id, _ in batch])
    comparisons = [_compare(actor, shipments[shipment_id], data) for shipment_id, data in batch]
    rows = [receipt_row(comparison, state, now) for comparison in comparisons]
    # the long work comes before the locks, for which others wait
    record_writing.write_records(chain.from_iterable(map(import_entries, comparisons, rows)), now)
    refresh.lock_shipments(shipments)
    facts = fact_queries.load_facts(shipments.values())
    events = []
    for comparison, row in zip(comparisons, rows, strict=True):
        shipment, missing = comparison.shipment, len(comparison.missing)
        own = facts[shipment.id]
        _check_receivable(state, shipment, shipment_status(own), comparison.data)  # as it is now
        received = replace(own, receipt=fact_queries.receipt_fact(Receipt(**row)))
        confirmed = Action.RECEIPT_CONFIRMED
        status = shipment_status(received)
        events.append(audit_event(confirmed, shipment, status=status, missing=missing))
    insert_many(Receipt, rows)
    append_many(actor, events)
    return [row["id"] for row in rows]


def _compare(actor: Actor, shipment: Shipment, data: ReceiptData) -> ReceiptComparison:
    """Return what a receipt of the importing state compares to; raises as `confirm_many`."""
    _check_receivable(actor.own_state(), shipment, shipment.status, data)
    _check_verification(actor, shipment, data)
    reconciliation.check_receipt(shipment, data, today(actor))
    return reconciliation.compare_receipt(shipment, data)


def _find_shipments(shipment_ids: Sequence[UUID]) -> dict[UUID, Shipment]:
    """Return the current shipments, unlocked; raises NotFound."""
    query = select(Shipment).where(Shipment.id.in_(shipment_ids))
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    shipments = {shipment.id: shipment for shipment in rows}
    for shipment_id in shipment_ids:
        if shipment_id not in shipments:
            raise NotFound("shipment", shipment_id)
    return shipments


def is_verified_on_paper(actor: Actor, shipment: Shipment) -> bool:
    """Return whether the importing state verifies the delivery on paper, not here."""
    states = licensing_states(actor)
    return not shipment.is_inbound and shipment.importing_state not in states


def _check_verification(actor: Actor, shipment: Shipment, data: ReceiptData) -> None:
    """Raise Invalid unless a delivery verification is of a state that licenses on paper."""
    if data.delivery_verification and not is_verified_on_paper(actor, shipment):
        problem = message(
            "The importing state confirms the receipt here. Leave the delivery verification out."
        )
        raise Invalid({"delivery_verification": [problem]})


def _check_receivable(state: str, shipment: Shipment, status: str, data: ReceiptData) -> None:
    confirming = shipment.owner_state if data.delivery_verification else shipment.importing_state
    if confirming != state:
        raise Forbidden(message("The importing state confirms the receipt."))
    if status in ("received", "received_short", "received_over"):
        raise Conflict(message("The receipt of this shipment is confirmed already."))
    if status in ("cancelled", "returned"):
        raise IllegalTransition("shipment", status, "receipt")


def confirm_return(*, actor: Actor, shipment_id: UUID, data: ReceiptData) -> UUID:
    """Confirm returned goods; returns an id. Raises NotFound, Forbidden, Invalid, Conflict."""
    require(actor, Permission.RECEIPT_RECORD)
    shipment = refresh.lock_shipment(shipment_id)
    require(actor, Permission.RECEIPT_RECORD, shipment.owner_state)
    reconciliation.check_receipt(shipment, data, today(actor))
    if data.import_mark:
        raise Invalid({"import_mark": [message("What comes back is not marked as imported.")]})
    comparison = reconciliation.compare_receipt(shipment, data)
    facts = fact_queries.load_facts([shipment])[shipment_id]
    if facts.return_receipt:
        raise Conflict(message("The receipt of this shipment is confirmed already."))
    permit = db.session.get_one(Permit, shipment.permit_id)
    is_temporary = permit.regime == "temporary" and facts.has_left
    if not (is_temporary or (is_refused(facts) and facts.receipt is None)):
        raise Forbidden(message("The importing state confirms the receipt."))
    row = receipt_row(comparison, actor.own_state(), actor.now(), is_return=True)
    insert_many(Receipt, [row])
    if facts.receipt:
        record_writing.write_records(import_entries(comparison, row), actor.now())
    else:
        goods = [{"line": line, "quantity": amount} for line, amount in comparison.goods.items()]
        planning.undo_export(actor, shipment, comparison.absent, goods)
    missing = len(comparison.missing)
    append(actor, audit_event(Action.SHIPMENT_RETURNED, shipment, missing=missing))
    return UUID(str(row["id"]))


def request_receipt(*, actor: Actor, shipment_id: UUID) -> None:
    """Request the importing state's receipt (9.7, CIFTA IX.4); repeatable.

    Due after the requesting state's `counterpart_days`. Raises NotFound, Forbidden, or RuleBroken
    if no receipt is owed: nothing has left, or it is confirmed.
    """
    require(actor, Permission.RECEIPT_ASK)
    shipment = refresh.lock_shipment(shipment_id)
    require(actor, Permission.RECEIPT_ASK, shipment.owner_state)
    if shipment.is_inbound:
        raise Forbidden(message("Your own state confirms the receipt of this shipment."))
    status = fact_queries.load_status(shipment)
    if status not in ("in_transit", "arrived", "held", "lost"):
        raise RuleBroken(
            Article.RECEIPT,
            message(
                "This shipment is {status}: no receipt of it is owed. One can be asked for after the exit,"
                " until it is confirmed (CIFTA IX.4).",
                status=CodeLabel("shipment_status", status),
            ),
        )
    state = actor.own_state()
    days = state_settings.settings_by_state([state])[state].counterpart_days
    due_on = (today(actor) + timedelta(days=days)).isoformat()
    add_events(actor, [NewEvent(shipment, "receipt_asked", data={"due_on": due_on})])
    append(actor, audit_event(Action.RECEIPT_ASKED, shipment, due_on=due_on))
