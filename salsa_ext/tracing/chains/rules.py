"""Rules on events: diversion, contradictions, first sales, custody; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from salsa_ext.core.errors import CodeLabel, Message, message
from salsa_ext.firearms.records.values import (
    FINAL_EVENTS,
    LAWFUL,
    MISSING_EVENTS,
    SEIZED,
    Event,
    party_kind,
)

DIVERSION_BY_STATUS: Final = {
    "received_short": "short_receipt",
    "returned": "short_receipt",
    "overdue": "never_arrived",
    "lost": "never_arrived",
}
DIVERSION_BY_THEFT: Final = {
    "private": "theft_private",
    "dealer": "theft_dealer",
    "state_stock": "theft_state_stock",
    "evidence_store": "theft_evidence_store",
    "shipment": "never_arrived",
}


def find_diversion(
    last: Event | None, chain: Sequence[Event], found_on: date
) -> dict[str, Any] | None:
    """Return the events between which the gun was diverted, or None.

    A temporary movement ends with the export certificate: a gun found later and not returned by its
    last day was diverted while away.
    """
    if last is None:
        return None
    later = [event for event in chain[chain.index(last) + 1 :] if event["event"] not in SEIZED]
    if later and later[0]["event"] in ("theft", "loss"):
        loss = later[0]
        if loss.get("stolen_from") == "shipment" and (short := _lost_in_transit(last)):
            return short | {"before": loss["record"]}
        kind = DIVERSION_BY_THEFT.get(loss.get("stolen_from") or "", "unknown")
        why = message(
            "{state} recorded a {event} on {on}.",
            state=loss["state"],
            event=CodeLabel("report_kind", loss["event"]),
            on=loss["occurred_on"],
        )
        return {
            "after": last["record"],
            "before": loss["record"],
            "diversion_kind": kind,
            "why": why,
        }
    if last["event"] in FINAL_EVENTS:
        kind, why = "unknown", _still_existing_text(last)
    elif lost := _lost_in_transit(last):
        return lost
    elif (due := _return_due(last, chain)) and date.fromisoformat(due) < found_on:
        kind, why = "unreturned_temporary", _not_returned_text(last, due)
    else:
        return None
    return {"after": last["record"], "before": None, "diversion_kind": kind, "why": why}


def _return_due(last: Event, chain: Sequence[Event]) -> str | None:
    """Return the day of return; of an import also from its export."""
    exports = (event for event in chain if event["record"] == last.get("linked_record"))
    export = next(exports, None) if last["event"] == "import" else None
    came_back = export is not None and export["state"] == last["state"]
    due: str | None = last.get("return_due_on")
    return due or (export.get("return_due_on") if export and not came_back else None)


def _lost_in_transit(last: Event) -> dict[str, Any] | None:
    """Return the diversion of a gun missing from its shipment; otherwise None."""
    status = last.get("shipment_status") or ""
    if last["event"] != "export" or status not in DIVERSION_BY_STATUS:
        return None
    kind = DIVERSION_BY_STATUS[status]
    why = _returned_without_text(last) if status == "returned" else _not_received_text(kind, last)
    return {"after": last["record"], "before": None, "diversion_kind": kind, "why": why}


def _still_existing_text(last: Event) -> Message:
    told = {"state": last["state"], "on": last["occurred_on"]}
    if last["event"] == "destruction":
        return message(
            "{state} recorded on {on} that it was destroyed, and it was found after that:"
            " it left the hands of those who had to destroy it, or the record is false.",
            **told,
        )
    return message(
        "{state} recorded on {on} that it was deactivated, and it was found after that.", **told
    )


def _returned_without_text(last: Event) -> Message:
    return message(
        "{state} shipped it to {partner} on {on}; the shipment came back without it.",
        state=last["state"],
        partner=last["counterpart_state"],
        on=last["occurred_on"],
    )


def _not_returned_text(last: Event, due: str) -> Message:
    told = {"state": last["state"], "partner": last["counterpart_state"], "due": due}
    if last["event"] == "import":
        return message(
            "{state} received it from {partner} for a time; it was to be back by {due}, and no return"
            " of it is recorded.",
            **told,
        )
    return message(
        "{state} shipped it to {partner} for a time; it was to be back by {due}, and no return of"
        " it is recorded.",
        **told,
    )


def _not_received_text(kind: str, last: Event) -> Message:
    told = {"state": last["state"], "partner": last["counterpart_state"], "on": last["occurred_on"]}
    if kind == "short_receipt":
        return message(
            "{state} shipped it to {partner} on {on}, and {partner} received the shipment"
            " without it.",
            **told,
        )
    return message(
        "{state} shipped it to {partner} on {on}, and no receipt of it is recorded.", **told
    )


RECOVERED_EVENTS: Final = frozenset(("recovery", "surrender")) | SEIZED
"""Events by which a gun is in custody again, in any state."""
UNCLAIMING_EVENTS: Final = RECOVERED_EVENTS | FINAL_EVENTS | {"import", "manufacture"}
"""Events possible in any state: arrival, find, or manufacture."""


@dataclass
class _Possession:
    """The state that has the gun, or the event of its loss."""

    state: str | None = None
    gone: Event | None = None

    def objection(self, event: Event) -> Message | None:
        """Return why an event contradicts earlier ones, or None."""
        if event["event"] not in LAWFUL:
            return None
        if self.gone and self.gone["event"] == "destruction":
            return _destroyed_text(self.gone) if self._is_another(event) else None
        if self.gone and not _is_recovery(event, self.gone):
            return _missing_text(self.gone)
        if event["event"] in UNCLAIMING_EVENTS or self.state in (None, event["state"]):
            return None
        return message(
            "{state} recorded it while it was in {other}, and no export or import between them is"
            " recorded: one record is wrong, or these are two guns.",
            state=event["state"],
            other=self.state,
        )

    def _is_another(self, event: Event) -> bool:
        """Two records of one destruction by one state are no contradiction."""
        repeats = event["event"] == "destruction" and event["state"] == (self.gone or {})["state"]
        return not repeats

    def follow(self, event: Event) -> None:
        """Update the possession after an accepted event."""
        name = event["event"]
        if name in MISSING_EVENTS or name == "destruction":
            self.gone = event
        elif name in RECOVERED_EVENTS or name == "manufacture":
            self.state = None
            self.gone = self.gone if _is_destroyed(self.gone) else None
        elif name in LAWFUL:
            self.state = event["counterpart_state"] if name == "export" else event["state"]
            self.gone = None


def _is_destroyed(gone: Event | None) -> bool:
    return gone is not None and gone["event"] == "destruction"


def _is_recovery(event: Event, gone: Event) -> bool:
    """Return whether an event ends the loss of a gun.

    A shipment reported as robbed brought the gun after all where its import is recorded.
    """
    if event["event"] == "import":
        return gone.get("stolen_from") == "shipment"
    return event["event"] in RECOVERED_EVENTS | FINAL_EVENTS


def _missing_text(gone: Event) -> Message:
    return message(
        "It was missing by then: {state} recorded a {event} on {on}, and no recovery of it is recorded.",
        state=gone["state"],
        event=CodeLabel("report_kind", gone["event"]),
        on=gone["occurred_on"],
    )


def _destroyed_text(gone: Event) -> Message:
    return message(
        "It was destroyed by then: {state} recorded so on {on}.",
        state=gone["state"],
        on=gone["occurred_on"],
    )


@dataclass(frozen=True)
class Objection:
    """A rejected event of a chain, with the reason."""

    event: Event
    why: Message


def find_contradictions(chain: Sequence[Event]) -> list[Objection]:
    """Return the lawful events that contradict earlier ones, in order.

    Each is a claim incompatible with an earlier record, or is of another gun: it is neither lawful
    possession to conclude from, nor the last lawful event.
    """
    found: list[Objection] = []
    there = _Possession()
    for event in chain:
        why = there.objection(event)
        if why is None:
            there.follow(event)
        else:
            found.append(Objection(event, why))
    return found


TRADE_KINDS: Final = frozenset(("dealer", "manufacturer"))


def first_sales(chain: Sequence[Event]) -> list[Event]:
    """Return the sales by which a gun first left the trade.

    After its first sale a gun is sold by the trade of a state again only if it was given back
    there, or imported from the state where it was given back or sold.
    """
    first: list[Event] = []
    back_in: str | None = None
    sold_in: str | None = None
    for event in chain:
        if is_retail_sale(event):
            if not first or event["state"] != back_in:
                first.append(event)
            back_in, sold_in = None, event["state"]
        elif first and (_is_return_to_trade(event) or _is_imported_from(event, (back_in, sold_in))):
            back_in = _destination(event)
    return first


def is_retail_sale(event: Event) -> bool:
    """Return whether the trade sold a gun to a buyer outside it."""
    return (
        event["event"] == "domestic_sale"
        and party_kind(event, "receiver") not in TRADE_KINDS
        and party_kind(event, "giver") != "individual"
    )


def _is_return_to_trade(event: Event) -> bool:
    """By any lawful way: sale, inheritance, police disposing of guns."""
    return (
        event["event"] in LAWFUL
        and party_kind(event, "receiver") in TRADE_KINDS
        and party_kind(event, "giver") not in (None, *TRADE_KINDS)
    )


def _is_imported_from(event: Event, states: Sequence[str | None]) -> bool:
    partner = event["counterpart_state"]
    return event["event"] == "import" and partner is not None and partner in states


def _destination(event: Event) -> str | None:
    state: str = event["counterpart_state" if event["event"] == "export" else "state"]
    return state


RELEASE_EVENTS: Final = LAWFUL | MISSING_EVENTS
"""Events that explain how a gun left the custody of a state."""


def custody_remarks(
    chain: Sequence[Event], sales: Sequence[Event], found_on: date, found_in: str
) -> Iterator[Message]:
    """Yield earlier seizures of a gun that left custody without explanation."""
    for at, event in enumerate(chain):
        days = (found_on - _event_date(event)).days
        is_known = any(later["event"] in RELEASE_EVENTS for later in chain[at + 1 :])
        if event["event"] not in SEIZED or is_known or not days:
            continue
        yield message(
            "{state} had it on {on} ({event}), and it came up again in {other} {days} days later: it left"
            " that state's custody, or one of the two is another gun.",
            state=event["state"],
            on=event["occurred_on"],
            other=found_in,
            days=days,
            event=CodeLabel("seizure_kind", event["event"]),
        )
        if sales:
            yield message(
                "From the first sale to that day: {days} days.",
                days=(_event_date(event) - _event_date(sales[0])).days,
            )


def _event_date(event: Event) -> date:
    return date.fromisoformat(event["occurred_on"])
