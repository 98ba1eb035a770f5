"""How a request moves: by the one table, with its clock, and told to the asking state by a letter."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db
from salsa_ext.errors import Coded, IllegalTransition, Message, NotFound, StaleVersion, say
from salsa_ext.matching.requests import ENDS, WAITING, after, possible
from salsa_ext.messages import inbox, pairs
from salsa_ext.messages.envelopes import Envelope, Letter
from salsa_ext.models import TraceRequest
from salsa_ext.readmodels.days import days
from salsa_ext.readmodels.requests import messages_of, withdrawn_at
from salsa_ext.services import assignees, conversations, deliveries, hidings, terms
from salsa_ext.services.conversations import Word
from salsa_ext.services.notifications import notify_many
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice


def take(actor: Actor, request_id: UUID, seen: int | None = None) -> TraceRequest:
    """Return a request of the actor's state, locked; what the asking state says to it waits meanwhile.

    Raises NotFound or StaleVersion.
    """
    known = db.session.get(TraceRequest, request_id)
    if known is None:
        raise NotFound("request", request_id)
    pairs.lock(actor.own_state(), [known.asking_state])
    request = db.session.get_one(
        TraceRequest, request_id, populate_existing=True, with_for_update=True
    )
    if seen is not None and seen != request.version:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    return request


def move(actor: Actor, request: TraceRequest, action: str) -> None:
    """Let a request follow an action, by the table that legs follow too; raises IllegalTransition."""
    status = after(request.status, action)
    if status is None:
        onward = _withdrawn(actor, request) if request.status == "withdrawn" else None
        raise IllegalTransition("request", request.status, action, possible(request.status), onward)
    if action in ENDS:
        request.answered_at = actor.now()
    put(actor, request, status)


def _withdrawn(actor: Actor, request: TraceRequest) -> Message | None:
    """Return who withdrew a request, and on which day of the own state."""
    at = withdrawn_at(messages_of([request.id])[request.id])
    if at is None:
        return None
    return say("{state} withdrew it on {on} and waits for nothing any more.",
               state=Coded("state", request.asking_state),
               on=days(actor).on(request.owner_state, at))  # fmt: skip


def put(actor: Actor, request: TraceRequest, status: str) -> None:
    """The one writer of a request's status; a clarification stops the clock, its end lets it go on.

    What was said already and waits again, such as a refusal that turns into a question, has a new term.
    """
    now = actor.now()
    if request.status not in WAITING and status in WAITING:
        terms.begin(actor, request)
    if status == "clarification":
        request.stopped_at = request.stopped_at or now
    else:
        terms.resume(actor, request)
    request.status = status
    request.version += 1
    db.session.flush()  # while its owner's rows may be written


def tell(
    actor: Actor, vault: Vault, request: TraceRequest, kind: str, body: Mapping[str, Any],
    asked: Envelope | None = None, acts: Sequence[Act] = (), heard: Sequence[Word] = (),
) -> Envelope:  # fmt: skip
    """Send the asking state what was said of its request, in reply to what it asked last, and keep it.

    `asked` is that envelope, where it is at hand; `acts` are written down, and words that were
    `heard` before kept, in the same round trip.
    """
    asked = asked or inbox.find(actor, request.envelope_id)
    said = Letter(kind, request.case_number, request.asking_state,
                  {"leg": str(request.leg_id)} | dict(body), asked)  # fmt: skip
    envelope = deliveries.send(actor, vault, said)
    word = Word("request", request.id, conversations.kind_of(envelope), body, envelope)
    conversations.keep(actor, [*heard, word], acts)
    return envelope


def name_hidden(actor: Actor, request: TraceRequest, agencies: Collection[str]) -> None:
    """Keep a request, and what is written down of the trace, from those that the asking state names by now."""
    by = request.asking_state
    hidings.put(actor, "request", _subjects(request), agencies, named_by=by)
    _take_from_who_must_not_see(actor, request)


def hide(actor: Actor, request: TraceRequest, agencies: Collection[str]) -> None:
    """Keep it from these as the own state's choice, beside those that the asking state names."""
    hidings.put(actor, "request", _subjects(request), agencies, is_own=True)
    request.version += 1
    db.session.flush()
    _take_from_who_must_not_see(actor, request)


def _take_from_who_must_not_see(actor: Actor, request: TraceRequest) -> None:
    """Let nobody work on a request that is kept from him by now, and tell the others that it is free."""
    if not assignees.is_kept_from(request.assignee_id, hidings.of(request.id)):
        return
    request.assignee_id = None
    db.session.flush()
    write_down(actor, Action.REQUEST_ASSIGNED, request, account=None)
    if request.status in WAITING:
        notify(actor, request, "request_unassigned")


def _subjects(request: TraceRequest) -> tuple[UUID, ...]:
    return request.id, request.trace_id, request.leg_id


def tell_of_hiding(actor: Actor, request: TraceRequest, before: Sequence[str]) -> None:
    """Tell the supervisors of a request that waits where no analyst is left by now who may see it.

    `before` are the agencies that were kept from it until then.
    """
    kept_from = hidings.of(request.id)
    if kept_from == before or request.status not in WAITING:
        return
    if assignees.answering(actor, kept_from) != assignees.ANALYSTS:
        notify(actor, request, "request_received")


def notify(actor: Actor, request: TraceRequest, code: str) -> None:
    """Tell who answers requests what became of one: of those who may see it."""
    own, told = actor.own_state(), {"by": request.asking_state, "priority": request.priority}
    roles = assignees.answering(actor, hidings.of(request.id))
    notify_many(actor, [Notice(own, roles, code, "request", request.id, own,
                               request.case_number, told)])  # fmt: skip


def write_down(actor: Actor, action: Action, request: TraceRequest, **data: Any) -> None:
    """Write down for the asked state what was done to a request."""
    append(actor, act(action, request, **data))


def act(action: Action, request: TraceRequest, **data: Any) -> Act:
    """Return what is written down of what was done to a request."""
    return Act(action, "request", request.id, data={"to": request.asking_state} | data)
