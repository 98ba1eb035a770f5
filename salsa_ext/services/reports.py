"""Reports of loss, theft, recovery and surrender; each makes one record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from salsa_ext.audit import Action
from salsa_ext.errors import IllegalTransition, Message, say
from salsa_ext.models import Report
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.documents import REPORTS
from salsa_ext.services import corrections, documents, matches, repeats
from salsa_ext.services.fields import Problems, check_firearms, check_told, check_when
from salsa_ext.services.parties import Parties
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import ReportData


def record(*, actor: Actor, data: ReportData) -> UUID:
    """Record one report of the actor's state and match it.

    Raises Invalid, Duplicate, or Conflict where the same gun is reported already and nobody confirmed
    that a second report is wanted.
    """
    require(actor, Permission.REPORT_RECORD)
    repeats.await_report(actor, data)
    [report_id] = record_many(actor=actor, batch=[data])
    repeats.check_report(actor, data, report_id)
    matches.of_document(actor, report_id)
    return report_id


def record_many(*, actor: Actor, batch: Sequence[ReportData]) -> list[UUID]:
    """Record reports in one transaction, all or none; returns their ids in order."""
    require(actor, Permission.REPORT_RECORD)
    return documents.record_many(KIND, actor, batch)


def correct(
    *, actor: Actor, report_id: UUID, seen: int | None, data: ReportData, reason: str
) -> UUID:
    """Add a version with other facts, and match it anew.

    Raises NotFound, StaleVersion, Invalid, Duplicate, or IllegalTransition for one that is withdrawn.
    """
    require(actor, Permission.REPORT_RECORD)
    take(report_id, seen, say("Correct the report"))
    documents.correct(KIND, actor, report_id, seen, data, reason)
    matches.of_document(actor, report_id)
    return report_id


def take(report_id: UUID, seen: int | None, action: str | Message) -> Report:
    """Return the version that stands, locked for an action; for commands alone.

    Raises NotFound, StaleVersion, or IllegalTransition for a report that is withdrawn.
    """
    found: Report = corrections.take(Report, "report", report_id, seen)
    if found.status != "standing":
        raise IllegalTransition("report", found.status, action)
    return found


def check(data: ReportData, on: date) -> None:
    """Raise Invalid where the report contradicts itself."""
    problems = Problems()
    check_when(problems, data.when, on)
    if data.stolen_from and data.kind != "theft":
        problems.add(
            "stolen_from", say("Only a report of theft says from whom the gun was stolen.")
        )
    check_firearms(problems, "firearm", [data.firearm])
    check_told(problems, "firearm", data.firearm)
    problems.raise_any()


def _columns(data: ReportData, parties: Parties) -> dict[str, Any]:
    return {"status": "standing", "stolen_from": data.stolen_from,
            "place": vars(data.place) if data.place else None}  # fmt: skip


KIND: Final = documents.Kind(
    REPORTS, Permission.REPORT_RECORD, Action.REPORT_RECORDED, Action.REPORT_CORRECTED,
    check, _columns,
)  # fmt: skip
