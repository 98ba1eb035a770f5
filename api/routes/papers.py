"""Routes of signed papers, their verification and the signing keys."""

from typing import Any
from uuid import UUID

from flask import Response

from api.http.files import send_pdf
from api.http.resource import Resource
from api.papers import permits, shipments
from api.schemas.papers import (
    SigningKeyResponse,
    SigningKeySetResponse,
    TokenRequest,
    VerificationResponse,
)
from salsa_ext.access import signing
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.papers import commands as paper_commands

PDF = ("application/pdf",)

blueprint = Resource("papers", "Papers with a signed QR code, and their verification")


def get_signing_keys(_: Actor) -> dict[str, Any]:
    """Return the public keys of all states, as a JWK set."""
    return signing.key_set()


def get_permit_paper(actor: Actor, permit_id: UUID) -> Response:
    """Return the PDF of a permit, in its state's language and English."""
    paper = paper_commands.sign_permit(actor=actor, permit_id=permit_id)
    name = f"{paper.facts.state}-{paper.facts.number}"
    return send_pdf(permits.render_permit(paper, actor.now()), name)


def get_shipment_paper(actor: Actor, shipment_id: UUID) -> Response:
    """Return the PDF of a shipment (export attachment)."""
    paper = paper_commands.sign_shipment(actor=actor, shipment_id=shipment_id)
    name = f"{paper.facts.state}-{paper.facts.number}"
    return send_pdf(shipments.render_shipment(paper, actor.now()), name)


blueprint.reading("/signing-keys", SigningKeySetResponse, get_signing_keys, None, is_public=True)
blueprint.reading(
    "/permits/<uuid:permit_id>/paper",
    None,
    get_permit_paper,
    Permission.PERMIT_READ,
    media_types=PDF,
)
blueprint.reading(
    "/shipments/<uuid:shipment_id>/paper",
    None,
    get_shipment_paper,
    Permission.SHIPMENT_READ,
    media_types=PDF,
)


@blueprint.posting("/signing-keys/rotate", None, SigningKeyResponse, Permission.SIGNING_KEY_MANAGE)
def rotate_signing_key(actor: Actor) -> Any:
    """Create a signing key and retire the previous one.

    Papers signed with the retired key stay valid.
    """
    kid = signing.rotate_key(actor=actor)
    return next(key for key in signing.key_set()["keys"] if key["kid"] == kid)


@blueprint.posting(
    "/papers/verify", TokenRequest, VerificationResponse, Permission.PERMIT_READ, status=200
)
def verify_paper(actor: Actor, data: dict[str, Any]) -> paper_commands.Verification:
    """Verify the QR code of a paper and the paper's current validity."""
    return paper_commands.verify_token(actor=actor, text=data["token"])
