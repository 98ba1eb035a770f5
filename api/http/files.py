"""File responses: stored files and PDFs."""

from __future__ import annotations

import base64
import re

from flask import Response, request


def send_file(body: bytes, media_type: str, sha256: bytes, name: str) -> Response:
    """Send a stored file as download; ETag and Repr-Digest (RFC 9530)."""
    response = send_attachment(body, media_type, name)
    response.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(sha256).decode()}:"
    response.set_etag(sha256.hex())
    response.make_conditional(request)
    return response


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
