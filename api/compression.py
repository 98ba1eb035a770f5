"""Answers go compressed to who takes them so, and static files are kept by the version in their address.

Compressed pages could give a secret away to who sees their length and chooses a part of them
(BREACH). What is secret on a page is the token of its forms alone, which is written otherwise each time
(`web.csrf`), and cookies are `SameSite=Strict`, so that another site gets no page of somebody's.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, current_app, request
from flask_compress import Compress

LEAST: Final = 1_000
"""Bytes below which an answer goes as it is."""
WAYS: Final = ["zstd", "gzip"]
YEAR: Final = 365 * 24 * 3600


def register(app: Flask) -> None:
    """Compress text of every answer in one place, and give static files an address of their own."""
    app.config.update(
        COMPRESS_ALGORITHM=WAYS, COMPRESS_MIN_SIZE=LEAST, COMPRESS_STREAMS=False,
        COMPRESS_REGISTER=False,
    )  # fmt: skip
    compress = Compress(app)
    app.url_defaults(_version)
    app.after_request(lambda answer: answer if _is_part(answer) else compress.after_request(answer))
    app.after_request(_keep)


def _is_part(response: Response) -> bool:
    """Tell whether it is a part of a file, which counts bytes as they are kept."""
    return response.status_code == 206


def _version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "v" not in values:
        values["v"] = _digest(Path(current_app.static_folder or "") / values["filename"])


@cache
def _digest(path: Path) -> str:
    """Return what stands for the content of a file, which does not change while the service runs."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else ""


def _keep(response: Response) -> Response:
    """Let a file be kept for a year by who asked for this very version of it."""
    if request.endpoint == "static" and response.status_code in (200, 304):
        _take_in(response)
        path = Path(current_app.static_folder or "") / (request.view_args or {})["filename"]
        if request.args.get("v") == _digest(path):
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


def _take_in(response: Response) -> None:
    """Read a file that would be streamed: what is streamed is not compressed."""
    opened, response.direct_passthrough = response.response, False
    response.set_data(b"".join(response.iter_encoded()))
    if close := getattr(opened, "close", None):
        close()
