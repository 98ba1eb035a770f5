"""Sign-in by the directory of the state: OpenID Connect, authorization code with PKCE."""

import base64
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from threading import BoundedSemaphore
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from flask import current_app, redirect, render_template, request, url_for
from joserfc import jwt
from joserfc.jwk import KeySet

from api.http.auth import SESSION_COOKIE, cookie_name
from api.http.context import current_vault, without_turn
from api.web import security
from api.web.access import local_path
from api.web.pages import account_pages
from salsa_ext.access.authentication import SESSION_LIFETIME
from salsa_ext.access.rules import service
from salsa_ext.administration import directory as directory_accounts
from salsa_ext.administration.directory import Directory
from salsa_ext.core.errors import NotConfigured, NotFound, Unauthenticated, message

COOKIE: Final = "salsa_directory"
COOKIE_LIFE: Final = timedelta(minutes=10)
SEAL: Final = "sign-in by the directory"
SECONDS: Final = 10
METADATA_LIFE: Final = 600
ASKING: Final = BoundedSemaphore(4)
"""Requests to the directory at once: a slow one, and who asks unknown, leave threads to others."""
ALGORITHMS: Final = ["RS256", "PS256", "ES256", "Ed25519"]
FAILED: Final = message("Your directory did not sign you in. Try again.")


@account_pages.get("/sign-in/directory")
def leave_for_directory() -> Any:
    """Send the browser to the directory."""
    directory, now = _directory(), current_app.config["CLOCK"].now()
    begun = {
        "state": secrets.token_urlsafe(24),
        "nonce": secrets.token_urlsafe(24),
        "verifier": secrets.token_urlsafe(48),
        "next": local_path(request.args.get("next")),
        "until": (now + COOKIE_LIFE).timestamp(),
    }
    try:
        with without_turn():
            metadata = _metadata(directory)
    except Unauthenticated as error:
        return _refuse(error)
    address, _ = _client(directory).create_authorization_url(
        metadata["authorization_endpoint"],
        state=begun["state"],
        nonce=begun["nonce"],
        code_verifier=begun["verifier"],
    )
    response = redirect(address)
    sealed = current_vault().seal(json.dumps(begun).encode(), SEAL)
    response.set_cookie(
        cookie_name(COOKIE),
        base64.urlsafe_b64encode(sealed).decode(),
        max_age=COOKIE_LIFE,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SECURE_COOKIES"],
    )
    return response


@account_pages.get("/sign-in/directory/back")
def return_from_directory() -> Any:
    """Open a session for whom the directory names; 401 with the reason where it may not be."""
    directory = _directory()
    try:
        begun = _begun()
        with without_turn():
            claims = _fetch_claims(directory, begun)
        config = current_app.config
        token = directory_accounts.enter(
            service(directory.state, config["CLOCK"], current_vault()),
            directory,
            claims,
            request.remote_addr or "",
            security.browser_family(),
        )
    except Unauthenticated as error:
        response = _refuse(error)
    else:
        page = render_template("account/entered.html", next_path=begun["next"])
        response = current_app.make_response(page)
        response.headers["Refresh"] = f"0; url={begun['next']}"
        security.set_cookie(response, SESSION_COOKIE, token, SESSION_LIFETIME)
    secure = current_app.config["SECURE_COOKIES"]
    response.delete_cookie(cookie_name(COOKIE), path="/", secure=secure)
    return response


def _refuse(error: Unauthenticated) -> Any:
    page = render_template("account/sign_in.html", next_path="/", error=error.message)
    return current_app.make_response((page, 401))


def end_address() -> str | None:
    """Return where the directory ends its own session; None without one."""
    directory: Directory | None = current_app.config["DIRECTORY"]
    if directory is None:
        return None
    try:
        address = _metadata(directory).get("end_session_endpoint")
    except (Unauthenticated, NotConfigured):
        return None
    back = url_for("account.home", _external=True)
    query = {"client_id": directory.client_id, "post_logout_redirect_uri": back}
    return f"{address}?{urlencode(query)}" if address else None


def _directory() -> Directory:
    directory: Directory | None = current_app.config["DIRECTORY"]
    if directory is None:
        raise NotFound("page", request.path)
    return directory


def _client(directory: Directory) -> OAuth2Session:
    origin = current_app.config["ORIGIN"] or request.host_url.rstrip("/")
    return OAuth2Session(
        directory.client_id,
        directory.client_secret,
        scope="openid profile",
        redirect_uri=origin + url_for("account.return_from_directory"),
        code_challenge_method="S256",
    )


def _metadata(directory: Directory) -> dict[str, Any]:
    """Return the metadata of the directory; raises Unauthenticated where it does not answer."""
    return _fetch_metadata(directory.issuer, int(time.time() / METADATA_LIFE))


@lru_cache(maxsize=2)
def _fetch_metadata(issuer: str, period: int) -> dict[str, Any]:
    metadata = _fetch_json(f"{issuer}/.well-known/openid-configuration")
    if metadata.get("issuer") != issuer:
        raise Unauthenticated(FAILED)
    return metadata


def _fetch_json(address: str) -> dict[str, Any]:
    _check_address(address)
    try:
        with _turn():
            answer = requests.get(address, timeout=SECONDS, allow_redirects=False)
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
    except (requests.RequestException, ValueError):
        raise Unauthenticated(FAILED) from None
    return content


@contextmanager
def _turn() -> Iterator[None]:
    """Ask the directory in the block; raises Unauthenticated at once while others wait for it."""
    if not ASKING.acquire(blocking=False):
        raise Unauthenticated(FAILED)
    try:
        yield
    finally:
        ASKING.release()


def _check_address(address: str) -> None:
    """Refuse an address that others on the way can read."""
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1"):
        raise Unauthenticated(FAILED)


def _begun() -> dict[str, Any]:
    """Return what this browser left with; raises Unauthenticated for another or an old one."""
    try:
        sealed = base64.urlsafe_b64decode(request.cookies.get(cookie_name(COOKIE), ""))
        begun: dict[str, Any] = json.loads(current_vault().open(sealed, SEAL))
    except (ValueError, NotConfigured):
        raise Unauthenticated(FAILED) from None
    is_late = begun["until"] < current_app.config["CLOCK"].now().timestamp()
    given = request.args.get("state", "")
    if is_late or not secrets.compare_digest(given.encode(), begun["state"].encode()):
        raise Unauthenticated(FAILED)
    return begun


def _fetch_claims(directory: Directory, begun: dict[str, Any]) -> dict[str, Any]:
    """Exchange the code for the signed claims, and verify them; raises Unauthenticated."""
    metadata = _metadata(directory)
    if request.args.get("iss", directory.issuer) != directory.issuer:
        raise Unauthenticated(FAILED)
    _check_address(metadata["token_endpoint"])
    try:
        with _turn():
            answer = _client(directory).fetch_token(
                metadata["token_endpoint"],
                code=request.args["code"],
                code_verifier=begun["verifier"],
                timeout=SECONDS,
            )
        public: Any = _fetch_json(metadata["jwks_uri"])
        keys = KeySet.import_key_set(public)
        signed = jwt.decode(answer["id_token"], keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(
            signed.claims,
            signed.header,
            {
                "iss": {"essential": True, "value": directory.issuer},
                "aud": {"essential": True, "value": directory.client_id},
                "nonce": {"essential": True, "value": begun["nonce"]},
            },
            {"nonce": begun["nonce"], "client_id": directory.client_id},
        )
        claims.validate(now=int(current_app.config["CLOCK"].now().timestamp()), leeway=60)
    except Unauthenticated:
        raise
    except Exception as error:  # whatever a directory answers, nobody is signed in by it
        current_app.logger.warning("directory: %s", type(error).__name__)
        raise Unauthenticated(FAILED) from None
    return dict(claims)
