"""Authentication: bearer key for the API, session cookie for pages."""

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from flask import current_app, g, request

from api.http.context import current_vault
from salsa_ext.access import authentication
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.core.codes import PURPOSES
from salsa_ext.core.errors import Invalid, Unauthenticated, message
from salsa_ext.database.session import release_connection

OFFICER_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")
CASE_PATTERN = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
SESSION_COOKIE = "salsa_session"
SENDER: Final = "salsa.sender"
"""Where a request names the account that sends it, once this is known."""


def authenticate() -> Actor:
    """Return the actor of an API request, with officer and purpose.

    Raises Unauthenticated, or Invalid for a malformed header.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(message("Send your key as Authorization: Bearer <key>."))
    return _with_headers(_find_actor(token, authentication.CALLERS))


def cookie_name(name: str) -> str:
    """Return the name under which a cookie is sent: over HTTPS one of this very host alone."""
    return f"__Host-{name}" if current_app.config["SECURE_COOKIES"] else name


def authenticate_page() -> Actor | None:
    """Return the signed-in actor of a page, or None."""
    token = request.cookies.get(cookie_name(SESSION_COOKIE))
    if not token:
        return None
    try:
        return _with_headers(_find_actor(token, authentication.SESSIONS))
    except Unauthenticated:
        return None


def identify_sender(*, is_session_needed: bool) -> None:
    """Find out who sends a form before it is read; release the database connection.

    Raises Unauthenticated where a session is needed and there is none.
    """
    actor = authenticate_page()
    release_connection()
    if actor is None and is_session_needed:
        raise Unauthenticated(message("Your session has ended. Sign in again."))


def _find_actor(token: str, kinds: Collection[str]) -> Actor:
    config = current_app.config
    actor = authentication.authenticate_key(
        token,
        config.get("CLOCK", SYSTEM_CLOCK),
        current_vault(),
        kinds=kinds,
        address=request.remote_addr or "",
        idle=config["SESSION_IDLE"],
        is_use=not request.path.endswith("/live"),  # a page asks for it by itself
    )
    request.environ[SENDER] = str(actor.account_id)
    return actor


def _with_headers(actor: Actor) -> Actor:
    return replace(
        actor, officer=_officer(), purpose=_purpose(), request_id=g.request_id, language=g.language
    )


def _officer() -> str | None:
    number = request.headers.get("Salsa-Officer")
    if number is None or OFFICER_PATTERN.fullmatch(number):
        return number
    raise Invalid(
        {"Salsa-Officer": [message("The officer's number: letters, digits and . _ / - only.")]}
    )


def _purpose() -> Purpose | None:
    code, case = request.headers.get("Salsa-Purpose"), request.headers.get("Salsa-Case")
    if code is not None and code not in PURPOSES:
        raise Invalid(
            {"Salsa-Purpose": [message("One of: {choices}.", choices=", ".join(PURPOSES))]}
        )
    if case is not None and not CASE_PATTERN.fullmatch(case):
        raise Invalid({"Salsa-Case": [message("A case number has 1 to 100 printable characters.")]})
    return Purpose(code, case) if code else None


LANGUAGE_COOKIE = "salsa_language"
