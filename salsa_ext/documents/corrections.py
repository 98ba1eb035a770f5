"""Corrections: a new version, and notices to recipients of the old one."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import String, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from salsa_ext.access.audit import AuditEvent, related_traces
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import AuditEntry
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition, Message, NotFound, message
from salsa_ext.core.field_checks import Problems
from salsa_ext.database.locks import check_version, select_current
from salsa_ext.database.session import acting_as, db
from salsa_ext.documents.values import ReportData, SeizureData, TransferData
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records.models import RecordSetting
from salsa_ext.firearms.records.queries import RecordView, records_of_documents
from salsa_ext.firearms.records.record_writing import mark_superseded, update_settings
from salsa_ext.matches import withdrawals
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.notice_rules import Notice, Subject
from salsa_ext.tracing.requests.models import TraceRequest

AFTER_CORRECTION: Final[list[Callable[[Actor, Sequence[RecordView]], None]]] = []
"""Called with the records of a corrected seizure."""
AFTER_MARK: Final[list[Callable[[Actor, RecordView], None]]] = []
"""Called with the record of a gun to which a mark was added."""


DocumentData = TypeVar("DocumentData", TransferData, ReportData, SeizureData)
RecordAndTraces = tuple[str, tuple[str, ...]]
"""A record, and the traces for which it was given."""
_SHOWN_TO_SQL: Final = text(
    "SELECT * FROM salsa_disclosure_recipients(:records) ORDER BY record, state, cause"
).bindparams(bindparam("records", type_=ARRAY(String)))


def lock_document(model: Any, kind: str, document_id: UUID, expected_version: int | None) -> Any:
    """Lock a document's id and return its current version; raises NotFound, StaleVersion."""
    db.session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": str(document_id)}
    )
    document = db.session.scalars(select_current(model).where(model.id == document_id)).first()
    if document is None:
        raise NotFound(kind, document_id)
    check_version(document.version, expected_version)
    return document


def lock_standing(
    model: Any, kind: str, document_id: UUID, expected_version: int | None, action: str | Message
) -> Any:
    """Lock a document that was not withdrawn; raises NotFound, StaleVersion, IllegalTransition."""
    document = lock_document(model, kind, document_id, expected_version)
    if document.status != "standing":
        raise IllegalTransition(kind, document.status, action)
    return document


def records_by_line(
    document_id: UUID, items: Sequence[Firearm], path: str = "items"
) -> dict[int, RecordView]:
    """Return the current records by line; raises Invalid at `path` if `items` lacks one."""
    views = {view.record.line: view for view in records_of_documents([document_id])[document_id]}
    problems = Problems()
    for line in sorted(set(views) - {item.line for item in items}):
        problems.add(path, message("Line {line} is recorded and cannot be left out.", line=line))
    problems.raise_any()
    return views


def with_current_settings(data: DocumentData, current: Mapping[int, RecordView]) -> DocumentData:
    """Return the document with current visibility and handling as defaults."""
    setting = next(view.setting for view in current.values() if view.setting)
    return replace(
        data,
        visibility=data.visibility or setting.visibility,
        handling=data.handling or setting.handling,
    )


def finish_correction(
    actor: Actor, views: Sequence[RecordView], row: Mapping[str, Any], data: DocumentData
) -> list[AuditEvent]:
    """Update the records' settings and supersede their old search keys.

    Other states' matches with records that become silent are hidden at once. `row` is the new
    version. Returns the audit events for each recipient of an old value.
    """
    ids = [view.record.id for view in views]
    update_settings(ids, str(data.visibility), str(data.handling), row["concerned"])
    if data.visibility == "silent":
        withdrawals.hide_matches(ids)
    mark_superseded(ids, row["version"])
    return notify_recipients(actor, ids, row["version"])


def notify_recipients(
    actor: Actor, record_ids: Sequence[UUID], version: int, *, is_withdrawn: bool = False
) -> list[AuditEvent]:
    """Notify the recipients of old record values; return the audit events.

    The own state gets one event for each record, and one for each trace that requested it, so that
    an agency excluded from a trace reads nothing of it. Recipients get it for their purpose, each
    agency what it may see. States that a search or match showed the record to get it too; with
    `is_withdrawn` also those that were only pointed to it. The own state has no event of these,
    since a case may be restricted.
    """
    entries = {given.entry for given in _find_disclosed(record_ids)}
    with acting_as(actor, actor.own_state()):  # also traces restricted for the actor's agency
        every = _find_disclosed(record_ids)
        known = _received_traces({trace for given in every for trace in related_traces(given.data)})
        recipients = _find_shown(record_ids)
    own: dict[RecordAndTraces, None] = {}
    receivers: dict[RecordAndTraces, set[str]] = defaultdict(set)
    for entry, record_id, concerned, data in every:
        about = related_traces(data)
        receivers[record_id, about] |= {*concerned} - {actor.own_state()}
        here = tuple(trace for trace in about if trace in known)
        if here or entry in entries:
            own[record_id, here] = None
    for recipient in recipients:
        if recipient.cause is None:
            receivers[recipient.record, ()].add(recipient.state)
    acts = [
        *(_correction_event(record_id, version, about) for record_id, about in own),
        *(
            _correction_event(record_id, version, about, states)
            for (record_id, about), states in _without_repeats(receivers).items()
            if states
        ),
        *(_pointer_events(recipients, receivers) if is_withdrawn else ()),
    ]
    send_correction_notices(actor, acts, is_withdrawn=is_withdrawn)
    return acts


def _without_repeats(
    receivers: Mapping[RecordAndTraces, set[str]],
) -> dict[RecordAndTraces, set[str]]:
    """Return the states by key, without traces if all agencies may read."""
    return {
        (record_id, about): states - receivers.get((record_id, ()), set()) if about else states
        for (record_id, about), states in receivers.items()
    }


def _pointer_events(
    recipients: Iterable[Any], receivers: Mapping[RecordAndTraces, set[str]]
) -> list[AuditEvent]:
    """Return events of checks and receipts that pointed to unknown records."""
    pointed: dict[tuple[str, str, str], None] = {
        (recipient.cause_kind, recipient.cause, recipient.state): None
        for recipient in recipients
        if recipient.cause is not None
        and recipient.state not in receivers.get((recipient.record, ()), ())
    }
    return [
        AuditEvent(
            Action.RECORD_CORRECTED, kind, cause, concerned=[state], hidden=True, of_state=True
        )
        for kind, cause, state in pointed
    ]


def _correction_event(
    record_id: str, version: int, about: Sequence[str], states: Collection[str] = ()
) -> AuditEvent:
    """Return a correction's audit event."""
    audit_data = {"version": version} | ({"about": [*about]} if about else {})
    return AuditEvent(
        Action.RECORD_CORRECTED,
        "record",
        record_id,
        concerned=states,
        data=audit_data,
        hidden=bool(states),
        of_state=True,
    )


def _received_traces(traces: Collection[str]) -> set[str]:
    """Return the traces that the own state received or had to approve."""
    if not traces:
        return set()
    requests = select(TraceRequest.trace_id).where(TraceRequest.trace_id.in_(map(UUID, traces)))
    return {str(trace) for trace in db.session.scalars(requests)}


def _find_shown(record_ids: Sequence[UUID]) -> Sequence[Any]:
    """Return the states that searches and matches showed records to, without silent ones."""
    silent = select(RecordSetting.record_id).where(
        RecordSetting.record_id.in_(record_ids), RecordSetting.visibility == "silent"
    )
    open_ids = {*record_ids} - {*db.session.scalars(silent)}
    return db.session.execute(_SHOWN_TO_SQL, {"records": sorted(map(str, open_ids))}).all()


def _find_disclosed(record_ids: Sequence[UUID]) -> Sequence[Any]:
    """Return disclosures of visible records: entry, subject_id, concerned, data (traces)."""
    query = select(
        AuditEntry.id.label("entry"), AuditEntry.subject_id, AuditEntry.concerned, AuditEntry.data
    ).where(
        AuditEntry.action == Action.RECORD_DISCLOSED,
        AuditEntry.subject_id.in_(map(str, record_ids)),
    )
    return db.session.execute(query).all()


MAX_NOTICES: Final = 20
"""Most notices of one state; of more the first is sent with their number."""


def send_correction_notices(
    actor: Actor, acts: Iterable[AuditEvent], *, is_withdrawn: bool
) -> None:
    """Send each state one notice per record, check or receipt.

    A record that was given for traces only is hidden from agencies that are excluded from one of
    them. Called by commands only.
    """
    read: dict[tuple[str, str, str], list[AuditEvent]] = defaultdict(list)
    for act in acts:
        for state in act.concerned if act.hidden else ():
            read[state, act.subject_kind, str(act.subject_id)].append(act)
    notices_by_kind: dict[tuple[str, str], list[Notice]] = defaultdict(list)
    for (state, kind, _), of_one in read.items():
        notices_by_kind[state, kind].append(
            _correction_notice(actor, state, of_one, is_withdrawn=is_withdrawn)
        )
    notify_many(
        actor, [each for notices in notices_by_kind.values() for each in _limit_notices(notices)]
    )


def _correction_notice(
    actor: Actor, state: str, acts: Sequence[AuditEvent], *, is_withdrawn: bool
) -> Notice:
    act, own = acts[0], actor.own_state()
    subject_id = UUID(str(act.subject_id))
    if act.subject_kind != "record":
        # of what that state itself asked: the record is not named to it
        subject = Subject(subject_id, state, kind=act.subject_kind)
        return Notice(state, "pointer_withdrawn", subject, {"by": own})
    about = {trace for each in acts for trace in related_traces(each.data)}
    is_restricted = all(related_traces(each.data) for each in acts)
    notice_data = {"by": own, "version": act.data["version"]}
    notice_data |= {"about": sorted(about)} if is_restricted else {}
    code = "record_withdrawn" if is_withdrawn else "record_corrected"
    return Notice(state, code, Subject(subject_id, own), notice_data)


def _limit_notices(notices: Sequence[Notice]) -> list[Notice]:
    """Return the notices, or one with a count if too many. Prefers one without traces, which all may see."""
    if len(notices) <= MAX_NOTICES:
        return [*notices]
    first = min(notices, key=lambda each: "about" in each.data)
    return [replace(first, data=first.data | {"count": len(notices)})]
