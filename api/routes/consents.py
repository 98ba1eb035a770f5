"""Routes of consents to further uses of a record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import g

from api.http.fields.schemas import RequestSchema
from api.http.resource import Resource
from api.schemas.consents import (
    ConsentGrantRequest,
    ConsentQuery,
    ConsentRefusalRequest,
    ConsentRequest,
    ConsentResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.disclosure import consents
from salsa_ext.disclosure.consents import ConsentData, ConsentView

PATH = "/consents/<uuid:consent_id>"

blueprint = Resource("consents", "What the origin of a record allows another state to do with it")
blueprint.listing(
    "/consents", ConsentQuery, ConsentResponse, consents.list_consents, Permission.CONSENT_READ
)
blueprint.reading(PATH, ConsentResponse, consents.get_consent, Permission.CONSENT_READ)


@blueprint.posting("/consents", ConsentRequest, ConsentResponse, Permission.CONSENT_ASK)
def create_consent(actor: Actor, data: ConsentData) -> ConsentView:
    """Ask the origin for a use of a record, or notify compulsion."""
    return consents.load_consent(actor, consents.request_consent(actor=actor, data=data))


def _add_action(
    name: str, body: type[RequestSchema], command: Callable[..., Any], summary: str
) -> None:
    def act(actor: Actor, data: Any, consent_id: UUID) -> ConsentView:
        command(actor=actor, consent_id=consent_id, expected_version=g.expected_version, data=data)
        return consents.load_consent(actor, consent_id)

    act.__name__, act.__doc__ = f"{name}_consent", summary
    blueprint.posting(
        f"{PATH}/{name}",
        body,
        ConsentResponse,
        Permission.CONSENT_DECIDE,
        status=200,
        standing=consents.current_version,
    )(act)


_add_action(
    "grant",
    ConsentGrantRequest,
    consents.grant,
    "Allow a use of your state's record, through a day.",
)
_add_action(
    "refuse",
    ConsentRefusalRequest,
    consents.refuse,
    "Refuse a use of your state's record, and say why.",
)
_add_action("revoke", ConsentRefusalRequest, consents.revoke, "Take a consent back, and say why.")
