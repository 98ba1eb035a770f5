"""What states say to each other of second persons: asked by the one, granted or declined by the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db, insert_many
from salsa_ext.errors import Conflict, NotFound, say
from salsa_ext.messages.envelopes import Envelope
from salsa_ext.models import Trace, TraceApproval
from salsa_ext.services import approvals, conversations, hidings, legs
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


@handles("approval.ask")
def _asked(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Let a trace of the asking state wait for a second person of the own one."""
    said = letters.read(envelope.kind, envelope.body)
    approval_id = new_id()
    row = {
        "id": approval_id, "owner_state": actor.own_state(), "version": 1,
        "asking_state": envelope.sender, "trace_id": UUID(said["trace"]), "status": "asked",
        "case_number": envelope.case_number, "asked": _kept(said), "envelope_id": envelope.id,
        "asked_at": actor.now(), "decided_at": None, "decided_by": None, "reason": None,
    }  # fmt: skip
    insert_many(TraceApproval, [row])
    kept = hidings.by_state(said["hidden_from"], actor.own_state())
    hidings.put(actor, "approval", [approval_id, UUID(said["trace"])], kept)
    append(actor, Act(Action.APPROVAL_RECEIVED, "approval", approval_id,
                      data={"to": envelope.sender}))  # fmt: skip
    _tell(actor, "approval_asked", approval_id, envelope)


@handles("approval.withdraw")
def _withdrawn(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """End what is asked, where nobody decided yet."""
    said = letters.read(envelope.kind, envelope.body)
    wanted = select(TraceApproval).where(
        TraceApproval.owner_state == actor.own_state(), TraceApproval.status == "asked",
        TraceApproval.asking_state == envelope.sender,
        TraceApproval.trace_id == UUID(said["trace"]),
    )  # fmt: skip
    rows = db.session.scalars(
        wanted.with_for_update().execution_options(populate_existing=True)
    ).all()
    if not rows:
        raise NotFound("approval", said["trace"])
    for row in rows:
        row.status, row.version = "withdrawn", row.version + 1
        db.session.flush()
        _tell(actor, "approval_withdrawn", row.id, envelope)


@handles("approval.hide")
def _hidden(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Keep what is asked, or was decided, from the agencies that the asking state names by now."""
    said, own = letters.read(envelope.kind, envelope.body), actor.own_state()
    trace_id = UUID(said["trace"])
    ids = db.session.scalars(select(TraceApproval.id).where(
        TraceApproval.owner_state == own, TraceApproval.asking_state == envelope.sender,
        TraceApproval.trace_id == trace_id,
    )).all()  # fmt: skip
    if not ids:
        raise NotFound("approval", said["trace"])
    kept = hidings.by_state(said["hidden_from"], own)
    hidings.put(actor, "approval", [*ids, trace_id], kept)


@handles("approval.grant")
def _granted(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Let the trace be approved by the second person of the partner."""
    said, trace = _draft(actor, envelope)
    with legs.following(trace, to="approved"):
        approvals.put(actor, trace, "partner", envelope.sender)
    _hear(actor, trace, envelope, said)
    append(actor, Act(Action.TRACE_APPROVED, "trace", trace.id, data={"by": envelope.sender}))
    _answer(actor, trace, "trace_approved", envelope)


@handles("approval.decline")
def _declined(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Keep that it was declined, and why; it may be asked again."""
    said, trace = _draft(actor, envelope)
    with legs.following(trace, to="draft"):
        trace.approval_asked_at = trace.approval_in = trace.approved_in = None
    _hear(actor, trace, envelope, said)
    append(actor, Act(Action.TRACE_DECLINED, "trace", trace.id, data={"by": envelope.sender}))
    _answer(actor, trace, "trace_declined", envelope)


def _draft(actor: Actor, envelope: Envelope) -> tuple[Said, Trace]:
    """Return the draft of which the partner speaks, locked, where it waits for that very word."""
    said = letters.read(envelope.kind, envelope.body)
    trace = db.session.get(Trace, UUID(said["trace"]), populate_existing=True, with_for_update=True)
    if trace is None or trace.approved_in != envelope.sender:
        raise NotFound("trace", said["trace"])
    if trace.status != "draft" or envelope.in_reply_to != trace.approval_in:
        raise Conflict(say("This trace waits for nobody's approval."))
    return said, trace


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
