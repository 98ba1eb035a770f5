"""What every request gets: an id, a language, headers, and one line in the log."""

from __future__ import annotations

import logging
import re
import time

from flask import Flask, Response, g, request
from werkzeug.exceptions import BadRequest

from api.i18n import best_language, language
from api.web import cookies
from salsa_ext.values.codes import LANGUAGES
from salsa_ext.values.ids import new_id

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
log = logging.getLogger("salsa.requests")


def register(app: Flask) -> None:
    """Let every request begin and end the same way."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.started = time.perf_counter()
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else str(new_id())
    g.language = _chosen_language() or best_language(request.accept_languages)
    language.set(g.language)
    if "\x00" in request.path:
        raise BadRequest


def _chosen_language() -> str | None:
    """Return what somebody chose on a page; the API goes by Accept-Language alone."""
    if request.path.startswith("/api/"):
        return None
    code = request.cookies.get(cookies.LANGUAGE)
    return code if code in LANGUAGES else None


def _end(response: Response) -> Response:
    headers = response.headers
    headers["X-Request-Id"] = g.request_id
    headers["Content-Language"] = g.language
    headers["Content-Security-Policy"] = POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    # a browser told no-referrer sends forms with `Origin: null`, which no check can accept
    headers["Referrer-Policy"] = "same-origin" if _is_page(response) else "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if request.path.startswith("/api/"):
        headers["Cache-Control"] = "private, no-cache"
        response.vary.update(("Authorization", "Accept-Language", "Accept"))
    elif _is_page(response):
        headers["Cache-Control"] = "no-store"
        response.vary.update(("Cookie", "Accept-Language", "Accept"))
    _write_line(response)
    return response


def _is_page(response: Response) -> bool:
    return response.mimetype == "text/html"


def _write_line(response: Response) -> None:
    """Log the rule, never the path or the query: those can hold a number or a plate."""
    actor = g.get("actor")
    log.info("request", extra={
        "request_id": g.request_id, "method": request.method,
        "route": request.url_rule.rule if request.url_rule else None,
        "status": response.status_code,
        "ms": round((time.perf_counter() - g.started) * 1000, 1),
        "state": actor.state if actor else None, "role": actor.role if actor else None,
    })  # fmt: skip
