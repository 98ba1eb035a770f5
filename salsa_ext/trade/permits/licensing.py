"""Licences that a movement needs, before and after departure (CIFTA IX.2-3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.reference.calendars import LocalDays
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits.comparison import ComparedPermit, PermitFamilies, unmatched_lines
from salsa_ext.trade.permits.families import load
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.permits.values import MissingLicence
from salsa_ext.trade.shipments.models import Checkpoint, Shipment

VALID_STATUSES: Final = ("issued", "exhausted", "expired")
"""Statuses of a licence that was valid until its last day."""
ENDED_STATUSES: Final = ("cancelled", "suspended")


def missing_licences_on(
    actor: Actor, exports: Iterable[tuple[UUID, date]]
) -> dict[tuple[UUID, date], list[MissingLicence]]:
    """Return missing licences by export certificate and day (CIFTA IX.3)."""
    pairs = set(exports)
    licences = _Licences(actor, {permit_id for permit_id, _ in pairs})
    return {(permit_id, on): licences.missing(permit_id, on) for permit_id, on in pairs}


@dataclass(frozen=True)
class DepartureLicences:
    """Licences of a shipment when it left.

    `import_by` is the last day of a valid import certificate, if any.
    """

    missing: Sequence[MissingLicence] = ()
    import_by: date | None = None


def licences_at_departure(
    actor: Actor,
    shipments: Sequence[Shipment],
    checkpoints: Mapping[UUID, Sequence[Checkpoint]],
    today: LocalDays,
) -> dict[UUID, DepartureLicences]:
    """Return the licences of departed shipments, by shipment."""
    departed = {}
    for shipment in shipments:
        passed = [row for row in checkpoints[shipment.id] if row.outcome == "passed"]
        if passed:
            entries = [row.occurred_at for row in passed if row.stage == "entry"]
            departure = min(row.occurred_at for row in passed)
            departed[shipment.id] = (shipment, departure, min(entries, default=None))
    if not departed:
        return {}
    licences = _Licences(actor, {shipment.permit_id for shipment, _, _ in departed.values()})
    return {
        shipment_id: licences.at_departure(
            shipment.permit_id, today.on(shipment.exporting_state, left_at), left_at, entered_at
        )
        for shipment_id, (shipment, left_at, entered_at) in departed.items()
    }


class _Licences:
    """The families of export certificates, with the last day of each permit and when it ended."""

    def __init__(self, actor: Actor, export_ids: set[UUID]) -> None:
        self.families: PermitFamilies = load(actor, export_ids)
        self.permits = {permit.id: permit for permit in self.families.permits}
        days = select(Permit.id, Permit.last_day).where(Permit.id.in_(self.permits))
        self.last_days: dict[UUID, date] = dict(db.session.execute(days).all())
        ended = [key for key, permit in self.permits.items() if permit.status in ENDED_STATUSES]
        ends = (
            select(TradeEvent.subject_id, func.max(TradeEvent.occurred_at))
            .where(TradeEvent.subject_id.in_(ended), TradeEvent.kind.in_(ENDED_STATUSES))
            .group_by(TradeEvent.subject_id)
        )
        self.ended_at: dict[UUID, datetime] = dict(db.session.execute(ends).all()) if ended else {}

    def missing(self, export_id: UUID, on: date) -> list[MissingLicence]:
        """Return the licences that one certificate lacks on a day, besides itself.

        States that do not participate license on paper, which the releasing officer checks.
        """
        export = self.permits[export_id]
        needed = [(state, "in_transit") for state in export.transit_states]
        if export.kind == "export":
            needed.insert(0, (export.importing_state, "import"))
        missing = []
        for state, kind in needed:
            if state in self.families.participants:
                others = self.families.counterparts(export, kind)
                reasons = [
                    self._invalid_reason(export, permit, on)
                    for permit in others
                    if permit.state == state
                ]
                if None not in reasons:
                    why = next(filter(None, reasons), "missing")
                    missing.append(MissingLicence(state, kind, why))
        return missing

    def _invalid_reason(
        self, export: ComparedPermit, licence: ComparedPermit, on: date
    ) -> str | None:
        if on > self.last_days[licence.id]:
            return "expired"
        if licence.status not in VALID_STATUSES:
            return licence.status
        return "mismatch" if unmatched_lines(export, licence) else None

    def at_departure(
        self, export_id: UUID, on: date, left_at: datetime, entered_at: datetime | None
    ) -> DepartureLicences:
        """Return what was missing when goods left, or was cancelled before they entered."""
        export = self.permits[export_id]

        def ended(permit: ComparedPermit) -> list[MissingLicence] | None:
            """Return a licence that ended; None if it ended after the goods had entered."""
            at = self.ended_at.get(permit.id)
            if at is None or (at > left_at and entered_at is not None and at >= entered_at):
                return None
            is_in_transit = at > left_at
            if is_in_transit and permit.status != "cancelled":
                return []
            return [MissingLicence(permit.state, permit.kind, permit.status, is_in_transit)]

        missing = ended(export)
        if missing is None:
            is_expired = on > self.last_days[export_id]
            missing = [MissingLicence(export.state, export.kind, "expired")] if is_expired else []
        for licence in self.missing(export_id, on):
            gone = [
                permit
                for permit in self.families.permits
                if (permit.state, permit.kind) == (licence.state, licence.kind)
                and permit.id in self.ended_at
                and (export.key in permit.references or permit.key in export.references)
            ]
            if gone:
                missing += ended(max(gone, key=lambda permit: self.ended_at[permit.id])) or []
            else:
                missing.append(licence)
        days = [
            self.last_days[permit.id]
            for permit in self.families.counterparts(export, "import")
            if permit.state == export.importing_state
        ]
        return DepartureLicences(missing, max((day for day in days if day >= on), default=None))
