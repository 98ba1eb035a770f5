"""What states say to each other of second persons: asked by the one, granted or declined by the other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import ask, db, insert_many
from salsa_ext.errors import Conflict, EnvelopeRefused, NotFound, Unavailable, say
from salsa_ext.messages import inbox, pairs
from salsa_ext.messages.envelopes import Envelope, Letter
from salsa_ext.models import Trace, TraceApproval
from salsa_ext.readmodels.approvals import as_asked, count_approvers, differences, read, rule_of
from salsa_ext.readmodels.refusals import shown_to
from salsa_ext.services import approvals, conversations, deliveries, hidings, legs
from salsa_ext.services.approvals import APPROVERS, ASKERS
from salsa_ext.services.conversations import Word
from salsa_ext.services.handlers import handles
from salsa_ext.services.notifications import notify_many
from salsa_ext.services.sealing import Vault
from salsa_ext.values import letters
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id
from salsa_ext.values.notices import Notice

Said = Mapping[str, Any]
_OURS: Final = "SELECT 1 FROM trace WHERE owner_state = %s AND id = %s"
NOT_WANTED: Final = "not_wanted"
"""Why what a partner says is set aside: the state wants another second person by now."""


@handles("approval.ask")
def _asked(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Let a trace of the asking state wait for a second person of the own one."""
    said = letters.read(envelope.kind, envelope.body)
    if ask(_OURS, (actor.own_state(), said["trace"])).fetchone():  # whose hidings are its own
        raise EnvelopeRefused("malformed", field="body.trace")
    approval_id, before = new_id(), _asked_before(envelope.sender, UUID(said["trace"]))
    kept = as_asked(_kept(said))
    changed = [vars(one) for one in differences(as_asked(before), kept)] if before else []
    row = {
        "id": approval_id, "owner_state": actor.own_state(), "version": 1,
        "asking_state": envelope.sender, "trace_id": UUID(said["trace"]), "status": "asked",
        "case_number": envelope.case_number, "asked": kept | {"changed": changed}, "envelope_id": envelope.id,
        "asked_at": actor.now(), "decided_at": None, "decided_by": None, "reason": None,
    }  # fmt: skip
    insert_many(TraceApproval, [row])
    kept_from = hidings.by_state(said["hidden_from"], actor.own_state())
    _keep_from(actor, envelope, kept_from)
    append(actor, Act(Action.APPROVAL_RECEIVED, "approval", approval_id,
                      data={"to": envelope.sender}))  # fmt: skip
    if _is_left(approval_id):
        _tell(actor, "approval_asked", approval_id, envelope)
    else:
        _decline(actor, vault, read(approval_id), envelope)


def _asked_before(state: str, trace_id: UUID) -> Mapping[str, Any] | None:
    """Return what the last asking about a trace said, if there was one."""
    wanted = select(TraceApproval.asked).where(
        TraceApproval.asking_state == state, TraceApproval.trace_id == trace_id
    )
    return db.session.scalar(wanted.order_by(TraceApproval.id.desc()).limit(1))


@handles("approval.withdraw")
def _withdrawn(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """End what was asked last, where nobody decided yet, or what he said came too late."""
    rows = _known(actor, envelope)
    if not rows or rows[0].status not in ("asked", "granted"):
        raise NotFound("approval", str(envelope.body["trace"]))
    rows[0].status, rows[0].version = "withdrawn", rows[0].version + 1
    db.session.flush()
    _tell(actor, "approval_withdrawn", rows[0].id, envelope)


@handles("approval.hide")
def _hidden(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Keep what is asked, or was decided, from the agencies that the asking state names by now."""
    said, rows = letters.read(envelope.kind, envelope.body), _known(actor, envelope)
    if not rows:
        raise NotFound("approval", said["trace"])
    _keep_from(actor, envelope, hidings.by_state(said["hidden_from"], actor.own_state()))
    if rows[0].status == "asked" and not _is_left(rows[0].id):
        _decline(actor, vault, rows[0], inbox.find(actor, rows[0].envelope_id))


def _known(actor: Actor, envelope: Envelope) -> Sequence[TraceApproval]:
    """Return what was asked of the trace that a letter names, locked, what was asked last first."""
    said = letters.read(envelope.kind, envelope.body)
    wanted = select(TraceApproval).where(
        TraceApproval.owner_state == actor.own_state(),
        TraceApproval.asking_state == envelope.sender,
        TraceApproval.trace_id == UUID(said["trace"]),
    ).order_by(TraceApproval.id.desc())  # fmt: skip
    locked = wanted.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(locked).all()


def _keep_from(actor: Actor, envelope: Envelope, agencies: Collection[str]) -> None:
    """Keep all that was ever asked of a trace, and what is written down of it, from own agencies.

    What the own state keeps from further ones of its own covers what is asked later too.
    """
    ids, trace_id = [row.id for row in _known(actor, envelope)], UUID(str(envelope.body["trace"]))
    hidings.put(actor, "approval", [*ids, trace_id], agencies, named_by=envelope.sender)
    hidings.put(actor, "approval", ids, hidings.own(trace_id), is_own=True)


def _is_left(approval_id: UUID) -> bool:
    """Tell whether somebody of the own state may approve, and see what is asked."""
    return count_approvers(hidings.of(approval_id)) > 0


def _decline(actor: Actor, vault: Vault, row: TraceApproval, asked: Envelope | None) -> None:
    """Say at once, in no person's words, that nobody of the own state may approve."""
    row.status, row.version, row.decided_at = "declined", row.version + 1, actor.now()
    db.session.flush()
    body = {"trace": str(row.trace_id), "text": None}
    said = Letter("approval.decline", row.case_number, row.asking_state, body, asked)
    deliveries.send(actor, vault, said)
    append(actor, Act(Action.APPROVAL_DECLINED, "approval", row.id, data={"to": row.asking_state}))


@handles("approval.grant")
def _granted(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Let the trace be approved by the second person of the partner."""
    said, trace = _draft(actor, envelope)
    if not approvals.is_asked(trace):
        _set_aside(actor, vault, trace, envelope, said)
        return
    with legs.following(trace, to="approved"):
        approvals.put(actor, trace, "partner", envelope.sender)
    _hear(actor, trace, envelope, said)
    append(actor, Act(Action.TRACE_APPROVED, "trace", trace.id, data={"by": envelope.sender}))
    _answer(actor, trace, "trace_approved", envelope)


@handles("approval.decline")
def _declined(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Keep that it was declined, and why; it may be asked again. Without words there is nobody who may."""
    said, trace = _draft(actor, envelope)
    if not approvals.is_asked(trace):
        trace.approval_in = None  # who declined has nothing left to be withdrawn
        _set_aside(actor, vault, trace, envelope, said)
        return
    with legs.following(trace, to="draft"):
        approvals.wait_no_more(trace)
        if said["text"]:
            trace.declined_shown = shown_to(trace, envelope.sender)
    _hear(actor, trace, envelope, said)
    append(actor, Act(Action.TRACE_DECLINED, "trace", trace.id, data={"by": envelope.sender}))
    code = "trace_declined" if said["text"] else "trace_unapprovable"
    _answer(actor, trace, code, envelope)


def _set_aside(
    actor: Actor, vault: Vault, trace: Trace, envelope: Envelope, said: Said
) -> None:  # fmt: skip
    """Keep without effect what a partner said whom the state does not want any more, and ask whom it does."""
    told = _kept(said) | {"code": NOT_WANTED}
    conversations.keep(actor, [Word("trace", trace.id, "approval_set_aside", told, envelope)])
    approvals.ask_anew(actor, vault, trace, envelope.sender)


def _draft(actor: Actor, envelope: Envelope) -> tuple[Said, Trace]:
    """Return the draft of which the partner speaks, locked, where it waits for that very word."""
    said = letters.read(envelope.kind, envelope.body)
    _keep_named_out(actor)
    trace = db.session.get(Trace, UUID(said["trace"]), populate_existing=True, with_for_update=True)
    if trace is None or trace.approved_in != envelope.sender:
        raise NotFound("trace", said["trace"])
    if trace.status != "draft" or envelope.in_reply_to != trace.approval_in:
        raise Conflict(say("This trace waits for nobody's approval."))
    return said, trace


def _keep_named_out(actor: Actor) -> None:
    """Lock the own state with the partner that the setting names now, who may have to be asked, before a trace.

    The pair with who speaks is held already, so that nobody is waited for: where others hold this
    one, the word is applied later. Raises Unavailable.
    """
    named = rule_of(actor.own_state()).partner
    if named is not None and not pairs.try_lock(actor.own_state(), named):
        raise Unavailable(say("Others were changing the same at that moment; try again."))


def _kept(said: Said) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in ("trace", "hidden_from")}


def _hear(actor: Actor, trace: Trace, envelope: Envelope, said: Said) -> None:
    kind = f"approval_{conversations.kind_of(envelope)}"
    conversations.keep(actor, [Word("trace", trace.id, kind, _kept(said), envelope)])


def _tell(actor: Actor, code: str, approval_id: UUID, envelope: Envelope) -> None:
    own = actor.own_state()
    notify_many(actor, [Notice(own, APPROVERS, code, "approval", approval_id, own,
                               envelope.case_number, {"by": envelope.sender})])  # fmt: skip


def _answer(actor: Actor, trace: Trace, code: str, envelope: Envelope) -> None:
    own = actor.own_state()
    notify_many(actor, [Notice(own, ASKERS, code, "trace", trace.id, own, trace.case_number,
                               {"by": envelope.sender})])  # fmt: skip
