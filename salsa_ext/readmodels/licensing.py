"""Whether a movement is licensed by every state it concerns: before it starts, and when it left."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.matching.permits import Document
from salsa_ext.matching.registers import Register
from salsa_ext.models import Checkpoint, Event, Permit, Shipment
from salsa_ext.readmodels import licences
from salsa_ext.readmodels.days import Days
from salsa_ext.readmodels.families import around
from salsa_ext.readmodels.licences import Lack
from salsa_ext.values.actor import Actor

ENDS = ("cancelled", "suspended")


@dataclass(frozen=True)
class Lacking:
    """A document that did not stand when goods left; `is_later`: it was cancelled on their way."""

    state: str
    kind: str
    why: str
    is_later: bool = False


def lacks_on(
    actor: Actor, wanted: Iterable[tuple[UUID, date]]
) -> dict[tuple[UUID, date], list[Lack]]:
    """Return what export certificates lack on days (CIFTA IX.3), by certificate and day."""
    pairs = set(wanted)
    register = around(actor, {permit_id for permit_id, _ in pairs})
    last_days = licences.last_days_of(register)
    exports = {document.id: document for document in register.documents}
    return {
        (permit_id, on): licences.lacks(exports[permit_id], register, last_days, on)
        for permit_id, on in pairs
    }


@dataclass(frozen=True)
class Licensed:
    """How goods that left were licensed: what was lacking, and by which day they had to be imported.

    `import_by` is the last day of the import certificate, where one stood when they left.
    """

    lacking: Sequence[Lacking] = ()
    import_by: date | None = None


def licensed(
    actor: Actor, shipments: Sequence[Shipment], ticks: Mapping[UUID, Sequence[Checkpoint]],
    permits: Mapping[UUID, Permit], today: Days,
) -> dict[UUID, Licensed]:  # fmt: skip
    """Return which documents did not stand when shipments left, or were cancelled on their way."""
    left = {row.id: _first(ticks[row.id]) for row in shipments}
    gone = [row for row in shipments if left[row.id]]
    if not gone:
        return {}
    register = around(actor, {row.permit_id for row in gone})
    last_days, ended = licences.last_days_of(register), _ended(register.documents)
    exports = {document.id: document for document in register.documents}
    found = {}
    for row in gone:
        way = _Way(left[row.id] or row.recorded_at, _first(ticks[row.id], "entry"))
        on = today.on(row.exporting_state, way.left)
        export = exports[row.permit_id]
        lacks = licences.lacks(export, register, last_days, on)
        lacking = [*_own(export, permits[row.permit_id].last_day, on, ended, way),
                   *_others(export, register, lacks, ended, way)]  # fmt: skip
        found[row.id] = Licensed(lacking, _import_by(export, register, last_days, on))
    return found


def _import_by(
    export: Document, register: Register, last_days: Mapping[UUID, date], on: date
) -> date | None:
    """Return the latest last day of the import certificates that stood on the day of leaving."""
    certificates = register.counterparts(export, "import")
    days = [last_days[one.id] for one in certificates if one.state == export.importing_state]
    return max((day for day in days if day >= on), default=None)


@dataclass(frozen=True)
class _Way:
    """When goods left, and when they entered where they went."""

    left: datetime
    entered: datetime | None

    def when(self, at: datetime) -> bool | None:
        """Tell whether something happened on the way (True) or before (False); None for after."""
        if at <= self.left:
            return False
        return True if self.entered is None or at < self.entered else None


def _first(ticks: Sequence[Checkpoint], stage: str | None = None) -> datetime | None:
    passed = (tick for tick in ticks if tick.outcome == "passed" and stage in (None, tick.stage))
    return min((tick.occurred_at for tick in passed), default=None)


def _ended(documents: Collection[Document]) -> dict[UUID, datetime]:
    """Return when documents that do not stand any more were cancelled or suspended."""
    ids = [document.id for document in documents if document.status in ENDS]
    if not ids:
        return {}
    of = (Event.subject_id.in_(ids), Event.kind.in_(ENDS))
    last = select(Event.subject_id, func.max(Event.occurred_at)).where(*of)
    return dict(db.session.execute(last.group_by(Event.subject_id)).all())


def _own(
    export: Document, last_day: date, on: date, ended: Mapping[UUID, datetime], way: _Way
) -> Iterator[Lacking]:
    at = ended.get(export.id)
    if at and (when := way.when(at)) is not None:
        if not when or export.status == "cancelled":
            yield Lacking(export.state, "export", export.status, when)
    elif on > last_day:
        yield Lacking(export.state, "export", "expired")


def _others(
    export: Document, register: Register, lacks: Iterable[Lack],
    ended: Mapping[UUID, datetime], way: _Way,
) -> Iterator[Lacking]:  # fmt: skip
    """Tell licences that ended before the goods left from those that did on the way, or later."""
    for lack in lacks:
        gone = [document for document in register.documents
                if (document.state, document.kind) == (lack.state, lack.kind)
                and document.id in ended and _are_counterparts(export, document)]  # fmt: skip
        if not gone:
            yield Lacking(lack.state, lack.kind, lack.why)
            continue
        last = max(gone, key=lambda document: ended[document.id])
        when = way.when(ended[last.id])
        if when is False or (when and last.status == "cancelled"):
            yield Lacking(lack.state, lack.kind, last.status, when)


def _are_counterparts(one: Document, other: Document) -> bool:
    return one.key in other.names or other.key in one.names
