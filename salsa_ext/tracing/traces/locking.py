"""Lock traces for a command, after the pairs of states that it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, select

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition
from salsa_ext.database.locks import lock
from salsa_ext.database.session import db
from salsa_ext.exchange import pair_locks
from salsa_ext.tracing.traces import record_corrections
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.values import SENT_STATUSES

ACTIONS_BY_STATUS: Final = {
    "draft": ("amend", "approve", "decline", "send", "withdraw"),
    "approved": ("send", "withdraw"),
    **dict.fromkeys(SENT_STATUSES, ("legs", "feedback", "close", "withdraw")),
    "closed": ("feedback",),
}
"""Actions that a status allows; assigning, notes and restrictions always are."""


def lock_trace(
    actor: Actor,
    trace_id: UUID,
    action: str,
    statuses: Sequence[str],
    expected_version: int | None = None,
    asking: Sequence[str] = (),
) -> Trace:
    """Return an own trace, locked, for an action that its status allows.

    Messages of asked states to it wait, and those with the states that the action will ask
    (`asking`). Raises NotFound, StaleVersion, IllegalTransition.
    """
    lock_pairs_of(actor, Trace.id == trace_id, asking)
    trace = lock(Trace, trace_id, expected_version)
    if trace.status not in statuses:
        raise IllegalTransition(
            "trace", trace.status, action, ACTIONS_BY_STATUS.get(trace.status, ())
        )
    return trace


def lock_pairs_of(actor: Actor, condition: ColumnElement[bool], asking: Sequence[str] = ()) -> None:
    """Lock all pairs of states with messages to some traces.

    Before the traces, in the order of message processing, and together with the pairs of pending
    corrections: other orders deadlock. States to ask are known where a command names them
    (`asking`); others are found after locking.
    """
    own = actor.own_state()
    states = (
        select(TraceLeg.state)
        .join(Trace, Trace.id == TraceLeg.trace_id)
        .where(condition, TraceLeg.channel == "salsa", TraceLeg.state != own)
    )
    pairs = {(own, other) for other in (*db.session.scalars(states), *asking)}
    pair_locks.lock_pairs(pairs | record_corrections.pairs_to_lock(actor))
