"""Figures of traces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import select

from salsa_ext.core.batches import CHUNK_SIZE
from salsa_ext.core.codes import TRACE_OUTCOMES
from salsa_ext.database.session import db
from salsa_ext.statistics.dataset_types import Cells, CountKey, Dataset
from salsa_ext.tracing.traces.leg_views import build_trace_chain, legs_by_trace, to_chain_leg
from salsa_ext.tracing.traces.models import Trace
from salsa_ext.tracing.traces.values import SENT_STATUSES

COUNTED_STATUSES: Final = (*SENT_STATUSES, "closed")


def trace_key(trace: Trace, outcome: str) -> CountKey:
    """Return the cell in which a trace counts."""
    return TRACES.key(trace.owner_state, outcome, trace.created_at.date())


def recount_traces(state: str) -> Iterator[Cells]:
    """Yield the cells of the state's traces, one by one."""
    own = (Trace.owner_state == state, Trace.status.in_(COUNTED_STATUSES))
    rows = db.session.scalars(select(Trace).where(*own).execution_options(yield_per=CHUNK_SIZE))
    for traces in rows.partitions():
        legs = legs_by_trace(trace.id for trace in traces)
        for trace in traces:
            own_legs = [to_chain_leg(trace, leg) for leg in legs[trace.id]]
            yield {trace_key(trace, build_trace_chain(trace, own_legs).outcome): 1}


TRACES = Dataset(
    "traces", subject="outcome", subjects=lambda: TRACE_OUTCOMES, recount=recount_traces
)
