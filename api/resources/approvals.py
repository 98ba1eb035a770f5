"""Traces of other states that wait for a second person of the own one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.approvals import (
    ApprovalQuery,
    ApprovalResponse,
    DeclineApprovalRequest,
    GrantApprovalRequest,
)
from api.schemas.fields import RequestSchema
from api.vault import vault
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import approvals as reading
from salsa_ext.services import approval_decisions, approval_news
from salsa_ext.values.actor import Actor

PATH = "/approvals/<uuid:approval_id>"
HANDLERS = approval_news
"""Imported so that what comes is applied wherever the application is."""

blueprint = Resource("approvals", "Traces of other states that wait for a second person of yours")
blueprint.listing(
    "/approvals", ApprovalQuery, ApprovalResponse, reading.list_approvals, Permission.TRACE_APPROVE
)
blueprint.reading(PATH, ApprovalResponse, reading.get_approval, Permission.TRACE_APPROVE)


def _action(name: str, body: type[RequestSchema], command: Callable[..., Any], said: str) -> None:
    def act(actor: Actor, data: Any, approval_id: UUID) -> Any:
        command(actor=actor, vault=vault(), approval_id=approval_id, seen=g.seen, data=data)
        return reading.read(approval_id)

    act.__name__, act.__doc__ = f"{name}_approval", said
    blueprint.posting(
        f"{PATH}/{name}", body, ApprovalResponse, Permission.TRACE_APPROVE,
        status=200, standing=reading.version,
    )(act)  # fmt: skip


_action("grant", GrantApprovalRequest, approval_decisions.grant, "Approve another state's trace.")
_action("decline", DeclineApprovalRequest, approval_decisions.decline,
        "Decline to approve another state's trace, and say why.")  # fmt: skip
