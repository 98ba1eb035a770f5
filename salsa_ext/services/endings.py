"""What came of a trace, told to the states that helped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.matching import chains
from salsa_ext.messages.envelopes import Letter
from salsa_ext.models import Trace, TraceLeg, TraceMessage
from salsa_ext.readmodels.trace_legs import as_said
from salsa_ext.services import deliveries, legs
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor


def letter(trace: Trace, leg: TraceLeg, *, helped: bool, text: str | None = None) -> Letter:
    """Return the letter that tells an asked state whether it helped, and what came of the trace."""
    body = {"leg": str(leg.id), "helped": helped, "text": text, "outcome": legs.outcome(trace)}
    return Letter("trace.feedback", trace.case_number, leg.state, body)


def tell(actor: Actor, vault: Vault, trace: Trace) -> list[str]:
    """Tell each state that gave something what came of it, unless it was told; returns the states.

    It helped where something of what it gave stands in the chain. No command of its own.
    """
    gave = [leg for leg in legs.of(trace) if leg.events and leg.asked_in is not None]
    told = _told([leg.id for leg in gave])
    waiting = [leg for leg in gave if leg.id not in told]
    helped = _who_helped(trace)
    envelopes = deliveries.send_many(
        actor, vault, [letter(trace, leg, helped=leg.state in helped) for leg in waiting]
    )
    legs.keep_sent(actor, waiting, envelopes)
    return sorted(leg.state for leg in waiting)


def untold(answered: Sequence[TraceLeg]) -> list[TraceLeg]:
    """Return those of some legs whose states were not told of their last answer whether it helped."""
    said = select(TraceMessage.subject_id, func.max(TraceMessage.at)).where(
        TraceMessage.subject_id.in_([leg.id for leg in answered]), TraceMessage.kind == "feedback"
    )
    last = dict(db.session.execute(said.group_by(TraceMessage.subject_id)).all())
    return [leg for leg in answered if is_untold(leg, last.get(leg.id))]


def is_untold(leg: TraceLeg, last: datetime | None) -> bool:
    """Tell whether a state answered after it was told last whether it helped."""
    return last is None or (leg.answered_at is not None and leg.answered_at > last)


def _told(leg_ids: Sequence[UUID]) -> set[UUID]:
    said = select(TraceMessage.subject_id).where(
        TraceMessage.subject_id.in_(leg_ids), TraceMessage.kind == "feedback"
    )
    return {*db.session.scalars(said)}


def _who_helped(trace: Trace) -> set[str]:
    """Return the states of which something stands in the chain."""
    said = [as_said(trace, leg) for leg in legs.of(trace)]
    found = chains.build(said, trace.found_on, trace.owner_state, trace.firearm)
    return {event["state"] for event in found.chain}
