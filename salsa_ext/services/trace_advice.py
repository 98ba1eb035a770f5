"""Advice on a trace before it is sent: what the past says, and how many records its mark fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from salsa_ext.audit import Act, Action, append
from salsa_ext.models import Trace
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import traces
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.outlooks import AdviceView, Fits, of_drafts
from salsa_ext.readmodels.search import likeliest, likeness
from salsa_ext.readmodels.statistics import SMALLEST
from salsa_ext.services import candidates
from salsa_ext.values.actor import Actor, Purpose

TOLD_BY: Final = {
    "make": "make", "calibre": "calibre", "type": "type", "model": "model", "origin": "country",
}  # fmt: skip
"""What a trace can lack, by the field of a record that tells it."""
WORTH_IT: Final = 0.8
"""Share of the records beyond which a field that leaves them is no help worth a word."""


def advise(*, actor: Actor, trace_id: UUID) -> AdviceView:
    """Say of a trace how such traces end, what it lacks, and how many records fit; raises NotFound.

    The records of all states are searched, as they will be when it is sent. Of them a round number
    is told, from five upwards and of no state by itself, so no owner learns of it and the own
    audit keeps that it was asked. What a state keeps silent is not searched.
    """
    require(actor, Permission.TRACE_READ)
    trace = traces.read(actor, trace_id).trace
    [outlook] = of_drafts([trace], actor.clock)
    append(actor, Act(Action.TRACE_ADVISED, "trace", trace_id))
    lacks = [lack.field for lack in outlook.lacks]
    return AdviceView(outlook, _fits(_found(actor, trace), lacks))


def _found(actor: Actor, trace: Trace) -> list[Candidate]:
    asking = actor.for_purpose(Purpose("investigation", trace.case_number, about=(str(trace.id),)))
    own = [trace.record_id] if trace.record_id else []
    found = candidates.of(asking, trace.firearm, own, silent=False)
    return [hit for hit in likeliest(found, likeness(found)) if hit.shows("holder")]


def _fits(found: Sequence[Candidate], lacks: Sequence[str]) -> Fits | None:
    if len(found) < SMALLEST:
        return None
    readable = [hit for hit in found if hit.is_open]
    left = {lack: _left(readable, TOLD_BY[lack]) for lack in lacks if lack in TOLD_BY}
    return Fits(_rounded(len(found)), {
        lack: max(1, round(share * _rounded(len(found)))) for lack, share in left.items()
        if share <= WORTH_IT
    })  # fmt: skip


def _left(found: Sequence[Candidate], field: str) -> float:
    """Return the share of the records that a field would leave on average, were it known."""
    if len(found) < SMALLEST:
        return 1.0
    counts = Counter(getattr(hit.held, field) for hit in found)
    return sum(count * count for count in counts.values()) / len(found) ** 2


def _rounded(count: int) -> int:
    """Return the count down to one digit, so that one record more or less is not seen."""
    unit = 10 ** (len(str(count)) - 1)
    return count // unit * unit if unit > 1 else SMALLEST
