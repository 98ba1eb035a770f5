"""The facts of shipments, as the exporting state knows them all, for the ledger to conclude from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.matching.journeys import (
    CONTRADICTS,
    Again,
    Facts,
    Plan,
    Received,
    Step,
    Unlicensed,
)
from salsa_ext.matching.marks import normalise
from salsa_ext.models import Checkpoint, Event, Permit, Receipt, Shipment
from salsa_ext.readmodels import licensing, pieces, receipts, reshipments
from salsa_ext.readmodels.days import Days, days
from salsa_ext.readmodels.events import of_subjects
from salsa_ext.readmodels.holds import incident_of, stop_of, tick_of
from salsa_ext.values.actor import Actor


def facts_of(actor: Actor, shipments: Sequence[Shipment]) -> dict[UUID, Facts]:
    """Return the facts of shipments of one owner, whose eyes the caller has."""
    ids = [shipment.id for shipment in shipments]
    ticks, told, received = _ticks(ids), of_subjects(ids), receipts.of_shipments(ids)
    permits = _permits({shipment.permit_id for shipment in shipments})
    today, again = days(actor), reshipments.of_shipments(ids)
    licensed = licensing.licensed(actor, shipments, ticks, permits, today)
    counted = pieces.of_shipments([row for row in shipments if _is_counted(ticks[row.id])])
    return {
        row.id: _facts(row, ticks[row.id], told[row.id], received[row.id], permits[row.permit_id],
                       licensed.get(row.id, licensing.Licensed()), again[row.id], today,
                       counted.get(row.id))
        for row in shipments
    }  # fmt: skip


def _is_counted(ticks: Iterable[Checkpoint]) -> bool:
    return any(tick.quantity is not None for tick in ticks)


def _ticks(ids: Sequence[UUID]) -> dict[UUID, list[Checkpoint]]:
    found: dict[UUID, list[Checkpoint]] = defaultdict(list)
    for tick in db.session.scalars(select(Checkpoint).where(Checkpoint.shipment_id.in_(ids))):
        found[tick.shipment_id].append(tick)
    return found


def _permits(ids: Iterable[UUID]) -> dict[UUID, Permit]:
    query = select(Permit).where(Permit.id.in_(list(ids)))
    found = db.session.scalars(query.execution_options(populate_existing=True))
    return {permit.id: permit for permit in found}


def _facts(
    shipment: Shipment, ticks: Sequence[Checkpoint], told: Sequence[Event],
    received: Mapping[str, Receipt], permit: Permit, licensed: licensing.Licensed,
    again: tuple[Again, ...], today: Days, counted: pieces.Pieces | None,
) -> Facts:  # fmt: skip
    by_kind: dict[str, list[Event]] = defaultdict(list)
    for event in told:
        by_kind[event.kind].append(event)
    sides = (shipment.exporting_state, shipment.importing_state)
    times = [each for each in by_kind["amended"] if "expected" in each.data["after"]]
    return Facts(
        exporting=shipment.exporting_state, importing=shipment.importing_state,
        transit=tuple(state for state in shipment.concerned if state not in sides),
        last_day=min(permit.last_day, licensed.import_by or permit.last_day),
        expected=tuple(map(_step, shipment.expected)),
        expected_since=max((each.occurred_at for each in times), default=None),
        plans=tuple(_plans(shipment, by_kind["amended"])),
        ticks=tuple(map(tick_of, ticks)),
        stops=tuple(map(stop_of, (*by_kind["held"], *by_kind["resumed"]))),
        incidents=tuple(map(incident_of, by_kind["incident"])),
        is_released=bool(by_kind["released"]), is_cancelled=bool(by_kind["cancelled"]),
        arrival=_received(received.get(shipment.importing_state)),
        comeback=_received(received.get(shipment.exporting_state)),
        entered_on=_entered_on(ticks, today),
        unlicensed=tuple(_unlicensed(lack) for lack in licensed.lacking if not lack.is_later),
        cancelled_on_the_way=tuple(_unlicensed(lack) for lack in licensed.lacking if lack.is_later),
        again=again,
        contradictions=tuple(found for each in by_kind[CONTRADICTS] for found in each.data["findings"]),
        pieces=counted.fitting if counted else (),
    )  # fmt: skip


def _step(step: Mapping[str, Any]) -> Step:
    return Step(step["stage"], datetime.fromisoformat(step["at"]), step.get("post"))


def _plans(shipment: Shipment, amended: Sequence[Event]) -> list[Plan]:
    """Return the plans one after the other: each amendment keeps what stood before it."""
    stood = {"posts": list(shipment.posts), "seals": list(shipment.seals)}
    plans: list[Plan] = []
    for event in sorted(amended, key=lambda each: (each.occurred_at, each.id), reverse=True):
        plans.append(_plan(event.occurred_at, stood))
        stood = stood | {name: event.data["before"][name] for name in stood
                         if name in event.data["before"]}  # fmt: skip
    return [_plan(None, stood), *reversed(plans)]


def _plan(since: datetime | None, stood: Mapping[str, Any]) -> Plan:
    return Plan(since, frozenset(stood["posts"]), frozenset(map(normalise, stood["seals"])))


def _received(receipt: Receipt | None) -> Received | None:
    if receipt is None:
        return None
    return Received(
        receipt.received_on,
        tuple((item["line"], item["serial"]) for item in receipt.missing),
        tuple((pair["line"], pair["shipped"], pair["received"]) for pair in receipt.miskeyed),
        tuple(receipt.unexpected),
        {row["line"]: row["quantity"] for row in receipt.differences},
    )


def _entered_on(ticks: Sequence[Checkpoint], today: Days) -> date | None:
    entries = [tick for tick in ticks if (tick.stage, tick.outcome) == ("entry", "passed")]
    return min((today.on(tick.owner_state, tick.occurred_at) for tick in entries), default=None)


def _unlicensed(lack: licensing.Lacking) -> Unlicensed:
    return Unlicensed(lack.state, lack.kind, lack.why)
