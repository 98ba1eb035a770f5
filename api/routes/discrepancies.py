"""Routes of discrepancies and the statements of states on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import g

from api.http.fields.schemas import RequestSchema
from api.http.resource import Resource
from api.schemas.common import AssignRequest
from api.schemas.discrepancies import (
    AgreementRequest,
    DiscrepancyQuery,
    DiscrepancyResponse,
    StatementRequest,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.notifications.values import AssigneeData
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.discrepancies import queries as discrepancy_queries
from salsa_ext.trade.discrepancies.queries import DiscrepancyView

PATH = "/discrepancies/<uuid:discrepancy_id>"

blueprint = Resource("discrepancies", "Where counterparts disagree about permits and shipments")
blueprint.listing(
    "/discrepancies",
    DiscrepancyQuery,
    DiscrepancyResponse,
    discrepancy_queries.list_discrepancies,
    Permission.DISCREPANCY_READ,
)
blueprint.reading(
    PATH, DiscrepancyResponse, discrepancy_queries.get_discrepancy, Permission.DISCREPANCY_READ
)


def _add_action(
    name: str, body: type[RequestSchema], command: Callable[..., Any], summary: str
) -> None:
    def act(actor: Actor, data: Any, discrepancy_id: UUID) -> DiscrepancyView:
        command(
            actor=actor,
            discrepancy_id=discrepancy_id,
            expected_version=g.expected_version,
            data=data,
        )
        return discrepancy_queries.read_discrepancy(actor, discrepancy_id)

    act.__name__, act.__doc__ = f"{name}_discrepancy", summary
    blueprint.posting(
        f"{PATH}/{name}",
        body,
        DiscrepancyResponse,
        Permission.DISCREPANCY_WORK,
        status=200,
        standing=discrepancy_queries.discrepancy_version,
    )(act)


_add_action(
    "explain", StatementRequest, discrepancy_commands.explain, "Say for your state why it is so."
)
_add_action(
    "agree",
    AgreementRequest,
    discrepancy_commands.agree,
    "Agree for your state; agreed by all states, it is closed.",
)
_add_action(
    "reopen",
    StatementRequest,
    discrepancy_commands.reopen,
    "Take your state's position back, and say why.",
)


@blueprint.posting(
    f"{PATH}/assign", AssignRequest, DiscrepancyResponse, Permission.DISCREPANCY_WORK, status=200
)
def assign_discrepancy(actor: Actor, data: AssigneeData, discrepancy_id: UUID) -> DiscrepancyView:
    """Assign a discrepancy to an account of your state; not shared."""
    discrepancy_commands.assign(actor=actor, discrepancy_id=discrepancy_id, data=data)
    return discrepancy_queries.read_discrepancy(actor, discrepancy_id)
