"""The kinds of documents that files give, each with the commands that judge and record it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from importers.rows import Document, Event
from salsa_ext.readmodels import documents
from salsa_ext.services import imports, seizures, transfers
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import SeizureData, TransferData


@dataclass(frozen=True)
class Kind:
    """One kind of document: its name in reports, and the commands that judge and record it."""

    name: str
    view: documents.Kind
    check: Callable[[Any, str, date], None]
    record_many: Callable[..., object]


KINDS: Mapping[type[Document], Kind] = {
    TransferData: Kind(
        "transfers", documents.TRANSFERS,
        lambda data, owner, on: transfers.check(data, on), transfers.record_many,
    ),
    SeizureData: Kind(
        "seizures", documents.SEIZURES,
        seizures.check, seizures.record_many,
    ),
}  # fmt: skip


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
