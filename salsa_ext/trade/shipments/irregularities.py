"""Irregularities of a shipment that its facts show (Model Regulations 9.10). Pure functions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from salsa_ext.trade.discrepancies.values import Irregularity
from salsa_ext.trade.shipments import progress
from salsa_ext.trade.shipments.facts import (
    CONTRADICTS_PERMIT,
    CheckpointFact,
    ShipmentFacts,
    TransportPlan,
)
from salsa_ext.trade.shipments.progress import CAN_BE_OVERDUE, active_stops, shipment_status

SHIPMENT_DISCREPANCY_KINDS: Final = tuple(
    "short_receipt over_receipt serial_mismatch seal_mismatch quantity_mismatch missing_checkpoint"
    " overdue expired_in_transit permit_cancelled_in_transit document_invalid"
    " unauthorised_route".split()
)
CROSSING_KINDS: Final = (
    "seal_mismatch",
    "quantity_mismatch",
    "missing_checkpoint",
    "unauthorised_route",
)
"""Kinds of which `crossing_irregularities` returns all."""
MAX_SERIALS: Final = 100


def find_irregularities(
    facts: ShipmentFacts, now: datetime, today: date, grace: timedelta
) -> list[Irregularity]:
    """Return all irregularities of a shipment at a time.

    `today` is the exporting state's day, `grace` its grace period. A cancelled shipment has none.
    Of two with the same kind and key, the one of the earlier time is returned.
    """
    if facts.is_cancelled:
        return []
    once: dict[tuple[str, str], Irregularity] = {}
    for irregularity in (
        *_receipt_irregularities(facts),
        *_seal_mismatches(facts),
        *_count_mismatches(facts),
        *_missing_checkpoints(facts),
        *_route_deviations(facts),
        *_reshipped_guns(facts),
        *_overdue(facts, now, grace),
        *_expired(facts, today),
        *_invalid_documents(facts),
        *permit_contradictions(facts.contradictions),
    ):
        once.setdefault((irregularity.kind, irregularity.key), irregularity)
    return list(once.values())


def checkpoint_irregularities(facts: ShipmentFacts, tick: CheckpointFact) -> list[Irregularity]:
    """Return seal and count mismatches at a tick's stage."""
    mismatches = (*_seal_mismatches(facts), *_count_mismatches(facts))
    return [each for each in mismatches if each.key == _checkpoint_key(tick)]


def crossing_irregularities(facts: ShipmentFacts) -> list[Irregularity]:
    """Return those at checkpoints, which every state concerned can see from its facts."""
    if facts.is_cancelled:
        return []
    unreleased = _invalid_documents(replace(facts, missing_licences=()))
    mismatches = (*_seal_mismatches(facts), *_count_mismatches(facts))
    return [*mismatches, *_missing_checkpoints(facts), *_route_deviations(facts), *unreleased]


def _receipt_irregularities(facts: ShipmentFacts) -> Iterator[Irregularity]:
    receipt = facts.return_receipt or facts.receipt
    if receipt is None:
        if shipment_status(facts) == "lost":
            yield Irregularity("short_receipt", "", {"lost": True})
        return
    short: dict[int, dict[str, Any]] = defaultdict(dict)
    for line, serial in receipt.missing:
        data = short[line]
        data["missing"] = data.get("missing", 0) + 1
        if len(data.setdefault("serials", [])) < MAX_SERIALS and serial:
            data["serials"].append(serial)
    for line, amount in receipt.differences.items():
        if amount.startswith("-"):
            short[line]["quantity"] = amount[1:]
    for line, data in sorted(short.items()):
        yield Irregularity("short_receipt", str(line), {"line": line} | data)
    if receipt.unexpected:
        serials = list(receipt.unexpected[:MAX_SERIALS])
        data = {"over": len(receipt.unexpected), "serials": serials}
        yield Irregularity("over_receipt", "", data)
    for line, amount in sorted(receipt.differences.items()):
        if not amount.startswith("-"):
            yield Irregularity("over_receipt", str(line), {"line": line, "quantity": amount})
    for line, shipped, received in receipt.miskeyed:
        data = {"line": line, "shipped": shipped, "received": received}
        yield Irregularity("serial_mismatch", f"{line}:{shipped}", data)


def _reshipped_guns(facts: ShipmentFacts) -> Iterator[Irregularity]:
    """Yield guns shipped while an earlier shipment of them is valid."""
    for row in facts.reshipped:
        data = {"line": row.line, "again": row.guns, "serials": list(row.serials)}
        shipments = {"shipments": list(row.shipments)} if row.shipments else {}
        yield Irregularity("serial_mismatch", f"again:{row.line}", data | shipments)


def _seal_mismatches(facts: ShipmentFacts) -> Iterator[Irregularity]:
    """Compare seals read with those declared then or amended since."""
    latest = _latest_checkpoints(tick for tick in _sorted_checkpoints(facts) if tick.seals)

    def allowed(tick: CheckpointFact) -> list[frozenset[str]]:
        declared = [plan.seals for plan in _plans_in_force(facts, tick) if plan.seals]
        return declared or [latest[0][0].seals]

    for ticks in latest:
        if all(tick.seals not in allowed(tick) for tick in ticks):
            tick = ticks[-1]
            declared = sorted(allowed(tick)[-1])
            data = {"declared": declared, "read": sorted(tick.seals)}
            yield _mismatch("seal_mismatch", tick, data)


def _count_mismatches(facts: ShipmentFacts) -> Iterator[Irregularity]:
    """Compare counted pieces with the papers: firearms, or everything."""
    counted = (tick for tick in _sorted_checkpoints(facts) if tick.pieces is not None)
    for ticks in _latest_checkpoints(counted) if facts.expected_counts else ():
        if all(tick.pieces not in facts.expected_counts for tick in ticks):
            expected = facts.expected_counts[0]
            number = int(expected) if expected == int(expected) else float(expected)
            data = {"counted": ticks[-1].pieces, "expected": number}
            yield _mismatch("quantity_mismatch", ticks[-1], data)


def _mismatch(kind: str, tick: CheckpointFact, data: Mapping[str, Any]) -> Irregularity:
    return Irregularity(
        kind, _checkpoint_key(tick), {"stage": tick.stage, "state": tick.state} | dict(data)
    )


def _latest_checkpoints(ticks: Iterable[CheckpointFact]) -> list[list[CheckpointFact]]:
    """Return the latest ticks of each state's stage; they replace earlier ones."""
    latest: dict[tuple[str, str], list[CheckpointFact]] = {}
    for tick in ticks:
        key = tick.stage, tick.state
        before = latest.get(key, [])
        is_same_time = bool(before) and _checkpoint_time(before[0]) == _checkpoint_time(tick)
        latest[key] = [*before, tick] if is_same_time else [tick]
    return list(latest.values())


def _plans_in_force(facts: ShipmentFacts, tick: CheckpointFact) -> list[TransportPlan]:
    """Return the plan valid at a tick's time, and later plans."""
    plans = sorted(facts.plans, key=lambda plan: (plan.since is not None, plan.since))
    past = [plan for plan in plans if plan.since is None or plan.since <= tick.at]
    return past[-1:] + plans[len(past) :]


def _route_deviations(facts: ShipmentFacts) -> Iterator[Irregularity]:
    sides = {"exit": {facts.exporting}, "entry": {facts.importing}}
    for tick in _sorted_checkpoints(facts):
        posts = frozenset[str]().union(*(plan.posts for plan in _plans_in_force(facts, tick)))
        astray = tick.post is not None and bool(posts) and tick.post not in posts
        if astray or tick.state not in sides.get(tick.stage, set(facts.transit)):
            yield _mismatch("unauthorised_route", tick, {"post": tick.post})


def _missing_checkpoints(facts: ShipmentFacts) -> Iterator[Irregularity]:
    """Yield unticked stages before a ticked one; entry implies exit, leaving entering."""
    stages, listed = progress.rescheduled_stages(facts), set()
    for stage in progress.skipped_stages(stages, facts.checkpoints, facts.receipt is not None):
        listed.add(stage.stage)
        data = {"stage": stage.stage, "post": stage.post, "expected_at": stage.at.isoformat()}
        yield Irregularity("missing_checkpoint", _join_key(stage.stage, stage.post), data)
    passed = {(tick.stage, tick.state) for tick in facts.passed_checkpoints}
    implied = []
    if passed and not facts.is_inbound and ("exit", facts.exporting) not in passed:
        implied.append(("exit", facts.exporting))
    for state in facts.transit:
        has_come, has_gone = ("transit_in", state) in passed, ("transit_out", state) in passed
        if has_gone and not has_come:
            implied.append(("transit_in", state))
        if has_come and not has_gone and facts.has_entered:
            implied.append(("transit_out", state))
    for name, state in implied:
        if name not in listed:
            data = {"stage": name, "state": state}
            yield Irregularity("missing_checkpoint", _join_key(name, state), data)


def _overdue(facts: ShipmentFacts, now: datetime, grace: timedelta) -> Iterator[Irregularity]:
    """Yield the overdue stage, as of now or of the stop. A hold neither cures nor causes a delay."""
    status = shipment_status(facts)
    if status == "held":
        now = min(now, active_stops(facts)[0].at)
    elif status not in CAN_BE_OVERDUE:
        return
    stage = progress.next_stage(progress.rescheduled_stages(facts), facts.checkpoints)
    if stage and stage[1] + grace < now:
        data = {"stage": stage[0], "expected_at": stage[1].isoformat()}
        yield Irregularity("overdue", stage[0], data)


def _expired(facts: ShipmentFacts, today: date) -> Iterator[Irregularity]:
    """Yield expiry in transit: arrival after the last day."""
    if not facts.has_left or facts.return_receipt:
        return
    arrived_on = facts.entered_on or (facts.receipt.on if facts.receipt else today)
    if arrived_on > facts.last_day:
        yield Irregularity("expired_in_transit", "", {"last_day": facts.last_day.isoformat()})


def _invalid_documents(facts: ShipmentFacts) -> Iterator[Irregularity]:
    if not facts.is_released and (facts.has_left or facts.receipt):
        yield Irregularity(
            "document_invalid", "", {"state": facts.exporting, "why": "not_released"}
        )
    for licence in facts.missing_licences:
        kind = "permit_cancelled_in_transit" if licence.is_in_transit else "document_invalid"
        data = {"state": licence.state, "kind": licence.kind, "why": licence.why}
        yield Irregularity(kind, f"{licence.state}:{licence.kind}", data)


def permit_contradictions(findings: Iterable[Mapping[str, Any]]) -> list[Irregularity]:
    """Return an irregularity per line and field contradicting the permit.

    Model Regulations 2.2.2: the document is invalid for a gun under a line that does not allow it.
    """
    return [
        Irregularity(
            "document_invalid",
            f"line:{finding['line']}:{finding['field']}",
            {"why": CONTRADICTS_PERMIT} | dict(finding),
        )
        for finding in findings
    ]


def _sorted_checkpoints(facts: ShipmentFacts) -> list[CheckpointFact]:
    return sorted(
        facts.checkpoints,
        key=lambda tick: (
            *_checkpoint_time(tick),
            tick.stage,
            tick.post or "",
            tick.state,
            sorted(tick.seals),
            tick.pieces or 0,
        ),
    )


def _checkpoint_time(tick: CheckpointFact) -> tuple[datetime, datetime]:
    return tick.at, tick.recorded_at


def _checkpoint_key(tick: CheckpointFact) -> str:
    return _join_key(tick.stage, tick.post or tick.state)


def _join_key(stage: str, place: str | None) -> str:
    return f"{stage}:{place}" if place else stage
