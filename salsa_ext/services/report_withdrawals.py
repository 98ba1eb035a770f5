"""A report that was made in error: a version says so, and nothing of it is found any more.

Alerts that were entered from it stand until somebody cancels them: each has a reason of its own.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import insert_many
from salsa_ext.matching.events import LAWFUL
from salsa_ext.models import Report
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.records import RecordView, by_id, of_documents
from salsa_ext.readmodels.sides import handling_of, visibility_of
from salsa_ext.services import corrections, records, reports, withdrawals
from salsa_ext.services.gun_corrections import as_told
from salsa_ext.values.actor import Actor
from salsa_ext.values.events import When


def withdraw(*, actor: Actor, report_id: UUID, seen: int | None, reason: str) -> None:
    """Say for good that what a report of the own state tells did not happen, and why.

    No search finds its gun any more, its matches are taken away, and states that were given its
    record are told. Raises NotFound, StaleVersion, or IllegalTransition for one that is withdrawn.
    """
    require(actor, Permission.REPORT_RECORD)
    old = reports.take(report_id, seen, "withdraw")
    require(actor, Permission.REPORT_RECORD, old.owner_state)
    views = of_documents([report_id])[report_id]
    row = _row(old) | {"version": old.version + 1, "status": "withdrawn", "reason": reason,
                       "recorded_at": actor.now()}  # fmt: skip
    insert_many(Report, [row])
    records.void([views])
    records.write([_entry(view, row) for view in views], actor.now())
    ids = [view.record.id for view in views]
    records.supersede(ids, row["version"])
    said = {"kind": row["kind"], "version": row["version"]}
    act = Act(Action.REPORT_WITHDRAWN, "report", report_id, data=said)
    append_many(actor, [act, *corrections.told(actor, ids, row["version"], is_gone=True)])
    withdrawals.forget(actor, by_id(ids, marked=False), is_of_crime=old.kind not in LAWFUL)


def _row(old: Report) -> dict[str, Any]:
    return {column.key: getattr(old, column.key) for column in Report.__table__.columns}


def _entry(view: RecordView, row: dict[str, Any]) -> records.Entry:
    was = view.record
    return records.Entry(
        firearm=as_told(view), event=was.event,
        when=When(was.occurred_on, was.occurred_at, was.time_zone),
        document_kind="report", document_id=was.document_id, owner=was.owner_state,
        concerned=was.concerned, giver_id=was.giver_id, visibility=visibility_of(view),
        handling=handling_of(view), record_id=was.id, version=row["version"], reason=row["reason"],
        is_void=True,
    )  # fmt: skip
