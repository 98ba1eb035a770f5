"""Forms are taken from the service's own pages alone.

A random token stands in a cookie and in a hidden field of every form: another site can make a
browser send the cookie at most, never read it to fill in the field.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import TypeVar

from flask import g, request
from werkzeug import Response

from api.web import cookies
from salsa_ext.errors import Forbidden, say

COOKIE = "salsa_form"
FIELD = "csrf_token"
LASTS = timedelta(days=1)
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
SAFE = ("GET", "HEAD", "OPTIONS")
Answer = TypeVar("Answer", bound=Response)


def token() -> str:
    """Return the browser's token, or a new one where it has none; the answer carries it."""
    if "form_token" not in g:
        standing = request.cookies.get(COOKIE, "")
        g.form_token = standing if TOKEN.fullmatch(standing) else secrets.token_urlsafe(32)
    return str(g.form_token)


def keep(response: Answer) -> Answer:
    """Set the cookie of the token that the page's forms hold."""
    if "form_token" in g:
        cookies.put(response, COOKIE, g.form_token, LASTS)
    return response


def check() -> None:
    """Raise Forbidden for a form that was not filled in on a page of this service.

    Stands before every address outside the API, so that a new page cannot forget it.
    """
    if request.method in SAFE or request.path.startswith("/api/") or request.endpoint is None:
        return
    if not (_is_own_origin() and _has_token()):
        raise Forbidden(say("This form has grown old, or was not sent from a page of this service; "
                            "load the page again and repeat."))  # fmt: skip


def _is_own_origin() -> bool:
    """Compare without the scheme: a proxy in front may have taken TLS off."""
    origin = request.headers.get("Origin")
    return origin is None or origin.partition("://")[2] == request.host


def _has_token() -> bool:
    standing, sent = request.cookies.get(COOKIE, ""), request.form.get(FIELD, "")
    same = secrets.compare_digest(standing.encode(), sent.encode())
    return same and TOKEN.fullmatch(standing) is not None
