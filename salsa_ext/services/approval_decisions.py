"""What the own state's second persons say of another state's trace: granted, or declined with why."""

from __future__ import annotations

from uuid import UUID

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db
from salsa_ext.errors import IllegalTransition, Invalid, StaleVersion, say
from salsa_ext.messages import inbox, pairs
from salsa_ext.messages.envelopes import Letter
from salsa_ext.models import TraceApproval
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.approvals import read
from salsa_ext.services import deliveries
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor
from salsa_ext.values.requests import Telling


def grant(
    *, actor: Actor, vault: Vault, approval_id: UUID, seen: int | None, data: Telling
) -> None:
    """Approve another state's trace; raises NotFound, StaleVersion, IllegalTransition."""
    require(actor, Permission.TRACE_APPROVE)
    approval = _take(actor, approval_id, seen, "grant")
    _decide(actor, vault, approval, "granted", data.text)
    append(actor, Act(Action.APPROVAL_GRANTED, "approval", approval_id,
                      data={"to": approval.asking_state}))  # fmt: skip


def decline(
    *, actor: Actor, vault: Vault, approval_id: UUID, seen: int | None, data: Telling
) -> None:
    """Decline, and say why: the asking state reads it; raises Invalid, and as `grant`."""
    require(actor, Permission.TRACE_APPROVE)
    approval = _take(actor, approval_id, seen, "decline")
    if not data.text:
        raise Invalid({"text": [say("Say why: the asking state reads it.")]})
    _decide(actor, vault, approval, "declined", data.text)
    append(actor, Act(Action.APPROVAL_DECLINED, "approval", approval_id,
                      data={"to": approval.asking_state}))  # fmt: skip


def _take(actor: Actor, approval_id: UUID, seen: int | None, action: str) -> TraceApproval:
    pairs.lock(actor.own_state(), [read(approval_id).asking_state])
    approval = db.session.get_one(
        TraceApproval, approval_id, populate_existing=True, with_for_update=True
    )
    if seen is not None and seen != approval.version:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    if approval.status != "asked":
        raise IllegalTransition("approval", approval.status, action)
    return approval


def _decide(
    actor: Actor, vault: Vault, approval: TraceApproval, status: str, text: str | None
) -> None:
    approval.status, approval.version = status, approval.version + 1
    approval.decided_at, approval.decided_by = actor.now(), actor.account_id
    approval.reason = text
    db.session.flush()
    asked = inbox.find(actor, approval.envelope_id)
    kind = "approval.grant" if status == "granted" else "approval.decline"
    body = {"trace": str(approval.trace_id), "text": text}
    deliveries.send(
        actor, vault, Letter(kind, approval.case_number, approval.asking_state, body, asked)
    )
    deliveries.deliver_now(actor, vault)
