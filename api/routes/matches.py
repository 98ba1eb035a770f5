"""Routes of matches: pairs of records that may be one gun."""

from __future__ import annotations

from uuid import UUID

from flask import g

from api.http.resource import Resource
from api.schemas.matches import MatchConfirmRequest, MatchQuery, MatchRejectRequest, MatchResponse
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.matches import commands as match_commands
from salsa_ext.matches import queries as match_queries
from salsa_ext.matches.queries import MatchView
from salsa_ext.matches.values import DecisionData

PATH = "/matches/<uuid:match_id>"

blueprint = Resource("matches", "Records that may be of one gun, for each state to judge")
blueprint.listing(
    "/matches", MatchQuery, MatchResponse, match_queries.list_matches, Permission.MATCH_READ
)
blueprint.reading(PATH, MatchResponse, match_queries.get_match, Permission.MATCH_READ)


@blueprint.posting(
    f"{PATH}/confirm",
    MatchConfirmRequest,
    MatchResponse,
    Permission.MATCH_DECIDE,
    status=200,
    standing=match_queries.current_version,
)
def confirm_match(actor: Actor, data: DecisionData, match_id: UUID) -> MatchView:
    """Confirm for your state that both records are of one gun."""
    match_commands.confirm_match(
        actor=actor, match_id=match_id, expected_version=g.expected_version, data=data
    )
    return match_queries.read_match(actor, match_id)


@blueprint.posting(
    f"{PATH}/reject",
    MatchRejectRequest,
    MatchResponse,
    Permission.MATCH_DECIDE,
    status=200,
    standing=match_queries.current_version,
)
def reject_match(actor: Actor, data: DecisionData, match_id: UUID) -> MatchView:
    """Reject for your state that both records are of one gun."""
    match_commands.reject_match(
        actor=actor, match_id=match_id, expected_version=g.expected_version, data=data
    )
    return match_queries.read_match(actor, match_id)
