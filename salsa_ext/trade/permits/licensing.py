"""Licences that a movement needs, before and after departure (CIFTA IX.2-3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
from salsa_ext.trade.shipments.models import Checkpoint, Shipment

VALID_STATUSES: Final = ("issued", "exhausted", "expired")
"""Statuses of a licence that stood until its last day."""


@dataclass(frozen=True)
class MissingLicence:
    """A licence that an export certificate needs and lacks on a day.

    `why` is `missing`, `mismatch`, or the status of the document.
    """

    state: str
    kind: str
    why: str


def missing_licences_today(
    actor: Actor, export_ids: Iterable[UUID], on: date
) -> dict[UUID, list[MissingLicence]]:
    """Return the licences that export certificates lack on a day."""
    wanted = list(export_ids)
    register = load(actor, wanted)
    days_over = find_last_days(register)
    own = [document for document in register.documents if document.id in set(wanted)]
    return {document.id: missing_licences(document, register, days_over, on) for document in own}


def missing_licences(
    export: ComparedPermit, register: PermitFamilies, last_days: Mapping[UUID, date], on: date
) -> list[MissingLicence]:
    """Return the licences that one export certificate lacks on a day.

    States that do not participate license on paper, which the releasing officer checks.
    """
    awaited = [(export.importing_state, "import")]
    awaited += [(state, "in_transit") for state in export.transit_states]
    found = []
    for state, kind in awaited:
        if state not in register.participants:
            continue
        licences = [x for x in register.counterparts(export, kind) if x.state == state]
        if why := _missing_reason(export, licences, last_days, on):
            found.append(MissingLicence(state, kind, why))
    return found


def _missing_reason(
    export: ComparedPermit,
    licences: Sequence[ComparedPermit],
    last_days: Mapping[UUID, date],
    on: date,
) -> str | None:
    """Return why no licence of one state is valid, or None."""
    if not licences:
        return "missing"
    reasons = []
    for licence in licences:
        if on > last_days[licence.id]:
            reasons.append("expired")
        elif licence.status not in VALID_STATUSES:
            reasons.append(licence.status)
        elif unmatched_lines(export, licence):
            reasons.append("mismatch")
        else:
            return None
    return reasons[0]


def find_last_days(register: PermitFamilies) -> dict[UUID, date]:
    """Return the last day of each permit by id."""
    ids = [document.id for document in register.documents]
    rows = db.session.execute(select(Permit.id, Permit.last_day).where(Permit.id.in_(ids)))
    return dict(rows.all())


ENDED_STATUSES = ("cancelled", "suspended")


@dataclass(frozen=True)
class InvalidLicence:
    """A document that was not valid when goods left.

    `is_later`: it was cancelled while they were in transit.
    """

    state: str
    kind: str
    why: str
    is_in_transit: bool = False


def missing_licences_on(
    actor: Actor, wanted: Iterable[tuple[UUID, date]]
) -> dict[tuple[UUID, date], list[MissingLicence]]:
    """Return missing licences by export certificate and day (CIFTA IX.3)."""
    pairs = set(wanted)
    register = load(actor, {permit_id for permit_id, _ in pairs})
    last_days = find_last_days(register)
    exports = {document.id: document for document in register.documents}
    return {
        (permit_id, on): missing_licences(exports[permit_id], register, last_days, on)
        for permit_id, on in pairs
    }


@dataclass(frozen=True)
class DepartureLicences:
    """Licences of a shipment when it left.

    `lacking` are the invalid ones; `import_by` is the last day of a valid import certificate, if
    any.
    """

    invalid_licences: Sequence[InvalidLicence] = ()
    import_by: date | None = None


def licences_at_departure(
    actor: Actor,
    shipments: Sequence[Shipment],
    checkpoints: Mapping[UUID, Sequence[Checkpoint]],
    permits: Mapping[UUID, Permit],
    today: LocalDays,
) -> dict[UUID, DepartureLicences]:
    """Return the invalid licences of departed shipments, by shipment."""
    left = {row.id: _first_passed_at(checkpoints[row.id]) for row in shipments}
    gone = [row for row in shipments if left[row.id]]
    if not gone:
        return {}
    register = load(actor, {row.permit_id for row in gone})
    last_days, ended = find_last_days(register), _ended_at(register.documents)
    exports = {document.id: document for document in register.documents}
    found = {}
    for row in gone:
        way = _TransitPeriod(
            left[row.id] or row.recorded_at, _first_passed_at(checkpoints[row.id], "entry")
        )
        on = today.on(row.exporting_state, way.left)
        export = exports[row.permit_id]
        lacks = missing_licences(export, register, last_days, on)
        lacking = [
            *_invalid_export(export, permits[row.permit_id].last_day, on, ended, way),
            *_invalid_counterparts(export, register, lacks, ended, way),
        ]
        found[row.id] = DepartureLicences(
            lacking, _last_import_day(export, register, last_days, on)
        )
    return found


def _last_import_day(
    export: ComparedPermit, register: PermitFamilies, last_days: Mapping[UUID, date], on: date
) -> date | None:
    """Return the last day of the import certificates valid at departure."""
    certificates = register.counterparts(export, "import")
    days = [last_days[one.id] for one in certificates if one.state == export.importing_state]
    return max((day for day in days if day >= on), default=None)


@dataclass(frozen=True)
class _TransitPeriod:
    """Time of departure, and of entry into the importing state."""

    left: datetime
    entered: datetime | None

    def when(self, at: datetime) -> bool | None:
        """Return True in transit, False before departure, None after entry."""
        if at <= self.left:
            return False
        return True if self.entered is None or at < self.entered else None


def _first_passed_at(ticks: Sequence[Checkpoint], stage: str | None = None) -> datetime | None:
    passed = (tick for tick in ticks if tick.outcome == "passed" and stage in (None, tick.stage))
    return min((tick.occurred_at for tick in passed), default=None)


def _ended_at(documents: Collection[ComparedPermit]) -> dict[UUID, datetime]:
    """Return when cancelled or suspended documents ended, by id."""
    ids = [document.id for document in documents if document.status in ENDED_STATUSES]
    if not ids:
        return {}
    of = (TradeEvent.subject_id.in_(ids), TradeEvent.kind.in_(ENDED_STATUSES))
    last = select(TradeEvent.subject_id, func.max(TradeEvent.occurred_at)).where(*of)
    return dict(db.session.execute(last.group_by(TradeEvent.subject_id)).all())


def _invalid_export(
    export: ComparedPermit,
    last_day: date,
    on: date,
    ended: Mapping[UUID, datetime],
    way: _TransitPeriod,
) -> Iterator[InvalidLicence]:
    at = ended.get(export.id)
    if at and (when := way.when(at)) is not None:
        if not when or export.status == "cancelled":
            yield InvalidLicence(export.state, "export", export.status, when)
    elif on > last_day:
        yield InvalidLicence(export.state, "export", "expired")


def _invalid_counterparts(
    export: ComparedPermit,
    register: PermitFamilies,
    lacks: Iterable[MissingLicence],
    ended: Mapping[UUID, datetime],
    way: _TransitPeriod,
) -> Iterator[InvalidLicence]:
    """Yield counterpart licences that ended before departure or in transit."""
    for lack in lacks:
        gone = [
            document
            for document in register.documents
            if (document.state, document.kind) == (lack.state, lack.kind)
            and document.id in ended
            and _are_counterparts(export, document)
        ]
        if not gone:
            yield InvalidLicence(lack.state, lack.kind, lack.why)
            continue
        last = max(gone, key=lambda document: ended[document.id])
        when = way.when(ended[last.id])
        if when is False or (when and last.status == "cancelled"):
            yield InvalidLicence(lack.state, lack.kind, last.status, when)


def _are_counterparts(one: ComparedPermit, other: ComparedPermit) -> bool:
    return one.key in other.references or other.key in one.references
