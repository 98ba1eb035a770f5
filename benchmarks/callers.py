"""Who asks the service in a benchmark: a client of this process, with a key of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from salsa_ext.db import db, transaction
from salsa_ext.policy.rules import operator
from salsa_ext.services import accounts, agencies, keys
from salsa_ext.services.accounts import AccountData
from salsa_ext.services.agencies import AgencyData
from salsa_ext.services.keys import KeyData
from salsa_ext.values.ids import new_id


@dataclass(frozen=True)
class Caller:
    """A test client with the headers of its key; what it asks has to be answered well."""

    client: FlaskClient
    headers: dict[str, str]

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST JSON under /api/v1."""
        return self.send("POST", f"/api/v1{path}", body)

    def get(self, path: str) -> Any:
        """GET under /api/v1."""
        return self.send("GET", f"/api/v1{path}")

    def send(self, method: str, address: str, body: dict[str, Any] | None = None) -> Any:
        """Send a request, and return the JSON of its answer."""
        more = {} if body is None else {"json": body}
        answer = self.client.open(address, method=method, headers=self.headers, **more)
        assert answer.status_code in (200, 201), answer.get_data(as_text=True)
        return answer.get_json()


def caller(app: Flask, state: str, role: str, kind: str) -> Caller:
    """Return a caller of a new account of a state's agency, which is registered if it is not there."""
    actor = operator(state)
    with transaction(actor):
        name, agency = f"{state.lower()}.{new_id()}", f"{state}-{kind.upper()}"
        agencies.register_missing(actor=actor, batch=[AgencyData(agency, kind, agency, "UTC")])
        accounts.open_account(actor=actor, data=AccountData(name, role, agency))
        _, token = keys.issue(actor=actor, data=KeyData(name, "bench", 1))
    return Caller(app.test_client(), {"Authorization": f"Bearer {token}"})


def select_one() -> None:
    """Ask the database the least."""
    db.session.scalar(text("SELECT 1"))
    db.session.rollback()
