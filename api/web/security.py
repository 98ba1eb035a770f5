"""Protection against forged forms, cookies of the pages.

A random token is in a cookie and in a hidden field of every form: another site can make a browser
send the cookie, but cannot read it to fill in the field. The field masks the token with a new pad
each time, against attacks on the length of compressed pages (BREACH). The cookies are
SameSite=Strict, and the header Origin is checked besides.
"""

import base64
import re
import secrets
from datetime import timedelta
from typing import Final, TypeVar

from flask import current_app, g, request
from werkzeug import Response

from api.http.auth import cookie_name, identify_sender
from api.http.files import MAX_BODY
from api.http.json import is_short_body
from salsa_ext.core.errors import OutdatedForm, message

FORM_COOKIE = "salsa_form"
CSRF_FIELD = "csrf_token"
FORM_COOKIE_LIFETIME = timedelta(days=1)
TOKEN_LENGTH = 43
TOKEN_PATTERN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")
LONG_FORMS: Final = {"account.import_form": MAX_BODY}
"""Bytes of forms that may be longer than others."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrom", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
"""Word in the header of a browser, and its name; most also call themselves by those after them."""
AnyResponse = TypeVar("AnyResponse", bound=Response)


def csrf_token() -> str:
    """Return the masked form token of this browser."""
    if "form_token" not in g:
        known = request.cookies.get(cookie_name(FORM_COOKIE), "")
        g.form_token = known if TOKEN_PATTERN.fullmatch(known) else secrets.token_urlsafe(32)
    if "form_field" not in g:
        pad = secrets.token_bytes(TOKEN_LENGTH)
        masked = pad + _xor(pad, g.form_token.encode())
        g.form_field = base64.urlsafe_b64encode(masked).decode()
    return str(g.form_field)


def browser_token() -> str:
    """Return the form token of this browser, which no other has."""
    csrf_token()
    return str(g.form_token)


def browser_family() -> str | None:
    """Return the name of the browser that sends the request."""
    agent = request.headers.get("User-Agent", "")
    return next((name for word, name in BROWSERS if word in agent), None)


def _read_field(text: str) -> bytes:
    """Return the token in a masked field; empty bytes if it is none."""
    try:
        masked = base64.urlsafe_b64decode(text.encode())
    except ValueError:  # of letters outside its alphabet too
        return b""
    return _xor(masked[:TOKEN_LENGTH], masked[TOKEN_LENGTH:])


def _xor(pad: bytes, text: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(pad, text, strict=False))


def set_csrf_cookie(response: AnyResponse) -> AnyResponse:
    """Set the cookie of the form token, if the page used it."""
    if "form_token" in g:
        set_cookie(response, FORM_COOKIE, g.form_token, FORM_COOKIE_LIFETIME)
    return response


def check_csrf() -> None:
    """Check the form token of requests that change something.

    Runs before every address outside the API, so that a new page cannot forget it. The form of a
    request without the cookie is not read; a long form is read for signed-in users only. Raises
    OutdatedForm, Unauthenticated.
    """
    if (
        request.method in SAFE_METHODS
        or request.path.startswith("/api/")
        or request.endpoint is None
    ):
        return
    if request.endpoint in LONG_FORMS:
        request.max_content_length = LONG_FORMS[request.endpoint]
    identify_sender(is_session_needed=not is_short_body(request))
    origin = request.headers.get("Origin")  # hosts alone: a proxy may end TLS
    is_own_origin = origin is None or origin.partition("://")[2] == request.host
    token = request.cookies.get(cookie_name(FORM_COOKIE), "")
    if not (
        is_own_origin
        and TOKEN_PATTERN.fullmatch(token)  # else the form is not read
        and secrets.compare_digest(token.encode(), _read_field(request.form.get(CSRF_FIELD, "")))
    ):
        raise OutdatedForm(
            message(
                "This form has grown old, or was not sent from a page of this service; "
                "load the page again and repeat."
            )
        )


def set_cookie(response: Response, name: str, value: str, lifetime: timedelta) -> None:
    """Set a cookie for the service: HttpOnly, SameSite=Strict, Secure by SECURE_COOKIES."""
    response.set_cookie(
        cookie_name(name),
        value,
        max_age=lifetime,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=current_app.config["SECURE_COOKIES"],
    )
