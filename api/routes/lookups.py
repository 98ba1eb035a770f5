"""Routes of canaries: serials that nobody has, and whose look-ups are seen."""

from __future__ import annotations

from api.http.pagination import ListQuery
from api.http.resource import Item, Resource
from api.schemas.lookups import CanaryRequest, CanaryResponse
from salsa_ext.access.permissions import Permission
from salsa_ext.lookups import canaries

CANARY = "/canaries/<uuid:canary_id>"

canaries_blueprint = Resource(
    "canaries",
    "Serials that nobody has: who looks one up is seen",
    Item(CanaryResponse, canaries.get_canary, lambda *_: 1),
)
canaries_blueprint.listing(
    "/canaries", ListQuery, CanaryResponse, canaries.list_canaries, Permission.CANARY_MANAGE
)
canaries_blueprint.reading(CANARY, CanaryResponse, canaries.get_canary, Permission.CANARY_MANAGE)
canaries_blueprint.action(
    "/canaries",
    CanaryRequest,
    canaries.plant_canary,
    Permission.CANARY_MANAGE,
    "Plant a serial that nobody has; each look-up of it is notified, silently to who asks.",
    name="create_canary",
    location="/canaries/{id}",
)
canaries_blueprint.action(
    f"{CANARY}/remove", None, canaries.remove_canary, Permission.CANARY_MANAGE, "Remove a canary."
)
