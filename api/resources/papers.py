"""Papers of permits and shipments, and the checking of what their QR codes hold."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api.papers import permits, shipments
from api.resource import Resource
from api.schemas.papers import (
    SigningKeyResponse,
    SigningKeySetResponse,
    TokenRequest,
    VerificationResponse,
)
from api.vault import vault
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels.signing import key_set
from salsa_ext.services import papers, signing
from salsa_ext.values.actor import Actor

blueprint = Resource("papers", "Papers with a signed QR code, and checking them")
blueprint.publishing("/signing-keys", SigningKeySetResponse, key_set)


def permit_paper(actor: Actor, permit_id: UUID) -> tuple[bytes, str]:
    """Return the paper of a permit as a PDF, in its state's language and English."""
    paper = papers.permit_paper(actor=actor, vault=vault(), permit_id=permit_id)
    return permits.render(paper, actor.now()), f"{paper.facts.state}-{paper.facts.number}"


def shipment_paper(actor: Actor, shipment_id: UUID) -> tuple[bytes, str]:
    """Return the paper of a shipment, the export attachment, as a PDF."""
    paper = papers.shipment_paper(actor=actor, vault=vault(), shipment_id=shipment_id)
    return shipments.render(paper, actor.now()), f"{paper.facts.state}-{paper.facts.number}"


@blueprint.posting("/signing-keys/rotate", None, SigningKeyResponse, Permission.SIGNING_KEY_MANAGE)
def rotate_signing_key(actor: Actor) -> Any:
    """Make a new signing key for your state and retire the one before it, whose papers stay good."""
    kid = signing.rotate(actor=actor, vault=vault())
    return next(key for key in key_set()["keys"] if key["kid"] == kid)


blueprint.printing("/permits/<uuid:permit_id>/paper", permit_paper, Permission.PERMIT_READ)
blueprint.printing("/shipments/<uuid:shipment_id>/paper", shipment_paper, Permission.SHIPMENT_READ)


@blueprint.posting(
    "/permits/verify", TokenRequest, VerificationResponse, Permission.PERMIT_READ, status=200
)
def verify_permit(actor: Actor, data: dict[str, Any]) -> papers.Verification:
    """Check what the QR code of a paper holds, and whether the paper stands today."""
    return papers.verify(actor=actor, text=data["token"])
