"""Record, correct, and read reports of one gun each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.alerts.queries import AlertView
from salsa_ext.core.actor import Actor
from salsa_ext.core.field_checks import Problems, check_date, check_declared
from salsa_ext.core.fields import members
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import single_gun
from salsa_ext.documents.queries import REPORTS, DocumentView
from salsa_ext.documents.seizures import DESCRIPTION_FIELDS, to_entered_firearm
from salsa_ext.documents.values import ReportData
from salsa_ext.firearms.records import validation
from salsa_ext.firearms.records.validation import check_firearms, check_identified
from salsa_ext.matches import queries as match_queries
from salsa_ext.matches.queries import MatchView


def record(*, actor: Actor, data: ReportData) -> UUID:
    """Record one report; raises as `record_new`."""
    require(actor, Permission.REPORT_RECORD)
    return record_new(actor=actor, batch=[data])[0]


def record_new(*, actor: Actor, batch: Sequence[ReportData]) -> list[UUID]:
    """Record reports of guns that have no such report yet; return their ids in order.

    Raises Invalid, Duplicate, or Conflict if a gun is reported already and the second report is not
    confirmed.
    """
    require(actor, Permission.REPORT_RECORD)
    validation.lock_report_keys(actor, batch)
    ids = record_many(actor=actor, batch=batch)
    validation.check_reports(actor, batch, ids)
    return ids


def record_many(
    *, actor: Actor, batch: Sequence[ReportData], is_checked: bool = False
) -> list[UUID]:
    """Record reports in one transaction; return their ids in order.

    `is_checked`: `check` passed for each. Raises Invalid or Duplicate; then none is recorded.
    """
    require(actor, Permission.REPORT_RECORD)
    return single_gun.record_many(REPORT_KIND, actor, batch, is_checked=is_checked)


def correct(
    *, actor: Actor, report_id: UUID, expected_version: int | None, data: ReportData, reason: str
) -> UUID:
    """Add a corrected version; raises NotFound, StaleVersion, Invalid, Duplicate, IllegalTransition."""
    require(actor, Permission.REPORT_RECORD)
    single_gun.correct(REPORT_KIND, actor, report_id, expected_version, data, reason)
    return report_id


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
    lambda data, parties: {},
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
    described = {name: getattr(data.firearm, name) for name in (*DESCRIPTION_FIELDS, "lot")}
    same_day = data.occurred_on == recorded.occurred_on
    same_place = place and place.name == (named.name if named else None)
    plain = [each.name for each in members(type(data)) if not (each.is_nested or each.is_many)]
    return replace(
        recorded,
        giver=data.giver,
        **{name: getattr(data, name) for name in plain if name not in vars(data.when)},
        firearm=replace(gun, **described),
        **vars(recorded.when if same_day else data.when),
        place=place if same_place else named,
    )


@dataclass(frozen=True)
class ReportView:
    """A report with its matches and own alerts. Each is None without permission to read it."""

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
