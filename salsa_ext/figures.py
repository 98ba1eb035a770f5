"""All datasets, the job that counts what changed in them, and the indicator made of them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import select

import salsa_ext.custody.figures
import salsa_ext.tracing.requests.figures
import salsa_ext.tracing.traces.figures
import salsa_ext.trade.discrepancies.figures
import salsa_ext.trade.permits.figures
import salsa_ext.trade.shipments.figures
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.custody.figures import (
    DISPOSITIONS,
    FLOWS,
    NOT_ESTABLISHED,
    SEIZURES,
    SILENT_SEIZURES,
)
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.session import db
from salsa_ext.documents.models import Report, Transfer
from salsa_ext.firearms.records.frequencies import COVERAGE, DESCRIBED, count_documents
from salsa_ext.jobs.changes import Change
from salsa_ext.jobs.runner import ChangeJob
from salsa_ext.statistics import rollups
from salsa_ext.statistics.dataset_types import CountedKind
from salsa_ext.statistics.queries import get_table
from salsa_ext.tracing.requests.figures import OVERDUE, REQUESTS
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.traces.figures import TRACES, find_legs_of_envelopes
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.trade.discrepancies.figures import DISCREPANCIES, OF_TRADE
from salsa_ext.trade.permits.figures import LICIT_TRADE, PERMITS

DATASETS: Final = (
    SEIZURES,
    DISPOSITIONS,
    FLOWS,
    TRACES,
    REQUESTS,
    LICIT_TRADE,
    PERMITS,
    DISCREPANCIES,
    OVERDUE,
)
"""Those that clients read, in the order of their list."""
COUNTED_DATASETS: Final = (
    SEIZURES,
    DISPOSITIONS,
    FLOWS,
    TRACES,
    REQUESTS,
    LICIT_TRADE,
    PERMITS,
    DISCREPANCIES,
    OF_TRADE,
    SILENT_SEIZURES,
    COVERAGE,
    DESCRIBED,
)
"""Those that stored objects tell; requests are overdue once, and are counted then."""
COUNTED_KINDS: Final = (
    salsa_ext.custody.figures.COUNTED,
    CountedKind("report", Report, count_documents),
    CountedKind("transfer", Transfer, count_documents),
    salsa_ext.trade.permits.figures.COUNTED,
    salsa_ext.trade.shipments.figures.COUNTED,
    salsa_ext.trade.discrepancies.figures.COUNTED,
    salsa_ext.tracing.traces.figures.COUNTED,
    salsa_ext.tracing.requests.figures.COUNTED,
)
ENVELOPE: Final = "envelope"
OF_LEGS: Final[Mapping[str, Callable[[str, Sequence[UUID]], Any]]] = {
    "trace": lambda state, legs: select(TraceLeg.trace_id).where(
        TraceLeg.owner_state == state, TraceLeg.id.in_(legs)
    ),
    "request": lambda state, legs: select(TraceRequest.id).where(
        TraceRequest.owner_state == state, TraceRequest.leg_id.in_(legs)
    ),
}
"""Own objects that change with an envelope about their legs, by kind."""


def count_changes(actor: Actor, changes: Sequence[Change]) -> None:
    """Count the changed objects of the actor's state as they are now; idempotent."""
    state, by_kind = actor.own_state(), group_by(changes, lambda change: change.kind)
    legs = find_legs_of_envelopes(by_kind[ENVELOPE])
    ids = {code: {change.object_id for change in some} for code, some in by_kind.items()}
    for code, find in OF_LEGS.items() if legs else ():
        ids.setdefault(code, set()).update(db.session.scalars(find(state, legs)))
    if traces := ids.get("trace"):
        seizures = select(Trace.seizure_id).where(
            Trace.owner_state == state, is_any_of(Trace.id, traces), Trace.seizure_id.is_not(None)
        )
        ids.setdefault("seizure", set()).update(db.session.scalars(seizures))
    for kind in COUNTED_KINDS:
        if ids.get(kind.code):
            rollups.count_objects(state, kind, ids[kind.code])


JOB: Final = ChangeJob(
    rollups.JOB, (*(kind.code for kind in COUNTED_KINDS), ENVELOPE), count_changes, batch=500
)


class OriginShare(NamedTuple):
    """Guns of a year of which the origin is established, of all: indicator 16.4.2."""

    established: int
    recovered: int

    @property
    def percent(self) -> float | None:
        """Return the indicator; None without guns."""
        return 100 * self.established / self.recovered if self.recovered else None


def origin_share(actor: Actor, year: int) -> OriginShare:
    """Return indicator 16.4.2 for the guns of a year (UNODC, UNODA).

    Of the own state; for the secretariat of an ended year of all states that allow it. Counted is
    each gun seized, found or surrendered, and once a trace or another competent authority
    established where it left lawful hands; one still traced remains in the whole.
    """
    require(actor, Permission.STATISTICS_READ)
    filters = {
        "state": actor.state,
        "by": ("established_by",),
        "where": {"category": "firearm"},
        "grain": "year",
        "from_period": date(year, 1, 1),
        "to_period": date(year, 12, 31),
    }
    cells = get_table(actor, DATASETS, SEIZURES.code, filters).cells
    amounts = Counter[str]()
    for cell in cells:
        amounts[cell.values["established_by"]] += cell.amount
    recovered = sum(amounts.values())
    return OriginShare(recovered - amounts[NOT_ESTABLISHED], recovered)
