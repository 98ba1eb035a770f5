"""Routes of the sealed log: checkpoint, proof of an entry, bundle for the offline verifier."""

from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO

from flask import Response

from api.http.files import send_attachment
from api.http.resource import Resource
from api.schemas.access import InclusionProofResponse, SealedRootResponse
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.config import MIB
from salsa_ext.sealed_log import sealing

ZIP = "application/zip"
READ = Permission.AUDIT_READ

blueprint = Resource("sealed_log", "The audit as a sealed log: signed roots, proofs, bundles")


def get_audit_bundle(actor: Actor) -> Response:
    """Return the whole log of your state, for `salsa audit verify`."""
    with ExitStack() as stack:
        file = stack.enter_context(TemporaryFile())
        sealing.write_bundle(actor, file)
        size = file.tell()
        response = send_attachment(_parts(file, stack.pop_all()), ZIP, f"{actor.state}-audit.zip")
    response.content_length = size
    return response


def _parts(file: IO[bytes], stack: ExitStack) -> Iterator[bytes]:
    with stack:
        file.seek(0)
        while part := file.read(MIB):
            yield part


blueprint.reading(
    "/audit/checkpoint",
    SealedRootResponse,
    sealing.get_checkpoint,
    READ,
    name="get_audit_checkpoint",
)
blueprint.reading(
    "/audit/<uuid:entry_id>/proof",
    InclusionProofResponse,
    sealing.prove_entry,
    READ,
    name="get_audit_proof",
)
blueprint.reading("/audit/bundle", None, get_audit_bundle, READ, media_types=(ZIP,))
