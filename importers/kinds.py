"""The kinds of documents that files give, each with the commands that judge and record it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from importers.rows import Document, Event
from salsa_ext.readmodels import documents
from salsa_ext.readmodels.contacts import agency_codes
from salsa_ext.readmodels.days import today
from salsa_ext.services import imports, seizures, transfers
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import SeizureData, TransferData

Check = Callable[[Any], None]


@dataclass(frozen=True)
class Kind:
    """One kind of document: its name in reports, and the commands that judge and record it.

    `checker(actor, agencies)` gives the check of a batch; `agencies` are those that the importer
    registers itself.
    """

    name: str
    view: documents.Kind
    checker: Callable[[Actor, frozenset[str]], Check]
    record_many: Callable[..., object]


def _transfer_checker(actor: Actor, agencies: frozenset[str]) -> Check:
    on = today(actor)
    return lambda data: transfers.check(data, on)


def _seizure_checker(actor: Actor, agencies: frozenset[str]) -> Check:
    owner, on = actor.own_state(), today(actor)
    known = agency_codes(actor.state) | agencies
    return lambda data: seizures.check(data, owner, on, known)


KINDS: Mapping[type[Document], Kind] = {
    TransferData: Kind("transfers", documents.TRANSFERS, _transfer_checker, transfers.record_many),
    SeizureData: Kind("seizures", documents.SEIZURES, _seizure_checker, seizures.record_many),
}


def new_ones(events: Sequence[Event], actor: Actor) -> list[Event]:
    """Return the events without the documents that the state has already."""
    known = {}
    for kind, batch in by_kind(events).items():
        numbers = [document.number for document in batch if document.number is not None]
        known[kind] = imports.known(actor=actor, kind=kind.view, numbers=numbers)
    return [
        Event(tuple(document for document in event.documents
                    if document.number not in known[KINDS[type(document)]]))
        for event in events
    ]  # fmt: skip


def by_kind(events: Iterable[Event]) -> dict[Kind, list[Document]]:
    """Return the documents of events, each kind's in order of the rows."""
    found: dict[Kind, list[Document]] = defaultdict(list)
    for event in events:
        for document in event.documents:
            found[KINDS[type(document)]].append(document)
    return found
