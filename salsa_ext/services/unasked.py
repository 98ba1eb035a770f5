"""States that a trace could not ask at once, since others were talking with them: the worker asks them.

Such a leg waits as `sent`, with no envelope in which it was asked; its state learns of the trace then.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import db
from salsa_ext.messages import pairs
from salsa_ext.models import Trace, TraceLeg
from salsa_ext.services import deliveries, legs
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor, Purpose

MOST = 100


def run(actor: Actor, vault: Vault) -> int:
    """Ask one state that a trace of the actor's state has yet to ask; returns how many were asked.

    Called in a transaction of that state by the worker alone, again until it returns none. Safe to
    run anywhere, twice, at once: what others hold is passed over until the next time.
    """
    own = actor.own_state()
    waiting = _wanted(own).with_only_columns(TraceLeg.id, TraceLeg.state)
    for leg_id, state in db.session.execute(waiting.order_by(TraceLeg.id).limit(MOST)).all():
        if pairs.try_lock(own, state) and (found := _take(own, leg_id)):
            _ask(actor, vault, *found)
            return 1
    return 0


def _wanted(own: str) -> Select[Trace, TraceLeg]:
    unasked = (TraceLeg.status == "sent", TraceLeg.channel == "salsa", TraceLeg.asked_in.is_(None))
    query = select(Trace, TraceLeg).join(TraceLeg, TraceLeg.trace_id == Trace.id)
    return query.where(TraceLeg.owner_state == own, *unasked, Trace.status.in_(legs.SENT))


def _take(own: str, leg_id: UUID) -> tuple[Trace, TraceLeg] | None:
    """Return a leg that is still to be asked, and its trace, both locked; None where another has them."""
    free = _wanted(own).where(TraceLeg.id == leg_id).with_for_update(skip_locked=True)
    row = db.session.execute(free.execution_options(populate_existing=True)).first()
    return (row[0], row[1]) if row else None


def _ask(actor: Actor, vault: Vault, trace: Trace, leg: TraceLeg) -> None:
    purpose = Purpose("investigation", trace.case_number, about=(str(trace.id),))
    legs.ask_later(actor.for_purpose(purpose), vault, trace, leg)
    append_many(actor, [
        Act(Action.TRACE_ASKED, "trace", trace.id, data={"asked": [leg.state]}),
        Act(Action.TRACE_SENT, "trace", trace.id, concerned=[leg.state], hidden=True),
    ])  # fmt: skip
    deliveries.deliver_now(actor, vault)
