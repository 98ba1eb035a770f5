"""Figures of traces."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.models import AuditEntry
from salsa_ext.core.codes import TRACE_OUTCOMES
from salsa_ext.database.session import db
from salsa_ext.jobs.changes import Change
from salsa_ext.statistics.dataset_types import Cells, CountedKind, Dataset
from salsa_ext.tracing.traces.models import Trace, TraceLeg

TRACES = Dataset("traces", subject="outcome", subjects=lambda: TRACE_OUTCOMES)


def count_traces(state: str, ids: Collection[UUID]) -> dict[UUID, Cells]:
    """Return the cell in which each trace counts: that of its outcome, if it was sent."""
    query = select(Trace).where(Trace.owner_state == state, Trace.id.in_(ids))
    return {
        trace.id: {TRACES.key(state, trace.outcome, trace.created_at.date()): 1}
        if trace.outcome
        else {}
        for trace in db.session.scalars(query)
    }


def find_traces_of_envelopes(state: str, envelopes: Sequence[Change]) -> set[UUID]:
    """Return the own traces whose legs the envelopes of other states are about."""
    about = AuditEntry.data["about", "0"].astext
    legs = select(about).where(AuditEntry.id.in_([envelope.cause for envelope in envelopes]))
    ids = [UUID(leg) for leg in db.session.scalars(legs) if leg]
    own = (TraceLeg.owner_state == state, TraceLeg.id.in_(ids))
    return {*db.session.scalars(select(TraceLeg.trace_id).where(*own))}


COUNTED = CountedKind("trace", Trace, count_traces)
