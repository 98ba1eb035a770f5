"""Files that are handed out: their bytes as they are kept, and papers as PDF."""

from __future__ import annotations

import base64
import re
from typing import NamedTuple

from flask import Response, request


class File(NamedTuple):
    """A file that is handed out: its bytes and type, their SHA-256, and a name of plain letters."""

    body: bytes
    media_type: str
    sha256: bytes
    name: str


def sent(file: File) -> Response:
    """Return a file to be saved and not shown; its digest is its ETag (RFC 9530 beside it)."""
    response = Response(file.body, content_type=file.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    digest = base64.b64encode(file.sha256).decode()
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    response.set_etag(file.sha256.hex())
    return response.make_conditional(request)


def pdf(body: bytes, name: str) -> Response:
    """Return a PDF to be shown or saved under a name, of which only plain letters are kept."""
    response = Response(body, content_type="application/pdf")
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "paper"
    response.headers["Content-Disposition"] = f'inline; filename="{plain}.pdf"'
    return response


def attached(body: bytes, media_type: str, name: str) -> Response:
    """Return a file to be saved under a name that the service itself made."""
    response = Response(body, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
