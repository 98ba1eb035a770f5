"""Update of shipments from their facts.

Each command that adds a fact locks the shipments (`lock_shipments`) and ends with
`update_shipments`; the background job does the same where only time has passed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, or_, select, text

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.database import locks
from salsa_ext.database.locks import check_version
from salsa_ext.database.session import acting_as, db
from salsa_ext.database.versions import select_current
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.firearms.records import changes as record_changes
from salsa_ext.reference import settings
from salsa_ext.reference.calendars import LocalDays, local_days
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.discrepancies.commands import DiscrepancySubject
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.discrepancies.values import Irregularity
from salsa_ext.trade.events import events_by_subject
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits import classification, licensing
from salsa_ext.trade.permits.comparison import PermitFamilies
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.shipments import packing_list, progress, reshipments
from salsa_ext.trade.shipments.facts import (
    CONTRADICTS_PERMIT,
    CheckpointFact,
    ExpectedStage,
    HoldOrder,
    IncidentFact,
    ReceiptFact,
    ReshippedLine,
    ShipmentFacts,
    TransportPlan,
    effective_time,
)
from salsa_ext.trade.shipments.irregularities import (
    CAN_BE_OVERDUE,
    SHIPMENT_DISCREPANCY_KINDS,
    TIMED_KINDS,
    find_irregularities,
)
from salsa_ext.trade.shipments.models import Checkpoint, Shipment
from salsa_ext.trade.shipments.values import ExpectedStageData

LICENSING_KINDS: Final = ("document_invalid", "permit_cancelled_in_transit")
DEPARTED_STATUSES: Final = ("in_transit", "held", "arrived", "lost")
CORRECTED_STATUSES: Final = frozenset(
    ("overdue", "lost", "returned", "received", "received_short", "received_over")
)
"""How a shipment stands that tells where its guns are, or that they are not: it is told again."""


def update_shipments(actor: Actor, shipments: Iterable[Shipment]) -> None:
    """Update locked shipments and their discrepancies from their facts.

    For commands that added a fact; versions rise. Irregularities that come with time, such as
    overdue, are left to the background job; if one has ended, it is resolved at once.
    """
    taken = list(shipments)
    _update_from_facts(actor, taken, by_watch=False)
    schedule_reshipments(actor, taken)


def update_due(actor: Actor, shipments: Iterable[Shipment]) -> None:
    """Update shipments because time has passed; changed versions rise."""
    _update_from_facts(actor, shipments, by_watch=True)


def update_under_permits(actor: Actor, families: PermitFamilies) -> None:
    """Update shipments affected by changed permits.

    A cancellation affects goods that have left; a late licence clears those that left without it,
    even if already received.
    """
    exports = [permit.id for permit in families.permits if permit.kind == "export"]
    unlicensed = exists().where(
        Discrepancy.subject_id == Shipment.id,
        Discrepancy.kind.in_(LICENSING_KINDS),
        Discrepancy.status != "resolved",
    )
    concerned = or_(Shipment.status.in_(DEPARTED_STATUSES), unlicensed)
    found = select(Shipment.id).where(Shipment.permit_id.in_(exports), concerned)
    update_shipments(actor, lock_shipments(actor, db.session.scalars(found).all()).values())


def grace_periods(states: Collection[str]) -> dict[str, timedelta]:
    """Return each state's grace period before a late shipment is overdue."""
    said = settings.settings_by_state(states)
    return {state: timedelta(hours=said[state].overdue_hours) for state in states}


def first_due_columns(expected: Iterable[ExpectedStageData], grace: timedelta) -> dict[str, Any]:
    """Return the due columns of a planned shipment without facts."""
    steps = [
        ExpectedStage(step.stage, datetime.fromisoformat(step.at), step.post) for step in expected
    ]
    stage, at = progress.next_stage(steps, ()) or (None, None)
    overdue_at = at + grace if at else None
    return {"due_stage": stage, "due_at": at, "overdue_at": overdue_at, "next_check_at": overdue_at}


@dataclass(frozen=True)
class _UpdateContext:
    """Current time, calendars and grace periods of an update.

    `by_watch` is set for the background job.
    """

    now: datetime
    days: LocalDays
    grace: Mapping[str, timedelta]
    by_watch: bool


def _update_from_facts(actor: Actor, shipments: Iterable[Shipment], by_watch: bool) -> None:
    owned = group_by_owner(shipments)
    moment = _UpdateContext(actor.now(), local_days(actor), grace_periods(owned), by_watch)
    settled: dict[frozenset[str], dict[DiscrepancySubject, Collection[Irregularity]]] = defaultdict(
        dict
    )
    for owner, rows in owned.items():
        with acting_as(actor, owner):
            known = read_facts(actor, rows)
            before = {row.id: _displayed_status(row, moment.now) for row in rows}
            for row in rows:
                found = _apply_facts(row, known[row.id], moment)
                waits = (
                    frozenset()
                    if by_watch
                    else frozenset(each.kind for each in found) & TIMED_KINDS
                )
                settled[waits][row] = [doubt for doubt in found if doubt.kind not in waits]
                row.next_check_at = (
                    moment.now if waits else _next_check_at(row, known[row.id], moment)
                )
            db.session.flush()  # while the owner's rows may be written
        _mark_changed(
            row
            for row in rows
            if _needs_correction(before[row.id], _displayed_status(row, moment.now))
        )
    for waits, subjects in settled.items():
        kinds = [kind for kind in SHIPMENT_DISCREPANCY_KINDS if kind not in waits]
        changed = discrepancy_commands.update_discrepancies(actor, subjects, kinds)
        overdue = {row.subject_id for row in changed if row.kind == "overdue"}
        _mark_changed(subject for subject in subjects if subject.id in overdue)  # by the hour alone


def _displayed_status(row: Shipment, now: datetime) -> str:
    """Return the status as displayed, with overdue."""
    is_late = row.overdue_at is not None and row.overdue_at < now
    return "overdue" if is_late and row.status in CAN_BE_OVERDUE else row.status


def _needs_correction(before: str, after: str) -> bool:
    return before != after and not CORRECTED_STATUSES.isdisjoint((before, after))


def _mark_changed(rows: Iterable[DiscrepancySubject]) -> None:
    for row in rows:
        record_changes.mark_changed(row.owner_state, shipments=[row.id])


def _apply_facts(row: Shipment, facts: ShipmentFacts, moment: _UpdateContext) -> list[Irregularity]:
    """Write the facts' results into a row; return the irregularities."""
    before = (row.status, row.due_at, row.due_stage, row.overdue_at)
    grace = moment.grace[row.owner_state]
    row.status = progress.shipment_status(facts)
    open_ended = facts.is_over or row.status == "lost"
    stage = (
        None
        if open_ended
        else progress.next_stage(progress.rescheduled_stages(facts), facts.checkpoints)
    )
    row.due_stage, row.due_at = stage or (None, None)
    row.overdue_at = stage[1] + grace if stage and row.status in CAN_BE_OVERDUE else None
    after = (row.status, row.due_at, row.due_stage, row.overdue_at)
    row.version += not moment.by_watch or before != after
    return find_irregularities(facts, moment.now, moment.days.of(row.owner_state), grace)


def _next_check_at(row: Shipment, facts: ShipmentFacts, moment: _UpdateContext) -> datetime | None:
    """Return the next time at which something changes without a fact."""
    moments = [row.overdue_at] if row.overdue_at else []
    if facts.has_left and not facts.is_over and not facts.has_entered:
        after = facts.last_day + timedelta(days=1)
        moments.append(moment.days.start(row.owner_state, after))
    return min((at for at in moments if at > moment.now), default=None)


def lock_shipment(actor: Actor, shipment_id: UUID, expected_version: int | None) -> Shipment:
    """Lock a shipment that concerns the state; raises NotFound, StaleVersion."""
    shipment = lock_shipments(actor, [shipment_id])[shipment_id]
    check_version(shipment.version, expected_version)
    return shipment


def lock_shipments(actor: Actor, shipment_ids: Iterable[UUID]) -> dict[UUID, Shipment]:
    """Lock shipments that concern the state; raises NotFound.

    Until the end of the transaction. The permits of the states concerned cannot change meanwhile:
    whoever changes a permit updates the shipments under it, and the two wait for each other.
    """
    wanted = list(dict.fromkeys(shipment_ids))
    columns = (Shipment.id, Shipment.owner_state, Shipment.concerned)
    seen = {
        row.id: row for row in db.session.execute(select(*columns).where(Shipment.id.in_(wanted)))
    }
    for shipment_id in wanted:
        if shipment_id not in seen:
            raise NotFound("shipment", shipment_id)
    locks.share_permits(state for row in seen.values() for state in row.concerned)
    found = {}
    for owner in sorted({row.owner_state for row in seen.values()}):
        own = [key for key in wanted if seen[key].owner_state == owner]
        locked = select(Shipment).where(Shipment.id.in_(own)).order_by(Shipment.id)
        with acting_as(actor, owner):  # only who may write a row may lock it
            for shipment in db.session.scalars(
                locked.with_for_update().execution_options(populate_existing=True)
            ):
                found[shipment.id] = shipment
    return {shipment_id: found[shipment_id] for shipment_id in wanted}


def load_facts(actor: Actor, shipments: Iterable[Shipment]) -> dict[UUID, ShipmentFacts]:
    """Return facts by shipment, read as the owners."""
    found: dict[UUID, ShipmentFacts] = {}
    for owner, owned in group_by_owner(shipments).items():
        with acting_as(actor, owner):
            found |= read_facts(actor, owned)
    return found


def group_by_owner(shipments: Iterable[Shipment]) -> dict[str, list[Shipment]]:
    """Return shipments by owner state, in order of the states."""
    owned: dict[str, list[Shipment]] = defaultdict(list)
    for shipment in shipments:
        owned[shipment.owner_state].append(shipment)
    return dict(sorted(owned.items()))


def read_facts(actor: Actor, shipments: Sequence[Shipment]) -> dict[UUID, ShipmentFacts]:
    """Return facts by shipment; the session acts as their owner."""
    ids = [shipment.id for shipment in shipments]
    ticks, told, received = (
        _checkpoints_by_shipment(ids),
        events_by_subject(ids),
        current_receipts(ids),
    )
    permits = _permits_by_id({shipment.permit_id for shipment in shipments})
    today, again = local_days(actor), reshipments.find_reshipped(ids)
    licensed = licensing.licences_at_departure(actor, shipments, ticks, today)
    counted = packing_list.count_pieces([row for row in shipments if _has_count(ticks[row.id])])
    return {
        row.id: _shipment_facts(
            row,
            ticks[row.id],
            told[row.id],
            received[row.id],
            permits[row.permit_id],
            licensed.get(row.id, licensing.DepartureLicences()),
            again[row.id],
            today,
            counted.get(row.id),
        )
        for row in shipments
    }


def _has_count(ticks: Iterable[Checkpoint]) -> bool:
    return any(tick.quantity is not None for tick in ticks)


def _checkpoints_by_shipment(ids: Sequence[UUID]) -> dict[UUID, list[Checkpoint]]:
    found: dict[UUID, list[Checkpoint]] = defaultdict(list)
    for tick in db.session.scalars(select(Checkpoint).where(Checkpoint.shipment_id.in_(ids))):
        found[tick.shipment_id].append(tick)
    return found


def _permits_by_id(ids: Iterable[UUID]) -> dict[UUID, Permit]:
    query = select(Permit).where(Permit.id.in_(list(ids)))
    found = db.session.scalars(query.execution_options(populate_existing=True))
    return {permit.id: permit for permit in found}


def _shipment_facts(
    shipment: Shipment,
    ticks: Sequence[Checkpoint],
    told: Sequence[TradeEvent],
    received: Mapping[str, Receipt],
    permit: Permit,
    licensed: licensing.DepartureLicences,
    again: tuple[ReshippedLine, ...],
    today: LocalDays,
    counted: packing_list.PieceCount | None,
) -> ShipmentFacts:
    by_kind: dict[str, list[TradeEvent]] = defaultdict(list)
    for event in told:
        by_kind[event.kind].append(event)
    sides = (shipment.exporting_state, shipment.importing_state)
    times = [each for each in by_kind["amended"] if "expected" in each.data["after"]]
    return ShipmentFacts(
        exporting=shipment.exporting_state,
        importing=shipment.importing_state,
        transit=tuple(state for state in shipment.concerned if state not in sides),
        last_day=min(permit.last_day, licensed.import_by or permit.last_day),
        expected=tuple(map(_expected_stage, shipment.expected)),
        expected_since=max((each.occurred_at for each in times), default=None),
        plans=tuple(_transport_plans(shipment, by_kind["amended"])),
        checkpoints=tuple(map(checkpoint_fact, ticks)),
        hold_orders=tuple(map(hold_order_fact, (*by_kind["held"], *by_kind["resumed"]))),
        incidents=tuple(map(incident_fact, by_kind["incident"])),
        is_released=bool(by_kind["released"]),
        is_cancelled=bool(by_kind["cancelled"]),
        receipt=_receipt_fact(received.get(shipment.importing_state)),
        return_receipt=_receipt_fact(received.get(shipment.exporting_state)),
        entered_on=_entered_on(ticks, today),
        missing_licences=tuple(licensed.missing),
        reshipped=again,
        contradictions=tuple(
            found for each in by_kind[CONTRADICTS_PERMIT] for found in each.data["findings"]
        ),
        expected_counts=counted.matching_counts if counted else (),
    )


def _expected_stage(step: Mapping[str, Any]) -> ExpectedStage:
    return ExpectedStage(step["stage"], datetime.fromisoformat(step["at"]), step.get("post"))


def _transport_plans(shipment: Shipment, amended: Sequence[TradeEvent]) -> list[TransportPlan]:
    """Return the successive plans, rebuilt from the amendments."""
    stood = {"posts": list(shipment.posts), "seals": list(shipment.seals)}
    plans: list[TransportPlan] = []
    for event in sorted(amended, key=lambda each: (each.occurred_at, each.id), reverse=True):
        plans.append(_transport_plan(event.occurred_at, stood))
        stood = stood | {
            name: event.data["before"][name] for name in stood if name in event.data["before"]
        }
    return [_transport_plan(None, stood), *reversed(plans)]


def _transport_plan(since: datetime | None, stood: Mapping[str, Any]) -> TransportPlan:
    return TransportPlan(
        since, frozenset(stood["posts"]), frozenset(map(normalise, stood["seals"]))
    )


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


def _entered_on(ticks: Sequence[Checkpoint], today: LocalDays) -> date | None:
    entries = [tick for tick in ticks if (tick.stage, tick.outcome) == ("entry", "passed")]
    return min((today.on(tick.owner_state, tick.occurred_at) for tick in entries), default=None)


def checkpoint_fact(tick: Checkpoint) -> CheckpointFact:
    """Return a checkpoint as a fact."""
    return CheckpointFact(
        tick.stage,
        tick.owner_state,
        effective_time(tick.occurred_at, tick.recorded_at),
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
        effective_time(event.occurred_at, event.recorded_at),
        datetime.fromisoformat(at) if at else None,
        bool(event.data.get("is_total")),
        event.owner_state,
        event.reason,
        event.recorded_at,
    )


# Two that wake the same shipments lock them in one order, so that neither waits for the other.
SCHEDULE_RESHIPMENTS: Final = text("""
    UPDATE shipment SET next_check_at = :now
    WHERE id IN (
        SELECT id FROM shipment
        WHERE id IN (SELECT shipment_id FROM reshipment WHERE earlier_shipment = ANY(:earlier))
        ORDER BY id FOR UPDATE)
""")


def schedule_reshipments(actor: Actor, earlier: Iterable[Shipment]) -> None:
    """Schedule a check of later shipments of the same guns.

    What became of the earlier shipment may clear their irregularities.
    """
    for owner, rows in group_by_owner(earlier).items():
        with acting_as(actor, owner):
            db.session.execute(
                SCHEDULE_RESHIPMENTS, {"now": actor.now(), "earlier": [row.id for row in rows]}
            )


def current_receipts(shipment_ids: Collection[UUID]) -> dict[UUID, dict[str, Receipt]]:
    """Return current receipts by shipment and receiving state."""
    found: dict[UUID, dict[str, Receipt]] = defaultdict(dict)
    for receipt in db.session.scalars(
        select_current(Receipt).where(Receipt.shipment_id.in_(shipment_ids))
    ):
        found[receipt.shipment_id][receipt.owner_state] = receipt
    return found


classification.AFTER_CHANGE.append(update_under_permits)
