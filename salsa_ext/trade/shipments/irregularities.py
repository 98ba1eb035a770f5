"""Irregularities of a shipment that its facts show (Model Regulations 9.10).

Pure functions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from salsa_ext.trade.discrepancies.values import Irregularity
from salsa_ext.trade.shipments import progress
from salsa_ext.trade.shipments.facts import (
    CONTRADICTS_PERMIT,
    CheckpointFact,
    ReceiptFact,
    ShipmentFacts,
    TransportPlan,
)
from salsa_ext.trade.shipments.progress import active_stops, shipment_status

SHIPMENT_DISCREPANCY_KINDS: Final = (
    "short_receipt",
    "over_receipt",
    "serial_mismatch",
    "seal_mismatch",
    "quantity_mismatch",
    "missing_checkpoint",
    "overdue",
    "expired_in_transit",
    "permit_cancelled_in_transit",
    "document_invalid",
    "unauthorised_route",
)
TIMED_KINDS: Final = frozenset(("overdue", "expired_in_transit"))
"""Kinds that come with the hour: the scheduled watch alone raises them."""
CAN_BE_OVERDUE: Final = ("planned", "released", "in_transit")
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
    made = [*_receipt_irregularities(facts), *_seal_mismatches(facts), *_count_mismatches(facts)]
    made += [*_missing_checkpoints(facts), *_route_deviations(facts)]
    made += _reshipped_guns(facts)
    made += [*_overdue(facts, now, grace), *_expired(facts, today), *_invalid_documents(facts)]
    made += permit_contradictions(facts.contradictions)
    once: dict[tuple[str, str], Irregularity] = {}
    for doubt in made:
        once.setdefault((doubt.kind, doubt.key), doubt)
    return list(once.values())


def checkpoint_irregularities(facts: ShipmentFacts, tick: CheckpointFact) -> list[Irregularity]:
    """Return seal and count mismatches at a tick's stage."""
    return [
        doubt
        for doubt in (*_seal_mismatches(facts), *_count_mismatches(facts))
        if doubt.key == _checkpoint_key(tick)
    ]


def _receipt_irregularities(facts: ShipmentFacts) -> Iterator[Irregularity]:
    receipt = facts.return_receipt or facts.receipt
    if receipt is None:
        if shipment_status(facts) == "lost":
            yield Irregularity("short_receipt", "", {"lost": True})
        return
    yield from _shortages(receipt)
    yield from _surpluses(receipt)
    for line, shipped, received in receipt.miskeyed:
        said = {"line": line, "shipped": shipped, "received": received}
        yield Irregularity("serial_mismatch", f"{line}:{shipped}", said)


def _shortages(receipt: ReceiptFact) -> Iterator[Irregularity]:
    by_line: dict[int, dict[str, Any]] = defaultdict(dict)
    for line, serial in receipt.missing:
        said = by_line[line]
        said["missing"] = said.get("missing", 0) + 1
        if len(said.setdefault("serials", [])) < MAX_SERIALS and serial:
            said["serials"].append(serial)
    for line, amount in receipt.differences.items():
        if amount.startswith("-"):
            by_line[line]["quantity"] = amount[1:]
    for line, said in sorted(by_line.items()):
        yield Irregularity("short_receipt", str(line), {"line": line} | said)


def _surpluses(receipt: ReceiptFact) -> Iterator[Irregularity]:
    if receipt.unexpected:
        named = list(receipt.unexpected[:MAX_SERIALS])
        yield Irregularity("over_receipt", "", {"over": len(receipt.unexpected), "serials": named})
    for line, amount in sorted(receipt.differences.items()):
        if not amount.startswith("-"):
            yield Irregularity("over_receipt", str(line), {"line": line, "quantity": amount})


def _reshipped_guns(facts: ShipmentFacts) -> Iterator[Irregularity]:
    """Yield guns shipped while an earlier shipment of them is valid."""
    for again in facts.reshipped:
        said = {"line": again.line, "again": again.guns, "serials": list(again.serials)}
        named = {"shipments": list(again.shipments)} if again.shipments else {}
        yield Irregularity("serial_mismatch", f"again:{again.line}", said | named)


def _seal_mismatches(facts: ShipmentFacts) -> Iterator[Irregularity]:
    """Compare seals read with those declared then or amended since.

    If none were declared, the first ones read count as declared.
    """
    read = [tick for tick in _sorted_checkpoints(facts) if tick.seals]
    last = [tick for told in _latest_checkpoints(read) for tick in told]

    def allowed(tick: CheckpointFact) -> list[frozenset[str]]:
        return [plan.seals for plan in _plans_in_force(facts, tick) if plan.seals] or [
            last[0].seals
        ]

    for told in _latest_checkpoints(read):
        if all(tick.seals not in allowed(tick) for tick in told):
            tick = told[-1]
            said = {
                "stage": tick.stage,
                "state": tick.state,
                "declared": sorted(allowed(tick)[-1]),
                "read": sorted(tick.seals),
            }
            yield Irregularity("seal_mismatch", _checkpoint_key(tick), said)


def _count_mismatches(facts: ShipmentFacts) -> Iterator[Irregularity]:
    """Compare counted pieces with the papers: firearms, or everything."""
    for told in _latest_checkpoints(
        tick for tick in _sorted_checkpoints(facts) if tick.pieces is not None
    ):
        if facts.expected_counts and all(tick.pieces not in facts.expected_counts for tick in told):
            tick = told[-1]
            said = {
                "stage": tick.stage,
                "state": tick.state,
                "counted": tick.pieces,
                "expected": _number(facts.expected_counts[0]),
            }
            yield Irregularity("quantity_mismatch", _checkpoint_key(tick), said)


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == int(amount) else float(amount)


def _latest_checkpoints(ticks: Iterable[CheckpointFact]) -> list[list[CheckpointFact]]:
    """Return the latest ticks of each state's stage; they replace earlier ones.

    Several if they have the same time and recording time.
    """
    told: dict[tuple[str, str], list[CheckpointFact]] = {}
    for tick in ticks:
        at = tick.stage, tick.state
        before = told.get(at, [])
        is_along = bool(before) and _checkpoint_time(before[0]) == _checkpoint_time(tick)
        told[at] = [*before, tick] if is_along else [tick]
    return list(told.values())


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
            said = {"stage": tick.stage, "state": tick.state, "post": tick.post}
            yield Irregularity("unauthorised_route", _checkpoint_key(tick), said)


def _missing_checkpoints(facts: ShipmentFacts) -> Iterator[Irregularity]:
    """Yield unticked stages before a ticked one, expected or implied.

    Entry implies an earlier exit; leaving a transit state implies entering it.
    """
    steps = progress.rescheduled_stages(facts)
    named = set()
    for step in progress.skipped_stages(steps, facts.checkpoints, facts.receipt is not None):
        named.add(step.stage)
        said = {"stage": step.stage, "post": step.post, "expected_at": step.at.isoformat()}
        yield Irregularity("missing_checkpoint", _join_key(step.stage, step.post), said)
    for stage, state in _implied_stages(facts):
        if stage not in named:
            said = {"stage": stage, "state": state}
            yield Irregularity("missing_checkpoint", _join_key(stage, state), said)


def _implied_stages(facts: ShipmentFacts) -> Iterator[tuple[str, str]]:
    passed = {(tick.stage, tick.state) for tick in facts.passed_checkpoints}
    if passed and ("exit", facts.exporting) not in passed:
        yield "exit", facts.exporting
    for state in facts.transit:
        came, went = ("transit_in", state) in passed, ("transit_out", state) in passed
        if went and not came:
            yield "transit_in", state
        if came and not went and facts.has_entered:
            yield "transit_out", state


def _overdue(facts: ShipmentFacts, now: datetime, grace: timedelta) -> Iterator[Irregularity]:
    """Yield the overdue stage, as of now or of the stop.

    A hold neither cures nor causes a delay.
    """
    status = shipment_status(facts)
    if status == "held":
        now = min(now, active_stops(facts)[0].at)
    elif status not in CAN_BE_OVERDUE:
        return
    stage = progress.next_stage(progress.rescheduled_stages(facts), facts.checkpoints)
    if stage and stage[1] + grace < now:
        said = {"stage": stage[0], "expected_at": stage[1].isoformat()}
        yield Irregularity("overdue", stage[0], said)


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
            f"line:{found['line']}:{found['field']}",
            {"why": CONTRADICTS_PERMIT} | dict(found),
        )
        for found in findings
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
