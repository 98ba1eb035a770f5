"""Forms are taken from the service's own pages alone.

A random token stands in a cookie and in a hidden field of every form: another site can make a
browser send the cookie at most, never read it to fill in the field. In the field it is written
otherwise each time, so that the length of a compressed page tells nothing of it.
"""

from __future__ import annotations

import base64
import re
import secrets
from datetime import timedelta
from typing import TypeVar

from flask import g, request
from werkzeug import Response

from api.auth import require_session
from api.json import is_short
from api.web import cookies
from salsa_ext.errors import OldForm, say

COOKIE = "salsa_form"
FIELD = "csrf_token"
LASTS = timedelta(days=1)
LENGTH = 43
TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{LENGTH}}}")
SAFE = ("GET", "HEAD", "OPTIONS")
Answer = TypeVar("Answer", bound=Response)


def token() -> str:
    """Return the browser's token as a form holds it, or a new one; the answer carries it."""
    if "form_token" not in g:
        standing = request.cookies.get(COOKIE, "")
        g.form_token = standing if TOKEN.fullmatch(standing) else secrets.token_urlsafe(32)
    if "form_field" not in g:
        pad = secrets.token_bytes(LENGTH)
        g.form_field = _text(pad + _mixed(pad, g.form_token.encode()))
    return str(g.form_field)


def keep(response: Answer) -> Answer:
    """Set the cookie of the token that the page's forms hold."""
    if "form_token" in g:
        cookies.put(response, COOKIE, g.form_token, LASTS)
    return response


def check() -> None:
    """Raise OldForm for a form that was not filled in on a page of this service.

    Stands before every address outside the API, so that a new page cannot forget it. Nothing is read
    of a form without the cookie, and of a long one only from somebody who is signed in; raises
    Unauthenticated for others.
    """
    if request.method in SAFE or request.path.startswith("/api/") or request.endpoint is None:
        return
    if not is_short(request):
        require_session()
    if not (_is_own_origin() and _has_token()):
        raise OldForm(say("This form has grown old, or was not sent from a page of this service; "
                          "load the page again and repeat."))  # fmt: skip


def _is_own_origin() -> bool:
    """Compare without the scheme: a proxy in front may have taken TLS off."""
    origin = request.headers.get("Origin")
    return origin is None or origin.partition("://")[2] == request.host


def _has_token() -> bool:
    standing = request.cookies.get(COOKIE, "")
    if not TOKEN.fullmatch(standing):
        return False
    return secrets.compare_digest(standing.encode(), _token_of(request.form.get(FIELD, "")))


def _token_of(field: str) -> bytes:
    """Return the token that a field holds, or nothing."""
    try:
        both = base64.urlsafe_b64decode(field.encode())
    except ValueError:  # of letters that are none of its alphabet too
        return b""
    return _mixed(both[:LENGTH], both[LENGTH:])


def _mixed(pad: bytes, other: bytes) -> bytes:
    return bytes(one ^ two for one, two in zip(pad, other, strict=False))


def _text(both: bytes) -> str:
    return base64.urlsafe_b64encode(both).decode()
