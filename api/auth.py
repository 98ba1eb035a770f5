"""Who is asking over HTTP: a bearer key on the API, the session's cookie on pages."""

from __future__ import annotations

import re
from dataclasses import replace

from flask import current_app, g, request

from api.json import take_in_short
from salsa_ext.clock import SYSTEM
from salsa_ext.db import let_go
from salsa_ext.errors import Invalid, Unauthenticated, say
from salsa_ext.services import authentication
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.codes import PURPOSES

OFFICER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")
CASE = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
COOKIE = "salsa_session"


def authenticate() -> Actor:
    """Return who sent the request, with the officer and the purpose that it names.

    Raises Unauthenticated, or Invalid for a header that cannot be taken.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(say("Send your key as Authorization: Bearer <key>."))
    take_in_short(request)
    return _completed(_known(token))


def authenticate_page() -> Actor | None:
    """Return who is signed in on a page, or None."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    try:
        return _completed(_known(token))
    except Unauthenticated:
        return None


def require_session() -> None:
    """Raise Unauthenticated where nobody is signed in; no connection waits for what is read next."""
    if authenticate_page() is None:
        raise Unauthenticated(say("Your session has ended. Sign in again."))
    let_go()


def _known(token: str) -> Actor:
    return authentication.actor_of(token, current_app.config.get("CLOCK", SYSTEM))


def _completed(actor: Actor) -> Actor:
    return replace(
        actor,
        officer=_officer(),
        purpose=_purpose(),
        request_id=g.request_id,
        language=g.language,
    )


def _officer() -> str | None:
    number = request.headers.get("Salsa-Officer")
    if number is None or OFFICER.fullmatch(number):
        return number
    raise Invalid(
        {"Salsa-Officer": [say("The officer's number: letters, digits and . _ / - only.")]}
    )


def _purpose() -> Purpose | None:
    code, case = request.headers.get("Salsa-Purpose"), request.headers.get("Salsa-Case")
    if code is not None and code not in PURPOSES:
        raise Invalid({"Salsa-Purpose": [say("One of: {choices}.", choices=", ".join(PURPOSES))]})
    if case is not None and not CASE.fullmatch(case):
        raise Invalid({"Salsa-Case": [say("A case number has 1 to 100 printable characters.")]})
    return Purpose(code, case) if code else None
