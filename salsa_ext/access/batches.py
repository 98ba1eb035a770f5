"""Batches: many documents in one transaction, each refused by itself, in one audit entry."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.exc import IntegrityError

from salsa_ext.access.audit import ONE_ENTRY, AuditEvent, append_groups
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.core.errors import SalsaError
from salsa_ext.core.ids import new_id
from salsa_ext.core.log_verifier import add_leaf, hash_leaf, root_of
from salsa_ext.database.session import constraint_error, db

RecordMany = Callable[..., Sequence[UUID]]
Result = UUID | SalsaError


def record_each(actor: Actor, batch: Sequence[Any], record_many: RecordMany) -> list[Result]:
    """Record documents; return the id or the error of each, in order.

    `record_many(actor=…, batch=…)` records all or none. What it refuses is halved until the refused
    documents are alone: a batch without any takes as many statements as one document.
    """
    with one_entry(actor) as events:
        return _record_part(actor, batch, record_many, events)


def _record_part(
    actor: Actor, part: Sequence[Any], record_many: RecordMany, events: list[AuditEvent]
) -> list[Result]:
    if not part:
        return []
    count = len(events)
    try:
        with db.session.begin_nested():
            return [*record_many(actor=actor, batch=part)]
    except (SalsaError, IntegrityError) as error:
        del events[count:]
        if len(part) == 1:
            return [constraint_error(error) if isinstance(error, IntegrityError) else error]
    middle = len(part) // 2
    first = _record_part(actor, part[:middle], record_many, events)
    return first + _record_part(actor, part[middle:], record_many, events)


@contextmanager
def one_entry(actor: Actor) -> Iterator[list[AuditEvent]]:
    """Collect the events of a batch, and append one entry for each action and its readers.

    It holds the ids of their subjects and the root of a Merkle tree (RFC 6962) of the events. Each
    event is still a change of its own.
    """
    waiting: list[AuditEvent] = []
    db.session.info[ONE_ENTRY] = waiting
    try:
        yield waiting
    finally:
        del db.session.info[ONE_ENTRY]
    alike = group_by(waiting, lambda act: (act.action, *act.concerned, act.hidden, act.of_state))
    append_groups(actor, [(acts, _batch_event(acts)) for acts in alike.values()], {})


def _batch_event(acts: Sequence[AuditEvent]) -> AuditEvent:
    if len(acts) == 1:
        return acts[0]
    ids = [str(act.subject_id) for act in acts]
    peaks: list[bytes] = []
    for size, act in enumerate(acts):
        add_leaf(peaks, size, hash_leaf(b"", event_text(act)))
    data = {"of": acts[0].subject_kind, "ids": ids, "root": root_of(peaks).hex()}
    return replace(acts[0], subject_kind="batch", subject_id=new_id(), data=data)


def event_text(act: AuditEvent) -> str:
    """Return the text of an event of a batch that its leaf seals."""
    text = {"action": act.action, "subject_id": act.subject_id, "data": act.data}
    return orjson.dumps(text, default=str, option=orjson.OPT_SORT_KEYS).decode()
