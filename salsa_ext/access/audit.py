"""Audit log: actions with actor and purpose, in the action's transaction."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

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


class Action(StrEnum):
    """Codes of all audited actions, `subject:past-verb`."""

    ACCOUNT_OPENED = "account:opened"
    ACCOUNT_CLOSED = "account:closed"
    ACCOUNT_CHANGED = "account:changed"
    ACCOUNT_RENEWED = "account:renewed"
    ACCOUNT_LINKED = "account:linked"
    SECOND_FACTOR_SET = "account:factor_set"
    SECOND_FACTOR_REMOVED = "account:factor_removed"
    RECOVERY_BEGUN = "account:recovery_begun"
    RECOVERY_APPROVED = "account:recovered"
    RECOVERY_CANCELLED = "account:recovery_cancelled"
    ANNUAL_REPORT_CREATED = "annual_report:created"
    ANNUAL_REPORT_WRITTEN = "annual_report:written"
    ANNUAL_REPORT_SIGNED = "annual_report:signed"
    AGENCY_REGISTERED = "agency:registered"
    AGENCY_CORRECTED = "agency:corrected"
    AGENCY_PLACED = "agency:placed"
    ALERT_RECORDED = "alert:recorded"
    ALERT_VERIFIED = "alert:verified"
    ALERT_CANCELLED = "alert:cancelled"
    ALERT_EXPIRED = "alert:expired"
    ATTACHMENT_ADDED = "attachment:added"
    ATTACHMENT_DISCLOSED = "attachment:disclosed"
    ATTACHMENT_WITHDRAWN = "attachment:withdrawn"
    CONTACT_REGISTERED = "contact:registered"
    CONTACT_CORRECTED = "contact:corrected"
    CONTACT_CLOSED = "contact:closed"
    KEY_ISSUED = "key:issued"
    KEY_REVOKED = "key:revoked"
    KEY_ROTATED = "key:rotated"
    KEY_REFUSED = "key:refused"
    SETTING_CHANGED = "setting:changed"
    SIGNING_KEY_MADE = "signing_key:made"
    SIGNING_KEY_RETIRED = "signing_key:retired"
    SIGNING_KEY_COMPROMISED = "signing_key:compromised"
    PASSWORD_CHANGED = "account:password_changed"  # noqa: S105 - no password
    ACCOUNT_CONFIRMED = "account:confirmed"
    SIGN_IN_REFUSED = "session:refused"
    LOOKUPS_REFUSED = "lookup:refused"
    LOOKUPS_SAMPLED = "lookup:sampled"
    LOOKUP_JUSTIFIED = "lookup:justified"
    LOOKUP_DOUBTED = "lookup:doubted"
    SIGNED_IN = "session:opened"
    SIGNED_OUT = "session:closed"
    HIT_MADE = "hit:made"
    HIT_CONFIRMED = "hit:confirmed"
    HIT_DENIED = "hit:denied"
    HIT_EXTENDED = "hit:extended"
    HIT_EXPIRED = "hit:expired"
    HIT_ENDED = "hit:ended"
    HIT_ALERT_ENDED = "hit:alert_ended"
    HIT_CAUSE_CHANGED = "hit:cause_changed"
    HIT_REOPENED = "hit:reopened"
    HIT_REMINDED = "hit:reminded"
    LICENSEE_RECORDED = "licensee:recorded"
    LICENSEE_SUSPENDED = "licensee:suspended"
    LICENSEE_REINSTATED = "licensee:reinstated"
    LICENSEE_REVOKED = "licensee:revoked"
    LICENSEE_CLOSED = "licensee:closed"
    LICENSEE_RENEWED = "licensee:renewed"
    NOTIFICATION_READ = "notification:read"
    NOTIFICATIONS_READ = "notification:read_many"
    PARTICIPATION_DECLARED = "participation:declared"
    PERMIT_PROPOSED = "permit:proposed"
    PERMIT_APPROVED = "permit:approved"
    PERMIT_RETURNED = "permit:returned"
    PERMIT_RECORDED = "permit:recorded"
    PERMIT_CANCELLED = "permit:cancelled"
    PERMIT_SUSPENDED = "permit:suspended"
    PERMIT_REINSTATED = "permit:reinstated"
    PERMIT_AMENDED = "permit:amended"
    PERMIT_REPLACED = "permit:replaced"
    PERMIT_REVIEWED = "permit:reviewed"
    DISCREPANCY_RAISED = "discrepancy:raised"
    DISCREPANCY_RESOLVED = "discrepancy:resolved"
    DISCREPANCY_REOPENED = "discrepancy:reopened"
    DISCREPANCY_EXPLAINED = "discrepancy:explained"
    DISCREPANCY_AGREED = "discrepancy:agreed"
    DISCREPANCY_ASSIGNED = "discrepancy:assigned"
    PERMIT_VERIFIED = "permit:verified"
    POST_CALLED = "post:called"
    POST_ANSWERED = "post:answered"
    SHIPMENT_RECORDED = "shipment:recorded"
    SHIPMENT_RELEASED = "shipment:released"
    SHIPMENT_AMENDED = "shipment:amended"
    SHIPMENT_CANCELLED = "shipment:cancelled"
    SHIPMENT_HELD = "shipment:held"
    SHIPMENT_RESUMED = "shipment:resumed"
    SHIPMENT_RETURNED = "shipment:returned"
    SHIPMENT_PROGRESSED = "shipment:progressed"
    INCIDENT_RECORDED = "incident:recorded"
    RECEIPT_ASKED = "receipt:asked"
    CHECKPOINT_RECORDED = "checkpoint:recorded"
    RECEIPT_CONFIRMED = "receipt:confirmed"
    RECEIPT_CORRECTED = "receipt:corrected"
    TRANSFER_RECORDED = "transfer:recorded"
    TRANSFER_CORRECTED = "transfer:corrected"
    TRANSFER_WITHDRAWN = "transfer:withdrawn"
    REPORT_RECORDED = "report:recorded"
    REPORT_CORRECTED = "report:corrected"
    REPORT_WITHDRAWN = "report:withdrawn"
    SEIZURE_RECORDED = "seizure:recorded"
    SEIZURE_CORRECTED = "seizure:corrected"
    SEIZURE_WITHDRAWN = "seizure:withdrawn"
    CUSTODY_RECORDED = "custody:recorded"
    CUSTODY_CORRECTED = "custody:corrected"
    CUSTODY_WITHDRAWN = "custody:withdrawn"
    MARK_ADDED = "mark:added"
    MESSAGE_SENT = "conversation:sent"
    WEBHOOK_ADDED = "webhook:added"
    WEBHOOK_CHANGED = "webhook:changed"
    WEBHOOK_READ = "webhook:read"
    CANARY_PLANTED = "canary:planted"
    CANARY_REMOVED = "canary:removed"
    CANARY_LOOKED_UP = "canary:looked_up"
    CHECK_MADE = "check:made"
    CHECK_GIVEN_CASE = "check:given_case"
    CHECK_DISCLOSED = "check:disclosed"
    RECORD_MATCHED = "record:matched"
    RECORD_SHOWN = "record:shown"
    RECORD_DISCLOSED = "record:disclosed"
    PARTY_DISCLOSED = "party:disclosed"
    RECORD_CORRECTED = "record:corrected"
    MATCH_PROPOSED = "match:proposed"
    MATCH_REOPENED = "match:reopened"
    MATCH_WITHDRAWN = "match:withdrawn"
    MATCH_CONFIRMED = "match:confirmed"
    MATCH_REJECTED = "match:rejected"
    TRACE_REQUESTED = "trace:requested"
    TRACE_AMENDED = "trace:amended"
    TRACE_APPROVED = "trace:approved"
    TRACE_APPROVAL_ASKED = "trace:approval_asked"
    TRACE_DECLINED = "trace:declined"
    TRACE_UNAPPROVED = "trace:unapproved"
    TRACE_HIDDEN = "trace:hidden"
    TRACE_SENT = "trace:sent"
    TRACE_REOPENED = "trace:reopened"
    TRACE_WITHDRAWN = "trace:withdrawn"
    TRACE_CLOSED = "trace:closed"
    TRACE_ASKED = "trace:asked"
    TRACE_CHANNEL_CHANGED = "trace:channel_changed"
    TRACE_REPLIED = "trace:replied"
    TRACE_ASSIGNED = "trace:assigned"
    TRACE_NOTED = "trace:noted"
    TRACE_FED_BACK = "trace:fed_back"
    TRACE_COMPARED = "trace:compared"
    TRACE_REPORTED = "trace:reported"
    TRACE_FORM_MADE = "trace:form_made"
    TRACE_ETRACE_TYPED = "trace:etrace_typed"
    TRACE_ETRACE_ERASED = "trace:etrace_erased"
    REQUEST_RECEIVED = "request:received"
    REQUEST_ACKNOWLEDGED = "request:acknowledged"
    REQUEST_ANSWERED = "request:answered"
    REQUEST_FOUND_NOTHING = "request:found_nothing"
    REQUEST_COMPARED = "request:compared"
    REQUEST_REFUSED = "request:refused"
    REQUEST_DEFERRED = "request:deferred"
    REQUEST_QUESTIONED = "request:questioned"
    REQUEST_FORWARDED = "request:forwarded"
    REQUEST_ASSIGNED = "request:assigned"
    REQUEST_NOTED = "request:noted"
    REQUEST_HIDDEN = "request:hidden"
    ENVELOPE_SENT = "envelope:sent"
    ENVELOPE_APPLIED = "envelope:applied"
    ENVELOPE_REFUSED = "envelope:refused"
    ENVELOPE_RETURNED = "envelope:returned"
    CONSENT_ASKED = "consent:asked"
    CONSENT_GRANTED = "consent:granted"
    CONSENT_REFUSED = "consent:refused"
    CONSENT_REVOKED = "consent:revoked"
    CONSENT_COMPELLED = "consent:compelled"
    FILE_IMPORTED = "file:imported"
    IMPORT_UNDONE = "file:undone"
    PROFILE_STORED = "file:profile_stored"
    RELEASE_CREATED = "release:created"
    RELEASE_CONFIRMED = "release:confirmed"
    RELEASE_PUBLISHED = "release:published"
    DATASET_RECOUNTED = "dataset:recounted"
    DOCUMENT_READ = "document:read"
    LIST_EXPORTED = "list:exported"
    JOB_SET_ASIDE = "job:set_aside"
    JOB_RETRIED = "job:retried"
    LOG_SHORTENED = "log:shortened"
    SUBJECT_REQUEST_RECORDED = "subject_request:recorded"
    SUBJECT_REQUEST_ANSWERED = "subject_request:answered"
    SUBJECT_REQUEST_READ = "subject_request:read"
    SUBJECT_REQUEST_REFUSED = "subject_request:refused"
    PERSON_ERASED = "person:erased"
    HOLD_PLACED = "legal_hold:recorded"
    HOLD_LIFTED = "legal_hold:lifted"


SUBJECT_KINDS: Final = tuple(
    "account agency alert annual_report attachment batch canary check consent contact conversation dataset "
    "discrepancy envelope hit import key licensee list log lookup match notification participation "
    "permit post record release report request seizure setting shipment signing_key subject_request "
    "trace transfer webhook".split()
)
AUTOMATIC_ACTIONS: Final = frozenset(
    Action[name]
    for name in (
        "ALERT_EXPIRED CANARY_LOOKED_UP LOOKUPS_SAMPLED HIT_MADE HIT_EXPIRED HIT_ENDED HIT_ALERT_ENDED "
        "HIT_CAUSE_CHANGED HIT_REOPENED HIT_REMINDED MATCH_PROPOSED MATCH_REOPENED MATCH_WITHDRAWN "
        "RECORD_SHOWN DISCREPANCY_RAISED PERMIT_REVIEWED SHIPMENT_PROGRESSED REQUEST_RECEIVED ENVELOPE_SENT "
        "ENVELOPE_APPLIED ENVELOPE_REFUSED ENVELOPE_RETURNED"
    ).split()
)
"""Actions of the service itself, also as a consequence of a person's act."""
DISCLOSURE_ACTIONS: Final = (
    Action.RECORD_DISCLOSED,
    Action.PARTY_DISCLOSED,
    Action.ATTACHMENT_DISCLOSED,
    Action.CHECK_DISCLOSED,
)
AUTOMATIC_KEY: Final = "automatic"
"""Key in the data of entries made by the service itself."""
CAUSE_KEY: Final = "caused_by"
"""Key in the data of entries of jobs: the id of the entry that caused them."""
WRITTEN_KEY: Final = "written"
"""Key in the data of entries: the hashes of the rows that the act wrote."""
CHANGE_ACTIONS: Final = frozenset(
    Action[name]
    for name in (
        "ALERT_RECORDED ALERT_VERIFIED ALERT_CANCELLED ALERT_EXPIRED CHECK_MADE CHECK_GIVEN_CASE "
        "CUSTODY_RECORDED CUSTODY_CORRECTED CUSTODY_WITHDRAWN PERMIT_PROPOSED PERMIT_RETURNED "
        "CONSENT_ASKED CONSENT_GRANTED CONSENT_REFUSED CONSENT_REVOKED DISCREPANCY_RAISED "
        "DISCREPANCY_RESOLVED DISCREPANCY_REOPENED DISCREPANCY_EXPLAINED DISCREPANCY_AGREED "
        "DISCREPANCY_ASSIGNED ENVELOPE_APPLIED HIT_MADE HIT_CONFIRMED HIT_DENIED HIT_EXTENDED HIT_EXPIRED "
        "HIT_ENDED HIT_ALERT_ENDED HIT_CAUSE_CHANGED HIT_REOPENED MARK_ADDED MATCH_CONFIRMED MATCH_REJECTED "
        "PERMIT_RECORDED PERMIT_CANCELLED PERMIT_SUSPENDED PERMIT_REINSTATED PERMIT_AMENDED PERMIT_REPLACED "
        "PERMIT_REVIEWED LICENSEE_RECORDED LICENSEE_SUSPENDED LICENSEE_REINSTATED LICENSEE_REVOKED "
        "LICENSEE_CLOSED LICENSEE_RENEWED POST_CALLED POST_ANSWERED REPORT_RECORDED REPORT_CORRECTED "
        "REPORT_WITHDRAWN SEIZURE_RECORDED SEIZURE_CORRECTED SEIZURE_WITHDRAWN TRANSFER_WITHDRAWN "
        "SHIPMENT_RECORDED SHIPMENT_RELEASED SHIPMENT_AMENDED SHIPMENT_CANCELLED SHIPMENT_HELD "
        "SHIPMENT_RESUMED SHIPMENT_RETURNED SHIPMENT_PROGRESSED INCIDENT_RECORDED RECEIPT_ASKED "
        "CHECKPOINT_RECORDED RECEIPT_CONFIRMED RECEIPT_CORRECTED TRANSFER_RECORDED TRANSFER_CORRECTED "
        "TRACE_REQUESTED TRACE_AMENDED TRACE_APPROVED TRACE_APPROVAL_ASKED TRACE_DECLINED TRACE_UNAPPROVED "
        "TRACE_HIDDEN TRACE_SENT TRACE_REOPENED TRACE_WITHDRAWN TRACE_CLOSED TRACE_ASKED "
        "TRACE_CHANNEL_CHANGED TRACE_REPLIED TRACE_COMPARED TRACE_ASSIGNED REQUEST_RECEIVED "
        "REQUEST_ACKNOWLEDGED REQUEST_ANSWERED REQUEST_FOUND_NOTHING REQUEST_REFUSED REQUEST_DEFERRED "
        "REQUEST_QUESTIONED REQUEST_FORWARDED REQUEST_COMPARED REQUEST_ASSIGNED REQUEST_HIDDEN"
    ).split()
)
"""Writing actions that jobs follow: their entries are changes, of the kind of their subject."""
SHARED_KINDS: Final = frozenset({"permit", "shipment", "discrepancy", "post", "seizure"})
"""Kinds of subjects whose changes are changes of each state concerned, and not only of the actor's."""
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
