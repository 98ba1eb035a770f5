"""Record, correct, withdraw, and read reports of one gun each.

Reports of loss, theft, recovery and surrender. Alerts that were entered from a withdrawn report
stay active until cancelled: each has a reason of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import Action, AuditEvent, append_many
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.alerts.queries import AlertView
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition, Message, message
from salsa_ext.core.field_checks import Problems, check_date, check_declared
from salsa_ext.core.fields import members
from salsa_ext.core.occurrence import EventTime
from salsa_ext.database.bulk import insert_many
from salsa_ext.documents import corrections as document_corrections
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import single_gun
from salsa_ext.documents.models import Report
from salsa_ext.documents.queries import REPORTS, DocumentView
from salsa_ext.documents.seizures import DESCRIPTION_FIELDS, to_entered_firearm
from salsa_ext.documents.values import ReportData
from salsa_ext.firearms.records import duplicates, record_writing
from salsa_ext.firearms.records.queries import (
    RecordView,
    handling_of,
    records_of_documents,
    visibility_of,
)
from salsa_ext.firearms.records.validation import check_firearms, check_identified
from salsa_ext.matches import queries as match_queries
from salsa_ext.matches.queries import MatchView


def record(*, actor: Actor, data: ReportData) -> UUID:
    """Record one report.

    Raises Invalid, Duplicate, or Conflict if the gun is reported already and the second report is
    not confirmed.
    """
    require(actor, Permission.REPORT_RECORD)
    duplicates.lock_report_keys(actor, data)
    [report_id] = record_many(actor=actor, batch=[data])
    duplicates.check_report(actor, data, report_id)
    return report_id


def record_many(*, actor: Actor, batch: Sequence[ReportData]) -> list[UUID]:
    """Record reports in one transaction; return their ids in order.

    Raises Invalid or Duplicate; then none is recorded.
    """
    require(actor, Permission.REPORT_RECORD)
    return single_gun.record_many(REPORT_KIND, actor, batch)


def correct(
    *, actor: Actor, report_id: UUID, expected_version: int | None, data: ReportData, reason: str
) -> UUID:
    """Add a corrected version.

    Raises NotFound, StaleVersion, Invalid, Duplicate, IllegalTransition for a withdrawn report.
    """
    require(actor, Permission.REPORT_RECORD)
    lock_report(report_id, expected_version, message("Correct the report"))
    single_gun.correct(REPORT_KIND, actor, report_id, expected_version, data, reason)
    return report_id


def lock_report(report_id: UUID, expected_version: int | None, action: str | Message) -> Report:
    """Lock a report for a command; return its current version.

    Raises NotFound, StaleVersion, IllegalTransition for a withdrawn report.
    """
    report: Report = document_corrections.lock_document(
        Report, "report", report_id, expected_version
    )
    if report.status != "standing":
        raise IllegalTransition("report", report.status, action)
    return report


def check(data: ReportData, day: date) -> None:
    """Raise Invalid if the report contradicts itself."""
    problems = Problems()
    check_date(problems, "occurred_on", data.occurred_on, day)
    check_declared(problems, data)
    check_firearms(problems, "firearm", [data.firearm])
    check_identified(problems, "firearm", data.firearm)
    problems.raise_any()


REPORT_KIND: Final = single_gun.SingleGunKind(
    REPORTS,
    Permission.REPORT_RECORD,
    Action.REPORT_RECORDED,
    Action.REPORT_CORRECTED,
    check,
    lambda data, parties: {"status": "standing"},
)


def correct_fields(
    *, actor: Actor, report_id: UUID, expected_version: int | None, data: ReportData, reason: str
) -> UUID:
    """Correct the fields of the correction form; all others stay.

    The gun's description changes, its further marks stay. Time of day and coordinates stay if their
    day or place name does. Raises as `correct`.
    """
    require(actor, Permission.REPORT_RECORD)
    data = _with_other_fields(document_queries.load_document(REPORTS, report_id), data)
    return correct(
        actor=actor,
        report_id=report_id,
        expected_version=expected_version,
        data=data,
        reason=reason,
    )


def _with_other_fields(view: DocumentView, data: ReportData) -> ReportData:
    recorded: ReportData = view.value
    gun, place, named = to_entered_firearm(view.items[0]), recorded.place, data.place
    same_day = data.occurred_on == recorded.occurred_on
    same_place = place and place.name == (named.name if named else None)
    plain = [each.name for each in members(type(data)) if not (each.is_nested or each.is_many)]
    return replace(
        recorded,
        giver=data.giver,
        **{name: getattr(data, name) for name in plain if name not in vars(data.when)},
        firearm=replace(gun, **{name: getattr(data.firearm, name) for name in DESCRIPTION_FIELDS}),
        **vars(recorded.when if same_day else data.when),
        place=place if same_place else named,
    )


def withdraw(*, actor: Actor, report_id: UUID, expected_version: int | None, reason: str) -> None:
    """Withdraw a report made in error; this is final.

    Searches no longer find its gun, its matches are withdrawn, and recipients of its record are
    notified. Raises NotFound, StaleVersion, IllegalTransition for a withdrawn report.
    """
    require(actor, Permission.REPORT_RECORD)
    old = lock_report(report_id, expected_version, "withdraw")
    require(actor, Permission.REPORT_RECORD, old.owner_state)
    views = records_of_documents([report_id])[report_id]
    row = _copy_row(old) | {
        "version": old.version + 1,
        "status": "withdrawn",
        "reason": reason,
        "recorded_at": actor.now(),
    }
    insert_many(Report, [row])
    ids = [view.record.id for view in views]
    record_writing.void_records(ids)
    record_writing.write_records([_void_entry(view, row) for view in views], actor.now())
    record_writing.mark_superseded(ids, row["version"])
    audit_data = {"kind": row["kind"], "version": row["version"]}
    act = AuditEvent(Action.REPORT_WITHDRAWN, "report", report_id, data=audit_data)
    append_many(
        actor,
        [
            act,
            *document_corrections.notify_recipients(actor, ids, row["version"], is_withdrawn=True),
        ],
    )


def _copy_row(old: Report) -> dict[str, Any]:
    return {column.key: getattr(old, column.key) for column in Report.__table__.columns}


def _void_entry(item: RecordView, row: dict[str, Any]) -> record_writing.RecordEntry:
    was = item.record
    return record_writing.RecordEntry(
        firearm=to_entered_firearm(item),
        event=was.event,
        when=EventTime(was.occurred_on, was.occurred_at, was.time_zone),
        document_kind="report",
        document_id=was.document_id,
        owner=was.owner_state,
        concerned=was.concerned,
        giver_id=was.giver_id,
        visibility=visibility_of(item),
        handling=handling_of(item),
        record_id=was.id,
        version=row["version"],
        reason=row["reason"],
        is_void=True,
    )


@dataclass(frozen=True)
class ReportView:
    """A report with its matches and own alerts.

    Each is None without permission to read it.
    """

    view: DocumentView
    matches: Sequence[MatchView] | None
    alerts: Sequence[AlertView] | None

    @property
    def version(self) -> int:
        """Return the version that actions refer to."""
        return self.view.version


def with_matches_and_alerts(actor: Actor, view: DocumentView) -> ReportView:
    """Return a report with its current matches and alerts."""
    records = [item.record.id for item in view.items]
    may_match = Permission.MATCH_READ in actor.permissions
    matches = match_queries.matches_of_records(actor, records) if may_match else {}
    entered = alert_queries.alerts_of_records(actor, records)
    return ReportView(
        view,
        [match for record in records for match in matches.get(record, ())] if may_match else None,
        entered if Permission.ALERT_READ in actor.permissions else None,
    )
