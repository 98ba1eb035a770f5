"""Read the facts of shipments from their checkpoints, events, receipts and permits."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.firearms.records.models import Record
from salsa_ext.reference import state_settings
from salsa_ext.reference.calendars import local_days
from salsa_ext.trade.event_log import events_by_subject
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits import licensing
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.shipments import reshipments
from salsa_ext.trade.shipments.facts import (
    CONTRADICTS_PERMIT,
    CheckpointFact,
    ExpectedStage,
    HoldOrder,
    IncidentFact,
    PieceCount,
    ReceiptFact,
    ShipmentFacts,
    TransportPlan,
)
from salsa_ext.trade.shipments.models import Checkpoint, Shipment
from salsa_ext.trade.shipments.progress import shipment_status

NO_LICENCES = licensing.DepartureLicences()


def count_pieces(shipments: Sequence[Shipment]) -> dict[UUID, PieceCount]:
    """Return the piece counts of shipments by their papers. One query for all."""
    if not shipments:
        return {}
    ids = [row.id for row in shipments]
    items = select_current(Record).where(Record.document_id.in_(ids), ~Record.is_bulk)
    has_serial = Record.serial.is_not(None)
    query = items.with_only_columns(
        Record.document_id,
        func.count().filter(has_serial),
        func.coalesce(func.sum(Record.quantity).filter(~has_serial), 0),
    )
    rows = db.session.execute(query.group_by(Record.document_id))
    counts = {shipment_id: (serials, Decimal(other)) for shipment_id, serials, other in rows}
    pieces = {}
    for row in shipments:
        serials, other = counts.get(row.id, (0, Decimal()))
        bulk = sum((Decimal(str(part["quantity"])) for part in row.bulk), Decimal())
        pieces[row.id] = PieceCount(serials, other + bulk)
    return pieces


@dataclass(frozen=True)
class ShipmentHistory:
    """Rows of what happened to a shipment, with its current receipts."""

    checkpoints: Sequence[Checkpoint]
    events: Sequence[TradeEvent]
    receipts: Sequence[Receipt]

    @property
    def receipt(self) -> Receipt | None:
        """Return the receipt in the importing state."""
        return next((receipt for receipt in self.receipts if not receipt.is_return), None)

    @property
    def return_receipt(self) -> Receipt | None:
        """Return the receipt of what came back."""
        return next((receipt for receipt in self.receipts if receipt.is_return), None)


def load_histories(shipment_ids: Collection[UUID]) -> dict[UUID, ShipmentHistory]:
    """Return the histories of shipments, three queries for all; all states concerned see them."""
    at = func.least(Checkpoint.occurred_at, Checkpoint.recorded_at)  # as `effective_at`
    query = select(Checkpoint).where(Checkpoint.shipment_id.in_(shipment_ids))
    ticks = db.session.scalars(query.order_by(at, Checkpoint.recorded_at, Checkpoint.id))
    checkpoints = group_by(ticks, lambda tick: tick.shipment_id)
    events, receipts = events_by_subject(shipment_ids), current_receipts(shipment_ids)
    return {
        key: ShipmentHistory(checkpoints[key], events[key], receipts[key]) for key in shipment_ids
    }


def load_facts(shipments: Collection[Shipment]) -> dict[UUID, ShipmentFacts]:
    """Return the facts by shipment that all states concerned see, and status follows from."""
    histories = load_histories([shipment.id for shipment in shipments])
    return {row.id: shipment_facts(row, histories[row.id]) for row in shipments}


def load_status(shipment: Shipment) -> str:
    """Return the status that the facts of a shipment show now."""
    return shipment_status(load_facts([shipment])[shipment.id])


def load_all_facts(actor: Actor, shipments: Sequence[Shipment]) -> dict[UUID, ShipmentFacts]:
    """Return all facts of own shipments, also what only their owner reads."""
    ids = [shipment.id for shipment in shipments]
    histories, zones = load_histories(ids), local_days(actor)
    checkpoints = {key: history.checkpoints for key, history in histories.items()}
    days = select(Permit.id, Permit.last_day).where(
        Permit.id.in_({shipment.permit_id for shipment in shipments})
    )
    last_days: dict[UUID, date] = dict(db.session.execute(days).all())
    reshipped = reshipments.find_reshipped(ids)
    licences = licensing.licences_at_departure(actor, shipments, checkpoints, zones)
    pieces = count_pieces(
        [row for row in shipments if any(tick.quantity is not None for tick in checkpoints[row.id])]
    )
    facts: dict[UUID, ShipmentFacts] = {}
    for row in shipments:
        last_day, at_departure = last_days[row.permit_id], licences.get(row.id, NO_LICENCES)
        entries = [
            zones.on(tick.owner_state, tick.occurred_at)
            for tick in checkpoints[row.id]
            if (tick.stage, tick.outcome) == ("entry", "passed")
        ]
        facts[row.id] = replace(
            shipment_facts(row, histories[row.id]),
            last_day=min(last_day, at_departure.import_by or last_day),
            entered_on=min(entries, default=None),
            missing_licences=tuple(at_departure.missing),
            reshipped=reshipped[row.id],
            expected_counts=pieces[row.id].matching_counts if row.id in pieces else (),
        )
    return facts


def grace_periods(states: Collection[str]) -> dict[str, timedelta]:
    """Return each state's grace period before a late shipment is overdue."""
    by_state = state_settings.settings_by_state(states)
    return {state: timedelta(hours=by_state[state].overdue_hours) for state in states}


def current_receipts(shipment_ids: Collection[UUID]) -> dict[UUID, list[Receipt]]:
    """Return current receipts by shipment."""
    query = select_current(Receipt).where(Receipt.shipment_id.in_(shipment_ids))
    return group_by(db.session.scalars(query), lambda receipt: receipt.shipment_id)


def shipment_facts(shipment: Shipment, history: ShipmentHistory) -> ShipmentFacts:
    """Return the facts of a shipment that all states concerned see."""
    by_kind = group_by(history.events, lambda event: event.kind)
    parties = (shipment.exporting_state, shipment.importing_state)
    replanned = [each for each in by_kind["amended"] if "expected" in each.data["after"]]
    return ShipmentFacts(
        exporting=shipment.exporting_state,
        importing=shipment.importing_state,
        transit=tuple(state for state in shipment.concerned if state not in parties),
        expected=expected_stages(shipment.expected),
        expected_since=max((each.occurred_at for each in replanned), default=None),
        plans=tuple(_transport_plans(shipment, by_kind["amended"])),
        checkpoints=tuple(map(checkpoint_fact, history.checkpoints)),
        hold_orders=tuple(map(hold_order_fact, (*by_kind["held"], *by_kind["resumed"]))),
        incidents=tuple(map(incident_fact, by_kind["incident"])),
        is_released=shipment.is_inbound or bool(by_kind["released"]),
        is_cancelled=bool(by_kind["cancelled"]),
        is_inbound=shipment.is_inbound,
        receipt=receipt_fact(history.receipt),
        return_receipt=receipt_fact(history.return_receipt),
        contradictions=tuple(
            finding for each in by_kind[CONTRADICTS_PERMIT] for finding in each.data["findings"]
        ),
    )


def expected_stages(expected: Iterable[Mapping[str, Any]]) -> tuple[ExpectedStage, ...]:
    """Return the expected stages of a shipment from its column."""
    return tuple(
        ExpectedStage(stage["stage"], datetime.fromisoformat(stage["at"]), stage.get("post"))
        for stage in expected
    )


def _transport_plans(shipment: Shipment, amended: Sequence[TradeEvent]) -> list[TransportPlan]:
    """Return the successive plans, rebuilt backwards from the amendments."""

    def plan(since: datetime | None) -> TransportPlan:
        return TransportPlan(since, frozenset(posts), frozenset(map(normalise, seals)))

    posts, seals, plans = shipment.posts, shipment.seals, []
    for event in sorted(amended, key=lambda each: (each.occurred_at, each.id), reverse=True):
        plans.append(plan(event.occurred_at))
        before = event.data["before"]
        posts, seals = before.get("posts", posts), before.get("seals", seals)
    return [plan(None), *reversed(plans)]


def receipt_fact(receipt: Receipt | None) -> ReceiptFact | None:
    """Return a receipt as a fact."""
    if receipt is None:
        return None
    return ReceiptFact(
        receipt.received_on,
        tuple((item["line"], item["serial"]) for item in receipt.missing),
        tuple((pair["line"], pair["shipped"], pair["received"]) for pair in receipt.miskeyed),
        tuple(receipt.unexpected),
        {row["line"]: row["quantity"] for row in receipt.differences},
    )


def checkpoint_fact(tick: Checkpoint) -> CheckpointFact:
    """Return a checkpoint as a fact."""
    return CheckpointFact(
        tick.stage,
        tick.owner_state,
        tick.effective_at,
        tick.outcome,
        tick.post,
        frozenset(map(normalise, tick.seals)),
        tick.quantity,
        tick.reason,
        tick.recorded_at,
    )


def hold_order_fact(event: TradeEvent) -> HoldOrder:
    """Return a hold or resume event as a fact."""
    return HoldOrder(
        event.occurred_at, event.kind == "held", event.owner_state, event.reason, event.recorded_at
    )


def incident_fact(event: TradeEvent) -> IncidentFact:
    """Return an incident event as a fact."""
    at: Any = event.data.get("new_expected_at")
    return IncidentFact(
        event.data["kind"],
        event.effective_at,
        datetime.fromisoformat(at) if at else None,
        bool(event.data.get("is_total")),
        event.owner_state,
        event.reason,
        event.recorded_at,
    )
