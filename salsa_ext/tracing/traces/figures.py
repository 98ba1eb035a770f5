"""Figures of traces."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.models import AuditEntry
from salsa_ext.database.session import db
from salsa_ext.jobs.changes import Change
from salsa_ext.reference import names
from salsa_ext.statistics.dataset_types import CountedKind, Dataset, Dimension, Facts, Published
from salsa_ext.tracing.traces.leg_views import legs_by_trace
from salsa_ext.tracing.traces.models import Trace, TraceLeg

TRACES = Dataset(
    "traces",
    base=(Dimension("outcome", "trace_outcome"), Dimension("class", "type")),
    finer=(
        Dimension("asked", "state", is_several=True),
        Dimension("channel", "leg_channel", is_several=True),
        Dimension("priority", "priority"),
        Dimension("reached", "trace_reached"),
        Dimension("time_to_crime", "time_to_crime"),
    ),
    published=Published("outcome"),
)
"""Traces by the day on which they were entered, with their outcome now."""


YEARS: Final = ((1, "under_1_year"), (3, "1_to_3_years"), (10, "3_to_10_years"))
LONGEST: Final = "over_10_years"
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
    subject = (trace.outcome, names.questionnaire_class(trace.firearm.get("type")))
    values = [
        ("priority", trace.priority),
        ("reached", trace.reached or "none"),
        ("time_to_crime", time_to_crime_band(trace.days_to_crime)),
        *{("asked", leg.state) for leg in legs},
        *{("channel", leg.channel) for leg in legs},
    ]
    on = trace.created_at.date()
    return {TRACES.fact(trace.owner_state, subject, on, values=values): 1}


def time_to_crime_band(days: int | None) -> str:
    """Return the band of a time to crime in days."""
    if days is None:
        return "unknown"
    return next((band for years, band in YEARS if days < years * DAYS_A_YEAR), LONGEST)


def find_legs_of_envelopes(envelopes: Sequence[Change]) -> list[UUID]:
    """Return the legs that the envelopes of other states are about."""
    about = AuditEntry.data["about", "0"].astext
    legs = select(about).where(AuditEntry.id.in_([envelope.cause for envelope in envelopes]))
    return [UUID(leg) for leg in db.session.scalars(legs) if leg]


COUNTED = CountedKind("trace", Trace, count_traces)
