"""What does not add up about a shipment (Model Regulations 9.10), as its facts show it; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from salsa_ext.matching import expectations
from salsa_ext.matching.doubts import Doubt
from salsa_ext.matching.journeys import CONTRADICTS, Facts, Plan, Received, Tick
from salsa_ext.matching.ledger import standing, status_of

KINDS: Final = (
    "short_receipt", "over_receipt", "serial_mismatch", "seal_mismatch", "quantity_mismatch",
    "missing_checkpoint", "overdue", "expired_in_transit", "permit_cancelled_in_transit", "document_invalid",
    "unauthorised_route",
)  # fmt: skip
TIMED: Final = frozenset(("overdue", "expired_in_transit"))
"""Kinds that come with the hour: the scheduled watch alone raises them."""
CAN_BE_LATE: Final = ("planned", "released", "in_transit")
MOST_NAMED: Final = 100


def doubts(facts: Facts, now: datetime, today: date, grace: timedelta) -> list[Doubt]:
    """Return every doubt about a shipment at a moment; `today` is the exporting state's day.

    Of a shipment that was cancelled nothing is doubted: it never left. Of two doubts about one
    thing the one about the earlier moment stands.
    """
    if facts.is_cancelled:
        return []
    made = [*_received(facts), *_seals(facts), *_pieces(facts)]
    made += [*_missing_checkpoints(facts), *_route(facts)]
    made += _again(facts)
    made += [*_overdue(facts, now, grace), *_expired(facts, today), *_documents(facts)]
    made += contradictions(facts.contradictions)
    once: dict[tuple[str, str], Doubt] = {}
    for doubt in made:
        once.setdefault((doubt.kind, doubt.key), doubt)
    return list(once.values())


def of_ticks(facts: Facts, tick: Tick) -> list[Doubt]:
    """Return what does not agree with the papers in what was read and counted at a tick's stage."""
    return [doubt for doubt in (*_seals(facts), *_pieces(facts)) if doubt.key == _place(tick)]


def _received(facts: Facts) -> Iterator[Doubt]:
    receipt = facts.comeback or facts.arrival
    if receipt is None:
        if status_of(facts) == "lost":
            yield Doubt("short_receipt", "", {"lost": True})
        return
    yield from _short(receipt)
    yield from _over(receipt)
    for line, shipped, received in receipt.miskeyed:
        said = {"line": line, "shipped": shipped, "received": received}
        yield Doubt("serial_mismatch", f"{line}:{shipped}", said)


def _short(receipt: Received) -> Iterator[Doubt]:
    by_line: dict[int, dict[str, Any]] = defaultdict(dict)
    for line, serial in receipt.missing:
        said = by_line[line]
        said["missing"] = said.get("missing", 0) + 1
        if len(said.setdefault("serials", [])) < MOST_NAMED and serial:
            said["serials"].append(serial)
    for line, amount in receipt.differences.items():
        if amount.startswith("-"):
            by_line[line]["quantity"] = amount[1:]
    for line, said in sorted(by_line.items()):
        yield Doubt("short_receipt", str(line), {"line": line} | said)


def _over(receipt: Received) -> Iterator[Doubt]:
    if receipt.unexpected:
        named = list(receipt.unexpected[:MOST_NAMED])
        yield Doubt("over_receipt", "", {"over": len(receipt.unexpected), "serials": named})
    for line, amount in sorted(receipt.differences.items()):
        if not amount.startswith("-"):
            yield Doubt("over_receipt", str(line), {"line": line, "quantity": amount})


def _again(facts: Facts) -> Iterator[Doubt]:
    """Doubt guns that are shipped while an earlier shipment of them stands: one of both is wrong."""
    for again in facts.again:
        said = {"line": again.line, "again": again.guns, "serials": list(again.serials)}
        named = {"shipments": list(again.shipments)} if again.shipments else {}
        yield Doubt("serial_mismatch", f"again:{again.line}", said | named)


def _seals(facts: Facts) -> Iterator[Doubt]:
    """Compare seals with those declared when they were read, or by an amendment since.

    Where none was declared, the first that somebody read are taken for it.
    """
    read = [tick for tick in _in_order(facts) if tick.seals]
    last = [tick for told in _last_told(read) for tick in told]

    def allowed(tick: Tick) -> list[frozenset[str]]:
        return [plan.seals for plan in _in_force(facts, tick) if plan.seals] or [last[0].seals]

    for told in _last_told(read):
        if all(tick.seals not in allowed(tick) for tick in told):
            tick = told[-1]
            said = {"stage": tick.stage, "state": tick.state,
                    "declared": sorted(allowed(tick)[-1]), "read": sorted(tick.seals)}  # fmt: skip
            yield Doubt("seal_mismatch", _place(tick), said)


def _pieces(facts: Facts) -> Iterator[Doubt]:
    """Compare what was counted with the papers: the firearms, or all where goods lie beside them."""
    for told in _last_told(tick for tick in _in_order(facts) if tick.pieces is not None):
        if facts.pieces and all(tick.pieces not in facts.pieces for tick in told):
            tick = told[-1]
            said = {"stage": tick.stage, "state": tick.state, "counted": tick.pieces,
                    "expected": _plain(facts.pieces[0])}  # fmt: skip
            yield Doubt("quantity_mismatch", _place(tick), said)


def _plain(amount: Decimal) -> int | float:
    return int(amount) if amount == int(amount) else float(amount)


def _last_told(ticks: Iterable[Tick]) -> list[list[Tick]]:
    """Return the last ticks of each state's stage, which correct those before them.

    Several where they are of one moment, and were recorded at one.
    """
    told: dict[tuple[str, str], list[Tick]] = {}
    for tick in ticks:
        at = tick.stage, tick.state
        before = told.get(at, [])
        is_along = bool(before) and _when(before[0]) == _when(tick)
        told[at] = [*before, tick] if is_along else [tick]
    return list(told.values())


def _in_force(facts: Facts, tick: Tick) -> list[Plan]:
    """Return the plan that stood at a tick's moment, and the later ones."""
    plans = sorted(facts.plans, key=lambda plan: (plan.since is not None, plan.since))
    past = [plan for plan in plans if plan.since is None or plan.since <= tick.at]
    return past[-1:] + plans[len(past) :]


def _route(facts: Facts) -> Iterator[Doubt]:
    sides = {"exit": {facts.exporting}, "entry": {facts.importing}}
    for tick in _in_order(facts):
        posts = frozenset[str]().union(*(plan.posts for plan in _in_force(facts, tick)))
        astray = tick.post is not None and bool(posts) and tick.post not in posts
        if astray or tick.state not in sides.get(tick.stage, set(facts.transit)):
            said = {"stage": tick.stage, "state": tick.state, "post": tick.post}
            yield Doubt("unauthorised_route", _place(tick), said)


def _missing_checkpoints(facts: Facts) -> Iterator[Doubt]:
    """Find stages that were to come before one that was ticked, said or not.

    No shipment enters a state without leaving another, or leaves a transit state without having
    entered it.
    """
    steps = expectations.moved(facts)
    named = set()
    for step in expectations.skipped(steps, facts.ticks, facts.arrival is not None):
        named.add(step.stage)
        said = {"stage": step.stage, "post": step.post, "expected_at": step.at.isoformat()}
        yield Doubt("missing_checkpoint", _key(step.stage, step.post), said)
    for stage, state in _implied(facts):
        if stage not in named:
            said = {"stage": stage, "state": state}
            yield Doubt("missing_checkpoint", _key(stage, state), said)


def _implied(facts: Facts) -> Iterator[tuple[str, str]]:
    passed = {(tick.stage, tick.state) for tick in facts.passed}
    if passed and ("exit", facts.exporting) not in passed:
        yield "exit", facts.exporting
    for state in facts.transit:
        came, went = ("transit_in", state) in passed, ("transit_out", state) in passed
        if went and not came:
            yield "transit_in", state
        if came and not went and facts.has_entered:
            yield "transit_out", state


def _overdue(facts: Facts, now: datetime, grace: timedelta) -> Iterator[Doubt]:
    """Doubt what is late, or was when it was stopped: a hold settles no delay, and none comes of it."""
    status = status_of(facts)
    if status == "held":
        now = min(now, standing(facts)[0].at)
    elif status not in CAN_BE_LATE:
        return
    stage = expectations.due(expectations.moved(facts), facts.ticks)
    if stage and stage[1] + grace < now:
        said = {"stage": stage[0], "expected_at": stage[1].isoformat()}
        yield Doubt("overdue", stage[0], said)


def _expired(facts: Facts, today: date) -> Iterator[Doubt]:
    """What left has to arrive by the permit's last day, or by the last day for the import."""
    if not facts.has_left or facts.comeback:
        return
    arrived_on = facts.entered_on or (facts.arrival.on if facts.arrival else today)
    if arrived_on > facts.last_day:
        yield Doubt("expired_in_transit", "", {"last_day": facts.last_day.isoformat()})


def _documents(facts: Facts) -> Iterator[Doubt]:
    if not facts.is_released and (facts.has_left or facts.arrival):
        yield Doubt("document_invalid", "", {"state": facts.exporting, "why": "not_released"})
    for lack in facts.unlicensed:
        yield Doubt("document_invalid", f"{lack.state}:{lack.kind}", dict(vars(lack)))
    for lack in facts.cancelled_on_the_way:
        yield Doubt("permit_cancelled_in_transit", f"{lack.state}:{lack.kind}", dict(vars(lack)))


def contradictions(told: Iterable[Mapping[str, Any]]) -> list[Doubt]:
    """Return a doubt for each line and field of which the manifest says something else (2.2.2).

    The paper that names a gun under a line which does not allow it is invalid for that gun: nothing
    else of the list is about what goods are rather than how many.
    """
    return [
        Doubt("document_invalid", f"line:{found['line']}:{found['field']}",
              {"why": CONTRADICTS} | dict(found))
        for found in told
    ]  # fmt: skip


def _in_order(facts: Facts) -> list[Tick]:
    return sorted(
        facts.ticks,
        key=lambda tick: (
            *_when(tick),
            tick.stage,
            tick.post or "",
            tick.state,
            sorted(tick.seals),
            tick.pieces or 0,
        ),
    )


def _when(tick: Tick) -> tuple[datetime, datetime]:
    return tick.at, tick.recorded_at


def _place(tick: Tick) -> str:
    return _key(tick.stage, tick.post or tick.state)


def _key(stage: str, place: str | None) -> str:
    return f"{stage}:{place}" if place else stage
