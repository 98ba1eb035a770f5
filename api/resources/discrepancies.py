"""Where counterparts disagree, and what each state says to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.discrepancies import (
    AgreeRequest,
    AssignRequest,
    DiscrepancyQuery,
    DiscrepancyResponse,
    SayingRequest,
)
from api.schemas.fields import RequestSchema
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import discrepancies as reading
from salsa_ext.readmodels.discrepancies import DiscrepancyView
from salsa_ext.services import positions
from salsa_ext.values.actor import Actor
from salsa_ext.values.positions import Assigning

PATH = "/discrepancies/<uuid:discrepancy_id>"

blueprint = Resource("discrepancies", "Where counterparts disagree about permits and shipments")
blueprint.listing(
    "/discrepancies", DiscrepancyQuery, DiscrepancyResponse, reading.list_discrepancies,
    Permission.DISCREPANCY_READ,
)  # fmt: skip
blueprint.reading(PATH, DiscrepancyResponse, reading.get_discrepancy, Permission.DISCREPANCY_READ)


def _action(name: str, body: type[RequestSchema], command: Callable[..., Any], said: str) -> None:
    def act(actor: Actor, data: Any, discrepancy_id: UUID) -> DiscrepancyView:
        command(actor=actor, discrepancy_id=discrepancy_id, seen=g.seen, data=data)
        return reading.read(actor, discrepancy_id)

    act.__name__, act.__doc__ = f"{name}_discrepancy", said
    blueprint.posting(
        f"{PATH}/{name}", body, DiscrepancyResponse, Permission.DISCREPANCY_WORK,
        status=200, standing=reading.version,
    )(act)  # fmt: skip


_action("explain", SayingRequest, positions.explain, "Say for your state why it is so.")
_action("agree", AgreeRequest, positions.agree,
        "Agree for your state; agreed by all states, it is closed.")  # fmt: skip
_action("reopen", SayingRequest, positions.reopen, "Take your state's position back, and say why.")


@blueprint.posting(
    f"{PATH}/assign", AssignRequest, DiscrepancyResponse, Permission.DISCREPANCY_WORK, status=200
)
def assign_discrepancy(actor: Actor, data: Assigning, discrepancy_id: UUID) -> DiscrepancyView:
    """Let somebody of your state work on it; no other state learns who."""
    positions.assign(actor=actor, discrepancy_id=discrepancy_id, data=data)
    return reading.read(actor, discrepancy_id)
