"""What every correction of a document does: a new version, and word to who had the old one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import String, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from salsa_ext.audit import Act, Action, traces_in
from salsa_ext.db import as_state, db
from salsa_ext.errors import NotFound, StaleVersion, say
from salsa_ext.models import AuditEntry, RecordSetting, TraceRequest
from salsa_ext.readmodels.records import RecordView, of_documents
from salsa_ext.readmodels.versions import current
from salsa_ext.services import correction_news
from salsa_ext.services.fields import Problems
from salsa_ext.services.records import settle, supersede
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import ReportData, SeizureData, TransferData
from salsa_ext.values.firearms import Firearm

Data = TypeVar("Data", TransferData, ReportData, SeizureData)
Key = tuple[str, tuple[str, ...]]
"""A record, and the traces for which it was given."""
_SHOWN: Final = text(
    "SELECT * FROM salsa_shown_to(:records) ORDER BY record, state, cause"
).bindparams(bindparam("records", type_=ARRAY(String)))


def take(model: Any, kind: str, document_id: UUID, seen: int | None) -> Any:
    """Return the current version to be corrected; raises NotFound or StaleVersion.

    The lock on the id makes two corrections at once wait for each other.
    """
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"),
                       {"key": str(document_id)})  # fmt: skip
    document = db.session.scalars(current(model).where(model.id == document_id)).first()
    if document is None:
        raise NotFound(kind, document_id)
    if seen is not None and seen != document.version:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    return document


def lines_kept(
    document_id: UUID, items: Sequence[Firearm], path: str = "items"
) -> dict[int, RecordView]:
    """Return the records by line; raises Invalid at `path` where one that stands would disappear."""
    standing = {view.record.line: view for view in of_documents([document_id])[document_id]}
    problems = Problems()
    for line in sorted(set(standing) - {item.line for item in items}):
        problems.add(path, say("Line {line} is recorded and cannot be left out.", line=line))
    problems.raise_any()
    return standing


def settled(data: Data, standing: Mapping[int, RecordView]) -> Data:
    """Return the document with the visibility and handling that stand where it gives none."""
    setting = next(view.setting for view in standing.values() if view.setting)
    return replace(data, visibility=data.visibility or setting.visibility,
                   handling=data.handling or setting.handling)  # fmt: skip


def finish(
    actor: Actor, views: Sequence[RecordView], row: Mapping[str, Any], data: Data
) -> list[Act]:
    """Settle the records as the new version's `row` says, and supersede their old keys.

    Returns the acts that tell each state which received an old value.
    """
    ids = [view.record.id for view in views]
    settle(views, str(data.visibility), str(data.handling), row["concerned"])
    supersede(ids, row["version"])
    return told(actor, ids, row["version"])


def told(
    actor: Actor, ids: Sequence[UUID], version: int, *, is_gone: bool = False
) -> list[Act]:  # fmt: skip
    """Return the acts that tell each state which received old values of records of their version; notify it.

    The own state reads it once for each record, and for each trace that was asked of it, so that an
    agency from which that is kept reads nothing of it: how many there are tells of no other trace. The
    states that received it read it for what they did, and each of their agencies what it may. Those to
    which a search or a match showed it read it too, and of what `is_gone` also those to which that did
    no more than point; the own state reads nothing of them, since a case may be kept from its agencies.
    """
    seen = {given.entry for given in _given(ids)}
    with as_state(actor, actor.own_state()):  # also what is kept from the actor's agency
        every = _given(ids)
        known = _asked({trace for given in every for trace in traces_in(given.data)})
        shown = _shown(ids)
    own: dict[Key, None] = {}
    receivers: dict[Key, set[str]] = defaultdict(set)
    for entry, record_id, concerned, data in every:
        about = traces_in(data)
        receivers[record_id, about] |= {*concerned} - {actor.own_state()}
        here = tuple(trace for trace in about if trace in known)
        if here or entry in seen:
            own[record_id, here] = None
    for one in shown:
        if one.cause is None:
            receivers[one.record, ()].add(one.state)
    acts = [
        *(_corrected(record_id, version, about) for record_id, about in own),
        *(_corrected(record_id, version, about, states) for (record_id, about), states
          in _once(receivers).items() if states),
        *(_pointed(shown, receivers) if is_gone else ()),
    ]  # fmt: skip
    correction_news.tell(actor, acts, is_gone=is_gone)
    return acts


def _once(receivers: Mapping[Key, set[str]]) -> dict[Key, set[str]]:
    """Return the states by what they are told of: for no trace where each agency of theirs may read it."""
    return {
        (record_id, about): states - receivers.get((record_id, ()), set()) if about else states
        for (record_id, about), states in receivers.items()
    }


def _pointed(shown: Iterable[Any], receivers: Mapping[Key, set[str]]) -> list[Act]:
    """Return what states read of a check or a receipt that pointed to a record they do not know."""
    pointed: dict[tuple[str, str, str], None] = {
        (one.cause_kind, one.cause, one.state): None for one in shown
        if one.cause is not None and one.state not in receivers.get((one.record, ()), ())
    }  # fmt: skip
    return [
        Act(Action.RECORD_CORRECTED, kind, cause, concerned=[state], hidden=True, of_state=True)
        for kind, cause, state in pointed
    ]


def _corrected(
    record_id: str, version: int, about: Sequence[str], states: Collection[str] = ()
) -> Act:  # fmt: skip
    """Return what the own state reads of a correction, or, hidden from it, what others do who received it."""
    said = {"version": version} | ({"about": [*about]} if about else {})
    return Act(Action.RECORD_CORRECTED, "record", record_id, concerned=states, data=said,
               hidden=bool(states), of_state=True)  # fmt: skip


def _asked(traces: Collection[str]) -> set[str]:
    """Return those of the traces that the own state was asked in."""
    if not traces:
        return set()
    asked = select(TraceRequest.trace_id).where(TraceRequest.trace_id.in_(map(UUID, traces)))
    return {str(trace) for trace in db.session.scalars(asked)}


def _shown(ids: Sequence[UUID]) -> Sequence[Any]:
    """Return to which states searches and matches showed those of the records that are not silent.

    What one was shown beside a record that it keeps silent stands in no entry, and tells of nothing here.
    """
    silent = select(RecordSetting.record_id).where(
        RecordSetting.record_id.in_(ids), RecordSetting.visibility == "silent"
    )
    wanted = {*ids} - {*db.session.scalars(silent)}
    return db.session.execute(_SHOWN, {"records": sorted(map(str, wanted))}).all()


def _given(ids: Sequence[UUID]) -> Sequence[Any]:
    """Return what was disclosed of records, as far as whoever looks sees it: to whom, for which trace."""
    query = select(
        AuditEntry.id.label("entry"), AuditEntry.subject_id, AuditEntry.concerned, AuditEntry.data
    ).where(
        AuditEntry.action == Action.RECORD_DISCLOSED, AuditEntry.subject_id.in_(map(str, ids))
    )  # fmt: skip
    return db.session.execute(query).all()
