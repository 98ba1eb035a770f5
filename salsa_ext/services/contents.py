"""What a file is, by what it holds and not by what it is called, and what is kept of it."""

from __future__ import annotations

from typing import Final

from salsa_ext.config import MIB
from salsa_ext.errors import Invalid, say
from salsa_ext.services import pdfs, pictures
from salsa_ext.values.attachments import Content

MOST_RECEIVED: Final = 20 * MIB
MOST_KEPT: Final = 32 * MIB


def take(received: bytes) -> Content:
    """Return what is kept of a file; raises Invalid for one that is too large or of another kind."""
    if len(received) > MOST_RECEIVED:
        raise Invalid(
            {"file": [say("A file has at most {count} MiB.", count=MOST_RECEIVED // MIB)]}
        )
    if received.startswith(b"%PDF-"):
        return pdfs.check(received)
    if not _is_picture(received):
        raise Invalid({"file": [say("A file is a photograph (JPEG, PNG or WebP) or a PDF.")]})
    kept = pictures.clean(received)
    if len(kept.data) > MOST_KEPT:
        raise Invalid({"file": [say("Made anew, this picture has more than {count} MiB; attach a smaller one.",
                                    count=MOST_KEPT // MIB)]})  # fmt: skip
    return kept


def _is_picture(received: bytes) -> bool:
    is_webp = received[:4] == b"RIFF" and received[8:12] == b"WEBP"
    return is_webp or received.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
