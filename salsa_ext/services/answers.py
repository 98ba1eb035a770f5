"""What a state says of its own records to another, under its own eyes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from salsa_ext.audit import Act, append_many
from salsa_ext.matching.events import ALERT
from salsa_ext.models import Party
from salsa_ext.readmodels import document_facts, names, sharing
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.document_facts import Told
from salsa_ext.readmodels.records import RecordView, by_id
from salsa_ext.readmodels.sharing import Sharing
from salsa_ext.readmodels.sides import handling_of
from salsa_ext.services.disclosures import given_to
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id
from salsa_ext.values.requests import HandEvent

GROUPS: dict[str, tuple[str, ...]] = {
    "firearm": ("serial", "make", "make_text", "model", "calibre", "calibre_text", "type",
                "country_of_manufacture", "year"),
    "event": ("shipment_status", "stolen_from", "return_due_on", "counterpart_state",
              "linked_record"),
    "document": ("document_number",),
}  # fmt: skip
"""What an event of a chain holds by field group; its parties are named when the result is read."""
FIELDS: Final = GROUPS | {"parties": ("giver", "receiver")}
"""The same with what is said of its parties before: their kind and country."""


@dataclass(frozen=True)
class Sureness:
    """How sure it is that a record is of the gun that is asked for, as far as its marks tell.

    Without `strength` where a person says so, and nothing was compared.
    """

    strength: str | None
    bits: float


NOTHING: Final[Mapping[str, str]] = {}
SAID_BY_A_PERSON: Final = Sureness(None, 0.0)


def released(candidate: Candidate) -> bool:
    """Tell whether the service may give a record to the asking state without asking a person."""
    return candidate.is_open and candidate.held.event != ALERT


def answer(
    actor: Actor, to: str, candidates: Sequence[Candidate]
) -> tuple[list[dict[str, Any]], list[Act]]:
    """Return what the actor's state says of its records that are candidates, as events of a chain.

    With them the acts that the command has to write down: of each record that leaves for another
    state.
    """
    sure = {
        hit.held.record_id: Sureness(hit.evidence.strength, hit.evidence.bits) for hit in candidates
    }
    views = _own(actor, sure)
    shared = sharing.for_state(actor, to, views)
    facts = document_facts.told(actor, to, views)
    events = [
        _given(_event(view, sure[view.record.id], facts), shared[view.record.id]) for view in views
    ]  # fmt: skip
    return events, _acts(actor, to, views, events, by_itself=True)


def tell(
    actor: Actor, to: str, records: Mapping[UUID, Sureness], handling: str
) -> list[dict[str, Any]]:
    """Return what a person of the actor's state gives of its own records, all of it, and write it down.

    Each is handled as it was said, or as itself where that is stricter.
    """
    views = _own(actor, records)
    facts = document_facts.told(actor, to, views)
    events = [_stricter(_event(view, records[view.record.id], facts), handling) for view in views]
    _write_down(actor, to, views, events, by_itself=False)
    return events


def tell_again(
    actor: Actor, to: str, records: Iterable[UUID], *, by_person: bool,
    handled: Mapping[str, str] = NOTHING,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return what records that were given before say now; how sure they are is not said anew.

    What a person gave is given whole; what the service did, as far as the asking state may still
    have it. It is `handled` as it was given, or as itself where that is stricter.
    """
    views = _own(actor, records)
    shared = sharing.for_state(actor, to, views)
    views = [view for view in views if by_person or shared[view.record.id].may("event")]
    facts = document_facts.told(actor, to, views)
    said = [(_event(view, SAID_BY_A_PERSON, facts), shared[view.record.id]) for view in views]
    events = [_stricter(event if by_person else _given(event, held),
                        handled.get(event["record"], event["handling"]))
              for event, held in said]  # fmt: skip
    _write_down(actor, to, views, events, by_itself=not by_person)
    return events


def _stricter(event: dict[str, Any], handling: str) -> dict[str, Any]:
    return event | {"handling": max(event["handling"], handling)}


def _own(actor: Actor, ids: Iterable[UUID]) -> list[RecordView]:
    found = by_id(ids, marked=False)  # no answer gives them
    return [view for view in found if view.record.owner_state == actor.state]


def _write_down(
    actor: Actor, to: str, views: Sequence[RecordView], events: Sequence[Mapping[str, Any]], *,
    by_itself: bool,
) -> None:  # fmt: skip
    append_many(actor, _acts(actor, to, views, events, by_itself=by_itself))


def _acts(
    actor: Actor, to: str, views: Sequence[RecordView], events: Sequence[Mapping[str, Any]], *,
    by_itself: bool,
) -> list[Act]:  # fmt: skip
    """Return what is written down of events that leave for another state."""
    if to == actor.state:
        return []
    return [
        given_to(view, to, groups_in(event), event["handling"], by_itself=by_itself)
        for view, event in zip(views, events, strict=True)
    ]


def groups_in(event: Mapping[str, Any], fields: Mapping[str, Sequence[str]] = FIELDS) -> list[str]:
    """Return the field groups of which an event of a chain says something; that it happened it always does."""
    return [group for group, names in fields.items()
            if group == "event" or any(event[name] is not None for name in names)]  # fmt: skip


def by_hand(state: str, told: HandEvent, handling: str) -> dict[str, Any]:
    """Return what a person tells of a state's books, in the form of an event."""
    said = asdict(told)
    return {
        "state": state, "record": str(new_id()), "version": None, "event": told.event,
        "occurred_on": told.occurred_on.isoformat(), "document_kind": None,
        "document_number": told.document_number, "shipment_status": None, "stolen_from": None,
        "return_due_on": None, "counterpart_state": told.counterpart_state,
        "giver": _by_hand(said["giver"]), "receiver": _by_hand(said["receiver"]),
        "serial": told.serial, "make": names.resolve("make", told.make), "make_text": told.make,
        "model": told.model, "calibre": names.resolve("calibre", told.calibre),
        "calibre_text": told.calibre, "type": None, "country_of_manufacture": None, "year": None,
        "linked_record": None, "handling": handling,
    } | asdict(SAID_BY_A_PERSON)  # fmt: skip


def _by_hand(side: dict[str, Any] | None) -> dict[str, Any] | None:
    return {"id": str(new_id())} | side if side else None


def _given(event: dict[str, Any], shared: Sharing) -> dict[str, Any]:
    """Return an event without the fields of groups that the asking state is not given."""
    kept = {name for group in GROUPS if not shared.may(group) for name in GROUPS[group]}
    return {name: None if name in kept else value for name, value in event.items()}


def _event(view: RecordView, sureness: Sureness, facts: Told) -> dict[str, Any]:
    record = view.record
    fact = facts.of(record)
    return {
        "state": record.owner_state, "record": str(record.id), "version": record.version,
        "event": record.event, "occurred_on": record.occurred_on.isoformat(),
        "document_kind": record.document_kind, "document_number": fact.get("number"),
        "shipment_status": fact.get("shipment_status"), "stolen_from": fact.get("stolen_from"),
        "return_due_on": fact.get("return_due_on"),
        "counterpart_state": record.counterpart_state,
        "giver": _side(view, record.giver_id), "receiver": _side(view, record.receiver_id),
        "serial": record.serial, "make": record.make, "make_text": record.make_text,
        "model": record.model, "calibre": record.calibre, "calibre_text": record.calibre_text,
        "type": record.type, "country_of_manufacture": record.country_of_manufacture,
        "year": record.year,
        "linked_record": str(record.linked_record) if record.linked_record else None,
        "handling": handling_of(view),
    } | asdict(sureness)  # fmt: skip


def _side(view: RecordView, party_id: UUID | None) -> dict[str, Any] | None:
    """Return a party without its personal values; who reads the result gets those by right."""
    party: Party | None = view.parties.get(party_id) if party_id else None
    if party is None:
        return None
    return {"id": str(party.id), "kind": party.kind, "country": party.country}
