"""Correcting a report by who has it before him: what he is not asked for stays as it was told."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import documents
from salsa_ext.readmodels.documents import REPORTS, DocumentView
from salsa_ext.services import reports
from salsa_ext.services.gun_corrections import DESCRIBING, as_told
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import ReportData
from salsa_ext.values.events import Place, When


def correct_said(
    *, actor: Actor, report_id: UUID, seen: int | None, data: ReportData, reason: str
) -> UUID:
    """Add a version in which a report says what `data` does; raises as `reports.correct`.

    Of its gun what describes it is said anew; further marks stay. So do the hour of a day and the spot
    of a place that are not said to be others.
    """
    require(actor, Permission.REPORT_RECORD)
    data = _beside(documents.read(REPORTS, report_id), data)
    return reports.correct(actor=actor, report_id=report_id, seen=seen, data=data, reason=reason)


def _beside(view: DocumentView, data: ReportData) -> ReportData:
    row, gun = view.document, as_told(view.items[0])
    when = When(row.occurred_on, row.occurred_at, row.time_zone)
    place = Place(**row.place) if row.place else None
    named = data.place.name if data.place else None
    return replace(
        data,
        firearm=replace(gun, **{name: getattr(data.firearm, name) for name in DESCRIBING}),
        when=when if data.when.occurred_on == row.occurred_on else data.when,
        place=place if place and place.name == named else data.place,
    )
