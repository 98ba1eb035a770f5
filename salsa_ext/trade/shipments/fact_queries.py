"""Read the facts of shipments from their checkpoints, events, receipts and permits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.database.session import acting_as, db
from salsa_ext.database.version_queries import select_current
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.firearms.records.models import Record
from salsa_ext.reference.calendars import LocalDays, local_days
from salsa_ext.trade.event_log import events_by_subject
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits import licensing
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.shipments import facts, reshipments
from salsa_ext.trade.shipments.facts import (
    CONTRADICTS_PERMIT,
    CheckpointFact,
    ExpectedStage,
    HoldOrder,
    IncidentFact,
    PieceCount,
    ReceiptFact,
    ReshippedLine,
    ShipmentFacts,
    TransportPlan,
)
from salsa_ext.trade.shipments.models import Checkpoint, Shipment


def count_pieces(shipments: Sequence[Shipment]) -> dict[UUID, PieceCount]:
    """Return the piece counts of shipments by their papers.

    One query for all.
    """
    if not shipments:
        return {}
    items = select_current(Record).where(Record.document_id.in_([row.id for row in shipments]))
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


def load_facts(actor: Actor, shipments: Iterable[Shipment]) -> dict[UUID, ShipmentFacts]:
    """Return facts by shipment, read as the owners."""
    facts: dict[UUID, ShipmentFacts] = {}
    for owner, own in group_by_owner(shipments).items():
        with acting_as(actor, owner):
            facts |= read_facts(actor, own)
    return facts


def group_by_owner(shipments: Iterable[Shipment]) -> dict[str, list[Shipment]]:
    """Return shipments by owner state, in order of the states."""
    return dict(sorted(group_by(shipments, lambda shipment: shipment.owner_state).items()))


def read_facts(actor: Actor, shipments: Sequence[Shipment]) -> dict[UUID, ShipmentFacts]:
    """Return facts by shipment; the session acts as their owner."""
    ids = [shipment.id for shipment in shipments]
    ticks = db.session.scalars(select(Checkpoint).where(Checkpoint.shipment_id.in_(ids)))
    checkpoints = group_by(ticks, lambda tick: tick.shipment_id)
    events, receipts = events_by_subject(ids), current_receipts(ids)
    query = select(Permit).where(Permit.id.in_({shipment.permit_id for shipment in shipments}))
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    permits = {permit.id: permit for permit in rows}
    zones, reshipped = local_days(actor), reshipments.find_reshipped(ids)
    licences = licensing.licences_at_departure(actor, shipments, checkpoints, zones)
    pieces = count_pieces(
        [row for row in shipments if any(tick.quantity is not None for tick in checkpoints[row.id])]
    )
    return {
        row.id: _shipment_facts(
            row,
            checkpoints[row.id],
            events[row.id],
            receipts[row.id],
            permits[row.permit_id],
            licences.get(row.id, licensing.DepartureLicences()),
            reshipped[row.id],
            zones,
            pieces.get(row.id),
        )
        for row in shipments
    }


def current_receipts(shipment_ids: Collection[UUID]) -> dict[UUID, dict[str, Receipt]]:
    """Return current receipts by shipment and receiving state."""
    receipts: dict[UUID, dict[str, Receipt]] = defaultdict(dict)
    query = select_current(Receipt).where(Receipt.shipment_id.in_(shipment_ids))
    for receipt in db.session.scalars(query):
        receipts[receipt.shipment_id][receipt.owner_state] = receipt
    return receipts


def _shipment_facts(
    shipment: Shipment,
    checkpoints: Sequence[Checkpoint],
    events: Iterable[TradeEvent],
    receipts: Mapping[str, Receipt],
    permit: Permit,
    licences: licensing.DepartureLicences,
    reshipped: tuple[ReshippedLine, ...],
    zones: LocalDays,
    pieces: facts.PieceCount | None,
) -> ShipmentFacts:
    by_kind = group_by(events, lambda event: event.kind)
    parties = (shipment.exporting_state, shipment.importing_state)
    replanned = [each for each in by_kind["amended"] if "expected" in each.data["after"]]
    entries = [
        zones.on(tick.owner_state, tick.occurred_at)
        for tick in checkpoints
        if (tick.stage, tick.outcome) == ("entry", "passed")
    ]
    return ShipmentFacts(
        exporting=shipment.exporting_state,
        importing=shipment.importing_state,
        transit=tuple(state for state in shipment.concerned if state not in parties),
        last_day=min(permit.last_day, licences.import_by or permit.last_day),
        expected=tuple(
            ExpectedStage(stage["stage"], datetime.fromisoformat(stage["at"]), stage.get("post"))
            for stage in shipment.expected
        ),
        expected_since=max((each.occurred_at for each in replanned), default=None),
        plans=tuple(_transport_plans(shipment, by_kind["amended"])),
        checkpoints=tuple(map(checkpoint_fact, checkpoints)),
        hold_orders=tuple(map(hold_order_fact, (*by_kind["held"], *by_kind["resumed"]))),
        incidents=tuple(map(incident_fact, by_kind["incident"])),
        is_released=bool(by_kind["released"]),
        is_cancelled=bool(by_kind["cancelled"]),
        receipt=_receipt_fact(receipts.get(shipment.importing_state)),
        return_receipt=_receipt_fact(receipts.get(shipment.exporting_state)),
        entered_on=min(entries, default=None),
        missing_licences=tuple(licences.missing),
        reshipped=reshipped,
        contradictions=tuple(
            finding for each in by_kind[CONTRADICTS_PERMIT] for finding in each.data["findings"]
        ),
        expected_counts=pieces.matching_counts if pieces else (),
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


def _receipt_fact(receipt: Receipt | None) -> ReceiptFact | None:
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
