"""Requests of two parts, a document and the file of its manifest."""

import io
import json
from typing import Any

from werkzeug.test import TestResponse

from tests.support.actors import Client

CSV, NDJSON = "text/csv", "application/x-ndjson"


def objects(*rows: Any) -> str:
    """Return rows as NDJSON."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def send(
    client: Client,
    path: str,
    document: Any,
    manifest: str | bytes,
    kind: str = CSV,
    expect: int = 201,
    **headers: str,
) -> TestResponse:
    """POST a document with its manifest; asserts the status."""
    body = manifest.encode() if isinstance(manifest, str) else manifest
    parts = {
        "document": (io.BytesIO(json.dumps(document).encode()), "a.json", "application/json"),
        "manifest": (io.BytesIO(body), "manifest", kind),
    }
    return send_parts(client, path, parts, expect, **headers)


def send_parts(
    client: Client, path: str, parts: dict[str, Any], expect: int, **headers: str
) -> TestResponse:
    """POST parts as they are; asserts the status."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent["Authorization"] = f"Bearer {client.token}"
    response = client.client.post(
        f"/api/v1{path}", data=parts, content_type="multipart/form-data", headers=sent
    )
    assert response.status_code == expect, response.get_data(as_text=True)
    return response
