"""A photograph that comes with a form of the desk: kept as evidence of what the form is about."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from flask import request

from api.web.typed import Form
from salsa_ext.config import MIB
from salsa_ext.errors import Invalid, say
from salsa_ext.services import attachments, contents
from salsa_ext.values.actor import Actor
from salsa_ext.values.attachments import AttachmentData, Content, Subject

FIELD: Final = "photo"
MOST: Final = 8 * MIB


@dataclass(frozen=True)
class Photo:
    """What came as a photograph, and what is kept of it; nothing where none was taken, or it was refused."""

    received: bytes = b""
    kept: Content | None = None
    refused: tuple[str, ...] = ()

    def keep(self, actor: Actor, subject: Subject) -> None:
        """Attach it to an object, where there is one."""
        if self.kept is not None:
            data = AttachmentData(subject, "photograph")
            attachments.add(actor=actor, data=data, received=self.received, kept=self.kept)


def sent(form: Form) -> Photo:
    """Return the photograph of the request; a form is another one with another photograph.

    Raises Invalid for a file that is none, or too large.
    """
    file = request.files.get(FIELD)
    received = file.read(MOST + 1) if file else b""
    if not received:
        return Photo()
    form.values[FIELD] = hashlib.sha256(received).hexdigest()
    if len(received) > MOST:
        raise Invalid(
            {FIELD: [say("A photograph has at most {count} MiB here.", count=MOST // MIB)]}
        )
    try:
        kept = contents.take(received)
    except Invalid as error:
        raise Invalid({FIELD: error.errors.get("file", [])}) from None
    if not kept.media_type.startswith("image/"):
        raise Invalid({FIELD: [say("A photograph is needed here: JPEG, PNG or WebP.")]})
    return Photo(received, kept)
