"""From what states said of one gun to its chain, its last lawful point and its diversion; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from salsa_ext.errors import Message, say
from salsa_ext.matching.diversion import diversion_after
from salsa_ext.matching.events import ALERT, ENDS, LAWFUL, Event, place, side
from salsa_ext.matching.guns import guns
from salsa_ext.matching.prose import marking_of
from salsa_ext.matching.requests import WAITING
from salsa_ext.matching.sales import first_sales

REACHED: Final = {
    "manufacture": "manufacturer", "export": "manufacturer", "import": "importer",
    "domestic_sale": "first_buyer",
}  # fmt: skip


@dataclass(frozen=True)
class Leg:
    """What one asked state has said so far; one that takes no part is asked by another channel."""

    state: str
    status: str
    events: Sequence[Event] = ()
    takes_part: bool = True


@dataclass
class Result:
    """The result of a trace (see the contract); dates are compared as local dates."""

    outcome: str
    scope: str | None
    reached: str | None
    chain: list[Event]
    ambiguous: bool
    candidates: list[dict[str, Any]]
    conflicts: list[Event]
    last_lawful: Event | None
    point_of_diversion: dict[str, Any] | None
    time_to_crime_days: int | None
    since_last_lawful_days: int | None
    failure_reason: str | None
    missing: list[Message] = field(default_factory=list)


def build(legs: Sequence[Leg], found_on: date, asking: str, firearm: Mapping[str, Any]) -> Result:
    """Put the events of all legs in order and draw from them what a trace asks.

    A gun is sold new once: several first sales of one serial are candidates, as are several guns
    that a misread mark fits, each by the last that is lawful of it; then nothing is concluded but
    what holds for all (the days, where all are of one day). Sales between dealers
    and the resale of a gun that came back to a dealer are no first sales. What happened after the
    gun was found is a conflict, and shown.
    """
    events = (event for leg in legs for event in leg.events)
    told = sorted((event for event in events if event["event"] != ALERT), key=_order)
    chain = [event for event in told if _is_before(event, found_on)]
    after = [event for event in told if not _is_before(event, found_on)]
    sales = first_sales(chain)
    days_sold = {_on(sale) for sale in sales}
    several = guns(chain)
    ambiguous = len(sales) > 1 or len(several) > 1
    candidates = sales if len(sales) > 1 else [gun[-1] for gun in several]
    lawful = [event for event in chain if event["event"] in LAWFUL]
    last = lawful[-1] if lawful and not ambiguous else None
    waiting = [leg for leg in legs if leg.status in WAITING]
    reached = _reached(last, sales)
    diversion = diversion_after(last, chain, found_on)
    outcome = _outcome(chain, reached, diversion is not None, bool(waiting))
    return Result(
        outcome=outcome,
        scope=_scope(chain, asking),
        reached=reached,
        chain=chain,
        ambiguous=ambiguous,
        candidates=[_candidate(event, found_on) for event in candidates] if ambiguous else [],
        conflicts=after,
        last_lawful=last,
        point_of_diversion=diversion,
        time_to_crime_days=_days(sales[0], found_on) if len(days_sold) == 1 else None,
        since_last_lawful_days=_days(last, found_on) if last else None,
        failure_reason=_failure(outcome, firearm, waiting),
        missing=_missing(waiting, firearm, ambiguous),
    )


def _is_before(event: Event, found_on: date) -> bool:
    """A gun that was destroyed on the day it was found was found first."""
    return _on(event) < found_on or (_on(event) == found_on and event["event"] not in ENDS)


def _on(event: Event) -> date:
    return date.fromisoformat(event["occurred_on"])


def _order(event: Event) -> tuple[date, int, str]:
    return _on(event), place(event["event"]), event["record"]


def _days(event: Event, found_on: date) -> int:
    return (found_on - _on(event)).days


def _candidate(event: Event, found_on: date) -> dict[str, Any]:
    days = _days(event, found_on) if event["event"] == "domestic_sale" else None
    return {"record": event["record"], "state": event["state"],
            "occurred_on": event["occurred_on"], "time_to_crime_days": days}  # fmt: skip


def _outcome(chain: Sequence[Event], reached: str | None, is_diverted: bool, waiting: bool) -> str:
    if reached in ("first_buyer", "last_holder") or is_diverted:
        return "traced"
    if chain:
        return "partly"
    return "pending" if waiting else "not_traced"


def _scope(chain: Sequence[Event], asking: str) -> str | None:
    if not chain:
        return None
    return "domestic" if {event["state"] for event in chain} == {asking} else "international"


def _reached(last: Event | None, sales: Sequence[Event]) -> str | None:
    if last is None:
        return None
    if last["event"] not in ENDS and side(last, "receiver") == "dealer":
        return "dealer"
    if last["event"] == "domestic_sale" and last not in sales:
        return "last_holder"
    return REACHED.get(last["event"], "last_holder")


def _failure(outcome: str, firearm: Mapping[str, Any], waiting: Sequence[Leg]) -> str | None:
    if outcome in ("traced", "partly"):
        return None
    if not _is_legible(firearm):
        return "obliterated" if firearm.get("marking") == "obliterated" else "incomplete_request"
    if waiting:
        takes_part = any(leg.takes_part for leg in waiting)
        return "no_response" if takes_part else "not_participant"
    return None if firearm.get("make") and firearm.get("calibre") else "incomplete_request"


def _is_legible(firearm: Mapping[str, Any]) -> bool:
    serial: str = firearm.get("serial") or ""
    return bool(serial) and marking_of(serial) is None


def _missing(waiting: Sequence[Leg], firearm: Mapping[str, Any], ambiguous: bool) -> list[Message]:
    missing = [say("The answer of {state}.", state=leg.state) for leg in waiting]
    for name, text in (
        ("serial", say("A legible serial, from the frame or a laboratory.")),
        ("make", say("The make: serials repeat between makers.")),
        ("calibre", say("The calibre.")),
        ("country_of_manufacture", say("The country of manufacture, or the import mark.")),
    ):
        if not (_is_legible(firearm) if name == "serial" else firearm.get(name)):
            missing.append(text)
    if ambiguous:
        missing.append(
            say("Something that tells the candidates apart: make, model, calibre, photograph.")
        )
    return missing
