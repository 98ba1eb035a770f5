"""File responses: stored files and PDFs."""

from __future__ import annotations

import base64
import re
from typing import NamedTuple

from flask import Response, request


class StoredFile(NamedTuple):
    """Stored file: bytes, media type, SHA-256, ASCII file name."""

    body: bytes
    media_type: str
    sha256: bytes
    name: str


def send_file(file: StoredFile) -> Response:
    """Send a stored file as download; ETag and Repr-Digest (RFC 9530)."""
    response = Response(file.body, content_type=file.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    digest = base64.b64encode(file.sha256).decode()
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    response.set_etag(file.sha256.hex())
    return response.make_conditional(request)


def send_pdf(body: bytes, name: str) -> Response:
    """Send a PDF inline; the name is reduced to ASCII."""
    response = Response(body, content_type="application/pdf")
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "paper"
    response.headers["Content-Disposition"] = f'inline; filename="{plain}.pdf"'
    return response


def send_attachment(body: bytes, media_type: str, name: str) -> Response:
    """Send bytes as download."""
    response = Response(body, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
