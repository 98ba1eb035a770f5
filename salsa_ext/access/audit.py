"""Audit log: actions with actor and purpose, in the action's transaction."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.access.audit_actions import CHANGE_ACTIONS, DISCLOSURE_ACTIONS, SHARED_KINDS, Action
from salsa_ext.access.models import AuditEntry, Officer
from salsa_ext.core.actor import Actor
from salsa_ext.core.ids import new_id
from salsa_ext.core.log_verifier import hash_leaf, hash_rows
from salsa_ext.database.bulk import (
    COPY_FROM_ROWS,
    NO_STATEMENT,
    SqlStatement,
    TableRows,
    insert_into_tables,
    send_rows,
)
from salsa_ext.database.session import NO_STATE, db, execute_raw, wake_after_commit
from salsa_ext.database.written_rows import WrittenText, collect_rows, take_texts
from salsa_ext.jobs.models import ChangeNew
from salsa_ext.sealed_log.models import NewLeaf

AUTOMATIC_KEY: Final = "automatic"
"""Key in the data of entries made by the service itself."""
CAUSE_KEY: Final = "caused_by"
"""Key in the data of entries of jobs: the id of the entry that caused them."""
WRITTEN_KEY: Final = "written"
"""Key in the data of entries: the hashes of the rows that the act wrote."""
_CASE_TRACES: Final = (
    "SELECT id FROM trace WHERE owner_state = %(state)s AND case_number = %(case)s"
    " AND status <> 'withdrawn' AND (sent_at IS NOT NULL OR %(unsent)s)"
    " UNION SELECT trace_id FROM trace_request WHERE owner_state = %(state)s"
    " AND case_number = %(case)s AND status <> 'withdrawn' ORDER BY 1"
)


@dataclass(frozen=True)
class AuditEvent:
    """One action with its subject, owner, and other states concerned.

    `data` holds ids and codes, never personal values. A `hidden` event is visible only to the
    concerned states, not to the actor's own. `of_state` events belong to the state, not to the
    actor's agency, and do not appear in that agency's audit.
    """

    action: Action
    subject_kind: str
    subject_id: UUID | str
    subject_state: str | None = None
    concerned: Iterable[str] = ()
    data: dict[str, Any] = field(default_factory=dict)
    hidden: bool = False
    of_state: bool = False

    def with_data(self, data: Mapping[str, Any]) -> AuditEvent:
        """Return the event with more data."""
        return replace(self, data={**self.data, **data})


EventGroup = tuple[Sequence[AuditEvent], AuditEvent]
"""Events, and the one that is entered for them."""
ONE_ENTRY: Final = "one_entry"
"""Where a session holds the events that wait for the end of a batch."""


def audit_event(action: Action, row: Any, **data: Any) -> AuditEvent:
    """Return the event of a row whose table is named like its kind of subject."""
    kind = type(row).__tablename__
    return AuditEvent(action, kind, row.id, row.owner_state, row.concerned, data)


def append(actor: Actor, act: AuditEvent) -> None:
    """Append one event to the audit."""
    append_many(actor, [act])


def append_many(
    actor: Actor, acts: Sequence[AuditEvent], done: SqlStatement = NO_STATEMENT
) -> None:
    """Append events in order, after the statement `done`; in bulk if many."""
    append_with_rows(actor, acts, {}, done)


def append_with_rows(
    actor: Actor, acts: Sequence[AuditEvent], rows: TableRows, done: SqlStatement = NO_STATEMENT
) -> None:
    """Append events and insert the changed rows, in one round trip.

    Changes come last: their ids follow the order in which their rows were written. Within
    `one_entry` the events wait for its end.
    """
    if (waiting := db.session.info.get(ONE_ENTRY)) is not None:
        waiting += acts
        insert_into_tables(rows, done)
        return
    groups = [((act,), act) for act in acts]
    append_groups(actor, groups, rows, done)


def append_groups(
    actor: Actor, groups: Sequence[EventGroup], rows: TableRows, done: SqlStatement = NO_STATEMENT
) -> None:
    """Append the entry of each group of events, and the changes that they are."""
    acts = [entered for _, entered in groups]
    officer = resolve_officer(actor) if acts else None
    about = _purpose_traces(actor, acts)
    collect_rows(rows)
    written = take_texts([None if act.hidden else str(act.subject_id) for act in acts])
    entries = [
        _entry_row(actor, officer, act, about, texts)
        for act, texts in zip(acts, written, strict=True)
    ]
    changes = [
        change
        for (group, _), entry in zip(groups, entries, strict=True)
        for act in group
        if (change := _change_row(actor, act, entry))
    ]
    if changes:
        db.session.flush()
        wake_after_commit()
    leaves = [_new_leaf(entry) for entry in entries]
    tables: TableRows = {**rows, AuditEntry: entries, NewLeaf: leaves}
    if len(changes) < COPY_FROM_ROWS:
        send_rows({**tables, ChangeNew: changes}, done)
    else:  # a copy would come before the few rows of other tables
        send_rows(tables, done)
        send_rows({ChangeNew: changes})


def _new_leaf(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the leaf of an entry, in the log of a state that reads it."""
    readers, own = entry["concerned"], entry["owner_state"]
    state = own if own in readers or not readers else readers[0]
    return {"state": state, "entry_id": entry["id"], "leaf": entry["leaf_hash"]}


def _change_row(actor: Actor, act: AuditEvent, entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the change that an entry is, or None; jobs of its state cannot read a hidden cause."""
    if act.action not in CHANGE_ACTIONS or actor.state is None or act.hidden:
        return None
    others = {*act.concerned} if act.subject_kind in SHARED_KINDS else set()
    return {
        "states": [actor.state, *sorted(others - {actor.state})],
        "kind": act.subject_kind,
        "object": str(act.subject_id),
        "action": entry["action"],
        "cause": entry["id"],
        "at": entry["at"],
    }


def find_case_traces(actor: Actor, case_number: str, *, unsent: bool = False) -> tuple[str, ...]:
    """Return ids of a case's traces and requests visible to the actor.

    Withdrawn ones are left out; drafts are included only with `unsent`.
    """
    parameters = {"state": actor.state, "case": case_number, "unsent": unsent}
    return tuple(str(trace) for (trace,) in execute_raw(_CASE_TRACES, parameters))


def _purpose_traces(actor: Actor, acts: Sequence[AuditEvent]) -> tuple[str, ...]:
    """Return the traces of the purpose, or of its case for disclosures."""
    purpose = actor.purpose
    if purpose is None or purpose.about:
        return purpose.about if purpose else ()
    is_disclosed = any(act.action in DISCLOSURE_ACTIONS for act in acts)
    case_number = purpose.case_number if is_disclosed else None
    return find_case_traces(actor, case_number) if case_number else ()


def _entry_row(
    actor: Actor,
    officer: UUID | None,
    act: AuditEvent,
    about: Sequence[str],
    texts: Mapping[str, WrittenText],
) -> dict[str, Any]:
    state, salt = actor.state or NO_STATE, secrets.token_bytes(16)
    hashes = {key: hash_rows(each.salt or salt, each.text) for key, each in texts.items()}
    entry: dict[str, Any] = {
        "id": new_id(),
        "owner_state": state,
        "concerned": sorted({*act.concerned} if act.hidden else {state, *act.concerned}),
        "at": actor.now(),
        "action": str(act.action),
        "subject_kind": act.subject_kind,
        "subject_id": str(act.subject_id),
        "subject_state": act.subject_state or actor.state,
        "account_id": actor.account_id,
        "key_id": actor.key_id,
        "officer_id": officer,
        "role": actor.role,
        "purpose": actor.purpose.code if actor.purpose else None,
        "case_number": _case_number(actor),
        "request_id": actor.request_id,
        "agency": None if act.of_state else actor.agency,
        "data": act.data
        | _trace_data(act, about)
        | ({AUTOMATIC_KEY: True} if actor.is_automatic else {})
        | ({CAUSE_KEY: str(actor.cause)} if actor.cause else {})
        | ({WRITTEN_KEY: hashes} if hashes else {}),
    }
    return entry | {"salt": salt, "leaf_hash": hash_leaf(salt, entry_text(entry))}


def _trace_data(act: AuditEvent, about: Sequence[str]) -> dict[str, Any]:
    """Return the related traces for the entry's data.

    Agencies restricted from one do not see the entry. Disclosures carry the list, even if empty.
    """
    others = [trace for trace in about if trace != str(act.subject_id)]
    if not (others or "about" in act.data or act.action in DISCLOSURE_ACTIONS):
        return {}
    every = (*act.data.get("about", ()), *others)
    return {"about": [*dict.fromkeys(str(UUID(trace_id)) for trace_id in every)]}


def related_traces(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the trace ids in an entry's data."""
    return tuple(data.get("about") or ())


def entry_text(entry: Mapping[str, Any]) -> str:
    """Return the text of an entry that its leaf seals: sorted JSON, without salt and leaf."""
    sealed = {name: value for name, value in entry.items() if name not in ("salt", "leaf_hash")}
    return _write_sealed(sealed)


_write_sealed: Final = json.JSONEncoder(default=str, sort_keys=True, separators=(",", ":")).encode


def stored_text(entry: Row[Any]) -> str:
    """Return the text of an entry that was read, as it was sealed."""
    return entry_text(dict(entry._mapping) | {"at": entry.at.astimezone(UTC)})


def _case_number(actor: Actor) -> str | None:
    return (actor.purpose.case_number or actor.purpose.incident) if actor.purpose else None


def resolve_officer(actor: Actor) -> UUID | None:
    """Return the id of the officer's number, created on first use."""
    if not actor.officer:
        return None
    mine = {"owner_state": actor.state or NO_STATE, "number": actor.officer}
    db.session.execute(insert(Officer).values(id=new_id(), **mine).on_conflict_do_nothing())
    return db.session.scalar(select(Officer.id).filter_by(**mine))
