"""From what states said of one gun to its chain, its last lawful point and its diversion; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from salsa_ext.errors import Coded, Message, say
from salsa_ext.matching.prose import marking_of

Event = Mapping[str, Any]

ORDER: Final = (
    "manufacture", "export", "import", "state_issue", "state_to_civilian", "registration",
    "domestic_sale", "private_sale", "inheritance", "loan", "recovery", "surrender", "loss", "theft",
    "deactivation", "destruction", "seized", "found", "surrendered",
)  # fmt: skip
LAWFUL: Final = frozenset(ORDER[: ORDER.index("loss")])
SEIZED: Final = frozenset(("seized", "found", "surrendered"))
REACHED: Final = {
    "manufacture": "manufacturer", "export": "manufacturer", "import": "importer",
    "domestic_sale": "first_buyer",
}  # fmt: skip
NEVER: Final = {
    "received_short": "short_receipt",
    "overdue": "never_arrived",
    "lost": "never_arrived",
}
STOLEN: Final = {
    "private": "theft_private", "dealer": "theft_dealer", "state_stock": "theft_state_stock",
    "evidence_store": "theft_evidence_store", "shipment": "never_arrived",
}  # fmt: skip
WAITING: Final = ("sent", "acknowledged", "clarification", "deferred", "forwarded")


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

    A gun is sold new once: several first sales of one serial are candidates, and nothing is
    concluded but what holds for all (the days, where all are of one day). What happened after
    the gun was found is a conflict, and shown.
    """
    told = sorted((event for leg in legs for event in leg.events), key=_order)
    chain = [event for event in told if _on(event) <= found_on]
    after = [event for event in told if _on(event) > found_on]
    sales = [event for event in chain if _is_retail(event)]
    days_sold = {_on(sale) for sale in sales}
    ambiguous = len(sales) > 1
    lawful = [event for event in chain if event["event"] in LAWFUL]
    last = lawful[-1] if lawful and not ambiguous else None
    waiting = [leg for leg in legs if leg.status in WAITING]
    outcome = _outcome(chain, last, ambiguous, bool(waiting))
    return Result(
        outcome=outcome,
        scope=_scope(chain, asking),
        reached=_reached(last),
        chain=chain,
        ambiguous=ambiguous,
        candidates=[_candidate(sale, found_on) for sale in sales] if ambiguous else [],
        conflicts=after,
        last_lawful=last,
        point_of_diversion=_diversion(last, chain),
        time_to_crime_days=_days(sales[0], found_on) if len(days_sold) == 1 else None,
        since_last_lawful_days=_days(last, found_on) if last else None,
        failure_reason=_failure(outcome, firearm, waiting),
        missing=_missing(waiting, firearm, ambiguous),
    )


def _is_retail(event: Event) -> bool:
    """Tell whether a gun left the trade: a sale to a dealer is not the first retail sale."""
    return (
        event["event"] == "domestic_sale" and (event.get("receiver") or {}).get("kind") != "dealer"
    )


def _on(event: Event) -> date:
    return date.fromisoformat(event["occurred_on"])


def _order(event: Event) -> tuple[date, int, str]:
    return _on(event), ORDER.index(event["event"]), event["record"]


def _days(event: Event, found_on: date) -> int:
    return (found_on - _on(event)).days


def _candidate(sale: Event, found_on: date) -> dict[str, Any]:
    return {"record": sale["record"], "state": sale["state"], "occurred_on": sale["occurred_on"],
            "time_to_crime_days": _days(sale, found_on)}  # fmt: skip


def _outcome(chain: Sequence[Event], last: Event | None, ambiguous: bool, waiting: bool) -> str:
    if _reached(last) in ("first_buyer", "last_holder") or (last and _diversion(last, chain)):
        return "traced"
    if chain or ambiguous:
        return "partly"
    return "pending" if waiting else "not_traced"


def _scope(chain: Sequence[Event], asking: str) -> str | None:
    if not chain:
        return None
    return "domestic" if {event["state"] for event in chain} == {asking} else "international"


def _reached(last: Event | None) -> str | None:
    if last is None:
        return None
    if (last.get("receiver") or {}).get("kind") == "dealer":
        return "dealer"
    return REACHED.get(last["event"], "last_holder")


def _diversion(last: Event | None, chain: Sequence[Event]) -> dict[str, Any] | None:
    """Say between which events the gun left the lawful world, where something shows it."""
    if last is None:
        return None
    later = [event for event in chain[chain.index(last) + 1 :] if event["event"] not in SEIZED]
    if later and later[0]["event"] in ("theft", "loss"):
        loss = later[0]
        kind = STOLEN.get(loss.get("stolen_from") or "", "unknown")
        why = say(
            "{state} recorded a {event} on {on}.",
            state=loss["state"],
            event=Coded("report_kind", loss["event"]),
            on=loss["occurred_on"],
        )
        return {
            "after": last["record"],
            "before": loss["record"],
            "diversion_kind": kind,
            "why": why,
        }
    kind = NEVER.get(last.get("shipment_status") or "", "") if last["event"] == "export" else ""
    if not kind:
        return None
    why = _not_received(kind, last)
    return {"after": last["record"], "before": None, "diversion_kind": kind, "why": why}


def _not_received(kind: str, last: Event) -> Message:
    told = {"state": last["state"], "partner": last["counterpart_state"], "on": last["occurred_on"]}
    if kind == "short_receipt":
        return say("{state} shipped it to {partner} on {on}, and {partner} received the shipment"
                   " without it.", **told)  # fmt: skip
    return say("{state} shipped it to {partner} on {on}, and no receipt of it is recorded.", **told)


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
