"""Records that are told otherwise now: who got them in an answer to a trace is told what they say.

Commands that write a record anew, or take back what did not happen, note it; once they are done, and
within their transaction, each state that had answered a trace with the record says it again, and the
own traces that show it follow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, String, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from salsa_ext.audit import Action, traces_in
from salsa_ext.db import as_state, db
from salsa_ext.matching.events import retold
from salsa_ext.matching.requests import ANSWERS
from salsa_ext.messages import pairs
from salsa_ext.models import AuditEntry, MarkKey, Trace, TraceLeg, TraceRequest
from salsa_ext.policy.rules import service
from salsa_ext.services import answers, deliveries, legs, request_steps
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor, Purpose

NOTED: Final = "retold"
Noted = dict[str, set[UUID]]
_SHOWN: Final = text(
    "EXISTS (SELECT FROM jsonb_array_elements(trace_leg.events) AS event"
    " WHERE event ->> 'record' = ANY(:records))"
)


def note(state: str, records: Iterable[UUID]) -> None:
    """Note that records of a state say something else now; no command of its own."""
    noted: Noted = db.session.info.setdefault(NOTED, {})
    noted.setdefault(state, set()).update(records)


def forget() -> None:
    """Forget what was noted: the transaction did not come to its end."""
    db.session.info.pop(NOTED, None)


def run(actor: Actor, vault: Vault) -> int:
    """Tell what was noted in the actor's transaction; returns to how many requests.

    Called last in it, since letters are. Each state speaks of its own records alone: what is kept
    from the agency of whoever corrected them is told all the same.
    """
    noted: Noted = db.session.info.pop(NOTED, {})
    told = 0
    for state, records in sorted(noted.items()):
        with as_state(actor, state):
            told += _tell(_speaker(actor, state), vault, records)
    return told


def listeners(state: str) -> set[str]:
    """Return whom what was noted of a state's records so far will be told: read with its eyes.

    Whoever locks other pairs of that state before this is told locks these with them, in one order.
    """
    noted: Noted = db.session.info.get(NOTED, {})
    given = _given(state, noted[state]) if noted.get(state) else {}
    return {row.asking_state for row in _answered(state, given)} if given else set()


def _speaker(actor: Actor, state: str) -> Actor:
    """Return who speaks: whoever corrected it, of his own state, and the service of another."""
    if state == actor.state:
        return replace(actor, agency=None)
    return service(state, actor.clock)


def _tell(actor: Actor, vault: Vault, records: Collection[UUID]) -> int:
    given = _given(actor.own_state(), records)
    gone = _gone(records)
    _renew_own(actor, records, gone)
    asking = _requests(actor, given)
    for request, ids in asking:
        _say(actor, vault, request, ids, gone)
    if asking:
        deliveries.deliver_now(actor, vault)
    return len(asking)


def _given(state: str, records: Collection[UUID]) -> Mapping[str, set[UUID]]:
    """Return which of the own records were given for which traces, as the own audit has it."""
    query = select(AuditEntry.subject_id, AuditEntry.data).where(
        AuditEntry.action == Action.RECORD_DISCLOSED,
        AuditEntry.owner_state == state,
        AuditEntry.subject_id.in_([str(key) for key in records]),
        AuditEntry.data.has_key("about"),
    )
    found: dict[str, set[UUID]] = defaultdict(set)
    for record, data in db.session.execute(query):
        for trace in traces_in(data):
            found[trace].add(UUID(record))
    return found


def _gone(records: Collection[UUID]) -> set[UUID]:
    """Return those of which nothing happened after all: no search finds them any more."""
    query = select(MarkKey.record_id).where(
        MarkKey.record_id.in_(records), MarkKey.is_void, ~MarkKey.is_superseded
    )
    return {*db.session.scalars(query)}


def _requests(actor: Actor, given: Mapping[str, set[UUID]]) -> list[tuple[TraceRequest, set[UUID]]]:
    """Return the requests that the records answered, with these, locked after their pairs."""
    if not given:
        return []
    rows = _answered(actor.own_state(), given)
    pairs.lock(actor.own_state(), [row.asking_state for row in rows])
    taken = (request_steps.take(actor, row.id) for row in rows)
    return [(one, given[str(one.trace_id)]) for one in taken if one.status in ANSWERS.values()]


def _answered(state: str, traces: Iterable[str]) -> Sequence[Row[UUID, str]]:
    """Return the requests of a state about traces that it answered, each with who asked."""
    query = select(TraceRequest.id, TraceRequest.asking_state).where(
        TraceRequest.owner_state == state,
        TraceRequest.trace_id.in_([UUID(trace) for trace in traces]),
        TraceRequest.status.in_(ANSWERS.values()),
    )  # fmt: skip
    return db.session.execute(query.order_by(TraceRequest.id)).all()


def _say(
    actor: Actor, vault: Vault, request: TraceRequest, records: set[UUID], gone: set[UUID]
) -> None:
    about = Purpose("investigation", request.case_number, about=(str(request.trace_id),))
    events = answers.tell_again(actor.for_purpose(about), request.asking_state, records - gone,
                                by_person=not request.is_automatic)  # fmt: skip
    body = {"events": events, "gone": sorted(str(key) for key in records & gone)}
    if events or body["gone"]:
        request_steps.tell(actor, vault, request, "trace.corrected", body)


def _renew_own(actor: Actor, records: Collection[UUID], gone: set[UUID]) -> None:
    """Let the own state's legs of its own traces say what its records now say."""
    shown = _SHOWN.bindparams(
        bindparam("records", [str(key) for key in records], type_=ARRAY(String))
    )
    mine = (TraceLeg.owner_state == actor.own_state(), TraceLeg.state == actor.own_state())
    query = (
        select(Trace, TraceLeg).join(TraceLeg, TraceLeg.trace_id == Trace.id).where(*mine, shown)
    )
    for trace, leg in db.session.execute(query.order_by(Trace.id).with_for_update()).all():
        held = {UUID(event["record"]) for event in leg.events} & {*records}
        said = answers.tell_again(actor, actor.own_state(), held - gone, by_person=True)
        with legs.following(trace):
            leg.events = retold(leg.events, said, map(str, gone), _moment(actor))


def _moment(actor: Actor) -> Any:
    return actor.now().isoformat()
