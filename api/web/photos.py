"""Photographs of forms, stored as evidence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from flask import request

from api.http.context import without_turn
from api.web.forms import Form
from salsa_ext.administration import attachments, files
from salsa_ext.administration.values import AttachmentData, AttachmentSubject, FileContent
from salsa_ext.core.actor import Actor
from salsa_ext.core.config import MIB
from salsa_ext.core.errors import Invalid, message

PHOTO_FIELD: Final = "photo"
MAX_BYTES: Final = 8 * MIB


@dataclass(frozen=True)
class Photo:
    """A received photograph; empty if none was sent or it was refused."""

    received: bytes = b""
    kept: FileContent | None = None
    refused: tuple[str, ...] = ()

    def keep(self, actor: Actor, subject: AttachmentSubject) -> None:
        """Attach the photograph to an object, if there is one."""
        if self.kept is not None:
            data = AttachmentData(subject, "photograph")
            attachments.add_attachment(
                actor=actor, data=data, received=self.received, stored=self.kept
            )


def read_photo(form: Form) -> Photo:
    """Return the request's photograph; put its hash in the form.

    Raises Invalid for a file that is no image or larger than MAX_BYTES.
    """
    file = request.files.get(PHOTO_FIELD)
    received = file.read(MAX_BYTES + 1) if file else b""
    if not received:
        return Photo()
    form.values[PHOTO_FIELD] = hashlib.sha256(received).hexdigest()
    if len(received) > MAX_BYTES:
        raise Invalid(
            {
                PHOTO_FIELD: [
                    message("A photograph has at most {count} MiB here.", count=MAX_BYTES // MIB)
                ]
            }
        )
    try:
        with without_turn():
            kept = files.clean_file(received)
    except Invalid as error:
        raise Invalid({PHOTO_FIELD: error.errors.get("file", [])}) from None
    if not kept.media_type.startswith("image/"):
        raise Invalid({PHOTO_FIELD: [message("A photograph is needed here: JPEG, PNG or WebP.")]})
    return Photo(received, kept)
