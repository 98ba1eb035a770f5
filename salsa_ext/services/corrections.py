"""What every correction of a document does: a new version, and word to who had the old one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select, text

from salsa_ext.audit import Act, Action, traces_in
from salsa_ext.db import as_state, db
from salsa_ext.errors import NotFound, StaleVersion, say
from salsa_ext.models import AuditEntry
from salsa_ext.readmodels.records import RecordView, of_documents
from salsa_ext.readmodels.versions import current
from salsa_ext.services.fields import Problems
from salsa_ext.services.records import settle, supersede
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import ReportData, SeizureData, TransferData
from salsa_ext.values.firearms import Firearm

Data = TypeVar("Data", TransferData, ReportData, SeizureData)


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


def told(actor: Actor, ids: Sequence[UUID], version: int) -> list[Act]:
    """Return the acts that tell each state which received old values of records of their version.

    Also who received them in a trace that is kept from the actor's agency: that act says which trace it
    is about, and is kept from the agency with it. What is kept otherwise is told the receiver alone.
    """
    seen = {given.entry for given in _given(ids)}
    with as_state(actor, actor.own_state()):
        every = _given(ids)
    receivers: dict[tuple[str, tuple[str, ...], bool], set[str]] = defaultdict(set)
    for entry, record_id, concerned, data in every:
        about = traces_in(data)
        is_hidden = not about and entry not in seen
        own = {actor.own_state()} if is_hidden else set()
        receivers[record_id, about, is_hidden] |= {*concerned} - own
    return [
        Act(Action.RECORD_CORRECTED, "record", record_id, concerned=states, hidden=is_hidden, of_state=True,
            data={"version": version} | ({"about": [*about]} if about else {}))
        for (record_id, about, is_hidden), states in receivers.items()
    ]  # fmt: skip


def _given(ids: Sequence[UUID]) -> Sequence[Any]:
    """Return what was disclosed of records, as far as whoever looks sees it: to whom, for which trace."""
    query = select(
        AuditEntry.id.label("entry"), AuditEntry.subject_id, AuditEntry.concerned, AuditEntry.data
    ).where(
        AuditEntry.action == Action.RECORD_DISCLOSED, AuditEntry.subject_id.in_(map(str, ids))
    )  # fmt: skip
    return db.session.execute(query).all()
