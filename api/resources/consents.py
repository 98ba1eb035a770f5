"""Consents: what the origin of a record allows another state to do with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.consents import (
    ConsentQuery,
    ConsentRefusal,
    ConsentRequest,
    ConsentResponse,
    GrantRequest,
)
from api.schemas.fields import RequestSchema
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import consents as reading
from salsa_ext.readmodels.consents import ConsentView
from salsa_ext.services import consents
from salsa_ext.values.actor import Actor
from salsa_ext.values.consents import ConsentData

PATH = "/consents/<uuid:consent_id>"

blueprint = Resource("consents", "What the origin of a record allows another state to do with it")
blueprint.listing(
    "/consents", ConsentQuery, ConsentResponse, reading.list_consents, Permission.CONSENT_READ
)
blueprint.reading(PATH, ConsentResponse, reading.get_consent, Permission.CONSENT_READ)


@blueprint.posting("/consents", ConsentRequest, ConsentResponse, Permission.CONSENT_ASK)
def ask_consent(actor: Actor, data: ConsentData) -> ConsentView:
    """Ask the origin of a record for a use of it, or give notice of one that the law forces."""
    return reading.read(actor, consents.ask(actor=actor, data=data))


def _action(name: str, body: type[RequestSchema], command: Callable[..., Any], said: str) -> None:
    def act(actor: Actor, data: Any, consent_id: UUID) -> ConsentView:
        command(actor=actor, consent_id=consent_id, seen=g.seen, data=data)
        return reading.read(actor, consent_id)

    act.__name__, act.__doc__ = f"{name}_consent", said
    blueprint.posting(
        f"{PATH}/{name}", body, ConsentResponse, Permission.CONSENT_DECIDE,
        status=200, standing=reading.version,
    )(act)  # fmt: skip


_action("grant", GrantRequest, consents.grant, "Allow a use of your state's record, through a day.")
_action(
    "refuse", ConsentRefusal, consents.refuse, "Refuse a use of your state's record, and say why."
)
_action("revoke", ConsentRefusal, consents.revoke, "Take a consent back, and say why.")
