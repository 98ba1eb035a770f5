"""Where a gun left the lawful world, as far as its records show it; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from salsa_ext.errors import Coded, Message, say
from salsa_ext.matching.events import ENDS, SEIZED, Event

NEVER: Final = {
    "received_short": "short_receipt",
    "returned": "short_receipt",
    "overdue": "never_arrived",
    "lost": "never_arrived",
}
STOLEN: Final = {
    "private": "theft_private", "dealer": "theft_dealer", "state_stock": "theft_state_stock",
    "evidence_store": "theft_evidence_store", "shipment": "never_arrived",
}  # fmt: skip


def diversion_after(
    last: Event | None, chain: Sequence[Event], found_on: date
) -> dict[str, Any] | None:
    """Say between which events the gun left the lawful world, where something shows it.

    A temporary movement ends with the export certificate: what was found later and had not come
    back by its last day was diverted while it was away.
    """
    if last is None:
        return None
    later = [event for event in chain[chain.index(last) + 1 :] if event["event"] not in SEIZED]
    if later and later[0]["event"] in ("theft", "loss"):
        loss = later[0]
        if loss.get("stolen_from") == "shipment" and (short := _on_the_way(last)):
            return short | {"before": loss["record"]}
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
    if last["event"] in ENDS:
        kind, why = "unknown", _not_ended(last)
    elif lost := _on_the_way(last):
        return lost
    elif (due := _due_back(last, chain)) and date.fromisoformat(due) < found_on:
        kind, why = "unreturned_temporary", _not_returned(last, due)
    else:
        return None
    return {"after": last["record"], "before": None, "diversion_kind": kind, "why": why}


def _due_back(last: Event, chain: Sequence[Event]) -> str | None:
    """Return by when it was to be back; of an import its export says so, where the receipt may not."""
    exports = (event for event in chain if event["record"] == last.get("linked_record"))
    export = next(exports, None) if last["event"] == "import" else None
    came_back = export is not None and export["state"] == last["state"]
    due: str | None = last.get("return_due_on")
    return due or (export.get("return_due_on") if export and not came_back else None)


def _on_the_way(last: Event) -> dict[str, Any] | None:
    """Return the diversion of a gun that its shipment did not bring; None for any other."""
    status = last.get("shipment_status") or ""
    if last["event"] != "export" or status not in NEVER:
        return None
    kind = NEVER[status]
    why = _not_back(last) if status == "returned" else _not_received(kind, last)
    return {"after": last["record"], "before": None, "diversion_kind": kind, "why": why}


def _not_ended(last: Event) -> Message:
    told = {"state": last["state"], "on": last["occurred_on"]}
    if last["event"] == "destruction":
        return say("{state} recorded on {on} that it was destroyed, and it was found after that:"
                   " it left the hands of those who had to destroy it, or the record is false.",
                   **told)  # fmt: skip
    return say("{state} recorded on {on} that it was deactivated, and it was found after that.",
               **told)  # fmt: skip


def _not_back(last: Event) -> Message:
    return say("{state} shipped it to {partner} on {on}; the shipment came back without it.",
               state=last["state"], partner=last["counterpart_state"], on=last["occurred_on"])  # fmt: skip


def _not_returned(last: Event, due: str) -> Message:
    told = {"state": last["state"], "partner": last["counterpart_state"], "due": due}
    if last["event"] == "import":
        return say("{state} received it from {partner} for a time; it was to be back by {due}, and no return"
                   " of it is recorded.", **told)  # fmt: skip
    return say("{state} shipped it to {partner} for a time; it was to be back by {due}, and no return of"
               " it is recorded.", **told)  # fmt: skip


def _not_received(kind: str, last: Event) -> Message:
    told = {"state": last["state"], "partner": last["counterpart_state"], "on": last["occurred_on"]}
    if kind == "short_receipt":
        return say("{state} shipped it to {partner} on {on}, and {partner} received the shipment"
                   " without it.", **told)  # fmt: skip
    return say("{state} shipped it to {partner} on {on}, and no receipt of it is recorded.", **told)
