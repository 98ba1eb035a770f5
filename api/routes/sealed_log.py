"""Routes of the sealed log: checkpoint, proof of an entry, bundle for the offline verifier."""

from __future__ import annotations

from io import BytesIO

from flask import Response

from api.http.resource import Resource
from api.schemas.access import InclusionProofResponse, SealedRootResponse
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.sealed_log import proofs

ZIP = "application/zip"
READ = Permission.AUDIT_READ

blueprint = Resource("sealed_log", "The audit as a sealed log: signed roots, proofs, bundles")


def get_audit_bundle(actor: Actor) -> Response:
    """Return the whole log of your state, for `salsa audit verify`."""
    file = BytesIO()
    proofs.write_bundle(actor, file)
    response = Response(file.getvalue(), content_type=ZIP)
    response.headers["Content-Disposition"] = f'attachment; filename="{actor.state}-audit.zip"'
    return response


blueprint.reading(
    "/audit/checkpoint",
    SealedRootResponse,
    proofs.get_checkpoint,
    READ,
    name="get_audit_checkpoint",
)
blueprint.reading(
    "/audit/<uuid:entry_id>/proof",
    InclusionProofResponse,
    proofs.prove_entry,
    READ,
    name="get_audit_proof",
)
blueprint.reading("/audit/bundle", None, get_audit_bundle, READ, media_types=(ZIP,))
