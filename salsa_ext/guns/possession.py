"""Lawful possession of a gun: diversion, contradictions, first sales, custody; pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any, Final

from salsa_ext.core.dates import days_between, first_day, is_before, parse_date, within_of
from salsa_ext.core.errors import CodeLabel, Message, message
from salsa_ext.firearms.records.event_kinds import (
    FINAL_EVENTS,
    LAWFUL,
    MISSING_EVENTS,
    ORIGIN_EVENTS,
    SEIZED,
    SHIPPED,
    Event,
    event_rank,
)
from salsa_ext.firearms.records.parties import party_kind

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
WHY_DIVERTED: Final = {
    "destruction": message(
        "{state} recorded on {on} that it was destroyed, and it was found after that:"
        " it left the hands of those who had to destroy it, or the record is false."
    ),
    "deactivation": message(
        "{state} recorded on {on} that it was deactivated, and it was found after that."
    ),
    "returned": message(
        "{state} shipped it to {partner} on {on}; the shipment came back without it."
    ),
    "short_receipt": message(
        "{state} shipped it to {partner} on {on}, and {partner} received the shipment without it."
    ),
    "never_arrived": message(
        "{state} shipped it to {partner} on {on}, and no receipt of it is recorded."
    ),
    "import": message(
        "{state} received it from {partner} for a time; it was to be back by {due}, and no return"
        " of it is recorded."
    ),
    "export": message(
        "{state} shipped it to {partner} for a time; it was to be back by {due}, and no return of"
        " it is recorded."
    ),
}


def event_date(event: Event) -> date:
    """Return the day of an event."""
    return parse_date(event["occurred_on"])


def find_diversion(
    last: Event | None, chain: Sequence[Event], found_on: date
) -> dict[str, Any] | None:
    """Return the events between which the gun was diverted, or None.

    `last` is the last lawful event. A temporary movement ends with the export certificate: a gun
    found later and not returned by its last day was diverted while away.
    """
    if last is None:
        return None
    lost_in_transit = None
    status = last.get("shipment_status") or ""
    if last["event"] in SHIPPED and (kind := DIVERSION_BY_STATUS.get(status)):
        lost_in_transit = _diversion(
            last, kind, _why("returned" if status == "returned" else kind, last)
        )
    later = [event for event in chain[chain.index(last) + 1 :] if event["event"] not in SEIZED]
    if later and later[0]["event"] in MISSING_EVENTS:
        loss = later[0]
        if loss.get("stolen_from") == "shipment" and lost_in_transit:
            return lost_in_transit | {"before": loss["record"]}
        why = message(
            "{state} recorded a {event} on {on}.",
            state=loss["state"],
            event=CodeLabel("report_kind", loss["event"]),
            on=loss["occurred_on"],
        )
        kind = DIVERSION_BY_THEFT.get(loss.get("stolen_from") or "", "unknown")
        return _diversion(last, kind, why, before=loss["record"])
    if last["event"] in FINAL_EVENTS:
        return _diversion(last, "unknown", _why(last["event"], last))
    if lost_in_transit:
        return lost_in_transit
    due = _return_due(last, chain)
    if due and date.fromisoformat(due) < first_day(found_on):
        name = "export" if last["event"] == "export" else "import"
        return _diversion(last, "unreturned_temporary", _why(name, last, due))
    return None


def _why(name: str, last: Event, due: str | None = None) -> Message:
    """Return why it was diverted; a consignment was shipped by the other state."""
    states = {"state": last["state"], "partner": last["counterpart_state"]}
    if last["event"] == "consignment" and not due:
        states = {"state": states["partner"], "partner": states["state"]}
    return Message(WHY_DIVERTED[name].text, states | {"on": last["occurred_on"], "due": due})


def _diversion(last: Event, kind: str, why: Message, before: str | None = None) -> dict[str, Any]:
    return {"after": last["record"], "before": before, "diversion_kind": kind, "why": why}


def _return_due(last: Event, chain: Sequence[Event]) -> str | None:
    """Return the day of return; of an import also from its export."""
    due: str | None = last.get("return_due_on")
    if due or last["event"] != "import":
        return due
    exports = (event for event in chain if event["record"] == last.get("linked_record"))
    export = next(exports, None)
    is_away = export is not None and (
        export["event"] == "consignment" or export["state"] != last["state"]
    )
    return export.get("return_due_on") if export and is_away else None


RECOVERED_EVENTS: Final = frozenset(("recovery", "surrender")) | SEIZED
"""Events by which a gun is in custody again, in any state."""
UNCLAIMING_EVENTS: Final = RECOVERED_EVENTS | FINAL_EVENTS | ORIGIN_EVENTS
"""Events possible in any state: arrival, find, or manufacture."""


@dataclass(frozen=True)
class Objection:
    """A rejected event of a chain, with the reason."""

    event: Event
    why: Message


@dataclass
class _Possession:
    """The state that has the gun, or the event of its loss."""

    state: str | None = None
    gone: Event | None = None

    def objection(self, event: Event) -> Message | None:
        """Return why an event contradicts earlier ones, or None."""
        name, gone = event["event"], self.gone
        if name not in LAWFUL:
            return None
        if gone and gone["event"] == "destruction":
            if name == "destruction" and event["state"] == gone["state"]:
                return None  # one destruction recorded twice
            return message(
                "It was destroyed by then: {state} recorded so on {on}.",
                state=gone["state"],
                on=gone["occurred_on"],
            )
        if gone and not self._is_recovery(event):
            return message(
                "It was missing by then: {state} recorded a {event} on {on}, and no recovery of it"
                " is recorded.",
                state=gone["state"],
                event=CodeLabel("report_kind", gone["event"]),
                on=gone["occurred_on"],
            )
        if name in UNCLAIMING_EVENTS or self.state in (None, event["state"]):
            return None
        return message(
            "{state} recorded it while it was in {other}, and no export or import between them is"
            " recorded: one record is wrong, or these are two guns.",
            state=event["state"],
            other=self.state,
        )

    def _is_recovery(self, event: Event) -> bool:
        """A shipment reported as robbed brought the gun where its import is recorded."""
        if event["event"] == "import":
            return self.gone is not None and self.gone.get("stolen_from") == "shipment"
        return event["event"] in RECOVERED_EVENTS | FINAL_EVENTS

    def follow(self, event: Event) -> None:
        """Update the possession after an accepted event."""
        name = event["event"]
        if name in MISSING_EVENTS or name == "destruction":
            self.gone = event
        elif name in RECOVERED_EVENTS or name == "manufacture":
            is_destroyed = self.gone is not None and self.gone["event"] == "destruction"
            self.state, self.gone = None, self.gone if is_destroyed else None
        elif name in LAWFUL:
            self.state = event["counterpart_state"] if name == "export" else event["state"]
            self.gone = None


def find_contradictions(chain: Sequence[Event]) -> list[Objection]:
    """Return the lawful events that contradict earlier ones, in order.

    Each is a claim incompatible with an earlier record, or is of another gun: it is neither lawful
    possession to conclude from, nor the last lawful event.
    """
    objections: list[Objection] = []
    possession = _Possession()
    for event in chain:
        if why := possession.objection(event):
            objections.append(Objection(event, why))
        else:
            possession.follow(event)
    return objections


MAX_PLACED: Final = 30
"""Events among which a rough date is placed by what fits; among more by its first day."""


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return events in order of time."""
    every = sorted(events, key=_order)
    if len(every) > MAX_PLACED:
        return every
    ordered: list[Event] = []
    for event in sorted(every, key=lambda each: bool(within_of(event_date(each)))):
        on = event_date(event)
        if not within_of(on):
            ordered.append(event)
            continue
        places = [
            [*ordered[:at], event, *ordered[at:]]
            for at in range(len(ordered) + 1)
            if not any(is_before(on, event_date(other)) for other in ordered[:at])
            and not any(is_before(event_date(other), on) for other in ordered[at:])
        ]
        ordered = min(places, key=lambda each: (len(find_contradictions(each)), _inversions(each)))
    return ordered


def _order(event: Event) -> tuple[date, int, str]:
    return event_date(event), event_rank(event["event"]), event["record"]


def _inversions(events: Sequence[Event]) -> int:
    """Return how many pairs of events are in another order than their kinds usually are."""
    ranks = [event_rank(event["event"]) for event in events]
    return sum(rank > later for rank, later in combinations(ranks, 2))


TRADE_KINDS: Final = frozenset(("dealer", "manufacturer"))


def first_sales(chain: Sequence[Event]) -> list[Event]:
    """Return the sales by which a gun first left the trade."""
    first: list[Event] = []
    returned_to: str | None = None
    sold_in: str | None = None
    for event in chain:
        partner, giver = event["counterpart_state"], party_kind(event, "giver")
        is_to_trade = party_kind(event, "receiver") in TRADE_KINDS
        if event["event"] == "domestic_sale" and not is_to_trade and giver != "individual":
            if not first or event["state"] != returned_to:
                first.append(event)
            returned_to, sold_in = None, event["state"]
        # by any lawful way: sale, inheritance, police disposing of guns
        is_return = is_to_trade and event["event"] in LAWFUL and giver not in (None, *TRADE_KINDS)
        is_import = event["event"] == "import" and partner in {returned_to, sold_in} - {None}
        if first and (is_return or is_import):
            returned_to = partner if event["event"] == "export" else event["state"]
    return first


RELEASE_EVENTS: Final = LAWFUL | MISSING_EVENTS
"""Events that explain how a gun left the custody of a state."""


def custody_conflicts(
    chain: Sequence[Event], found_on: date, found_in: str, same_find: Collection[str] = ()
) -> Iterator[Objection]:
    """Yield earlier seizures of a gun that left custody without explanation.

    `same_find` are records of the find itself, as of the other side of a joint seizure. A service
    gun that is handed in each time was nobody's to keep.
    """
    for at, event in enumerate(chain):
        days = days_between(event_date(event), found_on)
        is_known = any(later["event"] in RELEASE_EVENTS for later in chain[at + 1 :])
        is_seized = event["event"] in SEIZED and not event.get("handed_in")
        if not is_seized or is_known or days.least <= 0 or event["record"] in same_find:
            continue
        why = message(
            "{state} had it on {on} ({event}), and records no release; it came up again in {other}"
            " {days} days later: it left the evidence store, one of the two is a clone, or a mark"
            " was misread.",
            state=event["state"],
            on=event["occurred_on"],
            other=found_in,
            days=days.amount,
            event=CodeLabel("seizure_kind", event["event"]),
        )
        yield Objection(event, why)


def days_to_custody(conflicts: Iterable[Objection], sales: Sequence[Event]) -> Iterator[Message]:
    """Yield the days from the first sale to each earlier seizure."""
    for conflict in conflicts if sales else ():
        yield message(
            "From the first sale to that day: {days} days.",
            days=days_between(event_date(sales[0]), event_date(conflict.event)).amount,
        )
