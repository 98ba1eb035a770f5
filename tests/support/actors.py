"""Callers for tests: a client that speaks for one role of one state."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from salsa_ext.access.authentication import token_digest
from salsa_ext.access.models import Account, ApiKey
from salsa_ext.access.rules import operator, role_permissions
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import NO_STATE, transaction

POST = "ciudad-del-este-foz-do-iguacu"
"""Of which a display is."""


@dataclass(frozen=True)
class Client:
    """Sends requests with a key; asserts the status, so that a test reads as what it expects."""

    client: FlaskClient
    token: str
    background: bool = True
    """Whether all jobs are done before each request."""

    def __deepcopy__(self, _: Any) -> Client:
        return self  # it holds nothing that a test changes

    def get(self, path: str, expect: int = 200, **headers: str) -> TestResponse:
        """GET under /api/v1."""
        return self._send("GET", path, None, expect, headers)

    def post(self, path: str, body: Any = None, expect: int = 201, **headers: str) -> TestResponse:
        """POST JSON under /api/v1; header names are written with underscores."""
        return self._send("POST", path, body, expect, headers)

    def change(self, path: str, action: str, body: Any = None, expect: int = 200) -> TestResponse:
        """POST an action on something, by the ETag that it is read with before."""
        tag = self.get(path).headers["ETag"]
        return self.post(f"{path}/{action}", body, expect, If_Match=tag)

    def hide(self, path: str, *agencies: str, expect: int = 200) -> TestResponse:
        """Keep a trace or a request from agencies, and from no others any more."""
        return self.change(path, "restrict", {"hidden_from": [*agencies]}, expect)

    def _send(
        self, method: str, path: str, body: Any, expect: int, headers: dict[str, str]
    ) -> TestResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent.setdefault("Authorization", f"Bearer {self.token}")
        options = {} if body is None else {"json": body}
        self.client.background = self.background  # type: ignore[attr-defined]
        response = self.client.open(f"/api/v1{path}", method=method, headers=sent, **options)
        assert response.status_code == expect, response.get_data(as_text=True)
        return response


def of(app: Flask, begin: Callable[..., str] | None = None) -> Callable[..., Client]:
    """Return clients of an application, each with a key; wants its context.

    `begin` may know the account from another test that began with it.
    """

    def make(
        state: str | None,
        role: str,
        scopes: list[str] | None = None,
        lasts: timedelta = timedelta(days=1),
        agency: str = "TEST",
        background: bool = True,
    ) -> Client:
        asked = {
            "state": state,
            "role": role,
            "now": app.config["CLOCK"].now(),
            "lasts": lasts,
            "scopes": tuple(scopes or ()),
            "agency": agency,
        }
        key = begin(token, **asked) if begin else token(**asked)
        return Client(app.test_client(), key, background)

    return make


def token(
    state: str | None,
    role: str,
    now: datetime,
    scopes: Sequence[str] | None,
    lasts: timedelta,
    agency: str = "TEST",
    kind: str = "key",
) -> str:
    """Open an account with a key, and return the key; pages take a `session`, or a `display`, never idle."""
    secret, account, owner = secrets.token_urlsafe(32), new_id(), state or NO_STATE
    with transaction(operator(state, clock=FixedClock(now))):
        insert_many(
            Account,
            [
                {
                    "id": account,
                    "owner_state": owner,
                    "agency": f"{owner}-{agency}",
                    "role": role,
                    "username": f"{role}-{secret[:8]}",
                    "password_hash": "none",
                    "is_active": True,
                    "created_at": now,
                    "post": POST if role == "display" else None,
                }
            ],
        )
        insert_many(
            ApiKey,
            [
                {
                    "id": new_id(),
                    "owner_state": owner,
                    "account_id": account,
                    "digest": token_digest(secret),
                    "name": "test",
                    "scopes": sorted(scopes or role_permissions(role)),
                    "created_at": now,
                    "expires_at": now + lasts,
                    "revoked_at": None,
                    "kind": kind,
                    "used_at": now,
                    "networks": [],
                }
            ],
        )
    return secret
