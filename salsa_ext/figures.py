"""All datasets, and the job that counts what changed in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import salsa_ext.custody.figures
import salsa_ext.documents.figures
import salsa_ext.tracing.traces.figures
import salsa_ext.trade.shipments.figures
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.custody.figures import SEIZURES
from salsa_ext.firearms.records.frequencies import COVERAGE, DESCRIBED
from salsa_ext.jobs.changes import Change
from salsa_ext.jobs.runner import ChangeJob
from salsa_ext.statistics import rollups
from salsa_ext.tracing.requests.figures import OVERDUE
from salsa_ext.tracing.traces.figures import TRACES, find_traces_of_envelopes
from salsa_ext.trade.shipments.figures import LICIT_TRADE

DATASETS: Final = (SEIZURES, TRACES, LICIT_TRADE, OVERDUE)
"""Those that clients read, in the order of their list."""
COUNTED_DATASETS: Final = (SEIZURES, TRACES, LICIT_TRADE, COVERAGE, DESCRIBED)
"""Those that stored objects tell; requests are overdue once, and are counted then."""
COUNTED_KINDS: Final = (
    salsa_ext.custody.figures.COUNTED,
    *salsa_ext.documents.figures.COUNTED,
    salsa_ext.trade.shipments.figures.COUNTED,
    salsa_ext.tracing.traces.figures.COUNTED,
)
ENVELOPE: Final = "envelope"


def count_changes(actor: Actor, changes: Sequence[Change]) -> None:
    """Count the changed objects of the actor's state as they are now; idempotent."""
    state, by_kind = actor.own_state(), group_by(changes, lambda change: change.kind)
    for kind in COUNTED_KINDS:
        ids = {change.object_id for change in by_kind[kind.code]}
        if kind.code == "trace" and by_kind[ENVELOPE]:
            ids |= find_traces_of_envelopes(state, by_kind[ENVELOPE])
        if ids:
            rollups.count_objects(state, kind, ids)


JOB: Final = ChangeJob(
    rollups.JOB, (*(kind.code for kind in COUNTED_KINDS), ENVELOPE), count_changes, batch=500
)
