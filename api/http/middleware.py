"""Middleware: request id, language, security headers, compression, request log."""

import hashlib
import logging
import re
import time
from functools import cache
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, current_app, g, request
from flask_compress import Compress
from werkzeug.exceptions import BadRequest, TooManyRequests

from api.http import auth
from api.http.request_limits import REFUSED
from api.i18n.messages import best_language, language
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import db
from salsa_ext.lookups.budgets import QUOTAS, Quota

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
PERMISSIONS_POLICY = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()"
log = logging.getLogger("salsa.requests")


def register_request_hooks(app: Flask) -> None:
    """Register the hooks of every request."""
    app.before_request(_begin_request)
    app.after_request(_end_request)


def _begin_request() -> None:
    g.started = time.perf_counter()
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else str(new_id())
    g.language = _chosen_language() or best_language(request.accept_languages)
    language.set(g.language)
    path = request.environ["PATH_INFO"]  # werkzeug takes //api for /api; a proxy's rules do not
    if "\x00" in path or "//" in path:
        raise BadRequest
    if REFUSED in request.environ:
        raise TooManyRequests


def _chosen_language() -> str | None:
    """Return the language of the cookie; None for the API."""
    if request.path.startswith("/api/"):
        return None
    code = request.cookies.get(auth.cookie_name(auth.LANGUAGE_COOKIE))
    return code if code in LANGUAGES else None


def _quota_headers() -> dict[str, str]:
    """Return what is left of the budgets that the request used (IETF draft RateLimit headers)."""
    quotas: list[Quota] = db.session.info.pop(QUOTAS, [])
    if not quotas:
        return {}
    policies = (f'"{each.name}";q={each.budget.burst};w={each.window}' for each in quotas)
    states = (f'"{each.name}";r={each.left};t={each.seconds}' for each in quotas)
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}


def _end_request(response: Response) -> Response:
    headers = response.headers
    headers["X-Request-Id"] = g.request_id
    headers["Content-Language"] = g.language
    headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Permissions-Policy"] = PERMISSIONS_POLICY
    headers["Server"] = "salsa"
    if current_app.config["SECURE_COOKIES"]:
        headers["Strict-Transport-Security"] = f"max-age={YEAR}; includeSubDomains"
    # a browser under no-referrer sends forms with `Origin: null`, which no check can accept
    headers["Referrer-Policy"] = "same-origin" if _is_page(response) else "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if request.path.startswith("/api/"):
        headers["Cache-Control"] = "private, no-cache"
        response.vary.update(("Authorization", "Accept-Language", "Accept"))
        headers.update(_quota_headers())
    elif _is_page(response) or "Cache-Control" not in headers:  # static files have their own
        headers["Cache-Control"] = "no-store"
        response.vary.update(("Cookie", "Accept-Language", "Accept"))
    _log_request(response)
    return response


def _is_page(response: Response) -> bool:
    return response.mimetype == "text/html"


def _log_request(response: Response) -> None:
    """Log the rule, never path or query: they can hold personal values."""
    actor = g.get("actor")
    log.info(
        "request",
        extra={
            "request_id": g.request_id,
            "method": request.method,
            "route": request.url_rule.rule if request.url_rule else None,
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.started) * 1000, 1),
            "state": actor.state if actor else None,
            "role": actor.role if actor else None,
        },
    )


MIN_COMPRESSED: Final = 1_000
"""Bytes below which an answer goes as it is."""
ENCODINGS: Final = ["zstd", "gzip"]
WEEK: Final = 7 * 24 * 3600
YEAR: Final = 365 * 24 * 3600


def register_compression(app: Flask) -> None:
    """Compress text responses and version the URLs of static files.

    BREACH: the only secret on a page is the form token, masked differently each time; cookies are
    SameSite=Strict.
    """
    app.config.update(
        COMPRESS_ALGORITHM=ENCODINGS,
        COMPRESS_MIN_SIZE=MIN_COMPRESSED,
        COMPRESS_STREAMS=False,
        COMPRESS_REGISTER=False,
    )
    compress = Compress(app)
    app.url_defaults(_add_version)
    app.after_request(
        lambda answer: answer if _is_partial(answer) else compress.after_request(answer)
    )
    app.after_request(_cache_static_file)


def _is_partial(response: Response) -> bool:
    """Return whether the response is a range of a file."""
    return response.status_code == 206


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "v" not in values:
        values["v"] = _file_digest(Path(current_app.static_folder or "") / values["filename"])


@cache
def _file_digest(path: Path) -> str:
    """Return a short digest of a static file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else ""


def _cache_static_file(response: Response) -> Response:
    """Let browsers cache a static file for a year by version, a typeface for a week."""
    if request.endpoint == "static" and response.status_code in (200, 304):
        _buffer_file(response)
        path = Path(current_app.static_folder or "") / (request.view_args or {})["filename"]
        if request.args.get("v") == _file_digest(path):
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        elif path.suffix == ".woff2":  # a style names it, which knows no version
            response.headers["Cache-Control"] = f"public, max-age={WEEK}"
    return response


def _buffer_file(response: Response) -> None:
    """Buffer a streamed file, since streams are not compressed."""
    opened, response.direct_passthrough = response.response, False
    response.set_data(b"".join(response.iter_encoded()))
    if close := getattr(opened, "close", None):
        close()
