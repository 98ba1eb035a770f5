"""Figures of traces."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.models import AuditEntry
from salsa_ext.database.session import db
from salsa_ext.jobs.changes import Change
from salsa_ext.reference import names
from salsa_ext.statistics.dataset_types import CountedKind, Dataset, Dimension, Facts
from salsa_ext.tracing.traces.leg_views import legs_by_trace
from salsa_ext.tracing.traces.models import Trace, TraceLeg

TRACES = Dataset(
    "traces",
    base=(
        Dimension("sold_in", "state"),
        Dimension("time_to_crime", "time_to_crime"),
        Dimension("class", "type"),
        Dimension("outcome", "trace_outcome"),
    ),
    finer=(
        Dimension("asked", "state", is_several=True),
        Dimension("channel", "leg_channel", is_several=True),
        Dimension("priority", "priority"),
        Dimension("scope", "trace_scope"),
        Dimension("reached", "trace_reached"),
    ),
)
"""Traces by the day on which they were entered, with their outcome now; `sold_in` is where the gun
was first sold."""
TIMES_TO_CRIME: Final = {
    "under_3_months": 0.25,
    "3_to_12_months": 1,
    "1_to_3_years": 3,
    "3_to_5_years": 5,
    "5_to_10_years": 10,
    "10_to_20_years": 20,
    "over_20_years": 40,
}
"""Bands of a time to crime with their ends in years."""
DAYS_A_YEAR: Final = 365.25


def count_traces(state: str, ids: Collection[UUID]) -> dict[UUID, Facts]:
    """Return what each trace counts: once by its outcome, if it was sent."""
    query = select(Trace).where(Trace.owner_state == state, Trace.id.in_(ids))
    traces = db.session.scalars(query).all()
    legs = legs_by_trace(trace.id for trace in traces)
    return {trace.id: _count_trace(trace, legs.get(trace.id, ())) for trace in traces}


def _count_trace(trace: Trace, legs: Sequence[TraceLeg]) -> Facts:
    if not trace.outcome:
        return {}
    subject = (
        trace.sold_in or "unknown",
        time_to_crime_band(trace.days_to_crime),
        names.questionnaire_class(trace.firearm.get("type")),
        trace.outcome,
    )
    trace_states = {leg.state for leg in legs}
    values = [
        ("priority", trace.priority),
        ("scope", "domestic" if trace_states <= {trace.owner_state} else "international"),
        ("reached", trace.reached or "none"),
        *{("asked", leg.state) for leg in legs},
        *{("channel", leg.channel) for leg in legs},
    ]
    on = trace.created_at.date()
    return {TRACES.fact(trace.owner_state, subject, on, values=values): 1}


def time_to_crime_band(days: int | None) -> str:
    """Return the band of a time to crime in days."""
    if days is None:
        return "unknown"
    ends = TIMES_TO_CRIME.items()
    return next((band for band, end in ends if days < end * DAYS_A_YEAR), [*TIMES_TO_CRIME][-1])


def median_time_to_crime(amounts: Mapping[str, int]) -> float | None:
    """Return the median in years of amounts by band, as if spread evenly within each."""
    half, begin = sum(amounts.get(band, 0) for band in TIMES_TO_CRIME) / 2, 0.0
    left = half
    for band, end in TIMES_TO_CRIME.items():
        amount = amounts.get(band, 0)
        if half and amount >= left:
            is_last = band == [*TIMES_TO_CRIME][-1]
            return begin if is_last else begin + (end - begin) * left / amount
        left, begin = left - amount, end
    return None


def find_legs_of_envelopes(envelopes: Sequence[Change]) -> list[UUID]:
    """Return the legs that the envelopes of other states are about."""
    about = AuditEntry.data["about", "0"].astext
    legs = select(about).where(AuditEntry.id.in_([envelope.cause for envelope in envelopes]))
    return [UUID(leg) for leg in db.session.scalars(legs) if leg]


COUNTED = CountedKind("trace", Trace, count_traces)
