"""Second persons for traces: what a state wants, and what other states ask of the own one's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Account, TraceApproval
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import RULES, require
from salsa_ext.readmodels import settings
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.values.actor import Actor
from salsa_ext.values.settings import THREE

APPROVING: Final = tuple(role for role, may in RULES.items() if Permission.TRACE_APPROVE in may)


@dataclass(frozen=True)
class Rule:
    """Who approves a state's traces by now: see TRACE_APPROVALS; `partner` is the state that does."""

    kind: str
    partner: str | None = None


def list_approvals(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[TraceApproval]:
    """Return a page of the traces that other states ask yours to approve, newest first."""
    require(actor, Permission.TRACE_APPROVE)
    query = select(TraceApproval)
    for name in ("status", "asking_state"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(TraceApproval, name) == value)
    return page(query, TraceApproval.id, limit, cursor)


def get_approval(actor: Actor, approval_id: UUID) -> TraceApproval:
    """Return one trace that another state asks yours to approve; raises NotFound."""
    require(actor, Permission.TRACE_APPROVE)
    return read(approval_id)


def version(actor: Actor, approval_id: UUID) -> int:
    """Return the version that stands, for If-Match; raises NotFound."""
    return read(approval_id).version


def read(approval_id: UUID) -> TraceApproval:
    """Return one of the own state, for a command that just decided it."""
    found = db.session.get(TraceApproval, approval_id, populate_existing=True)
    if found is None:
        raise NotFound("approval", approval_id)
    return found


def count_approvers() -> int:
    """Return how many persons of the own state may approve a trace."""
    mine = select(func.count()).where(Account.is_active, Account.role.in_(APPROVING))
    return db.session.scalar(mine.select_from(Account)) or 0


def rule_of(state: str) -> Rule:
    """Return who approves the traces of a state: with three persons of its own, one of them."""
    wanted = settings.standing(state).settings
    if wanted.trace_approval in ("partner", "alone") and count_approvers() >= THREE:
        return Rule("own")
    partner = wanted.trace_approver if wanted.trace_approval == "partner" else None
    return Rule(wanted.trace_approval, partner)
