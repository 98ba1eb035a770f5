"""Records that are told otherwise now: who got them in an answer to a trace is told what they say.

Commands that write a record anew, or take back what did not happen, note it, and so do those by which
a shipment stands otherwise; once they are done, and within their transaction, each state that had
answered a trace with the record says it again, and the own traces that show it follow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import as_state, db
from salsa_ext.matching.events import retold
from salsa_ext.messages import pairs
from salsa_ext.models import MarkKey, Trace, TraceLeg, TraceRequest
from salsa_ext.policy.rules import service
from salsa_ext.readmodels.arrays import among
from salsa_ext.readmodels.requests import handled
from salsa_ext.services import answers, audiences, deliveries, legs, request_steps
from salsa_ext.services.audiences import Audience, Given
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor, Purpose

NOTED: Final = "retold"


@dataclass
class _News:
    """What of a state says something else: records, and all guns of shipments; and who is told."""

    records: set[UUID] = field(default_factory=set)
    shipments: set[UUID] = field(default_factory=set)
    audience: Audience | None = None


def note(state: str, records: Iterable[UUID] = (), *, shipments: Iterable[UUID] = ()) -> None:
    """Note that records of a state say something else now, or how its shipments stand; no command."""
    news = _noted().setdefault(state, _News())
    news.records.update(records)
    news.shipments.update(shipments)
    news.audience = None


def forget() -> None:
    """Forget what was noted: the transaction did not come to its end."""
    db.session.info.pop(NOTED, None)


def run(actor: Actor, vault: Vault) -> int:
    """Tell what was noted in the actor's transaction; returns to how many requests.

    Called last in it, since letters are. Each state speaks of its own records alone: what is kept
    from the agency of whoever corrected them is told all the same. The pairs of all who are told
    are locked before any trace or request.
    """
    found = _audiences(actor)
    forget()
    pairs.lock_all(pair for audience in found for pair in audience.pairs)
    told = 0
    for audience in found:
        with as_state(actor, audience.state):
            told += _tell(_speaker(actor, audience.state), vault, audience)
    return told


def pairs_told(actor: Actor) -> set[tuple[str, str]]:
    """Return the pairs of states that what was noted so far will lock.

    Whoever locks other pairs before this is told locks these with them, in one order; who is told
    stays so from then on.
    """
    return {pair for audience in _audiences(actor) for pair in audience.pairs}


def _noted() -> dict[str, _News]:
    noted: dict[str, _News] = db.session.info.setdefault(NOTED, {})
    return noted


def _audiences(actor: Actor) -> list[Audience]:
    """Return who is told, read once: a pair that is found later could be waited for no more."""
    found = []
    for state, news in sorted(_noted().items()):
        if news.audience is None:
            with as_state(actor, state):
                news.audience = audiences.of(state, news.records, news.shipments)
        found.append(news.audience)
    return found


def _speaker(actor: Actor, state: str) -> Actor:
    """Return who speaks: whoever corrected it, of his own state, and the service of another."""
    if state == actor.state:
        return replace(actor, agency=None)
    return service(state, actor.clock)


def _tell(actor: Actor, vault: Vault, audience: Audience) -> int:
    if not audience.given and not audience.traces:
        return 0
    gone = _gone(audience.records)
    _renew_own(actor, audience, gone)
    for request_id, given in audience.given.items():
        _say(actor, vault, request_steps.take(actor, request_id), given, gone)
    if audience.given:
        deliveries.deliver_now(actor, vault)
    return len(audience.given)


def _gone(records: Collection[UUID]) -> set[UUID]:
    """Return those of which nothing happened after all: no search finds them any more."""
    query = select(MarkKey.record_id).where(
        MarkKey.record_id.in_(records), MarkKey.is_void, ~MarkKey.is_superseded
    )
    return {*db.session.scalars(query)}


def _say(
    actor: Actor, vault: Vault, request: TraceRequest, given: Given, gone: set[UUID]
) -> None:  # fmt: skip
    about = Purpose("investigation", request.case_number, about=(str(request.trace_id),))
    saying, to = actor.for_purpose(about), request.asking_state
    before = handled(request.id)
    how = before.by_record if before else answers.NOTHING
    events = [
        *answers.tell_again(saying, to, given.by_person - gone, by_person=True, handled=how),
        *answers.tell_again(saying, to, given.by_service - gone, by_person=False, handled=how),
    ]
    left_out = (given.by_person | given.by_service) & gone
    if events or left_out:
        body = {"events": events, "gone": sorted(map(str, left_out))}
        request_steps.tell(actor, vault, request, "trace.corrected", body)


def _renew_own(actor: Actor, audience: Audience, gone: set[UUID]) -> None:
    """Let the own state's legs of its own traces say what its records now say."""
    own = actor.own_state()
    mine = (among(Trace.id, audience.traces), TraceLeg.state == own)
    query = select(Trace, TraceLeg).join(TraceLeg, TraceLeg.trace_id == Trace.id).where(*mine)
    fresh = query.with_for_update().execution_options(populate_existing=True)
    for trace, leg in db.session.execute(fresh.order_by(Trace.id)).all():
        held = {UUID(event["record"]) for event in leg.events} & audience.records
        said = answers.tell_again(actor, own, held - gone, by_person=True)
        with legs.following(trace):
            leg.events = retold(leg.events, said, map(str, gone), actor.now().isoformat())
