"""Settings of the own state."""

from __future__ import annotations

from flask import g

from api.resource import Resource
from api.schemas.settings import SettingsRequest, SettingsResponse
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import settings as reading
from salsa_ext.readmodels.settings import SettingsView
from salsa_ext.services import settings
from salsa_ext.values.actor import Actor
from salsa_ext.values.settings import SettingsChange

blueprint = Resource("settings", "How long your state waits, and whose electronic copies it takes")
blueprint.reading("/settings", SettingsResponse, reading.read, Permission.SETTING_READ)


def _standing(actor: Actor) -> int:
    return reading.standing(actor.own_state()).version


@blueprint.posting(
    "/settings/change", SettingsRequest, SettingsResponse, Permission.SETTING_MANAGE,
    status=200, standing=_standing,
)  # fmt: skip
def change_settings(actor: Actor, data: SettingsChange) -> SettingsView:
    """Set anew what is given, and leave the rest as it is."""
    settings.change(actor=actor, data=data, seen=g.seen)
    return reading.standing(actor.own_state())
