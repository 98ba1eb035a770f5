"""Displays on the walls of border posts."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from api.resource import Resource
from api.schemas.displays import DisplayQuery, DisplayRequest, DisplayResponse, PairedResponse
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import displays as reading
from salsa_ext.services import displays
from salsa_ext.services.displays import DisplayData, Paired
from salsa_ext.values.actor import Actor

blueprint = Resource("displays", "Displays on the walls of border posts")
blueprint.listing(
    "/displays", DisplayQuery, DisplayResponse, reading.list_displays, Permission.DISPLAY_MANAGE
)


@blueprint.posting(
    "/posts/<slug:code>/displays", DisplayRequest, PairedResponse, Permission.DISPLAY_MANAGE
)
def add_display(actor: Actor, data: DisplayData, code: str) -> Paired:
    """Make a display of your side of a post; its code is shown this once."""
    return displays.add(actor=actor, post=code, data=data)


@blueprint.posting(
    "/displays/<uuid:display_id>/revoke", None, None, Permission.DISPLAY_MANAGE, status=204
)
def revoke_display(actor: Actor, display_id: UUID) -> Response:
    """End a display at once; it shows nothing from then on."""
    displays.revoke(actor=actor, display_id=display_id)
    return Response(status=204)
