"""Routes of discrepancies between the papers of two states."""

from __future__ import annotations

from api.http.resource import Item, Resource
from api.schemas.common import AssignRequest
from api.schemas.trade.discrepancies import (
    AgreementRequest,
    DiscrepancyQuery,
    DiscrepancyResponse,
    StatementRequest,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.discrepancies import queries as discrepancy_queries

DISCREPANCY = "/discrepancies/<uuid:discrepancy_id>"

blueprint = Resource(
    "discrepancies",
    "Where counterparts disagree about permits and shipments",
    Item(
        DiscrepancyResponse,
        discrepancy_queries.read_discrepancy,
        discrepancy_queries.discrepancy_version,
    ),
)
blueprint.listing(
    "/discrepancies",
    DiscrepancyQuery,
    DiscrepancyResponse,
    discrepancy_queries.list_discrepancies,
    Permission.DISCREPANCY_READ,
)
blueprint.reading(
    DISCREPANCY,
    DiscrepancyResponse,
    discrepancy_queries.get_discrepancy,
    Permission.DISCREPANCY_READ,
)
blueprint.action(
    f"{DISCREPANCY}/explain",
    StatementRequest,
    discrepancy_commands.explain,
    Permission.DISCREPANCY_WORK,
    "State your state's explanation.",
)
blueprint.action(
    f"{DISCREPANCY}/agree",
    AgreementRequest,
    discrepancy_commands.agree,
    Permission.DISCREPANCY_WORK,
    "Agree for your state; closed once all states agree.",
)
blueprint.action(
    f"{DISCREPANCY}/reopen",
    StatementRequest,
    discrepancy_commands.reopen,
    Permission.DISCREPANCY_WORK,
    "Withdraw your state's statement, with the reason.",
)
blueprint.action(
    f"{DISCREPANCY}/assign",
    AssignRequest,
    discrepancy_commands.assign,
    Permission.DISCREPANCY_WORK,
    "Assign a discrepancy to an account of your state; not shared.",
)
