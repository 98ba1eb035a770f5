"""Matches: which records may be of one gun, and what your state says to it."""

from __future__ import annotations

from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.matches import ConfirmRequest, MatchQuery, MatchResponse, RejectRequest
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import matches as reading
from salsa_ext.readmodels.matches import MatchView
from salsa_ext.services import match_decisions
from salsa_ext.values.actor import Actor
from salsa_ext.values.matches import Deciding

PATH = "/matches/<uuid:match_id>"

blueprint = Resource("matches", "Records that may be of one gun, for each state to judge")
blueprint.listing(
    "/matches", MatchQuery, MatchResponse, reading.list_matches, Permission.MATCH_READ
)
blueprint.reading(PATH, MatchResponse, reading.get_match, Permission.MATCH_READ)


@blueprint.posting(
    f"{PATH}/confirm", ConfirmRequest, MatchResponse, Permission.MATCH_DECIDE,
    status=200, standing=reading.version,
)  # fmt: skip
def confirm_match(actor: Actor, data: Deciding, match_id: UUID) -> MatchView:
    """Say for your state that the two records are of one gun; a rejection can be taken back so."""
    match_decisions.confirm(actor=actor, match_id=match_id, seen=g.seen, data=data)
    return reading.read(actor, match_id)


@blueprint.posting(
    f"{PATH}/reject", RejectRequest, MatchResponse, Permission.MATCH_DECIDE,
    status=200, standing=reading.version,
)  # fmt: skip
def reject_match(actor: Actor, data: Deciding, match_id: UUID) -> MatchView:
    """Say for your state that they are not, and why; a confirmation can be taken back so."""
    match_decisions.reject(actor=actor, match_id=match_id, seen=g.seen, data=data)
    return reading.read(actor, match_id)
